"""The elements of a page against those that the press read and judged."""

from __future__ import annotations

import pytest
from weave_book import SmallBook

from bookproof.weave.audit import differences
from bookproof.weave.book import Book
from bookproof.weave.counting import Written


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    book = SmallBook(tmp_path_factory.mktemp("counted"))
    assert book.check().returncode == 0
    woven = book.weave()
    assert woven.returncode == 0, woven.stderr
    return book


@pytest.fixture(scope="module")
def read(small: SmallBook) -> Book:
    return Book.read(small.root / "book")


def said(read: Book, name: str, written: str) -> list[str]:
    return list(differences(read, read.pages[name], written))


def test_every_page_holds_what_was_read(small: SmallBook, read: Book) -> None:
    assert len(read.pages) > 6
    for name in read.pages:
        assert said(read, name, small.page(name)) == []


def test_a_page_is_counted_as_a_reader_would(small: SmallBook) -> None:
    """These numbers were counted by hand in the text of the chapter."""
    things = Written(small.page("adding")).things
    sorts = {sort: 0 for sort, _ in things}
    for (sort, _), count in things.items():
        sorts[sort] += count
    assert sorts == {
        "statement": 9,
        "formula": 8,
        "piece of code": 3,
        "cell": 2,
        "figure": 1,
        "exercise": 1,
        "solution": 1,
        "table of symbols": 1,
    }


PLANTED = {
    "a formula": (
        "</article>",
        "<annotation>1 + 1</annotation></article>",
        "formula 1+1 on the page, but was not read",
    ),
    "a statement": (
        "</article>",
        '<span data-claim="adding::no">x</span></article>',
        "statement adding::no on the page, but was not read",
    ),
    "a statement twice": (
        "</article>",
        '<span data-claim="adding::three">x</span></article>',
        "statement adding::three on the page, but was not read",
    ),
    "a figure": (
        "</article>",
        '<img src="x.svg" alt="new"></article>',
        "figure new on the page, but was not read",
    ),
    "a piece of code": (
        "</article>",
        '<div class="chunk"></div></article>',
        "piece of code on the page, but was not read",
    ),
    "a cell": (
        "</article>",
        '<div class="cell x"></div></article>',
        "cell on the page, but was not read",
    ),
    "an exercise": (
        "</article>",
        '<div class="exercise"></div></article>',
        "exercise on the page, but was not read",
    ),
    "a solution": (
        "</article>",
        '<details class="solution"></details></article>',
        "solution on the page, but was not read",
    ),
    "a table of symbols": (
        "</article>",
        '<div class="symbols"></div></article>',
        "table of symbols on the page, but was not read",
    ),
    "a formula that changed": (
        "x^2 = 9",
        "x^2 = 8",
        "formula x^2=8=4+5 on the page, but was not read",
    ),
    "a statement that is gone": (
        'data-claim="adding::three"',
        "",
        "statement adding::three was read, but is not on the page",
    ),
    "a figure that is gone": (
        "<img ",
        "<i ",
        "figure Alinethatrises was read, but is not on the page",
    ),
    "a piece of code that is gone": (
        'class="chunk"',
        'class=""',
        "piece of code was read, but is not on the page",
    ),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_or_taken_away_is_seen(
    small: SmallBook, read: Book, what: str
) -> None:
    old, new, words = PLANTED[what]
    page = small.page("adding")
    assert old in page
    found = said(read, "adding", page.replace(old, new, 1))
    assert words in found


def test_a_build_that_writes_more_than_was_read_fails(
    small: SmallBook,
) -> None:
    """The gate itself: a page of the theme with one formula more."""
    folder = small.root / "book" / "_templates"
    (folder / "page.html").write_text(
        '{% extends "!page.html" %}{% block content %}'
        "<article><annotation>0 = 1</annotation></article>"
        "{{ super() }}{% endblock %}",
        encoding="utf-8",
    )
    try:
        woven = small.weave("planted")
    finally:
        (folder / "page.html").unlink()
    assert woven.returncode != 0
    assert "formula 0=1 on the page, but was not read" in woven.stderr
