r"""Symbols and what hangs on them: accents, primes, labels, indices, powers."""

from __future__ import annotations

from dataclasses import replace

from bookproof.latex.letters import Letters
from bookproof.latex.tree import (
    Apply,
    Entry,
    Negative,
    Node,
    Norm,
    Number,
    Power,
    Product,
    Symbol,
    Transpose,
)

_MARKS = {
    "*": "*",
    r"\ast": "*",
    r"\star": r"\star",
    "+": "+",
    "-": "-",
    r"\dagger": r"\dagger",
}
_EXTREMES = (r"\max", r"\min")
_TOPS = {r"\top", r"\intercal"}


def _side_by_side(item: Node) -> tuple[Node, ...]:
    r"""Letters side by side are indices: `W_{ij}` is `W_{i,j}`.

    A number in front makes a product: `x_{2i}` is every other entry.
    """
    if not isinstance(item, Product) or any(item.ops):
        return (item,)
    first, *rest = item.factors
    letters = isinstance(first, Symbol) and all(
        isinstance(factor, Symbol | Number) for factor in rest
    )
    return item.factors if letters else (item,)


class Scripts(Letters):
    """Reads one symbol with its scripts."""

    def scripts(self, base: Node) -> Node:
        """All primes, superscripts and subscripts that follow `base`."""
        raised: list[Node | str] = []
        seen: set[str] = set()
        while True:
            token = self.here
            if token.text == "'":
                base = self._prime(base)
            elif token.text == "_" and token.kind == "char":
                base = self._subscript(base, bool(raised), seen)
            elif token.text == "^":
                if "^" in seen and not isinstance(base, Symbol):
                    self.fail("a second superscript: use brackets")
                base = self._superscript(base, raised, seen)
            else:
                break
        for power in raised:
            if power == "T":
                base = Transpose(base, at=base.at, end=self.last_end)
            elif isinstance(power, Node):
                base = self._power(base, power)
        return base

    def _power(self, base: Node, exponent: Node) -> Node:
        entries = isinstance(exponent, Apply) and exponent.name == "odot"
        if isinstance(exponent, Apply) and exponent.name == "odot":
            exponent = exponent.args[0]
        return Power(
            base, exponent, entries=entries, at=base.at, end=self.last_end
        )

    def _prime(self, base: Node) -> Node:
        if not isinstance(base, Symbol):
            self.fail("a prime must follow a symbol")
        self.next()
        return replace(base, primes=base.primes + 1, end=self.last_end)

    def _subscript(self, base: Node, raised: bool, seen: set[str]) -> Node:
        if "_" in seen:
            self.fail("a second subscript: use brackets")
        seen.add("_")
        self.next()
        items = self._script_items()
        if isinstance(base, Norm) and base.order is None and len(items) == 1:
            return replace(base, order=items[0], end=self.last_end)
        if isinstance(base, Symbol) and not base.sub:
            return replace(base, sub=items, end=self.last_end)
        return Entry(base, items, at=base.at, end=self.last_end)

    def _script_items(self) -> tuple[Node, ...]:
        if self.here.text != "{":
            return (self._single(),)
        items: list[Node] = []
        self.next()
        with self.nested():
            outer, self.in_script = self.in_script, True
            while True:
                items += _side_by_side(self._script_item())
                if not self.take(",", ";"):
                    break
            self.in_script = outer
            self.expect("}", "} after the index")
        return tuple(items)

    def _script_item(self) -> Node:
        if self.here.text in _MARKS and self.peek().text in ("}", ","):
            token = self.next()
            return Symbol(token.text, at=token.at, end=token.end)
        if self.here.text == r"\infty" or self._extreme():
            token = self.next()
            return Symbol(token.text, at=token.at, end=token.end)
        if self.here.kind == "text":
            return self.letter()
        return self.expression()

    def _extreme(self) -> bool:
        r"""Whether the whole item is a name, as in `\eta_{\max}`."""
        return self.here.text in _EXTREMES and self.peek().text in ("}", ",")

    def _single(self) -> Node:
        """A script without braces: exactly one letter or digit."""
        token = self.here
        if token.kind == "num":
            if len(token.text) > 1:
                self.fail(
                    f"only the first digit of {token.text} is in the script: "
                    "use braces"
                )
            self.next()
            return Number(token.text, at=token.at, end=token.end)
        if token.text in (r"\infty", "*", "+", *_EXTREMES):
            self.next()
            return Symbol(token.text, at=token.at, end=token.end)
        if not self.starts_symbol():
            self.fail(f"expected an index or {{, found {self.describe(token)}")
        return self.letter()

    def _superscript(
        self, base: Node, raised: list[Node | str], seen: set[str]
    ) -> Node:
        self.next()
        seen.add("^")
        if self.here.text == "{":
            self.next()
            with self.nested():
                base = self._raised_content(base, raised, "}")
                self.expect("}", "} after the superscript")
            return base
        if self.here.text in _TOPS or self._roman_transpose():
            self._skip_transpose()
            raised.append("T")
            return base
        if self.here.text in ("*", r"\ast", r"\star", r"\dagger"):
            return self._mark(base)
        if self.here.text == r"\prime":
            return self._prime(base)
        raised.append(self._single())
        return base

    def _roman_transpose(self) -> bool:
        if self.here.text not in (r"\mathsf", r"\mathrm"):
            return False
        first = self.peek()
        if first.text == "{":
            return self.peek(2).text == "T" and self.peek(3).text == "}"
        return first.text == "T"

    def _skip_transpose(self) -> None:
        if self.take(*_TOPS):
            return
        self.next()
        self.word()

    def _mark(self, base: Node) -> Node:
        token = self.next()
        if not isinstance(base, Symbol):
            self.fail("a mark must follow a symbol", token)
        marks = (*base.marks, _MARKS.get(token.text, token.text))
        return replace(base, marks=marks, end=self.last_end)

    def _raised_content(
        self, base: Node, raised: list[Node | str], close: str
    ) -> Node:
        if self.here.text in ("(", "[") and self._is_label():
            base = self._label(base)
        if self.here.kind == "text":
            return self._mark(base)
        if self.here.text in _MARKS and self.peek().text == close:
            return self._mark(base)
        while self.take(r"\prime"):
            if not isinstance(base, Symbol):
                self.fail("a prime must follow a symbol")
            base = replace(base, primes=base.primes + 1)
        if self.here.text == "-" and self.peek().text in _TOPS:
            self.next()
            raised.append(Negative(Number("1")))
        if self.here.text in _TOPS or self._roman_transpose():
            self._skip_transpose()
            raised.append("T")
        elif self.take(r"\odot"):
            power = self.expression()
            raised.append(Apply("odot", (power,)))
        elif self.here.text != close:
            raised.append(self.expression())
        return base

    def _is_label(self) -> bool:
        """Whether these brackets are a label: they close before the end of
        the superscript or before a transpose, an inverse or a prime."""
        depth = 0
        for index in range(self.pos, len(self.tokens)):
            text = self.tokens[index].text
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(text, 0)
            if depth == 0:
                after = self.tokens[index + 1].text
                return after in _TOPS | {"}", "-", "'", r"\prime", r"\mathsf"}
        return False

    def _label(self, base: Node) -> Node:
        opening = self.next()
        if not isinstance(base, Symbol):
            self.fail(
                "a label in brackets must follow a symbol; write a power "
                "without brackets",
                opening,
            )
        if base.label:
            self.fail("a second label", opening)
        items: list[Node] = []
        while True:
            items.append(self.expression())
            if not self.take(",", ";"):
                break
        closing = {"(": ")", "[": "]"}[opening.text]
        self.expect(closing, f"{closing} after the label")
        return replace(
            base,
            label=tuple(items),
            square=opening.text == "[",
            end=self.last_end,
        )
