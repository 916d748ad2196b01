"""Links to what a verdict rests on: sentences, cells, tables, code."""

from __future__ import annotations

import html
from dataclasses import dataclass

from docutils import nodes
from sphinx.builders import Builder

from bookproof.keeping.used import Used
from bookproof.reading.elements import Marker
from bookproof.weave.anchors import marker_anchor, table_anchor
from bookproof.weave.book import Book, Page, book_of, ledger_page
from bookproof.weave.code_pages import piece_at
from bookproof.weave.formulas import quiet_formula
from bookproof.weave.pieces import Piece, code_page


def row_anchor(page: Page, thing: str) -> str:
    """The id of a row of the ledger, within its page."""
    return nodes.make_id(f"{page.chapter.name}::{thing}")


def used_by(page: Page) -> Used:
    """What the chapter's verdicts rest on; nothing if it was not checked."""
    record = (page.ledger or {}).get("uses")
    return Used.from_json(record) if record and page.fresh else Used()


@dataclass(frozen=True)
class Shown:
    """Something that is used: its address, and its name as HTML."""

    href: str
    name: str

    def link(self) -> str:
        """The link to it."""
        return f'<a href="{html.escape(self.href)}">{self.name}</a>'


class Things:
    """Addresses and names, as seen from one page."""

    def __init__(self, builder: Builder, here: str, page: Page) -> None:
        self._builder = builder
        self._here = here
        self._page = page
        self._markers = {marker.id: marker for marker in page.markers}

    def shown(self, thing: str) -> Shown:
        """What a user or what it used is called, and where it stands."""
        marker = self._markers.get(thing)
        if marker is not None:
            return Shown(self.sentence(marker), self.name(marker))
        table, colon, symbol = thing.partition(":")
        if colon:
            to = f"{self._uri(self._page.docname)}#{table_anchor(table)}"
            return Shown(to, quiet_formula(self._builder, symbol))
        if "/" in thing:
            return self._elsewhere(thing)
        to = f"{self._uri(ledger_page(self._page.docname))}"
        words = html.escape(thing.replace("-", " "))
        return Shown(f"{to}#{row_anchor(self._page, thing)}", words)

    def sentence(self, marker: Marker) -> str:
        """The address of a marker in its chapter."""
        return f"{self._uri(self._page.docname)}#{marker_anchor(marker)}"

    def name(self, marker: Marker) -> str:
        """What a marker is called: its symbol, its label, or its number."""
        if marker.kind == "let":
            symbol = marker.body.text.partition("=")[0].rstrip(": \n")
            return quiet_formula(self._builder, symbol)
        if marker.label:
            return html.escape(marker.label.replace("-", " "))
        number = self._page.markers.index(marker) + 1
        return f"{marker.kind} {number}"

    def cell(self, number: int) -> str:
        """The address of a cell in its chapter."""
        return f"{self._uri(self._page.docname)}#cell-{number}"

    def piece(self, piece: Piece) -> Shown:
        """A piece of the library's code."""
        to = f"{self._uri(piece.docname)}#{piece.anchor}"
        return Shown(to, html.escape(piece.name))

    def file(self, target: str) -> Shown:
        """The page of a source file."""
        words = html.escape(target).replace("/", "/<wbr>")
        return Shown(self._uri(code_page(target)), words)

    def _elsewhere(self, thing: str) -> Shown:
        """A fact of another chapter."""
        chapter, _, label = thing.partition("/")
        for page in book_of(self._builder.env).pages.values():
            if page.chapter.name == chapter:
                to = self._uri(ledger_page(page.docname))
                anchor = row_anchor(page, label)
                return Shown(f"{to}#{anchor}", html.escape(thing))
        return Shown("#", html.escape(thing))

    def _uri(self, docname: str) -> str:
        if docname == self._here:
            return ""
        return self._builder.get_relative_uri(self._here, docname)


def pieces_of(book: Book, functions: list[str]) -> list[Piece]:
    """The pieces of code that hold these functions (`file:line:name`)."""
    found: dict[int, Piece] = {}
    for function in functions:
        file, line, _ = function.split(":", 2)
        piece = piece_at(book, file, int(line))
        if piece is not None:
            found[id(piece)] = piece
    return list(found.values())


def files_in(functions: list[str]) -> list[str]:
    """The files that functions belong to, in order."""
    return sorted({function.partition(":")[0] for function in functions})
