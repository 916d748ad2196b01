"""Pieces of the library's code on the page, linked as in a literate program."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from bookproof.elements import Chunk
from bookproof.weave.anchors import name_anchor
from bookproof.weave.book import Book, Page, book_of
from bookproof.weave.meeting import next_chunk
from bookproof.weave.registry import add_node

_INCLUDE = re.compile(r"^(\s*)<<(.+)>>\s*$")
_STAND_IN = "#\N{LEFT-POINTING DOUBLE ANGLE QUOTATION MARK}{}"


class chunk_node(nodes.General, nodes.Element):
    """A piece of code with its caption; holds one literal block."""


@dataclass
class Piece:
    """A chunk, where it stands, and its neighbours in the program."""

    page: Page
    chunk: Chunk
    anchor: str
    before: Piece | None = None
    after: Piece | None = None
    users: list[Piece] = field(default_factory=list)
    parts: dict[str, Piece] = field(default_factory=dict)

    @property
    def docname(self) -> str:
        return self.page.docname

    @property
    def name(self) -> str:
        if self.chunk.name:
            return self.chunk.name
        if self.before is None and self.chunk.target:
            return f"Open {self.chunk.target}"
        return self.chunk.target or "…"


def weave_pieces(book: Book) -> list[Piece]:
    """All chunks of the book in reading order, knowing their neighbours."""
    pieces: list[Piece] = []
    for page in book.pages.values():
        taken: set[str] = set()
        for number, chunk in enumerate(page.chunks, 1):
            words = chunk.label or chunk.name or f"piece-{number}"
            anchor = "code-" + nodes.make_id(words)
            if anchor in taken:
                anchor = f"{anchor}-{number}"
            taken.add(anchor)
            pieces.append(Piece(page, chunk, anchor))
    _join(pieces)
    return pieces


def _join(pieces: list[Piece]) -> None:
    last: dict[tuple[str, str], Piece] = {}
    first: dict[str, Piece] = {}
    for piece in pieces:
        chunk = piece.chunk
        if chunk.target is None and chunk.name:
            first.setdefault(chunk.name, piece)
        key = chunk.target or "", "" if chunk.target else chunk.name or ""
        piece.before = last.get(key)
        if piece.before is not None:
            piece.before.after = piece
        last[key] = piece
    for piece in pieces:
        for name in included(str(piece.chunk.body)):
            part = first.get(name)
            if part is not None:
                piece.parts[name] = part
                part.users.append(piece)


def included(code: str) -> list[str]:
    """The names of the fragments that some code includes."""
    lines = code.split("\n")
    return [m[2].strip() for m in map(_INCLUDE.match, lines) if m]


def piece_of(env: BuildEnvironment, docname: str, number: int) -> Piece:
    """The n-th piece of a page."""
    pieces = weave_pieces(book_of(env))
    return [piece for piece in pieces if piece.docname == docname][number]


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
        piece = piece_of(self.env, page.docname, number)
        node = chunk_node("", block, number=number)
        self.set_source_info(node)
        label = chunk.label or f"{page.docname}/{piece.anchor}"
        name_anchor(self.env, node, piece.anchor, label, piece.name)
        return [node]


def visit_chunk(self: HTML5Translator, node: chunk_node) -> None:
    docname = self.builder.current_docname
    piece = piece_of(self.builder.env, docname, node["number"])
    link = _Linker(self)
    self.body.append(self.starttag(node, "div", CLASS="chunk"))
    self.body.append('<div class="chunk-caption">')
    self.body.append(
        f'<span class="chunk-name">{html.escape(piece.name)}</span>'
    )
    self.body.append(_target(link, piece))
    self.body.append("</div>\n")
    self.body.append(_code(self, link, piece))
    self.body.append(_neighbours(link, piece))
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


def code_page(target: str) -> str:
    """The name of the page that shows a source file."""
    return "code/" + target.removesuffix(".py")


def _target(link: _Linker, piece: Piece) -> str:
    top = piece
    while top.chunk.target is None and top.users:
        top = top.users[0]
    target = top.chunk.target
    if target is None:
        return ""
    uri = link.file(target, piece.anchor)
    return f'<a class="chunk-target" href="{uri}">{html.escape(target)}</a>'


def _code(self: HTML5Translator, link: _Linker, piece: Piece) -> str:
    lines: list[str] = []
    names: list[str] = []
    for line in str(piece.chunk.body).strip("\n").split("\n"):
        match = _INCLUDE.match(line)
        if match:
            lines.append(match[1] + _STAND_IN.format(len(names)))
            names.append(match[2].strip())
        else:
            lines.append(line)
    shown = self.highlighter.highlight_block("\n".join(lines), "python")
    for number, name in enumerate(names):
        stand_in = re.compile(
            rf"<span[^>]*>{re.escape(_STAND_IN.format(number))}</span>"
        )
        words = _part(link, piece, name)
        shown = words.join(stand_in.split(shown))
    return f'<div class="highlight-python notranslate">{shown}</div>\n'


def _part(link: _Linker, piece: Piece, name: str) -> str:
    words = f"⟨{html.escape(name)}⟩"
    part = piece.parts.get(name)
    if part is None:
        return f'<span class="fragment">{words}</span>'
    return f'<a class="fragment" href="{link.piece(part)}">{words}</a>'


def _neighbours(link: _Linker, piece: Piece) -> str:
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
    if not said:
        return ""
    return f'<div class="chunk-links">{" · ".join(said)}</div>\n'


def _named(link: _Linker, piece: Piece) -> str:
    uri = link.piece(piece)
    return f'<a href="{uri}">{html.escape(piece.name)}</a>'


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("chunk", ChunkDirective)
    add_node(app, chunk_node, visit_chunk, None)
