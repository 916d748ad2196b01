# Edit the book, or edit here and stitch.
"""Statistics that leave out what is missing, which is marked by NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.engine import Array, plain
from chainrule.errors import NotDifferentiable
from chainrule.rules.elementwise import where
from chainrule.rules.rearranging import cumsum, sort, take_along_axis
from chainrule.rules.reductions import max, min, prod, sum
from chainrule.rules.shapes import reshape_
from chainrule.rules.statistics import cumprod, lined, nanmean
from chainrule.rules.table import implements


# Put in its place what changes nothing
def filled(a: Array, value: float) -> Array:
    """a with a value where it is NaN."""
    return where(np.isnan(plain(a)), value, a)


def extreme(f: Callable[..., Array], worst: float) -> Callable[..., Array]:
    """The extreme `f` of what is there; NaN where nothing is."""

    def found(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
        none = np.isnan(plain(a)).all(axis, keepdims=keepdims)
        best = f(filled(a, worst), axis, keepdims=keepdims)
        return where(none, np.nan, best)

    return found


nanmax = implements(np.nanmax)(extreme(max, -np.inf))
nanmin = implements(np.nanmin)(extreme(min, np.inf))


@implements(np.nanprod)
def nanprod(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return prod(filled(a, 1.0), axis, keepdims=keepdims)


@implements(np.nancumsum)
def nancumsum(a: Array, axis: int | None = None) -> Array:
    return cumsum(filled(a, 0.0), axis)


@implements(np.nancumprod)
def nancumprod(a: Array, axis: int | None = None) -> Array:
    return cumprod(filled(a, 1.0), axis)


@implements(np.nanvar)
def nanvar(
    a: Array, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
) -> Array:
    away = filled(a - nanmean(a, axis, keepdims=True), 0.0)
    known = (~np.isnan(plain(a))).sum(axis, a.dtype, keepdims=keepdims)
    left = np.where(known > ddof, known - ddof, np.nan)
    return sum(away * away, axis, keepdims=keepdims) / left


@implements(np.nanstd)
def nanstd(a: Array, axis: Any = None, **options: Any) -> Array:
    return np.sqrt(nanvar(a, axis, **options))


# Sort it to the end
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
        text = "np.nanquantile has rules for one linear quantile"
        raise NotDifferentiable(text)
    row, kept = lined(a, axis)
    row = sort(row)
    known = (~np.isnan(plain(row))).sum(-1, keepdims=True)
    place = q * np.maximum(known - 1, 0).astype(row.dtype)
    below = np.floor(plain(place))
    low = below.astype(int)
    first = take_along_axis(row, low, -1)
    step = take_along_axis(row, low + (place > below), -1) - first
    found = (first + step * (place - below))[..., 0]
    return reshape_(found, kept) if keepdims else found


@implements(np.nanpercentile)
def nanpercentile(a: Array, q: Any, axis: Any = None, **options: Any) -> Array:
    return nanquantile(a, q / 100, axis, **options)


@implements(np.nanmedian)
def nanmedian(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return nanquantile(a, 0.5, axis, keepdims=keepdims)
