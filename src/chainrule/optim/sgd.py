# Edit the book, or edit here and stitch.
"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from chainrule.optim.optimizer import Memory, Optimizer, at_least_zero
from chainrule.tensor import Tensor


# Step against the gradient and what is remembered of earlier ones
class SGD(Optimizer):
    """m = momentum * m + g, then parameter = parameter - lr * m.

    g is the gradient, plus weight_decay * parameter. With nesterov the step
    is lr * (g + momentum * m). The updates are PyTorch's. Raises ValueError
    for a negative or non-finite number, or nesterov without momentum. See
    "Only the optimizer moves".
    """

    settings = ("lr", "momentum", "nesterov", "weight_decay")

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.momentum = at_least_zero("momentum", momentum)
        self.nesterov = bool(nesterov)
        self.weight_decay = at_least_zero("weight_decay", weight_decay)
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above zero")

    def move(self, theta: np.ndarray, g: np.ndarray, memory: Memory) -> None:
        """One step of one parameter, in place."""
        if self.weight_decay:
            g = g + self.weight_decay * theta
        m = g
        if self.momentum:
            m = memory["m"] = self.momentum * memory.get("m", 0) + g
        step = g + self.momentum * m if self.nesterov else m
        theta -= self.lr * step
