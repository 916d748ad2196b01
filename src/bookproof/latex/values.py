"""Values with their magnitude, and the arithmetic that shapes allow.

A `Value` is exact (an int or a Fraction, no magnitude) or floating. The
magnitude `m` of a floating value bounds, times the unit roundoff, the rounding
error it carries: each operation adds its own and hands on those of its parts
to first order. It is an array of the value's shape; during a complex step its
imaginary part is the magnitude of the imaginary part, by the same formulas.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from bookproof.latex.errors import ShapeMismatch, Undefined
from bookproof.latex.limits import MAX_BITS, affordable

Kind = str  # "s" scalar, "c" column, "r" row, "m" matrix, "b" batch of rows


@dataclass(slots=True)
class Value:
    """`v` is int, Fraction, float, complex or an array; see the module.

    A scalar may hold an array: a family of scalars that a function maps over.
    """

    v: Any
    m: Any = None
    kind: Kind = "s"

    @property
    def exact(self) -> bool:
        return self.m is None

    @property
    def shape(self) -> tuple[int, ...]:
        return () if self.kind == "s" else tuple(np.shape(self.v))


@dataclass(slots=True)
class Function:
    """A callable: takes and gives Values."""

    name: str
    call: Callable[..., Value]


@dataclass(slots=True)
class Thing:
    """A Python object that is no number: a list, a set, a mapping."""

    value: Any


_LEAST = math.ulp(0.0)

ZERO = Value(0)
ONE = Value(1)


def mag(v: Any) -> Any:
    """Absolute value, of real and imaginary part apart."""
    if isinstance(v, float):
        return abs(v)
    if isinstance(v, complex):
        return complex(abs(v.real), abs(v.imag))
    if np.iscomplexobj(v):
        return np.abs(v.real) + 1j * np.abs(v.imag)
    return np.abs(v)


def floating(a: Value) -> Value:
    """`a`, not exact."""
    if a.m is not None:
        return a
    try:
        v = float(a.v)
    except OverflowError:
        raise Undefined("a number beyond what float64 holds") from None
    return Value(v, abs(v))


def standing(v: Any, *factors: Any) -> Any:
    """`v`, which is a product or a power of these factors: where none of them
    is zero it is not zero either, but the least number of float64."""
    if isinstance(v, float) and v == 0 and 0 not in factors:
        return math.copysign(_LEAST, v)
    return v


def scalar(v: Any, m: Any = None) -> Value:
    """A floating scalar."""
    return Value(v, mag(v) if m is None else m)


def array(v: Any, kind: Kind | None = None) -> Value:
    """A floating array, column or matrix by its dimensions."""
    if kind is None:
        kind = {0: "s", 1: "c", 2: "m"}[np.ndim(v)]
    return Value(v, mag(v), kind)


# Arithmetic


def negative(a: Value) -> Value:
    return Value(-a.v, a.m, a.kind)


def add(a: Value, b: Value, sign: int = 1) -> Value:
    """a + b or a - b; a scalar may meet an array here."""
    if a.m is None and b.m is None:
        return _rational(a.v + b.v if sign > 0 else a.v - b.v)
    a, b = floating(a), floating(b)
    kind = _sum_kind(a, b)
    v = a.v + b.v if sign > 0 else a.v - b.v
    return Value(v, a.m + b.m, kind)


def _sum_kind(a: Value, b: Value) -> Kind:
    if a.kind == "s" or b.kind == "s":
        if a.kind == b.kind:
            return "s"
        scalar_, other = (a, b) if a.kind == "s" else (b, a)
        if np.ndim(scalar_.v):
            raise ShapeMismatch(
                "a function of one variable meets an array inside its formula"
            )
        return other.kind
    kinds = {a.kind, b.kind}
    if kinds == {"b", "c"} and _batch_fits(a, b):
        return "b"
    if kinds in ({"b", "m"}, {"r", "m"}) and a.shape == b.shape:
        return "b" if "b" in kinds else "m"
    if a.kind != b.kind or a.shape != b.shape:
        raise ShapeMismatch(
            f"{describe(a)} and {describe(b)} cannot be added"
            + _bias_hint(a, b)
        )
    return a.kind


def _batch_fits(a: Value, b: Value) -> bool:
    batch, column = (a, b) if a.kind == "b" else (b, a)
    return batch.shape[1] == column.shape[0]


def _bias_hint(a: Value, b: Value) -> str:
    matrix, column = (a, b) if a.kind == "m" else (b, a)
    if matrix.kind != "m" or column.kind != "c":
        return ""
    if matrix.shape[1] != column.shape[0]:
        return ""
    return (
        r"; to add a column to every row write \mathbf{1} b^\top or name "
        "the batch in :rows:"
    )


def times(a: Value, b: Value) -> Value:
    """The product of linear algebra."""
    if a.m is None and b.m is None:
        return _rational(a.v * b.v)
    a, b = floating(a), floating(b)
    if a.kind == "s" or b.kind == "s":
        kind = b.kind if a.kind == "s" else a.kind
        _no_family(a, b)
        v = standing(a.v * b.v, a.v, b.v)
        return Value(v, mag(a.v) * b.m + a.m * mag(b.v), kind)
    kind = _product_kind(a, b)
    v, m = _multiply(a, b, kind)
    return Value(v, m, kind)


def _no_family(a: Value, b: Value) -> None:
    for one, other in ((a, b), (b, a)):
        if one.kind == "s" and other.kind != "s" and np.ndim(one.v):
            raise ShapeMismatch(
                "a function of one variable meets an array inside its formula"
            )


def _product_kind(a: Value, b: Value) -> Kind:
    pair = a.kind + b.kind
    result = {
        "cr": "m",
        "rc": "s",
        "rm": "r",
        "mc": "c",
        "mm": "m",
        "bm": "b",
        "mb": "m",
        "mr": "m",
        "bb": "m",
        "bc": "c",
        "rb": "r",
    }.get(pair)
    if result is None:
        raise ShapeMismatch(_product_hint(a, b))
    inner = (a.shape[-1] if a.kind != "c" else 1, b.shape[0])
    if inner[0] != inner[1]:
        raise ShapeMismatch(
            f"{describe(a)} times {describe(b)}: {inner[0]} and {inner[1]} "
            "do not fit"
        )
    entries = a.shape[0] * (b.shape[1] if b.kind != "c" else 1)
    affordable(entries, entries * inner[0])
    return result


def _product_hint(a: Value, b: Value) -> str:
    both = f"{describe(a)} times {describe(b)}"
    if a.kind == b.kind == "c":
        return rf"{both}: write ^\top or \odot"
    if a.kind == b.kind == "r":
        return rf"{both}: transpose one of them, or write \odot"
    return rf"{both}: is a ^\top missing?"


def _multiply(a: Value, b: Value, kind: Kind) -> tuple[Any, Any]:
    if a.kind == "c":
        left, ml = a.v[:, None], a.m[:, None]
    else:
        left, ml = a.v, a.m
    v = left @ b.v
    m = mag(left) @ b.m + ml @ mag(b.v)
    if kind == "s":
        return v.reshape(())[()], m.reshape(())[()]
    return v, m


def divide(a: Value, b: Value) -> Value:
    if b.kind != "s":
        raise ShapeMismatch(
            rf"division by {describe(b)}: write \oslash to divide the entries"
        )
    if b.m is None and b.v == 0:
        raise Undefined("division by zero")
    if a.m is None and b.m is None:
        return _rational(Fraction(a.v) / b.v)
    a, b = floating(a), floating(b)
    _no_family(a, b)
    if np.ndim(b.v) == 0 and b.v == 0:
        raise Undefined("division by zero")
    v = standing(a.v / b.v, a.v)
    m = a.m * mag(1 / b.v) + b.m * mag(v / b.v)
    return Value(v, m, a.kind)


def odot(a: Value, b: Value) -> Value:
    a, b = _same_shape(a, b, r"\odot")
    return Value(a.v * b.v, mag(a.v) * b.m + a.m * mag(b.v), a.kind)


def oslash(a: Value, b: Value) -> Value:
    a, b = _same_shape(a, b, r"\oslash")
    if np.any(b.v == 0):
        raise Undefined("division by zero")
    v = a.v / b.v
    return Value(v, a.m * mag(1 / b.v) + b.m * mag(v / b.v), a.kind)


def _same_shape(a: Value, b: Value, sign: str) -> tuple[Value, Value]:
    a, b = floating(a), floating(b)
    alike = a.kind == b.kind or {a.kind, b.kind} == {"b", "m"}
    if not alike or a.shape != b.shape:
        raise ShapeMismatch(
            f"{describe(a)} {sign} {describe(b)}: the shapes differ"
        )
    if a.kind == "b" or b.kind == "b":
        return Value(a.v, a.m, "b"), Value(b.v, b.m, "b")
    return a, b


def transpose(a: Value) -> Value:
    if a.kind == "s":
        return a
    if a.kind == "c":
        return Value(a.v[None, :], a.m[None, :], "r")
    if a.kind == "r":
        return Value(a.v[0], a.m[0], "c")
    return Value(a.v.T, a.m.T, "m")


def _rational(v: Any) -> Value:
    """An exact result, while it is small enough to stay exact."""
    if isinstance(v, Fraction):
        if v.denominator == 1:
            v = v.numerator
        elif max(v.numerator.bit_length(), v.denominator.bit_length()) > (
            MAX_BITS
        ):
            return scalar(_float(v))
    if isinstance(v, int) and v.bit_length() > MAX_BITS:
        return scalar(_float(v))
    return Value(v)


def _float(v: Any) -> float:
    try:
        return float(standing(float(v), v))
    except OverflowError:
        raise Undefined("a number beyond what float64 holds") from None


rational = _rational


def as_int(a: Value) -> int | None:
    """The integer that a scalar is, if it is one."""
    if a.kind != "s" or np.ndim(a.v) or isinstance(a.v, complex):
        return None
    if a.exact:
        return int(a.v) if Fraction(a.v).denominator == 1 else None
    return int(a.v) if float(a.v).is_integer() else None


def describe(a: Value | Function | Thing) -> str:
    """A value's shape in words."""
    if isinstance(a, Function):
        return f"the function {a.name}"
    if isinstance(a, Thing):
        return f"a Python {type(a.value).__name__}"
    if a.kind == "s":
        return "a scalar"
    if a.kind == "c":
        return f"a column of {a.shape[0]}"
    if a.kind == "r":
        return f"a row of {a.shape[1]}"
    noun = "a batch" if a.kind == "b" else "a matrix"
    return f"{noun} ({a.shape[0]}, {a.shape[1]})"


