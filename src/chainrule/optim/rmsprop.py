# Edit the book, or edit here and stitch.
"""RMSprop: divide by the root of the mean square."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from chainrule.optim.optimizer import (
    Block,
    Optimizer,
    collected,
    with_decay,
)
from chainrule.settings import at_least_zero
from chainrule.tensor import Tensor


# Average the squares, divide by their root
class RMSprop(Optimizer):
    """v = alpha * v + (1 - alpha) * g**2, then -= lr * g / (sqrt(v) + eps).

    g is the gradient, plus weight_decay * parameter. With centered the root
    is of v - m**2, where m averages g as v does its square. With momentum
    the quotients q are collected, n = momentum * n + q, and the step is
    lr * n. What is remembered are the weighted sums, without the factor
    1 - alpha. The updates are PyTorch's, but for a v - m**2 that rounding
    has made negative: here it is 0, there the step is NaN. Raises ValueError
    for a negative or non-finite number, or an alpha of 1 or more. See "An
    average forgets what a sum cannot".
    """

    settings = ("lr", "alpha", "eps", "weight_decay", "momentum", "centered")
    remembers: ClassVar[dict[str, str]] = {
        "v": "",
        "m": "centered",
        "n": "momentum",
    }

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        super().__init__(params, lr)
        self.alpha = at_least_zero("alpha", alpha, most=1)
        self.eps = at_least_zero("eps", eps)
        self.weight_decay = at_least_zero("weight_decay", weight_decay)
        self.momentum = at_least_zero("momentum", momentum)
        self.centered = bool(centered)

    def update(self, block: Block) -> None:
        """One step of one block, in place."""
        g, a = with_decay(block, self.weight_decay), block.scratch[0]
        root = math.sqrt(1 / (1 - self.alpha))
        v = collected(block.memory("v"), np.multiply(g, g, out=a), self.alpha)
        if self.centered:
            m = collected(block.memory("m"), g, self.alpha)
            np.multiply(np.multiply(m, m, out=a), 1 - self.alpha, out=a)
            v = np.maximum(np.subtract(v, a, out=a), 0, out=a)
        # g / (sqrt((1 - alpha) v) + eps) = root g / (sqrt(v) + root eps)
        np.add(np.sqrt(v, out=a), self.eps * root, out=a)
        step = np.divide(g, a, out=a)
        if self.momentum:
            step = collected(block.memory("n"), a, self.momentum)
        np.multiply(step, self.lr * root, out=a)
        np.subtract(block.theta, a, out=block.theta)
