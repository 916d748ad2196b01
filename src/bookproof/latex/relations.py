r"""Judge one relation between two values."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bookproof.latex import tree as t
from bookproof.latex.comparing import apart, compare, difference, tolerance
from bookproof.latex.errors import FormulaError
from bookproof.latex.functions import real
from bookproof.latex.values import Value, describe, floating, rough, times

BOUNDS = {"<", ">", r"\le", r"\ge"}
PLAIN = {"=", r"\ne", *BOUNDS}
ALONG = {r"\propto", r"\to"}


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a relation does not hold."""

    message: str
    notes: tuple[str, ...] = ()


def printed_unit(node: t.Node) -> Any:
    """The unit of the last digit of a printed number; None if it is none.

    A matrix of printed numbers has an array of units.
    """
    if isinstance(node, t.Number):
        decimals = len(node.digits.partition(".")[2])
        unit = Fraction(1, 10**decimals)
        return unit / 100 if node.percent else unit
    if isinstance(node, t.Negative):
        return printed_unit(node.operand)
    if isinstance(node, t.Power) and node.base == t.Number("10"):
        exponent = _whole(node.exponent)
        return None if exponent is None else Fraction(10) ** exponent
    if isinstance(node, t.Product) and node.ops in ((r"\times",), (r"\cdot",)):
        digits, scale = node.factors
        if isinstance(digits, t.Number) and isinstance(scale, t.Power):
            power = printed_unit(scale)
            return None if power is None else printed_unit(digits) * power
        return None
    if isinstance(node, t.Matrix):
        units = [[printed_unit(x) for x in row] for row in node.rows]
        if any(unit is None for row in units for unit in row):
            return None
        array = np.array(units, dtype=np.float64)
        return array[:, 0] if array.shape[1] == 1 else array
    return None


def _whole(node: t.Node) -> int | None:
    sign = 1
    if isinstance(node, t.Negative):
        sign, node = -1, node.operand
    value = node.value if isinstance(node, t.Number) else None
    return sign * value if isinstance(value, int) and value <= 1200 else None


def check_shapes(
    relation: str, nodes: tuple[t.Node, t.Node], a: Value, b: Value, at: int
) -> None:
    """Sides must have one shape; a number may bound an array."""
    kinds = {a.kind, b.kind}
    arrays = a.kind == b.kind or "s" not in kinds
    if a.shape == b.shape and arrays and kinds != {"c", "r"}:
        return
    loose = relation in BOUNDS or any(node == t.Number("0") for node in nodes)
    if loose and "s" in (a.kind, b.kind):
        return
    hint = ""
    if {a.kind, b.kind} == {"c", "r"}:
        hint = r": is a ^\top missing?"
    elif a.shape == b.shape[::-1]:
        hint = ": is it the transpose?"
    raise FormulaError(
        f"the left side is {describe(a)}, the right side {describe(b)}{hint}",
        at,
        rule="shape",
    )


def check_numbers(a: Value, b: Value, at: int) -> None:
    """Neither side may be NaN or infinite: nothing follows from it."""
    for side, value in (("left", a), ("right", b)):
        if value.exact:
            continue
        if np.any(np.isnan(real(value.v))):
            raise FormulaError(
                f"the {side} side is not a number (NaN)", at, rule="vacuous"
            )
        if np.any(np.isinf(real(value.v))):
            raise FormulaError(
                f"the {side} side is infinite", at, rule="vacuous"
            )


def judge(
    relation: str,
    nodes: tuple[t.Node, t.Node],
    a: Value,
    b: Value,
    at: int,
    rtol: float = 0.0,
) -> Failure | None:
    """Whether `a relation b` holds; why not, if it does not."""
    check_numbers(a, b, at)
    check_shapes(relation, nodes, a, b, at)
    if relation in PLAIN:
        if np.all(compare(relation, a, b, rtol)):
            return None
        return Failure(_not(relation), (apart(a, b),))
    if relation == r"\approx":
        return _approximately(nodes, a, b, at, rtol)
    if relation in (r"\ll", r"\gg"):
        return _much(relation, a, b)
    raise FormulaError(f"{relation} is not judged here", at)


def _not(relation: str) -> str:
    return {
        "=": "the two sides are not equal",
        r"\ne": "the two sides are equal",
        "<": "the left side is not less than the right side",
        ">": "the left side is not greater than the right side",
        r"\le": "the left side is greater than the right side",
        r"\ge": "the left side is less than the right side",
    }[relation]


def _approximately(
    nodes: tuple[t.Node, t.Node], a: Value, b: Value, at: int, rtol: float
) -> Failure | None:
    units = [u for u in map(printed_unit, nodes) if u is not None]
    if not units and not rtol:
        raise FormulaError(
            r"\approx needs a printed number on a side, or :rtol:",
            at,
            7,
            rule="approx",
        )
    gap = difference(a, b)
    exact = a.exact and b.exact
    if units:
        unit = units[0] if len(units) == 1 else np.maximum(*units)
        allowed: Any = unit / 2
        if not exact:
            allowed = np.asarray(allowed, dtype=float) + tolerance(a, b)
        if np.all(abs(gap) <= allowed):
            return None
        largest = max(np.ravel(unit)) / 2
        return Failure(
            "the two sides do not agree to the digits printed",
            (
                apart(a, b),
                f"half a unit of the last digit: {rough(largest, 3)}",
            ),
        )
    if np.all(abs(gap) <= tolerance(a, b, rtol)):
        return None
    return Failure("the two sides do not agree to :rtol:", (apart(a, b),))


