"""What must stop a build, or show on the page: one book through four states.

The states are built once, in order; each test reads what one of them left.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from weave_book import SmallBook


@dataclass(frozen=True)
class Woven:
    """What a build said, and the two chapters it wrote."""

    code: int
    errors: str
    adding: str
    using: str


def weave(book: SmallBook) -> Woven:
    done = book.weave()
    return Woven(
        done.returncode, done.stderr, book.page("adding"), book.page("using")
    )


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> SmallBook:
    return SmallBook(tmp_path_factory.mktemp("refused"))


@pytest.fixture(scope="module")
def unchecked(book: SmallBook) -> Woven:
    """Never checked, and with a formula that cannot be set."""
    book.edit("using.md", "Here {claim}", "Here $x_{y$ {claim}")
    return weave(book)


@pytest.fixture(scope="module")
def sound(book: SmallBook, unchecked: Woven) -> Woven:
    book.edit("using.md", "Here $x_{y$ {claim}", "Here {claim}")
    book.check()
    return weave(book)


@pytest.fixture(scope="module")
def stale(book: SmallBook, sound: Woven) -> Woven:
    """Changed after it was checked: a wrong claim, another title."""
    book.edit("using.md", "1 + 1 = 2", "1 + 1 = 3")
    book.edit("using.md", "Add three numbers", "Add all three")
    return weave(book)


@pytest.fixture(scope="module")
def failing(book: SmallBook, stale: Woven) -> Woven:
    """Checked again, and found wrong."""
    assert book.check().returncode == 1
    return weave(book)


def test_bad_tex_stops_the_build_and_says_where(unchecked: Woven) -> None:
    assert unchecked.code != 0
    assert "bad formula" in unchecked.errors
    assert "using.md" in unchecked.errors


def test_an_unchecked_book_is_refused(unchecked: Woven) -> None:
    assert "not checked yet: run `make check`" in unchecked.errors
    assert "src/small/adding.py is missing" in unchecked.errors
    assert "mark-claim unverified" in unchecked.adding
    assert "mark-claim holds" not in unchecked.adding


def test_a_checked_book_is_woven(sound: Woven) -> None:
    assert sound.code == 0, sound.errors
    assert "mark-claim holds" in sound.using
    assert "unverified" not in sound.using


def test_a_change_after_the_check_is_refused(stale: Woven) -> None:
    assert stale.code != 0
    assert "book/using.md:1" in stale.errors
    assert "changed since it was checked" in stale.errors
    assert "mark-claim unverified" in stale.using
    assert "mark-claim holds" not in stale.using


def test_a_claim_that_fails_is_not_shown_as_verified(failing: Woven) -> None:
    assert failing.code != 0
    assert "using-1" in failing.errors
    assert "mark-claim unverified" in failing.using


def test_a_page_follows_what_it_links_to(sound: Woven, failing: Woven) -> None:
    """The other page's own text is the same; what it links to is not."""
    assert "Add three numbers" in sound.adding
    assert "Add all three" in failing.adding
