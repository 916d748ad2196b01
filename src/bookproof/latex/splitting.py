r"""Cut a formula into its statements: lines, commas, ranges, reasons."""

from __future__ import annotations

from itertools import pairwise

from bookproof.latex.errors import FormulaError
from bookproof.latex.relating import RELATIONS
from bookproof.latex.tokens import Token

DOTS = {r"\dots", r"\ldots", r"\cdots"}
FOR_WORDS = {"for", "for all", "for each", "where", "with"}
AND_WORDS = {"and"}


def group(tokens: list[Token], start: int) -> list[Token]:
    """The tokens inside the braces at index `start`."""
    if start >= len(tokens) or tokens[start].text != "{":
        return []
    out: list[Token] = []
    for token in tokens[start + 1 :]:
        if token.text == "}":
            return out
        out.append(token)
    return out


_OPEN = {"(", "[", "{", r"\{", r"\begin", r"\langle"}


_CLOSE = {")", "]", "}", r"\}", r"\end", r"\rangle"}


def split(tokens: list[Token]) -> list[list[Token]]:
    """Split at commas and quads outside of brackets; ranges stay whole."""
    pieces: list[list[Token]] = [[]]
    commas: list[Token] = [Token("quad", "", 0, 0)]
    depth = 0
    for token in tokens:
        if token.kind != "text":
            depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if depth <= 0 and (token.kind == "quad" or token.text in (",", ";")):
            pieces.append([])
            commas.append(token)
        elif token.kind == "text" and depth <= 0 and pieces[-1]:
            pieces.append([token])
            commas.append(Token("quad", "", token.at, token.at))
        else:
            pieces[-1].append(token)
    return [p for p in _with_ranges(pieces, commas) if p]


def _with_ranges(
    pieces: list[list[Token]], commas: list[Token]
) -> list[list[Token]]:
    """Join `l = 1`, `\\dots`, `L` again, and a `for` with what follows."""
    out: list[list[Token]] = []
    index = 0
    while index < len(pieces):
        piece = list(pieces[index])
        index += 1
        if [t.text for t in piece] and all(t.text in DOTS for t in piece):
            while (
                out
                and not _relates(piece)
                and (_relates(out[-1]) or _lone(out[-1]))
            ):
                piece = [*out.pop(), _comma(piece), *piece]
                if _relates(piece):
                    break
            while out and _names(out[-1]):
                piece = [*out.pop(), _comma(piece), *piece]
            if index < len(pieces):
                piece = [*piece, commas[index], *pieces[index]]
                index += 1
        elif _only_number(piece) and out and counts(out[-1]):
            piece = [*out.pop(), _comma(piece), *piece]
        elif _lone_word(piece) and index < len(pieces):
            pieces[index] = [*piece, *pieces[index]]
            continue
        out.append(piece)
    return out


def dotted(tokens: list[Token]) -> bool:
    """Whether dots stand between commas: a range."""
    return any(
        two.text in DOTS and one.text == "," for one, two in pairwise(tokens)
    )


def _only_number(piece: list[Token]) -> bool:
    return len(piece) == 1 and piece[0].kind == "num"


def counts(piece: list[Token]) -> bool:
    r"""Whether the piece is the start of a list: `\ell = 1`."""
    return len(piece) > 2 and _names(piece[:1]) and piece[1].text == "="


def lists(piece: list[Token]) -> bool:
    r"""Whether the piece is a list of values: `\ell = 1, 3`.

    The comma in `B = \max(s, 0)` stands in brackets and lists nothing.
    """
    depth = 0
    for token in piece:
        if token.kind != "text":
            depth += (token.text in _OPEN) - (token.text in _CLOSE)
        if token.text == "," and depth == 0:
            return counts(piece)
    return False


def _lone_word(piece: list[Token]) -> bool:
    """Whether the piece is a `for` or `and` with nothing behind it."""
    if len(piece) != 1 or piece[0].kind != "text":
        return False
    return piece[0].text.rstrip(":, ") in FOR_WORDS | AND_WORDS


def _comma(piece: list[Token]) -> Token:
    return Token("char", ",", piece[0].at, piece[0].at)


def _relates(piece: list[Token]) -> bool:
    return any(t.text in RELATIONS for t in piece if t.kind != "text")


def _lone(piece: list[Token]) -> bool:
    return bool(piece) and not _relates(piece) and piece[0].kind != "text"


def _names(piece: list[Token]) -> bool:
    """Whether the piece is one plain letter: `i` of `i, j = 1, …`."""
    return len(piece) == 1 and (
        piece[0].kind == "letter" or piece[0].text == r"\ell"
    )


def rows(tokens: list[Token]) -> list[list[Token]]:
    rows: list[list[Token]] = [[]]
    depth = 0
    skip = 0
    for index, token in enumerate(tokens):
        if skip:
            skip -= 1
            continue
        if token.kind != "text":
            depth += (token.text in (r"\begin", "{")) - (
                token.text in (r"\end", "}")
            )
        if token.text == r"\\" and depth == 0:
            rows.append([])
            skip = _row_gap(tokens, index + 1)
        else:
            rows[-1].append(token)
    return [row for row in rows if any(t.text != "&" for t in row)]


def _row_gap(tokens: list[Token], start: int) -> int:
    r"""How many tokens `[4pt]` after `\\` takes, if it is there."""
    texts = [t.text for t in tokens[start : start + 8]]
    if not texts or texts[0] != "[" or "]" not in texts:
        return 0
    close = texts.index("]")
    unit = "".join(texts[1:close]).lstrip("-0123456789.")
    return close + 1 if unit in ("pt", "em", "ex", "mu", "cm", "mm") else 0


def without_reason(row: list[Token]) -> list[Token]:
    """Drop alignment marks and what stands behind `&&`."""
    depth = 0
    for index, token in enumerate(row[:-1]):
        if token.kind != "text":
            depth += (token.text in (r"\begin", "{")) - (
                token.text in (r"\end", "}")
            )
        if depth == 0 and token.text == "&" and row[index + 1].text == "&":
            _check_reason(row[index + 2 :])
            row = row[:index]
            break
    return [
        token for token, level in _levels(row) if token.text != "&" or level
    ]


def _levels(row: list[Token]) -> list[tuple[Token, int]]:
    depth, out = 0, []
    for token in row:
        if token.text == r"\begin":
            depth += 1
        out.append((token, depth))
        if token.text == r"\end":
            depth -= 1
    return out


def _check_reason(tokens: list[Token]) -> None:
    for token in tokens:
        if token.kind == "text":
            continue
        if token.kind == "num" or token.text in RELATIONS:
            raise FormulaError(
                "a reason is not evaluated: it holds words and symbols, no "
                "number and no relation",
                token.at,
                token.end - token.at,
            )


_CONTINUES = {"+", "-", r"\cdot", r"\times", r"\odot"}


def joined(rows: list[list[Token]]) -> list[list[Token]]:
    """Rows that only continue an expression join the row before."""
    out: list[list[Token]] = []
    for row in rows:
        row = [t for t in row if t.kind != "quad"] if out else row
        if not row:
            continue
        starts = row[0].text
        continues = starts in _CONTINUES and out
        open_left = out and not _relates(out[-1]) and starts in RELATIONS
        if continues or open_left:
            out[-1] = [*out[-1], *row]
        else:
            out.append(row)
    return out


def end_of(piece: list[Token]) -> Token:
    end = piece[-1].end if piece else 0
    return Token("end", "", end, end + 1)
