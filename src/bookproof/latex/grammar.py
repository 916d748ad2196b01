r"""Read an expression: recursive descent over the tokens of a formula.

`subset.lark` beside this file is the whole subset as a grammar; a test holds
the two together. Recursive descent rather than a generated parser, because an
error must say what to write instead.
"""

from __future__ import annotations

from bookproof.latex.errors import FormulaError
from bookproof.latex.stream import SIZES
from bookproof.latex.structures import Structures
from bookproof.latex.tree import (
    Add,
    Apply,
    Call,
    Derivative,
    Elementwise,
    Factorial,
    Negative,
    Node,
    Number,
    Power,
    Product,
    Symbol,
)

FUNCTIONS = {
    r"\exp": "exp",
    r"\log": "log",
    r"\ln": "ln",
    r"\tanh": "tanh",
    r"\sinh": "sinh",
    r"\cosh": "cosh",
    r"\sin": "sin",
    r"\cos": "cos",
    r"\tan": "tan",
    r"\arcsin": "arcsin",
    r"\arccos": "arccos",
    r"\arctan": "arctan",
    r"\det": "det",
    r"\min": "min",
    r"\max": "max",
}
NAMED = {
    "diag",
    "tr",
    "Var",
    "sign",
    "sgn",
    "abs",
    "rank",
    "vec",
    "det",
    "mean",
    "erf",
    "arctanh",
    "artanh",
}
_POWERED = {"sin", "cos", "tan", "sinh", "cosh", "tanh", "log", "ln"}
_EXPLICIT = {r"\cdot": r"\cdot", r"\times": r"\times", "*": "*", "/": "/"}
_FRACTIONS = {r"\frac", r"\dfrac", r"\tfrac"}
_UNREAD = {
    r"\lim": r"a limit is written a \to b, with :along:",
    r"\int": "integrals are not evaluated",
    r"\sup": r"write \max over a finite set",
    r"\inf": r"write \min over a finite set",
    r"\arg": "an argmax is no number",
    r"\over": r"write \frac",
    r"\dots": r"dots are not evaluated: write \sum or all the terms",
    r"\ldots": r"dots are not evaluated: write \sum or all the terms",
    r"\cdots": r"dots are not evaluated: write \sum or all the terms",
}
_STOPS = {")", "]", "}", r"\}", "&", r"\\", ",", ";", ".", ":", r"\right"}


