"""The blank lines between two pieces of code, as `ruff format` leaves them."""

from __future__ import annotations

import io
import token as tokens
import tokenize
from collections.abc import Sequence
from functools import lru_cache

_CLOSERS = (")", "]", "}")
_CONTINUES = ("elif", "else", "except", "finally")
_DEFINES = ("def", "class", "async", "@")
_IGNORED = (tokens.NL, tokens.NEWLINE, tokens.INDENT, tokens.DEDENT)


@lru_cache(maxsize=8)
def scan(code: str) -> Sequence[tokenize.TokenInfo]:
    """The tokens of a piece of Python, as far as it can be read."""
    found = []
    try:
        for piece in tokenize.generate_tokens(io.StringIO(code).readline):
            found.append(piece)
    except (tokenize.TokenError, IndentationError, SyntaxError):
        pass
    return found


def gap(before: Sequence[str], after: Sequence[str], top: bool = True) -> int:
    """The number of blank lines between the lines `before` and `after`.

    `before` is all that precedes in the file, or (`top` false) all since a
    gap of two lines where it `is_whole`; `after` is the next piece, its title
    included.
    """
    code = [line for line in after if line.strip()]
    first = next((line for line in code if not _is_comment(line)), "")
    last = next((line for line in reversed(before) if line.strip()), "")
    if not last or not code or _sticks(before, last, first):
        return 0
    if _indent(code[0]) > 0:
        return 1
    statement = _last_statement(before, top)
    if statement == "import" and first.startswith(("import ", "from ")):
        return 0
    if statement in ("docstring", "import"):
        return 2 if first.startswith(_DEFINES) else 1
    return 2


def _sticks(before: Sequence[str], last: str, first: str) -> bool:
    """Whether no blank line may stand here."""
    words = first.strip()
    if words.startswith(_CLOSERS):
        return True
    word = words.split(":")[0].split("(")[0].split()
    if word and word[0] in _CONTINUES:
        return True
    bare = last.strip()
    if bare.startswith(("#", "@")) or bare.endswith("\\"):
        return True
    depth, ending = 0, ""
    for piece in scan("\n".join(before) + "\n"):
        if piece.type == tokens.OP and piece.string in "([{":
            depth += 1
        elif piece.type == tokens.OP and piece.string in ")]}":
            depth -= 1
        if piece.type not in (*_IGNORED, tokens.COMMENT, tokens.ENDMARKER):
            ending = piece.string
    return depth > 0 or ending == ":"


def is_whole(before: Sequence[str]) -> bool:
    """Whether nothing (a bracket, a string) is left open at the end."""
    types = [piece.type for piece in scan("\n".join(before) + "\n")]
    return types[-1:] == [tokens.ENDMARKER]


def _last_statement(before: Sequence[str], top: bool) -> str:
    """What the last statement at column 0 is: import, docstring or other."""
    kind, count, fresh, lone = "other", 0, True, False
    for piece in scan("\n".join(before) + "\n"):
        if piece.type in (tokens.COMMENT, tokens.NL, tokens.ENDMARKER):
            continue
        if piece.type == tokens.NEWLINE:
            if lone and count == 1 and top:
                kind = "docstring"
            fresh, lone = True, False
            continue
        if piece.type in (tokens.INDENT, tokens.DEDENT):
            continue
        if fresh:
            fresh, count = False, count + 1
            indented = piece.start[1] > 0
            word = "" if indented else piece.string
            kind = "import" if word in ("import", "from") else "other"
            lone = piece.type == tokens.STRING
        else:
            lone = False
    return kind


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith("#")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def inner_string_lines(code: str) -> set[int]:
    """The lines (from 0) that begin within a string which is no docstring.

    Indenting them would change the string's value.
    """
    lines: set[int] = set()
    begins = True
    pieces = list(scan(code + "\n"))
    starts: list[int] = []
    for number, piece in enumerate(pieces):
        name = tokens.tok_name[piece.type]
        if name == "FSTRING_START":
            starts.append(piece.start[0])
        elif name == "FSTRING_END" and starts:
            lines |= set(range(starts.pop(), piece.end[0]))
        elif piece.type == tokens.STRING and piece.end[0] > piece.start[0]:
            ends = (
                number + 1 < len(pieces)
                and pieces[number + 1].type == tokens.NEWLINE
            )
            if not (begins and ends):
                lines |= set(range(piece.start[0], piece.end[0]))
        begins = piece.type in (*_IGNORED, tokens.COMMENT)
    return lines
