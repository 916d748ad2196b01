"""Derivatives of random chains of definitions, against dual numbers.

The true derivative is carried along by hand-written rules in fifty digits;
the press differentiates the printed formulas. What it does not get right must
be within the error that it estimates itself, which is what its tolerance is
made of.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from latex_scope import Bench

from bookproof.latex.differences import differentiate
from bookproof.latex.errors import FormulaError
from bookproof.latex.evaluate import Evaluator
from bookproof.latex.functions import ROUNDING, real
from bookproof.latex.statements import read_symbol
from bookproof.latex.values import Value, floating

mp.mp.dps = 50


@dataclass
class Dual:
    """A number and its derivative."""

    v: Any
    d: Any


def _unary(name: str, x: Dual) -> Dual:
    f, slope = {
        "exp": (mp.exp, mp.exp),
        "tanh": (mp.tanh, lambda t: 1 / mp.cosh(t) ** 2),
        "sin": (mp.sin, mp.cos),
        "cos": (mp.cos, lambda t: -mp.sin(t)),
        "arctan": (mp.atan, lambda t: 1 / (1 + t * t)),
        "root": (
            lambda t: mp.sqrt(1 + t * t),
            lambda t: t / mp.sqrt(1 + t * t),
        ),
        "log": (lambda t: mp.log(1 + t * t), lambda t: 2 * t / (1 + t * t)),
        "sigmoid": (
            lambda t: 1 / (1 + mp.exp(-t)),
            lambda t: mp.exp(-t) / (1 + mp.exp(-t)) ** 2,
        ),
        "cube": (lambda t: t**3, lambda t: 3 * t**2),
        "relu": (lambda t: max(t, 0), lambda t: 1 if t > 0 else 0),
    }[name]
    return Dual(f(x.v), slope(x.v) * x.d)


UNARY = {
    "exp": r"\exp({})",
    "tanh": r"\tanh({})",
    "sin": r"\sin({})",
    "cos": r"\cos({})",
    "arctan": r"\arctan({})",
    "root": r"\sqrt{{1 + ({})^2}}",
    "log": r"\log(1 + ({})^2)",
    "sigmoid": r"\frac{{1}}{{1 + e^{{-({})}}}}",
    "cube": r"({})^3",
    "relu": r"\max({}, 0)",
}
BINARY: dict[str, tuple[str, Callable[[Dual, Dual], Dual]]] = {
    "add": ("({}) + ({})", lambda a, b: Dual(a.v + b.v, a.d + b.d)),
    "sub": ("({}) - ({})", lambda a, b: Dual(a.v - b.v, a.d - b.d)),
    "mul": (
        r"({}) \cdot ({})",
        lambda a, b: Dual(a.v * b.v, a.d * b.v + a.v * b.d),
    ),
    "div": (
        r"\frac{{{}}}{{2 + \cos({})}}",
        lambda a, b: Dual(
            a.v / (2 + mp.cos(b.v)),
            (a.d * (2 + mp.cos(b.v)) + a.v * mp.sin(b.v) * b.d)
            / (2 + mp.cos(b.v)) ** 2,
        ),
    ),
}
# A formula is a letter, a number, or a name with one or two formulas.
Plan = Any


def plans(letters: str) -> st.SearchStrategy[Plan]:
    leaf = st.one_of(st.sampled_from(letters), st.integers(1, 9))
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(list(UNARY)), inner),
            st.tuples(st.sampled_from(list(BINARY)), inner, inner),
        ),
        max_leaves=4,
    )


def latex(plan: Plan) -> str:
    if not isinstance(plan, tuple):
        return str(plan)
    name, *inner = plan
    form = UNARY.get(name) or BINARY[name][0]
    return form.format(*map(latex, inner))


def dual(plan: Plan, known: dict[str, Dual]) -> Dual:
    if isinstance(plan, int):
        return Dual(mp.mpf(plan), mp.mpf(0))
    if isinstance(plan, str):
        return known[plan]
    name, *inner = plan
    values = [dual(one, known) for one in inner]
    if name in UNARY:
        if name == "relu":  # what the press refuses: two slopes
            assume(abs(values[0].v) > 1e-3)
        assume(name not in ("exp", "sigmoid") or abs(values[0].v) < 20)
        return _unary(name, values[0])
    return BINARY[name][1](*values)


CHAINS = st.tuples(*(plans("kabc"[: n + 1]) for n in range(3)), plans("abck"))
NAMES = "abcq"
# Far from where squares underflow.
POINTS = st.floats(-3, 3).filter(lambda k: abs(k) > 1e-6)


def truth(chain: tuple[Plan, ...], k: float, by: str) -> Dual:
    """The last formula's value and derivative by a letter, cut loose."""
    known = {"k": Dual(mp.mpf(k), mp.mpf(by == "k"))}
    for name, plan in zip(NAMES, chain, strict=True):
        found = dual(plan, known)
        known[name] = Dual(found.v, mp.mpf(1)) if name == by else found
    assume(all(abs(x.v) < 1e8 and abs(x.d) < 1e8 for x in known.values()))
    return known["q"]


def found(bench: Bench, text: str) -> Value | FormulaError:
    try:
        env = Evaluator(bench.scope.bindings, bench.evaluate)
        with np.errstate(all="ignore"):
            return floating(env.value(read_symbol(text)))
    except FormulaError as error:
        return error


