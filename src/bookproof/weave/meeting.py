"""The n-th thing that Sphinx meets on a page is the n-th that the press read.

The press and Sphinx read the same text by two programs. Here the two readings
are held against each other, so that a verdict can never hang on another
formula than the one it was reached for.
"""

from __future__ import annotations

from collections import Counter
from typing import TypeVar
from weakref import WeakKeyDictionary

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

from bookproof.reading.elements import Chunk, Element, Marker
from bookproof.weave.book import Page, book_of

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Element)

_SEEN: WeakKeyDictionary[BuildEnvironment, Counter[tuple[str, str]]] = (
    WeakKeyDictionary()
)


def squeeze(text: str) -> str:
    """`text` without any white space: what two readers must agree on."""
    return "".join(text.split())


def next_marker(
    env: BuildEnvironment, kind: str, printed: str, where: nodes.Element
) -> tuple[Page, Marker] | None:
    """The marker that a role or directive `kind` stands for."""
    met = _next(env, "markers", kind, where)
    if met is None:
        return None
    page, marker = met
    assert isinstance(marker, Marker)
    expected = "let" if kind == "redefine" else kind
    same = squeeze(printed) in squeeze(str(marker.raw))
    if marker.kind != expected or not same:
        _disagree(kind, printed, str(marker.raw), where)
        return None
    return page, marker


def next_chunk(
    env: BuildEnvironment, code: str, where: nodes.Element
) -> tuple[Page, Chunk] | None:
    """The chunk that a directive stands for."""
    met = _next(env, "chunks", "chunk", where)
    if met is None:
        return None
    page, chunk = met
    assert isinstance(chunk, Chunk)
    if squeeze(code) != squeeze(str(chunk.body)):
        _disagree("chunk", code, str(chunk.body), where)
        return None
    return page, chunk


def _next(
    env: BuildEnvironment, sort: str, kind: str, where: nodes.Element
) -> tuple[Page, Element] | None:
    page = book_of(env).pages.get(env.docname)
    if page is None:
        _internal(f"{{{kind}}} on a page that is not in the book", where)
        return None
    elements: list[Element] = getattr(page, sort)
    seen = _SEEN.setdefault(env, Counter())
    number = seen[env.docname, sort]
    seen[env.docname, sort] += 1
    if number >= len(elements):
        _internal(f"{{{kind}}} that the press did not read", where)
        return None
    return page, elements[number]


def _disagree(kind: str, printed: str, read: str, where: nodes.Element) -> None:
    message = f"the page has {{{kind}}} {printed!r}, the press read {read!r}"
    _internal(message, where)


def _internal(message: str, where: nodes.Element) -> None:
    logger.error(
        "internal error: %s", message, location=where, type="bookproof"
    )


def _start_page(app: Sphinx, docname: str, source: list[str]) -> None:
    seen = _SEEN.setdefault(app.env, Counter())
    for sort in ("markers", "chunks"):
        seen[docname, sort] = 0
    if book_of(app.env).reread(docname, source[0]):
        logger.warning(
            "changed while the book was being built; build it again",
            location=docname,
            type="bookproof",
        )


def _end_page(app: Sphinx, doctree: nodes.document) -> None:
    """Everything that the press read must have been met."""
    page = book_of(app.env).pages.get(app.env.docname)
    if page is None:
        return
    seen = _SEEN.setdefault(app.env, Counter())
    for sort in ("markers", "chunks"):
        met, read = seen[page.docname, sort], len(getattr(page, sort))
        if met < read:
            message = f"the press read {read} {sort}, the page has {met}"
            _internal(message, doctree)


def setup(app: Sphinx) -> None:
    """Count afresh on every page."""
    app.connect("source-read", _start_page)
    app.connect("doctree-read", _end_page)
