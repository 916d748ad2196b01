"""A command that is killed, at any instant whatever, leaves files that are
old or new; the same command, given again, finishes the work."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from conftest import FRONT, Book

from bookproof import cli

MODULES = ("one", "two", "pkg/three")


def text(number: int, modules: tuple[str, ...] = MODULES) -> str:
    chunks = (
        f'Words.\n\n```{{chunk}} {name}.py\n"""A module."""\n\n'
        f"n = {number}\n```\n\n"
        for name in modules
    )
    cell = "```{code-cell} ipython3\nfrom one import n\nprint(n)\n```\n\n"
    fact = f"It is {{fact}}`this: {number} <n>`.\n"
    return f"{FRONT}# T\n\n{''.join(chunks)}{cell}{fact}"


def write(book: Book, number: int, *modules: str) -> None:
    book.write("ch", text(number, modules or MODULES), front="")


def run(book: Book, *arguments: str) -> int:
    return cli.main(["--root", str(book.root), *arguments])


def kills(book: Book, *command: str, steps: range = range(300)) -> int:
    """How often a command was killed; see `killing`."""
    script = Path(__file__).with_name("killing.py")
    done = subprocess.run(
        [sys.executable, script, book.root, repr(steps), *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


def test_tangle(book: Book) -> None:
    write(book, 1, "one", "two", "gone")
    assert run(book, "tangle") == 0
    write(book, 2)
    assert kills(book, "tangle") > 20


def test_stitch(book: Book) -> None:
    write(book, 1)
    assert run(book, "tangle") == 0
    for name in MODULES[:2]:
        path = book.root / f"src/{name}.py"
        path.write_text(path.read_text().replace("n = 1", "n = 2"))
    assert kills(book, "stitch") > 10


def test_check(book: Book) -> None:
    write(book, 1)
    assert run(book, "tangle") == 0
    assert kills(book, "check", "--force", steps=range(0, 300, 2)) > 5


def test_new(book: Book) -> None:
    write(book, 1)
    assert kills(book, "new", "ch02-more") > 8


def test_a_tangle_that_is_killed_is_no_edit_by_hand(book: Book) -> None:
    """Even when the book changes once more before the next one."""
    write(book, 1)
    assert run(book, "tangle") == 0
    for step in range(300):
        write(book, 2 * step + 2)
        child = os.fork()
        if child == 0:
            from killing import hook

            sys.addaudithook(hook(step, str(book.root)))
            os._exit(run(book, "tangle"))
        status = os.waitpid(child, 0)[1]
        assert status in (0, 9)
        write(book, 2 * step + 3)
        assert run(book, "tangle") == 0
        assert f"n = {2 * step + 3}\n" in (book.root / "src/two.py").read_text()
        if status == 0:
            break
    assert step > 10


def test_what_is_left_over_is_taken_away(book: Book) -> None:
    write(book, 1)
    left = [book.root / f"src/.writing-999999999-{n}.py" for n in "ab"]
    mine = book.root / f"src/.writing-{os.getpid()}-c.py"
    for path in (*left, mine):
        path.write_text("half")
    assert run(book, "tangle") == 0
    assert not any(path.exists() for path in left)
    assert mine.exists()
    assert run(book, "tangle", "--check") == 0
