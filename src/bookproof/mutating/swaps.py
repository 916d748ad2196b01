"""Swapping a symbol for another of the same formula, or of the chapter.

The other one should have the same shape, or the shapes alone give it away:
what a table of symbols says of shapes is used, and else how the letters look.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bookproof.latex import tree as t
from bookproof.latex.errors import FormulaError
from bookproof.latex.statements import (
    read_definitions,
    read_formula,
    read_symbol,
)
from bookproof.mutating.changes import Change
from bookproof.reading.elements import Element, Symbols

_CONSTANTS = {"e", r"\pi", r"\mathrm{e}", r"\mathbf{1}", "I", "O"}


@dataclass
class Vocabulary:
    """The symbols that a chapter's tables have bound so far: of each letter,
    its shape as printed; of each shape, the symbols as printed."""

    shapes: dict[str, str] = field(default_factory=dict)
    rows: dict[str, list[str]] = field(default_factory=dict)

    def take(self, element: Element) -> None:
        """Take in a table of symbols."""
        if not isinstance(element, Symbols):
            return
        for row in element.rows:
            symbol, shape = row.symbol.text, row.shape.text.strip()
            letter = _letter(symbol)
            if letter and shape and row.value is not None:
                self.shapes[letter] = shape
                self.rows.setdefault(shape, []).append(symbol)

    def differ(self, one: str, two: str) -> bool:
        """Whether two letters are known to have different shapes."""
        shapes = self.shapes.get(one), self.shapes.get(two)
        return None not in shapes and shapes[0] != shapes[1]

    def like(self, letter: str) -> list[str]:
        """Other symbols of the chapter, of the shape of this one."""
        rows = self.rows.get(self.shapes.get(letter, ""), ())
        return [each for each in rows if _letter(each) != letter]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A symbol where it stands in the formula, as printed."""

    at: int
    text: str
    node: t.Symbol


def swaps(
    tex: str, vocabulary: Vocabulary, *, defines: bool = False
) -> Iterator[Change]:
    """One swap for each symbol that has something to be swapped for."""
    seen = [
        _Seen(node.at, _whole(tex[node.at :], node.end - node.at), node)
        for root in _roots(tex, defines)
        for node in _symbols(root, frozenset())
        if node.base not in _CONSTANTS and node.base in tex[node.at : node.end]
    ]
    for one in dict.fromkeys(seen):
        other = _other(one, seen, vocabulary)
        if other is not None:
            yield Change("symbol", one.at, one.text, _apart(other, tex, one))


def _whole(tex: str, end: int) -> str:
    """What is printed up to `end`, with the braces that close it."""
    while tex[:end].count("{") > tex[:end].count("}") and end < len(tex):
        end += 1
    return tex[:end]


def _other(one: _Seen, seen: list[_Seen], known: Vocabulary) -> str | None:
    """What stands in for a symbol: of this formula if it can be, else of
    the chapter's tables."""
    base = one.node.base
    others = [
        each
        for each in seen
        if each.text != one.text
        and not known.differ(base, each.node.base)
        and _kind(each.node) == _kind(one.node)
    ]
    if others:
        return min(others, key=lambda each: _unlike(one, each)).text
    return next(iter(known.like(base)), None)


def _unlike(one: _Seen, two: _Seen) -> tuple[bool, bool, int]:
    a, b = one.node, two.node
    dress = (len(a.label), len(a.sub), a.accents, a.primes)
    other = (len(b.label), len(b.sub), b.accents, b.primes)
    return dress != other, a.base == b.base, two.at


def _kind(node: t.Symbol) -> bool:
    """Capitals are matrices, mostly."""
    return node.base.strip("\\")[:1].isupper()


def _apart(other: str, tex: str, one: _Seen) -> str:
    """A command must not run into the letter that follows."""
    following = tex[one.at + len(one.text) :][:1]
    runs = other[-1:].isalpha() and following.isalpha() and "\\" in other
    return other + " " if runs else other


def _roots(tex: str, defines: bool) -> list[t.Node]:
    try:
        if defines:
            return [each.body for each in read_definitions(tex)]
        formula = read_formula(tex)
    except FormulaError:
        return []
    return [*map(_said, formula.chains), *formula.loose]


def _said(chain: t.Chain) -> t.Node:
    """Of a symbol in a space only its shape is said, which others have too."""
    spaces = [side for side in chain.sides if isinstance(side, t.Space)]
    return spaces[0] if spaces else chain


def _symbols(node: t.Node, bound: frozenset[str]) -> Iterator[t.Symbol]:
    """Symbols outside of scripts, without the indices of sums."""
    if isinstance(node, t.Symbol):
        if node.base not in bound:
            yield node
        return
    if isinstance(node, t.Over):
        bound |= {index.base for index in node.indices}
    inside: Iterable[t.Node] = t.children(node)
    if isinstance(node, t.Call):
        inside = node.args
    for child in inside:
        yield from _symbols(child, bound)


def _letter(symbol: str) -> str | None:
    try:
        node = read_symbol(symbol)
    except FormulaError:
        return None
    return node.base if isinstance(node, t.Symbol) else None
