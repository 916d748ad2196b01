"""The coverage of the library, told by chapter and line of the book."""

from __future__ import annotations

import ast
import json
import math
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from bookproof.coverage.covering import Measured
from bookproof.diagnostics import Place
from bookproof.reading.elements import Chapter, Chunk
from bookproof.tangling.tangle import Tangled

Range = tuple[int, int]


@dataclass
class Row:
    """One chapter: how many lines of its chunks are code, how many of them
    ran, which did not, and the chunks that did no work at all."""

    chapter: str
    file: str
    lines: int = 0
    run: int = 0
    missing: list[Range] = field(default_factory=list)
    never: list[Chunk] = field(default_factory=list)

    @property
    def percent(self) -> float:
        """Cut, not rounded: only all is 100."""
        return math.floor(1000 * self.run / self.lines) / 10

    def to_json(self) -> dict[str, Any]:
        """As one record."""
        never = [
            {"name": each.name, "target": each.target, "line": each.place.line}
            for each in self.never
        ]
        return {
            "chapter": self.chapter,
            "file": self.file,
            "lines": self.lines,
            "run": self.run,
            "percent": self.percent,
            "missing": [list(each) for each in self.missing],
            "never_run": never,
        }


@dataclass(frozen=True)
class _Line:
    """A line of code: where the book has it, in which chunk; whether it
    ran; whether it is in the body of a function."""

    place: Place
    chunk: int
    ran: bool
    inner: bool


def rows(
    chapters: Sequence[Chapter], tangled: Tangled, measured: Measured
) -> list[Row]:
    """A row for each chapter that prints code of the library."""
    lines = sorted(_lines(tangled, measured), key=lambda each: each.place)
    out = []
    for chapter in chapters:
        its = [each for each in lines if each.place.file == chapter.path]
        if its:
            out.append(_row(chapter, its, tangled))
    return out


def total(every: Iterable[Row]) -> Row:
    """All chapters together."""
    out = Row("all chapters", "")
    for row in every:
        out.lines += row.lines
        out.run += row.run
    return out


def _lines(tangled: Tangled, measured: Measured) -> Iterable[_Line]:
    for target, lines in tangled.joined.files.items():
        inner = _bodies(tangled.files[target])
        for number in measured.code[target]:
            line = lines[number - 1]
            if line.place is not None and line.owner is not None:
                ran = number in measured.ran[target]
                yield _Line(line.place, line.owner, ran, number in inner)


def _bodies(code: str) -> set[int]:
    """The lines in bodies of functions: importing runs all others."""
    out: set[int] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            out |= set(range(node.body[0].lineno, (node.end_lineno or 0) + 1))
    return out


def _row(chapter: Chapter, its: Sequence[_Line], tangled: Tangled) -> Row:
    chunks: dict[int, list[_Line]] = {}
    for each in its:
        chunks.setdefault(each.chunk, []).append(each)
    return Row(
        chapter.name,
        chapter.path,
        lines=len(its),
        run=sum(each.ran for each in its),
        missing=_ranges(its),
        never=[
            tangled.joined.chunks[number]
            for number, lines in chunks.items()
            if _never(lines)
        ],
    )


def _never(lines: Sequence[_Line]) -> bool:
    """Whether nothing but the heads of its functions ran, if even those."""
    inner = [each for each in lines if each.inner]
    return not any(each.ran for each in inner or lines)


def _ranges(its: Sequence[_Line]) -> list[Range]:
    """The lines that did not run; a range ends where one did, or where its
    chunk ends."""
    out: list[Range] = []
    before: _Line | None = None
    for line in its:
        number = line.place.line
        if not line.ran:
            goes_on = before is not None and not before.ran
            if goes_on and before is not None and before.chunk == line.chunk:
                out[-1] = (out[-1][0], number)
            else:
                out.append((number, number))
        before = line
    return out


def table(every: Sequence[Row]) -> list[str]:
    """The rows as people read them."""
    every_and_all = [*every, total(every)]
    width = max(len(row.chapter) for row in every_and_all)
    out = [f"{'chapter':{width}}  lines    run      %"]
    for row in every_and_all:
        out.append(
            f"{row.chapter:{width}}  {row.lines:5}  {row.run:5}  "
            f"{row.percent:5.1f}"
        )
    for row in every:
        if row.missing:
            ranges = ", ".join(_range(each) for each in row.missing)
            out += ["", f"{row.file}: these lines did not run:"]
            out += textwrap.wrap("  " + ranges, 78, subsequent_indent="  ")
    for row in every:
        for chunk in row.never:
            name = chunk.name or chunk.target
            out += ["", f"{chunk.place}: nothing runs the chunk {name!r}"]
    return out


def _range(lines: Range) -> str:
    first, last = lines
    return str(first) if first == last else f"{first}-{last}"


def as_json(every: Sequence[Row], measured: Measured) -> str:
    """The rows for programs."""
    whole = total(every)
    record = {
        "chapters": [row.to_json() for row in every],
        "lines": whole.lines,
        "run": whole.run,
        "percent": whole.percent,
        "findings": [each.to_json() for each in measured.findings],
        "failed": measured.failed,
    }
    return json.dumps(record, indent=1, ensure_ascii=False)
