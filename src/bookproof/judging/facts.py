"""Facts: printed words bound to a Python value (RULES 3 and 6)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from bookproof.diagnostics import Finding, Place
from bookproof.judging.claims import Verdict
from bookproof.judging.scalars import NotANumber, as_numbers, as_truth, show
from bookproof.prose.held import Said
from bookproof.prose.spelled import COUNTS
from bookproof.prose.words import (
    NO_RELATIONS,
    RELATIONS,
    Printed,
    counts,
    numbers,
)
from bookproof.reading.elements import Marker
from bookproof.reading.expressions import is_constant
from bookproof.rules import Rule

Evaluate = Callable[[str, Mapping[str, object]], object]

TRUE = (("true", "True"),)
"""The values of a fact that Python calls true."""

ROUNDING = 64 * 2.0**-53
"""Relative; how far float64 may stray from the real number it stands for."""


def verify_fact(marker: Marker, evaluate: Evaluate) -> Verdict:
    """Hold the words of a fact against the value of its expression."""
    if marker.expression is None or not marker.expression.text.strip():
        return _verdict(marker, "error", [])  # reading has said so
    findings = _vacuous(marker)
    if findings:
        return _verdict(marker, "error", findings)
    source = marker.expression.text.strip()
    try:
        value = evaluate(source, {})
        counter = _counter_value(marker, evaluate)
    except NameError as error:
        if error.name is None:
            return _verdict(marker, "error", [_raised(marker, error)])
        return Verdict(
            id=marker.id, kind="fact", status="waiting", missing=error.name
        )
    except Exception as error:
        return _verdict(marker, "error", [_raised(marker, error)])
    findings, values = compare(marker, value)
    status = "fails" if findings else "holds"
    if not findings and counter is not None:
        findings = _counter(marker, counter[0])
        status = "fails" if findings else "holds"
    return _verdict(marker, status, findings, values)


def say_so(marker: Marker, verdict: Verdict, said: Said) -> Verdict:
    """The verdict on a fact that Python calls true, once its words are looked
    at: a count in them is not compared, so it must be one of the numbers that
    the expression computes with."""
    count = said.unsaid(marker)
    if count is None:
        return verdict
    finding = Finding(
        "fact",
        f"“{count.text}” is no number that the expression computes with",
        marker.body.place(count.offset),
        width=len(count.text.split("\n")[0]),
        id=marker.id,
        right=_expression(marker),
        notes=(
            "let the expression give the number itself; the press compares",
        ),
    )
    return replace(verdict, status="fails", findings=(finding,))


def compare(
    marker: Marker, value: object
) -> tuple[list[Finding], tuple[tuple[str, str], ...]]:
    """What of the words does not hold of `value`; and each pair compared."""
    words, loose = marker.body.text, marker.options.get("loose")
    if loose is not None and not loose.text.strip():
        return [_finding(marker, "option", ":loose: needs its reason")], ()
    try:
        printed = numbers(words)
    except OverflowError as error:
        return [_finding(marker, "fact", f"{error} is too much here")], ()
    if loose is not None and not _bounding([*printed, *counts(words)]):
        message = ":loose: excuses a bound, and the words hold none"
        note = "leave it out; the bounds: " + ", ".join(_TOWARDS)
        return [_finding(marker, "option", message, notes=(note,))], ()
    truth = as_truth(value)
    if truth is not None:
        return _boolean(marker, truth, printed), (("true", str(truth)),)
    try:
        values = as_numbers(value)
    except NotANumber as error:
        return [_finding(marker, "fact", error.what)], ()
    if not printed:
        printed = counts(words)
    if len(printed) != len(values):
        message = (
            f"the words hold {_count(len(printed), 'number')}, but the "
            f"expression gives {_count(len(values), 'value')}"
        )
        note = "several numbers in the words bind a tuple of that length"
        return [_finding(marker, "fact", message, notes=(note,))], ()
    findings = [
        finding
        for one, number in zip(printed, values, strict=True)
        for finding in _one(marker, one, number, loose is not None)
    ]
    pairs = zip(printed, values, strict=True)
    return findings, tuple((one.text, show(number)) for one, number in pairs)


def _bounding(printed: Sequence[Printed]) -> bool:
    """Whether one of the numbers bounds a value. Whether it is the best bound
    may differ from processor to processor, so a reason is needed or not by
    the words alone."""
    return any(one.relation in _TOWARDS for one in printed)


def _boolean(
    marker: Marker, truth: bool, printed: Sequence[Printed]
) -> list[Finding]:
    if printed:
        return [
            _finding(
                marker,
                "fact",
                f"a boolean fact holds no number, but prints {printed[0].text}",
                at=printed[0],
                notes=(
                    "let the expression give the number itself; the press "
                    "compares",
                ),
            )
        ]
    if not truth:
        return [_finding(marker, "fact", "the expression is false")]
    return []


def _one(
    marker: Marker, one: Printed, value: Fraction | float, loose: bool
) -> list[Finding]:
    if one.stray is not None:
        message = (
            f"{one.stray!r} is no relation word of facts; write "
            f"{NO_RELATIONS[one.stray]!r}"
        )
        note = "the list: " + ", ".join(RELATIONS)
        return [_finding(marker, "fact", message, at=one, notes=(note,))]
    if one.beside is not None:
        message = f"{one.beside!r} is another number than {one.text}"
        note = "print the number itself, in digits or as a power of ten"
        return [_finding(marker, "fact", message, at=one, notes=(note,))]
    if isinstance(value, float) and not math.isfinite(value):
        return [_differs(marker, one, value, f"the value is {value}")]
    if not _holds(one, value):
        return [_differs(marker, one, value, "the value does not agree")]
    if one.relation in _TOWARDS and not loose:
        better = _better(one)
        if _bound(one.relation, better, value):
            message = (
                f"the bound is not tight: {one.relation} "
                f"{show(better)} holds too"
            )
            note = "print the best bound, or say why not with :loose: reason"
            return [_differs(marker, one, value, message, "loose", note)]
    return []


def _better(one: Printed) -> Fraction:
    """The next better bound at the precision printed: a unit of the last
    digit, or, under a bare power of ten, the power below it."""
    assert one.relation is not None
    if one.power and one.value == one.unit and _TOWARDS[one.relation] < 0:
        return one.value / 10
    return one.value + _TOWARDS[one.relation] * one.unit


_TOWARDS = {
    "at least": 1,
    "more than": 1,
    "over": 1,
    "at most": -1,
    "fewer than": -1,
    "under": -1,
}


def _holds(one: Printed, value: Fraction | float) -> bool:
    if one.relation in _TOWARDS:
        return _bound(one.relation, one.value, value)
    exact = isinstance(value, Fraction)
    difference = abs(Fraction(value) - one.value)
    if one.relation == "exactly":
        return difference == 0 or (not exact and value == float(one.value))
    if exact and one.relation != "about":
        return difference == 0
    if one.fraction:
        return float(difference) <= ROUNDING * abs(float(one.value))
    slack = Fraction(ROUNDING) * abs(one.value) if not exact else 0
    return difference <= one.unit / 2 + slack


def _bound(relation: str, bound: Fraction, value: Fraction | float) -> bool:
    slack = Fraction(0)
    if isinstance(value, float):
        slack = Fraction(ROUNDING) * max(abs(bound), abs(Fraction(value)))
    excess = (Fraction(value) - bound) * _TOWARDS[relation]
    if relation in ("at least", "at most"):
        return excess >= -slack
    return excess > slack


def _counter_value(marker: Marker, evaluate: Evaluate) -> tuple[object] | None:
    twin = marker.options.get("counter")
    if twin is None:
        return None
    return (evaluate(twin.text.strip(), {}),)


def _counter(marker: Marker, value: object) -> list[Finding]:
    truth = as_truth(value)
    held = truth if truth is not None else not compare(marker, value)[0]
    if not held:
        return []
    place = marker.options["counter"].place()
    message = "the counter-example holds too, so the fact says nothing"
    return [Finding("counter", message, place, id=marker.id)]


def _vacuous(marker: Marker) -> list[Finding]:
    """An expression that is a mere constant proves nothing."""
    assert marker.expression is not None
    source = marker.expression.text.strip()
    try:
        constant = is_constant(source)
    except SyntaxError as error:
        message = f"not one Python expression: {error.msg}"
        width = len(marker.expression.text)
        return [Finding("fact", message, marker.expression.place(), width)]
    if constant:
        message = "the expression is a constant, so the fact is vacuous"
        note = "let the value come from a cell of the chapter"
        place = marker.expression.place()
        return [Finding("vacuous", message, place, id=marker.id, notes=(note,))]
    return []


def _verdict(
    marker: Marker,
    status: Any,
    findings: Sequence[Finding],
    values: tuple[tuple[str, str], ...] = (),
) -> Verdict:
    return Verdict(
        id=marker.id,
        kind="fact",
        status=status,
        findings=tuple(findings),
        relations=len(values),
        values=values,
    )


def _raised(marker: Marker, error: Exception) -> Finding:
    assert marker.expression is not None
    message = f"the expression raises {type(error).__name__}: {error}"
    text = marker.expression.text
    return Finding(
        "fact",
        message.rstrip(": "),
        marker.expression.place(),
        width=len(text.split("\n")[0]),
        id=marker.id,
    )


def _differs(
    marker: Marker,
    one: Printed,
    value: Fraction | float,
    message: str,
    rule: Rule = "fact",
    note: str | None = None,
) -> Finding:
    apart = ""
    if isinstance(value, Fraction) or math.isfinite(value):
        apart = show(abs(Fraction(value) - one.value))
    notes = (f"apart: {apart}",) if apart else ()
    left = f"{one.relation} {one.text}" if one.relation else one.text
    exact = isinstance(value, Fraction)
    if note is None and exact and one.relation is None and rule == "fact":
        note = "an exact value must be printed exactly, or say 'about'"
    return Finding(
        rule,
        message,
        _place(marker, one),
        width=one.end - one.start,
        id=marker.id,
        left=f"{left} (printed)",
        right=f"{show(value)} ({_expression(marker)})",
        notes=(*notes, note) if note else notes,
    )


def _finding(
    marker: Marker,
    rule: Rule,
    message: str,
    *,
    at: Printed | None = None,
    notes: tuple[str, ...] = (),
) -> Finding:
    width = at.end - at.start if at else len(marker.body.text.split("\n")[0])
    return Finding(
        rule,
        message,
        _place(marker, at),
        width=max(width, 1),
        id=marker.id,
        right=_expression(marker),
        notes=notes,
    )


def _place(marker: Marker, at: Printed | None) -> Place:
    return marker.body.place(at.start if at else 0)


def _expression(marker: Marker) -> str:
    text = marker.expression.text if marker.expression else ""
    return " ".join(text.split())


def _count(number: int, thing: str) -> str:
    words = list(COUNTS)
    word = words[number] if 0 < number < len(words) else str(number)
    return f"{'no' if number == 0 else word} {thing}{'s' * (number != 1)}"
