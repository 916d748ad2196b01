"""Do something whenever a file of the project is saved."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from bookproof.config import Project

PAUSE = 0.5
"""Seconds between two looks at the files."""


def watch(
    project: Project,
    act: Callable[[], None],
    pause: Callable[[], None] = lambda: time.sleep(PAUSE),
) -> int:
    """Act now, and again after each save, until interrupted."""
    seen = None
    try:
        while True:
            now = stamps(project)
            if now != seen:
                act()
                print("watching; stop with Ctrl-C", file=sys.stderr)
                # What acting wrote is no reason to act again.
                seen = stamps(project)
            pause()
    except KeyboardInterrupt:
        return 0


def stamps(project: Project) -> dict[Path, int]:
    """When each file that matters was written last."""
    out = {}
    for folder, suffixes in (
        (project.book, {".md", ".toml", ".bib", ".csv", ".json", ".npz"}),
        (project.source, {".py"}),
    ):
        for path in folder.rglob("*"):
            if path.suffix in suffixes:
                try:
                    out[path] = path.stat().st_mtime_ns
                except FileNotFoundError:
                    continue  # an editor replaced it just now
    return out
