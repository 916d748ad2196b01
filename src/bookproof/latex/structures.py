r"""Read what has a form of its own: fractions, derivatives, big operators,
bars, brackets and environments."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from bookproof.latex.scripts import Scripts, as_indices
from bookproof.latex.stream import SIZES
from bookproof.latex.tokens import Token
from bookproof.latex.tree import (
    At,
    Bars,
    Binomial,
    Branch,
    Cases,
    Chain,
    Derivative,
    Expectation,
    Indicator,
    Infinity,
    Inner,
    Matrix,
    Node,
    Norm,
    Number,
    Over,
    Power,
    Ratio,
    Root,
    SetOf,
    Space,
    Span,
    Symbol,
)

RELATIONS = {
    "=": "=",
    r"\approx": r"\approx",
    r"\le": r"\le",
    r"\leq": r"\le",
    r"\leqslant": r"\le",
    r"\ge": r"\ge",
    r"\geq": r"\ge",
    r"\geqslant": r"\ge",
    "<": "<",
    ">": ">",
    r"\lt": "<",
    r"\gt": ">",
    r"\ne": r"\ne",
    r"\neq": r"\ne",
    r"\ll": r"\ll",
    r"\gg": r"\gg",
    r"\propto": r"\propto",
    r"\to": r"\to",
    r"\rightarrow": r"\to",
    r"\in": r"\in",
}
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
_DIFFERENTIALS = {r"\mathrm", "d"}
_MATRICES = {"pmatrix", "bmatrix", "matrix"}
_CONDITION_WORDS = {"if", "for", "when", "where"}
_OTHERWISE = {"otherwise", "else"}


class Structures(Scripts):
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
        if token.text == r"\mathbb" and self._blackboard() == "E":
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

    def word_ahead(self) -> str:
        """The word in the font command at the cursor, without moving."""
        saved = self.pos
        self.next()
        word = self.word()[0] if self.here.kind != "end" else ""
        self.pos = saved
        return word

    def _blackboard(self) -> str:
        return self.word_ahead()

    # Fractions and roots

    def argument(self) -> Node:
        r"""The argument of a command: braces, or a single token."""
        if self.here.text == "{":
            return self.braced(self.expression)
        token = self.here
        if token.kind == "num" and len(token.text) > 1:
            first = Token("num", token.text[0], token.at, token.at + 1)
            rest = Token("num", token.text[1:], token.at + 1, token.end)
            self.tokens[self.pos : self.pos + 1] = [first, rest]
        return self._single()

    def _fraction(self) -> Node:
        token = self.next()
        derivative = self._derivative_fraction(token)
        if derivative is not None:
            return derivative
        top, bottom = self.argument(), self.argument()
        return Ratio(top, bottom, at=token.at, end=self.last_end)

    def _binomial(self) -> Node:
        token = self.next()
        top, bottom = self.argument(), self.argument()
        return Binomial(top, bottom, at=token.at, end=self.last_end)

    def _root(self) -> Node:
        token = self.next()
        degree = None
        if self.take("["):
            degree = self.expression()
            self.expect("]", "] after the degree of the root")
        return Root(self.argument(), degree, at=token.at, end=self.last_end)

    # Derivatives

    def _sign_of_derivative(self) -> str | None:
        r"""`\partial` or `d`, if a differential sign is at the cursor."""
        if self.here.text == r"\partial":
            return r"\partial"
        if self.here.text == r"\mathrm" and self.word_ahead() == "d":
            return r"\mathrm{d}"
        if self.here.text == "d" and self.here.kind == "letter":
            return "d"
        return None

    def _skip_sign(self) -> None:
        if self.next().text == r"\mathrm":
            self.word()

    def _derivative_fraction(self, token: Token) -> Node | None:
        if self.here.text != "{":
            return None
        saved = self.pos
        close = self.closing_brace(saved)
        self.next()
        sign = self._sign_of_derivative()
        self.pos = close + 1
        below = None
        if sign is not None and self.here.text == "{":
            self.next()
            below = self._sign_of_derivative()
        if sign is None or below != sign or self._bare_d(saved, sign):
            self.pos = saved
            return None
        self.pos = saved + 1
        return self._read_fraction(token, sign)

    def _bare_d(self, start: int, sign: str) -> bool:
        """Whether a plain d above or below is a symbol of its own."""
        if sign != "d":
            return False
        below = self.closing_brace(start) + 1
        after = [self.tokens[below + 2].text]
        return any(text in ("}", "_", "'") for text in after) or (
            self.tokens[start + 2].text in ("_", "'")
        )

    def _read_fraction(self, token: Token, sign: str) -> Node:
        self._skip_sign()
        direct, order = self._order()
        of = None if self.here.text == "}" else self.expression()
        self.expect("}", "} after the numerator")
        self.expect("{", "a denominator in braces")
        by = self._denominator(sign)
        self.expect("}", "} after the denominator")
        self._check_order(order, by, token)
        end = self.last_end
        if of is None:
            of = self._operand_of_operator()
            end = self.last_end
        return Derivative(
            of, by, direct, plain=sign == "d", at=token.at, end=end
        )

    def _operand_of_operator(self) -> Node:
        if not self.starts_factor():
            self.fail("what is differentiated?")
        return self.factor()

    def starts_factor(self) -> bool:
        raise NotImplementedError

    def factor(self) -> Node:
        raise NotImplementedError

    def term(self) -> Node:
        raise NotImplementedError

    def arguments(self) -> tuple[Node, ...]:
        raise NotImplementedError

    def _order(self) -> tuple[bool, int]:
        if not self.take("^"):
            return False, 1
        braced = self.take("{")
        token = self.next()
        if braced:
            self.expect("}", "}")
        if token.text == "+":
            return True, 1
        if token.kind != "num" or not 1 <= int(token.text) <= 4:
            self.fail("the order of a derivative is 1 to 4", token)
        return False, int(token.text)

    def _denominator(self, sign: str) -> tuple[Node, ...]:
        by: list[Node] = []
        while True:
            if self._sign_of_derivative() != sign:
                self.fail(f"expected {sign} before the variable")
            self._skip_sign()
            by += self._variable()
            if self.here.text in ("}", ")"):
                return tuple(by)

    def _variable(self) -> list[Node]:
        if self.take("("):
            node = self.scripts(self.letter())
            self.expect(")", ")")
            node = self.scripts(node) if self.here.text == "^" else node
        else:
            node = self.scripts(self.letter())
        if isinstance(node, Power) and isinstance(node.exponent, Number):
            count = int(node.exponent.value)
            if isinstance(node.base, Symbol) and 1 <= count <= 4:
                return [node.base] * count
        if not isinstance(node, Symbol):
            self.fail("a derivative is taken by a symbol or an entry of one")
        return [node]

    def _check_order(
        self, order: int, by: tuple[Node, ...], token: Token
    ) -> None:
        if order != len(by):
            self.fail(
                f"the derivative is of order {order} above and {len(by)} below",
                token,
            )

    def _inline_partial(self) -> Node:
        token = self.next()
        direct, order = self._order()
        return self._inline(token, r"\partial", direct, order)

    def _inline(
        self, token: Token, sign: str, direct: bool, order: int
    ) -> Node:
        of = self._operand_of_operator()
        self.expect("/", f"/{sign} … after the numerator of the derivative")
        if self._sign_of_derivative() != sign:
            self.fail(f"expected {sign} before the variable")
        self._skip_sign()
        by = tuple(self._variable())
        self._check_order(order, by, token)
        node = Derivative(of, by, direct, at=token.at, end=self.last_end)
        if self.starts_factor():
            self.fail(
                "does this still belong to the derivative? use brackets or "
                r"\cdot"
            )
        return node

    def _differential(self) -> Node:
        token = self.next()
        self.word()
        if self.here.text == "^" or not self.starts_symbol():
            _, order = self._order()
            return self._inline(token, r"\mathrm{d}", False, order)
        saved = self.pos
        inner = self.scripts(self.letter())
        if (
            self.here.text in ("/", "(") and self._slash_d(saved)
        ) or not isinstance(inner, Symbol):
            self.pos = saved
            return self._inline(token, r"\mathrm{d}", False, 1)
        accents = (r"\mathrm{d}", *inner.accents)
        return Symbol(
            inner.base,
            accents,
            inner.primes,
            inner.marks,
            inner.label,
            inner.sub,
            inner.square,
            at=token.at,
            end=self.last_end,
        )

    def _slash_d(self, start: int) -> bool:
        """Whether a `/\\mathrm{d}` follows the factor at `start`."""
        stop = self.pos
        self.pos = start
        self.factor()
        found = self.take("/") and self._sign_of_derivative() is not None
        self.pos = stop
        return found

    def _nabla(self) -> Node:
        token = self.next()
        order = self._order()[1] if self.here.text == "^" else 1
        if self.here.text != "_":
            self.fail(r"by which variable? write \nabla_x", token)
        self.next()
        braced = self.take("{")
        by = self._variable() if braced else [self.letter()]
        if braced:
            self.expect("}", "} after the variable")
        of = self._operand_of_operator()
        return Derivative(
            of,
            tuple(by * order),
            nabla=True,
            at=token.at,
            end=self.last_end,
        )

    # Big operators

    def _over(self) -> Node:
        return self.over(self.next())

    def over(self, token: Token) -> Node:
        r"""What follows `\sum`, `\prod`, `\max` or `\min`."""
        indices: tuple[Symbol, ...] = ()
        low = high = domain = condition = None
        while self.here.text in ("_", "^"):
            if self.take("^"):
                high = self._limit()
                continue
            self.next()
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
        if low is not None and len(indices) > 1:
            self.fail("one index a sum, when it has limits", token)
        return tuple(indices), low, domain, condition

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

    # Bars and brackets

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
        kind, closing = _BARS[opening.text]
        if kind == "inner":
            return self._inner(start)
        self.bars.append(closing)
        self.depth += 1
        inside = self.expression()
        self.depth -= 1
        self.bars.pop()
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
        found = self.delimiter()[1] in ("[", r"\{")
        self.pos = saved
        return found

    def _indicator(self) -> Node:
        start = self.next()
        self.word()
        closing = {"[": "]", r"\{": r"\}"}[self.skip_delimiter().text]
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

    # Relations

    def relation(self) -> str | None:
        """The relation at the cursor, without moving."""
        token = self.here
        return RELATIONS.get(token.text) if token.kind != "text" else None

    def chain(self) -> Chain:
        """Sides joined by at least one relation."""
        node = self.chain_or_expression()
        if not isinstance(node, Chain):
            self.fail("expected a relation such as = or <")
        return node

    def chain_or_expression(self) -> Node:
        first = self.side(None)
        return self._rest_of_chain(first) if self.relation() else first

    def _rest_of_chain(self, first: Node) -> Chain:
        sides, relations = [first], []
        spots: list[tuple[int, int]] = []
        while (relation := self.relation()) is not None:
            token = self.next()
            relations.append(relation)
            spots.append((token.at, token.end - token.at))
            sides.append(self.side(relation))
        return Chain(
            tuple(sides),
            tuple(relations),
            tuple(spots),
            at=first.at,
            end=self.last_end,
        )

    def side(self, relation: str | None) -> Node:
        """One side of a relation; after \\in a space may stand."""
        if relation == r"\in" and self.here.text == r"\mathbb":
            return self._space()
        return self.expression()

    def _space(self) -> Node:
        start = self.next()
        letter, _ = self.word()
        if letter not in ("R", "N", "Z"):
            self.fail("expected a space such as \\mathbb{R}", start)
        dims: list[Node] = []
        if self.take("^"):
            if self.take("{"):
                dims.append(self.factor())
                while self.take(r"\times"):
                    dims.append(self.factor())
                self.expect("}", "} after the shape")
            else:
                dims.append(self._single())
        return Space(letter, tuple(dims), at=start.at, end=self.last_end)


__all__ = ["RELATIONS", "Structures", "as_indices"]
