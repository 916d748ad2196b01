# Edit the book, or edit here and stitch.
"""Functions that repeat, shift, join and sort entries.

Each is made of functions that have rules already; only the running sum
needs one of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from chainrule.engine import Array, Traced, apply, plain
from chainrule.errors import NotDifferentiable, ShapeError
from chainrule.rules.elementwise import where
from chainrule.rules.indexing import put, row_or_axis, take
from chainrule.rules.reductions import sum
from chainrule.rules.shapes import (
    broadcast_to_,
    concatenate_,
    moveaxis,
    reshape_,
)
from chainrule.rules.table import implements, linear, ufuncs


# Pick along one axis
def along(axis: int, index: Any) -> tuple[Any, ...]:
    """The index that takes `index` along one axis and all of the others."""
    return (slice(None),) * axis + (index,)


# Turn round and shift
@implements(np.flip)
def flip(m: Array, axis: Any = None) -> Array:
    axes = range(m.ndim) if axis is None else axis
    turned = normalize_axis_tuple(axes, m.ndim)
    index = (slice(None, None, -1 if i in turned else 1) for i in range(m.ndim))
    return take(m, tuple(index))


@implements(np.roll)
def roll(a: Array, shift: Any, axis: Any = None) -> Array:
    if axis is None:
        return reshape_(roll(reshape_(a, -1), shift, 0), a.shape)
    pairs = np.broadcast_arrays(plain(shift), axis)
    for by, one in zip(*(x.reshape(-1).tolist() for x in pairs), strict=True):
        one = normalize_axis_index(one, a.ndim)
        cut = -by % a.shape[one] if a.shape[one] else 0
        parts = [along(one, slice(cut, None)), along(one, slice(0, cut))]
        a = concatenate_([take(a, part) for part in parts], one)
    return a


# Cut into pieces
def pieces(by: Any, ary: Array, where: Any, axis: int = 0) -> list[Array]:
    """What `by`, a function of NumPy, makes of the places along an axis."""
    axis = normalize_axis_index(axis, ary.ndim)
    found = []
    for places in by(np.arange(ary.shape[axis]), where):
        start = int(places[0]) if len(places) else 0
        stretch = slice(start, start + len(places))
        found.append(take(ary, along(axis, stretch)))
    return found


@implements(np.split)
def split(ary: Array, indices_or_sections: Any, axis: int = 0) -> list[Array]:
    return pieces(np.split, ary, indices_or_sections, axis)


@implements(np.array_split)
def array_split(
    ary: Array, indices_or_sections: Any, axis: int = 0
) -> list[Array]:
    return pieces(np.array_split, ary, indices_or_sections, axis)


# Repeat
@implements(np.tile)
def tile(A: Array, reps: Any) -> Array:
    reps = (reps,) if np.ndim(reps) == 0 else tuple(reps)
    ndim = max(len(reps), A.ndim)
    reps = (1,) * (ndim - len(reps)) + reps
    shape = (1,) * (ndim - A.ndim) + A.shape
    thin = tuple(n for size in shape for n in (1, size))
    wide = tuple(n for pair in zip(reps, shape, strict=True) for n in pair)
    whole = tuple(r * n for r, n in zip(reps, shape, strict=True))
    return reshape_(broadcast_to_(reshape_(A, thin), wide), whole)


@implements(np.repeat)
def repeat(a: Array, repeats: Any, axis: int | None = None) -> Array:
    a, axis = row_or_axis(a, axis)
    index = np.repeat(np.arange(a.shape[axis]), plain(repeats))
    return take(a, along(axis, index))


# Read the widths of a border
def by_axis(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """The widths before and after, for each axis."""
    if isinstance(pad_width, dict):
        named = {axis % ndim: width for axis, width in pad_width.items()}
        pad_width = [np.broadcast_to(named.get(i, 0), 2) for i in range(ndim)]
    pairs = np.broadcast_to(pad_width, (ndim, 2)).tolist()
    return [(before, after) for before, after in pairs]


# Add a border
@implements(np.pad)
def pad(
    array: Array, pad_width: Any, mode: Any = "constant", **kwargs: Any
) -> Array:
    if array.ndim == 0:
        return array  # a number has no border
    widths = by_axis(pad_width, array.ndim)
    if mode == "constant":
        shape = tuple(
            a + n + b for n, (a, b) in zip(array.shape, widths, strict=True)
        )
        inner = tuple(
            slice(a, a + n)
            for n, (a, _) in zip(array.shape, widths, strict=True)
        )
        framed = apply(put, (array,), {"index": inner, "shape": shape})
        empty = np.zeros(array.shape, array.dtype)
        return framed + np.pad(empty, widths, mode, **kwargs)
    odd = kwargs.get("reflect_type", "even") != "even"
    if odd or mode not in ("edge", "reflect", "symmetric", "wrap"):
        raise NotDifferentiable(f"np.pad has no rule for {mode=}, {kwargs}")
    for axis, width in enumerate(widths):
        index = np.pad(np.arange(array.shape[axis]), width, mode, **kwargs)
        array = take(array, along(axis, index))
    return array


# Sum up to here
running_sum = linear(
    lambda x, *, axis: np.add.accumulate(x, axis),
    lambda g, _ans, _x, *, axis: flip(np.cumsum(flip(g, axis), axis), axis),
    name="cumsum",
)


@implements(np.cumsum)
def cumsum(a: Array, axis: int | None = None) -> Array:
    a, axis = row_or_axis(a, axis)
    return apply(running_sum, (a,), {"axis": axis})


ufuncs[np.add, "accumulate"] = lambda array, axis=0: cumsum(array, axis)


# Take diagonals and triangles
@implements(np.diagonal)
def diagonal(
    a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1
) -> Array:
    last = moveaxis(a, (axis1, axis2), (-2, -1))
    rows = np.arange(last.shape[-2])
    rows = rows[(rows + offset >= 0) & (rows + offset < last.shape[-1])]
    return take(last, (..., rows, rows + offset))


@implements(np.trace)
def trace(a: Array, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
    return sum(diagonal(a, offset, axis1, axis2), -1)


@implements(np.diag)
def diag(v: Array, k: int = 0) -> Array:
    if v.ndim == 2:
        return diagonal(v, k)
    rows = np.arange(len(v)) + max(-k, 0)
    shape = (len(v) + abs(k),) * 2
    return apply(put, (v,), {"index": (rows, rows + k), "shape": shape})


def below(m: Array, k: int) -> np.ndarray:
    """Which entries of each matrix lie on or below a diagonal."""
    sizes = m.shape[-2:]
    return np.tri(sizes[0], sizes[-1], k, dtype=bool)


@implements(np.tril)
def tril(m: Array, k: int = 0) -> Array:
    return where(below(m, k), m, 0.0)


@implements(np.triu)
def triu(m: Array, k: int = 0) -> Array:
    return where(below(m, k - 1), 0.0, m)


# Sort, and pick along an axis
@implements(np.take_along_axis)
def take_along_axis(arr: Array, indices: Any, axis: int | None = -1) -> Array:
    if axis is None:
        arr, axis = reshape_(arr, -1), 0
    axis = normalize_axis_index(axis, arr.ndim)
    if np.ndim(indices) != arr.ndim:
        raise ShapeError("take_along_axis", [arr.shape, np.shape(indices)])
    index: list[Any] = list(np.ix_(*map(np.arange, arr.shape)))
    index[axis] = indices
    return take(arr, tuple(index))


@implements(np.sort)
def sort(
    a: Array,
    axis: int | None = -1,
    kind: Any = None,
    *,
    stable: bool | None = None,
) -> Array:
    if axis is None:
        a, axis = reshape_(a, -1), 0
    order = np.argsort(plain(a), axis, kind or "stable")
    return take_along_axis(a, order, axis)


# Take the greatest so far
def so_far(extreme: np.ufunc) -> Callable[..., Array]:
    """What stands for accumulate: the last that was the greatest, or least."""

    def chosen(array: Array, axis: int = 0) -> Array:
        x = plain(array)
        leads = (x == extreme.accumulate(x, axis)) | np.isnan(x)
        places = np.indices(x.shape, sparse=True)[axis]
        last = np.maximum.accumulate(np.where(leads, places, 0), axis)
        return take_along_axis(array, last, axis)

    return chosen


ufuncs[np.maximum, "accumulate"] = so_far(np.maximum)
ufuncs[np.minimum, "accumulate"] = so_far(np.minimum)


# Stack rows and columns
def at_least(ndim: int, x: Any) -> Array:
    """x with axes in front, if it has fewer."""
    x = x if isinstance(x, Traced) else np.asarray(x)
    return reshape_(x, (1,) * (ndim - x.ndim) + x.shape)


@implements(np.vstack)
def vstack(tup: Sequence[Array]) -> Array:
    return concatenate_([at_least(2, x) for x in tup], 0)


@implements(np.hstack)
def hstack(tup: Sequence[Array]) -> Array:
    rows = [at_least(1, x) for x in tup]
    return concatenate_(rows, 0 if rows[0].ndim == 1 else 1)
