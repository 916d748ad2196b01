"""Kills a command of the press at each instant in turn:
`python killing.py ROOT STEPS COMMAND…` in a project as it is before it.

An instant is a moment just before a file is opened for writing, renamed,
removed or made. What the command leaves must be old files and new ones; given
again, it must come to what it comes to when nobody kills it. Prints the number
of kills.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bookproof import cli
from bookproof.keeping import verdicts

CHANGES = ("os.rename", "os.remove", "os.chmod", "os.mkdir", "os.link")
HIDDEN = (".writing-", ".unfinished")


def main(root: Path, steps: range, command: list[str]) -> int:
    """How often the command was killed."""
    arguments = ["--root", str(root), *command]
    remember_runs()
    old = files(root)
    assert cli.main(arguments) == 0
    new = files(root)
    kills = 0
    for step in steps:
        put(root, old)
        if not killed(step, root, arguments):
            break
        kills += 1
        for name, data in files(root).items():
            is_hidden = Path(name).name.startswith(HIDDEN)
            assert is_hidden or data in (old.get(name), new.get(name)), name
        ledgers(root)
        # `new` refuses to make the chapter that it had made to the end.
        made = command[0] == "new" and files(root) == new
        assert cli.main(arguments) == (2 if made else 0), step
        assert files(root) == new, step
        ledgers(root)
    return kills


def killed(step: int, root: Path, arguments: list[str]) -> bool:
    """Whether the command came to this step, and so to its end."""
    child = os.fork()
    if child == 0:
        try:
            sys.addaudithook(hook(step, str(root)))
            os._exit(cli.main(arguments))
        finally:
            os._exit(99)
    status = os.waitpid(child, 0)[1]
    assert status in (0, signal.SIGKILL), status
    return status == signal.SIGKILL


def hook(step: int, below: str) -> Callable[[str, tuple[Any, ...]], None]:
    """Kills this process at the step, counted from nought."""
    left = [step]

    def see(event: str, arguments: tuple[Any, ...]) -> None:
        changes = event in CHANGES or event == "sqlite3.connect"
        if event == "open":
            changes = bool((arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR))
        if changes and below in str(arguments[0]):
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return see


def remember_runs() -> None:
    """Run each chapter once only: what follows the run is to be killed."""
    run, known = verdicts.run_chapter, dict[str, Any]()

    def again(chapter: Any, *arguments: Any, **options: Any) -> Any:
        if chapter.text not in known:
            known[chapter.text] = run(chapter, *arguments, **options)
        return known[chapter.text]

    verdicts.run_chapter = again


def files(root: Path) -> dict[str, bytes]:
    """The files of the project but what the press has built."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "build" not in path.relative_to(root).parts
    }


def put(root: Path, old: dict[str, bytes]) -> None:
    """Make the files of the project these and no others."""
    for name in files(root).keys() - old.keys():
        (root / name).unlink()
    for name, data in old.items():
        (root / name).write_bytes(data)


def ledgers(root: Path) -> None:
    """Every file of the ledger is whole."""
    for path in (root / "build").glob("ledger/*.json"):
        assert "entries" in json.loads(path.read_text())


if __name__ == "__main__":
    print(main(Path(sys.argv[1]), eval(sys.argv[2]), sys.argv[3:]))
