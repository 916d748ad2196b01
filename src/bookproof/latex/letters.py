"""Letters with their fonts and accents."""

from __future__ import annotations

import re
from dataclasses import replace

from bookproof.latex.stream import Stream
from bookproof.latex.tokens import Token
from bookproof.latex.tree import (
    Node,
    Symbol,
)

GREEK = frozenset(
    rf"\{name}"
    for name in re.findall(
        r"\w+",
        """alpha beta gamma delta epsilon varepsilon zeta eta theta vartheta
        iota kappa varkappa lambda mu nu xi pi varpi rho varrho sigma
        varsigma tau upsilon phi varphi chi psi omega Gamma Delta Theta
        Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar imath jmath""",
    )
)
ACCENTS = {
    r"\hat": r"\hat",
    r"\widehat": r"\hat",
    r"\bar": r"\bar",
    r"\overline": r"\overline",
    r"\dot": r"\dot",
    r"\ddot": r"\ddot",
    r"\tilde": r"\tilde",
    r"\widetilde": r"\tilde",
    r"\vec": r"\vec",
    r"\check": r"\check",
    r"\breve": r"\breve",
}
CLEAR_FONTS = {r"\mathbf", r"\boldsymbol", r"\bm", r"\mathit", r"\bold"}
FONTS = {r"\mathcal", r"\mathscr", r"\mathfrak", r"\mathbb", r"\mathsf"}
ROMAN = {r"\mathrm", r"\operatorname", r"\operatorname*"}


class Letters(Stream):
    """Reads a letter; the classes above read what is around it."""

    def expression(self) -> Node:
        raise NotImplementedError

    def starts_factor(self) -> bool:
        raise NotImplementedError

    def factor(self) -> Node:
        raise NotImplementedError

    def term(self) -> Node:
        raise NotImplementedError

    def arguments(self) -> tuple[Node, ...]:
        raise NotImplementedError

    def starts_symbol(self) -> bool:
        token = self.here
        if token.kind == "letter" or token.text in GREEK | ACCENTS.keys():
            return True
        if token.text in CLEAR_FONTS | FONTS | ROMAN:
            return True
        return token.kind == "text"

    def symbol(self) -> Symbol:
        """A symbol with labels and indices, without powers."""
        start = self.here.at
        bare = self.letter()
        node = self.scripts(bare)
        if not isinstance(node, Symbol):
            self.fail("expected a symbol without powers", self._since(start))
        return node

    def _since(self, start: int) -> Token:
        return Token("char", "", start, max(self.last_end, start + 1))

    def letter(self) -> Symbol:
        """A letter with font and accents."""
        token = self.here
        if token.text in ACCENTS:
            return self._accented()
        if token.text in CLEAR_FONTS | FONTS | ROMAN:
            return self._in_font()
        if token.kind == "text":
            self.next()
            return self._roman(token.text, token)
        if token.kind == "letter" or token.text in GREEK:
            self.next()
            return Symbol(token.text, at=token.at, end=token.end)
        raise self.failure(f"expected a symbol, found {self.describe(token)}")

    def _roman(self, word: str, token: Token) -> Symbol:
        if not word or not all(c.isalpha() or c in " -" for c in word):
            self.fail("expected a word", token)
        name = rf"\mathrm{{{word}}}"
        return Symbol(name, at=token.at, end=self.last_end)

    def _accented(self) -> Symbol:
        token = self.next()
        accent = ACCENTS[token.text]
        if self.take("{"):
            inner = self.symbol()
            self.expect("}", "one symbol under the accent")
        else:
            inner = self.letter()
        accents = (accent, *inner.accents)
        return replace(inner, accents=accents, at=token.at, end=self.last_end)

    def _in_font(self) -> Symbol:
        font = self.next()
        if font.text in CLEAR_FONTS and self._holds_symbol():
            braced = self.take("{")
            inner = self.symbol() if braced else self.letter()
            if braced:
                self.expect("}", "one symbol in this font")
            return replace(inner, at=font.at, end=self.last_end)
        word, _ = self.word()
        if font.text in ROMAN:
            name = rf"\mathrm{{{word.replace(chr(92) + ',', ' ')}}}"
        elif word == "1":
            name = r"\mathbf{1}"
        elif font.text in CLEAR_FONTS:
            self.fail("expected a letter in this font", font)
        else:
            name = f"{font.text}{{{word}}}"
        return Symbol(name, at=font.at, end=self.last_end)

    def _holds_symbol(self) -> bool:
        token = self.peek() if self.here.text == "{" else self.here
        return token.kind != "num"

    def scripts(self, base: Node) -> Node:
        raise NotImplementedError
