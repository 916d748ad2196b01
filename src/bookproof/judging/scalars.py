"""Values of Python expressions as numbers and truth values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True)
class NotANumber(Exception):
    """The value of a fact is neither a number nor a truth value."""

    what: str


def as_truth(value: object) -> bool | None:
    """The value as a truth value, when it is one (NumPy's included)."""
    if isinstance(value, bool):
        return value
    kind = getattr(getattr(value, "dtype", None), "kind", None)
    if kind == "b" and getattr(value, "shape", None) == ():
        return bool(value)
    return None


def as_numbers(value: object) -> list[Fraction | float]:
    """The value as a list of numbers: a scalar, a tuple, a small array."""
    if isinstance(value, tuple | list):
        return [_number(entry) for entry in value]
    shape = getattr(value, "shape", ())
    if isinstance(shape, tuple) and len(shape) == 1:
        return [_number(entry) for entry in value]  # type: ignore[attr-defined]
    return [_number(value)]


def _number(value: object) -> Fraction | float:
    if value is None:
        raise NotANumber("the expression gives None")
    if as_truth(value) is not None:
        raise NotANumber("a truth value stands among numbers")
    shape = getattr(value, "shape", ())
    if isinstance(shape, tuple) and shape != ():
        raise NotANumber(
            f"the expression gives an array of shape {shape}, not a number"
        )
    item = getattr(value, "item", None)
    plain: Any = item() if callable(item) else value
    if isinstance(plain, int | Fraction):
        return Fraction(plain)
    if isinstance(plain, float):
        return plain
    raise NotANumber(
        f"the expression gives a value of type {type(value).__name__}, "
        "not a number or a truth value"
    )


def show(value: Fraction | float | int) -> str:
    """A number with at most ten significant digits."""
    if isinstance(value, Fraction):
        if value.denominator == 1 and abs(value) < 10**15:
            return str(value.numerator)
        try:
            return f"{float(value):.10g}"
        except OverflowError:
            bits = abs(int(value)).bit_length() - 1
            return f"about 10^{round(bits * math.log10(2))}"
    return f"{value:.10g}"
