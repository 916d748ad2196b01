r"""Read what has a form of its own: fractions, derivatives, big operators,
bars, brackets and environments."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from bookproof.latex.ranging import Ranging
from bookproof.latex.relating import RELATIONS
from bookproof.latex.stream import SIZES
from bookproof.latex.tokens import Token
from bookproof.latex.tree import (
    At,
    Branch,
    Cases,
    Chain,
    Indicator,
    Infinity,
    Matrix,
    Node,
    SetOf,
    Span,
    Symbol,
)

_MATRICES = {"pmatrix", "bmatrix", "matrix"}
_CONDITION_WORDS = {"if", "for", "when", "where"}
_OTHERWISE = {"otherwise", "else"}


class Structures(Ranging):
    """Constructs that begin with a token of their own."""

    STRUCTURES: ClassVar[dict[str, str]] = {
        r"\frac": "_fraction",
        r"\dfrac": "_fraction",
        r"\tfrac": "_fraction",
        r"\binom": "_binomial",
        r"\sqrt": "_root",
        r"\sum": "_over",
        r"\prod": "_over",
        r"\partial": "_inline_partial",
        r"\nabla": "_nabla",
        r"\begin": "_environment",
        r"\infty": "_infinity",
        r"\left": "_sized",
        r"\{": "_set",
        "(": "_brackets",
        "[": "_brackets",
    }

    def structure(self) -> Node | None:
        token = self.here
        if token.kind == "text":
            return None
        if token.text == r"\mathbb" and self.word_ahead() == "E":
            self.next()
            self.word()
            return self.expectation("E", token.at)
        if token.text in (r"\mathbb", r"\mathbf") and self._is_indicator():
            return self._indicator()
        if token.text == r"\mathrm" and self.word_ahead() == "d":
            return self._differential()
        if self.opens_bars():
            return self._between_bars()
        if SIZES.match(token.text):
            return self._sized()
        name = self.STRUCTURES.get(token.text)
        if name is None:
            return None
        reader: Callable[[], Node] = getattr(self, name)
        return reader()

    # Bars and brackets

    def _sized(self) -> Node:
        _, delimiter = self.delimiter()
        if delimiter == ".":
            return self._substitution()
        if delimiter in ("(", "["):
            return self._brackets()
        if delimiter == r"\{":
            return self._set()
        raise self.failure(f"{delimiter} is not read as a bracket here")

    def _substitution(self) -> Node:
        start = self.skip_delimiter()
        with self.nested():
            body = self.expression()
            size, delimiter = self.delimiter()
            if size != r"\right" or delimiter not in ("|", r"\vert", r"\rvert"):
                self.fail(r"expected \right| after \left.")
            self.skip_delimiter()
        self.expect("_", "_{x = a} after the bar")
        self.expect("{", "{x = a}")
        where: list[tuple[Symbol, Node]] = []
        while True:
            symbol = self.symbol()
            self.expect("=", "=")
            where.append((symbol, self.expression()))
            if not self.take(","):
                break
        self.expect("}", "}")
        return At(body, tuple(where), at=start.at, end=self.last_end)

    def _brackets(self) -> Node:
        start = self.here
        square = self.delimiter()[1] == "["
        if square:
            saved = self.pos
            condition = self._iverson()
            if condition is not None:
                return condition
            self.pos = saved
        items = self.arguments()
        if len(items) == 1:
            return items[0]
        rows = tuple((item,) for item in items)
        return Matrix(rows, at=start.at, end=self.last_end)

    def _iverson(self) -> Node | None:
        start = self.skip_delimiter()
        with self.nested():
            chain = self.chain_or_expression()
        if not isinstance(chain, Chain):
            return None
        if self.delimiter()[1] != "]":
            self.fail("expected ] after the condition")
        self.skip_delimiter()
        return Indicator(chain, at=start.at, end=self.last_end)

    def _is_indicator(self) -> bool:
        if self.word_ahead() != "1":
            return False
        saved = self.pos
        self.next()
        self.word()
        found = self.delimiter()[1] in ("[", r"\{") or self._condition_below()
        self.pos = saved
        return found

    def _condition_below(self) -> bool:
        r"""Whether `_{…}` at the cursor holds a relation."""
        if self.here.text != "_" or self.peek().text != "{":
            return False
        close = self.closing_brace(self.pos + 1)
        return any(
            token.text in RELATIONS for token in self.tokens[self.pos : close]
        )

    def _indicator(self) -> Node:
        start = self.next()
        self.word()
        self.take("_")
        opening = self.skip_delimiter().text
        closing = {"[": "]", r"\{": r"\}", "{": "}"}[opening]
        with self.nested():
            chain = self.chain()
        if self.delimiter()[1] != closing:
            self.fail(f"expected {closing} after the condition")
        self.skip_delimiter()
        return Indicator(chain, at=start.at, end=self.last_end)

    def _set(self) -> Node:
        start = self.here
        self.skip_delimiter()
        items: list[Node] = []
        span = False
        with self.nested():
            while self.delimiter()[1] != r"\}":
                if self.take(r"\dots", r"\ldots", r"\cdots"):
                    span = True
                else:
                    items.append(self.expression())
                if not self.take(","):
                    break
            if self.delimiter()[1] != r"\}":
                self.fail(r"expected \} after the set")
            self.skip_delimiter()
        if span and len(items) >= 2:
            return Span(items[0], items[-1], at=start.at, end=self.last_end)
        return SetOf(tuple(items), at=start.at, end=self.last_end)

    def _infinity(self) -> Node:
        token = self.next()
        return Infinity(at=token.at, end=token.end)

    # Environments

    def _environment(self) -> Node:
        start = self.next()
        name, _ = self.word()
        if name in _MATRICES:
            return self._matrix(start, name)
        if name == "cases":
            return self._cases(start)
        raise self.failure(f"the environment {name} is not read here", start)

    def _end(self, name: str) -> None:
        self.expect(r"\end", rf"\end{{{name}}}")
        word, token = self.word()
        if word != name:
            self.fail(rf"expected \end{{{name}}}", token)

    def _matrix(self, start: Token, name: str) -> Node:
        rows: list[tuple[Node, ...]] = []
        with self.nested():
            while self.here.text != r"\end":
                row = [self.expression()]
                while self.take("&"):
                    row.append(self.expression())
                rows.append(tuple(row))
                if not self.take(r"\\"):
                    break
        self._end(name)
        if len({len(row) for row in rows}) != 1:
            self.fail("the rows of this matrix differ in length", start)
        return Matrix(tuple(rows), at=start.at, end=self.last_end)

    def _cases(self, start: Token) -> Node:
        branches: list[Branch] = []
        with self.nested():
            while self.here.text != r"\end":
                branches.append(self._branch())
                if not self.take(r"\\"):
                    break
        self._end("cases")
        return Cases(tuple(branches), at=start.at, end=self.last_end)

    def _branch(self) -> Branch:
        start = self.here.at
        value = self.expression()
        self.take(",")
        conditions: list[Chain] = []
        if self.take("&"):
            word = self.here.text.rstrip(" ,.:") if self._text() else ""
            if word in _OTHERWISE:
                self.next()
                self.take(",", ".")
                return Branch(value, (), at=start, end=self.last_end)
            if word and word not in _CONDITION_WORDS:
                self.fail("expected if, for, when or otherwise")
            if word:
                self.next()
            conditions.append(self.chain())
            while self._joins_condition():
                conditions.append(self.chain())
            self.take(",", ".")
        if not conditions:
            self.fail("a branch needs its condition after &")
        return Branch(value, tuple(conditions), at=start, end=self.last_end)

    def _text(self) -> bool:
        return self.here.kind == "text"

    def _joins_condition(self) -> bool:
        if self._text() and self.here.text == "and":
            self.next()
            return True
        if self.take(r"\land", r"\wedge"):
            return True
        more = self.peek().text not in (r"\\", r"\end")
        return self.here.text == "," and more and self.take(",")
