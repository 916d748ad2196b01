"""From lines of the source to the book's, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from bookproof import check
from bookproof.config import Project
from bookproof.diagnostics import Place
from bookproof.reading import texts
from bookproof.tangling.tangle import Tangled, on_disk, tangle

Pair = tuple[Place, Place]
"""A line that was asked for, and its counterpart."""


class Nowhere(Exception):
    """A line has no counterpart; says why."""


def where(project: Project, file: str, first: int, last: int) -> list[Pair]:
    """The counterparts of some lines; `file` is named from the project's
    root, from the current folder, or in full. Raises Nowhere."""
    paths, _ = check.paths_of(project)
    tangled = tangle(check.read(project, paths), project)
    name = _name(project, file)
    target = name.removeprefix(f"{tangled.source}/")
    if target in tangled.files:
        pairs = _of_source(tangled, target, first, last)
    elif project.root / name in [path.resolve() for path in paths]:
        pairs = _of_book(tangled, name, first, last)
    else:
        raise Nowhere(f"{file} is neither a chapter nor a tangled file")
    for place, other in pairs:
        source = place if target in tangled.files else other
        _in_step(project, tangled, source.file)
    return pairs


def _name(project: Project, file: str) -> str:
    for path in (project.root / file, Path(file)):
        if path.is_file():
            return project.relative(path)
    return file


def _of_source(
    tangled: Tangled, target: str, first: int, last: int
) -> list[Pair]:
    name = f"{tangled.source}/{target}"
    places = tangled.map[target]
    if not 1 <= first <= len(places) or last > len(places):
        raise Nowhere(f"{name} has {_many(len(places))}")
    found = [
        (Place(name, number), place)
        for number, place in enumerate(places[first - 1 : last], first)
        if place is not None
    ]
    if not found:
        text = tangled.joined.files[target][first - 1].text
        what = "the header" if text.strip() else "a blank line"
        raise Nowhere(
            f"{name}:{first} is {what} that tangling adds; no chapter holds it"
        )
    return found


def _of_book(tangled: Tangled, name: str, first: int, last: int) -> list[Pair]:
    found = [
        (Place(name, place.line), Place(f"{tangled.source}/{target}", number))
        for target, lines in tangled.joined.files.items()
        for number, line in enumerate(lines, 1)
        if (place := line.place) is not None
        and place.file == name
        and first <= place.line <= last
    ]
    if not found:
        raise Nowhere(
            _included(tangled, name, first)
            or f"{name}:{first} is no line of a chunk's code"
        )
    return sorted(found)


def _included(tangled: Tangled, name: str, line: int) -> str | None:
    """What to say of a line that includes a fragment."""
    for chunk in tangled.joined.chunks:
        for text in texts.lines(chunk.body):
            words = text.text.strip()
            here = text.place()
            if (here.file, here.line) != (name, line):
                continue
            for part in tangled.joined.chunks:
                if part.target is None and words == f"<<{part.name}>>":
                    return (
                        f"{name}:{line} includes a fragment; its code is at "
                        f"{part.body.place()}"
                    )
    return None


def _in_step(project: Project, tangled: Tangled, name: str) -> None:
    target = name.removeprefix(f"{tangled.source}/")
    if on_disk(project, target) != tangled.files[target]:
        raise Nowhere(
            f"{name} is not what the book holds now, so that no line can be "
            "told; bookproof tangle --check shows the difference"
        )


def _many(lines: int) -> str:
    return "one line" if lines == 1 else f"{lines} lines"


def said(pairs: Iterable[Pair]) -> list[str]:
    """The counterparts of a range: those that go on in both files are told
    together."""
    runs: list[list[Pair]] = []
    for pair in pairs:
        if runs and all(map(_next, runs[-1][-1], pair)):
            runs[-1].append(pair)
        else:
            runs.append([pair])
    return [
        f"{_range(run[0][0], run[-1][0])} is {_range(run[0][1], run[-1][1])}"
        for run in runs
    ]


def _next(one: Place, other: Place) -> bool:
    return (one.file, one.line + 1) == (other.file, other.line)


def _range(first: Place, last: Place) -> str:
    end = "" if first.line == last.line else f"-{last.line}"
    return f"{first.file}:{first.line}{end}"


def book_lines(tangled: Tangled) -> Mapping[tuple[str, int], str]:
    """The book's place of each line of the source, to show in tracebacks."""
    return {
        (f"{tangled.source}/{target}", number): f"{place.file}:{place.line}"
        for target, places in tangled.map.items()
        for number, place in enumerate(places, 1)
        if place is not None
    }


def lines_in_step(project: Project) -> Mapping[tuple[str, int], str]:
    """The same for the files that are what the book holds now: of others,
    no line can be told."""
    paths, _ = check.paths_of(project)
    tangled = tangle(check.read(project, paths), project)
    return {
        (file, number): place
        for (file, number), place in book_lines(tangled).items()
        if on_disk(project, (t := file.removeprefix(f"{tangled.source}/")))
        == tangled.files[t]
    }
