# Edit the book, or edit here and stitch.
"""Functions that stack, cut and choose: joins and slices by other names."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from chainrule.engine import Array, apply, plain
from chainrule.errors import ShapeError
from chainrule.rules.elementwise import positive, where
from chainrule.rules.indexing import row_or_axis, take
from chainrule.rules.rearranging import (
    along,
    at_least,
    diag,
    flip,
    split,
    take_along_axis,
)
from chainrule.rules.shapes import (
    array,
    broadcast_to_,
    concatenate_,
    moveaxis,
    reshape_,
    swapaxes,
)
from chainrule.rules.table import implements


# Give arrays the axes they lack
def thick(x: Any) -> Array:
    """x with three axes at least: a row lies across, a matrix is one layer."""
    x = array(x)
    if x.ndim == 2:
        return reshape_(x, (*x.shape, 1))
    return reshape_(x, (1, *x.shape, 1)) if x.ndim == 1 else at_least(3, x)


def each(f: Any, arrays: Sequence[Any]) -> Any:
    """f of one array, or the tuple of f of several, as NumPy returns it."""
    found = tuple(map(f, arrays))
    return found[0] if len(found) == 1 else found


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    return each(partial(at_least, 1), arys)


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    return each(partial(at_least, 2), arys)


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    return each(thick, arys)


# Join rows, columns and layers
@implements(np.dstack)
def dstack(tup: Sequence[Any]) -> Array:
    return concatenate_([thick(x) for x in tup], 2)


@implements(np.column_stack)
def column_stack(tup: Sequence[Any]) -> Array:
    parts = [array(x) for x in tup]
    columns = [x if x.ndim > 1 else reshape_(x, (-1, 1)) for x in parts]
    return concatenate_(columns, 1)


@implements(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Array:
    return concatenate_([array(arr), array(values)], axis)


# Cut by rows, columns and layers
@implements(np.vsplit)
def vsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    if ary.ndim < 2:
        raise ShapeError("vsplit", [ary.shape], "two axes at least")
    return split(ary, indices_or_sections, 0)


@implements(np.hsplit)
def hsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    return split(ary, indices_or_sections, 1 if ary.ndim > 1 else 0)


@implements(np.dsplit)
def dsplit(ary: Array, indices_or_sections: Any) -> list[Array]:
    return split(ary, indices_or_sections, 2)


def unstack(x: Array, /, *, axis: int = 0) -> tuple[Array, ...]:
    return tuple(moveaxis(x, axis, 0))


if hasattr(np, "unstack"):  # new in NumPy 2.1
    implements(np.unstack)(unstack)


# Turn a matrix in its plane
@implements(np.flipud)
def flipud(m: Array) -> Array:
    return flip(m, 0)


@implements(np.fliplr)
def fliplr(m: Array) -> Array:
    return flip(m, 1)


@implements(np.rot90)
def rot90(m: Array, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Array:
    one, other = axes
    if k % 4 == 0:
        return take(m, ...)
    if k % 4 == 2:
        return flip(m, (one, other))
    if k % 4 == 1:
        return swapaxes(flip(m, other), one, other)
    return flip(swapaxes(m, one, other), other)


@implements(np.rollaxis)
def rollaxis(a: Array, axis: int, start: int = 0) -> Array:
    axis = normalize_axis_index(axis, a.ndim)
    start = start + a.ndim if start < 0 else start
    return moveaxis(a, axis, start - 1 if axis < start else start)


# Keep some entries
@implements(np.delete)
def delete(arr: Array, obj: Any, axis: int | None = None) -> Array:
    if axis is None:
        arr, axis = reshape_(arr, -1), 0
    axis = normalize_axis_index(axis, arr.ndim)
    kept = np.delete(np.arange(arr.shape[axis]), obj)
    return take(arr, along(axis, kept))


@implements(np.compress)
def compress(condition: Any, a: Array, axis: int | None = None) -> Array:
    a, axis = row_or_axis(a, axis)
    return take(a, along(axis, np.flatnonzero(plain(condition))))


@implements(np.extract)
def extract(condition: Any, arr: Array) -> Array:
    return compress(np.ravel(plain(condition)), arr)


@implements(np.partition)
def partition(a: Array, kth: Any, axis: int | None = -1) -> Array:
    if axis is None:
        a, axis = reshape_(a, -1), 0
    return take_along_axis(a, np.argpartition(plain(a), kth, axis), axis)


@implements(np.select)
def select(
    condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0
) -> Array:
    chosen = default
    pairs = zip(condlist, choicelist, strict=True)
    for condition, choice in reversed(list(pairs)):
        chosen = where(plain(condition), choice, chosen)
    return chosen


# Repeat over a grid
@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Array, ...]:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(broadcast_to_(array(x), shape) for x in args)


@implements(np.meshgrid)
def meshgrid(
    *xi: Any, indexing: str = "xy", sparse: bool = False
) -> tuple[Array, ...]:
    places = list(range(len(xi)))
    if indexing == "xy":
        places[:2] = places[:2][::-1]
    lines = tuple(
        reshape_(
            array(x), tuple(-1 if i == place else 1 for i in range(len(xi)))
        )
        for x, place in zip(xi, places, strict=True)
    )
    return lines if sparse else broadcast_arrays(*lines)


@implements(np.diagflat)
def diagflat(v: Array, k: int = 0) -> Array:
    return diag(reshape_(v, -1), k)


# Copy
@implements(np.copy)
def copy(a: Array) -> Array:
    return apply(positive, (a,), {})


@implements(np.real)
def real_part(val: Array) -> Array:
    return val


@implements(np.real_if_close)
def real_if_close(a: Array, tol: float = 100) -> Array:
    return a


def astype(x: Array, dtype: Any, /) -> Array:
    return x.astype(dtype)


if hasattr(np, "astype"):  # new in NumPy 2.1
    implements(np.astype)(astype)