def show(a: Value | Function | Thing) -> str:
    """A value in at most ten significant digits an entry."""
    if not isinstance(a, Value):
        return describe(a)
    if a.kind == "s" and not np.ndim(a.v):
        return _digits(a.v)
    flat = np.asarray(a.v).ravel()
    entries = ", ".join(_digits(x) for x in flat[:6])
    more = ", …" if flat.size > 6 else ""
    return f"{describe(a)}: [{entries}{more}]"


def rough(v: Fraction | int, digits: int) -> str:
    """An exact number in so many digits, also beyond what float64 holds."""
    try:
        return f"{float(v):.{digits}g}"
    except OverflowError:
        fraction = Fraction(v)
        decimal = Decimal(fraction.numerator) / Decimal(fraction.denominator)
        return f"{decimal:.{digits - 1}e}"


def _digits(v: Any) -> str:
    if isinstance(v, Fraction):
        text = rough(v, 10)
        if "e" not in text and Fraction(text) == v:
            return text
        return str(v) if len(str(v)) <= 24 else text
    if isinstance(v, int):
        text = str(v)
        return text if len(text) <= 24 else rough(v, 10)
    if isinstance(v, complex | np.complexfloating):
        v = v.real
    text = f"{float(v):.10g}"
    return "0" if text == "-0" else text
