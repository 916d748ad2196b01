"""Random formulas, each made together with the NumPy that it should mean.

The two texts grow side by side, by a table; the press evaluates one, Python
the other.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from latex_scope import Bench

from bookproof.latex.evaluate import Evaluator
from bookproof.latex.functions import ROUNDING, real
from bookproof.latex.statements import read_symbol
from bookproof.latex.values import floating


class Twin(NamedTuple):
    """A formula and the same in NumPy."""

    latex: str
    python: str


LEAVES = {
    "s": [Twin("k", "k"), Twin("2", "2.0"), Twin(r"\frac13", "1 / 3")],
    "c": [
        Twin("u", "u"),
        Twin("v", "v"),
        Twin(r"\mathbf{1}_3", "np.ones(3)"),
    ],
    "m": [Twin("A", "A"), Twin("B", "B"), Twin("I_3", "np.eye(3)")],
}
# The kind made, the kinds it is made of, and the two texts.
RULES: list[tuple[str, str, str, str]] = [
    ("s", "ss", "({0}) + ({1})", "({0}) + ({1})"),
    ("s", "ss", "({0}) - ({1})", "({0}) - ({1})"),
    ("s", "ss", r"({0}) \cdot ({1})", "({0}) * ({1})"),
    ("s", "s", "({0})^2", "({0}) ** 2"),
    ("s", "s", "-({0})", "-({0})"),
    ("s", "s", r"\tanh({0})", "np.tanh({0})"),
    ("s", "s", r"\lvert {0} \rvert", "abs({0})"),
    ("s", "s", r"\frac{{1}}{{1 + ({0})^2}}", "1 / (1 + ({0}) ** 2)"),
    ("s", "s", r"\sqrt{{1 + ({0})^2}}", "np.sqrt(1 + ({0}) ** 2)"),
    ("s", "ss", r"\max({0}, {1})", "np.maximum({0}, {1})"),
    ("s", "cc", r"({0})^\top ({1})", "({0}) @ ({1})"),
    ("s", "cc", r"\langle {0}, {1} \rangle", "np.dot({0}, {1})"),
    ("s", "c", r"\lVert {0} \rVert", "np.linalg.norm({0})"),
    ("s", "c", r"\lVert {0} \rVert_1", "abs({0}).sum()"),
    ("s", "c", r"\lVert {0} \rVert_\infty", "abs({0}).max()"),
    ("s", "c", r"\left({0}\right)_2", "({0})[1]"),
    ("s", "c", r"\sum_{{i=1}}^{{3}} \left({0}\right)_i", "np.sum({0})"),
    ("s", "m", r"\operatorname{{tr}}({0})", "np.trace({0})"),
    ("s", "m", r"\lVert {0} \rVert_F", "np.sqrt(np.sum(({0}) ** 2))"),
    ("s", "m", r"\left({0}\right)_{{2,3}}", "({0})[1, 2]"),
    (
        "s",
        "ss",
        r"\begin{{cases}} {0} & \text{{if }} {0} > {1} \\"
        r" {1} & \text{{otherwise}} \end{{cases}}",
        "({0}) if ({0}) > ({1}) else ({1})",
    ),
    ("c", "cc", "({0}) + ({1})", "({0}) + ({1})"),
    ("c", "cc", r"({0}) \odot ({1})", "({0}) * ({1})"),
    ("c", "sc", r"({0}) \cdot ({1})", "({0}) * ({1})"),
    ("c", "mc", r"({0}) \cdot ({1})", "({0}) @ ({1})"),
    ("c", "c", r"\tanh({0})", "np.tanh({0})"),
    ("c", "c", r"\left({0}\right)^{{\odot 2}}", "({0}) ** 2"),
    ("c", "m", r"\operatorname{{diag}}({0})", "np.diag({0}).copy()"),
    ("m", "mm", "({0}) - ({1})", "({0}) - ({1})"),
    ("m", "mm", r"({0}) \cdot ({1})", "({0}) @ ({1})"),
    ("m", "mm", r"({0}) \odot ({1})", "({0}) * ({1})"),
    ("m", "sm", r"({0}) \cdot ({1})", "({0}) * ({1})"),
    ("m", "m", r"\left({0}\right)^\top", "({0}).T"),
    ("m", "m", r"\left({0}\right)^2", "({0}) @ ({0})"),
    ("m", "cc", r"({0}) \cdot ({1})^\top", "np.outer({0}, {1})"),
    ("m", "c", r"\operatorname{{diag}}({0})", "np.diag({0})"),
]


@st.composite
def twins(draw: st.DrawFn, kind: str, depth: int) -> Twin:
    """A formula of a kind: scalar, column of three, or three by three."""
    if depth == 0 or draw(st.integers(0, 4)) == 0:
        return draw(st.sampled_from(LEAVES[kind]))
    rules = [rule for rule in RULES if rule[0] == kind]
    _, parts, latex, python = draw(st.sampled_from(rules))
    inner = [draw(twins(part, depth - 1)) for part in parts]
    return Twin(
        latex.format(*(f"({one.latex})" for one in inner)),
        python.format(*(f"({one.python})" for one in inner)),
    )


@given(
    st.sampled_from("scm").flatmap(lambda kind: twins(kind, 3)),
    st.integers(0, 10**6),
)
@settings(max_examples=300, deadline=None, derandomize=True)
def test_a_formula_means_what_its_twin_does(twin: Twin, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = {
        "A": rng.normal(size=(3, 3)),
        "B": rng.normal(size=(3, 3)),
        "u": rng.normal(size=3),
        "v": rng.normal(size=3),
        "k": float(rng.normal()),
    }
    bench = Bench(**names).rows(**{name: name for name in names})
    env = Evaluator(bench.scope.bindings, bench.evaluate)
    value = floating(env.value(read_symbol(twin.latex)))
    expected = np.asarray(eval(twin.python, {"np": np, **names}))
    assume(np.all(np.abs(expected) < 1e100))
    assert np.shape(value.v) == expected.shape
    allowed = ROUNDING * 2 * np.asarray(real(value.m)) + 1e-300
    assert np.all(np.abs(np.asarray(value.v) - expected) <= allowed)
