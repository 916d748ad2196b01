"""Adam for the benchmarks, until the library's own chapter brings it.

The update of Kingma and Ba (2015), arranged as in PyTorch: the averages m and
v, the corrections 1 - beta^t, epsilon outside of the root. Every temporary is
written into a buffer that is allocated once.
"""

from __future__ import annotations

import numpy as np

from chainrule.optim import Optimizer
from chainrule.optim.optimizer import Memory

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8


class Adam(Optimizer):
    """Moves each parameter by -lr m̂ / (sqrt(v̂) + eps)."""

    def move(self, theta: np.ndarray, g: np.ndarray, memory: Memory) -> None:
        """One update of one parameter, in place."""
        if not memory:
            memory["t"] = 0
            for name in ("m", "v", "a"):
                memory[name] = np.zeros_like(theta)
        m, v, a = memory["m"], memory["v"], memory["a"]
        memory["t"] += 1
        rate = self.lr / (1 - BETA1 ** memory["t"])
        root = np.sqrt(1 - BETA2 ** memory["t"]).astype(theta.dtype)
        np.multiply(g, 1 - BETA1, out=a)
        m *= BETA1
        m += a
        np.multiply(g, g, out=a)
        a *= 1 - BETA2
        v *= BETA2
        v += a
        np.sqrt(v, out=a)
        a /= root
        a += EPS
        np.divide(m, a, out=a)
        a *= rate
        theta -= a
