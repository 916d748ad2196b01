"""Stitching: edits made in the source files go back into the chapters.

What comes out is never trusted: the new chapters are tangled in memory, and
unless that gives the edited files byte for byte, nothing is written.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter, Chunk
from bookproof.tangling.align import align
from bookproof.tangling.bodies import Edit, apply, edits
from bookproof.tangling.journal import change_all
from bookproof.tangling.outline import outline
from bookproof.tangling.tangle import (
    RECORD,
    Tangled,
    diff,
    difference,
    digest,
    first_difference,
    on_disk,
    read_record,
    record_text,
    state,
    strays,
    tangle,
)


@dataclass(frozen=True)
class Stitched:
    """Old and new text of each chapter that changes, by its path, and of the
    record of digests."""

    chapters: Mapping[str, tuple[str, str]]
    record: tuple[str, str]


def stitch(chapters: Sequence[Chapter], project: Project) -> Stitched:
    """The chapters as the source files have been edited; nothing is written.

    Raises BookError when the chunks are not sound, when book and source have
    both changed, and when an edit does not come back from the new book.
    """
    tangled = tangle(chapters, project)
    if tangled.findings:
        raise BookError(list(tangled.findings))
    files = _edited(tangled, project)
    if not files:
        return Stitched({}, ("", ""))
    book = _Book(chapters, project, tangled, files)
    texts = book.with_edits(shifted=files)
    failed = {finding.place.file for finding in book.judge(texts)}
    if failed:
        shifted = [t for t in files if book.name(t) not in failed]
        texts = book.with_edits(shifted)
        findings = book.judge(texts)
        if findings:
            raise BookError(findings)
    digests = read_record(project)
    digests |= {target: digest(text) for target, text in files.items()}
    return Stitched(
        {path: (book.texts[path], text) for path, text in texts.items()},
        (on_disk(project, RECORD) or "", record_text(digests)),
    )


def _edited(tangled: Tangled, project: Project) -> Mapping[str, str]:
    """The source files that were edited by hand, and only they."""
    record = read_record(project)
    files, findings = {}, strays(tangled, project)
    for target, text in tangled.files.items():
        found = on_disk(project, target)
        how = state(found, text, record.get(target))
        if how in ("both", "unknown"):
            findings.append(difference(tangled, project, target, how))
        elif how == "source" and found is not None:
            files[target] = found
            name = f"{tangled.source}/{target}"
            findings += _unreadable(found, name)
        elif how == "new" and record.get(target) == digest(text):
            findings.append(_gone(tangled, target))
    if findings:
        raise BookError(findings)
    return files


def _gone(tangled: Tangled, target: str) -> Finding:
    """Of a file that was deleted or emptied, while the book still has it."""
    place = tangled.book_place(target, 1)
    return Finding(
        "stitch",
        "the file is gone, or empty, and the book still has it",
        Place(f"{tangled.source}/{target}", 1),
        notes=(
            f"delete its chunks in the book, from {place} on",
            "or write it again: bookproof tangle",
        ),
    )


def _unreadable(text: str, name: str) -> Iterator[Finding]:
    """What no chapter can hold."""
    for number, line in enumerate(text.split("\n"), 1):
        if "\r" in line:
            message = "a carriage return: save the file with Unix line ends"
            yield Finding("stitch", message, Place(name, number))
            return
        if any("\ud800" <= letter <= "\udfff" for letter in line):
            yield Finding("stitch", "not UTF-8", Place(name, number))
            return


@dataclass(frozen=True)
class _Book:
    """The book as it was, and the source files as they are."""

    chapters: Sequence[Chapter]
    project: Project
    tangled: Tangled
    files: Mapping[str, str]

    @property
    def texts(self) -> Mapping[str, str]:
        return {chapter.path: chapter.text for chapter in self.chapters}

    def name(self, target: str) -> str:
        """A source file, named from the project's root."""
        return f"{self.tangled.source}/{target}"

    def with_edits(self, shifted: Collection[str]) -> Mapping[str, str]:
        """The text of each chapter that changes."""
        nodes = outline(self.tangled.joined)
        lines = {path: text.split("\n") for path, text in self.texts.items()}
        changes: list[Edit] = []
        findings: list[Finding] = []
        for target, text in self.files.items():
            old = self.tangled.joined.files[target]
            try:
                aligned = align(
                    old, text, nodes, self.name(target), target in shifted
                )
                mine = [n for n in nodes.values() if n.target == target]
                changes += edits(aligned, mine, lines)
            except BookError as error:
                findings += error.findings
        if findings:
            raise BookError(findings)
        return {
            path: apply(lines[path], (c for c in changes if c.chapter == path))
            for path in {change.chapter for change in changes}
        }

    def judge(self, texts: Mapping[str, str]) -> list[Finding]:
        """Whether the new texts tangle to the source, and what does not."""
        again = [
            read_chapter(
                self.project.root / c.path, self.project, texts[c.path]
            )
            if c.path in texts
            else c
            for c in self.chapters
        ]
        new = tangle(again, self.project)
        findings = []
        for target, text in {**self.tangled.files, **self.files}.items():
            found = new.files.get(target, "")
            if found != text:
                findings.append(self._lost(target, found, text))
        for finding in new.findings:
            findings.append(_unsound(finding, new))
        for before, after in zip(self.chapters, again, strict=True):
            if not findings and _frame(before) != _frame(after):
                message = "the edit would change more than the code"
                place = Place(after.path, _first_change(before, after))
                findings.append(Finding("stitch", message, place))
        return findings

    def _lost(self, target: str, found: str, text: str) -> Finding:
        name = self.name(target)
        advice = [
            "edit the chapter instead, and give this up: "
            "bookproof tangle --force"
        ]
        if found.split() == text.split():
            advice.insert(
                0,
                "only white space differs; between two chunks it is as "
                "ruff format leaves it: run that over the source first",
            )
        return Finding(
            "stitch",
            "this edit would not come back from the book: nothing is written",
            Place(name, first_difference(found, text)),
            notes=(*advice, *diff(found, text, "the book, stitched", name)),
        )


