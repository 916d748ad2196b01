r"""Read a whole marker: chains of relations, `aligned` lines, ranges, lets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from bookproof.latex.errors import FormulaError
from bookproof.latex.grammar import Grammar
from bookproof.latex.limits import deep
from bookproof.latex.structures import RELATIONS
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
_DOTS = {r"\dots", r"\ldots", r"\cdots"}
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
_FOR_WORDS = {"for", "for all", "for each", "where", "with"}
_AND_WORDS = {"and"}


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
            name = "".join(t.text for t in _group(tokens, 1))
            if name in ALIGNED:
                return self._aligned(tokens, name)
        return [[*piece, end] for piece in _split(tokens)]

    def _aligned(self, tokens: list[Token], name: str) -> list[list[Token]]:
        depth, close = 0, None
        for index, token in enumerate(tokens):
            depth += {r"\begin": 1, r"\end": -1}.get(token.text, 0)
            if depth == 0:
                close = index
                break
        if close is None:
            self.fail(f"{name} is not closed", tokens[0])
        start = 3 + len(_group(tokens, 1))
        if name == "alignedat":
            start += 2 + len(_group(tokens, start))
        rows = _rows(tokens[start:close])
        after = tokens[close + 1 :]
        skip = 2 + len(_group(after, 0))
        pieces = _joined([_without_reason(row) for row in rows])
        out = []
        for row in pieces:
            out += [[*p, _end_of(p)] for p in _split(row)]
        rest = after[skip:]
        out += [[*p, self.tokens[-1]] for p in _split(rest)]
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
            if word in _FOR_WORDS:
                loops.append(reader.loop())
                return
            if word not in _AND_WORDS:
                reader.fail(
                    "words between formulas are not evaluated; a condition "
                    "goes into {when}",
                    tokens[0],
                )
            if reader.here.kind == "end":
                return
        listed = _counts(tokens) and any(t.text == "," for t in tokens)
        if listed or _dotted(tokens):
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
            if self.here.text in _DOTS:
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


def _group(tokens: list[Token], start: int) -> list[Token]:
    """The tokens inside the braces at index `start`."""
    if start >= len(tokens) or tokens[start].text != "{":
        return []
    out = []
    for token in tokens[start + 1 :]:
        if token.text == "}":
            return out
        out.append(token)
    return out


_OPEN = {"(", "[", "{", r"\{", r"\begin", r"\langle"}
_CLOSE = {")", "]", "}", r"\}", r"\end", r"\rangle"}


def _split(tokens: list[Token]) -> list[list[Token]]:
    """Split at commas and quads outside of brackets; ranges stay whole."""
    pieces: list[list[Token]] = [[]]
    commas: list[Token] = [Token("quad", "", 0, 0)]
    depth = 0
    for token in tokens:
        if token.kind != "text":
            depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth <= 0 and (token.kind == "quad" or token.text in (",", ";")):
            pieces.append([])
            commas.append(token)
        elif token.kind == "text" and depth <= 0 and pieces[-1]:
            pieces.append([token])
            commas.append(Token("quad", "", token.at, token.at))
        else:
            pieces[-1].append(token)
    return [p for p in _with_ranges(pieces, commas) if p]


def _with_ranges(
    pieces: list[list[Token]], commas: list[Token]
) -> list[list[Token]]:
    """Join `l = 1`, `\\dots`, `L` again, and a `for` with what follows."""
    out: list[list[Token]] = []
    index = 0
    while index < len(pieces):
        piece = list(pieces[index])
        index += 1
        if [t.text for t in piece] and all(t.text in _DOTS for t in piece):
            while (
                out
                and not _relates(piece)
                and (_relates(out[-1]) or _lone(out[-1]))
            ):
                piece = [*out.pop(), _comma(piece), *piece]
                if _relates(piece):
                    break
            while out and _names(out[-1]):
                piece = [*out.pop(), _comma(piece), *piece]
            if index < len(pieces):
                piece = [*piece, commas[index], *pieces[index]]
                index += 1
        elif _only_number(piece) and out and _counts(out[-1]):
            piece = [*out.pop(), _comma(piece), *piece]
        elif _lone_word(piece) and index < len(pieces):
            pieces[index] = [*piece, *pieces[index]]
            continue
        out.append(piece)
    return out


def _dotted(tokens: list[Token]) -> bool:
    """Whether dots stand between commas: a range."""
    return any(
        two.text in _DOTS and one.text == "," for one, two in pairwise(tokens)
    )


def _only_number(piece: list[Token]) -> bool:
    return len(piece) == 1 and piece[0].kind == "num"


def _counts(piece: list[Token]) -> bool:
    r"""Whether the piece is the start of a list: `\ell = 1`."""
    return len(piece) > 2 and _names(piece[:1]) and piece[1].text == "="


def _lone_word(piece: list[Token]) -> bool:
    """Whether the piece is a `for` or `and` with nothing behind it."""
    if len(piece) != 1 or piece[0].kind != "text":
        return False
    return piece[0].text.rstrip(":, ") in _FOR_WORDS | _AND_WORDS


def _comma(piece: list[Token]) -> Token:
    return Token("char", ",", piece[0].at, piece[0].at)


def _relates(piece: list[Token]) -> bool:
    return any(t.text in RELATIONS for t in piece if t.kind != "text")


def _lone(piece: list[Token]) -> bool:
    return bool(piece) and not _relates(piece) and piece[0].kind != "text"


def _names(piece: list[Token]) -> bool:
    """Whether the piece is one plain letter: `i` of `i, j = 1, …`."""
    return len(piece) == 1 and (
        piece[0].kind == "letter" or piece[0].text == r"\ell"
    )


def _rows(tokens: list[Token]) -> list[list[Token]]:
    rows: list[list[Token]] = [[]]
    depth = 0
    skip = 0
    for index, token in enumerate(tokens):
        if skip:
            skip -= 1
            continue
        if token.kind != "text":
            depth += (token.text in (r"\begin", "{")) - (
                token.text in (r"\end", "}")
            )
        if token.text == r"\\" and depth == 0:
            rows.append([])
            skip = _row_gap(tokens, index + 1)
        else:
            rows[-1].append(token)
    return [row for row in rows if any(t.text != "&" for t in row)]


def _row_gap(tokens: list[Token], start: int) -> int:
    r"""How many tokens `[4pt]` after `\\` takes, if it is there."""
    texts = [t.text for t in tokens[start : start + 8]]
    if not texts or texts[0] != "[" or "]" not in texts:
        return 0
    close = texts.index("]")
    unit = "".join(texts[1:close]).lstrip("-0123456789.")
    return close + 1 if unit in ("pt", "em", "ex", "mu", "cm", "mm") else 0


def _without_reason(row: list[Token]) -> list[Token]:
    """Drop alignment marks and what stands behind `&&`."""
    depth = 0
    for index, token in enumerate(row[:-1]):
        if token.kind != "text":
            depth += (token.text in (r"\begin", "{")) - (
                token.text in (r"\end", "}")
            )
        if depth == 0 and token.text == "&" and row[index + 1].text == "&":
            _check_reason(row[index + 2 :])
            row = row[:index]
            break
    return [
        token for token, level in _levels(row) if token.text != "&" or level
    ]


def _levels(row: list[Token]) -> list[tuple[Token, int]]:
    depth, out = 0, []
    for token in row:
        if token.text == r"\begin":
            depth += 1
        out.append((token, depth))
        if token.text == r"\end":
            depth -= 1
    return out


def _check_reason(tokens: list[Token]) -> None:
    for token in tokens:
        if token.kind == "text":
            continue
        if token.kind == "num" or token.text in RELATIONS:
            raise FormulaError(
                "a reason is not evaluated: it holds words and symbols, no "
                "number and no relation",
                token.at,
                token.end - token.at,
            )


_CONTINUES = {"+", "-", r"\cdot", r"\times", r"\odot"}


def _joined(rows: list[list[Token]]) -> list[list[Token]]:
    """Rows that only continue an expression join the row before."""
    out: list[list[Token]] = []
    for row in rows:
        row = [t for t in row if t.kind != "quad"] if out else row
        if not row:
            continue
        starts = row[0].text
        continues = starts in _CONTINUES and out
        open_left = out and not _relates(out[-1]) and starts in RELATIONS
        if continues or open_left:
            out[-1] = [*out[-1], *row]
        else:
            out.append(row)
    return out


def _end_of(piece: list[Token]) -> Token:
    end = piece[-1].end if piece else 0
    return Token("end", "", end, end + 1)


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
