"""Cells that misbehave: each has a verdict, what follows is checked or not
reached, and no process outlives the run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from conftest import Book

from bookproof.running.run import ChapterRun, run_chapter

HARMLESS = {
    "a thread": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=[1000]).start()",
    "standard output is closed": "import os\nos.close(1)",
    "another folder": "import os\nos.chdir('/')",
    "a copy that stays": "import os, time\n"
    "if os.fork() == 0:\n    time.sleep(1000)",
    "a copy that goes on": "import os\npid = os.fork()",
}
RAISES = {
    "BaseException": "raise BaseException('no')",
    "KeyboardInterrupt": "raise KeyboardInterrupt",
    "GeneratorExit": "raise GeneratorExit",
    "MemoryError": "a = bytearray(8 * 2**30)",
    "RecursionError": "def f(): return f()\nf()",
}


def run(book: Book, code: str, seen: list[str] | None = None) -> ChapterRun:
    """A chapter of this cell, a fact that is false, another cell and a fact
    that holds."""
    book.write(
        "ch",
        f"# A\n\n```{{code-cell}} ipython3\nx = 3\n{code}\n```\n\n"
        "It is {fact}`bad: 4 <x>`.\n\n"
        "```{code-cell} ipython3\ny = 1\n```\n\nIt is {fact}`good: 1 <y>`.\n",
    )
    ids = [] if seen is None else seen
    return run_chapter(
        book.read("ch"),
        book.project,
        on_outcome=lambda outcome: ids.append(outcome.id),
    )


def statuses(run: ChapterRun) -> list[str]:
    return [each.status for each in run.outcomes.values()]


def marked(book: Book) -> list[str]:
    """Processes that a run in the book's folder has left."""
    wanted = f"{book.project.source}".encode()
    left = []
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            if wanted in path.read_bytes():
                left.append(path.parent.name)
        except OSError:
            continue  # not ours, or gone
    return [each for each in left if each != str(os.getpid())]


@pytest.mark.parametrize("code", HARMLESS.values(), ids=list(HARMLESS))
def test_what_does_no_harm(book: Book, code: str) -> None:
    seen: list[str] = []
    assert statuses(run(book, code, seen)) == ["ran", "fails", "ran", "holds"]
    assert len(seen) == len(set(seen)) == 4  # by one process, not by two
    assert marked(book) == []


@pytest.mark.parametrize("name", RAISES)
def test_what_raises(book: Book, name: str) -> None:
    found = run(book, RAISES[name])
    assert statuses(found) == ["error", "fails", "ran", "holds"]
    assert found.findings[0].rule == "cell"
    assert f"raises {name}" in found.findings[0].message


@pytest.mark.parametrize(
    "code",
    ["import os\nos.kill(os.getpid(), 15)", "import os\nos.closerange(3, 64)"],
)
def test_what_ends_the_chapter(book: Book, code: str) -> None:
    found = run(book, code)
    assert statuses(found) == ["error", *["not reached"] * 3]
    (finding,) = found.findings
    assert (finding.rule, finding.place.line) == ("died", 8)
    assert marked(book) == []


def test_what_prints_too_much(book: Book) -> None:
    found = run(book, "print('x' * 100_000_000)")
    assert statuses(found) == ["error", "fails", "ran", "holds"]
    assert found.findings[0].rule == "output-kind"
    assert "100,000," in found.findings[0].message
    assert len(str(found.outputs)) < 1000
