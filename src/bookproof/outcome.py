"""What became of each element of a chapter when the chapter ran."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bookproof.diagnostics import Finding, Place
from bookproof.reading.elements import (
    Cell,
    Chapter,
    Element,
    Exercise,
    Marker,
    PlainMath,
    Solution,
    Symbols,
)

NOT_REACHED = "not reached"

GOOD = frozenset({"holds", "ran", "skipped", "by hand", "cited", "unchecked"})
"""The statuses of an element with which nothing is wrong."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on one element; `index` is its place in the chapter."""

    index: int
    id: str
    kind: str
    status: str
    place: Place
    text: str = ""
    findings: tuple[Finding, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    draws: int = 0
    relations: int = 0
    sources: tuple[str, ...] = ()
    expression: str = ""
    value: float | None = None

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.status in GOOD and not self.findings

    def settle(self, status: str, *findings: Finding) -> Outcome:
        """The same element with this status and these findings."""
        return replace(self, status=status, findings=findings)

    def to_json(self) -> dict[str, Any]:
        """As one flat record (an entry of the ledger)."""
        return {
            "index": self.index,
            "id": self.id,
            "kind": self.kind,
            "status": self.status,
            "file": self.place.file,
            "line": self.place.line,
            "column": self.place.column,
            "text": self.text,
            "values": [list(pair) for pair in self.values],
            "draws": self.draws,
            "relations": self.relations,
            "sources": list(self.sources),
            "expression": self.expression,
            "value": self.value,
            "findings": [finding.to_json() for finding in self.findings],
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Outcome:
        """The inverse of `to_json`."""
        rest = dict(record)
        rest.pop("digest", None)
        place = Place(*(rest.pop(key) for key in ("file", "line", "column")))
        rest["values"] = tuple((a, b) for a, b in rest["values"])
        rest["sources"] = tuple(rest["sources"])
        rest["findings"] = tuple(map(Finding.from_json, rest["findings"]))
        return cls(place=place, **rest)


def runnable(chapter: Chapter) -> list[tuple[int, Element]]:
    """The elements that have a verdict, with their places in the chapter."""
    kinds = (Cell, Marker, Symbols, PlainMath, Exercise, Solution)
    return [
        (index, element)
        for index, element in enumerate(chapter.elements)
        if isinstance(element, kinds)
    ]


def blank(index: int, element: Element) -> Outcome:
    """The outcome of an element that has not run."""
    kind, name, text = _describe(index, element)
    sources: tuple[str, ...] = ()
    said = ""
    if isinstance(element, Marker):
        sources = element.sources
        said = element.expression.text.strip() if element.expression else ""
    return Outcome(
        index,
        name,
        kind,
        NOT_REACHED,
        element.place,
        text,
        sources=sources,
        expression=said,
    )


def _describe(index: int, element: Element) -> tuple[str, str, str]:
    match element:
        case Marker():
            return element.kind, element.id, element.body.text
        case Cell():
            return "cell", f"cell-{element.number + 1}", ""
        case Exercise():
            return "exercise", f"exercise-{element.label}", element.title
        case Solution():
            return "solution", f"solution-{element.label}", ""
        case Symbols():
            return "symbols", element.id or f"symbols-{index}", ""
        case PlainMath():
            return "math", f"math-{index}", element.body.text
        case _:
            raise TypeError(f"{type(element).__name__} has no verdict")
