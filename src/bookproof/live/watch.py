"""Do something whenever a file of the project is saved."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from bookproof.config import Project

PAUSE = 0.5
"""Seconds between two looks at the files."""

_SETTINGS = ("pyproject.toml", "conf.py")


def watch(
    project: Project,
    tangle: Callable[[], None],
    then: Callable[[], None],
    pause: Callable[[], None] = lambda: time.sleep(PAUSE),
) -> int:
    """Tangle and do what comes then: now, and after each save, until
    interrupted. A save while it is done is a reason to do it again, even if
    all is as it was in the end: what came then has seen something else."""
    stamps = Stamps(project)
    seen: Mapping[Path, bytes] = {}
    try:
        while True:
            now = stamps.take()
            if now != seen:
                saved = stamps.saved()
                tangle()
                # What tangling wrote is no reason to act again.
                seen = _mixed(project, now, stamps.take())
                then()
                if stamps.saved() != saved:
                    seen = {}
            pause()
    except KeyboardInterrupt:
        return 0


def _mixed(
    project: Project, before: Mapping[Path, bytes], after: Mapping[Path, bytes]
) -> dict[Path, bytes]:
    """The source as it is now, and all else as it was before."""
    return {
        path: digest
        for stamps, ours in ((before, False), (after, True))
        for path, digest in stamps.items()
        if path.is_relative_to(project.source) is ours
    }


class Stamps:
    """The digests of all files that matter. A file that is as old and as
    long as it was is not read again."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.known: dict[Path, tuple[int, int, bytes]] = {}

    def take(self) -> dict[Path, bytes]:
        """The files as they are now."""
        out = {}
        for path in self._files():
            try:
                out[path] = self._digest(path)
            except OSError:
                continue  # an editor replaced it just now
        return out

    def saved(self) -> dict[Path, int]:
        """When each text and setting of the author was last changed, also to
        what it was before; a cell may write other files as often as it runs."""
        out = {}
        for path in self._files():
            if path.suffix == ".md" or path.name in _SETTINGS:
                with suppress(OSError):
                    out[path] = path.stat().st_ctime_ns
        return out

    def _files(self) -> Iterator[Path]:
        project = self.project
        for folder in (project.book, project.source):
            for path in folder.rglob("*"):
                parts = path.relative_to(folder).parts
                hidden = any(
                    part[0] == "." or part in ("__pycache__", "build")
                    for part in parts
                )
                # Editors write beside a file, under names that end so.
                if not hidden and path.suffix and path.suffix[-1] != "~":
                    yield path
        for name in _SETTINGS:
            yield project.root / name

    def _digest(self, path: Path) -> bytes:
        found = path.stat()
        age, size = found.st_mtime_ns, found.st_size
        known = self.known.get(path)
        if known is None or known[:2] != (age, size):
            digest = hashlib.sha256(path.read_bytes()).digest()
            known = self.known[path] = (age, size, digest)
        return known[2]
