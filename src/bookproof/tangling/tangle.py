"""Tangling: from the chapters to the source files, all of them or none.

The file `.tangled` in the source folder holds the digest of each file as it
was last tangled, so that a file edited by hand is known and never overwritten.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Place
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter, Chunk
from bookproof.tangling.chunks import Joined, Line, join
from bookproof.tangling.journal import change_all
from bookproof.tangling.targets import bad_target

RECORD = ".tangled"

#: Findings of reading that may have hidden a chunk, or cut one short.
_HIDES_CHUNKS = frozenset({"encoding", "character", "broken-fence"})

State = Literal["same", "new", "book", "source", "both", "unknown"]

_ADVICE = {
    "source": (
        "it was edited by hand since it was tangled: bring the edit (below) "
        "into the chapter with bookproof stitch",
        "or give it up: bookproof tangle --force",
    ),
    "both": (
        "it was edited by hand, and the book changed too: bring the edit "
        "back into the chapter (the lines are below), then tangle again",
        "or give it up: bookproof tangle --force",
    ),
    "unknown": (
        "it was not made from the book: move its code into a chapter",
        "or give it up: bookproof tangle --force",
    ),
}


@dataclass(frozen=True)
class Tangled:
    """The source files as the book has them, in memory.

    `files` maps a target (relative to the source folder) to its text; `map`
    maps it to the book's place of each of its lines, None for header and gaps.
    """

    files: Mapping[str, str]
    map: Mapping[str, tuple[Place | None, ...]]
    findings: tuple[Finding, ...]
    joined: Joined = field(repr=False)
    source: str = "src"

    def book_place(self, source_file: str, line: int) -> Place | None:
        """The book's place of a line of a source file.

        The file is named as a target or from the project's root; a line that
        the book does not hold (a gap) has the place of the next line below.
        """
        target = source_file.removeprefix(f"{self.source}/")
        places = self.map.get(target, ())
        if not 1 <= line <= len(places):
            return None
        return next((p for p in places[line - 1 :] if p is not None), None)

    def source_place(self, book_file: str, line: int) -> Place | None:
        """The source line that a line of the book is tangled to."""
        for target, places in self.map.items():
            for number, place in enumerate(places, 1):
                if place is None or place.line != line:
                    continue
                is_title = self.joined.files[target][number - 1].title
                if place.file == book_file and not is_title:
                    return Place(f"{self.source}/{target}", number)
        return None


def tangle(chapters: Sequence[Chapter], project: Project) -> Tangled:
    """Join the chunks of the chapters; nothing is written."""
    joined = join(chapters)
    findings = list(joined.findings)
    for chapter in chapters:
        findings += [f for f in chapter.findings if f.rule in _HIDES_CHUNKS]
    findings += _in_the_way(joined, project)
    return Tangled(
        files={t: _text(lines) for t, lines in joined.files.items()},
        map={
            target: tuple(line.place for line in lines)
            for target, lines in joined.files.items()
        },
        findings=tuple(sorted(findings, key=lambda f: f.place)),
        joined=joined,
        source=project.relative(project.source),
    )


def _text(lines: Sequence[Line]) -> str:
    return "\n".join(line.text for line in lines) + "\n"


def _in_the_way(joined: Joined, project: Project) -> list[Finding]:
    """Targets that cannot be written, or not into the source folder, because
    of what stands there."""
    findings = []
    for target in joined.files:
        path = project.source
        for part in Path(target).parts:
            path /= part
            is_last = path == project.source / target
            if path.is_symlink():
                what = "a symbolic link"
            elif is_last and path.exists() and not path.is_file():
                what = "no file"
            elif not is_last and path.exists() and not path.is_dir():
                what = "no folder"
            else:
                continue
            message = f"{target} cannot be written: {path} is {what}"
            place = _first_chunk(joined, target).place
            remedy = "move it away, or give the chunks another target"
            findings.append(
                Finding("chunk-target", message, place, notes=(remedy,))
            )
            break
    return findings


def _first_chunk(joined: Joined, target: str) -> Chunk:
    return next(chunk for chunk in joined.chunks if chunk.target == target)


# Comparing with what is on the disk


def digest(text: str) -> str:
    """The digest that the record keeps of a file."""
    return hashlib.sha256(text.encode()).hexdigest()


def read_record(project: Project) -> dict[str, str]:
    """The recorded digest of each target that was ever tangled; a line that
    no tangling wrote is passed over."""
    text = on_disk(project, RECORD) or ""
    rows = (line.partition("  ") for line in text.splitlines())
    return {
        target: value
        for value, _, target in rows
        if target and bad_target(target) is None
    }


def on_disk(project: Project, target: str) -> str | None:
    """A file of the source folder as it is now."""
    path = project.source / target
    if not path.is_file():
        return None
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _digest_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def state(current: str | None, text: str, recorded: str | None) -> State:
    """Who changed a file since it was last tangled (RULES 30)."""
    if current == text:
        return "same"
    if current is None or not current.strip():
        return "new"
    if recorded is None:
        return "unknown"
    if _digest_of(current) == recorded:
        return "book"
    return "source" if digest(text) == recorded else "both"


def diff(old: str, new: str, old_name: str, new_name: str) -> list[str]:
    """The hunks in which two texts differ."""
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), old_name, new_name, lineterm="", n=2
    )
    return list(lines)


def first_difference(old: str, new: str) -> int:
    """The number of the first line in which two texts differ."""
    pairs = zip(old.splitlines(), new.splitlines(), strict=False)
    for number, (left, right) in enumerate(pairs, 1):
        if left != right:
            return number
    return min(len(old.splitlines()), len(new.splitlines())) + 1


def _compare(
    tangled: Tangled, project: Project
) -> tuple[dict[str, State], list[str]]:
    """The state of each file, and the targets that no chapter makes now."""
    record = read_record(project)
    states = {
        target: state(on_disk(project, target), text, record.get(target))
        for target, text in tangled.files.items()
    }
    orphans = [target for target in record if target not in tangled.files]
    return states, orphans


def check(tangled: Tangled, project: Project) -> list[Finding]:
    """How book and source differ; writes nothing."""
    findings = list(tangled.findings)
    states, orphans = _compare(tangled, project)
    for target, how in states.items():
        if how != "same":
            findings.append(difference(tangled, project, target, how))
    for target in orphans:
        if on_disk(project, target) is not None:
            findings.append(
                Finding(
                    "orphan",
                    "no chapter makes this file any more",
                    Place(f"{tangled.source}/{target}", 1),
                    notes=("bookproof tangle removes it",),
                )
            )
    findings += strays(tangled, project)
    made = _record_text(tangled)
    if not findings and (on_disk(project, RECORD) or "") != made:
        findings.append(
            Finding(
                "tangled",
                "the record of digests is missing or out of date: "
                "bookproof tangle",
                Place(f"{tangled.source}/{RECORD}", 1),
            )
        )
    return findings


def difference(
    tangled: Tangled, project: Project, target: str, how: State
) -> Finding:
    """What the book and the source have that the other has not."""
    current = on_disk(project, target) or ""
    text = tangled.files[target]
    name = f"{tangled.source}/{target}"
    line = first_difference(current, text)
    place = tangled.book_place(target, line)
    where = (f"in the book at {place}",) if place else ()
    if how in ("new", "book"):
        return Finding(
            "tangled",
            "the file is older than the book: bookproof tangle",
            Place(name, line),
            notes=(*where, *diff(current, text, name, "the book")),
        )
    return Finding(
        "hand-edited",
        "the file and the book differ",
        Place(name, line),
        notes=(
            *_ADVICE[how],
            *where,
            *diff(text, current, "the book", name),
        ),
    )


def strays(tangled: Tangled, project: Project) -> list[Finding]:
    """Modules beside the tangled ones that the book knows nothing of."""
    packages = {Path(t).parts[0] for t in tangled.files if "/" in t}
    known = {*tangled.files, *read_record(project)}
    findings = []
    for package in sorted(packages):
        for path in sorted((project.source / package).rglob("*.py")):
            target = path.relative_to(project.source).as_posix()
            if target not in known:
                findings.append(
                    Finding(
                        "stray",
                        "no chapter makes this file",
                        Place(f"{tangled.source}/{target}", 1),
                        notes=("move its code into a chapter, or delete it",),
                    )
                )
    return findings


# Writing


def write(tangled: Tangled, project: Project, force: bool = False) -> list[str]:
    """Write what has changed, all files or none; return what was done.

    Raises BookError, and writes nothing, when the chunks are not sound or a
    file was edited by hand (unless `force`).
    """
    if tangled.findings:
        raise BookError(list(tangled.findings))
    record = read_record(project)
    states, orphans = _compare(tangled, project)
    refused = [
        difference(tangled, project, target, how)
        for target, how in states.items()
        if how in ("source", "both", "unknown")
    ]
    present = [t for t in orphans if on_disk(project, t) is not None]
    for target in present:
        if _digest_of(on_disk(project, target) or "") != record[target]:
            refused.append(
                Finding(
                    "hand-edited",
                    "no chapter makes this file, but it was edited by hand",
                    Place(f"{tangled.source}/{target}", 1),
                    notes=(
                        "bring it back into a chapter, or delete it: "
                        "bookproof tangle --force",
                    ),
                )
            )
    if refused and not force:
        raise BookError(refused)
    written: dict[str, str | None] = {
        target: tangled.files[target]
        for target, how in states.items()
        if how != "same"
    }
    written |= dict.fromkeys(present)
    changes = dict(written)
    text = _record_text(tangled)
    if on_disk(project, RECORD) != text and (text or record):
        changes[RECORD] = text
    change_all(
        project,
        {
            f"{tangled.source}/{target}": (on_disk(project, target), new)
            for target, new in changes.items()
        },
    )
    return [
        f"{'removed' if text is None else 'wrote'} {tangled.source}/{target}"
        for target, text in sorted(written.items())
    ]


def _record_text(tangled: Tangled) -> str:
    return record_text({t: digest(text) for t, text in tangled.files.items()})


def record_text(digests: Mapping[str, str]) -> str:
    """The record as it is written: a line for each target."""
    return "".join(f"{value}  {t}\n" for t, value in sorted(digests.items()))


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m bookproof.tangling.tangle [--check] [--force]`."""
    parser = argparse.ArgumentParser(prog="bookproof tangle")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--force", action="store_true")
    options = parser.parse_args(arguments)
    project = Project.find(Path.cwd())
    try:
        chapters = [read_chapter(p, project) for p in project.chapters()]
        tangled = tangle(chapters, project)
        if options.check:
            findings = check(tangled, project)
            for finding in findings:
                print(finding.render(project.root), file=sys.stderr)
            return 1 if findings else 0
        for message in write(tangled, project, force=options.force):
            print(message)
    except BookError as error:
        for finding in error.findings:
            print(finding.render(project.root), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
