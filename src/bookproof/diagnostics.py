"""Findings: what is wrong, where, and what to do about it."""

from __future__ import annotations

import bisect
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any

from bookproof.rules import Rule


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A place in a file: path as the user knows it, line and column from 1."""

    file: str
    line: int
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def __reduce__(self) -> tuple[type[Place], tuple[str, int, int]]:
        return Place, (self.file, self.line, self.column)


@dataclass(frozen=True, slots=True)
class Text:
    """Text lifted out of a file, every character traceable to its place.

    `origins` holds, in rising order, `(offset, line, column)` for each run of
    characters that is contiguous in the file (usually one a line).
    """

    text: str
    file: str
    origins: tuple[tuple[int, int, int], ...]

    def place(self, offset: int = 0) -> Place:
        """The place of the character at `offset`."""
        return Place(self.file, *self.line_and_column(offset))

    def line_and_column(self, offset: int = 0) -> tuple[int, int]:
        """The same without its file, for those who cut texts by thousands."""
        run = 0
        if len(self.origins) > 1:
            after = bisect.bisect_right(self.origins, offset, key=itemgetter(0))
            run = max(after - 1, 0)
        start, line, column = self.origins[run]
        return line, column + max(offset - start, 0)

    def __str__(self) -> str:
        return self.text

    def __reduce__(self) -> tuple[type[Text], tuple[Any, ...]]:
        return Text, (self.text, self.file, self.origins)

    @classmethod
    def at(cls, text: str, file: str = "<text>", line: int = 1) -> Text:
        """Text of its own, as if it stood at the start of `line` of `file`."""
        origins, offset = [], 0
        for number, part in enumerate(text.split("\n")):
            origins.append((offset, line + number, 1))
            offset += len(part) + 1
        return cls(text, file, tuple(origins))


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold.

    `rule` is a short kebab-case name of the gate that failed (`claim`,
    `unbound`, `broken-markup`, `number-in-prose`, ...); `width` is how many
    characters to underline; `notes` are further lines: both values, the draw,
    the remedy.
    """

    rule: Rule
    message: str
    place: Place
    width: int = 1
    id: str | None = None
    left: str | None = None
    right: str | None = None
    notes: tuple[str, ...] = ()

    def render(self, root: Path | None = None) -> str:
        """The finding as a compiler would print it, with line and caret."""
        out = [f"{self.place}: {self.message} [{self.rule}]"]
        line = _line_of(self.place, root)
        if line is not None:
            number = str(self.place.line)
            pad = " " * len(number)
            caret = "^" * max(
                1, min(self.width, len(line) - self.place.column + 1)
            )
            out += [
                f" {pad} |",
                f" {number} | {line}",
                f" {pad} | {' ' * (self.place.column - 1)}{caret}",
            ]
        if self.left is not None:
            out.append(f"   left:  {self.left}")
        if self.right is not None:
            out.append(f"   right: {self.right}")
        out += [f"   {note}" for note in self.notes]
        return "\n".join(out)

    def to_json(self) -> dict[str, Any]:
        """The finding as one flat record."""
        record = asdict(self)
        place = record.pop("place")
        return {**place, **record, "notes": list(self.notes)}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Finding:
        """The inverse of `to_json`."""
        rest = dict(record)
        place = Place(*(rest.pop(key) for key in ("file", "line", "column")))
        rest["notes"] = tuple(rest.get("notes", ()))
        return cls(place=place, **rest)


@dataclass(eq=False)
class BookError(Exception):
    """The work cannot go on; carries all findings, not only the first."""

    findings: list[Finding] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n\n".join(finding.render() for finding in self.findings)


def _line_of(place: Place, root: Path | None) -> str | None:
    path = Path(place.file) if root is None else root / place.file
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return lines[place.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return None
