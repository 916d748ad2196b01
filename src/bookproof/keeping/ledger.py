"""The ledger: what was verified of each chapter, and against what.

One file a chapter, written by rename. Its key stands for everything that the
verdicts depend on: while the key is the same, they hold without a new run.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bookproof.config import Project
from bookproof.judging import refs
from bookproof.keeping.inputs import Inputs, Noted
from bookproof.outcome import NOT_REACHED, Outcome
from bookproof.reading.elements import Cell, Chapter
from bookproof.running.run import ChapterRun
from bookproof.tangling.replace import write_whole


@dataclass(frozen=True)
class Known:
    """What is known of a chapter before its ledger is written: the digest of
    what each verdict depends on in the text, and what the page's outputs are
    looked up by."""

    digests: Mapping[int, str]
    page: Mapping[str, Any]


def folder(project: Project) -> Path:
    """Where the ledger lives."""
    return project.root / "build" / "ledger"


def key(base: str, chapter: Chapter) -> str:
    """Stands for all that the chapter's verdicts depend on (RULES 24): its
    text, and what else there is."""
    return hashlib.sha256(f"{base} {chapter.text}".encode()).hexdigest()


def base(inputs: Inputs, chapter: Chapter, noted: Noted) -> str:
    """Stands for all that the verdicts depend on but the text."""
    facts = references(inputs.project, chapter)
    return inputs.base(chapter.path, facts, noted)


def current(
    inputs: Inputs, chapter: Chapter, data: Mapping[str, Any] | None
) -> bool:
    """Whether what the ledger says is about this very chapter, and about
    everything that it uses as it is now."""
    if data is None or not about(inputs, chapter, data):
        return False
    return bool(data["key"] == key(data["base"], chapter))


def about(inputs: Inputs, chapter: Chapter, data: Mapping[str, Any]) -> bool:
    """Whether everything that the chapter uses is as the ledger knows it;
    its own text may have changed."""
    if "base" not in data:
        return False
    noted = Noted.from_json(data["noted"])
    return bool(data["base"] == base(inputs, chapter, noted))


def references(project: Project, chapter: Chapter) -> dict[str, float | None]:
    """The values of the facts of other chapters that this one refers to."""
    out: dict[str, float | None] = {}
    for name in refs.names(chapter):
        other, _, label = name.partition("/")
        entries = (load(project, other) or {}).get("entries", [])
        good = (e for e in entries if e["id"] == label)
        out[name] = next((e["value"] for e in good), None)
    return out


def record(
    run: ChapterRun, inputs: Inputs, noted: Noted, known: Known
) -> dict[str, Any]:
    """What the ledger says of a run."""
    chapter = run.chapter
    if run.findings:  # they name places in the library
        noted = replace(noted, unseen=True)
    its_base = base(inputs, chapter, noted)
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
        "key": key(its_base, chapter),
        "base": its_base,
        "noted": noted.to_json(),
        "complete": run.complete,
        "entries": [
            {**outcome.to_json(), "digest": known.digests[outcome.index]}
            for outcome in outcomes
        ],
        "cells": cells,
        "page": known.page,
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
    write_whole(path, _lines(data))


def _lines(data: Mapping[str, Any]) -> str:
    """As JSON, a line for each entry: `indent` would take ten times as long."""
    parts = []
    for name, value in data.items():
        said = _json(value)
        if name == "entries" and value:
            said = "[\n  " + ",\n  ".join(map(_json, value)) + "\n ]"
        parts.append(f" {_json(name)}: {said}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


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
