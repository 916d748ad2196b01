"""What the cache of outputs holds, looked up without the library that fills
it: to see that nothing has to be run, nothing heavy need be imported."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path


def shelf(root: Path) -> Path:
    """Where the cache of a project lives."""
    return root / "build" / "jupyter-cache"


def listed(root: Path) -> list[str]:
    """The keys of all entries in the cache's list."""
    try:
        return _keys(root)
    except sqlite3.Error:
        return []


def is_broken(root: Path) -> bool:
    """Whether the list was begun, on a full disk perhaps, and is none."""
    try:
        _keys(root)
    except sqlite3.DatabaseError as error:
        return "no such table" in str(error) or "not a database" in str(error)
    return False


def _keys(root: Path) -> list[str]:
    uri = f"file:{shelf(root) / 'global.db'}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as base:
        rows = base.execute("select hashkey from nbcache").fetchall()
    return sorted(str(row[0]) for row in rows)


def entry(root: Path, key: str) -> Path:
    """The file of an entry."""
    return shelf(root) / "executed" / key / "base.ipynb"


def is_whole(root: Path, key: str) -> bool:
    """Whether an entry is both in the list and, to its end, on the disk."""
    try:
        text = entry(root, key).read_text(encoding="utf-8")
    except OSError:
        return False
    return text.endswith(("}", "}\n")) and key in listed(root)
