"""What decides, beside an element itself, whether a change of it is noticed.

The cells above it and the definitions that its formula may lead to give its
symbols their values; whatever may lead to a definition can notice that it was
changed, wherever it stands. Judged by letters, so that rather too much is seen.
"""

from __future__ import annotations

from collections.abc import Mapping

from bookproof.keeping import reach
from bookproof.keeping.context import Scope, define, digest, formula_of
from bookproof.reading.elements import (
    Cell,
    Chapter,
    Element,
    Marker,
    PlainMath,
    Symbols,
)


def surroundings(chapter: Chapter, macros: Mapping[str, str]) -> dict[int, str]:
    """For each element in which something can be changed, by its index, a
    digest of what decides whether that would be noticed."""
    scope, users = Scope(macros), _Users(chapter, macros)
    out: dict[int, str] = {}
    cells = ""
    for index, element in enumerate(chapter.elements):
        if isinstance(element, Cell):
            cells = digest(cells, element.body.text)
        elif isinstance(element, Marker | PlainMath | Symbols):
            around = scope.around(formula_of(element))
            out[index] = digest(cells, around, *users.of(index))[:12]
        define(scope, element)
    return out


def wording(element: Element) -> str:
    """All that an element prints and computes, whatever it is called."""
    said: list[object] = [type(element).__name__]
    match element:
        case PlainMath():
            said.append(element.body.text)
        case Symbols():
            for row in element.rows:
                said += [row.symbol.text, row.shape.text]
                said.append(row.value and row.value.text)
        case Marker():
            said += [element.kind, element.body.text]
            said.append(element.expression and element.expression.text)
            said += [each.text for each in element.when]
            said.append(element.range and element.range.text)
            said += sorted((k, v.text) for k, v in element.options.items())
    return repr(said)


class _Users:
    """Which elements can see a definition, judged as `trials` does."""

    def __init__(self, chapter: Chapter, macros: Mapping[str, str]) -> None:
        self.chapter = chapter
        self.letters: dict[int, reach.Letters] = {}
        self.targets: dict[int, set[reach.Letters]] = {}
        for index, element in enumerate(chapter.elements):
            if isinstance(element, Marker | PlainMath | Symbols):
                self.letters[index] = reach.letters(element, macros)
            if isinstance(element, Symbols):
                self.targets[index] = reach.rows(element, macros)
            elif isinstance(element, Marker) and element.kind == "let":
                self.targets[index] = reach.targets(element, macros)

    def of(self, index: int) -> list[str]:
        """The wordings of those that can see the one of this index."""
        touched = set(self.targets.get(index, ()))
        seen: set[int] = set()
        more = bool(touched)
        while more:
            more = False
            for at, letters in self.letters.items():
                if at in seen or not self._looks(at, index):
                    continue
                new = self.targets.get(at, set())
                if reach.sees(letters, touched) or new & touched:
                    seen.add(at)
                    more = more or not new <= touched
                    touched |= new
        return [wording(self.chapter.elements[at]) for at in sorted(seen)]

    def _looks(self, at: int, index: int) -> bool:
        """Whether an element is read after a change of another one: what
        stands above it is, if it is a definition, or no marker."""
        marker = isinstance(self.chapter.elements[at], Marker)
        return at > index or (at < index and (at in self.targets or not marker))
