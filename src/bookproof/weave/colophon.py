"""A line at the end of each chapter: what was checked in it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from bookproof.weave.book import Page, book_of

_CHECKED = ("let", "claim", "fact")


def colophon(page: Page) -> str:
    """How many statements of a page hold, are cited, are unchecked."""
    kinds = Counter(entry["kind"] for entry in page.entries.values())
    asked = sum(kinds[kind] for kind in _CHECKED)
    held = sum(
        entry["kind"] in _CHECKED and entry["status"] == "holds"
        for entry in page.entries.values()
    )
    if not page.fresh:
        held = 0
    words = (
        f"All {asked} statements marked as checked on this page hold"
        if held == asked
        else f"{held} of {asked} statements on this page hold"
    )
    others = [
        f"{kinds[kind]} {'is' if kinds[kind] == 1 else 'are'} {kind}"
        for kind in ("cited", "unchecked")
        if kinds[kind]
    ]
    return "; ".join([words, *others]) + "."


def _add(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    page = book_of(app.env).pages.get(pagename)
    if page is None or not page.entries or "body" not in context:
        return
    words = colophon(page)
    ledger = app.config.bookproof_ledger_page
    if ledger in app.env.found_docs:
        uri = app.builder.get_relative_uri(pagename, ledger)
        words += f' <a href="{uri}">The ledger</a> has the evidence.'
    context["body"] += f'<p class="colophon">{words}</p>\n'


def setup(app: Sphinx) -> None:
    """Add the line when a page is written."""
    app.connect("html-page-context", _add)
