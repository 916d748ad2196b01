"""The pieces of the library's code, and how they hang together."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from docutils import nodes

from bookproof.reading.elements import Chunk
from bookproof.weave.book import Book, Page

INCLUDE = re.compile(r"^(\s*)<<(.+)>>\s*$")


@dataclass(eq=False)
class Piece:
    """A chunk, where it stands, and its neighbours in the program."""

    page: Page
    chunk: Chunk
    anchor: str
    before: Piece | None = None
    after: Piece | None = None
    users: list[Piece] = field(default_factory=list)
    parts: dict[str, Piece] = field(default_factory=dict)

    @property
    def docname(self) -> str:
        return self.page.docname

    @property
    def name(self) -> str:
        if self.chunk.name:
            return self.chunk.name
        if self.before is None and self.chunk.target:
            return f"Open {self.chunk.target}"
        return self.chunk.target or "…"

    def opened(self, above: tuple[Piece, ...] = ()) -> list[Piece]:
        """All pieces that are shown within this one."""
        inside = [
            each
            for part in self.parts.values()
            for each in part.whole()
            if each not in above
        ]
        deeper = [each.opened((*above, self)) for each in inside]
        return [*inside, *(each for some in deeper for each in some)]

    def whole(self) -> list[Piece]:
        """This piece of a fragment, and those that continue it."""
        return [self] if self.after is None else [self, *self.after.whole()]


def weave_pieces(book: Book) -> list[Piece]:
    """All chunks of the book in reading order, knowing their neighbours."""
    pieces: list[Piece] | None = book.memo.get("pieces")
    if pieces is None:
        pieces = book.memo["pieces"] = _pieces(book)
    return pieces


def _pieces(book: Book) -> list[Piece]:
    pieces: list[Piece] = []
    for page in book.pages.values():
        taken: set[str] = set()
        for number, chunk in enumerate(page.chunks, 1):
            words = chunk.label or chunk.name or f"piece-{number}"
            anchor = "code-" + nodes.make_id(words)
            if anchor in taken:
                anchor = f"{anchor}-{number}"
            taken.add(anchor)
            pieces.append(Piece(page, chunk, anchor))
    _join(pieces)
    return pieces


def _join(pieces: list[Piece]) -> None:
    last: dict[tuple[str, str], Piece] = {}
    first: dict[str, Piece] = {}
    for piece in pieces:
        chunk = piece.chunk
        if chunk.target is None and chunk.name:
            first.setdefault(chunk.name, piece)
        key = chunk.target or "", "" if chunk.target else chunk.name or ""
        piece.before = last.get(key)
        if piece.before is not None:
            piece.before.after = piece
        last[key] = piece
    for piece in pieces:
        for name in included(str(piece.chunk.body)):
            part = first.get(name)
            if part is not None:
                piece.parts[name] = part
                for each in part.whole():
                    each.users.append(piece)


def included(code: str) -> list[str]:
    """The names of the fragments that some code includes."""
    lines = code.split("\n")
    return [m[2].strip() for m in map(INCLUDE.match, lines) if m]


def piece_of(book: Book, docname: str, number: int) -> Piece:
    """The n-th piece of a page."""
    pieces = weave_pieces(book)
    return [piece for piece in pieces if piece.docname == docname][number]


def code_page(target: str) -> str:
    """The name of the page that shows a source file."""
    return "code/" + target.removesuffix(".py")
