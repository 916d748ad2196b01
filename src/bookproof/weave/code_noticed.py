"""Which changes of the printed code the chapters notice, on the ledger."""

from __future__ import annotations

import html

from sphinx.builders import Builder

from bookproof.mutating import code_kills
from bookproof.mutating.code_kills import CodeKills
from bookproof.mutating.code_mutants import CodeMutant
from bookproof.mutating.kills import Count
from bookproof.tangling.tangle import tangle
from bookproof.weave.book import Book, Page, book_of
from bookproof.weave.code_pages import piece_at, source_text
from bookproof.weave.things import Things


def code_kills_of(book: Book, page: Page) -> CodeKills:
    """What is known of changes of the code that a chapter prints."""
    known: dict[str, CodeKills] | None = book.memo.get("code kills")
    if known is None:
        known = {}
        if code_kills.read(book.project):
            tangled = tangle(book.chapters(), book.project)
            if not tangled.findings:
                known = code_kills.load(book.project, book.chapters(), tangled)
        book.memo["code kills"] = known
    return known.get(page.chapter.path, CodeKills())


def share(count: Count) -> str:
    """How many of the mutants that could be noticed were; empty if none was
    tried yet."""
    if not count.tried:
        return ""
    shown = int(count.rate * 1000) / 10  # never rounded up to all of them
    return f"{count.killed} of {count.asked} ({shown:g} %)"


def code_noticed(builder: Builder, here: str, page: Page) -> str:
    """What is known of a chapter's code, and the changes that no chapter
    noticed, as HTML."""
    known = code_kills_of(book_of(builder.env), page)
    if not known.count.tried:
        return ""
    things = Things(builder, here, page)
    count = known.count
    rows = "".join(
        f"<li>{_place(builder, things, mutant)}: <code>{_words(mutant)}</code>"
        f"{f' ({html.escape(reason)})' if reason else ''}</li>\n"
        for mutant, reason in known.left
    )
    unseen = f"\n<p>Not noticed:</p>\n<ul>\n{rows}</ul>" if rows else ""
    return (
        '<h2 id="changes-of-the-code">Changes of the code</h2>\n'
        f"<p>Of the {known.every} signs, operators, relations and numbers in "
        f"the code that this chapter prints, {count.tried} were changed, one "
        "at a time and chosen at random, and the chapters that run it were "
        f"checked again: {share(count)} were noticed.</p>{unseen}\n"
    )


def _place(builder: Builder, things: Things, mutant: CodeMutant) -> str:
    """A link to the piece of code that was changed."""
    book = book_of(builder.env)
    text = source_text(book, mutant.target)
    line = text.count("\n", 0, mutant.change.offset) + 1
    piece = piece_at(book, mutant.target, line)
    if piece is None:
        return things.file(mutant.target).link()
    return things.piece(piece).link()


def _words(mutant: CodeMutant) -> str:
    _, _, before, after = mutant.change
    return html.escape(f"{before} -> {after}" if after else f"{before} ->")
