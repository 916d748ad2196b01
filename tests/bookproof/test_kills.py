"""What `mutate` keeps, and what of it is still about the chapter."""

from __future__ import annotations

import json

import pytest
from conftest import Book

from bookproof.cli import main
from bookproof.diagnostics import BookError
from bookproof.mutating import kills
from bookproof.mutating.reasons import Reasons

BODY = """\
# A chapter

```{code-cell} ipython3
n = 3
```

It is {fact}`low: at least 3 <n>`, {claim}`sum: 1 + 1 = 2` and
{claim}`same: (-2)^2 = 4`; again {claim}`1 + 1 = 2`.
"""
REASON = """\
[[survivor]]
claim = "ch::low"
change = 'comparison `at least` -> `at most`'
reason = "it is three"
"""


def mutate(book: Book, *arguments: str) -> int:
    return main(["--root", str(book.root), "mutate", *arguments])


@pytest.fixture
def tried(book: Book, capsys: pytest.CaptureFixture[str]) -> Book:
    book.write("ch", BODY)
    assert mutate(book, "ch", "-j", "1") == 1
    said = capsys.readouterr().out
    assert "survives: book/ch.md:12:19: comparison" in said
    assert "equivalent: " in said
    return book


def load(book: Book) -> kills.Kills:
    return kills.load(book.project, book.read("ch"))


def test_a_whole_chapter_is_kept(tried: Book) -> None:
    found = load(tried)
    assert found.stale == []
    # low: 3 -> 4, at least -> at most; sum: three digits, a sign, a relation.
    assert found.claims["low"] == kills.Count(2, 1)
    assert found.claims["sum"] == kills.Count(5, 5)
    assert found.claims["same"] == kills.Count(5, 4, 1)
    assert found.kinds["comparison"] == kills.Count(1, 0)
    assert found.total == kills.Count(17, 15, 1)
    assert found.total.asked == 16
    assert found.total.rate == 15 / 16
    assert [each.fate for each in found.left] == ["survives", "equivalent"]
    assert [each.mutant.id for each in found.survivors] == ["low"]


def test_another_wording_is_not_known(tried: Book) -> None:
    tried.write("ch", BODY.replace("sum: 1 + 1 = 2", "sum: 1 + 2 = 3"))
    found = load(tried)
    assert found.stale == ["sum"]
    assert "sum" not in found.claims
    # Claims that say the same are told apart by their order.
    tried.write("ch", BODY.replace("; again {claim}`1 + 1 = 2`", ""))
    assert load(tried).stale == []


