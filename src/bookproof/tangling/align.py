"""Whose line is it? The lines of an edited file and the chunks they go to."""

from __future__ import annotations

import token as tokens
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bookproof.diagnostics import BookError, Finding, Place
from bookproof.tangling.chunks import HEADER, Line
from bookproof.tangling.gaps import scan
from bookproof.tangling.matching import blocks, votes
from bookproof.tangling.outline import Include, Node

_LAYOUT = (
    tokens.NL,
    tokens.NEWLINE,
    tokens.INDENT,
    tokens.DEDENT,
    tokens.COMMENT,
    tokens.ENDMARKER,
)


@dataclass(frozen=True)
class Row:
    """A line of the edited file that is not blank, below `blanks`."""

    text: str
    number: int
    blanks: tuple[str, ...] = ()

    @property
    def indent(self) -> int:
        return len(self.text) - len(self.text.lstrip())


@dataclass(frozen=True)
class Owned:
    """A row and its chunk; `old` is the line of the old tangle it equals."""

    row: Row
    node: Node
    old: Line | None = None
    title: bool = False


@dataclass(frozen=True)
class Aligned:
    """The rows of a file with their chunks, and how far in each fragment now
    stands."""

    rows: list[Owned]
    indents: Mapping[Include, str]


def align(
    lines: Sequence[Line],
    text: str,
    nodes: Mapping[int, Node],
    file: str,
    shift: bool = True,
) -> Aligned:
    """Find the chunk of each line of `text`, an edit of the old `lines`.

    `shift`: when the title of a fragment moved sideways, so did the line that
    includes it. Raises BookError when a title is gone or has moved.
    """
    rows = _rows(text)
    if not rows or rows[0] != Row(HEADER, 1):
        message = f"the first line is not the author's to change: {HEADER}"
        raise BookError([Finding("stitch", message, Place(file, 1))])
    old = [line for line in lines if line.text.strip()]
    pairs = _titles(old, rows, file)
    aligner = _Aligner(old, rows, nodes, _continued(text))
    if shift:
        aligner.shift(pairs)
    at, to = 1, 1
    for title, here in [*pairs, (len(old), len(rows))]:
        aligner.segment((at, title), (to, here))
        if title < len(old):
            node = nodes[old[title].owner or 0]
            aligner.put(Owned(rows[here], node, title=True))
        at, to = title + 1, here + 1
    return Aligned(aligner.out, aligner.indents)


def _rows(text: str) -> list[Row]:
    rows: list[Row] = []
    blanks: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            rows.append(Row(line, number, tuple(blanks)))
            blanks = []
        else:
            blanks.append(line)
    return rows


def _titles(
    old: Sequence[Line], rows: Sequence[Row], file: str
) -> list[tuple[int, int]]:
    """Where each title of the old file stands in the new one."""
    pairs: list[tuple[int, int]] = []
    lost: list[Finding] = []
    words = [row.text.strip() for row in rows]
    at = 1
    for index, line in enumerate(old):
        if not line.title:
            continue
        title = line.text.strip()
        found = [j for j in range(at, len(rows)) if words[j] == title]
        if not found:
            under = [each.text.strip() for each in old[index + 1 :]]
            lost.append(_lost_title(line, under, rows, at, file))
            continue
        below = old[index + 1].text.strip()
        here = next((j for j in found if words[j + 1 : j + 2] == [below]), None)
        pairs.append((index, found[0] if here is None else here))
        at = pairs[-1][1] + 1
    if lost:
        raise BookError(lost)
    return pairs


def _lost_title(
    line: Line, below: Sequence[str], rows: Sequence[Row], at: int, file: str
) -> Finding:
    """About a title, of which no row from `at` on has the words: at the row
    where it stands now, or at the one above what stood `below` it."""
    title = line.text.strip()
    words = [row.text.strip() for row in rows]
    moved = title in words
    if moved:
        here = words.index(title)
    else:
        last = len(rows) - 1
        known = (words.index(text, at) for text in below if text in words[at:])
        here = max(next(known, last) - 1, min(at, last))
    row = rows[here]
    message = f"the title “{title}” " + (
        "has moved" if moved else "is gone, or has other words"
    )
    return Finding(
        "stitch",
        message,
        Place(file, row.number),
        notes=(
            f"in the book at {line.place}",
            "titles are the book's: move, rename or delete the chunk there",
        ),
    )


