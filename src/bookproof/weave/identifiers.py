"""The index of identifiers: every name of the library, and where it is told."""

from __future__ import annotations

import ast
import html
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.book import Book, book_of
from bookproof.weave.code_pages import files_of, piece_at, source_text
from bookproof.weave.pieces import Piece, code_page, weave_pieces
from bookproof.weave.registry import add_node


class identifiers_node(nodes.General, nodes.Element):
    """The index, listed when the page is written."""


class IdentifiersDirective(SphinxDirective):
    """Every public name of the library."""

    def run(self) -> list[nodes.Node]:
        return [identifiers_node()]


def defined(text: str) -> Iterator[tuple[str, int]]:
    """The public names that a module defines, with their lines from 1."""
    for statement in ast.parse(text).body:
        yield from _names(statement, "")


def _names(statement: ast.stmt, owner: str) -> Iterator[tuple[str, int]]:
    names: list[str] = []
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        names = [statement.name]
    elif isinstance(statement, ast.Assign) and not owner:
        names = [t.id for t in statement.targets if isinstance(t, ast.Name)]
    elif isinstance(statement, ast.AnnAssign) and not owner:
        target = statement.target
        names = [target.id] if isinstance(target, ast.Name) else []
    for name in names:
        if not name.startswith("_"):
            yield owner + name, statement.lineno
    if isinstance(statement, ast.ClassDef):
        for inner in statement.body:
            yield from _names(inner, f"{statement.name}.")


def index_of(book: Book) -> list[tuple[str, str, Piece]]:
    """Name, file and piece of each identifier, in the order of the names."""
    found: list[tuple[str, str, Piece]] | None = book.memo.get("identifiers")
    if found is None:
        found = [
            (name, target, piece)
            for target in files_of(weave_pieces(book))
            for name, line in defined(source_text(book, target))
            if (piece := piece_at(book, target, line)) is not None
        ]
        found.sort(key=lambda entry: (entry[0].lower(), entry[1]))
        book.memo["identifiers"] = found
    return found


def names_of(book: Book, piece: Piece) -> list[tuple[str, str]]:
    """The identifiers that a piece defines, with their anchors in the
    index."""
    return [
        (name, identifier_anchor(target, name))
        for name, target, one in index_of(book)
        if one is piece
    ]


def identifier_anchor(target: str, name: str) -> str:
    """The id of an identifier within the index: its dotted name, in which
    `Block`, `BLOCK` and `block_` are three."""
    return f"name-{target.removesuffix('.py')}.{name}".replace("/", ".")


def visit_identifiers(self: HTML5Translator, node: identifiers_node) -> None:
    builder, here = self.builder, self.builder.current_docname
    self.body.append('<ul class="identifiers">\n')
    for name, target, piece in index_of(book_of(builder.env)):
        uri = builder.get_relative_uri(here, piece.docname)
        file = builder.get_relative_uri(here, code_page(target))
        self.body.append(
            f'<li id="{identifier_anchor(target, name)}">'
            f'<a href="{uri}#{piece.anchor}"><code>{html.escape(name)}'
            f'</code></a> <a class="in" href="{file}#{piece.anchor}">'
            f"{html.escape(target)}</a></li>\n"
        )
    self.body.append("</ul>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_config_value(
        "bookproof_identifiers_page", "identifiers", "env", str
    )
    app.add_directive("identifier-index", IdentifiersDirective)
    add_node(app, identifiers_node, visit_identifiers, elsewhere="nothing")
