"""The training steps that are timed: sizes, batch, optimizer, data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Workload:
    """A multilayer perceptron with ReLU and how it is trained.

    `classes` is true for softmax-cross-entropy on class labels, false for the
    mean squared error. `momentum` is that of SGD; without one the optimizer
    is Adam. It is timed in float32; `dtype` is for the comparison.
    """

    name: str
    widths: tuple[int, ...]
    batch: int
    lr: float
    momentum: float | None = 0.9
    classes: bool = True
    dtype: str = "float32"

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        """One batch: inputs `(batch, widths[0])` and targets."""
        rng = np.random.default_rng(0)
        x = rng.standard_normal((self.batch, self.widths[0])).astype(self.dtype)
        if self.classes:
            return x, rng.integers(0, self.widths[-1], self.batch)
        shape = (self.batch, self.widths[-1])
        return x, rng.standard_normal(shape).astype(self.dtype)

    def weights(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """`(W, b)` of each layer, `W` of shape `(n_out, n_in)`."""
        rng = np.random.default_rng(1)
        layers = []
        for n_in, n_out in zip(self.widths, self.widths[1:], strict=False):
            w = rng.standard_normal((n_out, n_in)) * np.sqrt(2 / n_in)
            layers.append((w.astype(self.dtype), np.zeros(n_out, self.dtype)))
        return layers


WORKLOADS = {
    workload.name: workload
    for workload in (
        Workload("digits", (64, 64, 10), 64, 0.1),
        Workload("W1", (784, 256, 128, 10), 64, 1e-3, momentum=None),
        Workload("W2", (784, 1024, 1024, 10), 256, 0.01),
        Workload("W3", (2, 16, 16, 1), 32, 0.01, classes=False),
    )
}
