"""What a check found, kept for as long as nothing changes at all.

Then there is nothing to read, to lint or to run: digests of files are all
that is compared, and no heavy module is imported.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bookproof.config import Project
from bookproof.diagnostics import Finding
from bookproof.keeping.inputs import (
    PRESS,
    digest,
    files,
    installed,
    joined,
    outside,
)
from bookproof.running.shelf import entry, listed
from bookproof.tangling.replace import replace_all


@dataclass(frozen=True)
class Result:
    """What is told at the end of a check."""

    findings: tuple[Finding, ...]
    summary: str


class Memory:
    """Remembers what was found of one choice of chapters. Made before the
    chapters are read: what changes meanwhile was not checked."""

    def __init__(self, project: Project, chapters: Sequence[str]) -> None:
        self.project = project
        self.folder = project.root / "build" / "checked"
        self.name = joined(chapters)[:32] + ".json"
        # A chapter that is named may lie outside of the book's folder.
        named = (f"{name} {digest(Path(name))}" for name in chapters)
        self.inputs = joined([*_inputs(project), *named])

    def recall(self) -> Result | None:
        """What was found, if everything is as it was."""
        try:
            text = (self.folder / self.name).read_text(encoding="utf-8")
            data = json.loads(text)
            if data["key"] != self._key(data["read"]):
                return None
            found = tuple(map(Finding.from_json, data["findings"]))
            return Result(found, data["summary"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def keep(self, result: Result, read: Iterable[str]) -> None:
        """Remember what was found; `read` are files that cells have read."""
        names = sorted(read)
        data = {
            "key": self._key(names),
            "read": names,
            "findings": [each.to_json() for each in result.findings],
            "summary": result.summary,
        }
        with suppress(OSError):  # then the next check takes longer
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_all(self.folder, {self.name: json.dumps(data) + "\n"})

    def _key(self, read: Sequence[str]) -> str:
        root = self.project.root
        parts = [f"{name} {digest(root / name)}" for name in read]
        ledgers = sorted((root / "build" / "ledger").glob("*.json"))
        parts += files(root, ledgers, root)
        return joined([self.inputs, *parts, *_outputs(root)])


def _inputs(project: Project) -> Iterator[str]:
    yield sys.version
    yield from installed(sys.path)
    yield digest(project.root / "pyproject.toml")
    yield from files(project.root, outside(project), project.root)
    yield from files(PRESS, sorted(PRESS.rglob("*.py")), PRESS)
    for folder in (project.book, project.source):
        yield from files(folder, _below(folder), folder)
    for path in project.book.glob("*.md"):
        if path.is_symlink():  # which is refused, whatever it leads to
            yield f"{path.name} is a link"


def _below(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        apart = path.suffix == ".pyc" or PRESS in path.parents
        if not apart and "__pycache__" not in parts and path.is_file():
            yield path


def _outputs(root: Path) -> list[str]:
    """The outputs that wait for the page."""
    return [f"{key} {entry(root, key).is_file()}" for key in listed(root)]
