"""From lines of the source to the book's and back; in tracebacks too."""

from __future__ import annotations

import json
import re

import pytest

from bookproof import cli

ONE = '''\
# One

It begins here.

```{chunk} pkg/tool.py
"""A tool."""


def total(values):
    <<Add them up>>
```

The work is told apart.

```{chunk}
:name: Add them up

result = 0
for value in values:
    result += 1 / value
```

```{chunk}
:name: Add them up

return result
```
'''

TWO = '''\
# Two

The file goes on.

```{chunk} pkg/tool.py
:name: Take the mean

def mean(values):
    return total(values) / len(values)
```

```{chunk} pkg/other.py
"""Others."""

WORDS = """
    kept
"""
```

It fails:

```{code-cell} ipython3
from pkg import tool

tool.mean([1, 0])
```
'''

TEST = """\
import sys

sys.path.insert(0, "src")

from pkg import tool


def test_mean():
    assert tool.mean([2, 0]) == 1


def test_other():
    assert 1 + 1 == 3
"""

SOURCE = "src/pkg/tool.py"


@pytest.fixture
def told(book):
    book.write("one", ONE)
    book.write("two", TWO)
    assert cli.main(["--root", str(book.root), "tangle"]) == 0
    return book


def where(book, place: str, capsys) -> list[str]:
    capsys.readouterr()
    assert cli.main(["--root", str(book.root), "where", place]) == 0
    return capsys.readouterr().out.splitlines()


def lines(book, name: str) -> list[str]:
    return (book.root / name).read_text().splitlines()


def line(book, name: str, words: str) -> int:
    """The only line that holds these words and nothing else."""
    [number] = [
        number
        for number, text in enumerate(lines(book, name), 1)
        if text.strip() == words
    ]
    return number


@pytest.mark.parametrize("name", [SOURCE, "src/pkg/other.py"])
def test_every_line_and_its_counterpart_say_the_same(
    told, capsys, name: str
) -> None:
    pairs = {}
    for number, text in enumerate(lines(told, name), 1):
        if not text.strip() or number == 1:
            continue
        [place] = where(told, f"{name}:{number}:1", capsys)
        file, at, _ = place.split(":")
        # The title of a chunk stands below the line that opens its fence.
        title = text.strip().startswith("#")
        there = lines(told, file)[int(at) - 1 + title].strip()
        assert there == text.strip().replace("# ", ":name: ")
        assert where(told, place, capsys) == [f"{name}:{number}:1"]
        pairs[number] = at
    assert len(pairs) == {"other": 4, "tool": 10}[name[8:-3]]


def test_a_range_is_told_in_runs(told, capsys) -> None:
    last = len(lines(told, SOURCE))
    said = where(told, f"{SOURCE}:1-{last}", capsys)
    loop = line(told, "book/one.md", "result = 0")
    mean = line(told, "book/two.md", "def mean(values):")
    assert f"{SOURCE}:7-9 is book/one.md:{loop}-{loop + 2}" in said
    assert f"{SOURCE}:15-16 is book/two.md:{mean}-{mean + 1}" in said
    back = where(told, f"book/two.md:{mean - 1}-{mean + 1}", capsys)
    assert back == [f"book/two.md:{mean}-{mean + 1} is {SOURCE}:15-16"]


@pytest.mark.parametrize(
    ("place", "message"),
    [
        (f"{SOURCE}:1", "is the header that tangling adds"),
        (f"{SOURCE}:12", "is a blank line that tangling adds"),
        (f"{SOURCE}:99", "has 16 lines"),
        (f"{SOURCE}:0", "has 16 lines"),
        (f"{SOURCE}:8-7", "write the first line first"),
        ("src/pkg/none.py:1", "neither a chapter nor a tangled file"),
        ("book/one.md:3", "is no line of a chunk's code"),
        ("book/two.md:999", "is no line of a chunk's code"),
        ("tool.py", "write FILE:LINE or FILE:FIRST-LAST"),
    ],
)
def test_a_line_that_has_none_is_told_why(
    told, capsys, place: str, message: str
) -> None:
    capsys.readouterr()
    assert cli.main(["--root", str(told.root), "where", place]) == 2
    assert message in capsys.readouterr().err


def test_a_line_that_includes_a_fragment_leads_to_it(told, capsys) -> None:
    capsys.readouterr()
    at = line(told, "book/one.md", "<<Add them up>>")
    place = f"book/one.md:{at}"
    assert cli.main(["--root", str(told.root), "where", place]) == 2
    code = line(told, "book/one.md", "result = 0")
    said = capsys.readouterr().err
    assert f"its code is at book/one.md:{code}:1" in said


def test_no_line_is_told_of_a_source_that_differs(told, capsys) -> None:
    path = told.root / SOURCE
    path.write_text("# More.\n" + path.read_text())
    loop = line(told, "book/one.md", "result = 0")
    for place in (f"{SOURCE}:7", f"book/one.md:{loop}"):
        assert cli.main(["--root", str(told.root), "where", place]) == 2
        assert "is not what the book holds" in capsys.readouterr().err


def test_tests_and_cells_that_fail_show_the_lines_of_the_book(told) -> None:
    (told.root / "test_it.py").write_text(TEST)
    said = told.pytest("test_it.py", "book/two.md").stdout
    mean = line(told, "book/two.md", "return total(values) / len(values)")
    adds = line(told, "book/one.md", "result += 1 / value")
    test, cell = said.split("_ cell-1 _")
    for words in (
        f"{SOURCE}:16 is book/two.md:{mean}",
        f"{SOURCE}:9 is book/one.md:{adds}",
    ):
        assert words in test
    assert len(re.findall("in the book", said)) == 1  # the other has no such
    assert f"at book/two.md:{mean} ({SOURCE}:16)" in cell
    assert f"at book/one.md:{adds} ({SOURCE}:9)" in cell


RAISES = """
```{code-cell} ipython3
def halved(k):
    return tool.total([k])
```

```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $h_k$ | half of it | | `halved(k)` |
```

So {fact}`3 <halved(0)>`, {fact}`4 <halved(2) * 8>` and {claim}`h_0 = 3`.

````{exercise} to-halve
Halve it.

```{starter}
n = halved(0)
```

```{check}
assert n == 3
```
````

````{solution} to-halve
```{code}
n = halved(0)
```
````
"""


def test_all_that_python_raises_shows_the_lines_of_the_book(
    told, capsys
) -> None:
    text = TWO.replace("[1, 0]", "[1, 1]").replace("It fails:", "So:")
    told.write("two", text + RAISES)
    capsys.readouterr()
    assert cli.main(["--root", str(told.root), "check", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    adds = line(told, "book/one.md", "result += 1 / value")
    cell = line(told, "book/two.md", "return tool.total([k])")
    found = [each for each in found if "chunk" not in each["rule"]]
    assert [each["rule"] for each in found] == [
        *("fact", "python", "exercise", "exercise")
    ]
    for each in found:
        assert f"at book/two.md:{cell}:5" in each["notes"]
        assert f"at book/one.md:{adds} ({SOURCE}:9)" in each["notes"]


def test_no_lines_are_told_of_a_source_that_differs(told) -> None:
    path = told.root / SOURCE
    path.write_text("# More.\n" + path.read_text())
    (told.root / "test_it.py").write_text(TEST)
    assert "in the book" not in told.pytest("test_it.py").stdout
