"""Between the chapter's Python values and the values of formulas."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

from bookproof.latex.errors import NotAnalytic, ShapeMismatch
from bookproof.latex.functions import elementwise
from bookproof.latex.values import (
    Function,
    Thing,
    Value,
    array,
    floating,
    scalar,
)

PRINTED = {
    *("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh"),
    *("arcsin", "arccos", "arctan"),
}
"""NumPy's functions that the reader of formulas knows by the same name."""


def from_python(value: Any) -> Value | Function | Thing:
    """A value of the chapter's namespace as a Value."""
    if isinstance(value, Value | Function | Thing):
        return value
    if isinstance(value, bool | np.bool_):
        return Value(int(value))
    if isinstance(value, int | np.integer):
        return Value(int(value))
    if isinstance(value, Fraction):
        return Value(value)
    if isinstance(value, float | np.floating):
        return scalar(float(value))
    if isinstance(value, np.ndarray):
        return _from_array(value)
    for method in ("detach", "numpy"):
        if hasattr(value, method) and not isinstance(value, type):
            value = getattr(value, method)()
    if isinstance(value, np.ndarray):
        return _from_array(value)
    if isinstance(getattr(value, "data", None), np.ndarray):
        return _from_array(value.data)
    if isinstance(value, np.ufunc) and value.__name__ in PRINTED:
        # NumPy's own function: what \tanh on the page means, slope included.
        return Function(value.__name__, partial(elementwise, value.__name__))
    if callable(value):
        return Function(getattr(value, "__name__", "f"), _called(value))
    if isinstance(value, list | tuple):
        return _from_sequence(value)
    return Thing(value)


def _from_array(value: Any) -> Value | Thing:
    if value.dtype.kind in "fiub" and value.ndim <= 2:
        if value.ndim == 0:
            return (
                Value(int(value))
                if value.dtype.kind in "iub"
                else scalar(float(value))
            )
        return array(np.asarray(value, dtype=np.float64))
    if value.dtype.kind == "O" and value.ndim <= 2 and value.size:
        try:
            return array(value.astype(np.float64))
        except (TypeError, ValueError):
            return Thing(value)
    return Thing(value)


def _from_sequence(value: list[Any] | tuple[Any, ...]) -> Value | Thing:
    numbers = all(
        isinstance(item, int | float | Fraction | np.number) for item in value
    )
    if value and numbers:
        return array(np.array([float(item) for item in value]))
    rows = all(isinstance(item, list | tuple) for item in value)
    if value and rows and len({len(item) for item in value}) == 1:
        flat = [x for item in value for x in item]
        if flat and all(isinstance(x, int | float | Fraction) for x in flat):
            return array(np.array(value, dtype=np.float64))
    return Thing(value)


def to_python(a: Value | Function | Thing) -> Any:
    """What Python code gets to see of a value."""
    if isinstance(a, Thing):
        return a.value
    if isinstance(a, Function):
        return a.call
    if a.exact:
        if isinstance(a.v, Fraction):
            return int(a.v) if a.v.denominator == 1 else float(a.v)
        return a.v
    if np.iscomplexobj(a.v):
        raise NotAnalytic
    return a.v


def _called(function: Callable[..., Any]) -> Callable[..., Value]:
    def call(*args: Value) -> Value:
        result = from_python(function(*[to_python(arg) for arg in args]))
        if not isinstance(result, Value):
            raise ShapeMismatch("the function does not return numbers")
        result = floating(result) if result.kind != "s" else result
        if result.m is None:
            return result
        # The function hands on its arguments' errors: by how much is not
        # known, so suppose that relative errors stay what they are.
        growth = 1.0
        for arg in args:
            if arg.m is not None and np.size(arg.v):
                size = np.max(np.abs(arg.v))
                if size > 0:
                    growth = max(growth, float(np.max(arg.m) / size))
        return Value(result.v, result.m * growth, result.kind)

    return call
