"""Which lines of an edited text come from which lines of the old one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

_WORD = re.compile(r"\w+|[^\w\s]")


def blocks(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[int, int, int, int]]:
    """Where the lines are the same, and where not: from, to, from, to.

    What is the same at both ends is set apart first, so that an edit among
    lines that repeat is seen where it was made.
    """
    ends = min(len(old), len(new))
    head = next((i for i in range(ends) if old[i] != new[i]), ends)
    room = ends - head
    tail = next((i for i in range(room) if old[~i] != new[~i]), room)
    yield 0, head, 0, head
    to = len(old) - tail, len(new) - tail
    middle = old[head : to[0]], new[head : to[1]]
    matcher = SequenceMatcher(None, *middle, autojunk=False)
    for _, first, last, start, end in matcher.get_opcodes():
        yield head + first, head + last, head + start, head + end
    yield to[0], len(old), to[1], len(new)


def votes(old: Sequence[str], new: Sequence[str]) -> Iterator[int | None]:
    """For each new line, the old line that most of its words come from.

    Words are compared rather than lines, so that a statement that was broken
    into several lines, or joined into one, still knows where it was.
    """
    was = [(word, i) for i, line in enumerate(old) for word in _words(line)]
    now = [(word, j) for j, line in enumerate(new) for word in _words(line)]
    matcher = SequenceMatcher(
        None, [word for word, _ in was], [word for word, _ in now], False
    )
    counts: list[dict[int, int]] = [{} for _ in new]
    for at, to, size in matcher.get_matching_blocks():
        for step in range(size):
            word, line = now[to + step]
            source = was[at + step][1]
            counts[line][source] = counts[line].get(source, 0) + len(word)
    for count in counts:
        yield max(count, key=lambda line: count[line]) if count else None


def _words(line: str) -> list[str]:
    return _WORD.findall(line)
