"""What a verdict rests on, as the run notes it."""

from __future__ import annotations

import pytest

from bookproof.keeping.used import Used, reached
from bookproof.mutating.mutate import Mutant, mutants
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Marker
from bookproof.running.run import ChapterRun, run_chapter

CHAPTER = r"""
# A chapter

```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $w$ | a weight | scalar | `weight` |
| $\sigma$ | a function | function | `half` |
```

Let {let}`let-a: x = 3`, {let}`let-b: y = x + 1`, {let}`let-c: u = 7`,
{let}`let-d: f(t) = t^2 + y`, {let}`let-e0: h^{(0)} = u` and
{let}`let-e: h^{(k)} = 2 h^{(k-1)} + x`.

Then {claim}`plain: x = 3`, {claim}`chained: y = 4`,
{claim}`called: f(2) = 8`, {claim}`family: h^{(2)} = 37` and
{claim}`slope: \partial y/\partial x = 1`, while nothing but the draw is
in

```{claim} drawn
:given: draw
x \cdot x = x^2
```

```{code-cell} ipython3
from small.rules import double

def draw(rng):
    while True:
        yield {"x": float(rng.normal())}
```

```{code-cell} ipython3
weight = double(2)
parts = []

def half(value):
    return value / weight * 2
```

```{code-cell} ipython3
unseen = 11
parts.append(weight)
```

The weight is {claim}`row: w = 4`, half of ten is
{claim}`python: \sigma(10) = 5`, the parts are {fact}`grown: 1 <len(parts)>`
and twice one is {fact}`direct: 2 <double(1)>`. Again,
{redefine}`let-f: x = 5`, so {claim}`late: x = 5`.
"""

RULES = """
def double(value):
    return twice(value)


def twice(value):
    return 2 * value


def thrice(value):
    return 3 * value
"""


@pytest.fixture
def run(book) -> ChapterRun:
    path = book.root / "src" / "small" / "rules.py"
    path.parent.mkdir()
    path.write_text(RULES, encoding="utf-8")
    run = book.run(CHAPTER)
    assert run.findings == []
    return run


def test_every_edge_is_one_that_a_reader_would_draw(run: ChapterRun) -> None:
    """The right side was written by reading the chapter."""
    assert {k: set(v) for k, v in run.uses.things.items()} == {
        "let-b": {"let-a"},
        "let-d": {"let-b"},
        "let-e": {"let-e0", "let-a"},
        "let-e0": {"let-c"},
        "plain": {"let-a"},
        "chained": {"let-b"},
        "called": {"let-d"},
        "family": {"let-e"},
        "slope": {"let-a", "let-b"},
        "drawn": {"cell-1"},
        "cell-2": {"cell-1"},
        "cell-3": {"cell-2"},
        "symbols-1:w": {"cell-2"},
        "row": {"symbols-1:w"},
        r"symbols-1:\sigma": {"cell-2"},
        "python": {r"symbols-1:\sigma"},
        "grown": {"cell-2", "cell-3"},
        "direct": {"cell-1"},
        "late": {"let-f"},
    }


def test_the_library_code_that_ran_is_known_by_its_functions(
    run: ChapterRun,
) -> None:
    both = ["small/rules.py:2:double", "small/rules.py:6:twice"]
    assert run.uses.code == {"cell-2": both, "direct": both}
    assert run.uses.functions_of("row") == both
    assert run.uses.functions_of("plain") == []


def test_what_an_import_runs_is_not_what_a_cell_runs(book) -> None:
    path = book.root / "src" / "small.py"
    body = "\n\nclass Kept:\n    def own(self):\n        return 3\n"
    path.write_text("def mark():\n    return 1\n\n\nmark()\n" + body)
    cell = "```{code-cell} ipython3\nfrom small import Kept\nKept().own()\n"
    uses = book.run(f"# A chapter\n\nWords.\n\n{cell}```\n").uses
    assert uses.code == {"cell-1": ["small.py:9:Kept.own"]}


def edited(text: str, mutant: Mutant) -> str:
    """The chapter's text with this one change, at its printed place."""
    lines = text.splitlines(keepends=True)[: mutant.place.line - 1]
    start = sum(map(len, lines)) + mutant.place.column - 1
    change = mutant.change
    assert text.startswith(change.before, start)
    return text[:start] + change.after + text[start + len(change.before) :]


def test_a_changed_let_breaks_only_what_the_graph_says(
    book, run: ChapterRun
) -> None:
    """Every mutant on the right of a let, run as a book of its own."""
    path = book.root / "book" / "ch.md"
    chapter = book.read("ch")
    lets = {
        each.id: each
        for each in chapter.elements
        if isinstance(each, Marker) and each.kind == "let"
    }
    broken: dict[str, set[str]] = {name: set() for name in lets}
    for mutant in mutants(chapter):
        if mutant.id not in lets:
            continue
        sign = lets[mutant.id].body
        if mutant.place.column <= sign.place(sign.text.index("=")).column:
            continue
        other = read_chapter(path, book.project, edited(chapter.text, mutant))
        found = run_chapter(other, book.project)
        red = {each.id for each in found.outcomes.values() if not each.good}
        broken[mutant.id] |= red - {mutant.id}
    users = {
        name: {
            user
            for user in run.uses.things
            if user not in lets and name in run.uses.behind(user)
        }
        for name in lets
    }
    for name, red in broken.items():
        assert red <= users[name], name
    # And it is not that nothing turned red, or that all is said to depend.
    assert broken["let-a"] >= {"plain", "chained", "called", "family"}
    assert broken["let-c"] == {"family"}
    assert broken["let-f"] == users["let-f"] == {"late"}


def test_a_record_is_read_as_it_was_written(run: ChapterRun) -> None:
    assert Used.from_json(run.uses.to_json()) == run.uses


def test_a_circle_of_uses_has_an_end() -> None:
    edges = {"a": ["b"], "b": ["a", "c"]}
    assert reached(["a"], edges) == ["b", "c"]


def test_a_cell_that_changes_a_value_through_another_name(book) -> None:
    """`step` never speaks of `net`, but changes its array."""
    cell = "```{code-cell} ipython3\n"
    run = book.run(
        "# A\n\n"
        f"{cell}import numpy as np\n\n"
        "class Net:\n    def __init__(self):\n        self.w = np.ones(3)\n\n"
        "net, other = Net(), Net()\narrays = [net.w]\n```\n\n"
        f"{cell}arrays[0] -= 0.5\nn = 1\n```\n\n"
        f"{cell}n += 1\n```\n\n"
        "It is {fact}`changed: 0.5 <net.w[0]>`, not "
        "{fact}`kept: 1 <other.w[0]>`.\n"
    )
    assert run.findings == []
    assert set(run.uses.things["changed"]) == {"cell-1", "cell-2"}
    assert set(run.uses.things["kept"]) == {"cell-1"}
