"""A cursor over tokens, with the look-ahead that the grammar needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from bookproof.latex.errors import FormulaError
from bookproof.latex.tokens import Token
from bookproof.latex.tree import Node
from bookproof.rules import Rule

MAX_NESTING = 200
SIZES = re.compile(r"\\(left|right|(?:big|Big|bigg|Bigg)[lrm]?)\Z")


class Stream:
    """Tokens and a position in them."""

    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.pos = 0
        self.depth = 0
        self.brackets = 0
        self.bars: list[str] = []
        self.in_script = False
        # Whether a function has just taken an argument without brackets.
        self.bare_argument = False

    @property
    def here(self) -> Token:
        return self.tokens[self.pos]

    def peek(self, ahead: int = 1) -> Token:
        return self.tokens[min(self.pos + ahead, len(self.tokens) - 1)]

    def next(self) -> Token:
        token = self.tokens[self.pos]
        if token.kind != "end":
            self.pos += 1
        return token

    @property
    def last_end(self) -> int:
        """Where the token before the cursor ends."""
        return self.tokens[self.pos - 1].end if self.pos else 0

    def take(self, *texts: str) -> bool:
        """Step over the next token if it is one of `texts`."""
        if self.here.text in texts and self.here.kind != "text":
            self.pos += 1
            return True
        return False

    def expect(self, text: str, what: str) -> Token:
        if self.here.text != text or self.here.kind == "text":
            self.fail(f"expected {what}, found {self.describe(self.here)}")
        return self.next()

    def fail(
        self,
        message: str,
        token: Token | None = None,
        *,
        rule: Rule = "latex",
    ) -> NoReturn:
        raise self.failure(message, token, rule=rule)

    def failure(
        self,
        message: str,
        token: Token | None = None,
        *,
        rule: Rule = "latex",
    ) -> FormulaError:
        """An error at `token`, or at the cursor."""
        token = token or self.here
        return FormulaError(message, token.at, token.end - token.at, rule=rule)

    @staticmethod
    def describe(token: Token) -> str:
        if token.kind == "end":
            return "the end of the formula"
        return r"\text" if token.kind == "text" else token.text

    @contextmanager
    def nested(self) -> Iterator[None]:
        self.brackets += 1
        if self.brackets > MAX_NESTING:
            self.fail(f"nested more than {MAX_NESTING} deep", rule="limit")
        bars, self.bars = self.bars, []
        try:
            yield
        finally:
            self.brackets -= 1
            self.bars = bars
            self.bare_argument = False

    def braced(self, inside: Callable[[], Node]) -> Node:
        """`{ inside }`."""
        opening = self.expect("{", "{")
        with self.nested():
            node = inside()
            if self.here.text != "}":
                self._unclosed(opening)
            self.next()
        return node

    def _unclosed(self, opening: Token) -> NoReturn:
        if self.here.kind == "end":
            self.fail(f"this {opening.text} is not closed", opening)
        self.fail(
            f"{self.describe(self.here)} is not expected here, where "
            f"{opening.text} is still open"
        )

    def word(self) -> tuple[str, Token]:
        """The letters and digits in the braces (or token) at the cursor."""
        first = self.here
        if not self.take("{"):
            token = self.next()
            if token.kind not in ("letter", "num"):
                self.fail("expected a letter", token)
            return token.text, token
        parts = []
        while self.here.text != "}":
            token = self.next()
            if token.kind not in ("letter", "num") and token.text not in (
                "-",
                "*",
            ):
                self.fail("expected a word in braces", token)
            parts.append(token.text)
        if not parts:
            self.fail("expected a word in braces")
        self.next()
        return "".join(parts), first

    def closing_brace(self, start: int) -> int:
        """The index of the brace that closes the one at index `start`."""
        depth = 0
        for index in range(start, len(self.tokens)):
            token = self.tokens[index]
            if token.kind == "text":
                continue
            depth += {"{": 1, "}": -1}.get(token.text, 0)
            if depth == 0:
                return index
        raise self.failure("this { is not closed", self.tokens[start])

    def delimiter(self) -> tuple[str, str]:
        r"""The size command before the next delimiter, and the delimiter."""
        match = SIZES.match(self.here.text)
        if match:
            return self.here.text, self.peek().text
        return "", self.here.text

    def skip_delimiter(self) -> Token:
        if SIZES.match(self.here.text):
            self.next()
        return self.next()
