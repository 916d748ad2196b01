"""The rows of a chapter's ledger: verdict, evidence, and what it rests on."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from typing import Any

from docutils import nodes
from sphinx.builders import Builder

from bookproof.reading.elements import Cell, Marker
from bookproof.weave.book import Page, book_of, kills_of
from bookproof.weave.formulas import quiet_formula
from bookproof.weave.things import (
    Things,
    files_in,
    pieces_of,
    row_anchor,
    used_by,
)
from bookproof.weave.verdicts import evidence

CHECKED = ("let", "claim", "fact")
_SIGNS = {"holds": "✓", "cited": "”", "unchecked": "?"}
_MOST = 12  # pieces of code that a row names


class Rows:
    """Writes the rows of one chapter's page."""

    def __init__(self, builder: Builder, here: str, page: Page) -> None:
        self._builder = builder
        self._page = page
        self._things = Things(builder, here, page)
        self._used = used_by(page)
        self._kills = kills_of(book_of(builder.env), page)

    def table(self) -> str:
        """All of them, in reading order."""
        rows = [
            self._cell(each) if isinstance(each, Cell) else self._marker(each)
            for each in self._page.chapter.elements
            if isinstance(each, Cell)
            or (isinstance(each, Marker) and each.id in self._page.entries)
        ]
        return (
            '<div class="table-wrapper"><table class="docutils ledger">'
            f"<tbody>{''.join(rows)}</tbody></table></div>\n"
        )

    def _marker(self, marker: Marker) -> str:
        entry = self._page.entries[marker.id]
        kinds = [marker.kind, *(["loose"] if "loose" in marker.options else [])]
        state, said = verdict(self._page, entry)
        return self._row(
            marker.id,
            kinds,
            state,
            self._things.sentence(marker),
            self._statement(marker, entry),
            said,
            marker.sources,
        )

    def _cell(self, cell: Cell) -> str:
        name = f"cell-{cell.number + 1}"
        shown = f"Cell {cell.number + 1}"
        href = self._things.cell(cell.number + 1)
        if {"remove-cell", "remove_cell"} & set(cell.tags):
            href, shown = "", f"{shown}, not printed"
        return self._row(name, ["cell"], "ran", href, shown, "")

    def _row(
        self,
        name: str,
        kinds: Iterable[str],
        state: str,
        href: str,
        shown: str,
        said: str,
        sources: Iterable[str] = (),
    ) -> str:
        sign = _SIGNS.get(state, "✗" if state != "ran" else "▸")
        if href:
            title = f"to the sentence: {state}"
            if state == "ran":
                title = "to the cell"
            sign = (
                f'<a href="{html.escape(href)}" title="{title}"'
                f' aria-label="{title}">{sign}</a>'
            )
        return (
            f'<tr id="{row_anchor(self._page, name)}"'
            f' data-kind="{html.escape(" ".join(kinds))}"'
            f' data-verdict="{html.escape(state)}"'
            f' data-source="{html.escape(" ".join(sources))}">'
            f'<td class="sign {nodes.make_id(state)}">{sign}</td>'
            f'<td><div class="shown">{shown}</div></td>'
            f'<td class="evidence">{said}{self._rests_on(name)}</td></tr>\n'
        )

    def _statement(self, marker: Marker, entry: Mapping[str, Any]) -> str:
        words = html.escape(str(entry["text"]))
        if marker.kind in ("let", "claim"):
            words = quiet_formula(self._builder, str(entry["text"]))
        expression = entry.get("expression")
        if marker.kind in CHECKED and expression:
            code = html.escape(str(expression))
            words += f'<br><code class="docutils literal">{code}</code>'
        if "loose" in marker.options:
            reason = html.escape(marker.options["loose"].text)
            words += (
                f'<br><span class="why">not the best bound: {reason}</span>'
            )
        if marker.label:
            label = html.escape(marker.label)
            words += f' <code class="docutils literal label">{label}</code>'
        return words

    def _rests_on(self, name: str) -> str:
        used = self._used.things.get(name, ())
        links = [self._things.shown(each).link() for each in used]
        out = [f"rests on {', '.join(links)}"] if links else []
        book = book_of(self._builder.env)
        pieces = pieces_of(book, self._used.code.get(name, []))
        if pieces:
            named = [self._things.piece(p).link() for p in pieces[:_MOST]]
            more = len(pieces) - len(named)
            also = f" and {more} more" if more else ""
            runs = f"{', '.join(named)}{also}"
            out.append(
                f"runs {runs}"
                if len(pieces) < 4
                else _folded(f"runs {len(pieces)} pieces of code", runs)
            )
        else:
            files = files_in(self._used.functions_of(name))
            links = [self._things.file(each).link() for each in files]
            if links:
                out.append(f"through {', '.join(links)}")
        count = self._kills.claims.get(name)
        if count is not None and count.asked:
            out.append(
                f"{count.killed} of {_counted(count.asked, 'mutant')} noticed"
            )
        return "".join(f'<div class="rests">{each}</div>' for each in out)


def verdict(page: Page, entry: Mapping[str, Any]) -> tuple[str, str]:
    """The state of an entry, and the evidence as HTML."""
    kind, status = entry["kind"], entry["status"]
    expression = html.escape(str(entry.get("expression") or ""))
    if kind == "cited":
        return "cited", f"cited: {expression}"
    if kind == "unchecked":
        return "unchecked", f"not checked: {expression}"
    if not page.fresh:
        return "not verified", "not verified: changed since it was checked"
    if status != "holds":
        return status, f"not verified: {html.escape(status)}"
    return "holds", _evidence(entry)


def _evidence(entry: Mapping[str, Any]) -> str:
    """The values of both sides, the draws and the relations."""
    values = [pair for pair in entry.get("values") or () if any(pair)]
    short = html.escape(evidence(entry))
    relations, draws = entry.get("relations") or 0, entry.get("draws") or 0
    if entry["kind"] == "let" or not values:
        return short
    count = [
        _counted(relations, "relation") if relations > 1 else "",
        _counted(draws, "draw") if draws > 1 else "",
    ]
    said = ", ".join(filter(None, count))
    if len(values) == 1 and not said:
        return short
    pairs = "".join(
        f"<li>{html.escape(left)} | {html.escape(right)}</li>"
        for left, right in values
    )
    return _folded(f"checked: {said or 'its values'}", f"<ul>{pairs}</ul>")


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>"


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
