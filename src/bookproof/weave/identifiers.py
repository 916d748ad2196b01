"""The index of identifiers: every name of the library, and where it is told."""

from __future__ import annotations

import ast
import html
from collections.abc import Iterator

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.book import Book, book_of
from bookproof.weave.chunks import Piece, weave_pieces
from bookproof.weave.code_pages import files_of, source_text, starts_of
from bookproof.weave.registry import add_node


class identifiers_node(nodes.General, nodes.Element):
    """The index, listed when the page is written."""


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
    found: list[tuple[str, str, Piece]] = []
    for target, pieces in files_of(weave_pieces(book)).items():
        text = source_text(book, target)
        starts = starts_of(text.splitlines(), pieces)
        for name, line in defined(text):
            before = [start for start in starts if start < line]
            if before:
                found.append((name, target, starts[max(before)]))
    return sorted(found, key=lambda entry: (entry[0].lower(), entry[1]))


def visit_identifiers(self: HTML5Translator, node: identifiers_node) -> None:
    builder, here = self.builder, self.builder.current_docname
    self.body.append('<ul class="identifiers">\n')
    for name, target, piece in index_of(book_of(builder.env)):
        uri = builder.get_relative_uri(here, piece.docname)
        self.body.append(
            f'<li><a href="{uri}#{piece.anchor}"><code>{html.escape(name)}'
            f'</code></a> <span class="in">{html.escape(target)}</span></li>\n'
        )
    self.body.append("</ul>\n")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the node."""
    add_node(app, identifiers_node, visit_identifiers, elsewhere="nothing")