def _unsound(finding: Finding, new: Tangled) -> Finding:
    """A finding on the new book, at the line of the source it is about."""
    place = new.source_place(finding.place.file, finding.place.line)
    return Finding(
        "stitch",
        f"the book would not tangle: {finding.message}",
        place or finding.place,
        notes=(f"[{finding.rule}] of tangling", *finding.notes),
    )


def _first_change(before: Chapter, after: Chapter) -> int:
    return first_difference(before.text, after.text)


def _frame(chapter: Chapter) -> list[object]:
    """All of a chapter but the code of its chunks."""
    frame: list[object] = [
        (type(each), each.section, each.target, each.name, each.label)
        if isinstance(each, Chunk)
        else (type(each), each.section)
        for each in chapter.elements
    ]
    return [*frame, Counter(finding.rule for finding in chapter.findings)]


def changed(stitched: Stitched) -> list[Finding]:
    """What stitching would change in the chapters."""
    return [
        Finding(
            "stitch",
            "the chapter is older than the source: bookproof stitch",
            Place(path, first_difference(old, new)),
            notes=tuple(diff(old, new, path, "stitched")),
        )
        for path, (old, new) in sorted(stitched.chapters.items())
    ]


def write(stitched: Stitched, project: Project) -> list[str]:
    """Write the chapters and the record, all or none; what was done."""
    changes: dict[str, tuple[str | None, str | None]] = {**stitched.chapters}
    if stitched.record[0] != stitched.record[1]:
        changes[project.relative(project.source / RECORD)] = stitched.record
    change_all(project, changes)
    return [f"wrote {path}" for path in sorted(stitched.chapters)]
