"""Change one printed thing at a time, to prove that the checks can fail.

A mutant is the chapter with one digit, sign, relation, operator, transpose,
index, layer, prime, symbol or comparison word changed in a marker, or in
mathematics outside of markers. A check worth having turns red; a mutant that
survives shows a claim that is vacuous.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bookproof.diagnostics import Place, Text
from bookproof.latex.shapes import FORMULA
from bookproof.mutating.changes import (
    Change,
    in_marker,
    in_words,
    outside_markers,
)
from bookproof.mutating.swaps import Vocabulary, swaps
from bookproof.reading.elements import (
    Chapter,
    Element,
    Marker,
    PlainMath,
    SymbolRow,
    Symbols,
)

KINDS = (
    *("digit", "sign", "operator", "relation", "transpose"),
    *("index", "prime", "layer", "symbol", "comparison"),
)
"""What can be changed in the text of a chapter."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of a part of an element. Of a marker, part 0 is its body, the
    last may be its range, those between are its conditions; the parts of a
    table of symbols are the shapes that it prints."""

    index: int
    part: int
    change: Change
    place: Place
    id: str

    @property
    def kind(self) -> str:
        """What kind of thing is changed."""
        return self.change.kind

    @property
    def words(self) -> str:
        """What becomes of what."""
        before, after = self.change.before, self.change.after
        return f"{self.kind} `{before}` -> `{after}`"

    def apply(self, element: Element) -> Element:
        """The element with this one change."""
        old = parts(element)[self.part]
        return _with_part(element, self.part, changed(old, self.change))

    def __str__(self) -> str:
        return f"{self.place}: {self.words} in {self.id}"


def mutants(chapter: Chapter) -> Iterator[Mutant]:
    """All mutants of a chapter, in reading order."""
    vocabulary = Vocabulary()
    for index, element in enumerate(chapter.elements):
        vocabulary.take(element)
        for number, text in enumerate(parts(element)):
            name, seen = _id(element), set()
            for change in _changes(element, number, text.text, vocabulary):
                # Two kinds may come to the same text: it is tried once.
                after = changed(text, change).text
                if after not in seen:
                    seen.add(after)
                    place = text.place(change.offset)
                    yield Mutant(index, number, change, place, name)


def parts(element: Element) -> list[Text]:
    """The texts of an element in which something may be changed."""
    if isinstance(element, PlainMath):
        return [] if element.checked else [element.body]
    if isinstance(element, Symbols):
        return [row.shape for row in element.rows if _has_shape(row)]
    if not isinstance(element, Marker):
        return []
    found = [element.body, *element.when]
    return [*found, element.range] if element.range else found


def changed(text: Text, change: Change) -> Text:
    """The text after the change; what stands behind it moves along."""
    _, offset, before, after = change
    end = offset + len(before)
    if text.text[offset:end] != before:
        raise ValueError(f"{text.place(offset)}: the text is not {before!r}")
    moved = len(after) - len(before)
    origins = tuple(
        (at + moved if at > offset else at, line, column)
        for at, line, column in text.origins
    )
    other = text.text[:offset] + after + text.text[end:]
    return Text(other, text.file, origins)


def _changes(
    element: Element, part: int, text: str, vocabulary: Vocabulary
) -> Iterator[Change]:
    if not isinstance(element, Marker):
        # Only a table's shapes are evaluated.
        changes = in_marker if isinstance(element, Symbols) else outside_markers
        yield from changes(text)
        return
    if element.kind not in ("let", "claim") and not part:
        if element.kind == "fact":
            yield from in_words(text)
        return
    defines = element.kind == "let" and not part
    loops = part > len(element.when)
    yield from in_marker(text, defines=defines, loops=loops)
    if not loops:
        yield from swaps(text, vocabulary, defines=defines)


def _has_shape(row: SymbolRow) -> bool:
    """Whether the row's shape is held against its value."""
    return row.value is not None and bool(FORMULA.fullmatch(row.shape.text))


def _with_part(element: Element, part: int, text: Text) -> Element:
    if isinstance(element, Symbols):
        rows = list(element.rows)
        number = [n for n, row in enumerate(rows) if _has_shape(row)][part]
        rows[number] = replace(rows[number], shape=text)
        return replace(element, rows=tuple(rows))
    if not isinstance(element, Marker):
        return replace(element, body=text)  # type: ignore[call-arg]
    if part == 0:
        return replace(element, body=text)
    if part <= len(element.when):
        when = list(element.when)
        when[part - 1] = text
        return replace(element, when=tuple(when))
    return replace(element, range=text)


def _id(element: Element) -> str:
    if isinstance(element, Marker | Symbols):
        return element.id
    return "mathematics"
