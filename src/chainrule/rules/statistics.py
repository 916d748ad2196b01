# Edit the book, or edit here and stitch.
"""Averages, order statistics, differences and sums along an axis."""

from __future__ import annotations

from collections.abc import Callable
from math import prod as product
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from chainrule.engine import Array, plain
from chainrule.errors import NotDifferentiable, ShapeError
from chainrule.rules.elementwise import where
from chainrule.rules.indexing import row_or_axis
from chainrule.rules.rearranging import (
    along,
    at_least,
    cumsum,
    sort,
    take_along_axis,
)
from chainrule.rules.reductions import axes_of, max, mean, min, prod, sum
from chainrule.rules.shapes import (
    array,
    broadcast_to_,
    concatenate_,
    moveaxis,
    reshape_,
    transpose_,
)
from chainrule.rules.table import implements, ufuncs


# Bring what is measured into one axis
def lined(a: Array, axis: Any) -> tuple[Array, tuple[int, ...]]:
    """a with the named axes made one, the last; and the shape kept."""
    gone = axes_of(a, axis)
    stay = tuple(i for i in range(a.ndim) if i not in gone)
    lengths = tuple(a.shape[i] for i in stay)
    count = product(a.shape[i] for i in gone)
    kept = tuple(1 if i in gone else n for i, n in enumerate(a.shape))
    return reshape_(transpose_(a, stay + gone), (*lengths, count)), kept


# Read off the sorted entries
@implements(np.nanquantile)
def nanquantile(
    a: Array,
    q: Any,
    axis: Any = None,
    *,
    method: str = "linear",
    keepdims: bool = False,
) -> Array:
    if method != "linear" or np.ndim(q):
        text = "np.quantile and its like have rules for one linear quantile"
        raise NotDifferentiable(f"{text}: give one q, and no other method")
    if not 0 <= plain(q) <= 1:
        raise ValueError("a quantile lies from 0 to 1, a percentile to 100")
    row, kept = lined(array(a), axis)
    row = sort(row) if row.shape[-1] else sum(row, -1, keepdims=True) + np.nan
    known = (~np.isnan(plain(row))).sum(-1, keepdims=True)
    place = q * np.maximum(known - 1, 0)
    below = np.floor(plain(place)).astype(int)
    weight = (place - below).astype(np.result_type(row.dtype, plain(q)))
    first = take_along_axis(row, below, -1)
    step = take_along_axis(row, below + (place > below), -1) - first
    found = (first + step * weight)[..., 0]
    return reshape_(found, kept) if keepdims else found


@implements(np.quantile)
def quantile(
    a: Array, q: Any, axis: Any = None, *, keepdims: bool = False, **rest: Any
) -> Array:
    lost = np.isnan(plain(a)).any(axis, keepdims=keepdims)
    known = nanquantile(a, q, axis, keepdims=keepdims, **rest)
    return where(lost, np.nan, known)


def percentile_by(part: Callable[..., Array]) -> Callable[..., Array]:
    """The percentile that belongs to a quantile."""
    return lambda a, q, *args, **options: part(a, q / 100, *args, **options)


def median_by(part: Callable[..., Array]) -> Callable[..., Array]:
    """The median that belongs to a quantile."""
    return lambda a, axis=None, *, keepdims=False: part(
        a, 0.5, axis, keepdims=keepdims
    )


implements(np.percentile)(percentile_by(quantile))
implements(np.nanpercentile)(percentile_by(nanquantile))
implements(np.median)(median_by(quantile))
implements(np.nanmedian)(median_by(nanquantile))


@implements(np.ptp)
def ptp(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return max(a, axis, keepdims=keepdims) - min(a, axis, keepdims=keepdims)


# Average with weights, and without what is missing
@implements(np.average)
def average(
    a: Any, axis: Any = None, weights: Any = None, *, keepdims: bool = False
) -> Array:
    a = array(a)
    if weights is None:
        return mean(a, axis, keepdims=keepdims)
    w = array(weights)
    w = w.astype(np.result_type(a.dtype, w.dtype))
    if w.shape != a.shape:
        if w.ndim != 1 or not isinstance(axis, int):
            raise ShapeError("average", [a.shape, w.shape], "say which axis")
        places = [1] * a.ndim
        places[axis] = -1
        w = broadcast_to_(reshape_(w, tuple(places)), a.shape)
    total = sum(a * w, axis, keepdims=keepdims)
    return total / sum(w, axis, keepdims=keepdims)


@implements(np.nansum)
def nansum(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return sum(where(np.isnan(plain(a)), 0.0, a), axis, keepdims=keepdims)


@implements(np.nanmean)
def nanmean(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    known = np.sum(~np.isnan(plain(a)), axis, keepdims=keepdims)
    return nansum(a, axis, keepdims=keepdims) / known.astype(a.dtype)


# Multiply up to here
@implements(np.cumprod)
def cumprod(a: Array, axis: int | None = None) -> Array:
    a, axis = row_or_axis(a, axis)
    last = moveaxis(a, axis, -1)
    factors = np.tri(last.shape[-1], dtype=bool)
    rows = where(factors, last[..., None, :], 1.0)
    return moveaxis(prod(rows, -1), -1, axis)


ufuncs[np.multiply, "accumulate"] = lambda array, axis=0: cumprod(array, axis)


def cumulative(running: Any, start: float) -> Any:
    """`running` under its later name, which may begin with `start`."""

    def accumulate(
        x: Array,
        /,
        *,
        axis: int | None = None,
        include_initial: bool = False,
    ) -> Array:
        if axis is None and x.ndim > 1:
            raise ShapeError("cumulative", [x.shape], "say along which axis")
        x, along_axis = row_or_axis(x, axis)
        found = running(x, along_axis)
        if include_initial:
            shape = list(x.shape)
            shape[along_axis] = 1
            first = np.full(shape, start, x.dtype)
            found = concatenate_([first, found], along_axis)
        return found

    return accumulate


if hasattr(np, "cumulative_sum"):  # new in NumPy 2.1
    implements(np.cumulative_sum)(cumulative(cumsum, 0.0))
    implements(np.cumulative_prod)(cumulative(cumprod, 1.0))


# Take differences along an axis
@implements(np.diff)
def diff(
    a: Array,
    n: int = 1,
    axis: int = -1,
    prepend: Any = None,
    append: Any = None,
) -> Array:
    if n < 0:
        raise ValueError(f"n should be at least 0, not {n}")
    axis = normalize_axis_index(axis, a.ndim)
    parts = [x for x in (prepend, a, append) if x is not None]
    if n and len(parts) > 1:
        one = tuple(1 if i == axis else m for i, m in enumerate(a.shape))
        parts = [x if np.ndim(x) else np.broadcast_to(x, one) for x in parts]
        a = concatenate_(parts, axis)
    late, early = along(axis, slice(1, None)), along(axis, slice(None, -1))
    for _ in range(n):
        a = a[late] - a[early]
    return a


def slope(f: Array, step: float, axis: int) -> Array:
    """Central differences along an axis, one-sided ones at its ends."""
    if f.shape[axis] < 2:
        raise ShapeError("gradient", [f.shape], "two entries at least")
    rise = diff(f, 1, axis) / step
    first, last = along(axis, slice(0, 1)), along(axis, slice(-1, None))
    late, early = along(axis, slice(2, None)), along(axis, slice(None, -2))
    middle = (f[late] - f[early]) / (2 * step)
    return concatenate_([rise[first], middle, rise[last]], axis)


@implements(np.gradient)
def gradient(f: Array, *varargs: Any, axis: Any = None) -> Any:
    axes = normalize_axis_tuple(range(f.ndim) if axis is None else axis, f.ndim)
    steps = varargs * len(axes) if len(varargs) == 1 else varargs
    steps = steps or (1.0,) * len(axes)
    if len(steps) != len(axes) or any(np.ndim(h) for h in steps):
        raise NotDifferentiable("np.gradient has rules for even spacing")
    found = tuple(map(lambda h, i: slope(f, h, i), steps, axes))
    return found[0] if len(found) == 1 else found


@implements(np.ediff1d)
def ediff1d(ary: Array, to_end: Any = None, to_begin: Any = None) -> Array:
    ary = array(ary)
    found = (to_begin, diff(reshape_(ary, -1)), to_end)
    parts = [reshape_(array(x), -1) for x in found if x is not None]
    return concatenate_(parts).astype(ary.dtype)


@implements(np.unwrap)
def unwrap(
    p: Array, discont: Any = None, axis: int = -1, **options: Any
) -> Array:
    bare = plain(p)
    return p + (np.unwrap(bare, discont, axis, **options) - bare)


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Array:
    y = moveaxis(array(y), axis, -1)
    if x is not None:
        x = array(x)
        dx = diff(x if x.ndim == 1 else moveaxis(x, axis, -1))
    return sum(dx * (y[..., 1:] + y[..., :-1]) / 2, -1)


@implements(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    *,
    axis: int = 0,
) -> Array:
    dtype = np.result_type(plain(start), plain(stop), 1.0)
    part = np.linspace(0, 1, num, endpoint, dtype=dtype)
    ndim = np.ndim(plain(start) + plain(stop))
    part = part.reshape(-1, *(1,) * ndim)
    return moveaxis(start * (1 - part) + stop * part, 0, axis)


@implements(np.logspace)
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    *,
    axis: int = 0,
) -> Array:
    return np.power(base, linspace(start, stop, num, endpoint, axis=axis))


# Vary together
@implements(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
) -> Array:
    given = [array(x).astype(float) for x in (m, y) if x is not None]
    rows = [x if rowvar or x.ndim == 1 else transpose_(x) for x in given]
    x = concatenate_([at_least(2, x) for x in rows], 0)
    if x.ndim > 2:
        raise ShapeError("cov", [x.shape], "two axes at most")
    away = x - mean(x, 1, keepdims=True)
    lost = (0 if bias else 1) if ddof is None else ddof
    return np.squeeze(away @ away.T / np.maximum(x.shape[1] - lost, 0))


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True) -> Array:
    c = cov(x, y, rowvar)
    if c.ndim == 0:
        return c / c
    deviation = np.sqrt(np.diag(c))
    return np.clip(c / deviation[:, None] / deviation, -1, 1)
