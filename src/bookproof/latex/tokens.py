"""Cut a formula into tokens; expand macros; refuse what hides things."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple

from bookproof.latex.errors import FormulaError
from bookproof.latex.limits import MAX_DIGITS

MAX_FORMULA = 10_000
_MAX_TOKENS = 20_000


class Token(NamedTuple):
    """`kind` is num, letter, cmd, char, text, quad or end."""

    kind: str
    text: str
    at: int
    end: int


_NUMBER = re.compile(
    r"\d{1,3}(?:(?:\{,\}|\\,)\d{3})+(?!\d)(?:\.\d+)?|\d+(?:\.\d+)?"
)
_COMMAND = re.compile(r"\\(?:[a-zA-Z]+\*?|.)", re.DOTALL)
_SPACES = {r"\,", r"\;", r"\:", r"\!", r"\ ", r"\>", "\\\n"}
_LAYOUT = {
    r"\displaystyle",
    r"\textstyle",
    r"\scriptstyle",
    r"\limits",
    r"\nolimits",
    r"\notag",
    r"\nonumber",
    r"\thinspace",
    r"\enspace",
}
_QUADS = {r"\quad", r"\qquad"}
_WORDS = {r"\text", r"\textrm", r"\textit", r"\mbox", r"\textbf"}
_REFUSED = {
    r"\def",
    r"\edef",
    r"\gdef",
    r"\xdef",
    r"\let",
    r"\newcommand",
    r"\renewcommand",
    r"\providecommand",
    r"\DeclareMathOperator",
    r"\href",
    r"\url",
    r"\includegraphics",
    r"\phantom",
    r"\hphantom",
    r"\vphantom",
    r"\smash",
    r"\mathllap",
    r"\mathrlap",
    r"\llap",
    r"\rlap",
    r"\clap",
    r"\color",
    r"\textcolor",
    r"\colorbox",
    r"\fcolorbox",
    r"\require",
    r"\kern",
    r"\mkern",
    r"\hskip",
    r"\hspace",
    r"\raisebox",
    r"\tag",
    r"\label",
    r"\ref",
    r"\cancel",
    r"\bcancel",
    r"\xcancel",
    r"\sout",
    r"\htmlClass",
    r"\htmlId",
    r"\htmlStyle",
    r"\htmlData",
}
_BACK = re.compile(r"\\!(?:\s*\\!)+")
_ARGUMENT = re.compile(r"#([1-9])")


def tokenize(text: str, macros: Mapping[str, str] | None = None) -> list[Token]:
    """The tokens of a formula, macros expanded, spaces dropped, end last.

    Tokens that a macro made carry the place of the macro's use.
    """
    if len(text.encode()) > MAX_FORMULA:
        raise FormulaError("a formula is at most 10 kB long", rule="limit")
    tokens = _scan(text)
    if macros:
        tokens = _expand(tokens, macros, 0)
    end = len(text.rstrip())
    tokens.append(Token("end", "", end, end + 1))
    return tokens


def _scan(text: str) -> list[Token]:
    tokens: list[Token] = []
    at = 0
    back = _BACK.search(text)
    if back is not None:
        raise FormulaError(
            r"several \! print one sign over another",
            back.start(),
            len(back.group()),
            rule="refused",
        )
    while at < len(text):
        char = text[at]
        if char.isspace() or char == "~":
            at += 1
            continue
        token = _token(text, at)
        if token is not None:
            tokens.append(token)
            at = token.end
        else:
            match = _COMMAND.match(text, at)
            at = match.end() if match else at + 1
    return tokens


def _token(text: str, at: int) -> Token | None:
    char = text[at]
    if char.isascii() and char.isdigit():
        match = _NUMBER.match(text, at)
        assert match is not None
        if len(match.group()) > MAX_DIGITS:
            raise FormulaError(
                f"a number of more than {MAX_DIGITS} digits",
                at,
                len(match.group()),
                rule="limit",
            )
        return Token("num", match.group(), at, match.end())
    if char == "\\":
        return _command(text, at)
    if not char.isascii():
        raise _confusable(char, at)
    if char == "%":
        raise FormulaError(
            "% starts a comment in LaTeX: what follows is not on the page; "
            r"write \% for a percentage",
            at,
            rule="refused",
        )
    if char in '#$"`@?':
        raise FormulaError(f"{char} has no meaning in a formula", at)
    return Token("letter" if char.isalpha() else "char", char, at, at + 1)


def _command(text: str, at: int) -> Token | None:
    match = _COMMAND.match(text, at)
    if match is None:
        raise FormulaError("a lone backslash", at)
    name = match.group()
    if name.endswith("*") and name != r"\operatorname*":
        name = name[:-1]
    end = at + len(name)
    if name in _REFUSED or name.startswith(r"\html"):
        raise FormulaError(
            f"{name} is refused in mathematics: it can make the page differ "
            "from what is checked",
            at,
            len(name),
            rule="refused",
        )
    if name in _SPACES or name in _LAYOUT:
        return None
    if name in _QUADS:
        return Token("quad", name, at, end)
    if name in _WORDS:
        return _words(text, at, end)
    return Token("cmd", name, at, end)


def _words(text: str, at: int, start: int) -> Token:
    while start < len(text) and text[start].isspace():
        start += 1
    if start >= len(text) or text[start] != "{":
        raise FormulaError(r"\text needs its words in braces", at, start - at)
    end = text.find("}", start)
    if end < 0:
        raise FormulaError(r"the brace of \text is not closed", start)
    words = text[start + 1 : end]
    for offset, char in enumerate(words, start + 1):
        if char.isdigit():
            raise FormulaError(
                r"\text holds no digits: they would not be checked",
                offset,
                rule="refused",
            )
        if char in "{$\\":
            raise FormulaError(
                r"\text holds words only; close it before the mathematics",
                offset,
                rule="refused",
            )
    return Token("text", words.strip(), at, end + 1)


def _confusable(char: str, at: int) -> FormulaError:
    name = unicodedata.name(char, "an unnamed character").lower()
    plain = unicodedata.normalize("NFKC", char)
    hint = "write it in LaTeX"
    if char in "−–—":
        hint = "write the ASCII sign -"
    elif plain.isascii() and plain != char:
        hint = f"write {plain}"
    elif "letter" in name and ("cyrillic" in name or "greek" in name):
        hint = "write a Latin letter or a LaTeX command such as \\alpha"
    return FormulaError(
        f"{char} ({name}) in a formula: {hint}", at, rule="refused"
    )


def _expand(
    tokens: list[Token], macros: Mapping[str, str], depth: int
) -> list[Token]:
    if depth > 20:
        raise FormulaError("a macro that expands to itself", tokens[0].at)
    out: list[Token] = []
    position = 0
    while position < len(tokens):
        token = tokens[position]
        position += 1
        body = macros.get(token.text) if token.kind == "cmd" else None
        if body is None:
            out.append(token)
            continue
        count = max(map(int, _ARGUMENT.findall(body)), default=0)
        arguments = []
        for _ in range(count):
            argument, position = _argument(tokens, position, token)
            arguments.append(argument)
        made = _substitute(body, arguments, token)
        out += _expand(made, macros, depth + 1) if made else []
        if len(out) > _MAX_TOKENS:
            raise FormulaError("macros make this too long", token.at)
    return out


def _argument(
    tokens: list[Token], position: int, macro: Token
) -> tuple[list[Token], int]:
    if position >= len(tokens):
        raise FormulaError(
            f"{macro.text} lacks an argument", macro.at, len(macro.text)
        )
    if tokens[position].text != "{":
        return [tokens[position]], position + 1
    depth, end = 0, position
    while end < len(tokens):
        depth += {"{": 1, "}": -1}.get(tokens[end].text, 0)
        if depth == 0:
            return tokens[position + 1 : end], end + 1
        end += 1
    raise FormulaError("a brace is not closed", tokens[position].at)


def _substitute(
    body: str, arguments: list[list[Token]], macro: Token
) -> list[Token]:
    made: list[Token] = []
    parts = _ARGUMENT.split(body)
    for number, part in enumerate(parts):
        if number % 2:
            made += arguments[int(part) - 1]
        else:
            made += [
                token._replace(at=macro.at, end=macro.end)
                for token in _scan(part)
            ]
    return made
