r"""Change one printed thing at a time, to prove that the checks can fail.

A mutant is the chapter with one digit, sign, relation, operator, transpose,
index, layer, prime or comparison word changed, in a marker or in mathematics
outside of markers. A check worth having turns red; a mutant that survives
shows a claim that is vacuous, or mathematics that nothing checks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bookproof.changes import Change, in_formula, in_words
from bookproof.diagnostics import Place, Text
from bookproof.elements import Chapter, Element, Marker, PlainMath


@dataclass(frozen=True, slots=True)
class Mutant:
    """One edit: `before` at `start` of the chapter's text becomes `after`."""

    kind: str
    place: Place
    start: int
    before: str
    after: str
    id: str

    def apply(self, text: str) -> str:
        """The chapter's text with this one change."""
        end = self.start + len(self.before)
        if text[self.start : end] != self.before:
            raise ValueError(f"{self.place}: the text is not {self.before!r}")
        return text[: self.start] + self.after + text[end:]

    def __str__(self) -> str:
        change = f"{self.before!r} -> {self.after!r}"
        return f"{self.place}: {self.kind} {change} in {self.id}"


def mutants(chapter: Chapter) -> Iterator[Mutant]:
    """All mutants of a chapter, in reading order."""
    starts = _line_starts(chapter.text)
    for element in chapter.elements:
        for name, text, change in _changes(element):
            place = text.place(change.offset)
            start = starts[place.line - 1] + place.column - 1
            before, after = change.before, change.after
            yield Mutant(change.kind, place, start, before, after, name)


def _changes(element: Element) -> Iterator[tuple[str, Text, Change]]:
    """What can be changed in an element: its id, the text, the change."""
    if isinstance(element, PlainMath):
        for change in in_formula(element.body.text):
            yield "mathematics", element.body, change
    if not isinstance(element, Marker):
        return
    formula = element.kind in ("let", "claim")
    texts = [element.body, *element.when]
    texts += [element.range] if element.range is not None else []
    for number, text in enumerate(texts):
        if element.kind in ("cited", "unchecked") and not number:
            continue
        reading = in_formula if formula or number else in_words
        for change in reading(text.text):
            yield element.id, text, change


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts
