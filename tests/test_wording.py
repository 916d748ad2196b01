"""What the book says of others, it does itself; no file is half merged."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BOOK = ROOT / "book"
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


# Not written out, so that this file does not hold what it looks for. A line
# of equals signs alone is a heading in other languages and proves nothing.
MARKERS = re.compile(rb"^(?:<{7}|\|{7}|>{7})(?: |$)", re.MULTILINE)


def tracked_files() -> list[Path]:
    """The files that git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git repository")
    names = listed.stdout.decode().split("\0")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_no_file_holds_the_marks_of_an_unfinished_merge() -> None:
    files = tracked_files()
    assert ROOT / "tests/test_wording.py" in files
    half = [p for p in files if MARKERS.search(p.read_bytes())]
    assert half == []


def test_the_marks_of_a_merge_would_be_seen() -> None:
    for sign in "<|>":
        assert MARKERS.search(f"one\n{sign * 7} HEAD\ntwo".encode())
        assert not MARKERS.search(f"one\n{sign * 6} HEAD".encode())
        assert not MARKERS.search(f"one {sign * 7} HEAD".encode())
