"""Short tracebacks: the book's lines, and the exception."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

from bookproof.diagnostics import Place, Text


class Frames:
    """Names the places of frames as a reader of the book knows them.

    `codes` maps the name a piece of code was compiled under to its text in
    the book; `where` maps a file and line of the library to the book's.
    """

    def __init__(
        self,
        root: Path,
        where: Callable[[str, int], str | None] | None = None,
    ) -> None:
        self.root = root
        self.codes: dict[str, Text] = {}
        self.where = where

    def own(self, error: BaseException) -> Place | None:
        """The last line of the chapter itself that led to the error."""
        found = None
        for name, line in _frames(error):
            text = self.codes.get(name)
            if text is not None:
                found = line_of(text, line)
        return found

    def notes(self, error: BaseException) -> tuple[str, ...]:
        """The frames outside the cell that a reader can look up, one a
        line, the innermost last; at most six."""
        out = []
        for name, line in _frames(error):
            note = self._note(name, line)
            if note is not None and note not in out:
                out.append(note)
        if len(out) > 6:
            out = [*out[:2], "...", *out[-3:]]
        return tuple(out)

    def _note(self, name: str, line: int) -> str | None:
        text = self.codes.get(name)
        if text is not None:
            return f"at {line_of(text, line)}"
        if name.startswith("<"):  # no file: an expression of the chapter
            return None
        try:
            path = Path(name).resolve().relative_to(self.root).as_posix()
        except (ValueError, OSError):
            return None
        if ".venv" in path or path.startswith("src/bookproof/"):
            return None
        book = self.where(path, line) if self.where else None
        return f"at {book} ({path}:{line})" if book else f"at {path}:{line}"


def line_of(text: Text, line: int) -> Place:
    """The place of a line (from 1) of a text."""
    lines = text.text.split("\n")
    before = lines[: max(line - 1, 0)]
    offset = sum(len(part) + 1 for part in before)
    if line <= len(lines):
        code = lines[line - 1]
        offset += len(code) - len(code.lstrip())
    return text.place(min(offset, len(text.text)))


def describe(error: BaseException) -> str:
    """The exception in one line."""
    name = type(error).__name__
    if isinstance(error, SyntaxError):
        return f"{name}: {error.msg}"
    words = str(error).strip()
    return f"{name}: {words}" if words else name


def page_lines(error: BaseException, sources: Mapping[str, str]) -> list[str]:
    """What the page shows of an error that is shown on purpose: the line of
    the cell that failed, and the exception."""
    out = []
    for name, line in _frames(error):
        source = sources.get(name)
        if source is not None:
            out = [f"----> {line} {source.splitlines()[line - 1].strip()}", ""]
    return [*out, describe(error)]


def _frames(error: BaseException) -> list[tuple[str, int]]:
    frames = [
        (frame.filename, frame.lineno or 1)
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    if isinstance(error, SyntaxError) and error.filename:
        frames.append((error.filename, error.lineno or 1))
    return frames
