"""What became of the mutants of each claim, as the book keeps it.

`bookproof mutate` writes one file a chapter, `_mutants/<chapter>.json` in the
book's folder, and it is committed: trying all mutants takes minutes, and a
page must be the same wherever it is built. A claim's entry is found by the
digest of what the claim says, so an entry of another wording is never shown;
nor is one from before a cell above the claim was changed, or a definition that
it may use or, for a definition, a claim that may use it. `make test` asks for
every entry, and tries a sample again.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookproof.config import Project
from bookproof.diagnostics import Finding, Place
from bookproof.mutating.mutate import Mutant, mutants, parts
from bookproof.mutating.reasons import FILE, Reasons, unreadable
from bookproof.mutating.surroundings import surroundings
from bookproof.mutating.survivors import APART, Fate, Tried
from bookproof.reading.elements import Chapter, Element, Marker
from bookproof.tangling.replace import write_whole

Around = Mapping[int, str]

FOLDER = "_mutants"
"""In the book's folder; the underscore says that no cell reads it."""


@dataclass(frozen=True, slots=True)
class Count:
    """How many mutants were tried, how many a check noticed, and how many
    nothing could notice."""

    tried: int = 0
    killed: int = 0
    apart: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.tried + other.tried,
            self.killed + other.killed,
            self.apart + other.apart,
        )

    @property
    def asked(self) -> int:
        """How many should have been noticed."""
        return self.tried - self.apart

    @property
    def rate(self) -> float:
        """The share of those that were noticed; 1 when there were none."""
        return self.killed / self.asked if self.asked else 1.0


@dataclass(frozen=True, slots=True)
class Left:
    """A mutant that no check noticed, what it is (`survives`, or one of
    those apart), and the reason that the book gives for it."""

    mutant: Mutant
    fate: Fate
    reason: str = ""


@dataclass
class Kills:
    """What is known of a chapter's mutants: by claim, by kind of change, and
    what was left; `stale` are the ids of claims of which nothing is known."""

    claims: dict[str, Count] = field(default_factory=dict)
    kinds: dict[str, Count] = field(default_factory=dict)
    left: list[Left] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)

    @property
    def total(self) -> Count:
        """All mutants of the chapter."""
        return sum(self.claims.values(), Count())

    @property
    def survivors(self) -> list[Left]:
        """Those that a check should have noticed."""
        return [each for each in self.left if each.fate == "survives"]

    def add(self, mutant: Mutant, fate: Fate, reason: str = "") -> None:
        """Count one mutant."""
        one = Count(1, fate == "killed", fate in APART)
        name, kind = mutant.id, mutant.kind
        self.claims[name] = self.claims.get(name, Count()) + one
        self.kinds[kind] = self.kinds.get(kind, Count()) + one
        if fate != "killed":
            self.left.append(Left(mutant, fate, reason))


def load(project: Project, chapter: Chapter) -> Kills:
    """What is known of a chapter as it stands."""
    out, record = Kills(), _read(project, chapter)
    reasons = Reasons.read(project, chapter)
    around = _around(project, chapter)
    for key, its in _by_key(chapter).items():
        entry = record.get(key)
        if entry is None or not _fits(entry, its, around):
            out.stale.append(its[0].id)
            continue
        left = dict(entry.get("left", ()))
        for number, mutant in enumerate(its):
            fate = left.get(number, "killed")
            out.add(mutant, fate, reasons.of(mutant))
    return out


def counted(
    project: Project, chapter: Chapter, tried: Iterable[Tried]
) -> Kills:
    """What was found just now, sampled or not."""
    out, reasons = Kills(), Reasons.read(project, chapter)
    for each in tried:
        out.add(each.mutant, each.fate, reasons.of(each.mutant))
    return out


def entries(
    project: Project, chapter: Chapter, tried: Iterable[Tried]
) -> dict[str, Any]:
    """The record of those claims of which all mutants were tried."""
    fates = {each.mutant: each.fate for each in tried}
    around = _around(project, chapter)
    return {
        key: _entry([fates[mutant] for mutant in its], its, around)
        for key, its in _by_key(chapter).items()
        if fates.keys() >= set(its)
    }


def _entry(
    fates: Sequence[Fate], its: Sequence[Mutant], around: Around
) -> dict[str, Any]:
    kinds = sorted(Counter(mutant.kind for mutant in its).items())
    left = [pair for pair in enumerate(fates) if pair[1] != "killed"]
    entry: dict[str, Any] = {"kinds": dict(kinds), "of": _of(its, around)}
    return {**entry, "left": left} if left else entry