def honest(value: Value | FormulaError, true: Any) -> bool:
    """Whether the value errs by no more than it says."""
    assert isinstance(value, Value), value
    allowed = ROUNDING * float(real(value.m)) + 1e-300
    return abs(mp.mpf(float(value.v)) - true) <= allowed


@given(CHAINS, POINTS, st.sampled_from("kabc"))
# The cube at zero: a slope of zero, from a complex step that leaves its square.
@example((("relu", "k"), "k", "k", ("cube", "a")), -1.0, "a")
@settings(max_examples=2000, deadline=None, derandomize=True)
def test_derivatives_through_chains_of_definitions(
    chain: tuple[Plan, ...], k: float, by: str
) -> None:
    true = truth(chain, k, by)
    bench = Bench(k=k).rows(k="k")
    bench.let(*(f"{n} = {latex(p)}" for n, p in zip(NAMES, chain, strict=True)))
    value = found(bench, rf"\frac{{\partial q}}{{\partial {by}}}")
    if isinstance(value, FormulaError):
        # No path from q leads to the letter: an error, and truly zero.
        assert value.rule == "independent", value
        assert true.d == 0
        return
    assert honest(value, true.d)


@given(plans("k"), POINTS)
@settings(max_examples=600, deadline=None, derandomize=True)
def test_differences_estimate_their_own_error(plan: Plan, k: float) -> None:
    true = truth((plan, "a", "a", "a"), k, "k")
    assume(true.d != 0)
    # What Python returns cannot be stepped through in the complex plane.
    bench = Bench(k=k, g=lambda z: z * 1.0).rows(k="k", g="g")
    bench.let(f"f(t) = {latex(plan).replace('k', 't')}", "q = f(g(k))")
    value = found(bench, r"\frac{\partial q}{\partial k}")
    if isinstance(value, FormulaError):
        # It may say that it cannot, never a number that is wrong.
        assert value.rule in ("oracle", "undefined", "independent"), value
        return
    assert honest(value, true.d)


@pytest.mark.parametrize("k", [150.0, 234.0, 300.0, 354.0, 373.0])
def test_tiny_slopes_do_not_underflow_unnoticed(k: float) -> None:
    """tanh is flat far out: its slope falls to 1e-323 and below."""
    bench = Bench(k=k).rows(k="k")
    value = found(bench, r"\frac{\partial \tanh(k)}{\partial k}")
    assert honest(value, 1 / mp.cosh(mp.mpf(k)) ** 2)


def _softmax(u: Any) -> Any:
    return np.exp(u) / np.exp(u).sum()


ARRAYS: list[tuple[str, str, Callable[[Any, Any, Any], Any]]] = [
    (r"u^\top S u", "u", lambda u, v, S: (S + S.T) @ u),
    (r"u^\top S v", "S", lambda u, v, S: np.outer(u, v)),
    (r"\lVert S u - v \rVert^2", "u", lambda u, v, S: 2 * S.T @ (S @ u - v)),
    (
        r"\lVert S u - v \rVert^2",
        "S",
        lambda u, v, S: 2 * np.outer(S @ u - v, u),
    ),
    (r"\log \sum_{i=1}^{3} e^{u_i}", "u", lambda u, v, S: _softmax(u)),
    (r"\operatorname{tr}(S^\top S)", "S", lambda u, v, S: 2 * S),
    (
        r"\tanh(S u)",
        "u",
        lambda u, v, S: S / np.cosh(S @ u)[:, None] ** 2,
    ),
    (r"S^{-1} v", "v", lambda u, v, S: np.linalg.inv(S)),
    (
        r"v^\top S^{-1} u",
        "S",
        lambda u, v, S: (
            -np.outer(np.linalg.solve(S.T, v), np.linalg.solve(S, u))
        ),
    ),
    (r"\log(\det S)", "S", lambda u, v, S: np.linalg.inv(S).T),
    (r"u \odot (S v)", "u", lambda u, v, S: np.diag(S @ v)),
]


@pytest.mark.parametrize(("formula", "by", "closed"), ARRAYS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=20, deadline=None, derandomize=True)
def test_derivatives_by_arrays(
    formula: str, by: str, closed: Callable[..., Any], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    arrays = {
        "u": rng.normal(size=3),
        "v": rng.normal(size=3),
        "S": rng.normal(size=(3, 3)) + 4 * np.eye(3),
    }
    bench = Bench(**arrays).rows(**{name: name for name in arrays})
    bench.let(f"q = {formula}")
    value = found(bench, rf"\frac{{\partial q}}{{\partial {by}}}")
    assert isinstance(value, Value), value
    expected = closed(arrays["u"], arrays["v"], arrays["S"])
    assert np.shape(value.v) == np.shape(expected)
    # The closed form is rounded too: by no more than the magnitude allows.
    assert np.all(np.abs(value.v - expected) <= 2 * ROUNDING * real(value.m))


def test_differences_stop_when_rounding_alone_is_left() -> None:
    """The estimate stays honest, and smooth functions cost half."""
    for f, slope in ((math.exp, 1.0), (math.sin, 1.0), (math.atan, 1.0)):
        steps: list[float] = []

        def at(step: float, f=f, steps=steps) -> tuple[float, float]:
            steps.append(step)
            return f(step), abs(f(step))

        found, error = differentiate(at, 1.0)
        assert abs(found - slope) <= error < 1e-12
        assert len(steps) <= 30
