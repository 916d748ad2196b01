"""Bad chapters: each says file, line, thing and remedy; all at once; and
nothing is half written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bookproof import cli
from bookproof.diagnostics import Finding

FINE = '''\
# A chapter

It begins here.

```{chunk} tool.py
"""A tool."""


def number():
    return 3
```

```{code-cell} ipython3
import tool
n = tool.number()
```

'''


def findings(book, capsys, command: str = "check") -> list[Finding]:
    """What a command finds, having changed no file."""
    capsys.readouterr()
    before = book.files()
    status = cli.main(["--root", str(book.root), command, "--json"])
    said = capsys.readouterr().out
    assert status == 1, said
    assert book.files() == before
    return [Finding.from_json(each) for each in json.loads(said)]


def tangled(book, text: str = FINE) -> None:
    """A book whose source is in step with it."""
    book.write("ch", text)
    assert cli.main(["--root", str(book.root), "tangle"]) == 0


def only(found: list[Finding], rule: str) -> Finding:
    assert [each.rule for each in found] == [rule], found
    return found[0]


def line_with(book, text: str) -> int:
    """The line of the chapter that holds this text."""
    lines = (book.root / "book/ch.md").read_text().split("\n")
    return next(n for n, line in enumerate(lines, 1) if text in line)


def said(finding: Finding) -> str:
    return finding.render(Path("/nowhere"))


def test_a_false_claim(book, capsys) -> None:
    tangled(book)
    book.write("ch", FINE + "So {claim}`2 + 2 = 5` holds.\n")
    finding = only(findings(book, capsys), "claim")
    assert finding.place.file == "book/ch.md"
    assert finding.place.line == line_with(book, "2 + 2 = 5")
    assert (finding.left, finding.right) == ("4", "5")


def test_an_unbound_symbol(book, capsys) -> None:
    tangled(book)
    book.write("ch", FINE + "Let {let}`x = 3`, so {claim}`x + q = 3` holds.\n")
    finding = only(findings(book, capsys), "unbound")
    line = line_with(book, "x + q")
    text = (book.root / "book/ch.md").read_text().split("\n")[line - 1]
    assert finding.place.line == line
    assert text[finding.place.column - 1] == "q"
    assert "q" in finding.message
    assert "let" in said(finding)


def test_latex_that_cannot_be_read(book, capsys) -> None:
    tangled(book)
    book.write("ch", FINE + r"So {claim}`\frac{1}{2 = 5` holds." + "\n")
    (finding,) = findings(book, capsys)
    assert finding.place.line == line_with(book, "frac")
    assert finding.place.column > len("So {claim}`")


def test_a_missing_fragment(book, capsys) -> None:
    tangled(book)
    text = FINE.replace("    return 3", "    <<Count the things>>")
    book.write("ch", text)
    found = findings(book, capsys)
    assert any(
        each.place.line == line_with(book, "<<Count")
        and "Count the things" in each.message
        for each in found
    )


def fragment(name: str, includes: str) -> str:
    return (
        "A fragment follows.\n\n"
        f"```{{chunk}}\n:name: {name}\n\nx = 1\n<<{includes}>>\n```\n\n"
    )


def test_a_cycle_of_fragments(book, capsys) -> None:
    tangled(book)
    text = FINE.replace("    return 3", "    <<Count up>>\n    return 3")
    text += fragment("Count up", "Count down")
    text += fragment("Count down", "Count up")
    book.write("ch", text)
    found = findings(book, capsys)
    circle = [each for each in found if "Count down" in said(each)]
    assert circle
    assert circle[0].place.file == "book/ch.md"


@pytest.mark.parametrize("target", ["../out.py", "/tmp/out.py", "a/../../b.py"])
def test_a_target_outside_the_source(book, capsys, target: str) -> None:
    tangled(book)
    book.write("ch", FINE.replace("tool.py", target))
    found = findings(book, capsys)
    hits = [each for each in found if target in each.message]
    assert hits
    assert hits[0].place.line == line_with(book, target)
    assert cli.main(["--root", str(book.root), "tangle"]) == 1
    assert not (book.root / "out.py").exists()


def test_a_source_edited_by_hand(book, capsys) -> None:
    tangled(book)
    path = book.root / "src/tool.py"
    path.write_text(path.read_text().replace("return 3", "return 4"))
    finding = only(findings(book, capsys), "hand-edited")
    assert finding.place.file == "src/tool.py"
    assert "bookproof stitch" in said(finding)
    before = book.files()
    assert cli.main(["--root", str(book.root), "tangle"]) == 1
    assert book.files() == before


def test_a_chapter_without_front_matter(book, capsys) -> None:
    tangled(book)
    book.write("ch", FINE, front="")
    finding = only(findings(book, capsys), "front-matter")
    assert (finding.place.file, finding.place.line) == ("book/ch.md", 1)
    assert "format_name: myst" in said(finding)


def test_a_cell_that_raises(book, capsys) -> None:
    tangled(book)
    text = FINE + "```{code-cell} ipython3\nm = n / 0\n```\n"
    book.write("ch", text)
    finding = only(findings(book, capsys), "cell")
    assert finding.place.line == line_with(book, "m = n / 0")
    assert "ZeroDivisionError" in finding.message
    assert "raises-exception" in said(finding)


def test_a_cell_that_raises_in_the_library_shows_the_books_line(
    book, capsys
) -> None:
    text = FINE.replace("return 3", "return 1 / 0")
    tangled(book, text)
    finding = only(findings(book, capsys), "cell")
    line = line_with(book, "return 1 / 0")
    assert f"book/ch.md:{line} (src/tool.py:6)" in said(finding)


def test_a_cell_past_its_limit(
    make_book: Callable[..., object], capsys
) -> None:
    book = make_book(cell_seconds=1.5)
    tangled(book)
    text = FINE + "```{code-cell} ipython3\nwhile n:\n    pass\n```\n"
    book.write("ch", text + "\nSo {fact}`it: 3 <n>`.\n")  # type: ignore[attr-defined]
    finding = only(findings(book, capsys), "time-limit")
    assert finding.place.line == line_with(book, "while n") - 1
    assert "cell_seconds" in said(finding)


def test_a_label_that_another_chapter_gives(book, capsys) -> None:
    tangled(book)
    book.write("ch", FINE + "So {fact}`mine: 3 <n>`.\n")
    book.write(
        "dh", FINE[: FINE.index("It begins")] + "{claim}`mine: 2 = 1 + 1`\n"
    )
    finding = only(findings(book, capsys), "duplicate-label")
    assert finding.place.file == "book/dh.md"
    assert "book/ch.md" in said(finding)


def test_all_at_once(book, capsys) -> None:
    tangled(book)
    book.write(
        "ch",
        FINE.replace("    return 3", "    <<Nothing of this name>>")
        + "There are 17 of them, so {claim}`1 = 2`, {claim}`q = 2` and "
        "{fact}`4 <n>`.\n\n"
        "```{code-cell} ipython3\n1 / 0\n```\n\n"
        "```{code-cell} ipython3\n[][0]\n```\n",
    )
    book.write("other", "# Other\n\nThere are 18 of them.\n")
    found = findings(book, capsys)
    rules = [each.rule for each in found if each.place.file == "book/ch.md"]
    for rule in ("number-in-prose", "claim", "unbound", "fact", "cell"):
        assert rule in rules
    assert rules.count("cell") == 2
    assert any(each.place.file == "book/other.md" for each in found)
    assert any("Nothing of this name" in each.message for each in found)


def test_bytes_that_are_no_text(book, capsys) -> None:
    tangled(book)
    path = book.root / "book/ch.md"
    path.write_bytes(path.read_bytes() + b"\n\xff\xfe\n")
    found = findings(book, capsys)
    assert any("UTF-8" in said(each) for each in found)
    before = book.files()
    assert cli.main(["--root", str(book.root), "tangle"]) == 1
    assert book.files() == before
