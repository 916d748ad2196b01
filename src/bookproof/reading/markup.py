"""Broken markup: what Markdown would let pass, and print wrongly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from markdown_it.token import Token

from bookproof.diagnostics import Finding, Place, Text
from bookproof.reading import texts
from bookproof.reading.markdown import Piece
from bookproof.reading.table import REFUSED, TABLE

BROKEN: Final = "broken-markup"
#: Broken fences have a rule of their own: they may swallow chunks.
FENCE: Final = "broken-fence"
REFUSED_RULE: Final = "refused-markup"

#: Characters at which Python and Markdown disagree about where lines end, or
#: that nobody sees.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f\x85\u061c\u200b\u200e\u200f\u2028-\u202e"
    r"\u2060-\u2069\ufeff]"
)
_STRAY = re.compile(r"`+|\$+")
_BRACED = re.compile(r"\{[A-Za-z][\w:+-]*\}")
_SUBSTITUTION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_CONTAINER_MARKS = re.compile(r"[\s>]*([-*+]|\d+[.)])?[\s>]*")


def character_findings(text: str, file: str) -> list[Finding]:
    """Tabs and control characters, which shift columns and split lines."""
    findings = []
    for number, line in enumerate(text.split("\n"), 1):
        for found in _CONTROL.finditer(line):
            name = f"U+{ord(found.group()):04X}"
            findings.append(
                Finding(
                    "character",
                    f"the character {name} has no place in a chapter",
                    Place(file, number, found.start() + 1),
                )
            )
        if "\t" in line:
            findings.append(
                Finding(
                    "character",
                    "a tab: write spaces, so that columns mean something",
                    Place(file, number, line.index("\t") + 1),
                )
            )
    return findings


def without_controls(text: str) -> str:
    """The text as it is read: what `character_findings` names is replaced,
    so that Python, Markdown and MyST see the same lines."""
    return _CONTROL.sub("\ufffd", text)


def inline_findings(pieces: Sequence[Piece], content: Text) -> list[Finding]:
    """Stray backticks and dollars, substitutions and braced names among
    printed words."""
    literal = [" "] * len(content.text)
    findings: list[Finding] = []
    for piece in pieces:
        source = content.text[piece.start : piece.end]
        if piece.kind == "text" and piece.text == source:
            literal[piece.start : piece.end] = source
        elif piece.token is not None:
            findings += _token_findings(piece, content)
    printed = "".join(literal)
    for found in _STRAY.finditer(printed):
        mark = found.group()[0]
        name = "backtick" if mark == "`" else "dollar"
        findings.append(
            Finding(
                BROKEN,
                f"a {name} without its partner",
                content.place(found.start()),
                width=len(found.group()),
                notes=(f"a {name} that is meant is written \\{mark}",),
            )
        )
    for found in _SUBSTITUTION.finditer(printed):
        findings.append(
            Finding(
                REFUSED_RULE,
                "a substitution is not made, but printed as it stands",
                content.place(found.start()),
                width=len(found.group().split("\n")[0]),
                notes=("write the words; braces that are meant are \\{\\{",),
            )
        )
    for found in _BRACED.finditer(_SUBSTITUTION.sub(_blank, printed)):
        findings.append(
            Finding(
                BROKEN,
                f"{found.group()} is printed as it stands here",
                content.place(found.start()),
                width=len(found.group()),
                notes=(
                    "a role's name is followed by its text in backticks, "
                    "without a space",
                ),
            )
        )
    return findings


def _blank(found: re.Match[str]) -> str:
    return " " * len(found.group())


def _token_findings(piece: Piece, content: Text) -> Iterable[Finding]:
    assert piece.token is not None
    place = content.place(piece.start)
    if piece.token.type == "html_inline":
        yield Finding(
            REFUSED_RULE,
            "HTML cannot be read by the press",
            place,
            width=piece.end - piece.start,
        )
    if piece.token.type == "code_inline" and len(piece.token.markup) > 2:
        yield Finding(
            BROKEN,
            "a fence that was read as code within the line",
            place,
            width=len(piece.token.markup),
            notes=("is there a backtick on the fence's first line?",),
        )


def fence_findings(token: Token, name: str, opening: Text) -> list[Finding]:
    """A fence without a language, unclosed, or with half a name."""
    assert token.map is not None
    first, last = token.map
    start = opening.text.find(token.markup)
    place = opening.place(max(start, 0))
    findings = []

    def broken(message: str, *notes: str) -> None:
        findings.append(
            Finding(FENCE, message, place, width=len(token.markup), notes=notes)
        )

    if len(token.content.split("\n")) - 1 != last - first - 2:
        broken("this fence is not closed within its container")
    if not name:
        broken("a fence without a language", "write text if it has none")
    braced = name.startswith("{") and name.endswith("}")
    if not braced and ("{" in name or "}" in name):
        broken(f"{name} is neither a directive nor a language")
    if not braced and name in TABLE and name not in ("code", "math"):
        broken(f"a language called {name}?", f"did you mean {{{name}}}?")
    if not braced and token.type == "colon_fence":
        broken("a colon fence that is not a directive")
    return findings


def unknown_directive(
    name: str, table: Iterable[str], opening: Text
) -> Finding:
    """A directive outside the closed table."""
    place = texts.strip(opening).place()
    width = len(opening.text.strip())
    if name in REFUSED:
        return Finding(
            REFUSED_RULE,
            f"{{{name}}} cannot be read by the press",
            place,
            width=width,
            notes=(REFUSED[name],),
        )
    return Finding(
        BROKEN,
        f"there is no directive {{{name}}}",
        place,
        width=width,
        notes=_did_you_mean(name, table),
    )


def unknown_role(
    name: str, roles: Iterable[str], place: Place, width: int
) -> Finding:
    """A role outside the closed table."""
    return Finding(
        BROKEN,
        f"there is no role {{{name}}}",
        place,
        width=width,
        notes=_did_you_mean(name, roles),
    )


def _did_you_mean(name: str, names: Iterable[str]) -> tuple[str, ...]:
    near = get_close_matches(name, list(names), n=1)
    return tuple(f"did you mean {{{other}}}?" for other in near)


def row_cells(line: Text) -> list[Text]:
    """The cells of a table's row, split as Markdown splits them."""
    segments, start, escaped = [], 0, False
    for offset, mark in enumerate(line.text):
        if mark == "|" and not escaped:
            segments.append(texts.cut(line, start, offset))
            start = offset + 1
        escaped = mark == "\\"
    segments.append(texts.cut(line, start))
    if segments and _CONTAINER_MARKS.fullmatch(segments[0].text):
        segments = segments[1:]
    if segments and not segments[-1].text.strip():
        segments = segments[:-1]
    return [texts.strip(segment) for segment in segments]