class Grammar(Structures):
    """The expressions of the subset."""

    def expression(self) -> Node:
        start = self.here.at
        terms: list[Node] = []
        signs: list[int] = []
        self.depth += 1
        if self.depth > 600:
            self.fail("nested too deep", rule="limit")
        sign = self._sign()
        terms.append(self.term())
        signs.append(sign)
        while self.here.text in ("+", "-", r"\pm", r"\mp"):
            if self.here.text in (r"\pm", r"\mp"):
                self.fail(f"{self.here.text} is two formulas: write both")
            sign = 1 if self.next().text == "+" else -1
            if self.here.text in ("+", "-"):
                self.fail("two signs in a row: use brackets")
            if self.here.text in (r"\dots", r"\cdots", r"\ldots"):
                self.fail(
                    r"dots are not evaluated: write \sum or all the terms"
                )
            terms.append(self.term())
            signs.append(sign)
        self.depth -= 1
        if len(terms) == 1:
            if signs[0] == 1:
                return terms[0]
            return Negative(terms[0], at=start, end=self.last_end)
        return Add(tuple(terms), tuple(signs), at=start, end=self.last_end)

    def _sign(self) -> int:
        if self.here.text in ("+", "-"):
            sign = 1 if self.next().text == "+" else -1
            if self.here.text in ("+", "-"):
                self.fail("two signs in a row: use brackets")
            return sign
        return 1

    def term(self) -> Node:
        start = self.here.at
        factors = [self.product()]
        ops: list[str] = []
        while self.here.text in (r"\odot", r"\oslash", r"\circ", r"\otimes"):
            if self.here.text in (r"\circ", r"\otimes"):
                self.fail(rf"{self.here.text} is not read; is it \odot?")
            ops.append(self.next().text)
            factors.append(self.product())
        if not ops:
            return factors[0]
        return Elementwise(
            tuple(factors), tuple(ops), at=start, end=self.last_end
        )

    def product(self) -> Node:
        start = self.here.at
        factors = [self.factor()]
        ops: list[str] = []
        bare = self.bare_argument
        while True:
            op = self._operator(ops, bare)
            if op is None:
                break
            factors.append(self.factor())
            ops.append(op)
            bare = self.bare_argument
        if not ops:
            return factors[0]
        return Product(tuple(factors), tuple(ops), at=start, end=self.last_end)

    def _operator(self, ops: list[str], bare: bool) -> str | None:
        token = self.here
        if token.text in _EXPLICIT and token.kind != "text":
            if bare:
                self.fail(
                    f"the function before {token.text} has no brackets: "
                    "show where its argument ends"
                )
            self.next()
            if self.here.text in ("+", "-"):
                self.fail("a sign after an operator: use brackets")
            return _EXPLICIT[token.text]
        if token.text == r"\bmod":
            self.next()
            return r"\bmod"
        if not self.starts_factor():
            return None
        if ops and ops[-1] == "/":
            self.fail(
                "does this still belong to the denominator? "
                r"use brackets or \frac"
            )
        separate = self.in_script or self.peek(-1).text == ")"
        if token.kind == "num" and not separate:
            self.fail(r"a number after a factor: write \cdot between them")
        if bare and not self._starts_function():
            self.fail(
                "does this still belong to the function's argument? "
                "use brackets"
            )
        return ""

    def _starts_function(self) -> bool:
        return self.here.text in FUNCTIONS

    def starts_factor(self) -> bool:
        token = self.here
        if token.kind == "end" or token.kind == "quad":
            return False
        if token.kind == "text":
            return False
        if token.kind == "num" or self.starts_symbol():
            return True
        if token.text in ("(", "[", "{", r"\{"):
            return True
        if self.opens_bars():
            return True
        size = SIZES.match(token.text)
        if size:
            return not self._closes_size()
        return token.text in FUNCTIONS or token.text in self.STRUCTURES

    def _closes_size(self) -> bool:
        name = self.here.text
        if name == r"\right" or (name.endswith("r") and name != r"\bigr"):
            return True
        if name == r"\bigr":
            return True
        after = self.peek().text
        if after in (")", "]", r"\}", r"\rangle", r"\rvert", r"\rVert"):
            return True
        return after in ("|", r"\|", r"\vert", r"\Vert") and bool(self.bars)

    def factor(self) -> Node:
        """A factor with all that is written after it: scripts and `!`."""
        self.bare_argument = False
        opening = self.here
        start = opening.at
        node = self.atom()
        if self.bare_argument:
            return node
        if opening.text in _FRACTIONS and self.here.text in ("^", "_"):
            self.fail(
                "does this belong to the whole fraction? use brackets: "
                r"\left(\frac{…}{…}\right)" + self.here.text
            )
        node = self.scripts(node)
        if isinstance(node, Derivative) and self._opens_call():
            self._no_place()
        if isinstance(node, Symbol) and self._opens_call():
            node = self._call(node)
            node = self.scripts(node)
        while self.here.text == "!":
            self.next()
            node = Factorial(node, at=start, end=self.last_end)
        self.bare_argument = False
        return node

    def atom(self) -> Node:
        token = self.here
        if token.kind == "num":
            return self._number()
        if token.text in FUNCTIONS:
            return self.function()
        if token.text in (r"\mathrm", r"\operatorname", r"\operatorname*"):
            named = self._named_function()
            if named is not None:
                return named
        if token.text == "{":
            return self.braced(self.expression)
        structure = self.structure()
        if structure is not None:
            return structure
        if self.starts_symbol() and token.kind != "text":
            return self.letter()
        if token.kind == "text":
            self.fail(
                "words are not evaluated; put them beside the formula or "
                "into a column of reasons"
            )
        if token.text in _STOPS or token.kind == "end":
            self.fail(f"something is missing before {self.describe(token)}")
        hint = _UNREAD.get(token.text)
        raise self.failure(
            f"{self.describe(token)} is not read by the press"
            + (f": {hint}" if hint else "")
        )

    def _number(self) -> Number:
        token = self.next()
        digits = token.text.replace("{,}", "").replace(r"\,", "")
        percent = self.take(r"\%")
        return Number(digits, percent, at=token.at, end=self.last_end)

    def _opens_call(self) -> bool:
        size, delimiter = self.delimiter()
        if delimiter != "(":
            return False
        return not size or not size.endswith(("r", "right"))

    def _no_place(self) -> None:
        """Brackets behind a derivative may say where it is taken."""
        opening, saved = self.here, self.pos
        args = self.arguments()
        lone = len(args) > 1 or isinstance(args[0], Symbol | Number)
        if lone and self.here.text != "^":
            self.fail(
                r"times this, or taken there? write \cdot, or "
                r"\left. … \right\rvert_{x = …}",
                opening,
            )
        self.pos = saved

    def _call(self, symbol: Symbol) -> Node:
        args = self.arguments()
        return Call(symbol, args, at=symbol.at, end=self.last_end)

    def arguments(self) -> tuple[Node, ...]:
        """What stands in the brackets at the cursor, between commas."""
        opening = self.skip_delimiter()
        closing = {"(": ")", "[": "]", r"\{": r"\}"}[opening.text]
        items: list[Node] = []
        with self.nested():
            while True:
                items.append(self.expression())
                if not self.take(",", ";"):
                    break
            if self.delimiter()[1] != closing:
                self._unclosed(opening)
            self.skip_delimiter()
        return tuple(items)

    def function(self) -> Node:
        token = self.next()
        name = FUNCTIONS[token.text]
        if name in ("min", "max") and self.here.text == "_":
            return self.over(token)
        return self._applied(name, token.at)

    def _named_function(self) -> Node | None:
        saved = self.pos
        start = self.next().at
        word, _ = self.word()
        word = word.replace(r"\,", "")
        if word in NAMED:
            if word == "Var" and self.here.text == "_":
                return self.expectation("Var", start)
            if self.delimiter()[1] in ("(", "[") or self.starts_factor():
                return self._applied(word, start)
        if word in ("arg", "argmax", "argmin"):
            self.fail("arg max is not read by the press")
        self.pos = saved
        return None

    def _applied(self, name: str, start: int) -> Node:
        primes, base, power = 0, None, None
        while self.here.text in ("'", "^", "_"):
            if self.take("'"):
                primes += 1
            elif self.here.text == "_":
                if name != "log":
                    self.fail(f"an index on {name} is not read")
                self.next()
                base = self.script_argument()
            else:
                power = self._function_power(name)
        args, bare = self._function_arguments(name)
        node: Node = Apply(
            name, args, base, primes, at=start, end=self.last_end
        )
        if power is not None:
            node = Power(node, power, at=start, end=self.last_end)
        if not bare and power is None:
            node = self.scripts(node)
        if bare:
            self.bare_argument = True
        return node

    def _function_power(self, name: str) -> Node:
        token = self.next()
        power = self.script_argument()
        if name not in _POWERED or isinstance(power, Negative):
            self.fail(
                f"a power of {name} before its argument is not read; "
                "write the power outside of brackets",
                token,
            )
        return power

    def script_argument(self) -> Node:
        if self.here.text == "{":
            return self.braced(self.expression)
        return self._single()

    def _function_arguments(self, name: str) -> tuple[tuple[Node, ...], bool]:
        delimiter = self.delimiter()[1]
        allowed = ("(", "[", r"\{") if name in ("min", "max") else ("(", "[")
        if delimiter in allowed:
            args = self.arguments()
            several = name in ("min", "max")
            if len(args) > 1 and not several:
                raise FormulaError(
                    f"{name} takes one argument",
                    args[1].at,
                    args[1].width,
                )
            return args, False
        if not self.starts_factor():
            self.fail(f"{name} lacks its argument")
        if self._starts_function():
            self.fail("a function of a function: use brackets")
        node = self.factor()
        return (node,), True
