"""What stands on a written page, and what should: each thing counted.

A thing is a pair, its sort and what tells it from others of that sort.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser

from bookproof.reading.elements import (
    Cell,
    Chunk,
    Element,
    Exercise,
    Figure,
    Marker,
    PlainMath,
    Solution,
    Symbols,
)
from bookproof.reading.table import MARKERS
from bookproof.weave.book import Page
from bookproof.weave.katex import airy

Thing = tuple[str, str]

_REMOVED = {"remove-cell", "remove_cell"}
_CLASSES = {
    "cell": "cell",
    "chunk": "piece of code",
    "exercise": "exercise",
    "solution": "solution",
    "symbols": "table of symbols",
}


def squeeze(text: str) -> str:
    """`text` without any white space."""
    return "".join(text.split())


class Written(HTMLParser):
    """Counts the things in the article of a page, or in what the theme has
    for one. Formulas in links are apart: a link may repeat a title."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.things: Counter[Thing] = Counter()
        self.linked: Counter[Thing] = Counter()
        self._links = 0
        self._has_article = "<article" in text
        self._region, self._depth = "", 0
        self._formula: list[str] | None = None
        self.feed(text)
        self.close()

    def handle_starttag(
        self, tag: str, attrs: list[tuple[str, str | None]]
    ) -> None:
        values = {name: value or "" for name, value in attrs}
        self._links += tag == "a"
        if self._depth:
            self._depth += tag == self._region
        elif self._begins(tag, values):
            self._region, self._depth = tag, 1
        if not self._depth:
            return
        if "data-claim" in values:
            self.things["statement", values["data-claim"]] += 1
        if tag == "img":
            self.things["figure", squeeze(values.get("alt", ""))] += 1
        classes = values.get("class", "").split()
        for name in self._sorts(classes):
            self.things[_CLASSES[name], ""] += tag in ("div", "details")
        if tag == "annotation":
            self._formula = []

    def _begins(self, tag: str, values: dict[str, str]) -> bool:
        if self._has_article:
            return tag == "article"
        return tag == "main" or values.get("role") == "main"

    @staticmethod
    def _sorts(classes: list[str]) -> set[str]:
        if "notation" in classes:  # the union of tables that stand elsewhere
            return set()
        return set(classes) & _CLASSES.keys()

    def handle_endtag(self, tag: str) -> None:
        self._links -= tag == "a"
        self._depth -= self._depth > 0 and tag == self._region
        if tag == "annotation" and self._formula is not None:
            found = self.linked if self._links > 0 else self.things
            found["formula", squeeze("".join(self._formula))] += 1
            self._formula = None

    def handle_data(self, data: str) -> None:
        if self._formula is not None:
            self._formula.append(data)


def expected(page: Page) -> Counter[Thing]:
    """The things that the press read and judged."""
    found = Counter(
        thing
        for element in page.chapter.elements
        for thing in _things(page, element)
    )
    found.update(
        ("statement", f"{page.chapter.name}::{entry['id']}")
        for entry in (page.ledger or {}).get("entries", ())
        if entry["kind"] in MARKERS
    )
    return found


def _things(page: Page, element: Element) -> Iterator[Thing]:
    match element:
        case Cell() if not _REMOVED & set(element.tags):
            yield "cell", ""
        case Chunk():
            yield "piece of code", ""
        case Exercise():
            yield "exercise", ""
        case Solution():
            yield "solution", ""
        case Figure():
            yield "figure", squeeze(element.alt or "")
        case PlainMath():
            yield _formula(element.body.text)
        case Symbols():
            yield "table of symbols", ""
            for row in element.rows:
                yield _formula(row.symbol.text)
        case Marker():
            yield from _printed(element)


def _printed(marker: Marker) -> Iterator[Thing]:
    """The formulas of a marker and of the roles that stand with it."""
    if marker.kind in ("let", "claim"):
        yield _formula(marker.body.text)
    for text in (*marker.when, *((marker.range,) if marker.range else ())):
        yield _formula(text.text)


def _formula(tex: str) -> Thing:
    return "formula", squeeze(airy(tex))


def formulas_of(symbol: str, *words: str) -> Iterator[Thing]:
    """The formulas of a row of the notation page."""
    yield _formula(symbol)
    for text in words:
        for tex in text.split("$")[1::2]:
            yield _formula(tex)
