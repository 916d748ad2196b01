"""Functions of one value: elementwise, with the magnitude they hand on."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from bookproof.latex.errors import NotAnalytic, Undefined
from bookproof.latex.values import (
    Value,
    floating,
    mag,
    rational,
    standing,
)

Unary = Callable[[Any], Any]

ROUNDING = 64 * 2.0**-53
"""A value is off by no more than this times its magnitude."""

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


def real(v: Any) -> Any:
    """The real part of a number or array."""
    return v.real if isinstance(v, complex) or np.iscomplexobj(v) else v


def is_complex(v: Any) -> bool:
    return isinstance(v, complex) or np.iscomplexobj(v)


def elementwise(name: str, a: Value) -> Value:
    """The function `name` on every entry."""
    if name == "sqrt":
        root = exact_root(a, 2)
        if root is not None:
            return root
    if name == "erf":
        return _erf(a)
    a = floating(a)
    _check_domain(name, a.v)
    if name == "sqrt" and not is_complex(a.v):
        return _root(a)
    f, slope = _SMOOTH[name]
    v = f(a.v)
    m = mag(v) + mag(slope(a.v)) * a.m
    if not np.ndim(v):
        v, m = _plain(v), _plain(m)
    return Value(standing(v) if name == "exp" else v, m, a.kind)


def _root(a: Value) -> Value:
    """The square root, whose slope is no measure of its error near zero.

    A radicand that is off by e moves the root of v by at most
    e / (sqrt(v) + sqrt(v - e)), and never by more than sqrt(e).
    """
    v = np.sqrt(a.v)
    off = ROUNDING * real(a.m)
    root_of_off = np.sqrt(off)
    both = v + np.sqrt(np.maximum(a.v - off, 0))
    steady = both > root_of_off  # where the first bound is the smaller one
    error = np.where(steady, off / np.where(steady, both, 1), root_of_off)
    m = np.abs(v) + error / ROUNDING
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


def exact_root(a: Value, degree: int) -> Value | None:
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
