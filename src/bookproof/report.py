"""How a check is told: for people, and for programs."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from bookproof.diagnostics import Finding
from bookproof.outcome import NOT_REACHED, Outcome

_KINDS = (
    ("claim", "claims"),
    ("let", "definitions"),
    ("fact", "facts"),
    ("cell", "cells"),
    ("exercise", "exercises"),
    ("solution", "solutions"),
)


def render(findings: Iterable[Finding], root: Path) -> str:
    """All findings as a compiler would print them; the lines that a place
    names are looked up from the root, the paths told from here."""
    return "\n\n".join(finding.render(root) for finding in findings)


def as_json(findings: Iterable[Finding]) -> str:
    """The findings as a JSON list."""
    records = [finding.to_json() for finding in findings]
    return json.dumps(records, indent=1, ensure_ascii=False)


def summary(
    chapters: int,
    ran: int,
    checked: int,
    outcomes: Sequence[Outcome],
    findings: Sequence[Finding],
) -> str:
    """One line that says it all."""
    parts = [f"{_many(chapters, 'chapters')} ({ran} run)"]
    if 0 < checked < len(outcomes):
        parts.append(f"{checked} checked, {len(outcomes) - checked} kept")
    for kind, plural in _KINDS:
        number = sum(each.kind == kind for each in outcomes)
        if number:
            parts.append(_many(number, plural))
    said = Counter(each.status for each in outcomes)
    for status in ("cited", "unchecked", "skipped", NOT_REACHED):
        if said[status]:
            parts.append(f"{said[status]} {status}")
    if findings:
        return f"{', '.join(parts)}: {_many(len(findings), 'findings')}"
    return f"{', '.join(parts)}: all holds"


def _many(number: int, plural: str) -> str:
    return f"{number} {plural.removesuffix('s') if number == 1 else plural}"


def say(text: str) -> None:
    """Print, and be quiet when nobody listens any more (`| head`)."""
    try:
        print(text, flush=True)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
