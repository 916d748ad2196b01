# Edit the book, or edit here and stitch.
"""Adam and AdamW: a corrected average over the root of another."""

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


# Remember gradients and their squares
class Adam(Optimizer):
    """m̂ and v̂ average g and g**2; parameter -= lr * m̂ / (sqrt(v̂) + eps).

    m = beta1 * m + (1 - beta1) * g and v = beta2 * v + (1 - beta2) * g**2
    start at zero, so they are divided by 1 - beta**t. What is remembered are
    the weighted sums m / (1 - beta1) and v / (1 - beta2). g is the gradient,
    plus weight_decay * parameter (AdamW decays otherwise). The updates are
    PyTorch's. Raises ValueError for a negative or non-finite number, or betas
    that are not from 0 to below 1. See "Adam is one corrected average over
    the root of another".
    """

    settings = ("lr", "betas", "eps", "weight_decay")
    remembers: ClassVar[dict[str, str]] = {"m": "", "v": ""}

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        beta1, beta2 = betas
        self.betas = (
            at_least_zero("beta1", beta1, most=1),
            at_least_zero("beta2", beta2, most=1),
        )
        self.eps = at_least_zero("eps", eps)
        self.weight_decay = at_least_zero("weight_decay", weight_decay)

    # Divide one average by the root of the other
    def corrections(self, t: int) -> tuple[float, float]:
        """The sums of the weights in the averages after t steps."""
        beta1, beta2 = self.betas
        return 1 - beta1**t, 1 - beta2**t

    def update(self, block: Block) -> None:
        """One step of one block, in place."""
        self.move(block, with_decay(block, self.weight_decay))

    def move(self, block: Block, g: np.ndarray) -> None:
        """The step for a gradient g."""
        (beta1, beta2), a = self.betas, block.scratch[0]
        m = collected(block.memory("m"), g, beta1)
        v = collected(block.memory("v"), np.square(g, out=a), beta2)
        sum1, sum2 = self.corrections(block.t)
        rate = self.lr * (1 - beta1) / sum1
        root = math.sqrt(sum2 / (1 - beta2))
        # m̂ / (sqrt(v̂) + eps), times root above and below
        np.add(np.sqrt(v, out=a), self.eps * root, out=a)
        np.multiply(np.divide(m, a, out=a), rate * root, out=a)
        np.subtract(block.theta, a, out=block.theta)


# Decay beside the quotient
class AdamW(Adam):
    """parameter *= 1 - lr * weight_decay, then a step of Adam.

    The decay does not enter the averages, so it is the same for large and
    for small gradients. The updates are PyTorch's. Raises ValueError as Adam
    does. See "Decay beside the quotient is not a penalty inside it".
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)

    def update(self, block: Block) -> None:
        """One step of one block, in place."""
        theta = block.theta
        np.multiply(theta, 1 - self.lr * self.weight_decay, out=theta)
        self.move(block, block.g)
