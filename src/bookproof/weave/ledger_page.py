"""The ledger: what the book asserts, chapter by chapter, and its verdicts.

One page counts and links; a page for each chapter has a row for each
statement, so that none grows with the book.
"""

from __future__ import annotations

import html
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from bookproof.mutating.kills import Count
from bookproof.weave.anchors import marker_anchor
from bookproof.weave.book import (
    Book,
    Page,
    book_of,
    kills_of,
    ledger_page,
)
from bookproof.weave.code_noticed import (
    code_kills_of,
    code_noticed,
    share,
)
from bookproof.weave.formulas import words_with_formulas
from bookproof.weave.graph import graphs_of
from bookproof.weave.ledger_rows import CHECKED, Rows
from bookproof.weave.registry import add_node

_HEADS = {
    "let": "definitions",
    "claim": "claims",
    "fact": "facts",
    "cited": "cited",
    "unchecked": "unchecked",
    "loose": "loose",
}
_NOTICED = ("changes noticed, of the text", "and of the code (a sample)")


class ledger_table(nodes.General, nodes.Element):
    """A table that is written with the page: `of` says which."""


class LedgerDirective(SphinxDirective):
    """The counts of the ledger, and the statements that are settled."""

    def run(self) -> list[nodes.Node]:
        book = book_of(self.env)
        out: list[nodes.Node] = [ledger_table(of="summary")]
        if book.project.statements:
            table = ledger_table(of="statements")
            out.append(_section("Statements settled", table))
        return out


def _section(title: str, content: nodes.Element) -> nodes.section:
    section = nodes.section("", nodes.title(title, title), content)
    section["ids"].append("ledger-" + nodes.make_id(title))
    return section


def visit_ledger(self: HTML5Translator, node: ledger_table) -> None:
    book = book_of(self.builder.env)
    write = _summary if node["of"] == "summary" else _statements
    self.body.append(write(self, book))
    raise nodes.SkipNode


def _summary(self: HTML5Translator, book: Book) -> str:
    pages = listed(book)
    rows, total, mutants, code = [], Counter[str](), Count(), Count()
    here = self.builder.current_docname
    for page in pages:
        count = Counter(e["kind"] for e in page.entries.values())
        count["loose"] = sum("loose" in m.options for m in page.markers)
        total += count
        title = html.escape(page.title)
        uri = self.builder.get_relative_uri(here, ledger_page(page.docname))
        link = f'<a href="{uri}">{title}</a>'
        mutants += kills_of(book, page).total
        of_code = code_kills_of(book, page).count
        code += of_code
        cells = [str(count[kind]) for kind in _HEADS]
        cells.append(share(kills_of(book, page).total))
        rows.append(_row([link, *cells, share(of_code)]))
    cells = [str(total[kind]) for kind in _HEADS]
    rows.append(_row(["all", *cells, share(mutants), share(code)], "total"))
    head = _row(["chapter", *_HEADS.values(), *_NOTICED], cell="th")
    holding = sum(
        entry["status"] == "holds"
        for page in pages
        for entry in page.entries.values()
        if page.fresh and entry["kind"] in CHECKED
    )
    asked = sum(total[kind] for kind in CHECKED)
    return (
        f"<p>{holding} of {asked} checked statements hold, {total['loose']} "
        "of them with a bound that is not the best; "
        f"{total['cited']} are cited and {total['unchecked']} unchecked.</p>"
        '<div class="table-wrapper"><table class="docutils ledger-summary">'
        f"<thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></div>\n"
    )


