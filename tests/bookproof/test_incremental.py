"""A change of the text re-checks what it can reach, and nothing else."""

from __future__ import annotations

import random
import re
from typing import Any

import pytest
from conftest import Book
from hypothesis import given, settings
from hypothesis import strategies as st

from bookproof import check
from bookproof.judging.claims import Scope
from bookproof.judging.facts import verify_fact
from bookproof.keeping import kept, ledger, verdicts
from bookproof.outcome import runnable
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import (
    Cell,
    Chapter,
    Element,
    Marker,
    Symbols,
)
from bookproof.running import run

BODY = r"""
# A chapter

```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $w$ | a weight | number | `weight` |
| $v_k$ | an entry | number | `entries[k]` |
```

Some words. {let}`let-a: a = 2`, {let}`let-b: b = a + 1`, {let}`let-c: c = 7`.

Then {claim}`claim-a: a = 2`, {claim}`claim-b: b^2 = 9`,
{claim}`claim-c: c = 7` and {claim}`claim-w: w = 5`.

```{code-cell} ipython3
weight = 5
entries = [1, 4, 9]
print(weight)
```

So {fact}`fact-w: 5 <weight>`, {claim}`claim-v: v_1 = 4`,
{claim}`claim-v-too: v_2 = 9`,
{claim}`claim-t: a c = 14`.

```{claim} claim-d
:given: draws
b x = 3 x
```

Last, {let}`let-x: x = 3` is {claim}`claim-x: x = 3`; $a + c$ is plain.
{unchecked}`say: so they say <hearsay>`

```{code-cell} ipython3
def draws(rng):
    while True:
        yield {"x": float(rng.normal())}
```

````{exercise} one
Write it.

```{starter}
one = 2
```

```{check}
assert one == 1
```
````

````{solution} one
```{code}
one = 1
```
````
"""


def checked(book: Book, force: bool = False) -> check.Report:
    return check.check(check.Plan(book.project, [book.read("ch")], force))


def seen(report: check.Report) -> list[dict[str, Any]]:
    return [each.to_json() for each in report.outcomes["ch"]]


@pytest.fixture
def written(book: Book) -> Book:
    book.write("ch", BODY)
    assert checked(book).findings == []
    return book


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """The workers that start; whether each runs the cells."""
    found: list[bool] = []

    def counted(*args: Any, **options: Any) -> run.ChapterRun:
        found.append(not options.get("bare"))
        return run.run_chapter(*args, **options)

    monkeypatch.setattr(verdicts, "run_chapter", counted)
    return found


EDITS: dict[str, tuple[str, str, int | None, list[bool]]] = {
    "words": ("Some words.", "Some other\n\nwords.", 0, []),
    "a claim": ("b^2 = 9", "b^3 = 27", 1, [False]),
    "a false claim": ("b^2 = 9", "b^2 = 8", 1, [False, True]),
    "a let": ("c = 7`.", "c = 3 + 4`.", 4, [False]),
    "a let that leads on": (
        "let-a: a = 2`",
        "let-a: a = 4 - 2`",
        7,
        [False, True],
    ),
    "a claim of Python": ("w = 5", "w + 1 = 6", 1, [False, True]),
    "a fact": ("5 <weight>", "6 <weight + 1>", 1, [True]),
    "what nothing can check": ("so they say", "they say so", 1, []),
    "a solution": ("one = 1\n", "one = 2 - 1\n", 1, [True]),
    "a let at the end": ("x = 3` is", "x = 2 + 1` is", 2, [False]),
    "a cell": ("print(weight)", "print(-weight)", None, [True]),
    "a table": ("| number | `weight`", "| a number | `weight`", None, [True]),
    "the last claim of a row": ("{claim}`claim-w: w = 5`", "", 0, []),
    "the last claims of a pattern": (
        "{claim}`claim-v: v_1 = 4`,\n{claim}`claim-v-too: v_2 = 9`,",
        "",
        None,
        [True],
    ),
    "one of two of a row": ("{claim}`claim-v: v_1 = 4`,", "", 0, []),
}


@pytest.mark.parametrize("what", EDITS)
def test_only_what_a_change_can_reach_is_checked(
    written: Book, runs: list[bool], what: str
) -> None:
    old, new, number, workers = EDITS[what]
    path = written.root / "book/ch.md"
    text = path.read_text()
    assert text.count(old) == 1
    path.write_text(text.replace(old, new))
    report = checked(written)
    every = len(report.outcomes["ch"])
    assert (report.checked, runs) == (every if number is None else number,
                                      workers)  # fmt: skip
    again = checked(written)
    assert (again.checked, again.ran) == (0, [])
    assert seen(again) == seen(report)
    assert seen(checked(written, force=True)) == seen(report)


def test_the_ledger_is_what_a_whole_run_writes(written: Book) -> None:
    path = written.root / "book/ch.md"
    path.write_text(path.read_text().replace("c = 7`.", "c = 3 + 4`."))
    checked(written)
    kept_ = ledger.load(written.project, "ch")
    checked(written, force=True)
    assert kept_ == ledger.load(written.project, "ch")


