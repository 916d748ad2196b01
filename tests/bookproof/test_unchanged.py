"""A check of a book in which nothing has changed reads no chapter."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bookproof import check, cli
from bookproof.keeping import inputs, unchanged
from bookproof.reading.elements import Chapter

BODY = """\
# A chapter

```{code-cell} ipython3
import tool
n = tool.number()
m = float(open("../data.csv").read())
```

They are {fact}`3 <n>` and {fact}`about 2.6 <m>`, {cited}`so it is said <a1>`
{source}`s-one`.
"""


@pytest.fixture
def written(book):
    """A book that has been checked once."""
    (book.root / "src/tool.py").write_text("def number():\n    return 3\n")
    (book.root / "data.csv").write_text("2.58")
    book.write("ch", BODY)
    (book.root / "book/references.bib").write_text("@misc{a1, title={A}}\n")
    (book.root / "book/claims.toml").write_text(
        '[[claim]]\nid = "s-one"\nkind = "historical"\nchapter = "ch"\n'
        'statement = "So."\n'
    )
    assert cli.main(["--root", str(book.root), "check"]) == 0
    return book


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The chapters that are read from Markdown."""
    found: list[str] = []
    read = check.read_chapter

    def counted(path: Path, *rest: object) -> Chapter:
        found.append(path.name)
        return read(path, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(check, "read_chapter", counted)
    return found


def run(book, *more: str) -> int:
    return cli.main(["--root", str(book.root), "check", *more])


def test_nothing_is_read_when_nothing_changed(
    written, reads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(written) == 0
    assert reads == []
    assert "(0 run)" in capsys.readouterr().out
    assert run(written, "--force") == 0
    assert reads


def append(path: Path, text: str) -> None:
    path.write_text(path.read_text() + text)


CHANGES: dict[str, tuple[Callable[[Path], object], int]] = {
    "a chapter": (lambda r: append(r / "book/ch.md", "More.\n"), 0),
    "the contents": (lambda r: append(r / "book/index.md", "\nMore.\n"), 0),
    "the statements": (lambda r: (r / "book/claims.toml").write_text(""), 1),
    "the bibliography": (
        lambda r: (r / "book/references.bib").write_text(""),
        1,
    ),
    "the library": (lambda r: append(r / "src/tool.py", "x = 1\n"), 0),
    "a comment in it": (lambda r: append(r / "src/tool.py", "# x\n"), 0),
    "what was tangled": (lambda r: (r / "src/.tangled").write_text("x"), 1),
    "the settings": (lambda r: append(r / "pyproject.toml", "\n"), 0),
    "data that was read": (lambda r: (r / "data.csv").write_text("9"), 1),
    "the ledger": (lambda r: (r / "build/ledger/ch.json").unlink(), 0),
    "the outputs": (
        lambda r: [p.unlink() for p in r.rglob("base.ipynb")],
        0,
    ),
    "all outputs": (lambda r: [p.unlink() for p in r.rglob("global.db")], 0),
}


@pytest.mark.parametrize("what", CHANGES)
def test_any_change_is_looked_at(
    written, reads: list[str], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    change, status = CHANGES[what]
    change(written.root)
    assert run(written) == status
    assert reads
    assert ("all holds" in capsys.readouterr().out) is (status == 0)


def test_a_chapter_outside_of_the_book_is_looked_at(written) -> None:
    page = written.root / "guide.md"
    for sum_, status in ((4, 0), (4, 0), (5, 1), (4, 0)):
        page.write_text(f"# A page\n\nHere {{claim}}`2 + 2 = {sum_}`.\n")
        assert run(written, str(page)) == status


def test_other_versions_are_looked_at(
    written, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unchanged, "installed", lambda paths: ["numpy-0.1"])
    monkeypatch.setattr(inputs, "installed", lambda paths: ["numpy-0.1"])
    assert run(written) == 0
    assert reads


def test_findings_are_told_again(
    written, reads: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    append(written.root / "book/ch.md", "\nAnd {fact}`wrong: 4 <n>`.\n")
    told = []
    for _ in range(2):
        capsys.readouterr()
        assert run(written, "--json") == 1
        told.append(json.loads(capsys.readouterr().out))
    assert told[0] == told[1]
    assert [each["id"] for each in told[1]] == ["wrong"]
    assert reads == ["index.md", "ch.md"]


def test_no_heavy_module_is_imported(written) -> None:
    """What takes long to start is not started at all."""
    code = (
        "import sys; from bookproof import cli;"
        f"cli.main(['--root', {str(written.root)!r}, 'check']);"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    first, modules = done.stdout.strip().split("\n")
    assert "(0 run)" in first
    heavy = {"numpy", "IPython", "markdown_it", "myst_parser", "sphinx", "tqdm"}
    assert heavy & set(modules.split()) == set()
