"""Changing several files of a folder: all of them, or none.

Each file is written beside the one it is to replace, and then renamed: at any
instant a file is the old one or the new one. What a killed process leaves is
called `.writing-…`; the next one that writes there takes it away.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".writing-"


def replace_all(folder: Path, changes: Mapping[str, str | None]) -> None:
    """Make all changes to the files of a folder, or leave it as it was."""
    for place in {(folder / target).parent for target in changes}:
        _sweep(place)
    temporary: dict[str, Path] = {}
    before: dict[str, bytes | None] = {}
    try:
        for target, text in changes.items():
            path = folder / target
            with naming(path):
                before[target] = path.read_bytes() if path.exists() else None
                if text is not None:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    temporary[target] = _named(path)
                    _write(path, temporary[target], text.encode())
        done: list[str] = []
        try:
            for target in changes:
                done.append(target)
                with naming(folder / target):
                    _replace(folder / target, temporary.get(target))
        except BaseException:
            for target in done:
                _restore(folder / target, before[target])
            raise
    finally:
        for path in temporary.values():
            with suppress(OSError):  # what refused it is what there is to say
                path.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write one file, whole or not at all, and its folder with it."""
    replace_all(path.parent, {path.name: text})


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Whatever the system refuses meanwhile is about this file; it does not
    always say so, or names the temporary one."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def _named(path: Path) -> Path:
    # With no suffix by which it could be taken for a module or a ledger.
    return path.with_name(f"{_PREFIX}{os.getpid()}-{path.name}~")


def _write(path: Path, new: Path, data: bytes) -> None:
    new.write_bytes(data)
    with suppress(FileNotFoundError):
        new.chmod(path.stat().st_mode & 0o777)


def _replace(path: Path, new: Path | None) -> None:
    if new is None:
        path.unlink(missing_ok=True)
    else:
        os.replace(new, path)


def _restore(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink(missing_ok=True)
        return
    new = _named(path)
    _write(path, new, data)
    os.replace(new, path)


def _sweep(folder: Path) -> None:
    """Take away what processes that are no more have left."""
    with suppress(OSError):
        for path in folder.iterdir():
            owner = path.name.removeprefix(_PREFIX).partition("-")[0]
            if path.name.startswith(_PREFIX) and not _is_running(owner):
                path.unlink(missing_ok=True)


def _is_running(owner: str) -> bool:
    try:
        os.kill(int(owner), 0)
    except ProcessLookupError:
        return False
    except (OSError, ValueError, OverflowError):
        return True
    return True
