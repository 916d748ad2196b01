"""Tables of symbols: each chapter's, and their union."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from bookproof.weave.book import Book, Page, book_of


@dataclass
class Entry:
    """A symbol with one meaning, and the chapters that give it that."""

    symbol: str
    meaning: str
    shape: str
    pages: list[Page] = field(default_factory=list)


class SymbolsDirective(SphinxDirective):
    """A chapter's table of symbols, as the author typed it."""

    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {"redefine": directives.flag}

    def run(self) -> list[nodes.Node]:
        box = nodes.container(classes=["symbols"])
        self.state.nested_parse(self.content, self.content_offset, box)
        for table in box.findall(nodes.table):
            _drop_empty_columns(table)
        return [box]


class NotationDirective(SphinxDirective):
    """Every symbol of the book, put together from the chapters' tables."""

    def run(self) -> list[nodes.Node]:
        chapters: dict[str, list[Entry]] = {}
        for entry in union(book_of(self.env)):
            chapters.setdefault(entry.pages[0].docname, []).append(entry)
        return [self._section(entries) for entries in chapters.values()]

    def _section(self, entries: list[Entry]) -> nodes.section:
        """The symbols that a chapter is the first to give this meaning."""
        page = entries[0].pages[0]
        body = nodes.tbody()
        for entry in entries:
            row = nodes.row()
            row += _cell([nodes.math(entry.symbol, entry.symbol)])
            row += _cell(self._words(entry.meaning))
            row += _cell(self._words(entry.shape))
            row += _cell(_links(entry.pages[1:]))
            body += row
        box = nodes.container(classes=["symbols", "notation"])
        box += table_of(["symbol", "meaning", "shape", "also in"], body)
        for table in box.findall(nodes.table):
            _drop_empty_columns(table)
        title = nodes.title(page.title, "", *_links([page]))
        section = nodes.section("", title, box)
        section["ids"].append(nodes.make_id(f"notation-{page.docname}"))
        return section

    def _words(self, text: str) -> Iterable[nodes.Node]:
        inline, messages = self.state.inline_text(text, self.lineno)
        return [*inline, *messages]


def union(book: Book) -> list[Entry]:
    """The rows of all tables in reading order, equal ones joined."""
    entries: dict[tuple[str, str, str], Entry] = {}
    for page in book.pages.values():
        for table in page.symbols:
            for row in table.rows:
                symbol = str(row.symbol)
                key = symbol, row.meaning, str(row.shape)
                entry = entries.setdefault(key, Entry(*key))
                if page not in entry.pages:
                    entry.pages.append(page)
    return list(entries.values())


def table_of(heads: Iterable[str], body: nodes.tbody) -> nodes.table:
    """A docutils table with these heads."""
    heads = list(heads)
    table = nodes.table()
    group = nodes.tgroup(cols=len(heads))
    group += [nodes.colspec(colwidth=1) for _ in heads]
    head = nodes.row()
    for words in heads:
        head += _cell([nodes.Text(words)])
    group += nodes.thead("", head)
    group += body
    table += group
    return table


def _cell(content: Iterable[nodes.Node]) -> nodes.entry:
    return nodes.entry("", nodes.paragraph("", "", *content))


def _links(pages: Iterable[Page]) -> list[nodes.Node]:
    out: list[nodes.Node] = []
    for page in pages:
        if out:
            out.append(nodes.Text(", "))
        link = addnodes.pending_xref(
            "",
            nodes.inline("", page.title),
            refdomain="std",
            reftype="doc",
            reftarget=f"/{page.docname}",
            refexplicit=True,
            refwarn=True,
        )
        out.append(link)
    return out


def _drop_empty_columns(table: nodes.table) -> None:
    """A column with a head and nothing under it is not printed."""
    group = next(table.findall(nodes.tgroup))
    rows = list(table.findall(nodes.row))
    specs = list(group.findall(nodes.colspec))
    for number in reversed(range(len(specs))):
        below = [row[number] for row in rows[1:]]
        if any(cell.astext().strip() for cell in below):
            continue
        group.remove(specs[number])
        group["cols"] -= 1
        for row in rows:
            row.remove(row[number])


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("symbols", SymbolsDirective)
    app.add_directive("notation", NotationDirective)
