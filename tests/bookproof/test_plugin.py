"""Chapters under pytest, in a pytest of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import Book, new_book

BODY = """\
# A chapter

Words first.

```{code-cell} ipython3
print("x")
x = 3
```

It is {fact}`right: 3 <x>` or {fact}`wrong: 4 <x>`, not 17.

```{code-cell} ipython3
x = 5
1 / 0
```

Then it is {fact}`late: 5 <x>` and {fact}`5 <x>`.
"""


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Book:
    made = new_book(tmp_path_factory.mktemp("plugin") / "project", {})
    made.write("ch", BODY)
    return made


@pytest.fixture(scope="module")
def whole(plain: Book) -> str:
    """What a run over the whole book prints."""
    done = plain.pytest("-rA", "--tb=short")
    assert done.returncode == 1
    return done.stdout


def statuses(said: str) -> dict[str, str]:
    found = re.findall(r"^(PASSED|FAILED) book/(\S+)", said, re.M)
    return {name: status for status, name in found}


def test_every_thing_has_an_item(whole: str) -> None:
    assert statuses(whole) == {
        "ch.md::lint": "FAILED",
        "ch.md::lint-1-number-in-prose": "FAILED",
        "ch.md::cell-1": "PASSED",
        "ch.md::right": "PASSED",
        "ch.md::wrong": "FAILED",
        "ch.md::cell-2": "FAILED",
        "ch.md::late": "PASSED",
        "ch.md::a-chapter-4": "PASSED",
        "index.md::lint": "PASSED",
    }


def test_a_failure_is_the_finding_alone(plain: Book, whole: str) -> None:
    lines = (plain.root / "book/ch.md").read_text().split("\n")
    number = next(n for n, line in enumerate(lines, 1) if "wrong" in line)
    column = lines[number - 1].index("4 <x>") + 1
    place = f"book/ch.md:{number}:{column}"
    assert f"{place}: the value does not agree [fact]" in whole
    assert f" {number} | {lines[number - 1]}" in whole
    assert "pytest_plugin.py" not in whole
    assert "Traceback" not in whole


def test_items_are_located_in_the_book(plain: Book) -> None:
    done = plain.pytest("-v", "-k", "wrong", "--tb=no", "-rN")
    assert "book/ch.md::wrong FAILED" in done.stdout
    assert "1 failed" in done.stdout


def test_one_item_by_its_node_id(plain: Book) -> None:
    assert plain.pytest("book/ch.md::right").returncode == 0
    assert plain.pytest("book/ch.md::late").returncode == 0
    assert plain.pytest("book/ch.md::wrong").returncode == 1


def test_a_single_item_runs_nothing_after_it(book: Book) -> None:
    book.write(
        "ch",
        """\
        # A chapter

        ```{code-cell} ipython3
        from pathlib import Path
        x = Path("count").write_text("1")
        ```

        It is {fact}`it: 1 <x>`.

        ```{code-cell} ipython3
        y = Path("after").write_text("1")
        ```
        """,
    )
    assert book.pytest("book/ch.md::it").returncode == 0
    assert (book.root / "book/count").exists()
    assert not (book.root / "book/after").exists()


def test_a_chapter_runs_once_on_one_worker(book: Book) -> None:
    book.write(
        "ch",
        """\
        # A chapter

        ```{code-cell} ipython3
        with open("count", "a") as file:
            n = file.write("x")
        ```

        It is {fact}`one: 1 <n>`, {fact}`two: 1 <n + 0>`,
        {fact}`three: 1 <n + 0>` and {fact}`four: 1 <n + 0>`.
        """,
    )
    done = book.pytest("-n", "2", "--dist", "load")
    assert done.returncode == 0, done.stdout
    assert (book.root / "book/count").read_text() == "x"


def test_projects_that_do_not_ask_for_it_are_left_alone(
    tmp_path: Path,
) -> None:
    other = Book(tmp_path)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'other'\n")
    other.write("ch", BODY)
    (tmp_path / "test_it.py").write_text(
        "import sys\n\n\ndef test_it():\n"
        "    assert 'bookproof.reading.chapter' not in sys.modules\n"
    )
    done = other.pytest("-rA")
    assert done.returncode == 0
    assert statuses(done.stdout) == {}
    assert "1 passed" in done.stdout


def test_only_files_of_the_book_folder_are_chapters(book: Book) -> None:
    book.write("ch", "# A chapter\n\nWords.\n")
    (book.root / "README.md").write_text("There are 17 of them.\n")
    (book.root / "book/_static").mkdir()
    (book.root / "book/_static/x.md").write_text("There are 17 of them.\n")
    done = book.pytest("-rA")
    assert statuses(done.stdout) == {
        "ch.md::lint": "PASSED",
        "index.md::lint": "PASSED",
    }
