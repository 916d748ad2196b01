"""The ledger: what is kept, and when it no longer counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from bookproof import check
from bookproof.config import Project
from bookproof.diagnostics import Place
from bookproof.keeping import ledger
from bookproof.keeping.inputs import Inputs, Noted
from bookproof.outcome import Outcome
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter
from bookproof.statements import Statement, check_citations, settled
from bookproof.statements import check as check_sources

BODY = """\
# A chapter

```{code-cell} ipython3
import tool
n = tool.number()
m = float(open("data.csv").read())
```

They are {fact}`number: 3 <n>` and {fact}`datum: about 2.6 <m>`.
"""


@pytest.fixture
def written(book):
    """A book with a module and a data file."""
    (book.root / "src/tool.py").write_text("def number():\n    return 3\n")
    book.write("ch", BODY)
    (book.root / "book/data.csv").write_text("2.58")
    return book


def report(book, force: bool = False) -> check.Report:
    chapters = [book.read("ch")]
    return check.check(check.Plan(book.project, chapters, force))


def test_an_unchanged_chapter_is_not_run_again(written) -> None:
    first = report(written)
    assert (first.findings, first.ran) == ([], ["ch"])
    again = report(written)
    assert (again.findings, again.ran) == ([], [])
    assert again.outcomes == first.outcomes
    assert report(written, force=True).ran == ["ch"]


CHANGES: dict[str, Callable[..., object]] = {
    "text": lambda root: (root / "book/ch.md").write_text(
        (root / "book/ch.md").read_text().replace("n = tool", "n = 0 + tool")
    ),
    "library": lambda root: append(root / "src/tool.py", "other = 1\n"),
    "data": lambda root: append(root / "book/data.csv", "1"),
    "settings": lambda root: append(
        root / "pyproject.toml", "[tool.bookproof.macros]\n'\\R' = 'R'\n"
    ),
    "outputs": lambda root: [
        path.unlink() for path in (root / "build").glob("jupyter-cache/*.db")
    ],
    "ledger": lambda root: (root / "build/ledger/ch.json").unlink(),
}


def append(path, text: str) -> None:
    path.write_text(path.read_text() + text)


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_one_is(written, what: str) -> None:
    report(written)
    CHANGES[what](written.root)
    assert report(written).ran == ["ch"]


@pytest.mark.parametrize("name", ["claims.toml", "references.bib", "other.md"])
def test_what_no_cell_reads_changes_nothing(written, name: str) -> None:
    report(written)
    (written.root / "book" / name).write_text("")
    assert report(written).ran == []


def test_a_folder_that_is_the_book_is_not_changed_by_its_own_ledger(
    written,
) -> None:
    """Without settings the book's folder is the root, and holds `build`."""
    project = replace(written.project, book=written.root)
    (written.root / "book/ch.md").rename(written.root / "ch.md")
    (written.root / "book/data.csv").rename(written.root / "data.csv")
    for ran in (["ch"], []):
        chapter = read_chapter(written.root / "ch.md", project)
        plan = check.Plan(project, [chapter], False)
        assert check.check(plan).ran == ran


def test_what_a_project_says_its_cells_read(written) -> None:
    elsewhere = written.root / "tables"
    elsewhere.mkdir()
    (elsewhere / "a.csv").write_text("1")
    chapter = written.read("ch")
    project = replace(written.project, depends=("tables/*.csv",))
    before = [key(p, chapter) for p in (project, written.project)]
    (elsewhere / "a.csv").write_text("2")
    assert key(project, chapter) != before[0]
    assert key(written.project, chapter) == before[1]


def key(project: Project, chapter: Chapter) -> str:
    return ledger.key(ledger.base(Inputs(project), chapter, Noted()), chapter)


def test_a_failure_is_remembered_too(written) -> None:
    append(written.root / "book/ch.md", "\nAnd {fact}`wrong: 4 <n>`.\n")
    first = report(written)
    again = report(written)
    assert again.ran == []
    assert [each.id for each in first.findings] == ["wrong"]
    assert again.findings == first.findings


def test_what_the_file_says(written) -> None:
    report(written)
    data = ledger.load(written.project, "ch")
    assert data is not None
    inputs, chapter = Inputs(written.project), written.read("ch")
    assert ledger.current(inputs, chapter, data)
    entry = next(each for each in data["entries"] if each["id"] == "datum")
    assert entry["status"] == "holds"
    assert entry["values"] == [["2.6", "2.58"]]
    assert entry["expression"] == "m"
    assert (entry["file"], entry["line"]) == ("book/ch.md", 14)
    assert data["cells"] == [{"number": 0, "line": 8, "status": "ran"}]
    assert data["counts"] == {"cell": {"ran": 1}, "fact": {"holds": 2}}
    assert data["complete"] is True


