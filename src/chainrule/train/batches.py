# Edit the book, or edit here and stitch.
"""Mini-batches: the rows of a data set, drawn anew in every epoch."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import ShapeError
from chainrule.settings import whole


# Put the rows in an order, epoch after epoch
def orders(
    size: int,
    epochs: int | None,
    shuffle: bool,
    replacement: bool,
    rng: np.random.Generator,
) -> Iterator[np.ndarray]:
    """Row numbers, as many as there are rows; forever if epochs is None."""
    for _ in itertools.count() if epochs is None else range(epochs):
        if replacement:
            yield rng.integers(size, size=size)
        else:
            yield rng.permutation(size) if shuffle else np.arange(size)


# Deal an order out in batches
def dealt(
    order: np.ndarray, batch_size: int, drop_last: bool
) -> Iterator[np.ndarray]:
    """Parts of the order, batch_size long; the last one may be shorter."""
    whole = len(order) - len(order) % batch_size
    end = whole if drop_last else len(order)
    for start in range(0, end, batch_size):
        yield order[start : start + batch_size]


# Give out the rows of arrays in batches
def minibatches(
    *arrays: ArrayLike,
    batch_size: int,
    shuffle: bool = True,
    replacement: bool = False,
    drop_last: bool = False,
    epochs: int | None = 1,
    rng: np.random.Generator | None = None,
) -> Iterator[tuple[np.ndarray, ...]]:
    """Batches of rows that belong together.

    arrays: one or more with the same first axis, N examples: (N, ...). Each
    batch is a tuple of copies (B, ...), as many as arrays, so that one writes
    `for x, y in minibatches(X, Y, batch_size=B)`. The last batch of an epoch
    is shorter if B does not divide N, unless `drop_last`. An epoch has N
    draws: a new order of the rows, or the rows as they come (`shuffle=False`),
    or N draws of any row (`replacement=True`). `epochs=None` never ends.
    Chance comes from `rng`.

    Of losses that are sums over examples, the gradient of a shuffled or drawn
    batch is right on average; its variance is s^2 / B with replacement, and
    (s^2 / B) (N - B) / (N - 1) without. Derived in "Without replacement the
    variance ends at zero".

    Raises ShapeError for no arrays or first axes that differ, ValueError for
    no rows, a batch_size below 1, epochs below 0, replacement without
    shuffle, or batches that are all dropped.
    """
    rows = [np.asarray(array) for array in arrays]
    size = common_size(rows)
    # Refuse settings that make no sense
    batch_size = whole("batch_size", batch_size)
    if drop_last and batch_size > size:
        raise ValueError(f"no batch of {batch_size} from {size} rows")
    if epochs is not None:
        epochs = whole("epochs", epochs, 0)
    if replacement and not shuffle:
        raise ValueError("replacement draws at random: shuffle must be True")
    rng = np.random.default_rng() if rng is None else rng
    return (
        tuple(array[part] for array in rows)
        for order in orders(size, epochs, shuffle, replacement, rng)
        for part in dealt(order, batch_size, drop_last)
    )


# Refuse arrays whose rows do not belong together
def common_size(arrays: list[np.ndarray]) -> int:
    """The number of rows that all arrays have."""
    shapes = [array.shape for array in arrays]
    if len({shape[:1] for shape in shapes}) != 1 or () in shapes:
        reason = "one or more arrays with the same first axis"
        raise ShapeError("minibatches", shapes, reason)
    if not len(arrays[0]):
        raise ValueError("no rows to draw from")
    return len(arrays[0])
