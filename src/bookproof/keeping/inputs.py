"""All that the verdicts of a chapter depend on, as digests (RULES 24).

Nothing of the book is executed to know it.
"""

from __future__ import annotations

import functools
import hashlib
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bookproof
from bookproof.config import Project
from bookproof.keeping.codes import Codes, unit

PRESS = Path(bookproof.__file__).parent

BESIDE_THE_POINT = frozenset(
    {
        *("weave", "cli", "check", "report", "progress", "watch", "where"),
        *("pytest_plugin", "lint", "mutate", "statements", "settled"),
        *("survivors", "covering", "covered", "live", "newborn"),
        "pytest_traces",
        *("changes", "swaps", "trials", "forks", "reach"),
        *("kills", "kill_report", "reasons", "surroundings"),
        *("code_kills", "code_mutants", "exercised"),
        *("unchanged", "ledger", "outputs", "verdicts"),
        *("tangle", "stitch", "chunks", "gaps", "drafts", "toctree"),
        *("shelf", "leftovers"),
    }
)
"""Modules of the press that no verdict depends on."""

NO_DATA = frozenset({".md", ".toml", ".bib", ".html", ".css", ".js"})
"""Files of the book that no cell reads, unless a run has shown otherwise."""


@dataclass(frozen=True)
class Noted:
    """What a run has shown that a chapter depends on: functions of the
    library, files; whether it also ran what nobody could see."""

    ran: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    unseen: bool = False

    @classmethod
    def of(cls, report: Mapping[str, Any], root: Path) -> Noted:
        """From what the recorder of a run reports."""
        units = {_unit(name) for name in report["ran"]}
        read = (_name(Path(each), root) for each in report["read"])
        kept = (name for name in read if not name.startswith("build/"))
        return cls(tuple(sorted(units)), tuple(kept), report["unseen"])

    def to_json(self) -> dict[str, Any]:
        """As a record of the ledger."""
        return {
            "ran": list(self.ran),
            "read": list(self.read),
            "unseen": self.unseen,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Noted:
        """The inverse of `to_json`."""
        ran, read = tuple(record["ran"]), tuple(record["read"])
        return cls(ran, read, record["unseen"])

    def joined(self, other: Noted) -> Noted:
        """What either run has shown."""
        return Noted(
            tuple(sorted({*self.ran, *other.ran})),
            tuple(sorted({*self.read, *other.read})),
            self.unseen or other.unseen,
        )


def _unit(name: str) -> str:
    file, _, function = name.split(":", 2)
    return unit(file, function)


def _name(path: Path, root: Path) -> str:
    if path.is_relative_to(root):
        return path.relative_to(root).as_posix()
    return path.as_posix()


class Inputs:
    """The digests of a project as it is now, each worked out once."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._data: dict[Path, list[str]] = {}

    @functools.cached_property
    def codes(self) -> Codes:
        """The library's code."""
        return Codes.under(self.project.source, PRESS)

    @functools.cached_property
    def common(self) -> str:
        """What every chapter depends on."""
        project = self.project
        settings = (
            dict(project.macros),
            dict(project.directives),
            project.cell_seconds,
            project.chapter_seconds,
        )
        parts = [repr(settings), sys.version, *installed(sys.path)]
        parts += files(PRESS, _modules(), PRESS)
        parts += [f"{k} {v}" for k, v in sorted(self.codes.modules.items())]
        parts += files(project.root, outside(project), project.root)
        return joined(parts)

    @functools.cached_property
    def library(self) -> str:
        """Every character of the library."""
        source = self.project.source
        paths = (
            path
            for path in sorted(source.rglob("*.py"))
            if PRESS not in path.parents
        )
        return joined(files(source, paths, source))

    def base(
        self, path: str, references: Mapping[str, float | None], noted: Noted
    ) -> str:
        """All that a chapter depends on but its text."""
        root = self.project.root
        parts = [path, self.common, repr(sorted(references.items()))]
        beside = (root / path).parent
        build = root / "build"
        if beside not in self._data:
            paths = (p for p in data(beside) if build not in p.parents)
            self._data[beside] = list(files(beside, paths, beside))
        parts += self._data[beside]
        functions = self.codes.functions
        parts += [f"{u} {functions.get(u, 'gone')}" for u in noted.ran]
        if noted.unseen:
            parts.append(self.library)
        for name in noted.read:
            parts.append(f"{name} {digest(root / name)}")
        return joined(parts)


def installed(paths: Iterable[str]) -> list[str]:
    """Every distribution that Python could import from, with its version."""
    found = []
    for path in paths:
        if Path(path).name in ("site-packages", "dist-packages"):
            found += [each.name for each in Path(path).glob("*.dist-info")]
    return sorted(found)


def _modules() -> Iterator[Path]:
    for path in sorted(PRESS.rglob("*.py")):
        first = path.relative_to(PRESS).parts[0].removesuffix(".py")
        if first not in BESIDE_THE_POINT:
            yield path


def data(folder: Path) -> Iterator[Path]:
    """The files beside a chapter that its cells may read."""
    found: list[Path] = []
    for here, inner, names in os.walk(folder):  # what vanishes is passed over
        inner[:] = [name for name in inner if name[0] not in "._"]
        found += [Path(here, name) for name in names if name[0] not in "._"]
    for beside in sorted(found):
        if beside.suffix not in NO_DATA and beside.is_file():
            yield beside


def outside(project: Project) -> Iterator[Path]:
    """The files outside of the book that the settings name."""
    for pattern in project.depends:
        for path in sorted(project.root.glob(pattern)):
            if path.is_file():
                yield path


def files(folder: Path, paths: Iterable[Path], root: Path) -> Iterator[str]:
    """Each file with its digest."""
    for path in paths:
        yield f"{path.relative_to(root).as_posix()} {digest(path)}"


def digest(path: Path) -> str:
    """Of what is in a file; of none, that there is none."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return "none"


def joined(parts: Iterable[str]) -> str:
    """One digest of several texts."""
    whole = hashlib.sha256()
    for part in parts:
        text = part.encode("utf-8", "surrogatepass")
        whole.update(len(text).to_bytes(8, "big") + text)
    return whole.hexdigest()
