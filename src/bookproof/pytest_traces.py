"""Under the traceback of a test: the book's lines of the source's."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

from bookproof.config import Project
from bookproof.tangling.where import lines_in_step

_LINES: dict[Path, Mapping[tuple[str, int], str]] = {}


def in_the_book(project: Project, error: BaseException) -> list[str]:
    """The lines of the source that the error went through, by the book."""
    out: dict[str, None] = {}
    source = project.source.resolve()
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename).resolve()
        if path.is_relative_to(source):
            place = project.relative(path), frame.lineno or 1
            book = book_lines(project).get(place)
            if book is not None:
                out[f"{place[0]}:{place[1]} is {book}"] = None
    return list(out)


def book_lines(project: Project) -> Mapping[tuple[str, int], str]:
    """The book's line of each line of the source, worked out once."""
    if project.root not in _LINES:
        _LINES[project.root] = lines_in_step(project)
    return _LINES[project.root]
