"""The ledger page: every checked statement, its verdict and its evidence."""

from __future__ import annotations

import html
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.anchors import marker_anchor
from bookproof.weave.book import Book, Page, book_of
from bookproof.weave.formulas import quiet_formula, words_with_formulas
from bookproof.weave.registry import add_node
from bookproof.weave.verdicts import evidence

_CHECKED = ("let", "claim", "fact")
_HEADS = {
    "let": "definitions",
    "claim": "claims",
    "fact": "facts",
    "cited": "cited",
    "unchecked": "unchecked",
}


class ledger_table(nodes.General, nodes.Element):
    """A table that is written with the page: `of` says which."""


class LedgerDirective(SphinxDirective):
    """The whole ledger, with a section for each chapter."""

    def run(self) -> list[nodes.Node]:
        book = book_of(self.env)
        out: list[nodes.Node] = [ledger_table(of="summary")]
        for page in book.pages.values():
            if page.entries:
                table = ledger_table(of="chapter", page=page.docname)
                out.append(_section(page.title, table))
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
    if node["of"] == "summary":
        self.body.append(_summary(self, book))
    elif node["of"] == "statements":
        self.body.append(_statements(self, book))
    else:
        self.body.append(_chapter(self, book.pages[node["page"]]))
    raise nodes.SkipNode


def _summary(self: HTML5Translator, book: Book) -> str:
    pages = [page for page in book.pages.values() if page.entries]
    rows, total = [], Counter[str]()
    for page in pages:
        count = Counter(e["kind"] for e in page.entries.values())
        total += count
        title = html.escape(page.title)
        link = f'<a href="#ledger-{nodes.make_id(page.title)}">{title}</a>'
        rows.append(_row([link, *(str(count[kind]) for kind in _HEADS)]))
    rows.append(_row(["all", *(str(total[kind]) for kind in _HEADS)], "total"))
    head = _row(["chapter", *_HEADS.values()], cell="th")
    holding = sum(
        entry["status"] == "holds"
        for page in pages
        for entry in page.entries.values()
        if page.fresh and entry["kind"] in _CHECKED
    )
    asked = sum(total[kind] for kind in _CHECKED)
    return (
        f"<p>{holding} of {asked} checked statements hold; "
        f"{total['cited']} are cited and {total['unchecked']} unchecked.</p>"
        '<div class="table-wrapper"><table class="docutils ledger-summary">'
        f"<thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></div>\n"
    )


def _chapter(self: HTML5Translator, page: Page) -> str:
    anchors = {m.id: marker_anchor(m) for m in page.markers}
    here = self.builder.current_docname
    uri = self.builder.get_relative_uri(here, page.docname)
    rows = []
    for entry in page.entries.values():
        anchor = anchors.get(entry["id"], "")
        sign, said = _verdict(page, entry)
        rows.append(
            f'<tr id="{nodes.make_id(page.chapter.name + "::" + entry["id"])}">'
            f'<td class="sign {sign[1]}">'
            f'<a href="{uri}#{anchor}" title="to the sentence">{sign[0]}</a>'
            f'</td><td><div class="shown">{_shown(self, entry)}</div></td>'
            f'<td class="evidence">{html.escape(said)}</td></tr>'
        )
    return (
        '<div class="table-wrapper"><table class="docutils ledger"><tbody>'
        f"{''.join(rows)}</tbody></table></div>\n"
    )


def _verdict(
    page: Page, entry: Mapping[str, Any]
) -> tuple[tuple[str, str], str]:
    kind, status = entry["kind"], entry["status"]
    if kind == "cited":
        return ("”", "cited"), f"cited: {entry.get('expression') or ''}"
    if kind == "unchecked":
        reason = entry.get("expression") or ""
        return ("?", "unchecked"), f"not checked: {reason}"
    if page.fresh and status == "holds":
        return ("✓", "holds"), evidence(entry)
    return ("✗", "unverified"), "not verified"


def _shown(self: HTML5Translator, entry: Mapping[str, Any]) -> str:
    text = str(entry["text"])
    words = html.escape(text)
    if entry["kind"] in ("let", "claim"):
        words = quiet_formula(self.builder, text)
    expression = entry.get("expression")
    if entry["kind"] in _CHECKED and expression:
        code = html.escape(str(expression))
        return f'{words}<br><code class="docutils literal">{code}</code>'
    return words


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
            f'<tr id="statement-{html.escape(name)}"><td><code>'
            f"{re.sub('-', '-<wbr>', html.escape(name))}</code></td>"
            f"<td>{shown}</td><td>{', '.join(dict.fromkeys(links))}</td></tr>"
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


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("ledger", LedgerDirective)
    add_node(app, ledger_table, visit_ledger, elsewhere="nothing")
