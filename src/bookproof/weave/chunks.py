"""Pieces of the library's code on the page, linked as in a literate program."""

from __future__ import annotations

import html
import re
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.anchors import name_anchor
from bookproof.weave.book import book_of
from bookproof.weave.identifiers import names_of
from bookproof.weave.meeting import next_chunk
from bookproof.weave.pieces import INCLUDE, Piece, code_page, piece_of
from bookproof.weave.registry import add_node

# A comment that stands for an included fragment while code is coloured: of a
# letter that no font has, so that no chapter writes it.
_STAND_IN = "#\ue000{}"
_STANDS = re.compile("<span[^>]*>#\ue000(\\d+)</span>")


class chunk_node(nodes.General, nodes.Element):
    """A piece of code with its caption; holds one literal block."""


class ChunkDirective(SphinxDirective):
    """A piece of a source file, or a fragment of one."""

    has_content = True
    optional_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {
        "name": directives.unchanged,
        "label": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        code = "\n".join(self.content).strip("\n")
        block = nodes.literal_block(code, code, language="python")
        self.set_source_info(block)
        met = next_chunk(self.env, code, block)
        if met is None:
            return [block]
        page, chunk = met
        number = page.chunks.index(chunk)
        piece = piece_of(book_of(self.env), page.docname, number)
        node = chunk_node("", block, number=number)
        self.set_source_info(node)
        label = chunk.label or f"{page.docname}/{piece.anchor}"
        name_anchor(self.env, node, piece.anchor, label, piece.name)
        return [node]


def visit_chunk(self: HTML5Translator, node: chunk_node) -> None:
    docname = self.builder.current_docname
    piece = piece_of(book_of(self.builder.env), docname, node["number"])
    link = _Linker(self)
    self.body.append(self.starttag(node, "div", CLASS="chunk"))
    self.body.append('<div class="chunk-caption">')
    self.body.append(
        f'<span class="chunk-name">{html.escape(piece.name)}</span>'
    )
    self.body.append(_target(link, piece))
    self.body.append("</div>\n")
    self.body.append(_code(self, link, (piece,)))
    self.body.append(_neighbours(self, link, piece))
    self.body.append("</div>\n")
    raise nodes.SkipNode


class _Linker:
    """Links from the page that is being written to pieces and files."""

    def __init__(self, translator: HTML5Translator) -> None:
        self._builder = translator.builder
        self._here = translator.builder.current_docname

    def piece(self, piece: Piece) -> str:
        if piece.docname == self._here:
            return f"#{piece.anchor}"
        uri = self._builder.get_relative_uri(self._here, piece.docname)
        return f"{uri}#{piece.anchor}"

    def file(self, target: str, anchor: str) -> str:
        page = code_page(target)
        uri = self._builder.get_relative_uri(self._here, page)
        return f"{uri}#{anchor}"


def _target(link: _Linker, piece: Piece) -> str:
    top = piece
    while top.chunk.target is None and top.users:
        top = top.users[0]
    target = top.chunk.target
    if target is None:
        return ""
    uri = link.file(target, piece.anchor)
    return f'<a class="chunk-target" href="{uri}">{html.escape(target)}</a>'


def _code(
    self: HTML5Translator,
    link: _Linker,
    above: tuple[Piece, ...],
    indent: str = "",
) -> str:
    """The coloured code of the last piece of `above`, which are included in
    one another; a fragment opens where it is included."""
    piece = above[-1]
    lines: list[str] = []
    parts: list[tuple[str, str]] = []
    for line in str(piece.chunk.body).strip("\n").split("\n"):
        match = INCLUDE.match(line)
        if match:
            lines.append(_STAND_IN.format(len(parts)))
            parts.append((indent + match[1], match[2].strip()))
        else:
            lines.append(indent + line if line else line)
    shown = self.highlighter.highlight_block("\n".join(lines), "python")
    start, _, rest = shown.partition("<pre>")
    inner, _, end = rest.rpartition("</pre>")
    out: list[str] = []
    plain: list[str] = []
    for line in inner.rstrip("\n").split("\n"):
        stands = _STANDS.search(line)
        if stands is None:
            plain.append(line)
            continue
        out.append(_block(start, plain, end))
        out.append(_part(self, link, above, *parts[int(stands[1])]))
        plain = []
    out.append(_block(start, plain, end))
    return "".join(out)


def _block(start: str, lines: list[str], end: str) -> str:
    if not any(line != "<span></span>" for line in lines):
        return ""
    code = "\n".join(lines)
    return (
        f'<div class="highlight-python notranslate">{start}<pre>{code}\n'
        f"</pre>{end.rstrip()}</div>\n"
    )


def _part(
    self: HTML5Translator,
    link: _Linker,
    above: tuple[Piece, ...],
    indent: str,
    name: str,
) -> str:
    """A fragment that opens in place, and a link to where it is told."""
    words = (
        f'<span class="indent">{indent}</span>'
        f'<span class="fragment">⟨{html.escape(name)}⟩</span>'
    )
    part = above[-1].parts.get(name)
    if part is None:
        return f'<div class="included">{words}</div>\n'
    inside = [
        _code(self, link, (*above, each), indent)
        for each in part.whole()
        if each not in above
    ]
    return (
        f'<details class="included"><summary>{words} '
        f'<a class="told" href="{link.piece(part)}">told here</a></summary>'
        f"{''.join(inside)}</details>\n"
    )


def _neighbours(self: HTML5Translator, link: _Linker, piece: Piece) -> str:
    groups = [
        ("continues", [piece.before] if piece.before else []),
        ("continued in", [piece.after] if piece.after else []),
        ("used in", piece.users),
    ]
    said = [
        f"{words} " + ", ".join(_named(link, other) for other in others)
        for words, others in groups
        if others
    ]
    said += _defines(self, piece)
    if not said:
        return ""
    return f'<div class="chunk-links">{" · ".join(said)}</div>\n'


def _defines(self: HTML5Translator, piece: Piece) -> list[str]:
    """The identifiers that a piece defines, linked to their index."""
    env, here = self.builder.env, self.builder.current_docname
    index = env.config.bookproof_identifiers_page
    names = names_of(book_of(env), piece)
    if not names or index not in env.found_docs:
        return []
    uri = self.builder.get_relative_uri(here, index)
    links = [
        f'<a href="{uri}#{anchor}"><code>{html.escape(name)}</code></a>'
        for name, anchor in names
    ]
    return ["defines " + ", ".join(links)]


def _named(link: _Linker, piece: Piece) -> str:
    uri = link.piece(piece)
    return f'<a href="{uri}">{html.escape(piece.name)}</a>'


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("chunk", ChunkDirective)
    add_node(app, chunk_node, visit_chunk, None)