def _much(relation: str, a: Value, b: Value) -> Failure | None:
    small, large = (a, b) if relation == r"\ll" else (b, a)
    ten = real(floating(small).v) * 10
    limit = real(floating(large).v) * (1 + 1e-12)
    positive = np.all(real(floating(small).v) >= 0)
    if positive and np.all(ten <= limit):
        return None
    return Failure(f"{relation} says a factor of ten or more", (apart(a, b),))


# Bounds


def is_constant(node: t.Node) -> bool:
    """Whether no symbol but e and pi stands in the node."""
    return all(
        symbol.base in ("e", r"\mathrm{e}", r"\pi")
        for symbol in t.walk(node)
        if isinstance(symbol, t.Symbol)
    )


def bound_sides(nodes: tuple[t.Node, t.Node]) -> list[tuple[int, str]]:
    """Which sides bound the other, and how their tightness is tested."""
    units = [printed_unit(node) for node in nodes]
    numbers = [
        (side, "digit")
        for side, (node, unit) in enumerate(zip(nodes, units, strict=True))
        if unit is not None and not isinstance(node, t.Matrix)
    ]
    if numbers:
        return numbers
    constants = [is_constant(node) for node in nodes]
    if constants[0] == constants[1]:
        return []
    return [(constants.index(True), "attained")]


def is_tight(
    relation: str,
    nodes: tuple[t.Node, t.Node],
    pair: tuple[Value, Value],
    side: int,
    how: str,
) -> bool:
    """Whether in this draw the bound could not be one unit better."""
    a, b = pair
    if how == "attained":
        gap = np.abs(np.asarray(difference(a, b), dtype=np.float64))
        size = np.abs(np.asarray(real(floating(pair[side]).v)))
        return bool(np.any(gap <= 1e-9 * size))
    unit = printed_unit(nodes[side])
    less = relation in ("<", r"\le")
    # The left side of `<` moves up, the right side down.
    step = unit if (side == 0) == less else -unit
    moved = [a, b]
    moved[side] = (
        Value(Fraction(pair[side].v) + step)
        if pair[side].exact
        else Value(pair[side].v + float(step), pair[side].m)
    )
    return not np.all(compare(relation, moved[0], moved[1]))


# Sequences


def judge_along(
    relation: str,
    nodes: tuple[t.Node, t.Node],
    lefts: list[Value],
    rights: list[Value],
    along: list[float],
    at: int,
    rtol: float,
) -> Failure | None:
    r"""`\propto`, `\to` and O(…) along a rising variable."""
    for a, b in zip(lefts, rights, strict=True):
        check_numbers(a, b, at)
        if a.kind != "s" or b.kind != "s":
            raise FormulaError(f"{relation} compares numbers", at, rule="shape")
    if relation == r"\propto":
        return _proportional(lefts, rights, rtol)
    if relation == r"\to":
        return _tends(nodes, lefts, rights, rtol, at)
    return _bounded(lefts, rights, along)


def _proportional(
    lefts: list[Value], rights: list[Value], rtol: float
) -> Failure | None:
    ratios = [_f(a) / _f(b) for a, b in zip(lefts, rights, strict=True)]
    for a, b in zip(lefts[1:], rights[1:], strict=True):
        one, two = times(a, rights[0]), times(lefts[0], b)
        if not np.all(compare("=", one, two, rtol)):
            return Failure(
                "the ratio is not constant", (f"ratios: {_list(ratios)}",)
            )
    if len({_f(b) for b in rights}) == 1:
        return Failure("the right side does not vary")
    return None


def _tends(
    nodes: tuple[t.Node, t.Node],
    lefts: list[Value],
    rights: list[Value],
    rtol: float,
    at: int,
) -> Failure | None:
    gaps = [abs(_f(a) - _f(b)) for a, b in zip(lefts, rights, strict=True)]
    notes = (f"distances: {_list(gaps)}",)
    if any(late >= early for early, late in itertools.pairwise(gaps)):
        return Failure("the distance does not fall at every step", notes)
    if gaps[-1] > gaps[0] / 10:
        return Failure("the distance does not fall by a factor of ten", notes)
    unit = printed_unit(nodes[1])
    zero = rights[-1].exact and rights[-1].v == 0
    if rtol:
        allowed = rtol * abs(_f(rights[-1])) if not zero else rtol
    elif unit is not None:
        allowed = float(unit) / 2
    else:
        raise FormulaError(
            r"\to needs a printed number on the right, or :rtol:",
            at,
            rule="approx",
        )
    if gaps[-1] > allowed:
        return Failure("the end is not within the printed digits", notes)
    return None


def _bounded(
    lefts: list[Value], rights: list[Value], along: list[float]
) -> Failure | None:
    ratios = [
        abs(_f(a)) / abs(_f(b)) if _f(b) else math.inf
        for a, b in zip(lefts, rights, strict=True)
    ]
    half = len(ratios) // 2
    x = np.log(np.array(along[half:], dtype=np.float64))
    y = np.log(np.maximum(np.array(ratios[half:]), 1e-300))
    slope = float(np.polyfit(x, y, 1)[0]) if np.all(np.isfinite(y)) else 1.0
    if slope < 0.05:
        return None
    return Failure(
        "the ratio to the bound keeps growing",
        (f"ratios: {_list(ratios)}", f"slope on log axes: {slope:.3g}"),
    )


def _f(a: Value) -> float:
    return float(real(floating(a).v))


def _list(numbers: list[float]) -> str:
    return ", ".join(f"{x:.6g}" for x in numbers[:10])
