"""Which chunk holds which: the chunks of a book as trees of fragments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from bookproof.diagnostics import Text
from bookproof.reading.elements import Chunk
from bookproof.tangling.chunks import Joined, fragment_name, trimmed
from bookproof.tangling.gaps import inner_string_lines


@dataclass(eq=False)
class Include:
    """A line `<<name>>` of a chunk; `indent` is how far in its code stands."""

    name: str
    parent: Node
    line: Text
    indent: str
    parts: list[Node] = field(default_factory=list)


@dataclass(eq=False)
class Node:
    """A chunk in its place: `include` brings it in (None: it has a target)."""

    number: int
    chunk: Chunk
    target: str
    include: Include | None
    body: list[Text]
    includes: list[Include] = field(default_factory=list)

    @property
    def chain(self) -> list[Node]:
        """The chunk itself, then the one it stands in, and so outwards."""
        found, node = [self], self
        while node.include is not None:
            node = node.include.parent
            found.append(node)
        return found

    def holds(self, other: Node) -> bool:
        """Whether `other` is this chunk, a part beside it in the same
        fragment, or stands in one of these."""
        return any(
            each is self
            or (self.include is not None and each.include is self.include)
            for each in other.chain
        )


def outline(joined: Joined) -> Mapping[int, Node]:
    """The place of each chunk, by its number, in the order of the code.

    The chunks must be sound: no cycles, every fragment included once.
    """
    fragments: dict[str, list[int]] = {}
    for number, chunk in enumerate(joined.chunks):
        if chunk.target is None and chunk.name is not None:
            fragments.setdefault(chunk.name, []).append(number)
    nodes: dict[int, Node] = {}

    def grow(number: int, target: str, include: Include | None) -> Node:
        chunk = joined.chunks[number]
        node = Node(number, chunk, target, include, trimmed(chunk.body))
        nodes[number] = node
        around = include.indent if include else ""
        fixed = inner_string_lines("\n".join(line.text for line in node.body))
        for position, line in enumerate(node.body):
            name = fragment_name(line.text)
            if name is None or position in fixed:
                continue
            inner = line.text[: len(line.text) - len(line.text.lstrip())]
            inside = Include(name, node, line, around + inner)
            node.includes.append(inside)
            for part in fragments[name]:
                inside.parts.append(grow(part, target, inside))
        return node

    for number, chunk in enumerate(joined.chunks):
        if chunk.target is not None:
            grow(number, chunk.target, None)
    return nodes
