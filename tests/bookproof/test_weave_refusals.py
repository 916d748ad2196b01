"""What must stop a build, or show on the page."""

from __future__ import annotations

from pathlib import Path

import pytest
from weave_book import SmallBook


@pytest.fixture
def book(tmp_path: Path) -> SmallBook:
    return SmallBook(tmp_path)


def test_bad_tex_stops_the_build_and_says_where(book: SmallBook) -> None:
    book.edit("using.md", "Here {claim}", "Here $x_{y$ {claim}")
    woven = book.weave()
    assert woven.returncode != 0
    assert "bad formula" in woven.stderr
    assert "using.md" in woven.stderr


def test_an_unchecked_book_is_refused(book: SmallBook) -> None:
    woven = book.weave()
    assert woven.returncode != 0
    assert "not checked yet: run `make check`" in woven.stderr
    assert "mark-claim unverified" in book.page("adding")
    assert "mark-claim holds" not in book.page("adding")


def test_a_change_after_the_check_is_refused_until_checked_again(
    book: SmallBook,
) -> None:
    book.check()
    assert book.weave().returncode == 0
    book.edit("using.md", "1 + 1 = 2", "1 + 2 = 3")
    stale = book.weave()
    assert stale.returncode != 0
    assert "book/using.md:1" in stale.stderr
    assert "changed since it was checked" in stale.stderr
    assert "mark-claim unverified" in book.page("using")
    book.check()
    assert book.weave().returncode == 0
    assert "mark-claim holds" in book.page("using")


def test_a_claim_that_fails_is_not_shown_as_verified(
    book: SmallBook,
) -> None:
    book.edit("using.md", "1 + 1 = 2", "1 + 1 = 3")
    assert book.check().returncode == 1
    woven = book.weave()
    assert woven.returncode != 0
    assert "book/using.md" in woven.stderr
    assert "mark-claim unverified" in book.page("using")


def test_a_chapter_that_gains_a_piece_changes_its_neighbour(
    book: SmallBook,
) -> None:
    """The other page's text is the same, what it links to is not."""
    book.check()
    assert book.weave().returncode == 0
    book.edit("using.md", "Add three numbers", "Add all three")
    book.check()
    assert book.weave().returncode == 0
    assert "Add all three" in book.page("adding")
