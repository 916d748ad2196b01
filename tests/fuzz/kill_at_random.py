"""Kill commands of the press at random times, and look what they leave.

Run by hand, for some minutes, with the press installed:

    python tests/fuzz/kill_at_random.py [TIMES [SEED [COMMAND]]]

Each of `tangle`, `stitch`, `check` and `new` (or only that COMMAND) is started
TIMES times (default 100) in a small project, in a process group of its own,
which gets SIGKILL after a random part of the time that the command takes. Then
every file of book, source, ledger and kept outputs must be, byte for byte, the
old one or the new one; the same command, given again, must succeed; and then
all files must be the new ones. (`tests/bookproof/test_killed.py` does the same,
at each instant at which a file changes, in the process itself.)
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from bookproof import cli

FRONT = (
    "---\njupytext: {text_representation: {extension: .md, "
    "format_name: myst}}\nkernelspec: {name: python3, "
    "display_name: Python 3}\n---\n\n"
)
MODULES = [f"m{number}" for number in range(9)]
TIMED = re.compile(r'("(?:seconds|time|when|date)": )[^,\n]+')
Files = dict[str, str]


def book(root: Path, number: int) -> None:
    """A project of three chapters and three modules each."""
    (root / "book").mkdir(parents=True, exist_ok=True)
    (root / "src").mkdir(exist_ok=True)
    (root / "pyproject.toml").write_text("[tool.bookproof]\n")
    entries = "ch0\nch1\nch2\n"
    index = f"# B\n\n```{{toctree}}\n{entries}```\n"
    (root / "book/index.md").write_text(index)
    for each in range(3):
        chunks = "".join(
            f'Words.\n\n```{{chunk}} {name}.py\n"""A module."""\n\n'
            f"n = {number}\n```\n\n"
            for name in MODULES[each::3]
        )
        cell = (
            f"```{{code-cell}} ipython3\nfrom m{each} import n\nn\n```\n\n"
            f"It is {{fact}}`this{each}: {number} <n>`.\n"
        )
        path = root / f"book/ch{each}.md"
        path.write_text(f"{FRONT}# T\n\n{chunks}{cell}")


def tangled(root: Path) -> None:
    """The book is ahead of the source."""
    book(root, 1)
    assert run(root, "tangle") == 0
    book(root, 2)


def edited(root: Path) -> None:
    """The source is ahead of the book."""
    book(root, 1)
    assert run(root, "tangle") == 0
    for name in MODULES:
        path = root / f"src/{name}.py"
        path.write_text(path.read_text().replace("n = 1", "n = 2"))


def checked(root: Path) -> None:
    """All has been checked, and then changed."""
    book(root, 1)
    assert run(root, "tangle") == run(root, "check") == 0
    book(root, 2)
    assert run(root, "tangle") == 0


COMMANDS: dict[tuple[str, ...], Callable[[Path], None]] = {
    ("tangle",): tangled,
    ("stitch",): edited,
    ("new", "ch9-more"): tangled,
    ("check",): checked,
}


def start(root: Path, *command: str) -> int:
    """The command, in a forked process with a group of its own."""
    process = os.fork()
    if process == 0:
        os.setsid()
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
        status = 99
        try:
            status = cli.main(["--root", str(root), *command])
        finally:
            os._exit(status)
    return process


def run(root: Path, *command: str) -> int:
    """Its exit status when nobody kills it."""
    status = os.waitpid(start(root, *command), 0)[1]
    return os.waitstatus_to_exitcode(status)


def files(root: Path) -> Files:
    """Book, source, and of what was built the ledger, all times left out."""
    out = {}
    for folder in ("book", "src", "build/ledger"):
        for path in sorted((root / folder).rglob("*")):
            text = path.read_text() if path.is_file() else ""
            if folder.startswith("build") and text:
                if not path.name.startswith("."):
                    json.loads(text)
                text = TIMED.sub(r"\1", text)
            if path.is_file() and "__pycache__" not in path.parts:
                out[path.relative_to(root).as_posix()] = text
    return out


def leftover(name: str) -> bool:
    """What only a killed command leaves, and the next one takes away."""
    return Path(name).name.startswith((".writing-", ".unfinished"))


def trial(
    at: Path, ready: Path, old: Files, new: Files, command: tuple[str, ...],
    seconds: float,
) -> str:  # fmt: skip
    """Kill the command once; which files it left."""
    shutil.rmtree(at, ignore_errors=True)
    shutil.copytree(ready, at)
    process = start(at, *command)
    time.sleep(seconds)
    kill(process)
    left = files(at)
    for name, text in left.items():
        assert leftover(name) or text in (old.get(name), new.get(name)), name
    assert old.keys() & new.keys() <= left.keys()
    state = "mixed"
    if left in (old, new):
        state = "old" if left == old else "new"
    elif {n: t for n, t in left.items() if not leftover(n)} == old:
        state = "old, begun"
    made = command[0] == "new" and state == "new"
    assert run(at, *command) == (2 if made else 0), command
    after = files(at)
    assert after == new, [n for n in new if after.get(n) != new[n]]
    return state


def kill(process: int) -> None:
    """End the process, and all of its group."""
    with suppress(ProcessLookupError):  # it has not made its group yet
        os.kill(process, signal.SIGKILL)
        os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)


def main(times: int = 100, seed: int = 1, only: str = "") -> None:
    """Every command so many times; prints what was left how often."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        ready, at = Path(folder, "ready"), Path(folder, "project")
        # Here, so that what it imports takes no time of the commands.
        book(ready, 1)
        assert cli.main(["--root", str(ready), "stitch"]) in (0, 1)
        assert cli.main(["--root", str(ready), "lint"]) == 0
        for command, prepare in COMMANDS.items():
            if only not in ("", command[0]):
                continue
            shutil.rmtree(ready, ignore_errors=True)
            shutil.rmtree(at, ignore_errors=True)
            prepare(ready)
            shutil.copytree(ready, at)
            begun = time.monotonic()
            assert run(at, *command) == 0
            took = time.monotonic() - begun
            old, new = files(ready), files(at)
            seen = Counter(
                trial(at, ready, old, new, command, draw.uniform(0, took))
                for _ in range(times)
            )
            print(*command, f"({took:.1f} s):", dict(seen), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]), *sys.argv[3:4])
