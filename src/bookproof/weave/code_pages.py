"""A page for each tangled file, its pieces linked to where they are told."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import Any

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.util import logging

from bookproof.weave.book import Book, book_of
from bookproof.weave.pieces import Piece, code_page, weave_pieces

logger = logging.getLogger(__name__)


def files_of(pieces: list[Piece]) -> dict[str, list[Piece]]:
    """The pieces of each source file; fragments where they are included."""
    files: dict[str, list[Piece]] = {}
    for piece in pieces:
        if piece.chunk.target:
            listed = files.setdefault(piece.chunk.target, [])
            listed.extend(_with_parts(piece, set()))
    return dict(sorted(files.items()))


def _with_parts(piece: Piece, seen: set[int]) -> Iterator[Piece]:
    if id(piece) in seen:
        return
    seen.add(id(piece))
    yield piece
    for part in piece.parts.values():
        now: Piece | None = part
        while now is not None:
            yield from _with_parts(now, seen)
            now = now.after


def collect_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """The pages of the source files, for Sphinx to write."""
    if not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    book = book_of(app.env)
    for target, pieces in files_of(weave_pieces(book)).items():
        name = code_page(target)
        body = _page(app.builder, book, target, pieces)
        context = {"title": target, "body": body, "parents": []}
        yield name, context, "page.html"


def _page(
    builder: StandaloneHTMLBuilder,
    book: Book,
    target: str,
    pieces: list[Piece],
) -> str:
    here = code_page(target)
    lines = source_text(book, target).splitlines()
    out = [f"<h1><code>{html.escape(target)}</code></h1>\n"]
    for piece, part in _segments(lines, pieces):
        if piece is None:
            out.append('<div class="segment">')
        else:
            uri = builder.get_relative_uri(here, piece.docname)
            words = html.escape(piece.page.title)
            out.append(
                f'<div class="segment" id="{piece.anchor}">'
                f'<a class="origin" href="{uri}#{piece.anchor}">{words}</a>'
            )
        code = "\n".join(part)
        shown = builder.highlighter.highlight_block(code, "python")
        out.append(
            f'<div class="highlight-python notranslate">{shown}</div></div>\n'
        )
    return "".join(out)


def source_text(book: Book, target: str) -> str:
    """A source file; nothing, and a warning, if it was not tangled yet."""
    path = book.project.source / target
    if path.is_file():
        return path.read_text(encoding="utf-8")
    logger.warning(
        "%s is missing: run `make tangle` (or `bookproof tangle`)",
        book.project.relative(path),
        type="bookproof",
    )
    return ""


def starts_of(lines: list[str], pieces: list[Piece]) -> dict[int, Piece]:
    """The line, from 0, at which each piece of a file starts."""
    starts: dict[int, Piece] = {}
    at = 0
    for piece in pieces:
        found = _find(lines, piece, at)
        if found is not None:
            starts[found] = piece
            at = found
    return starts


def piece_at(book: Book, target: str, line: int) -> Piece | None:
    """The piece that a line (from 1) of a source file belongs to."""
    starts = _starts(book).get(target, {})
    before = [start for start in starts if start < line]
    return starts[max(before)] if before else None


def _starts(book: Book) -> dict[str, dict[int, Piece]]:
    """Where the pieces of each file start."""
    known: dict[str, dict[int, Piece]] = book.memo.setdefault("starts", {})
    if not known:
        for target, pieces in files_of(weave_pieces(book)).items():
            lines = source_text(book, target).splitlines()
            known[target] = starts_of(lines, pieces)
    return known


def _segments(
    lines: list[str], pieces: list[Piece]
) -> Iterator[tuple[Piece | None, list[str]]]:
    """The file cut where its pieces start, in the order of the file."""
    starts = starts_of(lines, pieces)
    cuts = sorted(starts)
    if not cuts or cuts[0] > 0:
        yield None, lines[: cuts[0] if cuts else None]
    for number, start in enumerate(cuts):
        end = cuts[number + 1] if number + 1 < len(cuts) else len(lines)
        part = lines[start:end]
        while part and not part[-1].strip():
            part.pop()
        yield starts[start], part


def _find(lines: list[str], piece: Piece, start: int) -> int | None:
    """Where a piece begins: its title, or its first line of code."""
    code = str(piece.chunk.body).strip("\n").split("\n")
    title = f"# {piece.chunk.name}"
    wanted = [code[0].strip()]
    if piece.chunk.name:
        wanted.insert(0, title)
    for words in wanted:
        for number in range(start, len(lines)):
            if lines[number].strip() == words:
                return number
    return None


def setup(app: Sphinx) -> None:
    """Register the pages."""
    app.connect("html-collect-pages", collect_pages)
