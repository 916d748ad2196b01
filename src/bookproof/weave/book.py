"""What the weaver knows of the whole book, read once when a build starts.

Pages need more than their own text: a piece of code says where it is
continued, a claim shows as verified only if the ledger says so. All of that is
read here, before any page, and is never stored with Sphinx's environment, so
that nothing can be stale, doubled or lost between processes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from sphinx.environment import BuildEnvironment

from bookproof.config import Project
from bookproof.keeping import ledger
from bookproof.keeping.inputs import Inputs
from bookproof.mutating import kills
from bookproof.mutating.kills import Kills
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter, Chunk, Marker, Symbols
from bookproof.reading.table import MARKERS
from bookproof.running import outputs

_BOOKS: WeakKeyDictionary[BuildEnvironment, Book] = WeakKeyDictionary()


@dataclass
class Page:
    """A chapter as the weaver sees it: its elements and their verdicts.

    `ledger` is None when the chapter was never checked, `fresh` false when
    what was checked is not what would be printed now, `outputs` false when
    the cells' outputs are not at hand.
    """

    docname: str
    chapter: Chapter
    ledger: Mapping[str, Any] | None
    fresh: bool
    outputs: bool = True

    def __post_init__(self) -> None:
        elements = self.chapter.elements
        self.markers = [e for e in elements if isinstance(e, Marker)]
        self.chunks = [e for e in elements if isinstance(e, Chunk)]
        self.symbols = [e for e in elements if isinstance(e, Symbols)]
        records = self.ledger["entries"] if self.ledger else ()
        self.entries = {
            record["id"]: record
            for record in records
            if record["kind"] in MARKERS
        }

    @property
    def title(self) -> str:
        return self.chapter.title or self.docname


@dataclass
class Book:
    """The chapters in reading order, by the names Sphinx gives them."""

    project: Project
    pages: dict[str, Page] = field(default_factory=dict)
    memo: dict[str, Any] = field(default_factory=dict)
    """What has been worked out of these pages."""

    @classmethod
    def read(cls, folder: Path) -> Book:
        """Read the book whose pages are in `folder`."""
        project = Project.find(folder)
        book, inputs = cls(project), Inputs(project)
        for path in project.chapters():
            chapter = read_chapter(path, project)
            record = ledger.load(project, chapter.name)
            fresh = ledger.current(inputs, chapter, record)
            docname = path.resolve().relative_to(folder.resolve())
            name = docname.with_suffix("").as_posix()
            shown = (record or {}).get("page")
            stored = outputs.at_hand(project, chapter, shown)
            book.pages[name] = Page(name, chapter, record, fresh, stored)
        return book

    def reread(self, docname: str, text: str) -> bool:
        """Take over a text that differs from the one read first; whether it
        did. What the ledger says is not about this text."""
        page = self.pages.get(docname)
        if page is None or page.chapter.text == text:
            return False
        path = self.project.root / page.chapter.path
        chapter = read_chapter(path, self.project, text)
        self.pages[docname] = Page(docname, chapter, page.ledger, False)
        self.memo.clear()
        return True

    def chapters(self) -> Sequence[Chapter]:
        """All chapters, in reading order."""
        return [page.chapter for page in self.pages.values()]


def kills_of(book: Book, page: Page) -> Kills:
    """What is known of the mutants of a chapter."""
    known: dict[str, Kills] = book.memo.setdefault("kills", {})
    if page.docname not in known:
        known[page.docname] = kills.load(book.project, page.chapter)
    return known[page.docname]


def ledger_page(docname: str) -> str:
    """The name of the page of a chapter's ledger."""
    return f"ledger/{docname}"


def open_book(env: BuildEnvironment, book: Book) -> None:
    """Let `book_of` find the book of this build."""
    _BOOKS[env] = book


def book_of(env: BuildEnvironment) -> Book:
    """The book of the build that `env` belongs to."""
    return _BOOKS[env]
