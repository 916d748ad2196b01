r"""Read fractions and roots, and the fractions that are derivatives."""

from __future__ import annotations

from bookproof.latex.relating import Relating
from bookproof.latex.tokens import Token
from bookproof.latex.tree import (
    Binomial,
    Derivative,
    Node,
    Number,
    Power,
    Ratio,
    Root,
    Symbol,
)

_OPERATORS = (r"\cdot", r"\times", "*", "/", r"\odot", r"\oslash")


class Quotients(Relating):
    """What is written with `\\frac`, `\\sqrt`, `\\partial` and `\\nabla`."""

    def word_ahead(self) -> str:
        """The word in the font command at the cursor, without moving."""
        saved = self.pos
        self.next()
        word = self.word()[0] if self.here.kind != "end" else ""
        self.pos = saved
        return word

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
            of = self._whole_operand()
            end = self.last_end
        return Derivative(
            of, by, direct, plain=sign == "d", at=token.at, end=end
        )

    def _operand_of_operator(self) -> Node:
        if not self.starts_factor():
            self.fail("what is differentiated?")
        return self.factor()

    def _whole_operand(self) -> Node:
        r"""What follows `\frac{d}{dx}`, with no factor behind it."""
        bracketed = self.delimiter()[1] in ("(", "[")
        node = self._operand_of_operator()
        more = self.starts_factor() or self.here.text in _OPERATORS
        if more and not bracketed:
            self.fail("does this still belong to the derivative? use brackets")
        return node

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
        if order == 1 and self.here.text == "^":
            order = self._order()[1]
        of = self._operand_of_operator()
        return Derivative(
            of,
            tuple(by * order),
            nabla=True,
            at=token.at,
            end=self.last_end,
        )
