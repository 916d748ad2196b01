"""What the book says of others, it does itself."""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"
SWAPPED = re.compile(r"gradient\s+of\s[^.]*with\s+respect\s+to\s+the\s+loss")


@pytest.mark.parametrize(
    "page", sorted(BOOK.glob("*.md")), ids=lambda p: p.stem
)
def test_no_page_takes_a_gradient_with_respect_to_the_loss(page: Path) -> None:
    assert not SWAPPED.findall(page.read_text(encoding="utf-8"))


def test_the_wrong_way_round_would_be_seen() -> None:
    assert SWAPPED.search(
        "the gradient\nof the output with respect to the loss"
    )
    assert not SWAPPED.search(
        "a gradient of the loss with respect to the output"
    )
