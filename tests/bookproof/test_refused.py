"""What the system refuses is said with the file's name and what to do, and
leaves every file as it was: a full disk, a limit, a tree that is read-only,
another user's tree."""

from __future__ import annotations

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import FRONT, Book

CHAPTER = f'''{FRONT}# T

Words.

```{{chunk}} one.py
"""A module."""

{"n = 1  # and so on, so that the file is longer than a limit" * 40}
```

```{{code-cell}} ipython3
from one import n
print("n" * 9000)
```

It is {{fact}}`this: 1 <n>`.
'''

DROP, OVERRIDE = 24, 1
"""PR_CAPBSET_DROP and CAP_DAC_OVERRIDE of Linux."""

TMPFS = 'mount -t tmpfs -o size=600k none "$1" && cp -r "$2"/. "$1" && '
FILL = 'dd if=/dev/zero of="$1/fill" bs=1k 2>&-; truncate -s -8k "$1/fill"; '
READ_ONLY = 'mount --bind "$2" "$1" && mount -o remount,ro,bind "$1" && '
RUN = '"$3" -m bookproof --root "$1" $4; echo " status $?"; '
LOOK = 'rm -f "$1/fill"; cd "$1"; find book src -type f -exec cksum {} + | sort'


def may_mount() -> bool:
    """Whether this machine lets us mount, in a room of our own."""
    done = subprocess.run(
        ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"],
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


def mounted(prepare: str) -> Callable[[Path, Path, str], tuple[str, bool]]:
    """Runs a command of the press where something is mounted."""

    def run(ready: Path, at: Path, command: str) -> tuple[str, bool]:
        at.mkdir()
        look = LOOK.replace('"$1"', '"$2"')
        before = shell(look, at, ready, command)
        script = f"set -o noglob; {prepare}{RUN}echo ---; {LOOK}"
        said, _, after = shell(script, at, ready, command).partition("---\n")
        return said, after == before

    return run


def shell(script: str, at: Path, ready: Path, command: str) -> str:
    apart = ("unshare", "-rm", "sh", "-c", script, "sh")
    done = subprocess.run(
        [*apart, str(at), str(ready), sys.executable, command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.stdout


def small_files(ready: Path, at: Path, command: str) -> tuple[str, bool]:
    """No file may be longer than a thousand bytes."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    return started(ready, command, limit)


def by_another(ready: Path, at: Path, command: str) -> tuple[str, bool]:
    """The tree is not ours to write to; root has to give up its right to
    write everywhere."""
    folders = [path for path in ready.rglob("*") if path.is_dir()]
    for folder in (ready, *folders):
        folder.chmod(0o555)

    def give_up() -> None:
        if os.getuid() == 0:
            library = ctypes.CDLL(None, use_errno=True)
            assert library.prctl(DROP, OVERRIDE, 0, 0, 0) == 0

    try:
        return started(ready, command, give_up)
    finally:
        for folder in (ready, *folders):
            folder.chmod(0o755)


def started(
    ready: Path, command: str, first: Callable[[], None]
) -> tuple[str, bool]:
    before = texts(ready)
    done = subprocess.run(
        [sys.executable, "-m", "bookproof", "--root", ready, *command.split()],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        preexec_fn=first,
    )
    return f"{done.stdout} status {done.returncode}", texts(ready) == before


def texts(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for folder in ("book", "src")
        for path in sorted((root / folder).rglob("*"))
        if path.is_file()
    }


WAYS = {
    "a limit": (small_files, "File too large|disk I/O", "ulimit"),
    "another user": (by_another, "Permission denied", "right"),
}
if may_mount():
    full = mounted(TMPFS + FILL)
    WAYS["a full disk"] = (full, "full|No space left", "make room")
    read_only = mounted(READ_ONLY)
    WAYS["read-only"] = (read_only, "Read-only file system", "copy")


@pytest.mark.parametrize("command", ["tangle", "check", "new ch02-more"])
@pytest.mark.parametrize("way", WAYS)
def test_a_refusal_names_the_file_and_changes_nothing(
    book: Book, tmp_path_factory, way: str, command: str
) -> None:
    run, words, remedy = WAYS[way]
    book.write("ch", CHAPTER, front="")
    if command == "check":
        shutil.rmtree(book.root / "src")
        text = CHAPTER.replace("from one import n", "n = 1")
        start, _, rest = text.partition("Words.")
        text = start + rest[rest.index("```{code-cell}") :]
        book.write("ch", text, front="")
        (book.root / "src").mkdir()
    at = tmp_path_factory.mktemp("mount") / "project"
    # A limit would cut short what Python keeps of the modules it compiles.
    once = shutil.copytree(book.root, at.with_name("compiled"))
    started(once, command, lambda: None)
    said, same = run(book.root, at, command)
    assert "status 2" in said, said
    assert "Traceback" not in said, said
    assert any(word in said for word in words.split("|")), said
    assert remedy in said, said
    line = next(line for line in said.split("\n") if "bookproof: " in line)
    assert line.count("/") > 2, line
    assert ".writing-" not in line, line
    assert same
