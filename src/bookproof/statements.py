"""The statements that the book has to settle (`claims.toml`), and which
markers settle them (RULES 1)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.outcome import Outcome
from bookproof.reading.elements import Chapter, Exercise, Marker, Solution

_NO_ENTRIES = ("comment", "string", "preamble")
_YEAR = re.compile(r"(?<![\w.,])(?:1[5-9]|20)\d\d(?!\w|[.,]\d)")

SAID_ONLY = frozenset({"historical", "opinion"})
"""Kinds that nothing can execute: they may hang on cited and unchecked."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One entry of `claims.toml`."""

    id: str
    kind: str
    chapter: str
    text: str


def load(project: Project) -> dict[str, Statement]:
    """All statements by their ids; none when the project has no list."""
    if project.statements is None:
        return {}
    try:
        data = tomllib.loads(project.statements.read_text(encoding="utf-8"))
        entries = data.get("claim", [])
        return {
            entry["id"]: Statement(
                entry["id"],
                entry.get("kind", ""),
                entry.get("chapter", ""),
                " ".join(entry.get("statement", "").split()),
            )
            for entry in entries
        }
    except (
        *(OSError, ValueError, RecursionError),
        *(AttributeError, KeyError, TypeError),  # it is not what it should be
    ) as error:
        place = Place(project.relative(project.statements), 1)
        message = f"the list of statements cannot be read: {error}"
        raise BookError([Finding("config", message, place)]) from error


def check(chapter: Chapter, known: dict[str, Statement]) -> list[Finding]:
    """Sources that do not exist, are repeated, or hang on the wrong mark."""
    findings = []
    for marker in markers(chapter):
        for number, name in enumerate(marker.sources):
            if name in marker.sources[:number]:
                findings.append(_finding(marker, f"{name!r} is repeated"))
            elif name not in known:
                findings.append(_unknown(marker, name, known))
            elif _unfit(marker, known[name]):
                message = (
                    f"{name!r} is {known[name].kind}, so it can be checked; "
                    f"{marker.kind} does not settle it"
                )
                findings.append(_finding(marker, message))
    return findings


def _unfit(marker: Marker, statement: Statement) -> bool:
    said = marker.kind in ("cited", "unchecked")
    return said and statement.kind not in SAID_ONLY


def _unknown(marker: Marker, name: str, known: dict[str, Statement]) -> Finding:
    import difflib

    close = difflib.get_close_matches(name, known, 1)
    notes = (f"did you mean {close[0]!r}?",) if close else ()
    return _finding(marker, f"no statement is called {name!r}", notes)


def _finding(
    marker: Marker, message: str, notes: tuple[str, ...] = ()
) -> Finding:
    return Finding(
        "source", message, marker.place, 1, id=marker.id, notes=notes
    )


def markers(chapter: Chapter) -> list[Marker]:
    """The markers of a chapter."""
    return [each for each in chapter.elements if isinstance(each, Marker)]


def settled(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """The statements that passed markers settle, with those markers."""
    out: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.good:
            for name in outcome.sources:
                out.setdefault(name, []).append(outcome)
    return out


def check_citations(chapter: Chapter, project: Project) -> list[Finding]:
    """Keys of `cited` that the bibliography lacks, and years in its words
    that stand in none of the entries."""
    known = bibliography(project)
    findings = []
    for marker in markers(chapter):
        text = marker.expression.text.strip() if marker.expression else ""
        if marker.kind != "cited" or not text:
            continue
        keys = [key.strip() for key in text.split(",")]
        for key in keys:
            if key not in known:
                message = f"the bibliography has no entry {key!r}"
                notes = ("add it to references.bib of the book",)
                findings.append(_finding(marker, message, notes))
        entries = " ".join(known.get(key, "") for key in keys)
        for year in _YEAR.findall(marker.body.text) if entries else ():
            if year not in _YEAR.findall(entries):
                message = f"the year {year} is not in the entry {text!r}"
                notes = ("its `year` or its `note` should hold it",)
                findings.append(_finding(marker, message, notes))
    return findings


def bibliography(project: Project) -> Mapping[str, str]:
    """The entries of the book's BibTeX files, by their keys."""
    entries: dict[str, str] = {}
    for path in filter(Path.is_file, sorted(project.book.glob("*.bib"))):
        text = path.read_text(encoding="utf-8", errors="replace")
        for part in re.split(r"^\s*@", text, flags=re.M)[1:]:
            found = re.match(r"(\w+)\s*\{\s*[^\s,]+", part)
            if found and found[1].lower() not in _NO_ENTRIES:
                key, _, rest = part.partition("{")[2].partition(",")
                entries[key.strip()] = rest
    return entries


def check_exercises(chapter: Chapter) -> list[Finding]:
    """Every exercise has one solution, and the code of both fits."""
    exercises = _by_label(chapter, Exercise)
    solutions = _by_label(chapter, Solution)
    findings = []
    for label, exercise in exercises.items():
        solution = solutions.get(label)
        if solution is None:
            message = f"the exercise {label!r} has no solution"
            note = f"write a {{solution}} {label} in this chapter"
        elif isinstance(solution, Solution) and isinstance(exercise, Exercise):
            parts = (exercise.starter, exercise.check, solution.code)
            if len({part is None for part in parts}) == 1:
                continue
            message = (
                f"the exercise {label!r} has some of starter, check and "
                "code, not all"
            )
            note = "give all three, or none for an exercise done by hand"
        findings.append(
            Finding("exercise", message, exercise.place, notes=(note,))
        )
    return findings


def _by_label(
    chapter: Chapter, kind: type[Exercise] | type[Solution]
) -> dict[str, Exercise | Solution]:
    found: Sequence[Exercise | Solution] = [
        each for each in chapter.elements if isinstance(each, kind)
    ]
    return {each.label: each for each in found}
