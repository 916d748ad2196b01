"""A new chapter: a skeleton that holds, listed where it belongs."""

from __future__ import annotations

import os
import re
from pathlib import Path

from bookproof import check
from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.reading.chapter import read_chapter
from bookproof.reading.toctree import OF_SPHINX, Contents, contents
from bookproof.tangling.journal import change_all, resume

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_OF_WINDOWS = ("con", "prn", "aux", "nul")
_NUMBER = re.compile(r"([a-z]+)0*([0-9]+)(?:-|$)")
_SKELETON = Path(__file__).with_name("skeleton.md")


def create(project: Project, name: str, title: str | None = None) -> list[str]:
    """Write the chapter and list it in the index; what was done.

    Raises BookError, and writes nothing, if it cannot be. What a kill had
    left of the same chapter is finished, not begun again.
    """
    path = project.book / f"{name}.md"
    done = resume(project)
    if f"wrote {project.relative(path)}" in done:
        return done
    findings = _wrong(project, name, title)
    if findings:
        raise BookError(findings)
    text = _SKELETON.read_text(encoding="utf-8")
    text = text.replace("@NAME@", name).replace("@TITLE@", title or said(name))
    chapter = read_chapter(path, project, text)
    findings = check.chapter_findings(chapter, project)
    if findings:
        raise BookError([_in_title(each) for each in findings])
    changes: dict[str, tuple[str | None, str | None]] = {
        project.relative(path): (None, text)
    }
    done = [f"wrote {project.relative(path)}"]
    index = project.book / "index.md"
    if index.is_file():
        old = index.read_bytes().decode("utf-8", "surrogateescape")
        new = _listed(index, name, project)
        changes[project.relative(index)] = (old, new)
        done.append(f"listed {name} in {project.relative(index)}")
    change_all(project, changes)
    return done


def said(name: str) -> str:
    """A name as words: its number left out, its hyphens as blanks."""
    number = _NUMBER.match(name)
    words = (name[number.end() :] if number else "") or name
    words = words.replace("-", " ")
    return words[:1].upper() + words[1:]


def _wrong(project: Project, name: str, title: str | None) -> list[Finding]:
    place = Place(f"{project.relative(project.book)}/{name}.md", 1)
    taken = {each.stem.lower() for each in project.book.rglob("*.md")}
    found = []
    if not _NAME.fullmatch(name):
        found.append(
            (
                f"{name!r} is no name for a chapter",
                "use small letters, digits and hyphens, as in "
                "ch11-gradient-descent",
            )
        )
    elif name in taken or os.path.lexists(project.book / f"{name}.md"):
        found.append(
            ("there is such a chapter already", "give the new one another name")
        )
    if name in (*OF_SPHINX, *_OF_WINDOWS):
        found.append(
            (
                f"{name} is a page that Sphinx makes itself, or no name of a "
                "file everywhere",
                "give it another name",
            )
        )
    if title is not None and (not title.strip() or "\n" in title):
        found.append(("a title is one line of words", "give another --title"))
    return [
        Finding("new-chapter", message, place, notes=(note,))
        for message, note in found
    ]


def _in_title(finding: Finding) -> Finding:
    """The skeleton is sound, so that what is wrong was given by the title."""
    return Finding(
        finding.rule,
        finding.message,
        finding.place,
        finding.width,
        notes=(*finding.notes, "nothing was written: give another --title"),
    )


def _listed(index: Path, name: str, project: Project) -> str:
    """The index with one line more."""
    tables, findings = contents(index, project)
    if not tables:
        message = "there is no table of contents to list the chapter in"
        place = Place(project.relative(index), 1)
        note = "add a {toctree} to it"
        findings.append(Finding("toctree", message, place, notes=(note,)))
    if findings:
        raise BookError(findings)
    at, like = _place(tables, name)
    lines = index.read_text(encoding="utf-8").split("\n")
    blanks = re.match(r"[\s>]*", lines[like])
    prefix = blanks.group() if blanks else ""
    return "\n".join([*lines[:at], prefix + name, *lines[at:]])


def _place(tables: list[Contents], name: str) -> tuple[int, int]:
    """Before which line of the index (from 0) the chapter is listed, and
    the line that it is indented as.

    A chapter with a number stands before the first with a higher one of its
    kind, or last in the last table that has such; any other stands last in
    the first.
    """
    kind, number = _numbered(name)
    home = tables[0]
    for table in tables if kind else ():
        same = [e for e in table.entries if _numbered(e.text)[0] == kind]
        for entry in same:
            if _numbered(entry.text)[1] > number:
                line = entry.place().line - 1
                return line, line
        home = table if same else home
    return _last(home)


def _last(table: Contents) -> tuple[int, int]:
    if table.entries:
        line = table.entries[-1].place().line - 1
        return line + 1, line
    return table.end, table.end


def _numbered(name: str) -> tuple[str, int]:
    """The letters and the number that a name begins with, if it does."""
    match = _NUMBER.match(name)
    return (match.group(1), int(match.group(2))) if match else ("", 0)
