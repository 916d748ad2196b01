"""Printed shapes of a table of symbols, held against the values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from latex_scope import Bench, shown

from bookproof.config import Project
from bookproof.diagnostics import Text
from bookproof.mutating.mutate import mutants
from bookproof.mutating.survivors import try_mutants
from bookproof.prose.lint import lint_chapter
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Symbols

WIDTHS = [2, 3, 5]
LAYERS = {1: np.ones((3, 2)), 2: np.ones((5, 3))}


def bench(value: str, shape: str, symbol: str = "A") -> Bench:
    """A table with this row, and sizes to write shapes with."""
    made = Bench(
        n=WIDTHS,
        W=LAYERS,
        two=np.ones((5, 2)),
        one=np.ones(3),
        tall=np.ones((3, 1)),
        flat=np.ones((1, 3)),
        cube=np.ones((2, 3, 4)),
        B=5,
        tanh=np.tanh,
    )
    rows: list[tuple[str, str | None]] = [
        ("B", "B"),
        (r"n_\ell", "n[ell]"),
        ("v", "one"),
        ("q", None),
        (symbol, value),
    ]
    return made.table(rows, *["number"] * 2, "column", "", shape)


FIT = [
    ("two", "$(B, n_0)$"),
    ("two", "$(n_2, B - n_1)$"),
    ("one", "$(n_1)$"),
    ("one", "as $v$"),
    ("one", "a column"),
    ("tall", "column"),
    ("flat", "row"),
    ("two", "matrix"),
    ("B", "number"),
    ("float(B)", "a number"),
    ("B", "scalar"),
    ("tanh", "function"),
    ("cube", "$(n_0, n_1, B - 1)$"),
    ("[1, 2, 3]", "$(n_1)$"),
    ("two", "five by two"),
    ("one", "three"),
    ("tall", "three"),
    ("cube", "two by three by four"),
    ("two", "as many as you like"),
    ("two", "rows of $X$ by columns of $v$"),
    ("two", ""),
]


@pytest.mark.parametrize(("value", "shape"), FIT)
def test_a_value_of_the_printed_shape_passes(value: str, shape: str) -> None:
    made = bench(value, shape)
    table = Symbols(place=Text.at("x").place(), rows=())
    found = made.scope.shapes(table, whole=False)
    assert [finding.render() for finding in found] == []


MISFITS = [
    ("two", "$(n_0, B)$", "(2, 5)"),
    ("two", "$(B, n_1)$", "(5, 3)"),
    ("two", "$(B - 1, n_0)$", "(4, 2)"),
    ("two", "$(B)$", "(5,)"),
    ("one", "$(n_1, n_0)$", "(3, 2)"),
    ("two", "as $v$", "(3,)"),
    ("two", "column", "column"),
    ("one", "row", "row"),
    ("one", "matrix", "matrix"),
    ("one", "number", "number"),
    ("two", "two by five", "two by five"),
    ("two", "five", "five"),
    ("one", "four", "four"),
    ("flat", "three", "three"),
    ("B", "column", "column"),
    ("B", "function", "function"),
]


@pytest.mark.parametrize(("value", "shape", "part"), MISFITS)
def test_a_value_of_another_shape_is_found_where_it_is_looked_up(
    value: str, shape: str, part: str
) -> None:
    verdict = bench(value, shape).check("2 A = A + A")
    assert verdict.status == "error"
    (finding,) = verdict.findings
    assert (finding.rule, finding.place.line) == ("shape", 20)
    assert part in finding.message


UNCHECKABLE = [
    ("two", "$(B, q)$", "q is not bound"),
    ("two", "as $q$", "q is not bound"),
    ("two", "$(B, v)$", "a column of 3 is no size"),
    ("tanh", "$(B)$", "has no such shape"),
]


@pytest.mark.parametrize(("value", "shape", "part"), UNCHECKABLE)
def test_a_shape_that_cannot_be_checked_is_found(
    value: str, shape: str, part: str
) -> None:
    verdict = bench(value, shape).check("A = A + 0")
    (finding,) = verdict.findings
    assert (finding.rule, finding.place.line) == ("shape", 20)
    assert part in finding.message


@pytest.mark.parametrize("shape", ["$B$", "$(B$", "$(B) = 2$", "as $v +$"])
def test_a_shape_that_cannot_be_read_is_found_in_the_table(shape: str) -> None:
    made = Bench(B=5, two=LAYERS[1])
    (finding,) = made.bad_table([("A", "two")], shape)
    assert (finding.rule, finding.place.line) == ("latex", 20)


def test_a_shape_is_read_with_the_indices_of_the_look_up() -> None:
    symbol = r"W^{(\ell)}"
    loop = r"\ell in (1, 2)"
    claim = r"2 W^{(\ell)} = W^{(\ell)} + W^{(\ell)}"
    right = bench("W[ell]", r"$(n_\ell, n_{\ell-1})$", symbol)
    verdict = right.check(claim, for_=loop)
    assert verdict.status == "holds", shown(verdict)
    wrong = bench("W[ell]", r"$(n_{\ell+1}, n_{\ell-1})$", symbol)
    (finding,) = wrong.check(claim, for_=loop).findings
    assert finding.message == (
        r"the table says $(n_{\ell+1}, n_{\ell-1})$, which is (5, 2), "
        "but the value is a matrix (3, 2)"
    )


def test_two_shapes_may_name_each_other() -> None:
    made = Bench(u=np.ones(3), v=np.ones(3))
    made.table([("u", "u"), ("v", "v")], "as $v$", "as $u$")
    assert made.check("u = v").status == "holds"


def test_a_shape_does_not_make_a_derivative_depend_on_the_sizes() -> None:
    made = bench("one", "$(n_1)$").let("f = A^\\top A")
    (finding,) = made.check(r"\partial f / \partial B = 0").findings
    assert finding.rule == "independent"


CHAPTER = r"""# A chapter

