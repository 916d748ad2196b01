"""A woven page as plain Markdown: words, mathematics and code, no marks.

What the reader sees is what is written: numbers of figures, names of sections
and citations are those of the page. Links within the book are only words,
since a file that was taken away has nothing to lead to.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from docutils import nodes
from sphinx.environment import BuildEnvironment

from bookproof.weave.asides import aside_node
from bookproof.weave.book import book_of
from bookproof.weave.chunks import chunk_node
from bookproof.weave.exercises import exercise_node, solution_node
from bookproof.weave.pieces import piece_of
from bookproof.weave.plain_inline import escaped, fenced, inline, quoted

Block = str | int
"""Some Markdown, or the number of a cell."""

_SILENT = (
    nodes.Invisible,
    nodes.system_message,
    nodes.raw,
    nodes.colspec,
    nodes.label,
)
_QUOTED = (nodes.Admonition, nodes.admonition, nodes.block_quote, aside_node)


class PlainPage:
    """Writes the blocks of one page, in order."""

    def __init__(self, env: BuildEnvironment, docname: str) -> None:
        self.env = env
        self.docname = docname
        self.level = 0

    def blocks(self, node: nodes.Node) -> Iterator[Block]:
        """The blocks of a node."""
        for kinds, write in self._writers.items():
            if isinstance(node, kinds):
                yield from write(self, node)
                return
        if isinstance(node, nodes.Element) and not isinstance(node, _SILENT):
            if isinstance(node, nodes.TextElement):
                words = inline(node).strip()
                yield from [words] if words else []
            else:
                yield from self._children(node)

    def _children(self, node: nodes.Element) -> Iterator[Block]:
        for child in node.children:
            yield from self.blocks(child)

    def _text(self, node: nodes.Element) -> str:
        """What a node holds; cells stand nowhere but at the top."""
        found = self._children(node)
        return "\n\n".join(block for block in found if isinstance(block, str))

    def _section(self, node: nodes.section) -> Iterator[Block]:
        self.level += 1
        yield from self._children(node)
        self.level -= 1

    def _title(self, node: nodes.title) -> Iterator[Block]:
        if isinstance(node.parent, nodes.section):
            yield f"{'#' * min(self.level, 6)} {inline(node)}"
        else:
            yield f"**{inline(node)}**"

    def _container(self, node: nodes.container) -> Iterator[Block]:
        if node.get("nb_element") == "cell_code":
            yield int(node["cell_index"])
            for figure in node.findall(nodes.figure):
                yield from self._caption(figure)
        else:
            yield from self._children(node)

    def _paragraph(self, node: nodes.paragraph) -> Iterator[Block]:
        words = inline(node)
        if "code-title" in node["classes"]:
            words = f"*{words}:*"
        # What looks like a list, a heading or a quotation is none.
        yield re.sub(r"\A([#>+-]|\d+(?=[.)]))", r"\\\1", words)

    def _literal(self, node: nodes.literal_block) -> Iterator[Block]:
        yield fenced(node.astext().rstrip(), node.get("language", ""))

    def _formula(self, node: nodes.math_block) -> Iterator[Block]:
        lines = [line for line in node.astext().split("\n") if line.strip()]
        yield "\n".join(["$$", *lines, "$$"])

    def _list(
        self, node: nodes.bullet_list | nodes.enumerated_list
    ) -> Iterator[Block]:
        out = []
        start = node.get("start", 1)
        for number, item in enumerate(node.children, start):
            sign = "- "
            if isinstance(node, nodes.enumerated_list):
                sign = f"{number}. "
            if isinstance(item, nodes.Element):
                out.append(_hung(sign, self._text(item)))
        yield "\n".join(out)

    def _term(self, node: nodes.definition_list_item) -> Iterator[Block]:
        head, *rest = node.children
        if isinstance(head, nodes.Element):
            text = "\n\n".join(
                self._text(each)
                for each in rest
                if isinstance(each, nodes.definition)
            )
            yield _hung("- ", f"**{inline(head)}**: {text}")

    def _quotation(self, node: nodes.Element) -> Iterator[Block]:
        yield quoted(self._text(node))

    def _figure(self, node: nodes.figure) -> Iterator[Block]:
        for image in node.findall(nodes.image):
            yield from self._image(image)
        yield from self._caption(node)

    def _caption(self, node: nodes.figure) -> Iterator[Block]:
        numbers = self.env.toc_fignumbers.get(self.docname, {})
        named = [numbers.get("figure", {}).get(each) for each in node["ids"]]
        number = next((".".join(map(str, each)) for each in named if each), "")
        for caption in node.findall(nodes.caption):
            yield f"**Figure {number}.** {inline(caption)}".replace(" .", ".")

    def _image(self, node: nodes.image) -> Iterator[Block]:
        alt = node.get("alt", "")
        yield f"*(a figure: {escaped(alt)})*" if alt else "*(a figure)*"

    def _table(self, node: nodes.table) -> Iterator[Block]:
        for title in node.findall(nodes.title):
            yield f"**{inline(title)}**"
        rows = []
        for row in node.findall(nodes.row):
            texts = [
                self._text(each).replace("\n", " ").replace("|", r"\|")
                for each in row.children
                if isinstance(each, nodes.entry)
            ]
            rows.append(f"| {' | '.join(texts)} |")
            if len(rows) == 1:
                rows.append("|" + "---|" * len(texts))
        yield "\n".join(rows)

    def _chunk(self, node: chunk_node) -> Iterator[Block]:
        piece = piece_of(book_of(self.env), self.docname, node["number"])
        top = piece
        while top.chunk.target is None and top.users:
            top = top.users[0]
        yield f"**{escaped(piece.name)}** (`{top.chunk.target}`):"
        yield fenced(str(piece.chunk.body).strip("\n"), "python")

    def _exercise(self, node: exercise_node) -> Iterator[Block]:
        grade = f" ({escaped(node['grade'])})" if node["grade"] else ""
        title, *rest = node.children
        yield f"**Exercise{grade}: {inline(title)}**"
        for child in rest:
            yield from self.blocks(child)

    def _solution(self, node: solution_node) -> Iterator[Block]:
        yield "<details><summary>Solution</summary>"
        yield self._text(node)
        yield "</details>"

    def _footnote(self, node: nodes.footnote) -> Iterator[Block]:
        label = next(iter(node.findall(nodes.label)), None)
        number = label.astext() if label is not None else ""
        yield f"[{number}] {self._text(node)}"

    def _line(self, node: nodes.transition) -> Iterator[Block]:
        yield "---"

    _writers: Mapping[
        type[Any] | tuple[type[Any], ...], Callable[..., Iterator[Block]]
    ] = {
        nodes.section: _section,
        nodes.title: _title,
        nodes.paragraph: _paragraph,
        nodes.math_block: _formula,
        nodes.literal_block: _literal,
        chunk_node: _chunk,
        exercise_node: _exercise,
        solution_node: _solution,
        nodes.container: _container,
        (nodes.bullet_list, nodes.enumerated_list): _list,
        nodes.definition_list_item: _term,
        _QUOTED: _quotation,
        nodes.figure: _figure,
        nodes.image: _image,
        nodes.table: _table,
        (nodes.footnote, nodes.citation): _footnote,
        nodes.transition: _line,
    }


def _hung(sign: str, text: str) -> str:
    """A text with a sign before it, its other lines as far in."""
    first, *rest = text.split("\n")
    blanks = " " * len(sign)
    return "\n".join([sign + first, *((blanks + x).rstrip() for x in rest)])
