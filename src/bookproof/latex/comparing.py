"""When two values are equal, and by how much they are not."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np

from bookproof.latex.functions import ROUNDING, is_complex, real
from bookproof.latex.values import Value, floating, rough

_HIDDEN = 1e-5


def tolerance(a: Value, b: Value, rtol: float = 0.0) -> Any:
    """How far apart equal values may be, entry by entry."""
    a, b = floating(a), floating(b)
    bound = ROUNDING * (real(a.m) + real(b.m))
    if rtol:
        sizes = np.maximum(np.abs(real(a.v)), np.abs(real(b.v)))
        bound = bound + rtol * sizes
    return bound


def difference(a: Value, b: Value) -> Any:
    """a - b, exact where both are."""
    if a.exact and b.exact:
        return a.v - b.v
    return real(floating(a).v) - real(floating(b).v)


def compare(relation: str, a: Value, b: Value, rtol: float = 0.0) -> Any:
    """Whether the relation holds, entry by entry, rounding allowed for."""
    gap = difference(a, b)
    bound: Any = 0
    if not (a.exact and b.exact):
        bound = tolerance(a, b, rtol)
    elif rtol:
        bound = Fraction(rtol) * max(abs(a.v), abs(b.v))
    if relation == "=":
        return abs(gap) <= bound
    if relation == r"\ne":
        return abs(gap) > bound
    if relation == r"\le":
        return gap <= bound
    if relation == r"\ge":
        return gap >= -bound
    if relation == "<":
        return gap < -bound if np.any(bound) else gap < 0
    if relation == ">":
        return gap > bound
    raise ValueError(relation)


def holds(relation: str, a: Value, b: Value, rtol: float = 0.0) -> bool:
    """Whether the relation holds in every entry."""
    return bool(np.all(compare(relation, a, b, rtol)))


def drowned(a: Value, b: Value) -> float | None:
    """By how much rounding may have moved the sides, where that would hide a
    difference in the fifth digit of the side that is known better.

    Terms that cancel leave such a side: whatever stands against it would be
    taken for equal.
    """
    if a.exact and b.exact:
        return None
    both = [
        (_largest(side.v), ROUNDING * _largest(side.m))
        for side in (floating(a), floating(b))
    ]
    moved = max(off for _, off in both)
    known = [size for size, off in both if off < _HIDDEN * size]
    allowed = _HIDDEN * max(known) if known else math.inf
    return None if math.isfinite(moved) and moved <= allowed else moved


def _largest(v: Any) -> float:
    return float(np.max(np.abs(real(v)), initial=0.0))


def tie(a: Value, b: Value) -> bool:
    """Whether a derivative is asked for just where a comparison turns."""
    if not (is_complex(a.v) or is_complex(b.v)):
        return False
    gap = floating(a).v - floating(b).v
    turns = (np.real(gap) == 0) & (np.imag(gap) != 0)
    return bool(np.any(turns))


def _exactly_apart(a: Fraction, b: Fraction) -> str:
    gap, size = abs(a - b), max(abs(a), abs(b))
    relative = f", {rough(gap / size, 3)} relative" if size else ""
    return f"apart: {rough(gap, 3)}{relative}"


def apart(a: Value, b: Value) -> str:
    """How far apart two values are, for a reader."""
    if a.exact and b.exact:
        return _exactly_apart(Fraction(a.v), Fraction(b.v))
    gap = np.abs(np.asarray(difference(a, b), dtype=np.float64))
    va = np.abs(np.asarray(real(floating(a).v)))
    vb = np.abs(np.asarray(real(floating(b).v)))
    size = float(max(va.max(initial=0.0), vb.max(initial=0.0)))
    worst = float(gap.max(initial=0.0))
    relative = f", {worst / size:.3g} relative" if size > 0 else ""
    where = ""
    if gap.ndim and gap.size > 1:
        index = np.unravel_index(int(gap.argmax()), gap.shape)
        entry = ",".join(str(int(i) + 1) for i in index)
        bad = int(np.count_nonzero(gap > 0))
        where = (
            f"; largest at entry {entry}; {bad} of {gap.size} entries differ"
        )
    return f"apart: {worst:.3g}{relative}{where}"
