"""Which lines of the book's code run: counted by hand beside the press."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bookproof import cli

CHAPTER = '''\
# A chapter

It begins here.

```{chunk} tool.py
:name: Know the sign

"""A tool."""


def sign(x):
    if x < 0:
        return -1
    return 1


def size(x):
    return x if x > 0 else -x
```

Two more.

```{chunk} tool.py
:name: Go unused

def unused(x):
    y = 2 * x
    return y
```

```{chunk} tool.py
:name: Need a solution

def helper(x):
    return x
```

```{code-cell} ipython3
import tool
n = tool.sign(3)
```

The sign is {fact}`sign: 1 <n>`.

````{exercise} help
Help.

```{starter}
raise NotImplementedError
```

```{check}
assert found == 2
```
````

````{solution} help
```{code}
import tool

found = tool.helper(2)
```
````
'''

TESTS = """\
import subprocess
import sys


def test_size():
    import tool

    assert tool.size(-2) == 2


def test_in_a_process_of_its_own():
    code = "import tool; assert tool.sign(-1) == -1"
    subprocess.run([sys.executable, "-c", code], check=True)
"""


def line(book, words: str) -> int:
    """The line of the chapter that holds these words."""
    lines = (book.root / "book/ch.md").read_text().splitlines()
    return next(n for n, each in enumerate(lines, 1) if words in each)


@pytest.fixture
def covered(book):
    book.write("ch", CHAPTER)
    assert cli.main(["--root", str(book.root), "tangle"]) == 0
    (book.root / "tests").mkdir()
    (book.root / "tests/test_it.py").write_text(TESTS)
    return book


def coverage(book, *arguments: str) -> int:
    return cli.main(["--root", str(book.root), "coverage", *arguments])


def test_lines_of_the_book_that_no_cell_runs(covered, capsys) -> None:
    capsys.readouterr()
    assert coverage(covered, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    [row] = said["chapters"]
    # Four heads, and the bodies of three, two, two and one lines; the cell
    # runs two lines of sign, the solution (in a copy of the process) helper.
    assert (row["lines"], row["run"]) == (4 + 3 + 1 + 2 + 1, 4 + 2 + 1)
    assert (said["lines"], said["run"]) == (row["lines"], row["run"])
    assert row["percent"] == 63.6  # 7/11, cut
    first, doubled = line(covered, "return -1"), line(covered, "y = 2 * x")
    size = line(covered, "return x if")
    assert row["missing"] == [
        [first, first],
        [size, size],
        [doubled, doubled + 1],
    ]
    assert [each["name"] for each in row["never_run"]] == ["Go unused"]


def test_tests_and_their_processes_count(covered, capsys) -> None:
    before = covered.files()
    capsys.readouterr()
    assert coverage(covered, "--tests", "tests") == 0
    said = capsys.readouterr().out
    doubled = line(covered, "y = 2 * x")
    assert f"  {doubled}-{doubled + 1}\n" in said
    assert "nothing runs the chunk 'Go unused'" in said
    assert "ch               11      9   81.8" in said
    assert covered.files() == before


@pytest.mark.parametrize(("least", "status"), [("63.6", 0), ("63.7", 1)])
def test_too_little_is_a_failure(covered, least: str, status: int) -> None:
    assert coverage(covered, "--fail-under", least) == status


def test_a_chapter_that_fails_is_told(covered, capsys) -> None:
    covered.write("ch", CHAPTER.replace("sign: 1", "sign: 2"))
    assert coverage(covered) == 1
    said = capsys.readouterr()
    assert "all chapters" in said.out
    assert "the value does not agree" in said.err


def test_an_error_is_told_at_the_line_of_the_book(covered, capsys) -> None:
    broken = CHAPTER.replace("return 1", "return 1 / 0")
    covered.write("ch", broken)
    assert cli.main(["--root", str(covered.root), "tangle"]) == 0
    assert coverage(covered) == 1
    here = line(covered, "return 1 / 0")
    assert f"at book/ch.md:{here} (src/tool.py:" in capsys.readouterr().err


def test_tests_that_fail_are_told(covered, capsys) -> None:
    Path(covered.root, "tests/test_it.py").write_text(
        "def test_it():\n    assert False\n"
    )
    assert coverage(covered, "--tests", "tests") == 1
    assert "the tests failed: 1 failed" in capsys.readouterr().err


def test_a_source_that_differs_has_no_lines_to_tell(covered, capsys) -> None:
    path = covered.root / "src/tool.py"
    path.write_text(path.read_text().replace("return 1", "return 2"))
    assert coverage(covered) == 1
    assert "the file and the book differ" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("body", "arguments", "remedy"),
    [
        (CHAPTER, ["--tests", "nowhere"], "give a path"),
        ("# A chapter\n\nWords.\n", [], "nothing to cover"),
    ],
)
def test_a_wrong_call_says_what_would_help(
    book, capsys, body: str, arguments: list[str], remedy: str
) -> None:
    book.write("ch", body)
    cli.main(["--root", str(book.root), "tangle"])
    assert coverage(book, *arguments) == 2
    assert remedy in capsys.readouterr().err
