"""Functions of one value: elementwise, with the magnitude they hand on."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from bookproof.latex.errors import NotAnalytic, ShapeMismatch, Undefined
from bookproof.latex.limits import MAX_BITS
from bookproof.latex.values import (
    Value,
    array,
    describe,
    divide,
    floating,
    mag,
    odot,
    rational,
    scalar,
    times,
    transpose,
)

Unary = Callable[[Any], Any]

# name: the function and its derivative (the latter for magnitudes only).
_SMOOTH: dict[str, tuple[Unary, Unary]] = {
    "exp": (np.exp, np.exp),
    "log": (np.log, lambda x: 1 / x),
    "ln": (np.log, lambda x: 1 / x),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "sinh": (np.sinh, np.cosh),
    "cosh": (np.cosh, np.sinh),
    "sin": (np.sin, np.cos),
    "cos": (np.cos, np.sin),
    "tan": (np.tan, lambda x: 1 + np.tan(x) ** 2),
    "arcsin": (np.arcsin, lambda x: 1 / np.sqrt(1 - x * x)),
    "arccos": (np.arccos, lambda x: 1 / np.sqrt(1 - x * x)),
    "arctan": (np.arctan, lambda x: 1 / (1 + x * x)),
    "artanh": (np.arctanh, lambda x: 1 / (1 - x * x)),
    "arctanh": (np.arctanh, lambda x: 1 / (1 - x * x)),
    "sqrt": (np.sqrt, lambda x: 0.5 / np.sqrt(x)),
}
_KINK = 1e-12


def real(v: Any) -> Any:
    """The real part of a number or array."""
    return v.real if isinstance(v, complex) or np.iscomplexobj(v) else v


def is_complex(v: Any) -> bool:
    return isinstance(v, complex) or np.iscomplexobj(v)


def elementwise(name: str, a: Value) -> Value:
    """The function `name` on every entry."""
    if name == "sqrt":
        root = _exact_root(a, 2)
        if root is not None:
            return root
    if name == "erf":
        return _erf(a)
    a = floating(a)
    _check_domain(name, a.v)
    f, slope = _SMOOTH[name]
    v = f(a.v)
    m = mag(v) + mag(slope(a.v)) * a.m
    if not np.ndim(v):
        v, m = _plain(v), _plain(m)
    return Value(v, m, a.kind)


def _plain(v: Any) -> Any:
    return complex(v) if is_complex(v) else float(v)


def _erf(a: Value) -> Value:
    a = floating(a)
    if is_complex(a.v):
        raise NotAnalytic
    v = np.vectorize(math.erf, otypes=[float])(a.v)
    m = np.abs(v) + 2 / math.sqrt(math.pi) * np.exp(-(a.v**2)) * a.m
    return Value(v if np.ndim(v) else float(v), m, a.kind)


def _check_domain(name: str, v: Any) -> None:
    x = real(v)
    if name in ("log", "ln") and np.any(x <= 0):
        raise Undefined("the logarithm of a number that is not positive")
    if name == "sqrt":
        if np.any(x < 0):
            raise Undefined("the root of a negative number")
        if is_complex(v) and np.any((x == 0) & (np.imag(v) != 0)):
            raise Undefined("a root has no derivative at zero")
    if name in ("arcsin", "arccos") and np.any(np.abs(x) > 1):
        raise Undefined(f"{name} of a number beyond one")
    if name in ("artanh", "arctanh") and np.any(np.abs(x) >= 1):
        raise Undefined(f"{name} of a number that is one or beyond")


def _exact_root(a: Value, degree: int) -> Value | None:
    if not a.exact or a.v < 0:
        return None
    fraction = Fraction(a.v)
    top = _integer_root(fraction.numerator, degree)
    bottom = _integer_root(fraction.denominator, degree)
    if top is None or bottom is None:
        return None
    return rational(Fraction(top, bottom))


def _integer_root(n: int, degree: int) -> int | None:
    if degree == 2:
        root = math.isqrt(n)
    elif n.bit_length() < 900:
        root = round(n ** (1 / degree))
    else:
        return None
    return root if root**degree == n else None


def root(a: Value, degree: Value | None) -> Value:
    """A square root, or one of another degree."""
    if degree is None:
        return elementwise("sqrt", a)
    if degree.exact and isinstance(degree.v, int) and degree.v > 0:
        exact = _exact_root(a, degree.v)
        if exact is not None:
            return exact
    if np.any(real(floating(a).v) < 0):
        raise Undefined("the root of a negative number")
    return power(a, divide(Value(1), degree), entries=True)


# Powers


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
        exact = _exact_root(a, b.v.denominator)
        if exact is not None:
            return _exact_power(exact, b.v.numerator)
    return _float_power(floating(a), b)


def _exact_power(a: Value, n: int) -> Value:
    if a.v == 0 and n < 0:
        raise Undefined("division by zero")
    fraction = Fraction(a.v)
    size = max(
        fraction.numerator.bit_length(), fraction.denominator.bit_length()
    )
    if abs(n) * size > MAX_BITS and abs(fraction) != 1 and fraction != 0:
        try:
            return scalar(float(a.v) ** n)
        except OverflowError:
            raise Undefined("a power beyond what float64 holds") from None
    return rational(fraction**n)


def _float_power(a: Value, b: Value) -> Value:
    n = b.v if b.exact and isinstance(b.v, int) else None
    if n is not None:
        if n < 0 and np.any(real(a.v) == 0):
            raise Undefined("division by zero")
        v = a.v**n
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
        raise Undefined("a matrix power beyond 100 000")
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
    try:
        v = np.linalg.inv(a.v)
    except np.linalg.LinAlgError:
        raise Undefined("the inverse of a singular matrix") from None
    m = mag(v) + mag(v) @ a.m @ mag(v)
    return Value(v, m, "m")


# Named functions of arrays


def diag(a: Value) -> Value:
    if a.kind == "c":
        return Value(np.diag(a.v), np.diag(a.m), "m")
    if a.kind == "m":
        return Value(np.diag(a.v).copy(), np.diag(a.m).copy(), "c")
    raise ShapeMismatch(f"diag of {describe(a)}")


def trace(a: Value) -> Value:
    _square(a, "tr")
    return Value(np.trace(a.v)[()], np.trace(a.m)[()])


def determinant(a: Value) -> Value:
    if a.kind == "s":
        return a
    _square(a, "det")
    v = np.linalg.det(a.v)[()]
    try:
        m = mag(v) + np.sum(mag(v * np.linalg.inv(a.v).T) * a.m)
    except np.linalg.LinAlgError:
        m = np.prod(np.sum(a.m, axis=1))
    return Value(v, m)


def _square(a: Value, name: str) -> None:
    if a.kind not in ("m", "b") or a.shape[0] != a.shape[1]:
        raise ShapeMismatch(f"{name} of {describe(a)}")


def rank(a: Value) -> Value:
    if is_complex(a.v):
        raise NotAnalytic
    if a.kind not in ("m", "b"):
        raise ShapeMismatch(f"rank of {describe(a)}")
    return Value(int(np.linalg.matrix_rank(a.v)))


def vec(a: Value) -> Value:
    """The columns of a matrix, one under the other."""
    if a.kind not in ("m", "b"):
        raise ShapeMismatch(f"vec of {describe(a)}")
    return Value(a.v.T.ravel(), a.m.T.ravel(), "c")


def sign(a: Value) -> Value:
    if a.exact:
        return Value((a.v > 0) - (a.v < 0))
    _no_kink(a, real(a.v) == 0, "sign jumps at zero")
    v = np.sign(real(a.v)) + 0 * a.v
    return Value(v, mag(v), a.kind)


def absolute(a: Value) -> Value:
    if a.exact:
        return Value(abs(a.v))
    _no_kink(a, real(a.v) == 0, "|x| has no derivative at zero")
    v = np.where(real(a.v) < 0, -a.v, a.v)[()]
    return Value(v, a.m, a.kind)


def rounding(a: Value, name: str) -> Value:
    """`floor` or `ceil`."""
    if a.exact:
        down = math.floor(a.v) if name == "floor" else math.ceil(a.v)
        return Value(down)
    if is_complex(a.v):
        raise NotAnalytic
    v = np.floor(a.v) if name == "floor" else np.ceil(a.v)
    near = np.abs(a.v - np.round(a.v)) <= 64 * 2.0**-53 * a.m
    if np.any(near & (np.round(a.v) != a.v)):
        raise Undefined("a whole number up to rounding: the step is not safe")
    if a.kind == "s" and not np.ndim(v):
        return Value(int(v))
    return Value(v, np.abs(v), a.kind)


def _no_kink(a: Value, where: Any, message: str) -> None:
    if is_complex(a.v) and np.any(where & (np.imag(a.v) != 0)):
        raise Undefined(message)


def mean(a: Value) -> Value:
    if a.kind == "s":
        raise ShapeMismatch("the mean of a scalar")
    return Value(np.mean(a.v)[()], np.mean(a.m)[()])


def variance(a: Value) -> Value:
    """Of the entries of a column, over their number."""
    if a.kind not in ("c", "r"):
        raise ShapeMismatch(f"the variance of {describe(a)}")
    centre = np.mean(a.v)
    off = a.v - centre
    m = np.mean(2 * mag(off) * (a.m + np.mean(a.m)) + mag(off * off))
    return Value(np.mean(off * off)[()], m[()])


ARRAY_FUNCTIONS: dict[str, Callable[[Value], Value]] = {
    "diag": diag,
    "tr": trace,
    "det": determinant,
    "rank": rank,
    "vec": vec,
    "sign": sign,
    "sgn": sign,
    "abs": absolute,
    "mean": mean,
    "Var": variance,
}


def norm(a: Value, order: Value | str | None) -> Value:
    """A norm; a matrix must say which."""
    a = floating(a)
    if a.kind == "s":
        return absolute(a)
    if is_complex(a.v) and np.all(real(a.v) == 0) and np.any(a.v != 0):
        raise Undefined("a norm has no derivative at zero")
    if order == "F" or (a.kind in ("c", "r") and _is(order, 2, None)):
        square = Value(a.v.ravel() ** 2, 2 * mag(a.v.ravel()) * a.m.ravel())
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


def factorial(a: Value) -> Value:
    if not (a.exact and isinstance(a.v, int) and a.v >= 0):
        raise Undefined("the factorial of a number that is not whole")
    if a.v > 500:
        raise Undefined("a factorial beyond 4096 bits")
    return Value(math.factorial(a.v))


def binomial(n: Value, k: Value) -> Value:
    for a in (n, k):
        if not (a.exact and isinstance(a.v, int) and 0 <= a.v <= 4000):
            raise Undefined("a binomial of numbers that are not whole")
    return rational(math.comb(n.v, k.v))


def remainder(a: Value, b: Value) -> Value:
    if not (a.exact and b.exact) or b.v == 0:
        raise Undefined("a remainder of numbers that are not rational")
    return rational(a.v % b.v)


__all__ = ["ARRAY_FUNCTIONS", "elementwise", "transpose"]
