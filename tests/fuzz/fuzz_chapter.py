"""Feed the reader, the lint and the tangler with what atheris makes up.

Run by hand, in an environment of its own that has atheris and the press:

    python tests/fuzz/fuzz_chapter.py [CORPUS] -max_total_time=600

The first byte of an input says what the rest is: bytes of a file, pieces of
Markdown one byte each, or such pieces put into a chunk of a sound chapter.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "bookproof"))

with atheris.instrument_imports(
    include=["bookproof"], exclude=["bookproof.latex"]
):
    from bookproof import check
    from bookproof.config import Project
    from bookproof.diagnostics import BookError, Finding
    from bookproof.prose.lint import lint_book
    from bookproof.reading.chapter import read_chapter
    from bookproof.tangling import tangle

import random_chapters

PIECES = (
    *random_chapters.MARKS,
    *random_chapters.WORDS,
    *random_chapters.YAML,
    *(f"\n```{{{name}}} " for name in random_chapters.TABLE),
    *(f"{{{name}}}`" for name in random_chapters.MARKER_ROLES),
    *(f"\n:{name}: " for name in random_chapters.OPTIONS),
)
CHUNK = (
    f'{random_chapters.FRONT}# T\n\nWords.\n\n```{{chunk}} a.py\n"""A."""\n'
    "%s\n```\n"
)


def pieces(data: bytes) -> str:
    """Two bytes a piece."""
    pairs = zip(data[::2], data[1::2], strict=False)
    return "".join(PIECES[(a * 256 + b) % len(PIECES)] for a, b in pairs)


def one(data: bytes) -> None:
    """Read a chapter from a file, lint it, and tangle it."""
    kind, rest = (data[0] % 3, data[1:]) if data else (0, data)
    text = (rest, pieces(rest).encode(errors="replace"))[kind > 0]
    if kind == 2:
        text = (CHUNK % pieces(rest)).encode(errors="replace")
    path = HERE.book / "ch.md"
    path.write_bytes(text)
    try:
        chapter = read_chapter(path, HERE)
    except BookError as error:
        sound(error.findings, text)
        return
    tangled = tangle.tangle([chapter], HERE)
    found = [*check.chapter_findings(chapter, HERE), *tangled.findings]
    sound([*found, *lint_book([chapter])], text)
    for target, code in tangled.files.items():
        assert tangled.findings or re.fullmatch(r"[\w/]+\.py", target), target
        assert tangled.findings or compile(code, target, "exec")


def sound(findings: list[Finding], text: bytes) -> None:
    """Each finding can be shown, and lies within the file."""
    lines = text.decode(errors="replace").count("\n") + 2
    for finding in findings:
        assert finding.rule != "internal", finding
        assert finding.render()
        assert 1 <= finding.place.line <= lines, finding


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        HERE = Project(root=root, book=root / "book", source=root / "src")
        HERE.book.mkdir()
        atheris.Setup(sys.argv, one)
        atheris.Fuzz()
