"""The ledger: what was verified of each chapter, and against what.

One file a chapter, written by rename. Its key stands for everything that the
verdicts depend on: while the key is the same, they hold without a new run.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import bookproof
from bookproof import refs
from bookproof.config import Project
from bookproof.elements import Cell, Chapter
from bookproof.outcome import NOT_REACHED, Outcome
from bookproof.run import ChapterRun

VERSIONS = ("numpy", "matplotlib", "scikit-learn", "ipython")
"""Distributions whose version may change a verdict or an output."""

BESIDE_THE_POINT = frozenset(
    {
        *("weave", "cli", "check", "report", "progress", "watch", "where"),
        *("pytest_plugin", "lint", "mutate", "statements", "settled"),
        *("survivors", "covering", "covered", "live", "newborn"),
        *("changes", "swaps", "trials", "forks", "reach"),
        *("kills", "kill_report", "reasons"),
        *("tangle", "stitch", "chunks", "gaps", "drafts", "toctree"),
    }
)
"""Modules of the press that no verdict depends on."""

NO_DATA = frozenset({".md", ".toml", ".bib", ".html", ".css", ".js"})
"""Files of the book that no cell reads."""


def folder(project: Project) -> Path:
    """Where the ledger lives."""
    return project.root / "build" / "ledger"


def key(project: Project, chapter: Chapter) -> str:
    """Stands for all that the chapter's verdicts depend on (RULES 24)."""
    digest = hashlib.sha256()
    for part in _parts(project, chapter):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def references(project: Project, chapter: Chapter) -> dict[str, float | None]:
    """The values of the facts of other chapters that this one refers to."""
    out: dict[str, float | None] = {}
    for name in refs.names(chapter):
        other, _, label = name.partition("/")
        entries = (load(project, other) or {}).get("entries", [])
        good = (e for e in entries if e["id"] == label)
        out[name] = next((e["value"] for e in good), None)
    return out


def _parts(project: Project, chapter: Chapter) -> Iterable[bytes]:
    yield chapter.path.encode()
    yield chapter.text.encode()
    settings = (
        dict(project.macros),
        project.cell_seconds,
        project.chapter_seconds,
    )
    yield repr(settings).encode()
    yield repr(references(project, chapter)).encode()
    yield sys.version.encode()
    for name in VERSIONS:
        yield f"{name} {_version(name)}".encode()
    press = Path(bookproof.__file__).parent
    yield from _digests(_modules(press, BESIDE_THE_POINT))
    if project.source.is_dir():
        sources = project.source.rglob("*.py")
        yield from _digests(
            path for path in sources if press not in path.parents
        )
    yield from _digests(_data(project, project.root / chapter.path))
    for pattern in project.depends:
        yield from _digests(
            p for p in project.root.glob(pattern) if p.is_file()
        )


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


def _modules(press: Path, skipped: frozenset[str]) -> list[Path]:
    return [
        path
        for path in press.rglob("*.py")
        if path.relative_to(press).parts[0].removesuffix(".py") not in skipped
    ]


def _data(project: Project, path: Path) -> list[Path]:
    """The files beside a chapter that its cells may read."""
    found = []
    for beside in path.parent.rglob("*"):
        parts = beside.relative_to(path.parent).parts
        hidden = any(part[0] in "._" for part in parts)
        hidden = hidden or project.root / "build" in beside.parents
        if not hidden and beside.is_file() and beside.suffix not in NO_DATA:
            found.append(beside)
    return found


def _digests(paths: Iterable[Path]) -> Iterable[bytes]:
    for path in sorted(paths):
        yield path.name.encode()
        yield hashlib.sha256(path.read_bytes()).digest()


def record(run: ChapterRun, its_key: str) -> dict[str, Any]:
    """What the ledger says of a run."""
    chapter = run.chapter
    outcomes = list(run.outcomes.values())
    cells = [
        {"number": element.number, "line": element.place.line,
         "status": run.outcomes[index].status}
        for index, element in enumerate(chapter.elements)
        if isinstance(element, Cell)
    ]  # fmt: skip
    return {
        "chapter": chapter.name,
        "path": chapter.path,
        "key": its_key,
        "complete": run.complete,
        "entries": [outcome.to_json() for outcome in outcomes],
        "cells": cells,
        "findings": [finding.to_json() for finding in run.findings],
        "counts": counts(outcomes),
        "uses": run.uses.to_json(),
    }


def counts(outcomes: Iterable[Outcome]) -> dict[str, dict[str, int]]:
    """How many of each kind ended how."""
    found = Counter((each.kind, each.status) for each in outcomes)
    out: dict[str, dict[str, int]] = {}
    for (kind, status), number in sorted(found.items()):
        out.setdefault(kind, {})[status] = number
    return out


def save(project: Project, data: Mapping[str, Any]) -> None:
    """Write one chapter's file, whole or not at all."""
    path = folder(project) / f"{data['chapter']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f".{path.name}.{os.getpid()}")
    text = json.dumps(data, indent=1, ensure_ascii=False)
    new.write_text(text + "\n", encoding="utf-8")
    os.replace(new, path)


def load(project: Project, chapter_name: str) -> dict[str, Any] | None:
    """One chapter's file, or None when there is none that can be read."""
    path = folder(project) / f"{chapter_name}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def outcomes(data: Mapping[str, Any]) -> list[Outcome]:
    """The entries of a chapter's file as outcomes."""
    return [Outcome.from_json(entry) for entry in data["entries"]]


def reached(all_outcomes: Iterable[Outcome]) -> bool:
    """Whether the run came to every element."""
    return all(each.status != NOT_REACHED for each in all_outcomes)
