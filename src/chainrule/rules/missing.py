# Edit the book, or edit here and stitch.
"""Statistics that leave out what is missing, which is marked by NaN."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.engine import Array, plain
from chainrule.rules.elementwise import where
from chainrule.rules.rearranging import cumsum
from chainrule.rules.reductions import max, min, prod, sum
from chainrule.rules.statistics import cumprod, nanmean
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