# Verdicts in this process, by a loop of its own: many books, many edits.

LETTERS = "abc"


@st.composite
def formulas(draw: st.DrawFn) -> str:
    terms = draw(
        st.lists(
            st.sampled_from([*LETTERS, "1", "2", r"\mathbf{b}", "a_1", "n"]),
            min_size=1,
            max_size=3,
        )
    )
    return " + ".join(terms)


@st.composite
def pieces(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from(["let", "redefine", "claim", "fact", "cell",
                                 "$", "words"]))  # fmt: skip
    if kind in ("let", "redefine"):
        target = draw(st.sampled_from([*LETTERS, "a_1", r"\mathbf{c}"]))
        return f"{{{kind}}}`{target} = {draw(formulas())}`"
    if kind == "claim":
        number = draw(st.integers(0, 6))
        return f"{{claim}}`{draw(formulas())} = {number}`"
    if kind == "fact":
        return f"{{fact}}`{draw(st.integers(0, 3))} <m>`"
    if kind == "cell":
        code = f"m = {draw(st.integers(0, 3))}"
        return f"\n\n```{{code-cell}} ipython3\n{code}\n```\n\n"
    if kind == "$":
        return f"${draw(st.sampled_from(LETTERS))}$"
    return draw(st.sampled_from(["word", "\n\n## A heading\n\n"]))


TABLE = """
```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $n$ | a number | | `m` |
```
"""


def read(parts: list[str], project: Any) -> Chapter:
    text = "# T\n" + TABLE + "\n" + "\n".join(parts) + "\n"
    path = project.root / "book" / "ch.md"
    return read_chapter(path, project, text)


def judged(chapter: Chapter) -> dict[int, str]:
    """The verdict on each element where it stands, and again at the end."""
    names: dict[str, Any] = {}
    scope = Scope(lambda source, more: eval(source, {**names, **more}))
    found: dict[int, str] = {}
    later: list[tuple[int, Element, Scope]] = []

    def verdict(element: Element, scope: Scope) -> str:
        match element:
            case Marker(kind="let"):
                return str(rules(scope.let(element)))
            case Marker(kind="claim"):
                said = scope.check(element)
                return f"{said.status} {said.values} {rules(said.findings)}"
            case Marker(kind="fact"):
                said = verify_fact(element, scope.evaluate)
                return f"{said.status} {said.values} {rules(said.findings)}"
            case Symbols():
                return str(rules(scope.symbols(element)))
        text = element.body  # type: ignore[attr-defined]
        return str(rules(scope.read(text, relation_allowed=False)))

    def rules(findings: Any) -> list[str]:
        return [f"{each.rule} {each.message}" for each in findings]

    for index, element in runnable(chapter):
        if isinstance(element, Cell):
            exec(element.body.text, names)
            continue
        found[index] = verdict(element, scope)
        if (
            not isinstance(element, Symbols | Marker)
            or "waiting" in found[index]
        ):
            plain = not isinstance(element, Marker)
            later.append((index, element, scope if plain else scope.fork()))
    for index, element, at in later:
        found[index] += verdict(element, at)
    return found


@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_the_same_digest_is_the_same_verdict(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = tmp_path_factory.getbasetemp() / "digests"
    (root / "book").mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_text("[tool.bookproof]\n")
    project = Book(root).project
    parts = data.draw(st.lists(pieces(), min_size=1, max_size=8))
    other = list(parts)
    for _ in range(data.draw(st.integers(1, 2))):
        at = data.draw(st.integers(0, len(other)))
        kind = data.draw(st.sampled_from(["insert", "drop", "swap"]))
        if kind == "insert":
            other.insert(at, data.draw(pieces()))
        elif at < len(other):
            piece = other.pop(at)
            if kind == "swap":
                other.insert(0, piece)
    before, after = read(parts, project), read(other, project)
    known = kept.digests(before, project.macros)
    verdict_of = judged(before)
    if cells(before) != cells(after):
        return  # then everything is checked again
    old = {known[index]: said for index, said in verdict_of.items()}
    now = kept.digests(after, project.macros)
    for index, said in judged(after).items():
        assert said == old.get(now[index], said)


def cells(chapter: Chapter) -> list[str]:
    return [e.body.text for e in chapter.elements if isinstance(e, Cell)]


@pytest.mark.parametrize("seed", range(3))
def test_random_edits_one_after_another(written: Book, seed: int) -> None:
    rng = random.Random(seed)
    path = written.root / "book/ch.md"
    for _ in range(4):
        text = path.read_text()
        spot = rng.choice([m for m in re.finditer(r"\d+|\bwords\b", text)
                           if m.start() > 200])  # fmt: skip
        new = rng.choice(["2", "7", "words"]) if spot[0] != "words" else "text"
        path.write_text(text[: spot.start()] + new + text[spot.end() :])
        found = checked(written)
        whole = checked(written, force=True)
        assert seen(found) == seen(whole)
        if rng.random() < 0.5:
            path.write_text(text)
            assert seen(checked(written)) == seen(checked(written, force=True))