def _continued(text: str) -> set[int]:
    """The numbers of the lines that go on with the statement above."""
    found: set[int] = set()
    first: int | None = None
    for piece in scan(text):
        if piece.type == tokens.NEWLINE and first is not None:
            found |= set(range(first + 1, piece.start[0] + 1))
            first = None
        elif first is None and piece.type not in _LAYOUT:
            first = piece.start[0]
    return found


class _Aligner:
    def __init__(
        self,
        old: Sequence[Line],
        rows: Sequence[Row],
        nodes: Mapping[int, Node],
        continued: set[int],
    ) -> None:
        self.old, self.rows, self.nodes = old, rows, nodes
        self.continued = continued
        self.out: list[Owned] = []
        self.left: set[Node] = set()
        self.indents: dict[Include, str] = {}
        self._set_indents({})

    def shift(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Move the fragments whose titles moved sideways."""
        moved: dict[Include, str] = {}
        for index, here in pairs:
            line, row = self.old[index], self.rows[here]
            node = self.nodes[line.owner or 0]
            include = node.include
            if include is not None and node is include.parts[0]:
                before = len(line.text) - len(line.text.lstrip())
                width = len(include.indent) + row.indent - before
                moved[include] = " " * max(width, 0)
        self._set_indents(moved)

    def _set_indents(self, moved: Mapping[Include, str]) -> None:
        for node in self.nodes.values():
            around = node.include
            for include in node.includes:
                inner = include.indent
                if around is not None:
                    inner = inner.removeprefix(around.indent)
                    inner = self.indents[around] + inner
                self.indents[include] = moved.get(include, inner)

    def segment(self, of: tuple[int, int], to: tuple[int, int]) -> None:
        """Give the rows between two titles to their chunks."""
        old = [line.text for line in self.old[slice(*of)]]
        new = [row.text for row in self.rows[slice(*to)]]
        for first, last, start, end in blocks(old, new):
            lines = self.old[of[0] + first : of[0] + last]
            rows = self.rows[to[0] + start : to[0] + end]
            if old[first:last] == new[start:end]:
                for line, row in zip(lines, rows, strict=True):
                    self.put(Owned(row, self._node(line), line))
            elif lines and rows:
                self._replaced(lines, rows, of[0] + last)
            elif rows:
                self._inserted((to[0] + start, to[0] + end), of[0] + last)

    def _node(self, line: Line) -> Node:
        assert line.owner is not None
        return self.nodes[line.owner]

    def put(self, owned: Owned) -> None:
        """The next row; chunks that it leaves cannot be entered again."""
        if self.out:
            inside = owned.node.chain
            last = self.out[-1].node.chain
            self.left |= {node for node in last if node not in inside}
        self.out.append(owned)

    def _inserted(self, at: tuple[int, int], below: int) -> None:
        """New rows go to the chunk above, unless a blank line parts them from
        it and none from the chunk below."""
        following = self._following(below)
        rows = self.rows[slice(*at)]
        stuck = len(rows)
        after = self.rows[at[1] : at[1] + 1]
        if after and not self.old[below].title and not after[0].blanks:
            runs = [i for i, row in enumerate(rows) if row.blanks]
            stuck = runs[-1] if runs else stuck
        node = self.out[-1].node if self.out else following
        assert node is not None  # the head's first line is old, or stands below
        for position, row in enumerate(rows):
            if position == stuck and following is not None:
                node = following
            elif position < stuck and row.number not in self.continued:
                node = self._outwards(node, row, following)
            self.put(Owned(row, node))

    def _replaced(
        self, lines: Sequence[Line], rows: Sequence[Row], below: int
    ) -> None:
        """New rows in place of old lines go where most of their words were."""
        following = self._following(below)
        node, known = self._node(lines[0]), 0
        was, now = [x.text for x in lines], [x.text for x in rows]
        for row, vote in zip(rows, votes(was, now), strict=True):
            if vote is not None and vote >= known:
                voted = self._node(lines[vote])
                if voted not in self.left:
                    node, known = voted, vote
            if row.number not in self.continued:
                node = self._outwards(node, row, following)
            self.put(Owned(row, node))

    def _following(self, below: int) -> Node | None:
        return self._node(self.old[below]) if below < len(self.old) else None

    def _outwards(self, node: Node, row: Row, following: Node | None) -> Node:
        """The chunk around, for a row that stands further left than `node`."""
        while node.include is not None:
            inside = following is not None and node.holds(following)
            if inside or row.indent >= len(self.indents[node.include]):
                break
            node = node.include.parent
        return node
