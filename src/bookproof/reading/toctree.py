"""The order of the book, from the tables of contents that Sphinx reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from bookproof.config import Project
from bookproof.diagnostics import Finding, Text
from bookproof.reading import texts
from bookproof.reading.directives import Directive, info_parts, read_directive
from bookproof.reading.markdown import Lexer
from bookproof.reading.table import table_for

_TOCTREE = "{toctree}"

#: Pages that Sphinx makes itself, over those of chapters of these names.
OF_SPHINX = ("search", "genindex")


def reading_order(project: Project) -> tuple[list[Path], list[Finding]]:
    """The book's files from `index.md` on, and what is wrong with the list."""
    book = project.book
    root = book / "index.md"
    present = sorted(
        path
        for path in book.rglob("*.md")
        if not path.is_dir()
        and not any(part[0] in "._" for part in path.relative_to(book).parts)
    )
    if not root.is_file():
        return present, []
    order: list[Path] = []
    findings: list[Finding] = []
    ahead = [iter([root])]
    while ahead:
        path = next(ahead[-1], None)
        if path is None:
            ahead.pop()
        else:
            order.append(path)
            ahead.append(_below(path, project, order, findings))
    for path in present:
        if path not in order:
            place = Text.at("", project.relative(path)).place()
            message = "no table of contents leads to this file"
            note = "list it in one, or delete it"
            findings.append(Finding("toctree", message, place, notes=(note,)))
    for path in present:
        if path.parent == book and path.stem in OF_SPHINX:
            place = Text.at("", project.relative(path)).place()
            message = f"Sphinx makes a page {path.stem} itself, over this one"
            note = "give the chapter another name"
            findings.append(Finding("toctree", message, place, notes=(note,)))
    return order, findings


def _below(
    path: Path, project: Project, order: list[Path], findings: list[Finding]
) -> Iterator[Path]:
    """The files that the tables of contents of one name, one by one."""
    tables, found = contents(path, project)
    findings += found
    for entry in [entry for table in tables for entry in table.entries]:
        name = f"{entry.text.removesuffix('.md')}.md"
        target = Path(os.path.normpath(path.parent / name))
        place, width = entry.place(), len(entry.text)
        if target in order:
            message = f"{entry.text} is listed a second time"
            findings.append(Finding("toctree", message, place, width=width))
        elif not target.is_relative_to(project.book):
            message = f"{entry.text} is outside of the book's folder"
            findings.append(Finding("toctree", message, place, width=width))
        elif not os.path.isfile(target):
            stems = [other.stem for other in path.parent.glob("*.md")]
            near = get_close_matches(entry.text, stems, n=1)
            findings.append(
                Finding(
                    "toctree",
                    f"there is no {target.name} here",
                    place,
                    width=width,
                    notes=tuple(f"did you mean {name}?" for name in near)
                    or ("write it, or take it out of the list",),
                )
            )
        else:
            yield target


@dataclass(frozen=True)
class Contents:
    """One table of contents: the names in it, and the line (from 0) with
    which it ends."""

    entries: list[Text]
    end: int


def contents(
    path: Path, project: Project
) -> tuple[list[Contents], list[Finding]]:
    """The tables of contents of one file, and what is wrong with them."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""  # whoever reads the chapter says so
    tables, findings = list[Contents](), list[Finding]()
    if _TOCTREE not in text:
        return tables, findings
    lines = texts.lines(Text.at(text, project.relative(path)))
    table = table_for(project.directives)
    for token in Lexer().outline(text):
        if token.type not in ("fence", "colon_fence") or token.map is None:
            continue
        name, _ = info_parts(token, lines[token.map[0]])
        if name == _TOCTREE:
            directive, _ = read_directive(token, lines, table)
            names = _names(directive, findings)
            tables.append(Contents(names, token.map[1] - 1))
    return tables, findings


def _names(directive: Directive, findings: list[Finding]) -> list[Text]:
    names = []
    for line in texts.lines(directive.body):
        entry = texts.strip(line)
        if entry.text.endswith(">") and "<" in entry.text:
            start = entry.text.rindex("<") + 1
            entry = texts.cut(entry, start, len(entry.text) - 1)
        if "://" in entry.text or entry.text == "self":
            continue
        if "*" in entry.text:
            message = "name the files: their order is the book's"
            findings.append(Finding("toctree", message, entry.place()))
        elif entry.text:
            names.append(entry)
    return names
