"""What makes a chapter's verdicts stale, and what does not (RULES 24).

One run of one chapter; then one change at a time, and the question whether
its ledger still counts.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from bookproof import check
from bookproof.keeping import inputs, ledger
from bookproof.keeping.inputs import Inputs

TOOL = '''\
"""A library."""

import functools

LIMIT = 3


@functools.cache
def number(step=1):
    """Count."""
    # as far as it goes
    return LIMIT * step


def unused():
    return 4


def inner():
    def helper():
        return 5

    return helper


def in_exercise():
    return 6


def by_operator(left, right):
    return 7


class Thing:
    kind = "thing"

    def __add__(self, other):
        return by_operator(self, other)

    def unused(self):
        return 8

    @property
    def shown(self):
        return 9

    @shown.setter
    def shown(self, value):
        pass


TABLE = {"one": lambda x: x + 1}
'''

BODY = """\
# A chapter

```{code-cell} ipython3
import tool
n = tool.number()
far = float(open("../far/data.csv").read())
made = open("../made.txt", "w").write("2") and open("../made.txt").read()
thing = tool.Thing()
```

They are {fact}`number: 3 <n>`, {fact}`7 <thing + 1>`, {fact}`9 <thing.shown>`,
{fact}`5 <tool.inner()()>`, {fact}`about 2.6 <far>`
and {fact}`7 <ref('other/seven')>`.

````{exercise} six
Write it.

```{starter}
def six():
    raise NotImplementedError
```

```{check}
assert six() == 6
```
````

