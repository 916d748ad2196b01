r"""What must be refused, and what must be said about it, rule by rule."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pytest
from latex_scope import Bench, shown

from bookproof.diagnostics import Text
from bookproof.latex.limits import limited


@pytest.fixture
def bench() -> Bench:
    rng = np.random.default_rng(3)
    made = Bench(
        A=rng.normal(size=(3, 4)),
        S=rng.normal(size=(3, 3)),
        u=rng.normal(size=3),
        c=rng.normal(size=4),
    )
    made.rows(A="A", S="S", u="u", c="c", v="u / 2")
    return made.let("x = 2", "y = 3", r"\mathcal{L} = x^2 y", "f(a) = a^2")


REFUSED = [  # formula, rule, part of the message, column
    # Reading (rule 15)
    ("1/x y = 1", "latex", "denominator", 5),
    (r"\log 2 x = 1", "latex", "argument", 8),
    (r"\log 2 \cdot x = 1", "latex", "no brackets", 8),
    ("x^12 = 1", "latex", "first digit", 3),
    ("x_12 = 1", "latex", "first digit", 3),
    ("||x| - y| = 1", "latex", "not read", 2),
    ("x(y) = 6", "latex", "no function here", 1),
    ("x(y, 2) = 6", "latex", "no function here", 1),
    ("x(2) = 4", "latex", "no function here", 1),
    ("x 2 = 4", "latex", "number after a factor", 3),
    ("x = ", "latex", "missing", 4),
    ("= 2", "latex", "nothing stands before", 1),
    ("(x + y = 5", "latex", "still open", 8),
    ("x + y) = 5", "latex", "closes nothing", 6),
    (r"\frac{x}{y = 1", "latex", "still open", 12),
    (r"x \pm y = 5", "latex", "two formulas", 3),
    (r"x + \dots + y = 5", "latex", "dots are not evaluated", 5),
    (r"x \circ y = 6", "latex", "odot", 3),
    (r"x \sim y", "latex", "distribution", 3),
    (r"x \leftarrow y", "latex", "assignment", 3),
    (r"x \equiv y", "latex", "not checked", 3),
    ("x := 2", "latex", "let", 3),
    ("x + y", "latex", "relation is missing", 1),
    (r"\int x = 2", "latex", "not read", 1),
    (r"x = 2 \text{ if } y = 3", "latex", "condition", 7),
    (r"\sum x = 2", "latex", "index below", 1),
    (r"\sum_k k = 2", "latex", "which values", 1),
    (r"\nabla \mathcal{L} = 2", "latex", "nabla_x", 1),
    (r"\frac{\partial^2 \mathcal{L}}{\partial x} = 2", "latex", "order 2", 1),
    (
        r"\begin{aligned} x &= 2 && \text{as } y = 3 \end{aligned}",
        "latex",
        "reason",
        40,
    ),
    # Refused outright (rule 16)
    (r"\def\x{3} x = 2", "refused", "refused", 1),
    (r"\phantom{9} x = 2", "refused", "refused", 1),
    (r"8 \! \! 1 = 8", "refused", "over another", 3),
    (r"\color{red} x = 2", "refused", "refused", 1),
    (r"\htmlClass{a}{x} = 2", "refused", "refused", 1),
    ("x = 2 % no", "refused", "comment", 7),
    ("x − y = −1", "refused", "ASCII sign", 3),
    ("x = ２", "refused", "write 2", 5),
    ("а = 2", "refused", "Latin", 1),
    (r"x = 2 \text{ for 3 steps}", "refused", "digits", 18),
    # Limits (rule 17)
    ("x = " + "1 + " * 3000 + "1", "limit", "10 kB", 1),
    ("(" * 250 + "x" + ")" * 250 + " = 2", "limit", "deep", 202),
    (r"\sum_{k=1}^{2000000} k = 1", "limit", "million", 13),
    (r"501! = 1", "limit", "4096 bits", 1),
    # Unbound and undefined
    (r"q = 2", "unbound", "q is not bound", 1),
    (r"x + \theta = 2", "unbound", r"\theta is not bound", 5),
    (r"\sigma(x) = 2", "unbound", r"\sigma is not bound", 1),
    (r"x' = 2", "unbound", "is not bound", 1),
    (r"\frac{x}{y - 3} = 2", "undefined", "division by zero", 10),
    (r"\log(x - 2) = 2", "undefined", "logarithm", 1),
    (r"\sqrt{x - y} = 2", "undefined", "negative", 1),
    (r"f = 2", "shape", "function", 1),
    # Shapes (rule 12)
    (r"u u = 1", "shape", r"\odot", 3),
    (r"u A = 1", "shape", r"\top", 3),
    (r"A u = c", "shape", "do not fit", 3),
    (r"A^\top u = (A^\top u)^\top", "shape", r"\top", 10),
    (r"u = u^\top", "shape", "row of 3", 3),
    (r"A = A^\top", "shape", "transpose", 3),
    (r"u + c = 1", "shape", "cannot be added", 5),
    (r"A + c = 1", "shape", r"\mathbf{1}", 5),
    (r"u = x", "shape", "a scalar", 3),
    (r"x / u = 1", "shape", r"\oslash", 5),
    (r"u \odot c = 1", "shape", "shapes differ", 9),
    (r"x \odot u = 1", "shape", "shapes differ", 9),
    (r"|u| = 1", "shape", r"\lVert", 1),
    (r"\lVert A \rVert = 1", "shape", "F", 1),
    (r"A^2 = A", "shape", "not square", 1),
    (r"e^{S} = S", "shape", r"\exp", 1),
    (r"u_4 = 1", "shape", "outside of 1 to 3", 3),
    (r"u_0 = 1", "shape", "outside of 1 to 3", 3),
    (r"S_{23} = 1", "shape", "comma", 1),
    (r"S_2 = 1", "shape", "2 indices", 1),
    (r"x_1 = 1", "unbound", "x_{1} is not bound", 1),
    (r"\sum_i A_{ij} = 1", "unbound", "j is not bound", 12),
    (r"\sum_i u_i c_i = 1", "shape", "different sizes", 1),
    # Derivatives (rule 11)
    (
        r"\frac{\partial \mathcal{L}}{\partial u} = 0",
        "independent",
        "does not depend",
        1,
    ),
    (r"\frac{\partial x}{\partial y} = 0", "independent", "not depend", 1),
    (r"\frac{\partial A}{\partial A} = 1", "shape", "axes", 1),
    (r"\nabla_u u = 1", "shape", "only a scalar", 1),
    (
        r"\frac{\partial \lVert u - 2 v \rVert}{\partial u} = 0",
        "undefined",
        "no derivative",
        16,
    ),
    (
        r"\frac{\partial |x - 2|}{\partial x} = 0",
        "undefined",
        "no derivative",
        16,
    ),
    (
        r"\frac{\partial \max(x, 2)}{\partial x} = 0",
        "undefined",
        "no derivative",
        16,
    ),
    (r"\left. y \right|_{x = 1} = 3", "independent", "depends", 19),
    # Approximation (rule 9) and sequences (rule 10)
    (r"x \approx \sqrt 4", "approx", "printed number", 3),
    (r"x \propto y", "option", ":along:", 3),
    (r"x \to 2", "option", ":along:", 3),
    (r"x = O(y)", "option", ":along:", 3),
    # Vacuous (rule 7)
    (r"x y = x y", "vacuous", "same", 5),
    (r"(x y) = x y", "vacuous", "same", 7),
    (r"u - u = 0 \cdot u", "holds", "", 0),
    (r"0 \cdot 0 = 0", "vacuous", "zero", 11),
    # Bounds (rule 6)
    (r"x < 4", "loose-bound", "one unit", 5),
    (r"x \le 2.1", "loose-bound", "one unit", 7),
    (r"1.7 < x", "loose-bound", "one unit", 1),
    (r"x < \frac{10}{3}", "loose-bound", "never reached", 5),
]


@pytest.mark.parametrize(
    ("formula", "rule", "words", "column"),
    [case for case in REFUSED if case[1] != "holds"],
    ids=[f"{case[1]}-{case[0][:40]}" for case in REFUSED if case[1] != "holds"],
)
def test_it_is_refused(
    bench: Bench, formula: str, rule: str, words: str, column: int
) -> None:
    verdict = bench.check(formula)
    assert verdict.status == "error", shown(verdict)
    finding = verdict.findings[0]
    assert finding.rule == rule, shown(verdict)
    assert words in finding.message + " ".join(finding.notes), shown(verdict)
    assert finding.place.column == column, shown(verdict)
    assert finding.place.line == 10


@pytest.mark.parametrize(
    "formula",
    [
        r"x < 3",
        r"x \le 2",
        r"1.9 < x",
        r"x \le \sqrt 4",
        r"0 < \frac14",
        r"u \cdot 0 = 0",
    ],
)
def test_tight_bounds_hold(bench: Bench, formula: str) -> None:
    verdict = bench.check(formula)
    assert verdict.status == "holds", shown(verdict)


def test_a_false_claim_says_how_far_apart(bench: Bench) -> None:
    verdict = bench.check("x + y = 6")
    (finding,) = verdict.findings
    assert verdict.status == "fails"
    assert (finding.left, finding.right) == ("5", "6")
    assert finding.place.column == 7
    assert "apart: 1, 0.167 relative" in finding.notes


def test_arrays_say_where_they_differ_most(bench: Bench) -> None:
    bench.namespace["d"] = bench.namespace["u"] + [0, 0.5, 1e-3]
    bench.rows(d="d")
    (finding,) = bench.check("u = d").findings
    assert "a column of 3" in (finding.left or "")
    assert "largest at entry 2; 2 of 3 entries differ" in finding.notes[0]


def test_all_findings_at_once(bench: Bench) -> None:
    verdict = bench.check(r"x = 3, \quad y = 4, \quad x + y = 5")
    assert [f.place.column for f in verdict.findings] == [3, 16]
    verdict = bench.check(r"q = 3, \quad k = 4")
    assert [f.rule for f in verdict.findings] == ["unbound", "unbound"]


def test_values_have_ten_digits_and_keep_fractions(bench: Bench) -> None:
    verdict = bench.check(r"\frac13 \approx 0.333 \approx \frac{333}{1000}")
    assert verdict.values == (("1/3", "0.333"), ("0.333", "0.333"))
    assert bench.check(r"\sqrt 2 \approx 1.41").values[0][0] == "1.414213562"


# Equality (rule 8)


def test_equality_is_exact_for_rationals(bench: Bench) -> None:
    assert bench.check("0.1 + 0.2 = 0.3").status == "holds"
    tiny = "0." + "0" * 40 + "1"
    assert bench.check(f"x + {tiny} = 2").status == "fails"
    assert bench.check(f"x + {tiny} > 2", loose="x").status == "holds"


def test_equality_has_no_absolute_tolerance(bench: Bench) -> None:
    bench.namespace["t"] = 1e-300
    bench.rows(t="t")
    assert bench.check("t = 0").status == "fails"
    assert bench.check(r"t = 2 t").status == "fails"


def test_rounding_is_allowed_for_by_magnitude(bench: Bench) -> None:
    bench.namespace.update(a=1e6, b=0.1)
    bench.rows(a="a", b="b")
    assert bench.check(r"(a + b) - a = b").status == "holds"
    assert bench.check(r"(a + b) - a = 1.00001 b").status == "fails"


@pytest.mark.parametrize(
    "formula",
    [
        r"(a + b) - a = b",
        r"(a + b) - a = 2 b",
        r"(a + b) - a \approx 2.0",
        r"b \ge (a + b) - a",
        r"a u - a u + u = 2 u",
        r"\exp(50) - \exp(50) + 1 = 2",
    ],
)
def test_what_rounding_hides_is_not_checked(bench: Bench, formula: str) -> None:
    bench.namespace.update(a=1e16, b=1.0)
    bench.rows(a="a", b="b")
    verdict = bench.check(formula)
    assert [each.rule for each in verdict.findings] == ["vacuous"]
    assert "rounding hides" in verdict.findings[0].message


def test_one_draw_of_many_may_cancel(bench: Bench) -> None:
    formula = "(a_k + b) - a_k = b"
    bench.namespace.update(a=np.array([1e16, 2.0]), b=0.5)
    bench.rows(a="a", b="b")
    assert bench.check(formula, for_="k in [1, 2]").status == "holds"
    (finding,) = bench.check(formula, for_="k in [1]").findings
    assert "rounding hides" in finding.message


def test_what_cancels_to_zero_is_checked(bench: Bench) -> None:
    right = r"S u - (S - x I) u - x u = 0"
    assert bench.check(right).status == "holds"
    assert bench.check(right.replace("- x u", "- y u")).status == "fails"


def test_strictness_needs_more_than_rounding(bench: Bench) -> None:
    bench.namespace["s"] = 0.1 + 0.2
    bench.rows(s="s")
    for formula in (r"s > 0.3", r"s \ne 0.3", r"s < 0.3"):
        assert bench.check(formula, loose="x").status == "fails"
    for formula in (r"s \le 0.3", r"s \ge 0.3"):
        assert bench.check(formula, loose="x").status == "holds"
    assert bench.check(r"s = 0.3").status == "holds"


def test_nan_and_infinity_are_errors(bench: Bench) -> None:
    bench.namespace.update(n=float("nan"), i=float("inf"))
    bench.rows(n="n", i="i")
    assert bench.check("n = n + 1").findings[0].rule == "vacuous"
    assert bench.check("i = 2 i").findings[0].rule == "vacuous"


# Lets (rule 13)


def test_a_let_is_evaluated_when_used() -> None:
    bench = Bench().let("b = a + 1", "a = 2")
    assert bench.check("b = 3").status == "holds"


def test_a_second_let_needs_redefine() -> None:
    bench = Bench().let("a = 2")
    (finding,) = bench.bad_let("a = 3")
    assert finding.rule == "redefined"
    assert "chapter.md:10" in finding.notes[0]
    bench.let("a = 3", redefine=True)
    assert bench.check("a = 3").status == "holds"
    assert Bench().bad_let("a = 3", redefine=True)[0].rule == "redefined"


def test_a_let_of_a_redefined_symbol_is_stale() -> None:
    bench = Bench().let("a = 2", "b = a + 1").let("a = 3", redefine=True)
    (finding,) = bench.check("b = 4").findings
    assert finding.rule == "redefined"
    assert "line 10" in finding.message
    bench.let("b = a + 1", redefine=True)
    assert bench.check("b = 4").status == "holds"


def test_a_circle_is_found() -> None:
    bench = Bench().let("a = b", "b = c", "c = a + 1")
    (finding,) = bench.check("a = 1").findings
    assert finding.rule == "cycle"
    assert "a → b → c → a" in finding.message


def test_a_family_without_base_is_found() -> None:
    bench = Bench().let("k_t = k_{t-1} + 1")
    (finding,) = bench.check("k_3 = 1").findings
    assert "base case" in finding.message


def test_a_long_recursion_is_walked_from_its_base() -> None:
    bench = Bench().let("k_0 = 0", "k_t = k_{t-1} + 2")
    assert bench.check("k_{3000} = 6000").status == "holds"


def test_an_error_in_a_let_is_placed_in_the_let() -> None:
    bench = Bench()
    let = bench.marker("a = 1 + q", "let")
    bench.scope.let(let)
    (finding,) = bench.check("2 a = 1").findings
    assert finding.rule == "unbound"
    assert finding.place.column == 9
    assert finding.notes[-1] == "needed at chapter.md:10:1"


@pytest.mark.parametrize(
    "body", ["2 = x", "x + 1 = 3", "x = 2 = 2", "x", "x < 3", "f(2) = 3"]
)
def test_what_a_let_cannot_be(body: str) -> None:
    assert Bench().bad_let(body)


def test_a_fork_does_not_see_later_lets() -> None:
    bench = Bench().let("a = 2")
    fork = bench.scope.fork()
    bench.let("a = 3", redefine=True)
    assert fork.check(bench.marker("a = 2")).status == "holds"
    assert bench.check("a = 3").status == "holds"


def test_two_witnesses_must_agree() -> None:
    bench = Bench(v=6.0, g=3.0, slope=lambda z: 2 * z)
    bench.let("x = 2", "y = 3", "v = x y").rows(v="v")
    assert bench.check("v = 6").status == "holds"
    bench.namespace["v"] = 6.5
    (finding,) = bench.check("v = 6").findings
    assert finding.rule == "witness"
    assert "6.5" in " ".join(finding.notes)


def test_a_bound_derivative_must_agree() -> None:
    bench = Bench(g=3.0).let("x = 2", "y = 3", "v = x y")
    bench.table([(r"\frac{\partial v}{\partial x}", "g")])
    assert bench.check(r"\partial v/\partial x = 3").status == "holds"
    bench.namespace["g"] = 4.0
    assert bench.check(r"\partial v/\partial x = 3").findings[0].rule == (
        "witness"
    )


def test_a_bound_slope_must_agree() -> None:
    bench = Bench().let("f(a) = a^2", "f'(a) = 2 a", "g(a) = a^2", "g'(a) = a")
    assert bench.check("f'(3) = 6").status == "holds"
    assert bench.check("g'(3) = 3").findings[0].rule == "witness"


# Symbols and indices (rule 14)


def test_patterns_bind_their_index() -> None:
    bench = Bench(W=[None, 10.0, 20.0, 30.0])
    bench.table([(r"W^{(\ell)}", "W[ell]")])
    assert bench.check(r"W^{(2)} = 20").status == "holds"
    loop = r"\ell in range(1, 3)"
    assert (
        bench.check(r"W^{(\ell+1)} = W^{(\ell)} + 10", for_=loop).status
        == "holds"
    )
    assert (
        bench.check(r"W^{(\ell+1)} = W^{(\ell)} + 11", for_=loop).status
        == "fails"
    )


def test_a_negative_index_is_an_error() -> None:
    bench = Bench(W=[1.0, 2.0]).table([(r"W_t", "W[t]")])
    verdict = bench.check(r"W_{t-1} = 2", for_="t in [0]")
    assert "negative" in verdict.findings[0].message


def test_exact_before_pattern_before_entry() -> None:
    bench = Bench(p=np.array([5.0, 6.0, 7.0]), calls=lambda k: 100 + k)
    bench.rows(p="p")
    assert bench.check("p_2 = 6").status == "holds"
    bench.table([("p_k", "calls(k)")])
    assert bench.check("p_2 = 102").status == "holds"
    bench.let("p_2 = 1")
    assert bench.check("p_2 = 1").status == "holds"
    assert bench.check("p_3 = 103").status == "holds"


def test_a_letter_with_a_row_of_its_own_is_no_index() -> None:
    bench = Bench(g=[1.0, 2.0], x=1).rows(x="x")
    bench.table([("g_x", "g[x]")])
    assert bench.check("g_x = 2").status == "holds"


def test_a_name_not_bound_yet_waits() -> None:
    bench = Bench().rows(q="later + 1")
    verdict = bench.check("q = 3")
    assert (verdict.status, verdict.missing) == ("waiting", "later")
    bench.namespace["later"] = 2
    assert bench.check("q = 3").status == "holds"


def test_python_that_raises_is_an_error() -> None:
    bench = Bench().rows(q="1 / 0")
    (finding,) = bench.check("q = 3").findings
    assert finding.rule == "python"
    assert "ZeroDivisionError" in finding.message


@pytest.mark.parametrize(
    "row", [("x + y", "1"), ("x", "1 +"), ("x^2", "4"), (r"\frac{", "1")]
)
def test_bad_rows(row: tuple[str, str]) -> None:
    assert Bench().bad_table([row])


def test_rows_are_unique() -> None:
    assert Bench(a=1).rows(x="a").bad_table([("x", "a")])


# Options (rules 2, 5, 6, 7, 25)


def pairs(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    while True:
        yield {"a": rng.normal(size=3), r"\omega": rng.normal(size=3)}


def scalars(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    while True:
        yield {"a": rng.uniform(-1, 3)}


@pytest.fixture
def drawing() -> Bench:
    return Bench(
        pairs=pairs,
        scalars=scalars,
        same=lambda: ({"a": 2.0} for _ in range(9)),
        few=lambda rng: ({"a": rng.normal()} for _ in range(3)),
        once=lambda rng: {"a": rng.normal()},
        wrong=lambda: iter([1, 2, 3, 4, 5]),
    )


def test_draws_are_made_and_counted(drawing: Bench) -> None:
    verdict = drawing.check(r"a^\top \omega = \omega^\top a", given="pairs")
    assert (verdict.status, verdict.draws, verdict.relations) == ("holds", 5, 5)
    verdict = drawing.check(
        r"a^\top \omega = \omega^\top a", given="pairs", draws="9"
    )
    assert verdict.draws == 9


def test_a_false_draw_is_described(drawing: Bench) -> None:
    (finding,) = drawing.check(r"a = \omega", given="pairs").findings
    assert any("draw 1" in note and r"\omega" in note for note in finding.notes)


def test_draws_are_the_same_each_time(drawing: Bench) -> None:
    one = drawing.check(r"a = \omega", given="pairs")
    assert one == drawing.check(r"a = \omega", given="pairs")
    other = drawing.check(r"a = \omega", given="pairs", id="other")
    assert one.values != other.values


def test_a_function_that_returns_one_draw_is_called_again(
    drawing: Bench,
) -> None:
    verdict = drawing.check(r"(a + 1) (a - 1) = a^2 - 1", given="once")
    assert (verdict.status, verdict.draws) == ("holds", 5)


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ({"given": "same"}, "vacuous"),
        ({"given": "few"}, "option"),
        ({"given": "wrong"}, "option"),
        ({"given": "pairs +"}, "option"),
        ({"given": "scalars", "draws": "4"}, "option"),
        ({"given": "scalars", "assuming": "a > 100"}, "vacuous"),
        ({"given": "scalars", "rtol": "1e-3"}, "option"),
        ({"given": "scalars", "rtol": "much"}, "option"),
        ({"for_": "n in []"}, "vacuous"),
        ({"for_": "n of range(3)"}, "option"),
        ({"layout": "columns"}, "option"),
        ({"loose": " "}, "option"),
        ({"along": "n in [1, 2, 3]"}, "unbound"),
    ],
)
def test_bad_options(
    drawing: Bench, options: dict[str, str], rule: str
) -> None:
    verdict = drawing.check(r"a + 1 - 1 = a", **options)
    assert verdict.status == "error", shown(verdict)
    assert verdict.findings[0].rule == rule


@pytest.mark.parametrize(
    ("formula", "options", "said"),
    [
        ("2 + 2 = 4", {"given": "pairs"}, "nothing that :given: draws"),
        ("2 + 2 = 4", {"for_": "k in range(3)"}, "does not use k"),
        ("a + 0 = a", {"given": "scalars", "where": "z = 3"}, "not use z"),
        ("a = b", {"given": "scalars", "where": "b = 2 * a - a"}, ""),
        ("k^2 = s", {"for_": "k in range(3)", "where": "s = k**2"}, ""),
        (r"a^\top a = a_1^2 + a_2^2 + a_3^2", {"given": "pairs"}, ""),
        (r"\omega_1 = (1, 0, 0)^\top \omega", {"given": "pairs"}, ""),
        ("a = a + 0", {"given": "once", "assuming": "a > 0"}, ""),
    ],
)
def test_what_is_bound_is_used(
    drawing: Bench, formula: str, options: dict[str, str], said: str
) -> None:
    found = drawing.check(formula, **options).findings
    assert [each.rule for each in found] == ["vacuous"] * bool(said)
    assert all(said in each.message for each in found)


def test_draws_are_counted_of_a_generator_only(bench: Bench) -> None:
    (finding,) = bench.check("x = 2", draws="9").findings
    assert finding.rule == "option"


def test_rtol_with_a_reason(bench: Bench) -> None:
    bench.namespace["k"] = np.float32(0.1)
    bench.rows(k="k")
    assert bench.check("k = 0.1").status == "fails"
    assert bench.check("k = 0.1", rtol="1e-6 float32").status == "holds"
    assert bench.check("k = 0.2", rtol="1e-6 float32").status == "fails"


def test_nested_loops(bench: Bench) -> None:
    verdict = bench.check(
        r"(i + j)^2 = i^2 + 2 i j + j^2",
        for_="i in range(3); j in range(i + 1)",
    )
    assert (verdict.status, verdict.relations) == ("holds", 6)


def test_where_binds_for_one_claim(bench: Bench) -> None:
    assert bench.check("k x = 6", where="k = 3").status == "holds"
    assert bench.check("k x = 6").status == "error"


def test_a_printed_range_is_the_loop(bench: Bench) -> None:
    assert bench.check("k^2 < 26", range=r"k = 1, \dots, 5").status == "holds"
    assert bench.check("k^2 < 26", range=r"k = 1, \dots, 6").status == "fails"
    assert bench.check("k^2 < 26", range=r"k = 1, \dots, 4").status == "error"


def test_assuming_filters_draws(drawing: Bench) -> None:
    formula = r"\sqrt{a}^2 = a"
    assert drawing.check(formula, given="scalars").status == "error"
    verdict = drawing.check(formula, given="scalars", assuming="a > 0")
    assert verdict.status == "holds", shown(verdict)


def test_a_condition_must_matter(drawing: Bench) -> None:
    good = drawing.check(r"|a| = a", given="scalars", when=(r"a > 0",))
    assert good.status == "holds", shown(good)
    idle = drawing.check(r"|a|^2 = a^2", given="scalars", when=(r"a > 0",))
    assert idle.findings[0].rule == "when"
    never = drawing.check(r"|a + 2| = a + 2", given="scalars", when=("a > -2",))
    assert "no case breaks" in never.findings[0].message


def test_a_condition_holds_in_every_accepted_draw(drawing: Bench) -> None:
    verdict = drawing.check(
        "|a| = a",
        given="scalars",
        assuming="a > -0.5",
        when=("a > 0",),
        draws="40",
    )
    assert verdict.findings[0].rule == "when"
    assert "does not hold" in verdict.findings[0].message


def test_bounds_are_tight_over_draws(drawing: Bench) -> None:
    drawing.let(r"\sigma(z) = \frac{1}{1 + e^{-z}}")
    slope = r"\sigma'(k) \le \frac14"
    assert drawing.check(slope, for_="k in range(-3, 4)").status == "holds"
    assert drawing.check(slope, for_="k in range(1, 4)").findings[0].rule == (
        "loose-bound"
    )
    assert (
        drawing.check(
            slope, for_="k in range(1, 4)", loose="zero is left out"
        ).status
        == "holds"
    )


@pytest.mark.parametrize("formula", [r"x = 2", r"x \approx 2.0", r"x \le x^2"])
def test_where_nothing_bounds_no_reason_is_due(
    bench: Bench, formula: str
) -> None:
    assert bench.check(formula).status == "holds"
    verdict = bench.check(formula, loose="another BLAS")
    (finding,) = verdict.findings
    assert (finding.rule, verdict.status) == ("option", "error")
    assert "this claim has none" in finding.message


def test_batches_of_rows() -> None:
    rng = np.random.default_rng(1)
    X, W, b = (
        rng.normal(size=(5, 3)),
        rng.normal(size=(2, 3)),
        rng.normal(size=2),
    )
    bench = Bench(X=X, W=W, b=b, Z=X @ W.T + b)
    bench.rows(X="X", W="W", b="b", Z="Z")
    plain = r"Z = X W^\top + b"
    assert bench.check(plain).findings[0].rule == "shape"
    assert bench.check(plain, rows="X, Z").status == "holds"
    assert bench.check(r"Z = X W^\top - b", rows="X, Z").status == "fails"
    assert bench.check(r"Z = X W^\top + \mathbf{1}_5 b^\top").status == "holds"


def test_denominator_layout(bench: Bench) -> None:
    jacobian = r"\frac{\partial (A c)}{\partial c} = A"
    assert bench.check(jacobian).status == "holds"
    assert bench.check(jacobian, layout="denominator").status == "error"
    turned = r"\frac{\partial (A c)}{\partial c} = A^\top"
    assert bench.check(turned, layout="denominator").status == "holds"


SIZES = "n in [10, 20, 40, 80, 160, 320]"


@pytest.mark.parametrize(
    ("formula", "status"),
    [
        (r"3 n^2 \propto n^2", "holds"),
        (r"3 n^2 + n \propto n^2", "fails"),
        (r"1 + \frac{1}{n} \to 1.00", "holds"),
        (r"1 + \frac{1}{n} \to 1.000", "fails"),
        (r"1 + \frac{1}{n} \to 2", "fails"),
        (r"n^2 \to \infty", "holds"),
        (r"3 n^2 + n = O(n^2)", "holds"),
        (r"3 n^2 + n = O(n)", "fails"),
        (r"n \log n = O(n)", "fails"),
    ],
)
def test_sequences(formula: str, status: str) -> None:
    verdict = Bench().check(formula, along=SIZES)
    assert verdict.status == status, shown(verdict)


# The oracle


def test_a_large_gradient_is_checked_along_directions() -> None:
    rng = np.random.default_rng(5)
    bench = Bench(W=rng.normal(size=(20, 30)), x=rng.normal(size=30))
    bench.rows(W="W", x="x").let(r"Q = \frac12 \lVert W x \rVert^2")
    right = r"\frac{\partial Q}{\partial W} = W x x^\top"
    assert bench.check(right).status == "holds"
    wrong = r"\frac{\partial Q}{\partial W} = 2 W x x^\top"
    assert bench.check(wrong).status == "fails"


def test_python_functions_are_differenced() -> None:
    bench = Bench(f=lambda z: np.sin(z) * z).rows(f="f").let("x = 1.5")
    right = r"f'(x) = x \cos(x) + \sin(x)"
    assert bench.check(right).status == "holds"
    assert bench.check(r"f'(x) = x \cos(x)").status == "fails"
    through = r"\frac{\partial f(x^2)}{\partial x} = 2 x f'(x^2)"
    assert bench.check(through).status == "holds"


def test_a_kink_in_python_is_found() -> None:
    bench = Bench(f=abs).rows(f="f").let("x = 0")
    (finding,) = bench.check(r"f'(x) = 0").findings
    assert "two slopes" in finding.message


def test_a_noisy_function_has_no_derivative() -> None:
    bench = Bench(f=lambda z: np.round(z, 3)).rows(f="f").let("x = 1.5")
    (finding,) = bench.check(r"f'(x) = 1").findings
    assert finding.rule in ("oracle", "undefined")


def test_exact_values_from_python() -> None:
    bench = Bench(q=Fraction(1, 3)).rows(q="q")
    assert bench.check("3 q = 1").status == "holds"
    assert bench.check("3 q = 1.0000000000000000001").status == "fails"


# Mathematics outside of markers (rule 20)


@pytest.mark.parametrize(
    ("formula", "rules"),
    [
        ("x", []),
        (r"u_i", []),
        (r"x^2", []),
        (r"\mathcal{L}", []),
        (r"\partial \mathcal{L}/\partial x", []),
        (r"\mathrm{d}x", []),
        (r"\odot", []),
        (r"f'", []),
        (r"A^\top u", []),
        (r"u_1, \dots, u_n", []),
        (r"q", ["unbound"]),
        (r"x + q k", ["unbound", "unbound"]),
        (r"2 x", ["number-in-mathematics"]),
        ("7", ["number-in-mathematics"]),
        (r"\frac12", ["number-in-mathematics"] * 2),
        ("x = y", ["relation-outside-marker"]),
        (r"x_{", ["latex"]),
    ],
)
def test_plain_mathematics(
    bench: Bench, formula: str, rules: list[str]
) -> None:
    found = bench.scope.read(Text.at(formula), relation_allowed=False)
    assert [finding.rule for finding in found] == rules


def test_rows_without_a_value_explain(bench: Bench) -> None:
    bench.table([(r"\theta_t", None), (r"n_0, \dots, n_L", None)])
    for formula in (r"\theta_t", r"\theta_{t-1}", "n_0"):
        assert not bench.scope.read(Text.at(formula), relation_allowed=False)
    (finding,) = bench.check(r"\theta_t = 1").findings
    assert "no value" in " ".join(finding.notes)


def test_macros_are_expanded(bench: Bench) -> None:
    assert bench.check(r"u \in \R^3").status == "holds"
    assert bench.check(r"u \in \R^4").status == "fails"


def test_a_number_beyond_floats_is_a_placed_error(bench: Bench) -> None:
    (finding,) = bench.check(r"100^{336} < \lVert 0.5 \rVert").findings
    assert "float64" in finding.message
    assert finding.place.column == 11


def test_an_endless_claim_is_stopped(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "bookproof.judging.claims.limited", partial(limited, 0.05)
    )
    formula = r"\sum_{i=1}^{999} \sum_{j=1}^{999} i j = 1"
    (finding,) = bench.check(formula).findings
    assert finding.rule == "limit"
    assert "longer than" in finding.message
