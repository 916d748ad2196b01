"""Pages are woven again when what they say about themselves has changed."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

from bookproof.diagnostics import BookError
from bookproof.refusals import said
from bookproof.weave import downloads
from bookproof.weave.book import (
    Book,
    Page,
    book_of,
    kills_of,
    open_book,
)
from bookproof.weave.pieces import Piece, weave_pieces

logger = logging.getLogger(__name__)

_GATHERS = re.compile(
    r"^`{3,}\{(ledger|notation|(?:chunk|identifier)-index)\}", re.M
)
_JUDGED = ("let", "claim", "fact")
_REMEDY = "run `make check` (or `bookproof check`)"


def gathers(text: str) -> set[str]:
    """Which directives of a page show what stands on other pages."""
    return set(_GATHERS.findall(text))


def drop_gone(app: Sphinx) -> None:
    """Take away the page of a chapter that was renamed or deleted since the
    last build: Sphinx would leave it, and a server go on serving it."""
    if not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    for name in app.env.all_docs:
        sources = [f"{name}{suffix}" for suffix in app.config.source_suffix]
        if not any(Path(app.srcdir, source).is_file() for source in sources):
            page = Path(app.builder.get_outfilename(name))
            end = app.config.html_sourcelink_suffix
            shown = (Path(app.outdir, "_sources", s + end) for s in sources)
            for path in (page, *shown, *downloads.paths(app, name)):
                path.unlink(missing_ok=True)


def read_book(app: Sphinx) -> None:
    """Read the book once, before any page, and say what is not verified."""
    try:
        book = Book.read(Path(app.srcdir))
    except BookError as error:
        raise ExtensionError(str(error)) from error
    except OSError as error:
        raise ExtensionError(said(error)) from error
    open_book(app.env, book)
    for page in book.pages.values():
        for place, message in complaints(page):
            logger.warning(message, location=place, type="bookproof")


def run_nothing(app: Sphinx) -> None:
    """Keep MyST-NB from running the cells of pages that were not checked:
    no page shows an output that the press did not see."""
    settings = getattr(app.env, "mystnb_config", None)
    pages = book_of(app.env).pages.values()
    unseen = [
        f"{page.docname}.md"
        for page in pages
        if not (page.fresh and page.outputs)
    ]
    if settings is not None and unseen:
        app.env.mystnb_config = settings.copy(  # type: ignore[attr-defined]
            execution_excludepatterns=unseen
        )
        app.config.suppress_warnings.append("myst-nb.lexer")


def complaints(page: Page) -> Iterator[tuple[str, str]]:
    """What keeps a page from being shown as verified: place and message."""
    place = f"{page.chapter.path}:1"
    if page.ledger is None:
        yield place, f"not checked yet: {_REMEDY}"
        return
    if not page.fresh:
        yield place, f"changed since it was checked: {_REMEDY}"
        return
    if not page.outputs:
        yield place, f"its outputs are not in the cache: {_REMEDY}"
    for entry in page.entries.values():
        if entry["kind"] in _JUDGED and entry["status"] != "holds":
            at = f"{entry['file']}:{entry['line']}"
            yield at, f"{entry['id']}: {entry['status']}; {_REMEDY}"


def digests(book: Book) -> dict[str, str]:
    """For each page, a digest of what it shows and does not itself hold."""
    pieces = weave_pieces(book)
    own = {
        name: [
            page.ledger,
            page.fresh,
            [_neighbours(p) for p in pieces if p.docname == name],
        ]
        for name, page in book.pages.items()
    }
    everything = [
        own,
        [chapter.text for chapter in book.chapters()],
        [kills_of(book, page).total for page in book.pages.values()],
    ]
    return {
        name: _digest(everything if gathers(page.chapter.text) else own[name])
        for name, page in book.pages.items()
    }


def _neighbours(piece: Piece) -> list[str]:
    others = [piece.before, piece.after, *piece.users, *piece.parts.values()]
    links = [f"{p.docname}#{p.anchor} {p.name}" for p in others if p]
    return [*links, *(str(p.chunk.body) for p in piece.opened())]


def _digest(thing: object) -> str:
    text = json.dumps(thing, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def outdated(
    app: Sphinx,
    env: BuildEnvironment,
    added: set[str],
    changed: set[str],
    removed: set[str],
) -> Sequence[str]:
    """The pages whose surroundings differ from those of the last build."""
    seen: dict[str, str] = getattr(env, "bookproof_digests", {})
    now = digests(book_of(env))
    return sorted(
        name
        for name in now
        if name in env.found_docs and seen.get(name) != now[name]
    )


def remember(app: Sphinx, env: BuildEnvironment) -> None:
    """Keep the digests for the next build."""
    env.bookproof_digests = digests(book_of(env))  # type: ignore[attr-defined]


def setup(app: Sphinx) -> None:
    """Read the book first; compare before reading, remember after it."""
    app.connect("builder-inited", drop_gone, priority=50)
    app.connect("builder-inited", read_book, priority=100)
    app.connect("builder-inited", run_nothing, priority=900)
    app.connect("env-get-outdated", outdated)
    app.connect("env-updated", remember)
