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

from bookproof.config import Project, real
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.tangling.replace import replace_all

JOURNAL = ".unfinished"

Changes = Mapping[str, tuple[str | None, str | None]]


def change_all(project: Project, changes: Changes) -> None:
    """Make each file (named from the project's root), which was the first
    text, the second; None is no file. Raises BookError, and changes nothing,
    if one of them was another."""
    if not changes:
        return
    record = {
        name: {"was": _digest(old), "text": new}
        for name, (old, new) in changes.items()
    }
    journal = _journal(project)
    replace_all(journal.parent, {journal.name: json.dumps(record)})
    try:
        resume(project)
    except BaseException:
        journal.unlink(missing_ok=True)
        raise


def resume(project: Project) -> list[str]:
    """Finish what was begun before a kill, if anything was; all of what has
    been done, before the kill and now."""
    journal = _journal(project)
    try:
        record = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except ValueError as error:
        place = Place(project.relative(journal), 1)
        message = f"no journal of the press: {error}; delete it"
        raise BookError([Finding("stitch", message, place)]) from error
    changes: dict[str, str | None] = {}
    findings = []
    for name, row in record.items():
        found = _digest_of(project.root / name)
        if found == _digest(row["text"]):
            continue
        if found != row["was"]:
            findings.append(_meddled(name, journal))
        if not _ours(project, name):
            findings.append(_foreign(name, journal, project))
        changes[name] = row["text"]
    if findings:
        raise BookError(findings)
    replace_all(project.root, changes)
    journal.unlink()
    return [
        f"{'removed' if row['text'] is None else 'wrote'} {name}"
        for name, row in sorted(record.items())
    ]


def _journal(project: Project) -> Path:
    return project.book / JOURNAL


def _ours(project: Project, name: str) -> bool:
    """Whether a file is of the book or of its source."""
    path = real(project.root / name)
    return any(
        path.is_relative_to(real(folder))
        for folder in (project.book, project.source)
    )


def _foreign(name: str, journal: Path, project: Project) -> Finding:
    return Finding(
        "stitch",
        f"the journal names {name}, which is of neither book nor source: "
        "delete it",
        Place(project.relative(journal), 1),
    )


def _meddled(name: str, journal: Path) -> Finding:
    return Finding(
        "stitch",
        "the file changed while it was being written",
        Place(name, 1),
        notes=(
            "if the press was interrupted, the rest of its work is in "
            f"{journal.name} beside the chapters: delete it to give that up",
        ),
    )


def _digest(text: str | None) -> str | None:
    if text is None:
        return None
    return _of_bytes(text.encode("utf-8", "surrogateescape"))


def _digest_of(path: Path) -> str | None:
    return _of_bytes(path.read_bytes()) if path.is_file() else None


def _of_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
