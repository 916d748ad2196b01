"""From a line of the source to the book's, and back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bookproof import check
from bookproof.config import Project
from bookproof.diagnostics import Place
from bookproof.tangle import Tangled, tangle


def where(project: Project, file: str, line: int) -> Place | None:
    """The counterpart of a line; `file` is named from the project's root,
    from the current folder, or in full."""
    paths, _ = check.paths_of(project)
    tangled = tangle(check.read(project, paths), project)
    name = _name(project, file)
    if name.endswith(".md"):
        return tangled.source_place(name, line)
    return tangled.book_place(name, line)


def _name(project: Project, file: str) -> str:
    for path in (project.root / file, Path(file)):
        if path.is_file():
            return project.relative(path)
    return file


def book_lines(tangled: Tangled) -> Mapping[tuple[str, int], str]:
    """The book's place of each line of the source, to show in tracebacks."""
    return {
        (f"{tangled.source}/{target}", number): str(
            Place(place.file, place.line)
        ).rpartition(":")[0]
        for target, places in tangled.map.items()
        for number, place in enumerate(places, 1)
        if place is not None
    }
