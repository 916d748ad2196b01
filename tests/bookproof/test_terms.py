r"""Terms bound to Python: {claim}`W^\top \delta <back>`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from latex_scope import Bench, shown

W = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])
DELTA = np.array([2.0, -1.0])
BACK = np.array([1.75, -7.0, 2.0])  # W^\top \delta, worked out by hand


@pytest.fixture
def bench() -> Bench:
    made = Bench(
        W=W,
        delta=DELTA,
        back=BACK,
        row=BACK[None, :],
        layers=[W, W + 1],
        third=1 / 3,
        size=6,
    )
    made.table(
        [("W", "W"), (r"\delta", "delta"), (r"V^{(\ell)}", "layers[ell]")]
    )
    return made.let("x = 2", "y = 3")


HOLD = [
    (r"W^\top \delta", "back"),
    (r"\delta^\top W", "row"),
    ("x y", "size"),
    ("x / (x y)", "third"),
    ("W_{2,3}", "W.item(5)"),
    ("V^{(1)}", "W + 1"),
    (r"\delta_1", "-2 * delta[1]"),
    ("x - y", "-int(W[0, 0])"),
    (r"W^\top \delta.", "back"),
]


@pytest.mark.parametrize(("term", "expression"), HOLD)
def test_a_term_that_has_the_value_holds(
    bench: Bench, term: str, expression: str
) -> None:
    verdict = bench.check(term, expression=expression)
    assert verdict.status == "holds", shown(verdict)
    assert verdict.relations == 1


FAIL = [  # term, expression, part of the message
    (r"W^\top \delta", "back + [0, 0, 1e-9]", "not equal"),
    (r"W^\top \delta", "-back", "not equal"),
    ("x y", "size + 1", "not equal"),
    ("x / (x y)", "0.333333333", "not equal"),
    ("W_{2,2}", "W.item(5)", "not equal"),
    ("y - x", "-int(W[0, 0])", "not equal"),
]


@pytest.mark.parametrize(("term", "expression", "message"), FAIL)
def test_a_term_with_another_value_fails(
    bench: Bench, term: str, expression: str, message: str
) -> None:
    verdict = bench.check(term, expression=f"0 + {expression}")
    assert verdict.status == "fails", shown(verdict)
    (finding,) = verdict.findings
    assert (finding.rule, finding.place.line) == ("claim", 10)
    assert message in finding.message
    assert finding.left != finding.right


REFUSED = [  # term, expression, rule, part of the message
    (r"W^\top \delta", "row", "shape", "a matrix (1, 3)"),
    (r"\delta^\top W", "back", "shape", r"is a ^\top missing?"),
    (r"W^\top \delta", "0 * size", "shape", "the right side a scalar"),
    (r"W^\top \delta = \delta", "back", "latex", "no relation"),
    ("x, y", "size", "latex", "one term is bound"),
    (r"W \delta", "back", "shape", ""),
    ("q", "size", "unbound", "q is not bound"),
    ("x y", "6", "vacuous", "is a constant"),
    ("x y", "(-6)", "vacuous", "is a constant"),
    ("W", "( W )", "vacuous", "this very expression"),
    (r"V^{(\ell)}", "layers[ell]", "vacuous", "this very expression"),
    ("x y", "size +", "claim", "not one Python expression"),
    ("x y", "size / 0", "python", "ZeroDivisionError"),
    ("x y", "np", "shape", "expected a number or an array"),
    ("x - x", "size - 6.0 + 0 * float('nan')", "vacuous", "NaN"),
]


@pytest.mark.parametrize(("term", "expression", "rule", "message"), REFUSED)
def test_what_proves_nothing_is_refused(
    bench: Bench, term: str, expression: str, rule: str, message: str
) -> None:
    verdict = bench.check(term, expression=expression)
    assert verdict.status == "error", shown(verdict)
    (finding,) = verdict.findings
    assert finding.rule == rule, shown(verdict)
    assert message in finding.message


def test_a_term_waits_for_a_name_that_is_bound_later(bench: Bench) -> None:
    verdict = bench.check(r"W^\top \delta", expression="later @ W")
    assert (verdict.status, verdict.missing) == ("waiting", "later")


def test_a_term_is_checked_at_every_index(bench: Bench) -> None:
    loop = r"\ell in range(2)"
    good = bench.check(r"V^{(\ell)} \delta'", expression="W @ BACK", for_=loop)
    assert good.status == "error"  # \delta' is not bound
    bench.rows(s="back")
    good = bench.check(
        r"V^{(\ell)} s", expression="(W + ell) @ back", for_=loop
    )
    assert good.status == "holds", shown(good)
    assert good.relations == 2
    bad = bench.check(r"V^{(\ell)} s", expression="W @ back", for_=loop)
    assert bad.status == "fails"
    assert r"\ell = 1" in bad.findings[0].notes[-1]


def drawn(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    while True:
        yield {"a": rng.normal(size=4), "b": rng.normal(size=4)}


def once(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    while True:
        yield {"a": np.ones(4), "b": np.arange(4.0)}


def test_a_term_is_checked_in_every_draw() -> None:
    bench = Bench(drawn=drawn, once=once)
    good = bench.check("a - b", expression="-(b - a)", given="drawn")
    assert good.status == "holds", shown(good)
    assert good.draws == 5
    bad = bench.check("a - b", expression="abs(a - b)", given="drawn")
    assert bad.status == "fails"
    same = bench.check("a - b", expression="-(b - a)", given="once")
    assert [finding.rule for finding in same.findings] == ["vacuous"]


CHAPTER = """\
# A chapter

```{symbols}
| symbol | meaning | shape | value |
|---|---|---|---|
| $u$ | one | column | `u` |
| $v$ | other | column | `v` |
```

Early {claim}`early: u + v <total>`, {claim}`never: u + v <totals>`.

```{code-cell} ipython3
import numpy as np
u, v = np.array([1.0, 2.0]), np.array([0.5, -4.0])
total = np.array([1.5, -2.0])
def moved():
    global total
    total = total + 0
    return total
```

So {claim}`role: u + v <total>`, {claim}`less: u < v + 9`,
and {claim}`wrong: u - v <total>`.

```{claim} display
:source: s-one
u + v
<total[total > -9]>
```

Not {claim}`impure: u + v <moved()>`.
"""


def test_a_term_is_a_role_and_a_directive(book) -> None:
    seen = book.verdicts(CHAPTER)
    good = {name for name, one in seen.items() if one.status == "holds"}
    assert {"early", "role", "less", "display"} <= good
    assert seen["wrong"].status == "fails"
    assert seen["role"].text == "u + v"
    assert seen["role"].expression == "total"
    assert seen["display"].expression == "total[total > -9]"
    assert seen["display"].sources == ("s-one",)
    assert [f.rule for f in seen["impure"].findings] == ["impure"]
    (never,) = seen["never"].findings
    assert "'totals'" in never.message
    assert (never.place.line, never.place.column) == (15, 60)


def test_a_wrong_expression_is_seen_without_running(book) -> None:
    book.write("ch", "# A\n\nSo {claim}`x y <6 +>` and {claim}`<x>`.\n")
    findings = book.read("ch").findings
    assert [f.message for f in findings] == [
        "not one Python expression: invalid syntax",
        "a {claim} without a term",
    ]
    assert findings[0].place.column == 17
