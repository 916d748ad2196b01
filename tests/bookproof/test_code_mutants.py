"""Changes of the code that the book prints, and who notices them."""

from __future__ import annotations

import ast
import json
from typing import Any

import pytest
from conftest import Book

from bookproof.cli import main
from bookproof.mutating import code_kills, exercised, kills
from bookproof.mutating.code_kills import CodeKills
from bookproof.mutating.code_mutants import CodeMutant, code_mutants
from bookproof.mutating.kills import Count
from bookproof.mutating.reasons import Reasons
from bookproof.reading.elements import Chapter, Marker
from bookproof.running.run import run_chapter
from bookproof.tangling.tangle import tangle

BODY = '''\
# A chapter

The file begins so.

```{chunk} lib/area.py
"""Areas, of 2 kinds."""
```

This is the rule; é is no ASCII.

```{chunk} lib/area.py
:name: Take the area
def area(width: "1 + 1", é=0x10, /) -> "2 * 2":
    <<refuse>>
    total = width * 3  # * 5
    unused = é - 16 or -width
    return total if width >= 1 else None
```

What cannot be is refused.

```{chunk}
:name: refuse
if width == -1:
    raise ValueError("a width of " + str(width + 1))
```

```{code-cell} ipython3
from lib.area import area
```

It is {fact}`6 <area(2)>`, for one {fact}`3 <area(1)>`, and for none
{fact}`nothing <area(0) is None>`.
'''


FUNCTION = """\
And another.

```{chunk} lib/area.py
:name: Take the edge
def edge(length):
    return length * 1
```
"""


@pytest.fixture
def printed(book: Book) -> Book:
    book.write("ch", BODY)
    assert main(["--root", str(book.root), "tangle"]) == 0
    return book


def found(book: Book) -> list[CodeMutant]:
    chapter = book.read("ch")
    tangled = tangle([chapter], book.project)
    mutants = list(code_mutants(tangled, [chapter]))
    for mutant in mutants:
        text = tangled.files[mutant.target]
        changed = mutant.apply(text)
        assert changed != text
        ast.parse(changed)
        line = chapter.text.split("\n")[mutant.place.line - 1]
        assert line[mutant.place.column - 1 :].startswith(mutant.change.before)
    return mutants


def test_only_what_computes_is_changed(printed: Book) -> None:
    changes = [
        (m.change.kind, m.change.before, m.change.after) for m in found(printed)
    ]
    assert changes == [
        ("relation", "==", "!="),
        ("sign", "-", ""),
        ("digit", "1", "2"),
        ("operator", "*", "+"),
        ("digit", "3", "4"),
        ("operator", "-", "+"),
        ("digit", "6", "7"),
        ("operator", "or", "and"),
        ("sign", "-", ""),
        ("relation", ">=", "<"),
        ("digit", "1", "2"),
    ]


