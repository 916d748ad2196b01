"""A new chapter holds, is listed where it belongs, and harms nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from weave_book import SmallBook

from bookproof import cli
from bookproof.config import Project

INDEX = """\
# The book

```{{toctree}}
:caption: {caption}
:maxdepth: 1
{entries}
```

```{{toctree}}
notation
```
"""


def new(root: Path, *arguments: str) -> int:
    return cli.main(["--root", str(root), "new", *arguments])


def test_a_new_chapter_holds_and_is_woven_without_a_warning(
    tmp_path: Path,
) -> None:
    small = SmallBook(tmp_path)
    assert new(tmp_path, "ch11-gradient-descent") == 0
    assert new(tmp_path, "ch02-first", "--title", "The first") == 0
    checked = small.check()
    assert (checked.returncode, checked.stderr) == (0, "")
    woven = small.weave()
    assert (woven.returncode, woven.stderr) == (0, "")
    page = small.page("ch11-gradient-descent")
    assert "<h1>Gradient descent" in page
    assert "ch11-gradient-descent-slope" in page
    assert "% " not in page.partition("<article")[2].partition("</article")[0]
    assert "<h1>The first" in small.page("ch02-first")


PART = "```\n\n```{toctree}"


def listed(book, entries: list[str], name: str) -> list[str]:
    """The entries of the first tables when a chapter has been added."""
    book.write("notation", "# Notation\n\nWords.\n", front="")
    for entry in entries:
        if entry != PART:
            book.write(entry, f"# {entry}\n\nWords.\n", front="")
    index = book.root / "book/index.md"
    index.write_text(
        INDEX.format(caption="Chapters", entries="\n".join(entries))
    )
    before = index.read_text().splitlines()
    assert new(book.root, name) == 0
    after = index.read_text().splitlines()
    assert [line for line in after if line != name] == before
    order = [path.stem for path in Project.find(book.root).chapters()]
    assert order[0] == "index"
    assert order[-1] == "notation"
    return order[1:-1]


@pytest.mark.parametrize(
    ("entries", "name", "expected"),
    [
        ("ch02-a ch10-b", "ch03-c", "ch02-a ch03-c ch10-b"),
        ("ch02-a ch10-b", "ch1-c", "ch1-c ch02-a ch10-b"),
        ("ch02-a ch10-b", "ch11-c", "ch02-a ch10-b ch11-c"),
        ("ch02-a digits", "ch11-c", "ch02-a digits ch11-c"),
        ("ch02-a ch10-b", "part01-c", "ch02-a ch10-b part01-c"),
        ("ch02-a ch10-b", "words", "ch02-a ch10-b words"),
        ("", "words", "words"),
    ],
)
def test_where_it_is_listed(
    book, entries: str, name: str, expected: str
) -> None:
    assert listed(book, entries.split(), name) == expected.split()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ch03-c", ["ch02-a", PART, "ch03-c", "ch05-b", PART, "last"]),
        ("ch06-c", ["ch02-a", PART, "ch05-b", "ch06-c", PART, "last"]),
        ("words", ["ch02-a", "words", PART, "ch05-b", PART, "last"]),
    ],
)
def test_in_which_part_it_is_listed(
    book, name: str, expected: list[str]
) -> None:
    entries = [entry for entry in expected if entry != name]
    listed(book, entries, name)
    index = (book.root / "book/index.md").read_text()
    assert "\n".join(expected) in index


def test_the_table_of_the_chapters_is_found(book) -> None:
    for name in ("notation", "ch02-a"):
        book.write(name, f"# {name}\n\nWords.\n", front="")
    index = book.root / "book/index.md"
    known = (
        "# The book\n\n```{toctree}\nnotation\n```\n\n"
        "- Here:\n\n  ```{toctree}\n  The first <ch02-a>\n  ```\n"
    )
    index.write_text(known)
    assert new(book.root, "ch03-b") == 0
    line = "  The first <ch02-a>\n"
    assert index.read_text() == known.replace(line, line + "  ch03-b\n")


def test_a_book_without_an_index_needs_none(book, capsys) -> None:
    (book.root / "book").mkdir()
    assert new(book.root, "ch01-a") == 0
    assert [p.name for p in (book.root / "book").iterdir()] == ["ch01-a.md"]
    assert "listed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (["ch"], "such a chapter already", "another name"),
        (["Ch01-a"], "no name for a chapter", "small letters"),
        (["search"], "Sphinx makes itself", "another name"),
        (["aux"], "no name of a file everywhere", "another name"),
        (["../a"], "no name for a chapter", "small letters"),
        (["ch01-a.md"], "no name for a chapter", "small letters"),
        (["a--b"], "no name for a chapter", "small letters"),
        (["a", "--title", "In 3 steps"], "in a heading", "another --title"),
        (["a", "--title", "<b>x</b>"], "book/a.md:6:", "another --title"),
        (["a", "--title", "`"], "book/a.md:6:", "another --title"),
        (["a", "--title", " "], "one line of words", "another --title"),
        (["a", "--title", "a\n\nb"], "one line of words", "another --title"),
    ],
)
def test_what_is_refused_is_named_and_nothing_is_written(
    book, capsys, arguments: list[str], message: str, remedy: str
) -> None:
    book.write("ch", "# A chapter\n\nWords.\n")
    before = book.files()
    assert new(book.root, *arguments) == 2
    said = capsys.readouterr().err
    assert message in said
    assert remedy in said
    assert book.files() == before


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("# The book\n\nWords.\n", "add a {toctree} to it"),
        ("# The book\n\n```{toctree}\n*\n```\n", "name the files"),
    ],
)
def test_an_index_that_cannot_list_it_is_named(
    book, capsys, index: str, message: str
) -> None:
    book.write("ch", "# A chapter\n\nWords.\n")
    (book.root / "book/index.md").write_text(index)
    before = book.files()
    assert new(book.root, "ch01-a") == 2
    assert message in capsys.readouterr().err
    assert book.files() == before


def test_no_book_no_chapter(tmp_path: Path, capsys) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.bookproof]\nbook = "b"\n')
    assert new(tmp_path, "ch01-a") == 2
    assert "there is no folder" in capsys.readouterr().err
