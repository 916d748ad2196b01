# Edit the book, or edit here and stitch.
"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from chainrule.optim.optimizer import Block, Optimizer
from chainrule.settings import at_least_zero
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
    remembers: ClassVar[dict[str, str]] = {"m": "momentum"}

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

    def update(self, block: Block) -> None:
        """One step of one block, in place."""
        theta, g, (a, b) = block.theta, block.g, block.scratch
        if self.weight_decay:
            g = np.add(np.multiply(theta, self.weight_decay, out=a), g, out=a)
        step = g
        if self.momentum:
            # Keep a share of the memory, and add the gradient
            step = m = block.memory("m")
            np.multiply(m, self.momentum, out=m)
            np.add(m, g, out=m)
        if self.nesterov:
            # Step to the place that will be asked next
            step = np.add(np.multiply(m, self.momentum, out=b), g, out=b)
        np.subtract(theta, np.multiply(step, self.lr, out=b), out=theta)
