"""Roots and powers: exact, floating, of matrices."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from bookproof.latex.errors import ShapeMismatch, TooLarge, Undefined
from bookproof.latex.functions import (
    elementwise,
    exact_root,
    is_complex,
    real,
)
from bookproof.latex.limits import MAX_BITS, affordable
from bookproof.latex.values import (
    Value,
    array,
    describe,
    divide,
    floating,
    mag,
    rational,
    scalar,
    standing,
    times,
)


def root(a: Value, degree: Value | None) -> Value:
    """A square root, or one of another degree."""
    if degree is None:
        return elementwise("sqrt", a)
    if degree.exact and isinstance(degree.v, int) and degree.v > 0:
        exact = exact_root(a, degree.v)
        if exact is not None:
            return exact
    if np.any(real(floating(a).v) < 0):
        raise Undefined("the root of a negative number")
    return power(a, divide(Value(1), degree), entries=True)


def power(a: Value, b: Value, *, entries: bool = False) -> Value:
    """`a` to the `b`: a matrix power, or entry by entry."""
    if b.kind != "s":
        raise ShapeMismatch(
            rf"an exponent that is {describe(b)}; only e may carry one"
        )
    if a.kind in ("m", "b") and not entries:
        return _matrix_power(a, b)
    if a.kind in ("c", "r") and not entries and b.exact and b.v < 0:
        raise ShapeMismatch(
            rf"a negative power of {describe(a)}: write ^{{\odot {b.v}}}"
        )
    if a.exact and b.exact and isinstance(b.v, int):
        return _exact_power(a, b.v)
    if a.exact and b.exact and isinstance(b.v, Fraction):
        exact = exact_root(a, b.v.denominator)
        if exact is not None:
            return _exact_power(exact, b.v.numerator)
    return _float_power(floating(a), b)


def _exact_power(a: Value, n: int) -> Value:
    if a.v == 0 and n < 0:
        raise Undefined("division by zero")
    fraction = Fraction(a.v)
    larger = max(abs(fraction.numerator), fraction.denominator)
    # The power has between this many bits and twice as many.
    if abs(n) * (larger.bit_length() - 1) > MAX_BITS:
        try:
            return scalar(standing(float(a.v) ** n, a.v))
        except OverflowError:
            raise Undefined("a power beyond what float64 holds") from None
    return rational(fraction**n)


def _float_power(a: Value, b: Value) -> Value:
    n = b.v if b.exact and isinstance(b.v, int) else None
    if n is not None:
        if n < 0 and np.any(real(a.v) == 0):
            raise Undefined("division by zero")
        v = standing(a.v**n, a.v)
        slope = n * a.v ** (n - 1) if n else 0.0 * a.v
        m = mag(v) + mag(slope) * a.m
        return Value(v, m, a.kind)
    b = floating(b)
    if np.any(real(a.v) < 0):
        raise Undefined("a power of a negative number, not whole")
    if np.any(real(a.v) == 0):
        if is_complex(a.v) or is_complex(b.v) or np.any(b.v < 0):
            raise Undefined("a power of zero that is not defined here")
        v = a.v**b.v
        return Value(v, mag(v) + a.m, a.kind)
    log = np.log(a.v)
    v = np.exp(b.v * log) if is_complex(a.v) or is_complex(b.v) else a.v**b.v
    v = standing(v)
    m = mag(v) * (1 + mag(real(log)) * real(b.m)) + mag(v * b.v / a.v) * a.m
    if is_complex(v):
        m = m + 1j * np.abs(real(v)) * np.imag(b.m + 0j) * np.abs(real(log))
    return Value(v, m, a.kind)


def exp_base(exponent: Value) -> Value:
    """e to a scalar or, entry by entry, to a column or row."""
    if exponent.kind in ("m", "b"):
        raise ShapeMismatch(
            r"e to a matrix: write \exp(…) if each entry is meant"
        )
    return elementwise("exp", exponent)


def _matrix_power(a: Value, b: Value) -> Value:
    if not (b.exact and isinstance(b.v, int)):
        raise ShapeMismatch(
            rf"a power of {describe(a)} that is not whole: for the entries "
            rf"write ^{{\odot k}}"
        )
    if a.shape[0] != a.shape[1]:
        raise ShapeMismatch(
            rf"a power of {describe(a)}, which is not square: for the "
            r"entries write ^{\odot k}"
        )
    n = b.v
    if abs(n) > 100_000:
        raise TooLarge("a matrix power beyond 100,000")
    if n == 0:
        return array(np.eye(a.shape[0]))
    factor = _inverse(a) if n < 0 else a
    result: Value | None = None
    n = abs(n)
    while n:
        if n & 1:
            result = factor if result is None else times(result, factor)
        n >>= 1
        if n:
            factor = times(factor, factor)
    assert result is not None
    return Value(result.v, result.m, "m")


def _inverse(a: Value) -> Value:
    affordable(a.v.size, 3 * a.shape[0] ** 3)
    try:
        v = np.linalg.inv(a.v)
    except np.linalg.LinAlgError:
        raise Undefined("the inverse of a singular matrix") from None
    m = mag(v) + mag(v) @ a.m @ mag(v)
    return Value(v, m, "m")
