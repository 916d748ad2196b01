"""From the lines of an edited source file to the chapters' new text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bookproof.diagnostics import BookError, Finding
from bookproof.tangling.align import Aligned, Owned
from bookproof.tangling.gaps import inner_string_lines
from bookproof.tangling.outline import Include, Node


@dataclass(frozen=True)
class Entry:
    """A line of a chunk, or what it includes, below `blanks`."""

    of: Owned | Include
    blanks: tuple[str, ...]


@dataclass(frozen=True)
class Edit:
    """The lines of a chapter from `first` to `last` become `lines`."""

    chapter: str
    first: int
    last: int
    lines: list[str] = field(compare=False)


def edits(
    aligned: Aligned,
    nodes: Iterable[Node],
    chapters: Mapping[str, Sequence[str]],
) -> list[Edit]:
    """The new bodies of the chunks of one source file.

    `chapters` holds the lines of each chapter. Raises BookError when a chunk
    would be left without code.
    """
    entries = _entries(aligned.rows)
    nodes = list(nodes)
    empty = [node for node in nodes if not entries.get(node)]
    if empty:
        raise BookError([_emptied(node) for node in empty])
    found = []
    for node in nodes:
        text = _body(node, entries[node], aligned.indents)
        if text != _old_body(node):
            file = node.body[0].file
            found.append(_edit(node, entries[node], text, chapters[file]))
    return found


def apply(lines: Sequence[str], changes: Iterable[Edit]) -> str:
    """The text of a chapter after the changes."""
    out = list(lines)
    for change in sorted(changes, key=lambda edit: edit.first, reverse=True):
        out[change.first - 1 : change.last] = change.lines
    return "\n".join(out)


def _emptied(node: Node) -> Finding:
    name = f"the chunk “{node.chunk.name}”" if node.chunk.name else "this chunk"
    return Finding(
        "stitch",
        f"no code of {name} is left in {node.target}",
        node.chunk.place,
        notes=("delete the chunk in the chapter, then tangle",),
    )


def _entries(rows: Iterable[Owned]) -> Mapping[Node, list[Entry]]:
    """What each chunk holds now, in order.

    Blank lines between two chunks are the press's, so they are dropped; those
    beside an inclusion are of the chunk that includes.
    """
    entries: dict[Node, list[Entry]] = {}
    included: set[Include] = set()

    def add(node: Node, of: Owned | Include, blanks: tuple[str, ...]) -> None:
        held = entries.setdefault(node, [])
        held.append(Entry(of, blanks if held else ()))

    for owned in rows:
        for node in reversed(owned.node.chain):
            include = node.include
            if include is not None and include not in included:
                included.add(include)
                add(include.parent, include, owned.row.blanks)
        if not owned.title:
            add(owned.node, owned, owned.row.blanks)
    return entries


def _body(
    node: Node, entries: Iterable[Entry], indents: Mapping[Include, str]
) -> list[str]:
    """The lines of a chunk as the chapter has them."""
    around = indents[node.include] if node.include else ""
    whole: list[str] = []
    for entry in entries:
        whole += entry.blanks
        if isinstance(entry.of, Include):
            whole.append(f"{indents[entry.of]}<<{entry.of.name}>>")
        else:
            whole.append(entry.of.row.text)
    body = [line.removeprefix(around) for line in whole]
    fixed = inner_string_lines("\n".join(body))
    return [
        line if position in fixed else bare
        for position, (line, bare) in enumerate(zip(whole, body, strict=True))
    ]


def _old_body(node: Node) -> list[str]:
    lines = [line.text for line in node.body]
    fixed = inner_string_lines("\n".join(lines))
    return [
        line if position in fixed else line.rstrip()
        for position, line in enumerate(lines)
    ]


def _edit(
    node: Node, entries: Iterable[Entry], body: list[str], lines: Sequence[str]
) -> Edit:
    """Put the body between the marks of the list or box that it stands in."""
    first, last = node.body[0].place(), node.body[-1].place()
    margin = lines[first.line - 1][: first.column - 1]
    out: list[str] = []
    for entry in entries:
        for line in body[len(out) : len(out) + len(entry.blanks)]:
            out.append(margin + line if line else margin.rstrip())
        line = body[len(out)]
        kept = _kept(entry, lines)
        same = kept is not None and kept[len(margin) :].rstrip() == line
        out.append(kept if kept is not None and same else margin + line)
    return Edit(first.file, first.line, last.line, out)


def _kept(entry: Entry, lines: Sequence[str]) -> str | None:
    """The line of the book that an entry was before."""
    if isinstance(entry.of, Include):
        return lines[entry.of.line.place().line - 1]
    old = entry.of.old
    if old is None or old.place is None:
        return None
    return lines[old.place.line - 1]
