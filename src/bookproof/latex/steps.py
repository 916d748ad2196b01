"""Steps along a direction: complex ones, and differences with an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bookproof.latex import tree as t
from bookproof.latex.differences import differentiate
from bookproof.latex.errors import FormulaError, NotAnalytic, Undefined
from bookproof.latex.functions import ROUNDING, is_complex
from bookproof.latex.lookup import Slot
from bookproof.latex.values import Value, floating

# Its square is far below rounding; its product with a slope seldom underflows.
STEP = 2.0**-200
# What is lost where the slope is nearly zero: its square times a sixth of the
# third derivative (that of the cube at zero is one), here up to 2^100; and,
# far less, what underflows.
LOST = 2.0**100 * STEP**2
MAX_ERROR = 1e-6


def places(slot: Slot, start: Value) -> list[tuple[int, ...]]:
    if slot.index is not None:
        index = slot.index
        return [(0, index[0]) if start.kind == "r" else index]
    return list(np.ndindex(np.shape(start.v)))


def unit(start: Value, place: tuple[int, ...]) -> Any:
    direction = np.zeros(np.shape(start.v))
    direction[place] = 1.0
    return direction[()] if not np.ndim(direction) else direction


def complex_step(
    start: Value,
    direction: Any,
    moved: Callable[[Value], tuple[Value, bool]],
) -> Value:
    v = start.v + 1j * STEP * direction
    m = start.m + 1j * STEP * np.abs(direction)
    if not np.ndim(v):
        v, m = complex(v), complex(m)
    result = floating(moved(Value(v, m, start.kind))[0])
    dv = np.imag(result.v) / STEP
    dm = np.imag(result.m + 0j) / STEP
    if not is_complex(result.v):
        dv, dm = 0.0 * result.v, 0.0 * result.m
    if not np.all(np.isfinite(dv)):
        raise Undefined("the derivative is not finite here")
    if is_complex(result.v):
        dm = dm + LOST / ROUNDING
    return Value(_number(dv), _number(dm), result.kind)


def _number(v: Any) -> Any:
    return v if np.ndim(v) else float(v)


def checked_differences(
    start: Value,
    direction: Any,
    moved: Callable[[Value], tuple[Value, bool]],
    node: t.Node,
) -> Value:
    size = np.max(np.abs(start.v) * (direction != 0))
    scale = float(size) if size > 0 else 1.0
    kind = "s"

    def f(step: float) -> tuple[Any, Any]:
        nonlocal kind
        v = start.v + step * direction
        result = floating(moved(Value(v, np.abs(v), start.kind))[0])
        if is_complex(result.v):
            raise NotAnalytic
        kind = result.kind
        return result.v, result.m

    v, error = differentiate(f, scale)
    largest = float(np.max(np.abs(v)))
    worst = float(np.max(error))
    # A derivative that is zero up to noise has no relative error.
    noise = 1e-12 * float(np.max(f(0.0)[1])) / scale
    if not worst <= max(MAX_ERROR * largest, noise):
        raise FormulaError(
            "the derivative cannot be found to six digits "
            f"(estimated error {worst:.2g} of {largest:.6g})",
            node.at,
            node.width,
            rule="oracle",
        )
    # The estimate enters the tolerance, which is ROUNDING times magnitude.
    m = np.abs(v) + 4 * error / ROUNDING
    return Value(_number(v), _number(m), kind)
