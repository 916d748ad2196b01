"""The index of the code: the pieces of each file."""

from __future__ import annotations

import html

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.book import book_of
from bookproof.weave.code_pages import files_of
from bookproof.weave.pieces import code_page, weave_pieces
from bookproof.weave.registry import add_node


class index_node(nodes.General, nodes.Element):
    """The pieces of one source file, listed when the page is written."""


class IndexDirective(SphinxDirective):
    """The index of the code: a section for each file."""

    def run(self) -> list[nodes.Node]:
        out: list[nodes.Node] = []
        for target in files_of(weave_pieces(book_of(self.env))):
            title = nodes.title(target, "", nodes.literal(target, target))
            section = nodes.section("", title, index_node(target=target))
            module = target.removesuffix(".py").replace("/", ".")
            section["ids"].append(f"file-{module}")
            out.append(section)
        return out


def visit_index(self: HTML5Translator, node: index_node) -> None:
    builder, here = self.builder, self.builder.current_docname
    target = node["target"]
    pieces = files_of(weave_pieces(book_of(builder.env)))[target]
    page = builder.get_relative_uri(here, code_page(target))
    self.body.append(f'<p><a href="{page}">The whole file</a></p>\n')
    self.body.append('<ol class="piece-index">\n')
    for piece in pieces:
        uri = builder.get_relative_uri(here, piece.docname)
        self.body.append(
            f'<li><a href="{uri}#{piece.anchor}">{html.escape(piece.name)}</a>'
            f' <span class="in">{html.escape(piece.page.title)}</span></li>\n'
        )
    self.body.append("</ol>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("chunk-index", IndexDirective)
    add_node(app, index_node, visit_index, elsewhere="nothing")
