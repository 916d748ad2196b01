"""No text makes the reader or the evaluator raise, or run past its limit."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from latex_scope import Bench

sys.path.insert(0, str(Path(__file__).parents[1] / "fuzz"))

from soup import WORDS, formulas, trial

FORMULAS = list(formulas())
FUZZ = settings(max_examples=200, deadline=None, derandomize=True)


@given(st.lists(st.sampled_from(WORDS), max_size=25).map(" ".join))
@FUZZ
def test_words_in_any_order(text: str) -> None:
    trial(text)


@given(st.text(max_size=40))
@FUZZ
def test_any_characters(text: str) -> None:
    trial(text)


@given(
    st.sampled_from(FORMULAS),
    st.floats(0, 1),
    st.integers(0, 12),
    st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join),
)
@FUZZ
def test_formulas_with_a_piece_replaced(
    formula: str, at: float, length: int, piece: str
) -> None:
    place = int(at * len(formula))
    trial(formula[:place] + piece + formula[place + length :])


TOO_MUCH = [
    "10^{10^{10}} = 1",
    "2^{40000} > 1",
    r"\sum_{i=1}^{10^9} i = 1",
    r"\sum_{i=1}^{1000} \sum_{j=1}^{1000} \sum_{k=1}^{1000} 1 = 10^9",
    r"\prod_{i=1}^{100000} i = 1",
    "9!!!! = 1",
    "(10^{1000})! = 1",
    r"\binom{10^9}{5 \cdot 10^8} = 1",
    "I_{10000}^{-1} = I_{10000}",
    r"\mathbf{1}_{10000} \mathbf{1}_{10000}^\top = 1",
    "(2 I_3)^{1000000} = I_3",
    "(" * 2000 + "x" + ")" * 2000 + " = 2",
    "-(" * 2000 + "x" + ")" * 2000 + " = 2",
    "x" + "^{x" * 500 + "}" * 500 + " = 2",
    r"\sqrt{" * 900 + "x" + "}" * 900 + " = 2",
    "1" * 5000 + " = 2",
    "0." + "1" * 9000 + " = 2",
    "x = " + "x + " * 3000 + "x",
    "10^{-" + "1" * 5000 + "} = 2",
    r"x \approx 10^{-99999999999}",
    r"2 \times 10^{99999999} \approx 3",
    "10^{4000} = 10^{4000} + 1",
    "a_1000 = 1",
    "a_{1000} = 1",
    "f(1) = 1",
]


@pytest.mark.parametrize("text", TOO_MUCH)
def test_what_asks_for_too_much_is_an_error(text: str) -> None:
    bench = (
        Bench().rows(x="2").let("a_n = a_{n-1} + a_{n-2}", "f(z) = f(z) + 1")
    )
    verdict = bench.check(text)
    assert verdict.status == "error"
    assert {finding.rule for finding in verdict.findings} <= {
        "limit",
        "undefined",
        "approx",
        "cycle",
        "latex",
    }


def test_large_matrices_are_refused_before_numpy_starts() -> None:
    bench = Bench(n=2000).rows(B="np.ones((n, n))")
    for text in ("B B = B", r"\det B = 1", r"\lVert B \rVert_2 = 1"):
        verdict = bench.check(text)
        assert [finding.rule for finding in verdict.findings] == ["limit"]
