"""Which verdicts of a chapter a change of its text cannot reach.

A verdict depends on its own text, on the cells before it, and on the
definitions that its symbols may lead to. It is kept while these are the same;
where it stands and what is around it do not matter. All cells must be the
same, so that their outputs and all names are; else the chapter runs again.

What a symbol may lead to is found by letters: a definition of `W^{(\\ell)}`
can only matter where a W is printed, or in a definition that matters. This
needs no evaluation and errs on the side of checking again.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bookproof.elements import (
    Cell,
    Chapter,
    Element,
    Exercise,
    Marker,
    PlainMath,
    Solution,
    SymbolRow,
    Symbols,
)
from bookproof.latex.errors import FormulaError
from bookproof.latex.letters import ACCENTS, CLEAR_FONTS, FONTS, ROMAN
from bookproof.latex.statements import read_definitions
from bookproof.outcome import Outcome, blank, runnable
from bookproof.used import Used

_LETTERS = re.compile(r"\\[A-Za-z]+|[^\W\d_]")
_IN_LATEX = ("for", "where", "assuming", "rows", "along")
_DRESS = frozenset(ACCENTS) | CLEAR_FONTS | FONTS | ROMAN


@dataclass
class _Scope:
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
            self.said[one] = _digest(self.said.get(one, ""), said)
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
        return _digest(*(f"{one} {self.said[one]}" for one in sorted(found)))


def digests(chapter: Chapter, macros: Mapping[str, str]) -> dict[int, str]:
    """What each verdict of a chapter depends on in its text, by index."""
    scope = _Scope(macros)
    checks = {
        each.label: _said(each)
        for each in chapter.elements
        if isinstance(each, Exercise)
    }
    cells = ""
    out: dict[int, str] = {}
    late: dict[int, str] = {}
    for index, element in runnable(chapter):
        said = _said(element)
        if isinstance(element, Cell):
            cells = _digest(cells, said)
        formula = _formula(element)
        parts = [cells, said, scope.around(formula)]
        if isinstance(element, Solution):
            parts.append(checks.get(element.label, ""))
        elif isinstance(element, PlainMath | Symbols):
            late[index] = formula
        out[index] = _digest(*parts)
        _define(scope, element)
    for index, formula in late.items():  # it is read in the end, too
        out[index] = _digest(out[index], scope.around(formula))
    return out


def _define(scope: _Scope, element: Element) -> None:
    if isinstance(element, Symbols):
        for row in element.rows:
            value = row.value.text if row.value else ""
            said = f"{element.id} {row.symbol.text} {row.shape.text} {value}"
            scope.add(row.symbol.text, _sizes(row), said)
    elif isinstance(element, Marker) and element.kind == "let":
        formula, said = _formula(element), _said(element)
        try:
            lets = read_definitions(element.body.text, scope.macros)
        except FormulaError:
            scope.add(formula, formula, said)
            return
        for one in lets:
            scope.add(one.target.base, formula, said)


def _formula(element: Element) -> str:
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
                texts += [row.symbol.text, _sizes(row)]
    return " ".join(texts)


def _sizes(row: SymbolRow) -> str:
    """The formulas in the shape of a symbol."""
    return " ".join(re.findall(r"\$([^$]*)\$", row.shape.text))


def _said(element: Element) -> str:
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


@dataclass(frozen=True)
class Kept:
    """The verdicts that still stand; the elements that need another."""

    outcomes: Mapping[int, Outcome]
    wanted: frozenset[int]
    digests: Mapping[int, str]


def kept(
    chapter: Chapter, macros: Mapping[str, str], data: Mapping[str, Any]
) -> Kept | None:
    """What of a ledger still stands after a change of the text alone; None
    when the chapter must run as a whole."""
    known = {each["digest"]: each for each in data["entries"]}
    found: dict[int, Outcome] = {}
    used = set()
    its = digests(chapter, macros)
    for index, digest in its.items():
        element = chapter.elements[index]
        entry = known.get(digest)
        if entry is None or entry["findings"]:
            if isinstance(element, Cell | Symbols):
                return None
            continue
        outcome = Outcome.from_json(entry)
        if not outcome.good:
            return None
        used.add(outcome.id)
        found[index] = _moved(blank(index, element), outcome)
    gone = {each["id"] for each in data["entries"]} - used
    rows = _rows(gone, data) - _rows(used, data) - _plain_rows(chapter)
    if rows or _lost_cell(chapter, data):
        return None
    return Kept(found, frozenset(its.keys() - found.keys()), its)


def _moved(here: Outcome, outcome: Outcome) -> Outcome:
    return Outcome(
        here.index,
        here.id,
        here.kind,
        outcome.status,
        here.place,
        here.text,
        values=outcome.values,
        draws=outcome.draws,
        relations=outcome.relations,
        sources=here.sources,
        expression=here.expression,
        value=outcome.value,
    )


def _lost_cell(chapter: Chapter, data: Mapping[str, Any]) -> bool:
    """Whether there are fewer cells or tables than there were."""
    before = Counter(each["kind"] for each in data["entries"])
    now = Counter(type(each) for each in chapter.elements)
    return (now[Cell], now[Symbols]) != (before["cell"], before["symbols"])


def _rows(users: set[str], data: Mapping[str, Any]) -> set[str]:
    """The rows of tables that these have looked up: their shapes have been
    held against a value, which a changed claim may do no more."""
    uses = Used.from_json(data["uses"])
    reached = {thing for user in users for thing in uses.behind(user)}
    return {thing for thing in reached if ":" in thing}


def _plain_rows(chapter: Chapter) -> set[str]:
    """The rows whose shape can be checked without any claim."""
    return {
        f"{table.id}:{row.symbol.text.strip()}"
        for table in chapter.elements
        if isinstance(table, Symbols)
        for row in table.rows
        if not _sizes(row) and not re.search(r"[_^]", row.symbol.text)
    }


def _digest(*parts: str) -> str:
    whole = hashlib.sha256()
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        whole.update(len(text).to_bytes(8, "big") + text)
    return whole.hexdigest()[:32]