def save(project: Project, chapter: Chapter, new: Mapping[str, Any]) -> None:
    """Take new entries into a chapter's file, whole or not at all; entries
    of what the chapter no longer says go."""
    record = {**_read(project, chapter), **new}
    lines = [
        f"{json.dumps(key)}: {json.dumps(record[key])}"
        for key in sorted(_by_key(chapter).keys() & record.keys())
    ]
    path = _file(project, chapter)
    write_whole(path, "{\n" + ",\n".join(lines) + "\n}\n")


def kept(project: Project) -> bool:
    """Whether the book keeps what becomes of its mutants."""
    files = (project.book / FOLDER).glob("*.json")
    return any(not path.name.startswith("_") for path in files)


def complaints(project: Project, chapter: Chapter) -> list[Finding]:
    """What the record does not know, and survivors without a reason."""
    its = load(project, chapter)
    findings = []
    if its.stale:
        more = f" and {len(its.stale) - 1} more" if len(its.stale) > 1 else ""
        message = (
            f"no result is kept for the mutants of {its.stale[0]}{more}: run "
            f"`bookproof mutate {chapter.name} --new`"
        )
        place = Place(chapter.path, 1)
        findings.append(Finding("mutants", message, place))
    for left in its.survivors:
        if not left.reason:
            change = left.mutant.words
            message = f"no check notices this change: {change}"
            note = f"make one notice it, or give the reason in {FILE}"
            place, name = left.mutant.place, left.mutant.id
            width = len(left.mutant.change.before)
            findings.append(
                Finding("mutants", message, place, width, name, notes=(note,))
            )
    reasons = Reasons.read(project, chapter)
    alive = [left.mutant for left in its.survivors]
    return findings if its.stale else [*findings, *reasons.idle(alive)]


def sample(project: Project, chapter: Chapter, size: int) -> list[Mutant]:
    """Some of the mutants that are recorded as killed; the same ones for the
    same text."""
    left = {each.mutant for each in load(project, chapter).left}
    new = set(unknown(project, chapter))
    every = [m for m in mutants(chapter) if m not in left and m not in new]
    chooser = random.Random(chapter.text)
    return chooser.sample(every, min(size, len(every)))


def unknown(project: Project, chapter: Chapter) -> list[Mutant]:
    """The mutants of which no record says what became of them."""
    record, around = _read(project, chapter), _around(project, chapter)
    return [
        mutant
        for key, its in _by_key(chapter).items()
        if key not in record or not _fits(record[key], its, around)
        for mutant in its
    ]


def _fits(
    entry: Mapping[str, Any], its: Sequence[Mutant], around: Around
) -> bool:
    """Whether an entry is about these mutants in these surroundings."""
    return bool(entry.get("of") == _of(its, around))


def _of(its: Sequence[Mutant], around: Around) -> str:
    """A digest of the changes of one element, and of what decides whether
    they are noticed."""
    changes = [(mutant.part, *mutant.change) for mutant in its]
    said = repr([changes, around.get(its[0].index, "")])
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _around(project: Project, chapter: Chapter) -> Around:
    return surroundings(chapter, project.macros)


def _by_key(chapter: Chapter) -> dict[str, list[Mutant]]:
    """The mutants of each claim by the digest of what it says. Claims that
    say the same are told apart by their order."""
    out: dict[int, list[Mutant]] = {}
    for mutant in mutants(chapter):
        out.setdefault(mutant.index, []).append(mutant)
    keyed: dict[str, list[Mutant]] = {}
    seen: Counter[str] = Counter()
    for index, its in out.items():
        digest = _digest(chapter.elements[index])
        seen[digest] += 1
        keyed[f"{digest}-{seen[digest]}"] = its
    return keyed


def _digest(element: Element) -> str:
    said: list[object] = [part.text for part in parts(element)]
    if isinstance(element, Marker):
        expression = element.expression
        said.append(element.kind)
        said.append(expression.text if expression else "")
        said.append(sorted((k, v.text) for k, v in element.options.items()))
    return hashlib.sha256(repr(said).encode()).hexdigest()[:12]


def _file(project: Project, chapter: Chapter) -> Path:
    return project.book / FOLDER / f"{chapter.name}.json"


def _read(project: Project, chapter: Chapter) -> dict[str, Any]:
    path = _file(project, chapter)
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise unreadable(project, path, error) from error
    return data
