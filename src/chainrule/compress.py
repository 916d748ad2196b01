# Edit the book, or edit here and stitch.
"""Store what the way back will read in fewer bits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.custom import custom_vjp
from chainrule.engine import Array, Traced
from chainrule.errors import NotDifferentiable, ShapeError
from chainrule.nested import leaves


# Pack a mask into bits
class PackedMask:
    """Yes or no for each entry of an array, in one bit each; exact."""

    def __init__(self, mask: np.ndarray) -> None:
        self.shape = mask.shape
        self.bits = np.packbits(mask)

    @property
    def nbytes(self) -> int:
        """Bytes stored."""
        return self.bits.nbytes

    def unpacked(self) -> np.ndarray:
        """The mask, an array of booleans."""
        count = int(np.prod(self.shape))
        flat = np.unpackbits(self.bits, count=count)
        return flat.reshape(self.shape).astype(bool)


# Round to a byte
class QuantizedActivation:
    """An array in one byte an entry: low + step * code.

    The 256 levels run from the least to the greatest entry. Each entry goes
    to the nearest, off by step / 2 at most; with a generator `rng` it goes to
    one of the two around it, at random, so that the mean is right. Raises
    ValueError for an empty array or entries that are not finite.
    """

    def __init__(
        self, x: np.ndarray, rng: np.random.Generator | None = None
    ) -> None:
        if not x.size or not np.isfinite(x).all():
            raise ValueError("only finite entries, at least one, have levels")
        self.dtype = x.dtype
        self.low = float(x.min())
        self.step = (float(x.max()) - self.low) / 255 or 1.0
        level = (x.astype(float) - self.low) / self.step
        up = 0.5 if rng is None else rng.random(x.shape)
        self.codes = np.minimum(np.floor(level + up), 255).astype(np.uint8)

    @property
    def nbytes(self) -> int:
        """Bytes stored, but for the two numbers that make the levels."""
        return self.codes.nbytes

    def restored(self) -> np.ndarray:
        """The array again, rounded to its levels."""
        return (self.low + self.step * self.codes).astype(self.dtype)


# Run a network of ReLUs that stores bytes and bits
@custom_vjp
def mlp(x: Array, weights: Sequence[Array], biases: Sequence[Array]) -> Array:
    """A ReLU network whose hidden layers wait in nine bits an entry.

    x: (B, n0); weights[i]: (m, n) and biases[i]: (m); the last layer is
    linear. The value is exact. The gradients of hidden weights are those at
    inputs rounded to 256 levels, all others are exact up to rounding. First
    derivatives only. Raises ShapeError for unequal numbers of weights and
    biases. See "A mask takes one bit, a byte takes some accuracy".
    """
    return forward(x, weights, biases)[0]


def forward(
    x: Array, weights: Sequence[Array], biases: Sequence[Array]
) -> tuple[Array, Any]:
    """The output, and what waits: inputs and masks of hidden layers."""
    if any(isinstance(leaf, Traced) for leaf in leaves([x, weights, biases])):
        raise NotDifferentiable("compress.mlp has first derivatives only")
    if len(weights) != len(biases) or not weights:
        shapes = [(len(weights),), (len(biases),)]
        raise ShapeError("compress.mlp", shapes, "one bias for each weight")
    h, hidden = x, []
    for W, b in zip(weights[:-1], biases, strict=False):
        z = h @ W.T + b
        h = np.maximum(z, 0)
        hidden.append((PackedMask(z > 0), QuantizedActivation(h)))
    return h @ weights[-1].T + biases[-1], (x, weights, hidden)


# Go back through bytes and bits
def backward(kept: Any, g: Array) -> tuple[Array, list[Array], list[Array]]:
    """The gradients of input, weights and biases."""
    x, weights, hidden = kept
    grads: list[tuple[Array, Array]] = []
    for i in reversed(range(len(weights))):
        h = hidden[i - 1][1].restored() if i else x
        grads.append((g.T @ h, g.sum(axis=0)))
        g = g @ weights[i]
        if i:
            g = g * hidden[i - 1][0].unpacked()
    of_weights, of_biases = zip(*reversed(grads), strict=True)
    return g, list(of_weights), list(of_biases)


mlp.defvjp(forward, backward)
