"""Cutting texts without losing the place of their characters."""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from operator import itemgetter

from bookproof.diagnostics import Text


def cut(text: Text, start: int, end: int | None = None) -> Text:
    """`text[start:end]`, every character still traceable."""
    end = len(text.text) if end is None else end
    here = (0, *text.line_and_column(start))
    if len(text.origins) == 1:
        return Text(text.text[start:end], text.file, (here,))
    # Looked up by halving: a chapter is cut into lines, and lines again.
    first = max(bisect.bisect_right(text.origins, start, key=itemgetter(0)), 1)
    last = bisect.bisect_left(
        text.origins, max(end, start + 1), first, key=itemgetter(0)
    )
    origins = [here]
    for offset, line, column in text.origins[first:last]:
        origins.append((offset - start, line, column))
    return Text(text.text[start:end], text.file, tuple(origins))


def strip(text: Text) -> Text:
    """The text without the white space around it."""
    body = text.text
    start = len(body) - len(body.lstrip())
    end = len(body.rstrip())
    return cut(text, min(start, end), end) if body.strip() else cut(text, 0, 0)


def with_text(text: Text, other: str) -> Text:
    """`other`, of the same length, at the places of `text`."""
    return Text(other, text.file, text.origins)


def join(parts: Iterable[Text], file: str, separator: str = "\n") -> Text:
    """The texts one after another, with `separator` between them."""
    out: list[str] = []
    origins: list[tuple[int, int, int]] = []
    offset = 0
    for number, part in enumerate(parts):
        if number:
            out.append(separator)
            offset += len(separator)
        for at, line, column in part.origins:
            origins.append((offset + at, line, column))
        out.append(part.text)
        offset += len(part.text)
    return Text("".join(out), file, tuple(origins) or ((0, 1, 1),))


def lines(text: Text) -> list[Text]:
    """The lines of a text; one empty line for an empty text."""
    out, start, run = [], 0, 0
    origins, count = text.origins, len(text.origins)
    for line in text.text.split("\n"):
        end = start + max(len(line), 1)
        while run + 1 < count and origins[run + 1][0] <= start:
            run += 1
        at, number, column = origins[run]
        own = [(0, number, column + max(start - at, 0))]
        while run + 1 < count and origins[run + 1][0] < end:
            run += 1
            at, number, column = origins[run]
            own.append((at - start, number, column))
        out.append(Text(line, text.file, tuple(own)))
        start += len(line) + 1
    return out


def lift(content: str, source: list[Text], first: int) -> Text:
    """`content`, lexed from the lines of `source` from `first` on, with places.

    Each line of the content is what remains of its source line when the marks
    of its containers (quote signs, list bullets, indentation) are gone.
    """
    parts = []
    for number, line in enumerate(content.split("\n")):
        inside = first + number < len(source)
        origin = source[first + number] if inside else source[-1]
        parts.append(_lift_line(line, origin))
    return parts[0] if len(parts) == 1 else join(parts, source[0].file)


def _lift_line(line: str, origin: Text) -> Text:
    whole = origin.text
    bare = line.rstrip()
    end = len(whole.rstrip())
    if whole[:end].endswith(bare):
        start = end - len(bare)
    elif bare and bare in whole:
        start = whole.index(bare)
    else:  # a tab of the indentation was expanded: only the words can be found
        words = bare.lstrip()
        start = max(whole[:end].rfind(words), 0)
        pad = len(bare) - len(words)
        number, column = origin.line_and_column(start)
        begin = (0, number, max(column - pad, 1))
        rest = ((pad, number, column),) if pad else ()
        return Text(line, origin.file, (begin, *rest))
    return Text(line, origin.file, ((0, *origin.line_and_column(start)),))
