"""Adam for the benchmarks, until the library's own chapter brings it.

The update of Kingma and Ba (2015), arranged as in PyTorch: the averages m and
v, the corrections 1 - beta^t, epsilon outside of the root. What is remembered
are m / (1 - beta1) and v / (1 - beta2), which saves two passes over the data;
the factors return as numbers in the last two lines.
"""

from __future__ import annotations

import math

import numpy as np

from chainrule.optim import Optimizer
from chainrule.optim.optimizer import Block

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


class Adam(Optimizer):
    """Moves each parameter by -lr m̂ / (sqrt(v̂) + eps)."""

    def update(self, block: Block) -> None:
        """One update of one block, in place."""
        g, m, v = block.g, block.memory("m"), block.memory("v")
        a, _ = block.scratch
        rate = self.lr * (1 - BETA1) / (1 - BETA1**block.t)
        root = math.sqrt((1 - BETA2**block.t) / (1 - BETA2))
        np.multiply(m, BETA1, out=m)
        np.add(m, g, out=m)
        np.multiply(g, g, out=a)
        np.multiply(v, BETA2, out=v)
        np.add(v, a, out=v)
        # m / (sqrt(v) / root + eps) = root m / (sqrt(v) + root eps)
        np.sqrt(v, out=a)
        np.add(a, EPS * root, out=a)
        np.divide(m, a, out=a)
        np.multiply(a, rate * root, out=a)
        np.subtract(block.theta, a, out=block.theta)
