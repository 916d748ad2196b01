"""The last gate: the pages that were written hold what the ledger holds."""

from __future__ import annotations

import html
import re
from collections import Counter
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

from bookproof.table import MARKERS
from bookproof.weave.book import Page, book_of

logger = logging.getLogger(__name__)

_CLAIM = re.compile(r'data-claim="([^"]*)"')


def ids_on_page(path: Path) -> Counter[str]:
    """The ids of the claims in a file, with how often each occurs."""
    text = path.read_text(encoding="utf-8")
    return Counter(html.unescape(found) for found in _CLAIM.findall(text))


def ids_in_ledger(page: Page) -> Counter[str]:
    """The ids that the ledger holds for a chapter."""
    return Counter(
        f"{page.chapter.name}::{entry['id']}"
        for entry in (page.ledger or {}).get("entries", ())
        if entry["kind"] in MARKERS
    )


def audit(app: Sphinx, exception: Exception | None) -> None:
    """Compare every page with the ledger, whoever wrote it and when."""
    if exception is not None or app.builder.format != "html":
        return
    for page in book_of(app.env).pages.values():
        if page.docname not in app.env.found_docs or not page.fresh:
            continue
        path = Path(app.builder.get_output_path(page.docname))  # type: ignore[attr-defined]
        shown, checked = ids_on_page(path), ids_in_ledger(page)
        for difference, words in (
            (shown - checked, "on the page, not in the ledger"),
            (checked - shown, "in the ledger, not on the page"),
        ):
            if difference:
                names = ", ".join(sorted(difference.elements()))
                logger.error(
                    "internal error: %s: %s",
                    words,
                    names,
                    location=f"{page.chapter.path}:1",
                    type="bookproof",
                )


def setup(app: Sphinx) -> None:
    """Run when all is written."""
    app.connect("build-finished", audit, priority=800)
