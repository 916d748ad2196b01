r"""Read operators over indices, and what stands between bars."""

from __future__ import annotations

from bookproof.latex.quotients import Quotients
from bookproof.latex.relating import RELATIONS
from bookproof.latex.tokens import Token
from bookproof.latex.tree import (
    Bars,
    Chain,
    Expectation,
    Inner,
    Node,
    Norm,
    Over,
    Symbol,
)

_BARS = {
    "|": ("abs", "|"),
    r"\vert": ("abs", r"\vert"),
    r"\lvert": ("abs", r"\rvert"),
    r"\|": ("norm", r"\|"),
    r"\Vert": ("norm", r"\Vert"),
    r"\lVert": ("norm", r"\rVert"),
    r"\lfloor": ("floor", r"\rfloor"),
    r"\lceil": ("ceil", r"\rceil"),
    r"\langle": ("inner", r"\rangle"),
}


class Ranging(Quotients):
    r"""`\\sum`, `\\max`, `\\mathbb{E}`; norms, absolute values, floors."""

    def _over(self) -> Node:
        return self.over(self.next())

    def over(self, token: Token) -> Node:
        r"""What follows `\sum`, `\prod`, `\max` or `\min`."""
        indices: tuple[Symbol, ...] = ()
        low = high = domain = condition = None
        while self.here.text in ("_", "^"):
            if indices if self.here.text == "_" else high:
                self.fail("a second script: use brackets")
            if self.take("^"):
                high = self._limit()
                continue
            self.next()
            if self.here.text == "{" and self.peek().kind == "num":
                indices, low, high, condition = self._between(token, high)
            else:
                indices, low, domain, condition = self._below(token)
        if not indices:
            self.fail(f"{token.text} needs an index below it", token)
        if (low is None) != (high is None):
            self.fail(f"{token.text} needs both limits or none", token)
        if token.text in (r"\sum", r"\prod"):
            body = self.term()
        else:
            body = self._operand_of_operator()
        return Over(
            token.text,
            indices,
            body,
            low,
            high,
            domain,
            condition,
            at=token.at,
            end=self.last_end,
        )

    def _limit(self) -> Node:
        if self.here.text == "{":
            return self.braced(self.expression)
        return self._single()

    def _below(
        self, token: Token
    ) -> tuple[tuple[Symbol, ...], Node | None, Node | None, Chain | None]:
        if self.here.text != "{":
            return (self.letter(),), None, None, None
        self.next()
        indices = [self.symbol()]
        low = domain = condition = None
        while self.take(",") or self.starts_symbol():
            indices.append(self.symbol())
        if self.take("="):
            low = self.expression()
        elif self.take(r"\in"):
            domain = self.expression()
        elif self.here.text in RELATIONS:
            condition = self._rest_of_chain(indices[-1])
        if self.take(",", ":"):
            condition = self.chain()
        self.expect("}", "} below " + token.text)
        return tuple(indices), low, domain, condition

    def _between(
        self, token: Token, above: Node | None
    ) -> tuple[tuple[Symbol, ...], Node, Node, Chain]:
        r"""`1 \le i < j \le n` as limits and a condition."""
        start = self.next()
        chain = self.chain()
        self.expect("}", "} below " + token.text)
        low, *letters, high = chain.sides
        indices = tuple(x for x in letters if isinstance(x, Symbol))
        rising = set(chain.relations) <= {"<", r"\le"}
        if not indices or len(indices) < len(letters) or not rising or above:
            self.fail(r"a range below is written 1 \le i < j \le n", start)
        return indices, low, high, chain

    def expectation(self, kind: str, start: int) -> Node:
        r"""`\mathbb{E}_{x \sim p}[...]`, the operator already read."""
        if not self.take("_"):
            self.fail(
                "over which distribution? write it below, as in "
                r"\mathbb{E}_{x \sim p}[…]"
            )
        self.expect("{", r"{x \sim p}")
        variable = self.symbol()
        self.expect(r"\sim", r"\sim and a distribution")
        law = self.expression()
        self.expect("}", "}")
        if self.delimiter()[1] in ("[", "("):
            args = self.arguments()
            body = args[0]
            if len(args) > 1:
                self.fail("one quantity in an expectation")
        else:
            body = self._operand_of_operator()
        return Expectation(
            kind, variable, law, body, at=start, end=self.last_end
        )

    def opens_bars(self) -> bool:
        size, delimiter = self.delimiter()
        if delimiter not in _BARS or self.here.kind == "text":
            return False
        if size.endswith("r") or size == r"\right":
            return False
        return delimiter not in self.bars

    def _between_bars(self) -> Node:
        start = self.here
        opening = self.skip_delimiter()
        if self.here.text == "_":
            self.fail(r"for a value at a point write \left. … \right|_{x = a}")
        kind, closing = _BARS[opening.text]
        if kind == "inner":
            return self._inner(start)
        self.bars.append(closing)
        self.depth += 1
        inside = self.expression()
        self.depth -= 1
        self.bars.pop()
        self.bare_argument = False
        if self.delimiter()[1] != closing:
            self.fail(
                f"expected {closing} to close {opening.text}; nested bars "
                r"need \lvert \rvert"
            )
        self.skip_delimiter()
        if kind != "norm":
            return Bars(kind, inside, at=start.at, end=self.last_end)
        order = self._norm_order() if self.here.text == "_" else None
        return Norm(inside, order, at=start.at, end=self.last_end)

    def _norm_order(self) -> Node:
        self.next()
        if self.here.text == "{":
            return self.braced(self._script_item)
        return self._single()

    def _inner(self, start: Token) -> Node:
        left = self.expression()
        self.expect(",", ", in an inner product")
        right = self.expression()
        if self.delimiter()[1] != r"\rangle":
            self.fail(r"expected \rangle")
        self.skip_delimiter()
        return Inner(left, right, at=start.at, end=self.last_end)
