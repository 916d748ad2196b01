"""Which paths a chunk may be tangled to."""

from __future__ import annotations

import keyword
from pathlib import PurePosixPath

#: File systems hold no longer names (with `.py`, and to spare).
LONGEST = 200


def bad_target(target: str) -> str | None:
    """What is wrong with a target as a path below the source folder."""
    path = PurePosixPath(target)
    if path.is_absolute() or "\\" in target or ":" in target:
        return f"{target} is no path relative to the source folder"
    if ".." in path.parts:
        return f"{target} leaves the source folder"
    if str(path) != target:
        return f"{target} is not written plainly: {path}"
    folders, stem = path.parts[:-1], path.name.removesuffix(".py")
    if stem == path.name:
        return f"{target} is no Python file"
    names = (*folders, stem)
    if any(keyword.iskeyword(name) for name in names) or not all(
        name.isascii() and name.isidentifier() for name in names
    ):
        return f"{target} could not be imported everywhere under this name"
    if max(map(len, names)) > LONGEST:
        return f"{target} has a name of more than {LONGEST} characters"
    return None