def test_what_no_chapter_exercises_survives(
    printed: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    before = printed.files()
    capsys.readouterr()
    options = ["--root", str(printed.root), "mutate", "--json"]
    assert main([*options, "--code", "100"]) == 1
    tried = json.loads(capsys.readouterr().out)
    assert len(tried) == 11
    alive = {(m["before"], m["line"]) for m in tried if not m["red"]}
    (unused,) = (m["line"] for m in tried if m["before"] == "or")
    (equal,) = (m["line"] for m in tried if m["before"] == "==")
    # -1 for -2 is not noticed, since no area of a negative width is asked
    # for; 1 for -1 is, since that of one is; and nothing uses `unused`.
    assert alive == {
        ("1", equal),
        ("-", unused),
        ("6", unused),
        ("or", unused),
    }
    after = printed.files()
    assert after.pop("book/_mutants/_code.json")
    assert after == before


def test_a_chapter_that_fails_cannot_be_tried(
    printed: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    printed.write("ch", BODY.replace("{fact}`6", "{fact}`7"))
    root = ["--root", str(printed.root)]
    assert main([*root, "mutate", "--code", "3"]) == 2
    assert "as it stands" in capsys.readouterr().out


def test_the_same_seed_chooses_the_same(
    printed: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--root", str(printed.root), "mutate", "--json", "-j", "1"]
    said = []
    for _ in range(2):
        capsys.readouterr()
        main([*options, "--code", "1", "--seed", "5"])
        said.append(capsys.readouterr().out)
    assert said[0] == said[1]
    assert len(json.loads(said[0])) == 1


def test_only_chapters_that_run_the_changed_function_run_again(
    printed: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = "# B\n\n```{code-cell} ipython3\nimport lib.area\n```\n"
    printed.write("other", other)
    assert main(["--root", str(printed.root), "check"]) == 0
    ran: list[str] = []

    def counted(chapter: Chapter, *rest: object, **options: object) -> object:
        ran.append(chapter.name)
        return run_chapter(chapter, *rest, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(exercised, "run_chapter", counted)
    assert main(["--root", str(printed.root), "mutate", "--code", "99"]) == 1
    assert ran.count("other") <= 1  # as it stands, for what imports run
    assert ran.count("ch") > 3


def test_only_the_claims_that_run_the_changed_function_are_checked(
    printed: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = "{fact}`still: 5 <edge(5)>`, {fact}`six: 6 <area(2)>`, and"
    printed.write(
        "ch",
        BODY.replace("It is", f"{told} it is")
        .replace("```{code-cell}", f"{FUNCTION}\n```{{code-cell}}")
        .replace(
            "from lib.area import area", "from lib.area import area, edge"
        ),
    )
    for command in ("tangle", "check"):
        assert main(["--root", str(printed.root), command]) == 0
    wanted: list[set[str]] = []

    def noted(chapter: Chapter, *rest: Any, **options: Any) -> object:
        if options["wanted"] is not None:
            elements = [chapter.elements[each] for each in options["wanted"]]
            found = (each for each in elements if isinstance(each, Marker))
            wanted.append({each.label or each.id for each in found})
        return run_chapter(chapter, *rest, **options)

    monkeypatch.setattr(exercised, "run_chapter", noted)
    assert main(["--root", str(printed.root), "mutate", "--code", "99"]) == 1
    assert {"still"} in wanted
    assert any("six" in each and "still" not in each for each in wanted)


@pytest.fixture
def kept(printed: Book, capsys: pytest.CaptureFixture[str]) -> Book:
    """All has been tried, and is kept."""
    options = ["--root", str(printed.root), "mutate", "--code"]
    assert main([*options, "100", "-j", "1"]) == 1
    capsys.readouterr()
    return printed


def known(book: Book) -> CodeKills:
    chapter = book.read("ch")
    tangled = tangle([chapter], book.project)
    (its,) = code_kills.load(book.project, [chapter], tangled).values()
    return its


def test_what_became_of_the_code_is_kept(kept: Book) -> None:
    its = known(kept)
    assert (its.every, its.count) == (11, Count(11, 6))
    left = [each.change.before for each, _ in its.left]
    assert left == ["1", "-", "6", "or", "-"]
    record = json.loads((kept.root / "book/_mutants/_code.json").read_text())
    assert sorted(record.values()) == [""] * 5 + ["ch"] * 6
    assert not kills.kept(kept.project)  # of claims, nothing is asked


def test_a_function_that_has_changed_is_not_known(
    kept: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    kept.write(
        "ch", BODY.replace("# * 5", "# a rule").replace("The file", "It")
    )
    root = ["--root", str(kept.root)]
    assert main([*root, "tangle"]) == 0
    assert known(kept).count == Count()
    kept.write("ch", BODY.replace("The file", "Look: it"))  # moved, the same
    assert main([*root, "tangle"]) == 0
    assert known(kept).count == Count(11, 6)
    capsys.readouterr()
    # Those that nothing noticed are tried again, and no others.
    assert main([*root, "mutate", "--code", "5", "--new"]) == 1
    assert "0 of 5" in capsys.readouterr().out


def test_some_chapters_alone_say_nothing_that_is_kept(printed: Book) -> None:
    root = ["--root", str(printed.root)]
    assert main([*root, "mutate", "ch", "--code", "2"]) in (0, 1)
    assert not (printed.root / "book/_mutants").exists()


def test_a_reason_makes_a_change_of_the_code_known(
    kept: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    changes = (
        *("digit `1` -> `2`", "digit `6` -> `7`", "sign `-` -> ``"),
        *("operator `-` -> `+`", "operator `or` -> `and`"),
    )
    (kept.root / "book/survivors.toml").write_text(
        "".join(
            f'[[survivor]]\ncode = "lib/area.py::area"\nchange = "{change}"\n'
            'reason = "so it is"\n'
            for change in changes
        )
    )
    assert all(reason == "so it is" for _, reason in known(kept).left)
    assert main(["--root", str(kept.root), "mutate", "--code", "100"]) == 0
    assert capsys.readouterr().out.count("(so it is)") == 5
    # They are no reasons for claims, and none for nothing.
    reasons = Reasons.read(kept.project, kept.read("ch"))
    assert reasons.idle([]) == []


def test_a_broken_record_is_an_error(
    kept: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    (kept.root / "book/_mutants/_code.json").write_text("[]")
    assert main(["--root", str(kept.root), "mutate", "--code", "1"]) == 2
    assert "book/_mutants/_code.json" in capsys.readouterr().out


def test_the_function_in_which_a_character_stands() -> None:
    method = "    def f(self, x=3):\n        x = 4\n"
    text = f"n = 1\n\nclass A:\n    m = 2\n\n{method}"
    places = {"1": None, "2": None, "3": None, "4": "A.f"}
    for mark, name in places.items():
        assert exercised.function_at(text, text.index(mark)) == name
