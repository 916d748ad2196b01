"""Changing several files of a folder: all of them, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def replace_all(folder: Path, changes: Mapping[str, str | None]) -> None:
    """Make all changes to the files of a folder, or leave it as it was."""
    temporary: dict[str, Path] = {}
    before: dict[str, bytes | None] = {}
    try:
        for target, text in changes.items():
            path = folder / target
            before[target] = path.read_bytes() if path.exists() else None
            if text is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                temporary[target] = _temporary(path, text)
        done: list[str] = []
        try:
            for target in changes:
                done.append(target)
                _replace(folder / target, temporary.get(target))
        except BaseException:
            for target in done:
                _restore(folder / target, before[target])
            raise
    finally:
        for path in temporary.values():
            path.unlink(missing_ok=True)


def _temporary(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".tangle-")
    with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    os.chmod(name, mode)
    return Path(name)


def _replace(path: Path, new: Path | None) -> None:
    if new is None:
        path.unlink(missing_ok=True)
    else:
        os.replace(new, path)


def _restore(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(data)