def _statements(self: HTML5Translator, book: Book) -> str:
    assert book.project.statements is not None
    text = book.project.statements.read_text(encoding="utf-8")
    known = {s["id"]: s for s in tomllib.loads(text).get("claim", ())}
    settled = settled_statements(book)
    here = self.builder.current_docname
    rows = []
    for name, places in sorted(settled.items()):
        links = [
            f'<a href="{self.builder.get_relative_uri(here, page.docname)}'
            f'#{marker_anchor(marker)}">{html.escape(page.title)}</a>'
            for page, marker in places
        ]
        said = str(known.get(name, {}).get("statement", ""))
        shown = words_with_formulas(self.builder, said)
        rows.append(
            f'<tr id="statement-{html.escape(name)}"><td>{shown} '
            f"<code>{html.escape(name)}</code></td>"
            f"<td>{', '.join(dict.fromkeys(links))}</td></tr>"
        )
    return (
        f"<p>Of {len(known)} statements that the book sets out to settle, "
        f"{len(settled)} are settled so far.</p>"
        '<div class="table-wrapper"><table class="docutils statements">'
        f"<tbody>{''.join(rows)}</tbody></table></div>\n"
    )


def settled_statements(book: Book) -> dict[str, list[tuple[Page, Any]]]:
    """Which markers settle a statement: those that passed, or are words of
    the literature or of opinion about a statement of that kind."""
    settled: dict[str, list[tuple[Page, Any]]] = {}
    for page in book.pages.values():
        for marker in page.markers:
            entry = page.entries.get(marker.id, {})
            held = entry.get("status") == "holds"
            said = marker.kind in ("cited", "unchecked")
            if page.fresh and (held or said):
                for name in marker.sources:
                    settled.setdefault(name, []).append((page, marker))
    return settled


def _row(cells: Iterable[str], name: str = "", cell: str = "td") -> str:
    css = f' class="{name}"' if name else ""
    inner = "".join(f"<{cell}>{text}</{cell}>" for text in cells)
    return f"<tr{css}>{inner}</tr>"


def listed(book: Book) -> list[Page]:
    """The chapters that have a ledger."""
    return [page for page in book.pages.values() if page.entries]


def collect_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The pages of the chapters' ledgers, for Sphinx to write."""
    builder, book = app.builder, book_of(app.env)
    overview = app.config.bookproof_ledger_page
    if not isinstance(builder, StandaloneHTMLBuilder):
        return
    if overview not in app.env.found_docs:
        return
    for page in listed(book):
        name = ledger_page(page.docname)
        title = f"The ledger: {page.title}"
        body = [
            f"<section><h1>{html.escape(title)}</h1>\n",
            _elsewhere(builder, book, page, overview),
            Rows(builder, name, page).table(),
            graphs_of(builder, name, page),
            code_noticed(builder, name, page),
            "</section>",
        ]
        context = {"title": title, "body": "".join(body), "parents": []}
        yield name, context, "page.html"


def _elsewhere(
    builder: StandaloneHTMLBuilder, book: Book, page: Page, overview: str
) -> str:
    """Links to the chapter, to the other ledgers, and to the overview."""
    here = ledger_page(page.docname)
    options = []
    for other in listed(book):
        uri = builder.get_relative_uri(here, ledger_page(other.docname))
        title = html.escape(other.title)
        current = ' aria-current="page"' if other is page else ""
        options.append(f'<a href="{uri}"{current}>{title}</a>')
    chapter = builder.get_relative_uri(here, page.docname)
    whole = builder.get_relative_uri(here, overview)
    return (
        f'<p>Every statement of <a href="{chapter}">the chapter</a>, with its '
        "verdict, its evidence, and what it rests on. "
        f'<a href="{whole}">The counts</a> are on a page of their own.</p>\n'
        f'<nav class="ledger-chapters" aria-label="chapters">'
        f"{' '.join(options)}</nav>\n"
    )


def _add_script(
    app: Sphinx, pagename: str, _: str, context: dict[str, Any], *__: Any
) -> None:
    """The filters; without them the page is a plain long table. They are
    there when it is first painted, or they would push the table down: a theme
    may have its scripts at the end, where they cannot hold up painting."""
    if pagename.startswith(ledger_page("")):
        uri = html.escape(context["pathto"]("_static/ledger.js", resource=True))
        script = f'<script blocking="render" defer src="{uri}"></script>\n'
        context["metatags"] = context.get("metatags", "") + script


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("ledger", LedgerDirective)
    add_node(app, ledger_table, visit_ledger, elsewhere="nothing")
    app.connect("html-collect-pages", collect_pages)
    app.connect("html-page-context", _add_script)
