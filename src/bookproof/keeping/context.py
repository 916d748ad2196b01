"""What an element says, and which definitions may matter to it.

What a symbol may lead to is found by letters: a definition of `W^{(\\ell)}`
can only matter where a W is printed, or in a definition that matters. This
needs no evaluation and errs on the side of too many.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bookproof.latex.errors import FormulaError
from bookproof.latex.letters import ACCENTS, CLEAR_FONTS, FONTS, ROMAN
from bookproof.latex.statements import read_definitions
from bookproof.reading.elements import (
    Cell,
    Element,
    Exercise,
    Marker,
    PlainMath,
    Solution,
    SymbolRow,
    Symbols,
)

_LETTERS = re.compile(r"\\[A-Za-z]+|[^\W\d_]")
_IN_LATEX = ("for", "where", "assuming", "rows", "along")
_DRESS = frozenset(ACCENTS) | CLEAR_FONTS | FONTS | ROMAN


@dataclass
class Scope:
    """What has been defined so far, letter by letter."""

    macros: Mapping[str, str]
    said: dict[str, str] = field(default_factory=dict)
    leads: dict[str, set[str]] = field(default_factory=dict)

    def letters(self, text: str) -> set[str]:
        """The letters and commands of a text, those of macros included."""
        found: set[str] = set()
        left = set(_LETTERS.findall(text))
        while left:
            one = left.pop()
            if one not in found:
                found.add(one)
                left |= set(_LETTERS.findall(self.macros.get(one, "")))
        return found

    def add(self, target: str, formula: str, said: str) -> None:
        """A definition of `target` by a formula; `said` is all it says."""
        letters = self.letters(f"{target} {formula}")
        for one in self.letters(target) - _DRESS or self.letters(target):
            self.said[one] = digest(self.said.get(one, ""), said)
            self.leads.setdefault(one, set()).update(letters)

    def around(self, formula: str) -> str:
        """Stands for every definition that may matter to a formula."""
        found: set[str] = set()
        left = self.letters(formula)
        while left:
            one = left.pop()
            if one in self.said and one not in found:
                found.add(one)
                left |= self.leads[one]
        return digest(*(f"{one} {self.said[one]}" for one in sorted(found)))


def define(scope: Scope, element: Element) -> None:
    if isinstance(element, Symbols):
        for row in element.rows:
            value = row.value.text if row.value else ""
            said = f"{element.id} {row.symbol.text} {row.shape.text} {value}"
            scope.add(row.symbol.text, sizes(row), said)
    elif isinstance(element, Marker) and element.kind == "let":
        formula, said = formula_of(element), said_by(element)
        try:
            lets = read_definitions(element.body.text, scope.macros)
        except FormulaError:
            scope.add(formula, formula, said)
            return
        for one in lets:
            scope.add(one.target.base, formula, said)


def formula_of(element: Element) -> str:
    """All that an element prints or says in LaTeX."""
    texts: list[str] = []
    match element:
        case Marker(kind="let" | "claim"):
            texts += [element.body.text, *(each.text for each in element.when)]
            texts += [element.range.text] if element.range else []
            named = (element.options.get(name) for name in _IN_LATEX)
            texts += [each.text for each in named if each]
        case PlainMath():
            texts.append(element.body.text)
        case Symbols():
            for row in element.rows:
                texts += [row.symbol.text, sizes(row)]
    return " ".join(texts)


def sizes(row: SymbolRow) -> str:
    """The formulas in the shape of a symbol."""
    return " ".join(re.findall(r"\$([^$]*)\$", row.shape.text))


def said_by(element: Element) -> str:
    """All that an element says, but where it stands and what it settles."""
    return repr([*_words(element)])


def _words(element: Element) -> Iterator[object]:
    yield type(element).__name__
    match element:
        case Marker():
            yield element.kind, element.form, element.id, element.label
            yield element.body.text, element.redefine
            yield element.expression and element.expression.text
            yield sorted((k, v.text) for k, v in element.options.items())
            yield [text.text for text in element.when]
            yield element.range and element.range.text
        case Cell():
            yield element.number, element.body.text, element.language
            yield sorted(map(repr, element.options.items()))
        case Symbols():
            yield element.id, element.redefine
            for row in element.rows:
                yield row.symbol.text, row.shape.text
                yield row.value and row.value.text
        case PlainMath():
            yield element.body.text, element.display
        case Exercise():
            for code in (element.starter, element.check):
                yield code and code.text
            yield element.label
        case Solution():
            yield element.label, element.code and element.code.text


def digest(*parts: str) -> str:
    whole = hashlib.sha256()
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        whole.update(len(text).to_bytes(8, "big") + text)
    return whole.hexdigest()[:32]
