"""Reading a chapter: from Markdown to the list of its elements."""

from __future__ import annotations

from pathlib import Path

from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.reading.blocks import BlockReader
from bookproof.reading.elements import Chapter


def read_chapter(
    path: Path, project: Project, text: str | None = None
) -> Chapter:
    """The chapter in `path` (or `text` as if it stood there).

    Never raises for bad markup: what is wrong is in the chapter's findings.
    """
    file = project.relative(path)
    findings: list[Finding] = []
    if text is None:
        text, findings = _read(path, file)
    reader = BlockReader(file, text, project)
    reader.findings += findings
    return reader.read()


def _read(path: Path, file: str) -> tuple[str, list[Finding]]:
    """The file's text, and what is wrong with its bytes."""
    try:
        if path.is_symlink():
            raise OSError("a symbolic link: put the file itself here")
        if path.exists() and not path.is_file():
            raise OSError("no file, but a folder, a pipe or a device")
        data = path.read_bytes()
        if not data.strip():
            raise OSError("empty: begin with a heading, or delete the file")
    except OSError as error:
        reason = error.strerror or str(error)
        finding = Finding("unreadable", reason, Place(file, 1))
        raise BookError([finding]) from error
    findings = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        start = data.rfind(b"\n", 0, error.start) + 1
        column = len(data[start : error.start].decode("utf-8", "replace")) + 1
        place = Place(file, line, column)
        note = "save the file as UTF-8"
        findings.append(Finding("encoding", "not UTF-8", place, notes=(note,)))
        text = data.decode("utf-8", "replace").replace("\0", " ")
    if text.startswith("\ufeff"):
        place = Place(file, 1)
        message = "a byte order mark: save the file without it"
        findings.append(Finding("encoding", message, place))
        text = text[1:]
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        place = Place(file, line)
        message = "lines end with a carriage return: save with Unix line ends"
        findings.append(Finding("encoding", message, place))
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text, findings
