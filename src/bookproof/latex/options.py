"""The options of a claim, read from their text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NoReturn

from bookproof.diagnostics import Text
from bookproof.latex.errors import FormulaError
from bookproof.latex.statements import read_symbol
from bookproof.latex.tree import Symbol
from bookproof.reading import python

_LOOP = re.compile(r"\s*(?P<letter>\S.*?)\s+in\s+(?P<python>\S.*?)\s*\Z", re.S)
_BIND = re.compile(
    r"\s*(?P<letter>\S[^=]*?)\s*=\s*(?P<python>\S.*?)\s*\Z", re.S
)
MAX_RTOL = 1e-6


@dataclass(frozen=True, slots=True)
class Binding:
    """A LaTeX symbol and the Python that gives its value or values."""

    symbol: Symbol
    python: str
    at: int


@dataclass(slots=True)
class Options:
    """What the options of a claim say."""

    loops: list[Binding] = field(default_factory=list)
    where: list[Binding] = field(default_factory=list)
    along: Binding | None = None
    given: str | None = None
    assuming: str | None = None
    draws: int = 5
    rtol: float = 0.0
    rows: tuple[Symbol, ...] = ()
    layout: str = "numerator"
    loose: bool = False


class OptionError(Exception):
    """A bad option: the finding's pieces."""

    def __init__(self, error: FormulaError, text: Text) -> None:
        super().__init__(error.message)
        self.error = error
        self.text = text


def read_options(
    options: Mapping[str, Text], macros: Mapping[str, str]
) -> Options:
    """The options of a claim."""
    out = Options()
    for name, text in options.items():
        try:
            _read(out, name, text.text, macros)
        except FormulaError as error:
            if error.rule == "latex":
                error.rule = "option"
            raise OptionError(error, text) from None
    if "draws" in options and out.given is None:
        idle = FormulaError(":draws: without :given:", rule="option")
        raise OptionError(idle, options["draws"])
    return out


def _read(
    out: Options, name: str, text: str, macros: Mapping[str, str]
) -> None:
    if name == "for":
        out.loops = _bindings(text, _LOOP, "letter in Python", macros)
    elif name == "where":
        out.where = _bindings(text, _BIND, "symbol = Python", macros)
    elif name == "along":
        found = _bindings(text, _LOOP, "letter in [values]", macros)
        if len(found) != 1:
            _fail(":along: takes one letter")
        out.along = found[0]
    elif name == "given":
        out.given = _python(text)
    elif name == "assuming":
        out.assuming = _python(text)
    elif name == "draws":
        out.draws = _draws(text)
    elif name == "rtol":
        out.rtol = _rtol(text)
    elif name == "rows":
        out.rows = tuple(
            _symbol(part, at, macros) for part, at in _split(text, ",")
        )
    elif name == "layout":
        if text.strip() not in ("numerator", "denominator"):
            _fail(":layout: is numerator or denominator")
        out.layout = text.strip()
    elif name == "loose":
        if not text.strip():
            _fail(":loose: needs its reason")
        out.loose = True


def _fail(message: str, at: int = 0, width: int = 1) -> NoReturn:
    raise FormulaError(message, at, width, rule="option")


def _python(text: str) -> str:
    source = text.strip()
    try:
        python.parse(source, mode="eval")
    except SyntaxError as error:
        _fail(f"not a Python expression: {error.msg}", 0, len(source))
    return source


def _draws(text: str) -> int:
    text = text.strip()
    if not text.isdecimal() or (len(text) < 9 and int(text) < 5):
        _fail(":draws: is a whole number, five or more", 0, len(text))
    if len(text) > 9 or int(text) > 100_000:
        _fail(":draws: is at most 100000", 0, len(text))
    return int(text)


def _rtol(text: str) -> float:
    number, _, reason = text.strip().partition(" ")
    try:
        value = float(number)
    except ValueError:
        _fail(":rtol: begins with a number such as 1e-9", 0, len(number))
    if not 0 < value < 1:
        _fail(":rtol: is between 0 and 1", 0, len(number))
    if value > MAX_RTOL and not reason.strip():
        _fail(
            ":rtol: above 1e-6 needs its reason after the number",
            0,
            len(number),
        )
    return value


def _bindings(
    text: str, pattern: re.Pattern[str], form: str, macros: Mapping[str, str]
) -> list[Binding]:
    out = []
    for part, at in _split(text, ";"):
        match = pattern.match(part)
        if match is None:
            _fail(f"expected `{form}`", at, len(part))
        letter = match["letter"]
        symbol = _symbol(letter, at + match.start("letter"), macros)
        try:
            python.parse(match["python"], mode="eval")
        except SyntaxError as error:
            _fail(
                f"not a Python expression: {error.msg}",
                at + match.start("python"),
                len(match["python"]),
            )
        out.append(Binding(symbol, match["python"], at))
    if not out:
        _fail(f"expected `{form}`")
    return out


def _symbol(text: str, at: int, macros: Mapping[str, str]) -> Symbol:
    try:
        node = read_symbol(text, macros)
    except FormulaError as error:
        error.at += at
        error.rule = "option"
        raise
    if not isinstance(node, Symbol):
        _fail("expected one LaTeX symbol", at, len(text))
    return node


def _split(text: str, mark: str) -> list[tuple[str, int]]:
    """Split at marks outside of brackets and quotes, with offsets."""
    parts, start, depth, quote, last = [], 0, 0, "", ""
    for at, char in enumerate(text):
        before, last = last, last if char.isspace() else char
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and before in tuple("([{,="):
            quote = char
        elif char in "([{":
            depth += 1
        elif char in ")]}":
            depth -= 1
        elif char == mark and depth == 0:
            parts.append((text[start:at], start))
            start = at + 1
    parts.append((text[start:], start))
    return [(part, at) for part, at in parts if part.strip()]
