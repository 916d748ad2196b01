"""Which elements can see a definition? Judged by letters, so rather too many:
an element that shares no letter with a symbol cannot depend on it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bookproof.latex.errors import FormulaError
from bookproof.latex.statements import read_definitions, read_symbol
from bookproof.latex.tree import Symbol
from bookproof.reading.elements import Element, Marker, PlainMath, Symbols

Letters = frozenset[str]

_LETTER = re.compile(r"\\[a-zA-Z]+|[a-zA-Z]")
_FONT = re.compile(r"\\(?:math\w+|operatorname\*?|text\w*)(?![a-zA-Z])")


def letters(element: Element, macros: Mapping[str, str]) -> Letters:
    """All letters and commands in the formulas of an element."""
    found: set[str] = set()
    for text in _texts(element):
        found |= _letters(text, macros)
    return frozenset(found)


def targets(element: Element, macros: Mapping[str, str]) -> set[Letters]:
    """The letters of each symbol that a let defines."""
    if not isinstance(element, Marker):
        return set()
    try:
        definitions = read_definitions(element.body.text, macros)
    except FormulaError:
        return set()
    return {_own(each.target.base) for each in definitions}


def rows(table: Symbols, macros: Mapping[str, str]) -> set[Letters]:
    """The letters of each symbol that a table binds."""
    return {_base(row.symbol.text, macros) for row in table.rows}


def rebound(
    old: Element, new: Element, macros: Mapping[str, str]
) -> set[Letters]:
    """The letters of each symbol that two versions of a definition define,
    or of a table of symbols in which their rows differ."""
    if not (isinstance(old, Symbols) and isinstance(new, Symbols)):
        return targets(old, macros) | targets(new, macros)
    pairs = zip(old.rows, new.rows, strict=True)
    return {_base(a.symbol.text, macros) for a, b in pairs if a != b}


def _base(symbol: str, macros: Mapping[str, str]) -> Letters:
    """The letters of a row's symbol; none, which are everywhere, of a row
    for a derivative."""
    try:
        node = read_symbol(symbol, macros)
    except FormulaError:
        return frozenset()
    return _own(node.base) if isinstance(node, Symbol) else frozenset()


def _own(base: str) -> Letters:
    return frozenset(_LETTER.findall(_FONT.sub("", base)))


def sees(used: Letters, touched: set[Letters]) -> bool:
    """Whether any of the touched symbols can be among the letters."""
    return any(symbol <= used for symbol in touched)


def _texts(element: Element) -> list[str]:
    if isinstance(element, PlainMath):
        return [element.body.text]
    if not isinstance(element, Marker):
        return []
    parts = [element.body, *element.when, *element.options.values()]
    parts += [element.range] if element.range else []
    return [part.text for part in parts]


def _letters(text: str, macros: Mapping[str, str]) -> set[str]:
    found = set(_LETTER.findall(text))
    for name in found & macros.keys():
        found |= set(_LETTER.findall(macros[name]))
    return found
