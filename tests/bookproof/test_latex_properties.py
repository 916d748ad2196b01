"""Properties of the reader and the evaluator, over random formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from latex_scope import Bench

from bookproof.latex import tree as t
from bookproof.latex.errors import FormulaError
from bookproof.latex.evaluate import Evaluator
from bookproof.latex.functions import real
from bookproof.latex.printing import show_node
from bookproof.latex.statements import read_formula, read_symbol
from bookproof.latex.values import floating

LETTERS = "abcxyz"


def symbols() -> st.SearchStrategy[t.Node]:
    script = st.one_of(
        st.integers(0, 12).map(lambda n: t.Number(str(n))),
        st.sampled_from("ijk").map(t.Symbol),
    )
    return st.builds(
        t.Symbol,
        st.sampled_from([*LETTERS, r"\theta", r"\mathcal{L}", r"\mathrm{bn}"]),
        st.sampled_from([(), (r"\hat",), (r"\bar",), (r"\dot", r"\tilde")]),
        st.integers(0, 2),
        st.sampled_from([(), ("*",), ("new",)]),
        st.one_of(st.just(()), st.tuples(script)),
        st.one_of(st.just(()), st.tuples(script), st.tuples(script, script)),
    )


def numbers() -> st.SearchStrategy[t.Node]:
    return st.one_of(
        st.integers(0, 999).map(lambda n: t.Number(str(n))),
        st.decimals(0, 99, places=2).map(lambda d: t.Number(str(d))),
    )


def several(
    inner: st.SearchStrategy[t.Node],
) -> st.SearchStrategy[tuple[t.Node, ...]]:
    return st.lists(inner, min_size=2, max_size=3).map(tuple)


def compound(inner: st.SearchStrategy[t.Node]) -> st.SearchStrategy[t.Node]:
    plain = st.sampled_from(LETTERS).map(t.Symbol)

    def added(terms: tuple[t.Node, ...], signs: list[int]) -> t.Node:
        return t.Add(terms, tuple(signs[: len(terms)]))

    def joined(kind: Any, *ops: str) -> Callable[..., t.Node]:
        def make(factors: tuple[t.Node, ...], which: list[str]) -> t.Node:
            return kind(factors, tuple(which[: len(factors) - 1]))

        return make

    signs = st.lists(st.sampled_from([1, -1]), min_size=3, max_size=3)
    dots = st.lists(
        st.sampled_from([r"\cdot", r"\times"]), min_size=2, max_size=2
    )
    circles = st.lists(
        st.sampled_from([r"\odot", r"\oslash"]), min_size=2, max_size=2
    )
    return st.one_of(
        st.builds(added, several(inner), signs),
        st.builds(joined(t.Product), several(inner), dots),
        st.builds(joined(t.Elementwise), several(inner), circles),
        st.builds(t.Product, st.tuples(inner, inner), st.just(("",))),
        st.builds(t.Product, st.tuples(inner, inner), st.just(("/",))),
        st.builds(t.Ratio, inner, inner),
        st.builds(t.Power, inner, inner),
        st.builds(t.Transpose, inner),
        st.builds(t.Root, inner, st.one_of(st.none(), inner)),
        st.builds(t.Negative, inner),
        st.builds(t.Norm, inner, st.sampled_from([None, t.Number("2")])),
        st.builds(t.Bars, st.sampled_from(["abs", "floor", "ceil"]), inner),
        st.builds(t.Inner, inner, inner),
        st.builds(
            t.Apply,
            st.sampled_from(["exp", "log", "tanh", "diag", "tr"]),
            st.tuples(inner),
        ),
        st.builds(t.Apply, st.just("max"), several(inner)),
        st.builds(t.Call, plain, st.tuples(inner)),
        st.builds(
            t.Over,
            st.sampled_from([r"\sum", r"\prod"]),
            st.tuples(st.sampled_from("ijk").map(t.Symbol)),
            inner,
            inner,
            inner,
        ),
        st.builds(t.Derivative, plain, st.tuples(plain), st.booleans()),
        st.builds(t.At, inner, st.tuples(st.tuples(plain, inner))),
        st.builds(
            lambda a, b, c, d: t.Matrix(((a, b), (c, d))),
            inner,
            inner,
            inner,
            inner,
        ),
    )


TREES = st.recursive(st.one_of(symbols(), numbers()), compound, max_leaves=8)


@given(TREES)
@settings(max_examples=60, deadline=None, derandomize=True)
def test_what_is_printed_reads_as_itself(tree: t.Node) -> None:
    printed = show_node(tree)
    try:
        again = read_symbol(printed)
    except FormulaError as error:
        # Formulas that the press asks to be written with brackets.
        assume("still belong" not in error.message)
        raise AssertionError(f"{printed}: {error.message}") from error
    assert show_node(again) == printed


@given(TREES)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_reading_again_gives_the_same_tree(tree: t.Node) -> None:
    try:
        first = read_symbol(show_node(tree))
    except FormulaError:
        assume(False)
    assert read_symbol(show_node(first)) == first


def error_offset(text: str) -> int:
    """Where reading fails; 0 when it does not."""
    try:
        read_formula(text)
    except FormulaError as error:
        return error.at
    return 0


@given(st.text(alphabet="x1+-=^_{}()\\,&|' \\frac\\sum\\partial", max_size=40))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_text_reads_or_is_a_placed_error(text: str) -> None:
    assert 0 <= error_offset(text) <= len(text)


TWINS = [
    ("u + v", "u + v"),
    (r"A u", "A @ u"),
    (r"u^\top B", "(u @ B)[None, :]"),
    (r"u v^\top", "np.outer(u, v)"),
    (r"u \odot v - v", "u * v - v"),
    (r"\frac{u^\top v}{1 + \lVert u \rVert^2}", "u @ v / (1 + u @ u)"),
    (r"\tanh(A u + v)", "np.tanh(A @ u + v)"),
    (r"A^\top (A u - v)", "A.T @ (A @ u - v)"),
    (r"\operatorname{tr}(A B)", "np.trace(A @ B)"),
    (r"(A + 3 I_3)^{-1} u", "np.linalg.solve(A + 3 * np.eye(3), u)"),
    (r"\sum_{i=1}^{3} u_i v_i^2", "(u * v**2).sum()"),
    (r"\sum_i A_{i2} u_i", "A[:, 1] @ u"),
    (r"\prod_{i=1}^{3} (1 + u_i^2)", "np.prod(1 + u**2)"),
    (r"\max_i u_i - \min_i v_i", "u.max() - v.min()"),
    (r"\exp(u) \oslash (1 + \exp(u))", "np.exp(u) / (1 + np.exp(u))"),
    (r"\sqrt{|k|} + \log(1 + k^2)", "np.sqrt(abs(k)) + np.log1p(k * k)"),
    (r"e^{-u^{\odot 2}}", "np.exp(-u**2)"),
    (r"k u + \mathbf{1}_3 v_1", "k * u + v[0]"),
    (r"\operatorname{diag}(u) A", "u[:, None] * A"),
    (r"\lVert A \rVert_F", "np.linalg.norm(A)"),
    (
        r"\begin{cases} k & k > 0 \\ -2 k & \text{otherwise} \end{cases}",
        "k if k > 0 else -2 * k",
    ),
]


@pytest.mark.parametrize(("latex", "python"), TWINS)
@given(seed=st.integers(0, 10**6))
@settings(max_examples=6, deadline=None, derandomize=True)
def test_it_means_what_numpy_says(latex: str, python: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names: dict[str, Any] = {
        "A": rng.normal(size=(3, 3)),
        "B": rng.normal(size=(3, 3)),
        "u": rng.normal(size=3),
        "v": rng.normal(size=3),
        "k": float(rng.normal()),
    }
    bench = Bench(**names).rows(**{name: name for name in names})
    node = read_symbol(latex)
    value = Evaluator(bench.scope.bindings, bench.evaluate).value(node)
    expected = eval(python, {"np": np, **names})
    np.testing.assert_allclose(
        np.asarray(real(floating(value).v)), expected, rtol=1e-9, atol=1e-12
    )


DERIVATIVES = [
    (r"\sin(k^2)", lambda k: 2 * k * math.cos(k * k)),
    (r"\frac{k}{1 + k^2}", lambda k: (1 - k * k) / (1 + k * k) ** 2),
    (r"e^{-k} \cos k", lambda k: -math.exp(-k) * (math.cos(k) + math.sin(k))),
    (r"\log(1 + e^k)", lambda k: 1 / (1 + math.exp(-k))),
    (r"(1 + k^2)^{3/2}", lambda k: 3 * k * math.sqrt(1 + k * k)),
    (r"\sqrt{1 + k^4}", lambda k: 2 * k**3 / math.sqrt(1 + k**4)),
    (r"2^k", lambda k: 2**k * math.log(2)),
    (r"\max(k, -1)^2", lambda k: 2 * k if k > -1 else 0.0),
    (r"k |k|", lambda k: 2 * abs(k)),
]


@pytest.mark.parametrize(("latex", "slope"), DERIVATIVES)
@given(k=st.floats(0.1, 3.0), sign=st.sampled_from([-1.0, 1.0]))
@settings(max_examples=6, deadline=None, derandomize=True)
def test_derivatives_by_two_routes(
    latex: str, slope: Callable[[float], float], k: float, sign: float
) -> None:
    assume(abs(k - 1.0) > 1e-3)
    k *= sign
    bench = Bench(k=k, f=lambda z: z).rows(k="k", f="f")
    bench.let(f"g = {latex}", rf"h = f(1) {latex}")
    env = Evaluator(bench.scope.bindings, bench.evaluate)
    exact = env.value(read_symbol(r"\frac{\partial g}{\partial k}")).v
    assert math.isclose(exact, slope(k), rel_tol=1e-12, abs_tol=1e-13)
    # Through Python the same derivative is found by differences.
    bench = Bench(k=k, f=lambda z: z * 1.0).rows(k="k", f="f")
    bench.let(f"g(k) = {latex}", "h = g(f(k))")
    env = Evaluator(bench.scope.bindings, bench.evaluate)
    rough = env.value(read_symbol(r"\frac{\partial h}{\partial k}")).v
    assert math.isclose(rough, slope(k), rel_tol=1e-6, abs_tol=1e-7)
