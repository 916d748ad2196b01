# Edit the book, or edit here and stitch.
"""Adagrad: divide by the root of all squares so far."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from chainrule.optim.optimizer import (
    Block,
    Optimizer,
    with_decay,
)
from chainrule.settings import at_least_zero
from chainrule.tensor import Tensor


# Add up the squares, divide by their root
class Adagrad(Optimizer):
    """total = total + g**2, parameter -= rate * g / (sqrt(total) + eps).

    The rate of step t is lr / (1 + (t - 1) lr_decay); the total starts at
    initial_accumulator_value; g is the gradient, plus weight_decay *
    parameter. The updates are PyTorch's. Raises ValueError for a negative or
    non-finite number. See "A rate of its own for each entry cancels its
    scale".
    """

    settings = (
        "lr",
        "lr_decay",
        "weight_decay",
        "initial_accumulator_value",
        "eps",
    )
    remembers: ClassVar[dict[str, str]] = {"total": ""}

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        super().__init__(params, lr)
        self.lr_decay = at_least_zero("lr_decay", lr_decay)
        self.weight_decay = at_least_zero("weight_decay", weight_decay)
        self.initial_accumulator_value = at_least_zero(
            "initial_accumulator_value", initial_accumulator_value
        )
        self.eps = at_least_zero("eps", eps)

    def update(self, block: Block) -> None:
        """One step of one block, in place."""
        g, a = with_decay(block, self.weight_decay), block.scratch[0]
        total = block.memory("total", self.initial_accumulator_value)
        rate = self.lr / (1 + (block.t - 1) * self.lr_decay)
        np.add(total, np.multiply(g, g, out=a), out=total)
        np.add(np.sqrt(total, out=a), self.eps, out=a)
        np.multiply(np.divide(g, a, out=a), rate, out=a)
        np.subtract(block.theta, a, out=block.theta)
