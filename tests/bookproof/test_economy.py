"""What is known already is not worked out again: counted, not timed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from latex_scope import Bench, shown

from bookproof.diagnostics import Text
from bookproof.latex import steps
from bookproof.reading import texts


class Counted:
    """A function of Python, so that differences are taken; counts."""

    def __init__(self, factor: float) -> None:
        self.factor = factor
        self.calls = 0

    def __call__(self, value: float) -> float:
        self.calls += 1
        return self.factor * value**2


def test_a_derivative_evaluates_again_only_what_moves() -> None:
    still, moving = Counted(1.0), Counted(3.0)
    bench = Bench(still=still, moving=moving)
    bench.rows(g="still", k="moving", a="5", x="2.0")
    bench.let("c = g(a)", "u = c x", "s = c k(x) + u")
    # s = 75 x^2 + 25 x, but for the rounding of the differences
    verdict = bench.check(r"\frac{\partial s}{\partial x} = 325")
    assert verdict.status == "holds", shown(verdict)
    assert moving.calls > 15
    assert still.calls < 5


def test_nested_derivatives_keep_apart_what_each_of_them_moves() -> None:
    still, moving = Counted(1.0), Counted(1.0)
    bench = Bench(still=still, moving=moving)
    bench.rows(g="still", k="moving", x="2.0", y="3.0")
    bench.let("c = g(x)", "d = k(y)", "s = c d + c^2", "p = c + d")
    # s = x^2 y^2 + x^4 and p = x^2 + y^2
    for formula in (
        r"\frac{\partial^2 s}{\partial x \partial y} = 4 x y",
        r"\frac{\partial^2 s}{\partial y \partial x} = 4 x y",
        r"\frac{\partial^2 s}{\partial x^2} = 2 y^2 + 12 x^2",
        r"\frac{\partial s}{\partial y} \frac{\partial p}{\partial x}"
        " = 4 x^3 y",
        r"\frac{\partial^2 p}{\partial y^2} = 2",
        r"\frac{\partial^{+} s}{\partial d} = c",
        r"\frac{\partial^{+} s}{\partial c} = d + 2 c",
        r"\left. s \right|_{c = 1} = d + 1",
    ):
        verdict = bench.check(formula)
        assert verdict.status == "holds", formula + "\n" + shown(verdict)


def test_both_witnesses_are_heard_after_a_derivative_heard_one() -> None:
    bench = Bench(c=7.0, x=2.0)
    bench.rows(c="c", x="x")
    bench.let("c = 6", "s = c x")
    verdict = bench.check(r"\frac{\partial s}{\partial x} = 6 = c")
    assert [finding.rule for finding in verdict.findings] == ["witness"]


def test_numpys_own_functions_are_differentiated_without_differences(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delattr(steps, "differentiate")
    bench = Bench(x=np.array([0.3, -1.1]), y=0.7)
    bench.rows(**{r"\phi": "np.tanh", "q": "np.arctan", "x": "x", "y": "y"})
    for formula in (
        r"\frac{\partial \phi(x)}{\partial x}"
        r" = \operatorname{diag}(1 - \phi(x)^{\odot 2})",
        r"\frac{\partial q(y)}{\partial y} = \frac{1}{1 + y^2}",
        r"\phi'(y) = 1 - \phi(y)^2",
    ):
        verdict = bench.check(formula)
        assert verdict.status == "holds", formula + "\n" + shown(verdict)


@given(st.lists(st.text("ab\n", max_size=6), min_size=1, max_size=4))
def test_the_lines_of_a_text_are_its_cuts(parts: list[str]) -> None:
    pieces = [
        Text(part, "f", ((0, 3 * number + 1, number + 2),))
        for number, part in enumerate(parts)
    ]
    for separator in ("", "\n"):
        whole = texts.join(pieces, "f", separator)
        start, expected = 0, []
        for line in whole.text.split("\n"):
            expected.append(texts.cut(whole, start, start + len(line)))
            start += len(line) + 1
        assert texts.lines(whole) == expected
