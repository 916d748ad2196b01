"""The command line: what it prints and how it exits."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bookproof import cli

GOOD = '''\
# A chapter

It begins here.

```{chunk} tool.py
"""A tool."""


def number():
    return 3
```

```{code-cell} ipython3
import tool
n = tool.number()
```

The number is {fact}`number: 3 <n>`.
'''

BAD = GOOD + "\nIt is also {fact}`wrong: 4 <n>` and {fact}`worse: 5 <n>`.\n"

SLOW = """\
# Slow

```{code-cell} ipython3
import subprocess, sys, time

turn = "import time\\nwhile time.process_time() < 1: pass"
done = subprocess.run([sys.executable, "-c", turn])
```
"""


def run(book, *arguments: str) -> int:
    return cli.main(["--root", str(book.root), *arguments])


def test_tangle_then_check_a_good_book(book, capsys) -> None:
    book.write("ch", GOOD)
    assert run(book, "tangle", "--check") == 1
    assert not (book.root / "src/tool.py").exists()
    assert run(book, "tangle") == 0
    assert "def number" in (book.root / "src/tool.py").read_text()
    assert run(book, "tangle", "--check") == 0
    capsys.readouterr()
    assert run(book, "check") == 0
    said = capsys.readouterr().out
    assert "all holds" in said
    assert "1 fact" in said


def test_check_lists_every_finding(book, capsys) -> None:
    book.write("ch", BAD)
    run(book, "tangle")
    capsys.readouterr()
    assert run(book, "check") == 1
    said = capsys.readouterr().out
    assert said.count("the value does not agree [fact]") == 2
    assert said.rstrip().endswith("2 findings")


def test_json_is_nothing_but_the_findings(book, capsys) -> None:
    book.write("ch", BAD)
    run(book, "tangle")
    capsys.readouterr()
    assert run(book, "check", "--json") == 1
    found = json.loads(capsys.readouterr().out)
    keys = {"file", "line", "column", "rule", "id", "message"}
    assert all(keys | {"left", "right"} <= set(each) for each in found)
    assert [each["id"] for each in found] == ["wrong", "worse"]
    assert found[0]["file"] == "book/ch.md"


def test_one_chapter_by_name_or_by_path(book, capsys) -> None:
    book.write("ch", BAD)
    book.write("other", "# Other\n\nWords.\n")
    run(book, "tangle")
    capsys.readouterr()
    assert run(book, "check", "other") == 0
    assert run(book, "check", "book/other.md") == 0
    assert run(book, "check", "ch") == 1


def test_how_long_each_chapter_ran(book, capsys) -> None:
    book.write("ch", GOOD)
    book.write("slow", SLOW)
    run(book, "tangle")
    capsys.readouterr()
    assert run(book, "check", "--times", "--json") == 0
    *lines, total = capsys.readouterr().err.splitlines()[1:]
    seconds = {line.split()[2]: float(line.split()[0]) for line in lines}
    assert seconds.keys() >= {"slow", "ch"}
    assert list(seconds) == sorted(seconds, key=seconds.get, reverse=True)
    assert seconds["slow"] >= 1  # it counts what a cell has started
    assert total.endswith("s of processor time to run them")
    assert abs(float(total.split()[0]) - sum(seconds.values())) < 0.3
    assert run(book, "check", "--times", "--json") == 0
    (_, none) = capsys.readouterr().err.splitlines()
    assert none.split()[0] == "0.0"


WHERE = """\
# A chapter

{fact}`1 <n>` and {fact}`later: 3 <work(m)>` are facts.

```{code-cell} ipython3
import time

def work(value):
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    return value

n = 1
```

```{code-cell} ipython3
m = work(3)
```