````{solution} six
```{code}
def six():
    return tool.in_exercise()
```
````
"""


@dataclass
class Done:
    """A project whose chapter has been checked."""

    root: Path
    read: Callable[[], bool]

    def change(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from conftest import Book

    root = tmp_path_factory.mktemp("book")
    book = Book(root)
    (root / "pyproject.toml").write_text("[tool.bookproof]\n")
    (root / "src").mkdir()
    (root / "src/tool.py").write_text(TOOL)
    (root / "src/other.py").write_text("def alone():\n    return 1\n")
    (root / "far").mkdir()
    (root / "far/data.csv").write_text("2.58")
    book.write("ch", BODY)
    book.write(
        "other",
        "# Other\n\n```{code-cell} ipython3\nm = 7\n```\n\n"
        "It is {fact}`seven: 7 <m>`.\n",
    )
    (root / "book/near.csv").write_text("1")
    plan = check.Plan(book.project, [book.read("ch"), book.read("other")])
    assert check.check(plan).findings == []
    return root


@pytest.fixture
def done(checked: Path, tmp_path: Path) -> Done:
    from conftest import Book

    root = tmp_path / "project"
    shutil.copytree(checked, root)
    book = Book(root)

    def current() -> bool:
        data = ledger.load(book.project, "ch")
        return ledger.current(Inputs(book.project), book.read("ch"), data)

    assert current()
    return Done(root, current)


CHANGES = {
    "a word": ("book/ch.md", "They are", "These are"),
    "a claim": ("book/ch.md", "about 2.6", "2.6"),
    "a function that ran": ("src/tool.py", "LIMIT * step", "step * LIMIT"),
    "a constant of the module": ("src/tool.py", "LIMIT = 3", "LIMIT = 4"),
    "a default": ("src/tool.py", "step=1", "step=2"),
    "a decorator": ("src/tool.py", "@functools.cache", "@functools.lru_cache"),
    "a docstring": ("src/tool.py", "Count.", "Count!"),
    "a name of an argument": ("src/tool.py", "(left, right)", "(a, b)"),
    "a function within one that ran": ("src/tool.py", "return 5", "return 55"),
    "a function of an exercise": ("src/tool.py", "return 6", "return 66"),
    "a function that an operator calls": (
        "src/tool.py",
        "return 7",
        "return 0",
    ),
    "a property": ("src/tool.py", "return 9", "return 99"),
    "its setter": ("src/tool.py", "pass", "self.x = value"),
    "an attribute of a class": ("src/tool.py", '= "thing"', '= "other"'),
    "a lambda of the module": ("src/tool.py", "x + 1", "x + 2"),
    "the module of another file": ("src/other.py", "def", "x = 1\n\n\ndef"),
    "a file that a cell read": ("far/data.csv", "2.58", "2.59"),
    "a file beside the chapter": ("book/near.csv", "1", "2"),
    "a macro": (
        "pyproject.toml",
        "[tool.bookproof]\n",
        "[tool.bookproof.macros]\n'\\R' = 'R'\n",
    ),
    "a time limit": (
        "pyproject.toml",
        "[tool.bookproof]\n",
        "[tool.bookproof]\ncell_seconds = 59\n",
    ),
    "a fact of another chapter": (
        "build/ledger/other.json",
        '"value": 7.0',
        '"value": 8.0',
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_a_verdict_can_depend_on_makes_it_stale(
    done: Done, what: str
) -> None:
    done.change(*CHANGES[what])
    assert not done.read()


HARMLESS = {
    "a comment": ("src/tool.py", "# as far as it goes", "# and no further"),
    "a comment of the module": ("src/tool.py", "LIMIT = 3", "LIMIT = 3  # !"),
    "an empty line": ("src/tool.py", "LIMIT = 3", "\n\nLIMIT = 3"),
    "a function that did not run": ("src/tool.py", "return 4", "return 44"),
    "a method that did not run": ("src/tool.py", "return 8", "return 88"),
    "a function of another file": ("src/other.py", "return 1", "return 2"),
    "what a cell wrote": ("made.txt", "2", "3"),
    "a list of statements": ("pyproject.toml", "\n", "\n# words\n"),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_nothing_else_does(done: Done, what: str) -> None:
    done.change(*HARMLESS[what])
    assert done.read()


def test_a_module_that_appears_makes_it_stale(done: Done) -> None:
    (done.root / "src/third.py").write_text("x = 1\n")
    assert not done.read()


def test_a_lost_file_makes_it_stale(done: Done) -> None:
    (done.root / "far/data.csv").unlink()
    assert not done.read()


def test_other_versions_make_it_stale(
    done: Done, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = inputs.installed(sys.path)
    for name in ("numpy", "scikit_learn", "matplotlib"):
        assert any(each.startswith(f"{name}-") for each in names)
    other = [
        "numpy-0.1.dist-info" if each.startswith("numpy-") else each
        for each in names
    ]
    with monkeypatch.context() as patch:
        patch.setattr(inputs, "installed", lambda paths: other)
        assert not done.read()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version", "3.99.0")
        assert not done.read()
    assert done.read()


def test_another_press_makes_it_stale(
    done: Done, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    press = tmp_path / "press"
    shutil.copytree(inputs.PRESS, press, ignore=shutil.ignore_patterns("*.js"))
    monkeypatch.setattr(inputs, "PRESS", press)
    assert done.read()
    for name, stale in (("cli/checking.py", False), ("latex/values.py", True)):
        with (press / name).open("a") as file:
            file.write("# changed\n")
        assert done.read() is not stale


UNSEEN = {
    "another process": "subprocess.run([sys.executable, '-c', 'import tool'])",
    "a forked copy": "os.fork() or os._exit(0)",
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_nobody_saw_run_makes_the_whole_library_count(
    book, what: str
) -> None:
    (book.root / "src/tool.py").write_text(TOOL)
    body = BODY.split("They are")[0].split("far =")[0]
    body = body.replace("import tool", "import os, subprocess, sys, tool")
    book.write("ch", f"{body}x = {UNSEEN[what]}\n```\n")
    assert check.check(check.Plan(book.project, [book.read("ch")])).ran
    data = ledger.load(book.project, "ch")
    assert data is not None
    assert data["noted"]["unseen"]
    path = book.root / "src/tool.py"
    path.write_text(TOOL.replace("return 4", "return 44"))
    assert not ledger.current(Inputs(book.project), book.read("ch"), data)


def test_source_that_a_chapter_shows_counts_to_the_letter(book) -> None:
    (book.root / "src/tool.py").write_text(TOOL)
    body = BODY.split("They are")[0].split("far =")[0]
    body = body.replace("import tool", "import inspect\nimport tool")
    book.write("ch", f"{body}print(inspect.getsource(tool.unused))\n```\n")
    assert check.check(check.Plan(book.project, [book.read("ch")])).ran
    data = ledger.load(book.project, "ch")
    path = book.root / "src/tool.py"
    path.write_text(TOOL.replace("as far as", "as far  as"))
    assert not ledger.current(Inputs(book.project), book.read("ch"), data)