def test_only_what_is_new_is_tried_again(
    tried: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    tried.write("ch", BODY.replace("sum: 1 + 1 = 2", "sum: 1 + 2 = 3"))
    assert mutate(tried, "--new", "--json") == 0
    (record,) = json.loads(capsys.readouterr().out).values()
    assert set(record["claims"]) == {"sum"}
    assert load(tried).stale == []
    assert mutate(tried, "--new") == 0
    assert "nothing to change" in capsys.readouterr().out
    path = tried.root / "book" / "_mutants" / "ch.json"
    assert len(json.loads(path.read_text())) == 4  # the old wording is gone


LINKED = """\
# A chapter

Let {let}`t = 2` be the first, {claim}`two: t = 2`.

```{code-cell} ipython3
q = 7
```

Let {let}`u = 2` and {let}`v = 5`; with {let}`w = u + 1`,
{claim}`three: w = 3` and {claim}`five: v = 5`. No formula stands here.
"""


@pytest.mark.parametrize(
    ("old", "new", "stale"),
    [
        # A claim is new; so are the definitions that lead to it.
        ("w = 3", "w + 1 = 4", {"a-chapter-3", "a-chapter-5", "three"}),
        ("v = 5`. N", "v = 6 - 1`. N", {"a-chapter-4", "five"}),
        # A definition is new; so is what it leads to, and what leads to it.
        ("w = u + 1", "w = 2 u - 1", {"a-chapter-3", "a-chapter-5", "three"}),
        ("v = 5`;", "v = 6 - 1`;", {"a-chapter-4", "five"}),
        # Mathematics in the text is held against definitions, too.
        ("No formula", "So is $w$; no formula", {"a-chapter-3", "a-chapter-5"}),
        # A cell may give another value to whatever stands below it.
        (
            "q = 7",
            "q = 8",
            {"a-chapter-3", "a-chapter-4", "a-chapter-5", "three", "five"},
        ),
        # Words, a label and another claim that uses none of them change little.
        ("No formula", "Nothing", set()),
        ("three: ", "drei: ", set()),
        ("No formula", "Here is {claim}`1 + 1 = 2`, and", {"a-chapter-8"}),
    ],
)
def test_what_is_around_a_claim_is_a_part_of_what_is_known(
    book: Book, old: str, new: str, stale: set[str]
) -> None:
    book.write("ch", LINKED)
    assert mutate(book, "ch") == 0
    assert load(book).stale == []
    assert LINKED.count(old) == 1
    book.write("ch", LINKED.replace(old, new))
    assert set(load(book).stale) == stale


def test_a_definition_is_tried_again_when_a_claim_no_longer_sees_it(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    book.write("ch", LINKED)
    assert mutate(book, "ch") == 0
    book.write("ch", LINKED.replace("w = 3", r"w \ne 5"))
    capsys.readouterr()
    assert mutate(book, "--new") == 1
    said = capsys.readouterr().out
    assert "survives: book/ch.md:14:15: digit `2` -> `3`" in said


def test_a_sample_is_not_kept(book: Book) -> None:
    book.write("ch", BODY)
    mutate(book, "ch", "--sample", "3")
    assert not (book.root / "book" / "_mutants").exists()


def test_a_reason_makes_a_survivor_known(
    tried: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    (tried.root / "book" / "survivors.toml").write_text(REASON)
    assert mutate(tried, "ch") == 0
    assert "(it is three)" in capsys.readouterr().out
    found = load(tried)
    assert [each.reason for each in found.survivors] == ["it is three"]
    assert found.total.rate == 15 / 16  # it counts all the same


def test_a_bound_that_is_loose_says_why(book: Book) -> None:
    text = """\
        # A chapter

        ```{code-cell} ipython3
        n = 3
        ```

        ```{fact} vague
        :loose: it varies
        at most 9 <n>
        ```
        """
    book.write("ch", text)
    assert mutate(book, "ch") == 0
    (left,) = load(book).survivors
    assert (left.mutant.kind, left.reason) == ("digit", "it varies")


def test_a_reason_for_nothing_is_found(tried: Book) -> None:
    path = tried.root / "book" / "survivors.toml"
    path.write_text(REASON + REASON.replace("ch::low", "ch::lower"))
    reasons = Reasons.read(tried.project, tried.read("ch"))
    (idle,) = reasons.idle(each.mutant for each in load(tried).survivors)
    assert "in lower" in idle.message


@pytest.mark.parametrize("name", ["survivors.toml", "_mutants/ch.json"])
def test_a_broken_file_is_an_error(tried: Book, name: str) -> None:
    (tried.root / "book" / name).write_text("[[survivor]]\n")
    with pytest.raises(BookError, match=f"book/{name}"):
        load(tried)


def test_what_does_not_hold_cannot_be_tried(
    book: Book, capsys: pytest.CaptureFixture[str]
) -> None:
    book.write("ch", BODY.replace("1 + 1 = 2", "1 + 1 = 3"))
    assert mutate(book, "ch") == 2
    assert "the two sides are not equal" in capsys.readouterr().out
    assert mutate(book, "ch", "--new", "--sample", "3") == 2


def test_all_killed_is_a_success(book: Book) -> None:
    book.write("ch", "# A chapter\n\n{claim}`1 + 1 = 2`\n")
    assert mutate(book, "ch", "-j", "3") == 0


def item(book: Book) -> tuple[bool, str]:
    """Whether the item about mutants passes under pytest, and what it says."""
    done = book.pytest("-rA", "--tb=short", "book/ch.md::mutants")
    return done.returncode == 0, done.stdout


def test_pytest_asks_for_a_reason(tried: Book) -> None:
    passed, said = item(tried)
    assert not passed
    assert "no check notices this change: comparison" in said
    (tried.root / "book" / "survivors.toml").write_text(REASON)
    assert item(tried)[0]


def test_pytest_asks_for_every_result(tried: Book) -> None:
    (tried.root / "book" / "survivors.toml").write_text(REASON)
    tried.write("ch", BODY.replace("sum: 1 + 1 = 2", "sum: 1 + 2 = 3"))
    passed, said = item(tried)
    assert not passed
    assert "no result is kept for the mutants of sum" in said
    assert "bookproof mutate ch --new" in said


def test_pytest_tries_a_sample_again(tried: Book) -> None:
    path = tried.root / "book" / "_mutants" / "ch.json"
    record = json.loads(path.read_text())
    path.write_text(
        json.dumps({k: {**v, "left": []} for k, v in record.items()})
    )
    passed, said = item(tried)
    assert not passed
    assert "no check notices any more:" in said
    assert "comparison `at least` -> `at most` in low" in said


def test_pytest_asks_nothing_of_a_book_that_keeps_no_results(
    book: Book,
) -> None:
    book.write("ch", BODY)
    assert "mutants" not in book.pytest("-rA", "book").stdout
