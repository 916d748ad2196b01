"""Norms, maxima and inner products."""

from __future__ import annotations

from typing import Any

import numpy as np

from bookproof.latex.errors import NotAnalytic, ShapeMismatch, Undefined
from bookproof.latex.functions import (
    ROUNDING,
    absolute,
    elementwise,
    is_complex,
    real,
)
from bookproof.latex.limits import affordable
from bookproof.latex.powers import power
from bookproof.latex.values import (
    Value,
    describe,
    divide,
    floating,
    mag,
    odot,
)

_KINK = 1e-12


def norm(a: Value, order: Value | str | None) -> Value:
    """A norm; a matrix must say which."""
    a = floating(a)
    if a.kind == "s":
        return absolute(a)
    if is_complex(a.v) and np.all(real(a.v) == 0) and np.any(a.v != 0):
        raise Undefined("a norm has no derivative at zero")
    if order == "F" or (a.kind in ("c", "r") and _is(order, 2, None)):
        v, m = a.v.ravel(), a.m.ravel()
        # The square of the error counts as well: at zero nothing else does.
        square = Value(v**2, 2 * mag(v) * m + ROUNDING * m**2)
        total = Value(np.sum(square.v)[()], np.sum(square.m)[()])
        return elementwise("sqrt", total)
    if a.kind in ("c", "r"):
        return _vector_norm(Value(a.v.ravel(), a.m.ravel(), "c"), order)
    if order is None:
        raise ShapeMismatch(
            r"the norm of a matrix: write \lVert … \rVert_F or "
            r"\lVert … \rVert_2"
        )
    if is_complex(a.v):
        raise NotAnalytic
    if order == "inf":
        number: Any = np.inf
    elif order == "*":
        number = "nuc"
    elif _is(order, 1, 2):
        assert isinstance(order, Value)
        number = order.v
    else:
        raise ShapeMismatch("this norm of a matrix is not read")
    affordable(1, 20 * min(a.shape) * a.v.size)
    v = float(np.linalg.norm(a.v, number))
    return Value(v, v + float(np.linalg.norm(a.m)))


def _is(order: Value | str | None, *wanted: int | None) -> bool:
    if isinstance(order, Value):
        return order.exact and order.v in wanted
    return order is None and None in wanted


def _vector_norm(a: Value, order: Value | str | None) -> Value:
    size = absolute(a)
    if order == "inf":
        return largest(size)
    if _is(order, 1):
        return Value(np.sum(size.v)[()], np.sum(size.m)[()])
    if _is(order, 0):
        return Value(int(np.count_nonzero(a.v)))
    if not isinstance(order, Value):
        raise ShapeMismatch("this norm of a column is not read")
    powered = power(size, order, entries=True)
    total = Value(np.sum(powered.v)[()], np.sum(powered.m)[()])
    return power(total, divide(Value(1), order))


def largest(a: Value, sign_: int = 1) -> Value:
    """The largest (or smallest) entry."""
    x = real(a.v) * sign_
    index = np.unravel_index(np.argmax(x), np.shape(x))
    if is_complex(a.v):
        close = x >= x[index] - _KINK * np.abs(x[index])
        slopes = np.imag(a.v)[close]
        if np.ptp(slopes) != 0:
            raise Undefined("a maximum of equal entries has no derivative")
    return Value(a.v[index], a.m[index])


def choose(values: list[Value], sign_: int) -> Value:
    """The largest (or smallest) of several, entry by entry."""
    if len(values) == 1 and values[0].kind != "s":
        return largest(values[0], sign_)
    if all(value.exact for value in values):
        pick = max if sign_ > 0 else min
        return Value(pick(value.v for value in values))
    values = [floating(value) for value in values]
    shaped = [value for value in values if value.kind != "s"]
    first = shaped[0] if shaped else values[0]
    for value in shaped:
        if value.kind != first.kind or value.shape != first.shape:
            raise ShapeMismatch(
                f"a maximum of {describe(first)} and {describe(value)}"
            )
    best = values[0]
    for value in values[1:]:
        best = _larger(best, value, sign_, first.kind)
    return best


def _larger(a: Value, b: Value, sign_: int, kind: str) -> Value:
    x, y = real(a.v) * sign_, real(b.v) * sign_
    if is_complex(a.v) or is_complex(b.v):
        tie = x == y
        differs = np.imag(a.v + 0j) != np.imag(b.v + 0j)
        if np.any(tie & differs):
            raise Undefined("a maximum has no derivative where two are equal")
    v = np.where(x >= y, a.v, b.v)[()]
    m = np.where(x >= y, a.m + 0 * b.m, b.m + 0 * a.m)[()]
    return Value(v, m, kind)


def inner(a: Value, b: Value) -> Value:
    """The sum of products of entries."""
    if a.kind == "s" or b.kind == "s":
        raise ShapeMismatch("an inner product of scalars")
    product = odot(a, b)
    return Value(np.sum(product.v)[()], np.sum(product.m)[()])
