# Edit the book, or edit here and stitch.
"""Functions that put entries where NumPy puts their places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from chainrule.engine import Array, apply, plain
from chainrule.errors import ShapeError
from chainrule.rules.indexing import put, take
from chainrule.rules.rearranging import at_least
from chainrule.rules.shapes import (
    array,
    concatenate_,
    moveaxis,
    reshape_,
    stack,
)
from chainrule.rules.table import functions, implements


# Take what stands where the numbers went
def carried(by: Callable[..., np.ndarray]) -> Callable[..., Array]:
    """`by`, a function that only moves entries, with derivatives."""

    def move(x: Array, /, *args: Any, **options: Any) -> Array:
        places = by(np.arange(x.size).reshape(x.shape), *args, **options)
        return take(reshape_(x, -1), places)

    return move


for by in (np.resize, np.fft.fftshift, np.fft.ifftshift, sliding_window_view):
    functions[by] = carried(by)


# Put entries where they belong
@implements(np.bincount)
def bincount(
    x: Any, /, weights: Array | None = None, minlength: int = 0
) -> Array:
    x = np.asarray(plain(x))
    counts = np.bincount(x, minlength=minlength)
    if weights is None:
        return counts
    if np.shape(weights) != x.shape:
        raise ShapeError("bincount", [x.shape, np.shape(weights)])
    double = array(weights).astype(float)
    return apply(put, (double,), {"index": x, "shape": counts.shape})


@implements(np.block)
def block(arrays: Any) -> Array:
    depth, ndim = depths(arrays)
    return joined(arrays, -depth, max(depth, ndim))


def depths(x: Any) -> tuple[int, int]:
    """How deep the lists go, and how many axes the arrays in them have."""
    if not isinstance(x, list):
        return 0, np.ndim(x)
    found = [depths(part) for part in x]
    return 1 + found[0][0], max(ndim for _, ndim in found)


def joined(x: Any, axis: int, ndim: int) -> Array:
    """The lists joined, the innermost along the last axis."""
    if not isinstance(x, list):
        return at_least(ndim, x)
    return concatenate_([joined(part, axis + 1, ndim) for part in x], axis)


@implements(np.apply_along_axis)
def apply_along_axis(
    func1d: Callable[..., Any],
    axis: int,
    arr: Array,
    *args: Any,
    **kwargs: Any,
) -> Array:
    lines = moveaxis(arr, axis, -1)
    outer = lines.shape[:-1]
    rows = [
        func1d(lines[place], *args, **kwargs) for place in np.ndindex(*outer)
    ]
    whole = stack(rows)
    shape = whole.shape[1:]
    whole = reshape_(whole, outer + shape)
    start = axis % arr.ndim
    ends = range(len(outer), len(outer) + len(shape))
    return moveaxis(
        whole, tuple(ends), tuple(start + i for i in range(len(shape)))
    )
