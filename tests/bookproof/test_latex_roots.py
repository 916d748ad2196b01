"""Roots near zero: the slope is infinite there, and the error is not."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from latex_scope import Bench

from bookproof.latex.functions import ROUNDING, elementwise
from bookproof.latex.values import Value

RNG = np.random.default_rng(3)
A, B = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
U = RNG.normal(size=3)
NAMES = {"A": "A", "B": "B", "u": "u", "v": "v", "w": "w", "x": "x", "y": "y"}


@pytest.fixture
def bench() -> Bench:
    values = {"A": A, "B": B, "u": U, "v": U.copy(), "w": U + 1e-6}
    return Bench(**values, x=0.1 + 0.2, y=0.3).rows(**NAMES)


@pytest.mark.parametrize(
    ("formula", "status"),
    [
        (r"\lVert u - v \rVert = 0", "holds"),
        (r"\lVert (A + B) u - A u - B u \rVert = 0", "holds"),
        (r"\sqrt{x - y} = 0", "holds"),
        (r"\lVert A - A \rVert_F \le \lVert u - v \rVert", "holds"),
        (r"1 + \lVert u - v \rVert = 1", "holds"),
        (r"\lVert u - w \rVert = 0", "fails"),
        (r"\lVert u - v \rVert = 10^{-6}", "fails"),
        (r"\lVert u - v \rVert > 0", "fails"),
        (r"\sqrt{x - y} = 10^{-6}", "fails"),
    ],
)
def test_a_root_of_what_is_zero_but_for_rounding(
    bench: Bench, formula: str, status: str
) -> None:
    assert bench.check(formula).status == status


@pytest.mark.parametrize("v", [0.0, 1e-30, 1e-15, 1e-9, 1.0, 1e6])
@pytest.mark.parametrize("m", [0.0, 1e-6, 1.0, 1e4])
def test_the_margin_is_the_greatest_error_and_not_much_more(
    v: float, m: float
) -> None:
    """The radicand lies anywhere within its own margin, and not below zero."""
    root = elementwise("sqrt", Value(v, m))
    with mp.workdps(60):
        middle, off = mp.mpf(v), mp.mpf(ROUNDING) * mp.mpf(m)
        ends = (mp.sqrt(middle + off), mp.sqrt(max(middle - off, 0)))
        worst = max(abs(end - mp.sqrt(middle)) for end in ends)
        allowed = mp.mpf(ROUNDING) * (mp.mpf(root.m) - abs(mp.mpf(root.v)))
    slack = ROUNDING * float(root.v) * 1e-3 + 1e-300
    assert worst <= allowed * (1 + 1e-9) + slack
    # A third of its margin is where the root can move least both ways.
    assert allowed <= worst * 1.7321 + slack
