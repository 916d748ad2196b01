"""Mathematics outside of markers: it must read, and its symbols be known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from bookproof.diagnostics import Finding, Text
from bookproof.latex import tree as t
from bookproof.latex.bindings import Bindings, scripts, skeleton
from bookproof.latex.errors import FormulaError
from bookproof.latex.letters import GREEK
from bookproof.latex.printing import show_node
from bookproof.latex.statements import Formula, read_list

_LONE = re.compile(r"\s*(?:[-+=<>/']|\^?\{?\\top\}?|\\[a-zA-Z]+|\\%)\s*\Z")
_KNOWN = {"e", r"\pi", r"\mathrm{e}", r"\mathbf{1}", r"\infty", "I", "O", "*"}


def read_plain(
    text: Text,
    bindings: Bindings,
    macros: Mapping[str, str],
    *,
    relation_allowed: bool,
) -> list[Finding]:
    """What is wrong with a formula that claims nothing."""
    if _LONE.match(text.text) and not _is_symbol(text.text):
        return []
    try:
        formula = read_list(text.text, macros)
    except FormulaError as error:
        return [error.finding(text)]
    findings: list[Finding] = []
    if not relation_allowed:
        findings += _relations(formula, text)
    for node in (*formula.chains, *formula.loose):
        findings += _numerals(node, text)
        findings += _unknown(node, bindings, text)
    return findings


def _is_symbol(text: str) -> bool:
    return text.strip() in GREEK


def _relations(formula: Formula, text: Text) -> Iterator[Finding]:
    for chain in formula.chains:
        at, width = chain.spots[0]
        yield Finding(
            "relation-outside-marker",
            "a relation outside of a marker: make it a {claim} or a {let}",
            text.place(at),
            width,
        )
    for loop in formula.loops:
        yield Finding(
            "relation-outside-marker",
            "a range outside of a marker: write {range}",
            text.place(loop.symbols[0].at),
            loop.symbols[0].width,
        )


def _numerals(node: t.Node, text: Text) -> Iterator[Finding]:
    if isinstance(node, t.Number):
        yield Finding(
            "number-in-mathematics",
            f"the number {node.digits} is not checked: put it into a marker",
            text.place(node.at),
            node.width,
        )
    for child in _unscripted(node):
        yield from _numerals(child, text)


def _unscripted(node: t.Node) -> Iterator[t.Node]:
    """Children, without what stands in scripts."""
    if isinstance(node, t.Symbol | t.Space):
        return
    if isinstance(node, t.Power):
        yield node.base
    elif isinstance(node, t.Over):
        yield node.body
    elif isinstance(node, (t.Norm, t.Entry)):
        yield node.operand
    else:
        yield from t.children(node)


def _unknown(node: t.Node, bindings: Bindings, text: Text) -> Iterator[Finding]:
    seen: set[str] = set()
    for symbol in _symbols(node, frozenset()):
        key = show_node(symbol)
        if key in seen or is_known(symbol, bindings):
            continue
        seen.add(key)
        yield Finding(
            "unbound",
            f"{key} is not bound and has no row in a table of symbols",
            text.place(symbol.at),
            symbol.width,
        )


def _symbols(node: t.Node, bound: frozenset[str]) -> Iterator[t.Symbol]:
    """Symbols outside of scripts, without the indices of sums."""
    if isinstance(node, t.Symbol):
        if show_node(node) not in bound:
            yield node
        return
    if isinstance(node, t.Over):
        found = (*node.indices, *_letters_of(node.condition))
        inner = bound | {show_node(index) for index in found}
        yield from _symbols(node.body, inner)
        return
    if isinstance(node, t.Expectation):
        inner = bound | {show_node(node.variable)}
        yield from _symbols(node.law, bound)
        yield from _symbols(node.body, inner)
        return
    for child in t.children(node):
        yield from _symbols(child, bound)


def _letters_of(condition: t.Chain | None) -> Iterator[t.Symbol]:
    """The letters that a condition below a sum is about."""
    for side in condition.sides if condition else ():
        if isinstance(side, t.Symbol):
            yield side


def is_known(symbol: t.Symbol, bindings: Bindings) -> bool:
    """Whether a let or a row, with or without value, speaks of it."""
    key = show_node(symbol)
    if symbol.base in _KNOWN or _explains(bindings, symbol, key):
        return True
    if symbol.accents[:1] == (r"\mathrm{d}",):
        inner = _stripped(symbol, accents=symbol.accents[1:])
        return is_known(inner, bindings)
    if symbol.primes:
        return is_known(_stripped(symbol, primes=0), bindings)
    if scripts(symbol):
        bare = t.Symbol(
            symbol.base, symbol.accents, symbol.primes, symbol.marks
        )
        return is_known(bare, bindings)
    return False


def _stripped(symbol: t.Symbol, **changes: object) -> t.Symbol:
    return replace(symbol, **changes)  # type: ignore[arg-type]


def _explains(bindings: Bindings, symbol: t.Symbol, key: str) -> bool:
    if bindings.has_own(key) or key in bindings.explained:
        return True
    kind = skeleton(symbol)
    if bindings.families.get(kind) or bindings.patterns.get(kind):
        return True
    return bool(bindings.scripted.get(kind)) or _same_dress(bindings, symbol)


def _same_dress(bindings: Bindings, symbol: t.Symbol) -> bool:
    """A row that explains the letter with other scripts."""
    if not scripts(symbol):
        return False
    bare = show_node(
        t.Symbol(symbol.base, symbol.accents, symbol.primes, symbol.marks)
    )
    return any(
        key == bare or key.startswith((bare + "^", bare + "_"))
        for key in bindings.explained
    )