```{code-cell} ipython3
work(work(m));
```
"""


def test_which_elements_of_one_chapter_are_slow(book, capsys) -> None:
    """A late fact is charged for each time that it is verified: twice."""
    book.write("ch", WHERE)
    run(book, "tangle")
    capsys.readouterr()
    assert run(book, "check", "--times", "--json", "ch") == 0
    (_, *lines, _, total) = capsys.readouterr().err.splitlines()
    assert total.endswith("to run them")
    told = [
        (words[2], " ".join(words[3:]), float(words[0]))
        for words in map(str.split, lines)
    ]
    assert [float(words[2]) for words in told] == sorted(
        (seconds for _, _, seconds in told), reverse=True
    )
    seconds = {what: (place, spent) for place, what, spent in told}
    for what, place, least in (
        ("fact later", "book/ch.md:8:19", 0.6),
        ("cell cell-3", "book/ch.md:26:1", 0.6),
        ("cell cell-2", "book/ch.md:22:1", 0.3),
    ):
        assert seconds[what][0] == place
        assert seconds[what][1] >= least
    assert "cell cell-1" in seconds


def test_any_file_without_a_project(tmp_path: Path, capsys) -> None:
    path = tmp_path / "notes.md"
    front = (
        "---\njupytext: {text_representation: {extension: .md, "
        "format_name: myst}}\nkernelspec: {name: python3, "
        "display_name: Python 3}\n---\n\n"
    )
    cell = "```{code-cell} ipython3\nn = 3\n```\n\n"
    path.write_text(f"{front}# Notes\n\n{cell}It is {{fact}}`3 <n>`.\n")
    assert cli.main(["check", str(path)]) == 0
    assert "all holds" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "remedy"),
    [
        (["check", "nope"], "the chapters: index, ch"),
        (["check", "src/tool.py"], "chapters end in .md"),
        (["check", "-j", "0"], "takes a number from one up"),
        (["where", "nonsense"], "write FILE:LINE"),
        (["where", "book/ch.md:1"], "no line of a chunk"),
        (["sources"], "put claims.toml"),
    ],
)
def test_a_wrong_call_says_what_would_help(
    book, capsys, arguments: list[str], remedy: str
) -> None:
    book.write("ch", GOOD)
    (book.root / "src/tool.py").write_text("")
    assert run(book, *arguments) == 2
    assert remedy in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["check", "--wat"]])
def test_an_unknown_call_exits_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        cli.main(arguments)
    assert raised.value.code == 2


def test_a_settings_file_that_cannot_be_read(book, capsys) -> None:
    (book.root / "pyproject.toml").write_text("[tool.bookproof\n")
    assert run(book, "check") == 2
    assert "pyproject.toml" in capsys.readouterr().err


def test_sources_lists_what_is_settled_and_what_is_missing(
    book, capsys
) -> None:
    settled = GOOD.replace("<n>`", "<n>` {source}`s-one`")
    book.write("ch", settled)
    (book.root / "book/claims.toml").write_text(
        "".join(
            f'[[claim]]\nid = "{name}"\nkind = "identity"\n'
            f'chapter = "{chapter}"\nstatement = "It is so."\n'
            for name, chapter in (("s-one", "ch"), ("s-two", "x"))
        )
    )
    run(book, "tangle")
    assert run(book, "sources", "--chapter", "ch") == 1
    said = capsys.readouterr().out
    assert "run bookproof check ch" in said
    assert "0 of 1" in said
    run(book, "check")
    capsys.readouterr()
    assert run(book, "sources", "--chapter", "ch") == 0
    assert "settled  s-one: number at book/ch.md" in capsys.readouterr().out
    assert run(book, "sources", "--missing") == 1
    said = capsys.readouterr().out
    assert "missing  s-two (identity): It is so." in said
    assert "s-one" not in said
    assert "1 of 2 statements settled" in said


def test_lint_runs_nothing(book) -> None:
    text = GOOD.replace("n = tool.number()", "open('trace', 'w')")
    book.write("ch", text)
    assert run(book, "lint") == 0
    assert not (book.root / "book/trace").exists()


def test_the_module_is_a_command(book) -> None:
    book.write("ch", GOOD)
    command = [sys.executable, "-m", "bookproof", "lint"]
    done = subprocess.run(command, cwd=book.root, check=False)
    assert done.returncode == 0
