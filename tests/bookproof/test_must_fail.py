"""Every rule of the press finds what it is for, where it is, and nothing
else; and the nearest sound twin passes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple, get_args

import pytest
from conftest import Book
from must_fail import (
    FRONT_MATTER,
    IN_A_CHAPTER,
    PROJECTS,
    SETUP,
    TANGLED,
    Files,
    Pair,
)

from bookproof import cli
from bookproof.config import Project
from bookproof.diagnostics import Finding
from bookproof.keeping import verdicts
from bookproof.mutating import kills, reasons
from bookproof.outcome import blank, runnable
from bookproof.reading import markdown
from bookproof.reading.elements import Chapter
from bookproof.rules import Rule
from bookproof.running.run import ChapterRun
from bookproof.tangling import tangle

MARK = "‸"

BIB = "@book{someone, title = {It}, year = {1970}}\n"
STATEMENTS = '[[claim]]\nid = "three"\nkind = "numeric"\nstatement = "three"\n'


class Place(NamedTuple):
    line: int
    column: int


def findings(book: Book, capsys: pytest.CaptureFixture[str]) -> list[Finding]:
    """What `check --json` says."""
    capsys.readouterr()
    status = cli.main(["--root", str(book.root), "check", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert status == (1 if found else 0)
    return [Finding.from_json(each) for each in found]


def marked(text: str) -> tuple[str, list[Place]]:
    """The text without its marks, and where they stood."""
    lines, places = [], []
    for number, line in enumerate(text.split("\n"), 1):
        before, mark, after = line.partition(MARK)
        if mark:
            places.append(Place(number, len(before) + 1))
        lines.append(before + after)
    return "\n".join(lines), places


def chapter(texts: Sequence[str]) -> str:
    """The texts as sections of one chapter."""
    parts = [
        f"## Section {letters(n)}\n\n{text}" for n, text in enumerate(texts)
    ]
    return f"{FRONT_MATTER}# Rules\n\n{SETUP}\n\n" + "\n\n".join(parts) + "\n"


def letters(number: int) -> str:
    return chr(97 + number // 26) + chr(97 + number % 26)


def make(book: Book, text: str) -> None:
    book.write("ch", text, front="")
    (book.root / "book/references.bib").write_text(BIB)
    (book.root / "book/claims.toml").write_text(STATEMENTS)


def test_what_a_chapter_must_not_hold(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    text, places = marked(chapter([pair.bad for pair in IN_A_CHAPTER]))
    assert len(places) == len(IN_A_CHAPTER)
    make(book, text)
    found = [
        (each.rule, Place(each.place.line, each.place.column))
        for each in findings(book, capsys)
    ]
    wanted = [
        (pair.rule, place)
        for pair, place in zip(IN_A_CHAPTER, places, strict=True)
    ]
    assert sorted(found, key=itemgetter(1)) == wanted


def test_its_nearest_twin_holds(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    make(book, chapter([pair.good for pair in IN_A_CHAPTER]))
    assert findings(book, capsys) == []


@pytest.mark.parametrize("pair", TANGLED, ids=lambda pair: pair.rule)
def test_what_is_not_tangled(
    book: Book, pair: Pair, capsys: pytest.CaptureFixture[str]
) -> None:
    text, (place,) = marked(f"# T\n\n{pair.bad}\n")
    book.write("ch", text, front="")
    before = book.files()
    tangled = tangle.tangle([book.read("ch")], book.project)
    found = [(f.rule, f.place.line, f.place.column) for f in tangled.findings]
    assert found == [(pair.rule, *place)]
    assert cli.main(["--root", str(book.root), "tangle"]) == 1
    assert f"[{pair.rule}]" in capsys.readouterr().out
    assert book.files() == before
    book.write("ch", f"# T\n\n{pair.good}\n", front="")
    assert cli.main(["--root", str(book.root), "tangle"]) == 0
    assert findings(book, capsys) == []


def place(book: Book, name: str, text: str) -> None:
    (book.root / name).write_bytes(text.encode())


@pytest.mark.parametrize("files", PROJECTS, ids=lambda files: files.rule)
def test_what_is_wrong_with_a_project(
    book: Book, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = book.root / "pyproject.toml"
    parts = settings.read_text().split("[tool.pytest")
    settings.write_text(parts[0] + files.settings + "[tool.pytest" + parts[1])
    book.write("ch", "# T\n\nWords.\n", front="")
    text, (at,) = marked(files.bad)
    place(book, files.file, text)
    cli.main(["--root", str(book.root), "tangle"])
    (finding,) = findings(book, capsys)
    assert finding.rule == files.rule
    where = finding.place
    assert (where.file, where.line, where.column) == (files.file, *at)
    place(book, files.file, files.good)
    assert findings(book, capsys) == []


# What needs more than a text

CODE = '# T\n\nWords.\n\n```{chunk} pkg.py\n"""A docstring."""\n\nn = 1\n```\n'

Break = Callable[[Book, pytest.MonkeyPatch], str]
BREAKS: dict[str, Break] = {}


def breaks(rule: str) -> Callable[[Break], Break]:
    """What breaks a rule, given a sound book, and says in which file."""

    def note(function: Break) -> Break:
        BREAKS[rule] = function
        return function

    return note


@breaks("tangled")
def _(book: Book, patch: pytest.MonkeyPatch) -> str:
    book.write("ch", CODE.replace("n = 1", "n = 2"), front="")
    return "src/pkg.py:4:1"


@breaks("hand-edited")
def _(book: Book, patch: pytest.MonkeyPatch) -> str:
    path = book.root / "src/pkg.py"
    path.write_text(path.read_text().replace("n = 1", "n = 2"))
    return "src/pkg.py:4:1"


@breaks("orphan")
def _(book: Book, patch: pytest.MonkeyPatch) -> str:
    book.write("ch", "# T\n\nWords.\n", front="")
    return "src/pkg.py:1:1"


@breaks("stray")
def _(book: Book, patch: pytest.MonkeyPatch) -> str:
    book.write("ch", CODE.replace("pkg.py", "pkg/one.py"), front="")
    assert cli.main(["--root", str(book.root), "tangle"]) == 0
    (book.root / "src/pkg/two.py").write_text("")
    return "src/pkg/two.py:1:1"


@breaks("unreadable")
def _(book: Book, patch: pytest.MonkeyPatch) -> str:
    path = book.root / "book/ch.md"
    path.unlink()
    path.symlink_to("ch.md")
    return "book/ch.md:1:1"


@breaks("no-verdict")
def _(book: Book, patch: pytest.MonkeyPatch) -> str:
    """A worker that comes to its end and says nothing."""
    book.write("ch", CODE + "\n{claim}`2 = 1 + 1`\n", front="")

    def run(chapter: Chapter, project: Project, **options: object) -> Any:
        blanks = {n: blank(n, each) for n, each in runnable(chapter)}
        return ChapterRun(chapter, blanks, complete=True)

    patch.setattr(verdicts, "run_chapter", run)
    return "book/ch.md:11:1"


@breaks("internal")
def _(book: Book, patch: pytest.MonkeyPatch) -> str:
    """A lexer that loses count."""
    book.write("ch", CODE + "\nSee {doc}`it`.\n", front="")
    record = markdown._record

    def late(pieces: Any, seen: int, new: Any, start: int, end: int) -> None:
        record(pieces, seen, new, start, end + 1)

    patch.setattr(markdown, "_record", late)
    return "book/ch.md:11:5"


@pytest.mark.parametrize("rule", BREAKS)
def test_what_is_wrong_with_more_than_a_text(
    book: Book,
    rule: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    book.write("ch", CODE, front="")
    assert cli.main(["--root", str(book.root), "tangle"]) == 0
    assert findings(book, capsys) == []
    where = BREAKS[rule](book, monkeypatch)
    found = [(each.rule, str(each.place)) for each in findings(book, capsys)]
    assert found == [(rule, where)]


def test_a_stitch_that_cannot_come_back(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    book.write("ch", CODE, front="")
    assert cli.main(["--root", str(book.root), "tangle"]) == 0
    path = book.root / "src/pkg.py"
    path.write_text(path.read_text().replace("n = 1", "n = = 2"))
    capsys.readouterr()
    assert cli.main(["--root", str(book.root), "stitch"]) == 1
    assert "src/pkg.py:4:1: " in (said := capsys.readouterr().out)
    assert "[stitch]" in said
    path.write_text(path.read_text().replace("= =", "="))
    assert cli.main(["--root", str(book.root), "stitch"]) == 0


def test_a_chapter_that_cannot_be_begun(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    book.write("ch", CODE, front="")
    assert cli.main(["--root", str(book.root), "new", "Bad name"]) == 2
    said = capsys.readouterr().err
    assert "book/Bad name.md:1:1: " in said
    assert "[new-chapter]" in said
    assert cli.main(["--root", str(book.root), "new", "good-name"]) == 0


def test_a_reason_for_no_survivor(book: Book) -> None:
    book.write("ch", CODE, front="")
    assert kills.complaints(book.project, book.read("ch")) == []
    (book.root / "book" / reasons.FILE).write_text(
        '[[survivor]]\nclaim = "ch::one"\nchange = "+ to -"\nreason = "so"\n'
    )
    (finding,) = kills.complaints(book.project, book.read("ch"))
    assert finding.rule == "mutants"
    assert str(finding.place) == f"book/{reasons.FILE}:1:1"


def test_every_rule_is_among_them() -> None:
    here = [pair.rule for pair in (*IN_A_CHAPTER, *TANGLED, *PROJECTS)]
    here += [*BREAKS, "stitch", "new-chapter", "mutants"]
    assert sorted(here) == sorted(get_args(Rule))