```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $n_\ell$ | width | number | `n[ell]` |
| $W^{(\ell)}$ | weights | $(n_\ell, n_{\ell-1})$ | `W[ell]` |
| $X$ | batch | $(B, n_0)$ | `X` |
| $B$ | size of the batch | number | `len(X)` |
| $Y$ | never looked up | as $X$ | `Y` |
```

```{code-cell} ipython3
import numpy as np
n = [2, 3, 4]
W = {1: np.ones((3, 2)), 2: np.ones((4, 3))}
X = np.ones((5, 2))
Y = X + 1
```

So {claim}`n_2 = 4` and:

```{claim} rows
:rows: X
:for: \ell in [1]
X W^{(\ell)\top} = X {W^{(1)}}^\top
```
"""


def table_of(book, text: str):
    outcome = book.verdicts(text)["symbols-1"]
    return outcome.status, [f.message for f in outcome.findings]


def chapter(claim: str = r"2 W^{(1)} = W^{(1)} + W^{(1)}") -> str:
    head = CHAPTER.split("```{claim} rows")[0]
    return f"{head}```{{claim}} rows\n{claim}\n```\n"


def test_every_shape_is_checked_once_in_a_chapter(book) -> None:
    assert table_of(book, chapter()) == ("holds", [])
    wrong = chapter().replace("Y = X + 1", "Y = X.T")
    assert table_of(book, wrong) == (
        "error",
        [
            "the table says as $X$, which is (5, 2), but the value is "
            "a matrix (2, 5)"
        ],
    )
    status, found = table_of(book, chapter("B = 5"))
    assert status == "error"
    assert found == [
        r"no claim looks up W^{(\ell)}, so that nothing checks this shape"
    ]
    status, found = table_of(book, chapter().replace("`Y`", "`Z`"))
    assert (status, found) == ("error", ["no cell of the chapter binds 'Z'"])


def test_a_changed_shape_turns_the_chapter_red(book) -> None:
    book.write("ch", chapter())
    read = book.read("ch")
    lines = [7, 8]
    shapes = [m for m in mutants(read) if m.place.line - 5 in lines]
    kinds = {m.kind for m in shapes}
    assert {"sign", "digit"} <= kinds
    tried = try_mutants(read, book.project, shapes)
    assert {each.fate for each in tried} == {"killed"}


def test_sizes_without_a_value_are_refused_where_asked(tmp_path: Path) -> None:
    path = tmp_path / "ch.md"
    path.write_text(CHAPTER.replace("`W[ell]`", ""))
    project = Project.find(path)
    read = read_chapter(path, project)
    assert lint_chapter(read, project)[1:] == []
    strict = replace(project, unbound_mathematics="refuse")
    found = [f for f in lint_chapter(read, strict) if f.rule[:7] == "unbound"]
    assert {f.place.line for f in found} == {7}
    assert "the row has no value" in found[0].message + found[1].message