def table_findings(token: Token, lines: Sequence[Text]) -> list[Finding]:
    """Rows whose cells are not as many as the header's, and escaped bars."""
    assert token.map is not None
    first, last = token.map
    columns = len(row_cells(lines[first]))
    findings = []
    for line in (lines[first], *lines[first + 2 : last]):
        cells = row_cells(line)
        if len(cells) != columns:
            findings.append(
                Finding(
                    BROKEN,
                    f"a row of {len(cells)} cells under a header of {columns}",
                    texts.strip(line).place(),
                    width=len(line.text.strip()),
                    notes=(
                        "a bar within a cell ends the cell, "
                        "even in code and mathematics: write \\lVert, \\lvert",
                    ),
                )
            )
        at = line.text.find("\\|")
        if at >= 0:
            findings.append(
                Finding(
                    BROKEN,
                    "an escaped bar in a table loses its backslash",
                    line.place(at),
                    width=2,
                    notes=("write \\lVert … \\rVert",),
                )
            )
    return findings


def list_findings(
    tokens: Sequence[Token], at: int, lines: Sequence[Text]
) -> list[Finding]:
    """An ordered list that does not count from one, by one."""
    level = tokens[at].level
    findings = []
    expected = 1
    for token in tokens[at + 1 :]:
        if token.type == "ordered_list_close" and token.level == level:
            break
        if token.type != "list_item_open" or token.level != level + 1:
            continue
        assert token.map is not None
        if token.info != str(expected):
            findings.append(
                Finding(
                    BROKEN,
                    f"an item {token.info} where {expected} is due",
                    texts.strip(lines[token.map[0]]).place(),
                    width=len(token.info),
                )
            )
            break
        expected += 1
    return findings
