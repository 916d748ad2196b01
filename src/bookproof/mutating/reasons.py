"""Why some mutants cannot be noticed: `survivors.toml` in the book's folder.

[[survivor]]
claim = "chapter::label"
change = 'digit `2` -> `3`'
reason = "…"

Of a change of the printed code: `code = "package/file.py::function"` in the
place of `claim`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.mutating.mutate import Mutant
from bookproof.reading.elements import Chapter, Marker

FILE = "survivors.toml"


@dataclass
class Reasons:
    """The reasons given in one chapter, by claim and change; and the reasons
    of loose bounds, by the claim's index."""

    place: Place
    loose: dict[int, str]
    given: dict[tuple[str, str], str] = field(default_factory=dict)

    @classmethod
    def read(cls, project: Project, chapter: Chapter) -> Reasons:
        """The reasons for survivors of a chapter."""
        path = project.book / FILE
        loose = {
            index: element.options["loose"].text.strip()
            for index, element in enumerate(chapter.elements)
            if isinstance(element, Marker) and "loose" in element.options
        }
        out = cls(Place(project.relative(path), 1), loose)
        for said, change, reason in _given(project, "claim"):
            name, _, label = said.partition("::")
            if name == chapter.name:
                out.given[label, change] = reason
        return out

    def of(self, mutant: Mutant) -> str:
        """The reason given for a mutant; empty if there is none. A claim that
        is loose on purpose says why itself."""
        own = self.loose.get(mutant.index, "")
        return self.given.get((mutant.id, mutant.words), own)

    def idle(self, survivors: Iterable[Mutant]) -> list[Finding]:
        """Reasons for what does not survive."""
        alive = {(mutant.id, mutant.words) for mutant in survivors}
        return [
            Finding(
                "mutants",
                f"no such mutant survives: {change} in {name}",
                self.place,
                notes=("delete its reason",),
            )
            for name, change in self.given
            if (name, change) not in alive
        ]


def code_reasons(project: Project) -> dict[tuple[str, str], str]:
    """The reasons for survivors among changes of the code, by what is
    changed (its file and function) and how."""
    return {
        (name, change): reason
        for name, change, reason in _given(project, "code")
    }


def _given(project: Project, kind: str) -> list[tuple[str, str, str]]:
    """The reasons for what is a claim, or code: name, change and reason."""
    path = project.book / FILE
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        return [
            (each[kind], each["change"], each["reason"])
            for each in data.get("survivor", ())
            if kind in each or not {"claim", "code"} & each.keys()
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, LookupError, AttributeError, TypeError) as e:
        raise unreadable(project, path, e) from e


def unreadable(project: Project, path: Path, error: Exception) -> BookError:
    """A file beside the chapters that is broken."""
    place = Place(project.relative(path), 1)
    message = f"this cannot be read: {type(error).__name__}: {error}"
    return BookError([Finding("mutants", message, place)])
