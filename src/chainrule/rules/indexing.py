# Edit the book, or edit here and stitch.
"""Picking entries, and putting gradients back where they came from."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from chainrule.engine import Array, Primitive, Traced, apply
from chainrule.errors import NotDifferentiable
from chainrule.rules.table import implements, linear


# Put entries back, adding where they meet
def scatter(g: np.ndarray, *, index: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Zeros of `shape`, with g added at `index`, repeated entries too."""
    out = np.zeros(shape, g.dtype)
    if is_basic(index):
        out[index] = g
    else:
        np.add.at(out, index, g)
    return out


def is_basic(index: Any) -> bool:
    """Whether the index can name no entry twice."""
    parts = index if isinstance(index, tuple) else (index,)
    return all(
        part is None
        or part is Ellipsis
        or isinstance(part, int | np.integer | slice)
        or getattr(part, "dtype", None) == np.bool_
        for part in parts
    )


# Pick and put
getitem: Primitive = linear(
    lambda x, *, index: x[index],
    lambda g, _ans, _x, *, index: apply(
        put, (g,), {"index": index, "shape": _x.shape}
    ),
    name="getitem",
)
put: Primitive = linear(
    scatter,
    lambda g, _ans, _x, *, index, shape: g[index],
    name="scatter",
)


# Index as NumPy does
def take(x: Array, index: Any) -> Array:
    """The entries x[index]."""
    parts = index if isinstance(index, tuple) else (index,)
    if any(isinstance(part, Traced) for part in parts):
        raise NotDifferentiable(
            "an index has no derivative; index with plain integers "
            "(.detach() gives the array under a Tensor)"
        )
    return apply(getitem, (x,), {"index": index})


def row_or_axis(a: Array, axis: int | None) -> tuple[Array, int]:
    """a and its axis, from the first; for None all entries in a row.

    A number counts as a row of one, as in NumPy.
    """
    if axis is None or (a.ndim == 0 and axis in (0, -1)):
        return a.reshape(-1), 0
    return a, normalize_axis_index(axis, a.ndim)


@implements(np.take)
def take_along(
    a: Array, indices: Any, axis: int | None = None, *, mode: str = "raise"
) -> Array:
    a, axis = row_or_axis(a, axis)
    if np.asarray(indices).dtype == bool:  # numbers here, no mask
        indices = np.asarray(indices, np.intp)
    if mode == "wrap":
        indices = np.mod(indices, a.shape[axis])
    elif mode == "clip":
        indices = np.clip(indices, 0, a.shape[axis] - 1)
    return take(a, (slice(None),) * axis + (indices,))
