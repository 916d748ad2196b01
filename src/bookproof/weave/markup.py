"""Markup that an author types is words: no page holds HTML of a chapter.

The check refuses it; a page that is woven all the same shows it as text.
"""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

_HARMLESS = ("http:", "https:", "mailto:")


def _show_as_words(app: Sphinx, doctree: nodes.document, *_: str) -> None:
    for raw in list(doctree.findall(nodes.raw)):
        logger.warning(
            "HTML in a chapter is shown as text",
            location=raw,
            type="bookproof",
        )
        text = raw.astext()
        inline = isinstance(raw.parent, nodes.TextElement)
        words = nodes.Text(text) if inline else nodes.paragraph(text, text)
        raw.parent.replace(raw, words)
    for link in list(doctree.findall(nodes.reference)):
        if not _is_harmless(link.get("refuri", "")):
            logger.warning(
                "a link to %s is left out",
                link["refuri"],
                location=link,
                type="bookproof",
            )
            link.parent.replace(link, link.children)


def _is_harmless(address: str) -> bool:
    """Whether an address leads to a page or a letter, and runs nothing."""
    start, colon, _ = address.partition(":")
    within = not colon or "/" in start or "#" in start
    return within or address.lower().startswith(_HARMLESS)


def setup(app: Sphinx) -> None:
    """Run before titles are collected, and when all is put together."""
    app.connect("doctree-read", _show_as_words, priority=100)
    app.connect("doctree-resolved", _show_as_words, priority=900)
