"""Changing several files so that even a kill leaves none half of the way.

All new texts are first written into one file, the journal, which appears by
renaming. From then on the change is decided: whoever finds the journal
finishes the work. Before that nothing has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from bookproof.diagnostics import BookError, Finding, Place
from bookproof.replace import replace_all


def change_all(
    journal: Path, folder: Path, changes: Mapping[str, tuple[str, str]]
) -> None:
    """Make each file (named from `folder`), which was the first text, the
    second. Raises BookError, and changes nothing, if it was another."""
    if not changes:
        return
    record = {
        name: {"was": _digest(old.encode()), "text": new}
        for name, (old, new) in changes.items()
    }
    replace_all(journal.parent, {journal.name: json.dumps(record)})
    try:
        finish(journal, folder)
    except BaseException:
        journal.unlink(missing_ok=True)
        raise


def finish(journal: Path, folder: Path) -> list[str]:
    """Do what a journal says, if there is one; the files it changes."""
    try:
        record = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    changes: dict[str, str | None] = {}
    findings = []
    for name, row in record.items():
        found = _digest_of(folder / name)
        if found == _digest(row["text"].encode()):
            continue
        if found != row["was"]:
            findings.append(_meddled(name, journal))
        changes[name] = row["text"]
    if findings:
        raise BookError(findings)
    replace_all(folder, changes)
    journal.unlink()
    return list(changes)


def _meddled(name: str, journal: Path) -> Finding:
    return Finding(
        "stitch",
        "the file changed while it was being stitched",
        Place(name, 1),
        notes=(
            "if a stitch was interrupted, the rest of it is in "
            f"{journal.name} beside the source: delete that to give it up",
        ),
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest_of(path: Path) -> str | None:
    return _digest(path.read_bytes()) if path.is_file() else None
