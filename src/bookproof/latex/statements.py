r"""Read a whole marker: chains of relations, `aligned` lines, ranges, lets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bookproof.latex.errors import FormulaError
from bookproof.latex.grammar import Grammar
from bookproof.latex.limits import deep
from bookproof.latex.relating import RELATIONS
from bookproof.latex.splitting import (
    AND_WORDS,
    DOTS,
    FOR_WORDS,
    dotted,
    end_of,
    group,
    joined,
    lists,
    rows,
    split,
    without_reason,
)
from bookproof.latex.tokens import Token, tokenize
from bookproof.latex.tree import BigO, Call, Chain, Node, SetOf, Span, Symbol

ALIGNED = {
    "aligned",
    "align",
    "align*",
    "gathered",
    "gather",
    "gather*",
    "split",
    "alignedat",
}
_LIST_DOTS = re.compile(r"\\[lc]?dots(?![a-zA-Z])\s*,?")
_NOT_CLAIMS = {
    r"\sim": "states a distribution",
    r"\leftarrow": "is an assignment",
    r"\gets": "is an assignment",
    r"\equiv": "is not checked; write =",
    r"\cong": "is not checked",
    r"\simeq": r"is not checked; write \approx",
    r"\iff": "joins statements: make two claims",
    r"\Rightarrow": "joins statements: make two claims",
    r"\implies": "joins statements: make two claims",
    r"\Leftrightarrow": "joins statements: make two claims",
    r"\mapsto": "is not read; write f(x) = …",
    r"\notin": "is not read",
    r"\not": "is not read",
}


@dataclass(frozen=True, slots=True)
class Loop:
    """A printed range: each of `symbols` runs over `domain`."""

    symbols: tuple[Symbol, ...]
    domain: Node


@dataclass(frozen=True, slots=True)
class Formula:
    """All that a marker says."""

    chains: tuple[Chain, ...]
    loops: tuple[Loop, ...] = ()
    loose: tuple[Node, ...] = ()  # expressions without a relation


@dataclass(frozen=True, slots=True)
class Definition:
    r"""A `let`: `target = body`, `params` for `f(x) = …`."""

    target: Symbol
    params: tuple[Symbol, ...]
    body: Node
    at: int
    width: int


class Statements(Grammar):
    """Reads formulas made of several statements."""

    def formula(self) -> Formula:
        """The whole token list as one formula."""
        chains: list[Chain] = []
        loops: list[Loop] = []
        loose: list[Node] = []
        for piece in self._pieces():
            self._piece(piece, chains, loops, loose)
        return Formula(tuple(chains), tuple(loops), tuple(loose))

    def _pieces(self) -> list[list[Token]]:
        """The statements, each its own tokens; aligned rows unfolded."""
        tokens, end = self.tokens[:-1], self.tokens[-1]
        if len(tokens) > 3 and tokens[0].text == r"\begin":
            name = "".join(t.text for t in group(tokens, 1))
            if name in ALIGNED:
                return self._aligned(tokens, name)
        return [[*piece, end] for piece in split(tokens)]

    def _aligned(self, tokens: list[Token], name: str) -> list[list[Token]]:
        depth, close = 0, None
        for index, token in enumerate(tokens):
            depth += {r"\begin": 1, r"\end": -1}.get(token.text, 0)
            if depth == 0:
                close = index
                break
        if close is None:
            self.fail(f"{name} is not closed", tokens[0])
        start = 3 + len(group(tokens, 1))
        if name == "alignedat":
            start += 2 + len(group(tokens, start))
        lines = rows(tokens[start:close])
        after = tokens[close + 1 :]
        skip = 2 + len(group(after, 0))
        pieces = joined([without_reason(row) for row in lines])
        out = []
        for row in pieces:
            out += [[*p, end_of(p)] for p in split(row)]
        rest = after[skip:]
        out += [[*p, self.tokens[-1]] for p in split(rest)]
        return out

    def _piece(
        self,
        tokens: list[Token],
        chains: list[Chain],
        loops: list[Loop],
        loose: list[Node],
    ) -> None:
        if tokens[0].kind == "end":
            return
        reader = type(self)(tokens)
        if tokens[0].kind == "text":
            reader.next()
            word = tokens[0].text.rstrip(":, ")
            if word in FOR_WORDS:
                loops.append(reader.loop())
                return
            if word not in AND_WORDS:
                reader.fail(
                    "words between formulas are not evaluated; a condition "
                    "goes into {when}",
                    tokens[0],
                )
            if reader.here.kind == "end":
                return
        if lists(tokens) or dotted(tokens):
            loops.append(reader.loop())
            return
        node = reader.chain_or_continuation(chains)
        reader.finish()
        if isinstance(node, Chain):
            chains.append(node)
        elif node is not None:
            loose.append(node)

    def chain_or_continuation(self, chains: list[Chain]) -> Node | None:
        """A chain; one that starts with a relation continues the last."""
        if self.relation() is None:
            return self.chain_or_expression()
        if not chains:
            self.fail("nothing stands before this relation")
        return self._rest_of_chain(chains[-1].sides[-1])

    def side(self, relation: str | None) -> Node:
        """Adds O(…), which only stands on the right of `=`."""
        node = super().side(relation)
        if (
            relation in ("=", r"\in")
            and isinstance(node, Call)
            and node.function == Symbol("O")
            and len(node.args) == 1
        ):
            return BigO(node.args[0], at=node.at, end=node.end)
        return node

    def loop(self) -> Loop:
        r"""`\ell = 1, \dots, L` or `i \in S`."""
        symbols = [self.symbol()]
        while self.take(","):
            symbols.append(self.symbol())
        if self.take(r"\in"):
            domain = self.expression()
            self.finish()
            return Loop(tuple(symbols), domain)
        start = self.expect("=", "= and the range of the index").at
        items: list[Node] = [self.expression()]
        dots = False
        while self.take(","):
            if self.here.text in DOTS:
                self.next()
                dots = True
            else:
                items.append(self.expression())
        self.finish()
        if dots and len(items) >= 2:
            return Loop(tuple(symbols), Span(items[0], items[-1], at=start))
        return Loop(tuple(symbols), SetOf(tuple(items), at=start))

    def definitions(self) -> list[Definition]:
        """The lets of a marker, one for each statement."""
        out = []
        for piece in self._pieces():
            if piece[0].kind != "end":
                out.append(type(self)(piece).definition())
        return out

    def definition(self) -> Definition:
        """`symbol = formula` or `f(x) = formula`."""
        start = self.here
        target = self.scripts(self.letter()) if self.starts_symbol() else None
        if not isinstance(target, Symbol):
            self.fail("a let defines a symbol: expected one", start)
        params: tuple[Symbol, ...] = ()
        width = self.last_end - start.at
        if self._opens_call():
            args = self.arguments()
            for arg in args:
                if not isinstance(arg, Symbol):
                    raise FormulaError(
                        "the arguments of a definition are symbols",
                        arg.at,
                        arg.width,
                    )
            params = tuple(arg for arg in args if isinstance(arg, Symbol))
        self.take(":")
        if not self.take("="):
            self.fail("a let needs = after the symbol")
        body = self.expression()
        if self.relation() is not None:
            self.fail("a let defines once: put the value into a claim")
        self.finish()
        return Definition(target, params, body, start.at, width)

    def finish(self) -> None:
        """Nothing may be left but the full stop of the sentence."""
        if self.here.text in (".", ";", ","):
            self.next()
        token = self.here
        if token.kind == "end":
            return
        if token.text in _NOT_CLAIMS:
            self.fail(f"{token.text} {_NOT_CLAIMS[token.text]}")
        if token.text == ":" and self.peek().text == "=":
            self.fail(":= belongs into a let")
        if token.text in (")", "]", "}", r"\}"):
            self.fail(f"this {token.text} closes nothing")
        if token.text in RELATIONS:
            self.fail("one relation is enough here")
        if token.kind == "text":
            self.fail(
                "words are not evaluated; put them beside the formula or "
                "into a column of reasons"
            )
        self.fail(f"{self.describe(token)} is not expected here")


def read_formula(text: str, macros: Mapping[str, str] | None = None) -> Formula:
    """The formula in `text`; parses are remembered."""
    return _formula(text, _frozen(macros))


def read_list(text: str, macros: Mapping[str, str] | None = None) -> Formula:
    r"""A formula that may be a list, `x_1, \dots, x_n`; it loses its dots."""
    if "=" not in text:
        text = _LIST_DOTS.sub(lambda match: " " * len(match.group()), text)
    return read_formula(text, macros)


def read_definitions(
    text: str, macros: Mapping[str, str] | None = None
) -> tuple[Definition, ...]:
    """The lets in `text`."""
    return _definitions(text, _frozen(macros))


def read_loop(text: str, macros: Mapping[str, str] | None = None) -> Loop:
    """A printed range."""
    return Statements(tokenize(text, macros)).loop()


def read_symbol(
    text: str, macros: Mapping[str, str] | None = None
) -> Symbol | Chain | Node:
    """A row's symbol: a symbol, a derivative, or `f(x)`."""
    with deep():
        reader = Statements(tokenize(text, macros))
        node = reader.expression()
        reader.finish()
    return node


def _frozen(macros: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    return tuple(macros.items()) if macros else ()


@lru_cache(maxsize=20_000)
def _formula(text: str, macros: tuple[tuple[str, str], ...]) -> Formula:
    with deep():
        return Statements(tokenize(text, dict(macros))).formula()


@lru_cache(maxsize=20_000)
def _definitions(
    text: str, macros: tuple[tuple[str, str], ...]
) -> tuple[Definition, ...]:
    with deep():
        reader = Statements(tokenize(text, dict(macros)))
        return tuple(reader.definitions())
