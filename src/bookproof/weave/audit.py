"""The last gate: the pages that were written hold what was read and judged.

Nothing that is typeset may have escaped the press, and nothing that the press
judged may be missing; whoever wrote the page, and when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from bookproof.weave.book import Book, Page, book_of
from bookproof.weave.counting import Thing, Written, expected, formulas_of
from bookproof.weave.freshness import gathers
from bookproof.weave.notation import union

logger = logging.getLogger(__name__)


def differences(book: Book, page: Page, written: str) -> Iterator[str]:
    """What a page holds and should not, and the other way round."""
    found = Written(written)
    wanted = expected(page)
    gathered = gathers(page.chapter.text)
    if "notation" in gathered:
        for entry in union(book):
            wanted.update(formulas_of(entry.symbol, entry.meaning, entry.shape))
    more = found.things - wanted
    if "ledger" in gathered:  # it prints the formulas of other files
        more = _without_formulas(more)
    yield from _said(more, "on the page, but was not read")
    missing = wanted - (found.things + found.linked)
    yield from _said(missing, "was read, but is not on the page")


def _without_formulas(things: Counter[Thing]) -> Counter[Thing]:
    return Counter({k: n for k, n in things.items() if k[0] != "formula"})


def _said(things: Counter[Thing], words: str) -> Iterator[str]:
    for (sort, name), count in sorted(things.items()):
        what = f"{sort} {name}".rstrip()
        yield f"{what} {words}" + (f" ({count} times)" if count > 1 else "")


def audit(app: Sphinx, exception: Exception | None) -> None:
    """Compare every page with what the press read of it."""
    if exception is not None or app.builder.format != "html":
        return
    book = book_of(app.env)
    for page in book.pages.values():
        if page.docname not in app.env.found_docs or not page.fresh:
            continue
        path = Path(app.builder.get_output_path(page.docname))  # type: ignore[attr-defined]
        text = path.read_text(encoding="utf-8")
        for words in differences(book, page, text):
            logger.error(
                "internal error: %s",
                words,
                location=f"{page.chapter.path}:1",
                type="bookproof",
            )


def setup(app: Sphinx) -> None:
    """Run when all is written."""
    app.connect("build-finished", audit, priority=800)