def test_two_runs_write_the_same_bytes(written) -> None:
    path = ledger.folder(written.project) / "ch.json"
    report(written)
    first = path.read_bytes()
    report(written, force=True)
    assert path.read_bytes() == first
    assert [each.name for each in path.parent.iterdir()] == ["ch.json"]


def test_a_broken_file_counts_for_nothing(written) -> None:
    report(written)
    (ledger.folder(written.project) / "ch.json").write_text("{")
    assert ledger.load(written.project, "ch") is None
    assert report(written).ran == ["ch"]


def test_an_outcome_survives_the_file(written) -> None:
    (outcomes,) = report(written).outcomes.values()
    for outcome in outcomes:
        record = json.loads(json.dumps(outcome.to_json()))
        assert Outcome.from_json(record) == outcome


def test_another_chapters_fact(book) -> None:
    book.write(
        "a",
        "# A\n\n```{code-cell} ipython3\nn = 7\n```\n\n"
        "It is {fact}`seven: 7 <n>`.\n",
    )
    book.write("b", "# B\n\nAgain {fact}`again: 14 <2 * ref('a/seven')>`.\n")
    chapters = [book.read("b"), book.read("a")]
    done = check.check(check.Plan(book.project, chapters, jobs=2))
    assert done.findings == []
    # A changed value makes the chapter that refers to it stale.
    path = book.root / "book/a.md"
    path.write_text(path.read_text().replace("n = 7", "n = 8"))
    chapters = [book.read("b"), book.read("a")]
    found = check.check(check.Plan(book.project, chapters)).findings
    assert {each.place.file for each in found} == {"book/a.md", "book/b.md"}


def test_chapters_that_refer_to_one_another(book) -> None:
    book.write("a", "# A\n\nOne {fact}`one: 1 <ref('b/two') - 1>`.\n")
    book.write("b", "# B\n\nTwo {fact}`two: 2 <ref('a/one') + 1>`.\n")
    chapters = [book.read("a"), book.read("b")]
    found = check.check(check.Plan(book.project, chapters)).findings
    assert "a -> b -> a" in found[0].message


STATEMENTS = {
    each.id: each
    for each in (
        Statement("s-one", "identity", "ch", "one"),
        Statement("s-old", "historical", "ch", "old"),
    )
}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{fact}`3 <n>` {source}`s-one`", None),
        ("{cited}`long ago <key>` {source}`s-old`", None),
        ("{fact}`3 <n>` {source}`s-old`", None),
        ("{fact}`3 <n>` {source}`s-on`", "no statement is called 's-on'"),
        ("{fact}`3 <n>` {source}`s-one, s-one`", "'s-one' is repeated"),
        ("{cited}`so <key>` {source}`s-one`", "'s-one' is identity"),
        ("{unchecked}`so <why>` {source}`s-one`", "'s-one' is identity"),
    ],
)
def test_sources_fit_their_markers(
    book, text: str, message: str | None
) -> None:
    book.write("ch", f"# A chapter\n\nSo {text}.\n")
    found = check_sources(book.read("ch"), STATEMENTS)
    assert len(found) == (message is not None)
    assert all(message in each.message for each in found)


BIBLIOGRAPHY = """
@comment{none, of 1900}
@book{one, title = {It}, year = {1964}}
@article{two,
  title = {On what was found in 1676},
  year = {2010},
}
"""


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{cited}`of Polyak, in 1964 <one>`", None),
        ("{cited}`in 1676, told in 2010 <two>`", None),
        ("{cited}`in 2010 and before, on 1964.5 and n1900 <one, two>`", None),
        ("{cited}`of Polyak, in 1967 <one>`", "1967 is not in the entry 'one'"),
        ("{cited}`in 1964 <two>`", "1964 is not in the entry 'two'"),
        ("{cited}`in 1900 <none>`", "no entry 'none'"),
    ],
)
def test_the_year_of_a_citation_is_that_of_the_entry(
    book, text: str, message: str | None
) -> None:
    book.write("ch", f"# A chapter\n\nSo {text}.\n")
    (book.root / "book/references.bib").write_text(BIBLIOGRAPHY)
    found = check_citations(book.read("ch"), book.project)
    assert [message in each.message for each in found] == [True] * bool(message)


def test_only_what_passed_settles() -> None:
    place = Place("ch.md", 1)
    good = Outcome(0, "a", "fact", "holds", place, sources=("s-one",))
    bad = Outcome(1, "b", "fact", "fails", place, sources=("s-old",))
    assert settled([good, bad]) == {"s-one": [good]}
