"""The check of gradients: what it must reject, excuse, name and accept."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from test_rules import CASES

import chainrule as cr
import chainrule.nn.functional as F
from chainrule.differences import difference_step
from chainrule.engine import Each, Primitive, Tuned
from chainrule.nested import leaves, paths
from chainrule.rules.table import primitives

BY_NAME = {p.name: p for p in primitives}
FILLED = [
    pytest.param(name, f, args, id=f"{name}-{i}")
    for name, cases in CASES.items()
    for i, (f, args) in enumerate(cases)
    if all(x.size for x in args)
]


def scaled(rule: Callable[..., Any], by: float, calls: list[str]) -> Any:
    def wrong(*args: Any, **kwargs: Any) -> Any:
        calls.append("rule")
        found = rule(*args, **kwargs)
        if isinstance(found, tuple | list):  # what a tuned pair returns
            return [None if g is None else g * by for g in found]
        return found * by

    return wrong


@contextmanager
def planted(primitive: Primitive, by: float) -> Iterator[list[str]]:
    """All reverse rules of a primitive, pure and tuned, times a factor."""
    vjps, tuned, calls = primitive.vjps, primitive.tuned, list[str]()
    if isinstance(vjps, Each):
        primitive.vjps = Each(scaled(vjps.rule, by, calls))
    else:
        primitive.vjps = [rule and scaled(rule, by, calls) for rule in vjps]
    if tuned:
        wrong = scaled(tuned.backward, by, calls)
        primitive.tuned = Tuned(tuned.forward, wrong)
    try:
        yield calls
    finally:
        primitive.vjps, primitive.tuned = vjps, tuned


def error_of(f: Any, args: Any, **options: Any) -> cr.GradientError:
    with pytest.raises(cr.GradientError) as caught:
        cr.gradcheck(f, args, **options)
    return caught.value


def test_every_primitive_is_planted_and_used() -> None:
    assert {case.values[0] for case in FILLED} == set(BY_NAME)
    for case in FILLED:
        name, f, args = case.values
        with planted(BY_NAME[name], 1.0) as calls:
            assert cr.gradcheck(f, args, directional=True)
        assert calls


@pytest.mark.parametrize(("name", "f", "args"), FILLED)
def test_an_error_of_a_thousandth_in_a_rule_is_rejected(
    name: str, f: Any, args: Any
) -> None:
    with planted(BY_NAME[name], 1.001):
        error = error_of(f, args)
    assert error.cause == ""
    assert 1e-5 < error.relative_error < 0.1


@pytest.mark.parametrize(("name", "f", "args"), FILLED)
def test_a_direction_rejects_it_too(name: str, f: Any, args: Any) -> None:
    assert cr.gradcheck(f, args, directional=3)
    with planted(BY_NAME[name], 1.001):
        error = error_of(f, args, directional=3)
    assert error.cause == ""


A = np.array([[0.7, -1.2, 0.4], [1.6, 0.3, -0.9]])


def wrong_at(place: tuple[int, ...], by: float = 1.001) -> Primitive:
    """The hyperbolic tangent with one wrong entry in its rule."""

    def back(g: Any, ans: Any, x: Any) -> Any:
        factors = np.ones(x.shape)
        factors[place] = by
        return g * (1 - ans * ans) * factors

    made = cr.primitive(np.tanh)
    cr.defvjp(made, back)
    return made


def test_the_place_is_named_inside_containers() -> None:
    tanh = wrong_at((1, 2))

    def f(x: Any, p: Any) -> Any:
        return {"out": [x * p["b"], tanh(p["layers"][1]) * 2.0]}

    args = [np.array(0.5), {"b": A, "layers": [A, 2 * A]}]
    for directional in (False, True):
        error = error_of(f, args, directional=directional)
        assert (error.argument, error.path) == (1, ("layers", 1))
        assert error.index == (1, 2)
        assert error.output == ("out", 1, 1, 2)
        true = 2 * (1 - np.tanh(2 * A[1, 2]) ** 2)
        np.testing.assert_allclose(error.numeric, true, rtol=1e-8)
        np.testing.assert_allclose(error.analytic, 1.001 * true, rtol=1e-12)
        np.testing.assert_allclose(error.relative_error, 1 / 1001, rtol=1e-4)
        assert "argument 1['layers'][1], entry (1, 2)" in str(error)


def test_paths_go_with_leaves() -> None:
    tree = {"a": [1, None, (2,)], "b": {}, "c": {"d": 3}}
    assert paths(tree) == [("a", 0), ("a", 2, 0), ("c", "d")]
    assert len(paths(tree)) == len(leaves(tree))


def test_the_error_survives_pickling() -> None:
    error = error_of(wrong_at((0, 0)), [A])
    copy = pickle.loads(pickle.dumps(error))
    assert str(copy) == str(error)
    assert copy.index == error.index == (0, 0)


@pytest.mark.parametrize("at", [2e-6, -2e-6, 1e-12, 0.0])
def test_a_kink_is_an_excuse(at: float) -> None:
    x = np.array([1.2, at, -0.7])
    error = error_of(lambda x: np.sum(F.relu(x) * x[::-1]), [x])
    assert (error.cause, error.index) == ("kink", (1,))
    assert "kink" in str(error)


def test_a_kink_excuses_no_slope_outside_of_its_sides() -> None:
    steep = cr.primitive(np.abs)
    cr.defvjp(steep, lambda g, ans, x: 1.5 * g)
    assert error_of(steep, [np.array([0.0, 1.0])]).cause == ""
    assert error_of(steep, [np.array([1e-6])]).cause == ""


def test_a_bug_is_not_hidden_behind_a_kink() -> None:
    tanh = wrong_at((0,))

    def f(x: Any) -> Any:
        return np.sum(5.0 * F.relu(x)) + np.sum(tanh(x))

    error = error_of(f, [np.array([0.3, 1e-9])])
    assert (error.cause, error.index) == ("", (0,))


def single(f: Any) -> Any:
    """f in single precision, which shows neither in nor out."""
    return lambda x: np.sum(f(x).astype(np.float32)).astype(np.float64)


def test_hidden_single_precision_is_an_excuse() -> None:
    causes = [
        error_of(single(np.tanh), [x]).cause
        for x in np.random.default_rng(5).normal(size=(100, 3))
    ]
    assert causes.count("rounding") >= 97


def test_single_precision_excuses_no_wrong_rule() -> None:
    for x in np.random.default_rng(6).uniform(0.2, 1.0, size=(50, 3)):
        assert error_of(single(wrong_at((), 1.001)), [x]).cause == ""


def test_a_result_in_single_precision_gets_its_step_and_tolerance() -> None:
    for x in np.random.default_rng(7).uniform(0.2, 1.0, size=(50, 3)):
        assert cr.gradcheck(lambda x: np.tanh(x).astype(np.float32), [x])
        assert cr.gradcheck(np.tanh, [x.astype(np.float32)], directional=2)
        wrong = wrong_at((), 1.001)
        assert (
            error_of(lambda x, w=wrong: w(x).astype(np.float32), [x]).cause
            == ""
        )


def test_a_step_that_is_too_long_is_an_excuse() -> None:
    x = np.array([0.4, -0.9])
    assert error_of(lambda x: np.sin(1e4 * x), [x]).cause == "step"
    assert error_of(np.sin, [x], eps=0.1).cause == "step"
    assert cr.gradcheck(np.sin, [x], eps=1e-5)


def test_a_step_that_is_too_short_is_named() -> None:
    x = np.array([0.4, -0.9])
    assert error_of(np.sin, [x], eps=1e-13).cause == "rounding"
    with pytest.raises(ValueError, match="does not raise x"):
        cr.gradcheck(np.sin, [x], eps=1e-20)


def test_a_function_with_two_values_is_named() -> None:
    dice = np.random.default_rng(0)
    error = error_of(lambda x: x * dice.normal(), [A])
    assert error.cause == "random"
    assert "not deterministic" in str(error)
    assert error.index is None


def test_nan_is_wrong() -> None:
    with np.errstate(all="ignore"):
        error = error_of(np.sqrt, [np.array([0.0, 1.0])])
        assert error.index == (0,)
        assert np.isnan(error.numeric)
        assert error_of(np.log, [np.array([-1.0, 2.0])]).index == (0,)


def test_the_entry_of_the_result_that_is_nan_is_named() -> None:
    with np.errstate(all="ignore"):
        error = error_of(
            lambda x: np.concatenate([np.tanh(x), np.sqrt(x)]),
            [np.array([1.0, 0.0])],
        )
    assert (error.index, error.output) == ((1,), (3,))


def test_errors_in_two_results_do_not_cancel() -> None:
    wrong = wrong_at((0, 1))

    def f(x: Any) -> Any:
        out = np.sum(wrong(x))
        return out, 3.0 - out

    error = error_of(f, [A])
    assert error.index == (0, 1)
    assert error.output in {(0,), (1,)}


def test_shapes_of_all_kinds() -> None:
    empty, number = np.zeros((0, 3)), np.array(1.5)
    for directional in (False, 2):
        assert cr.gradcheck(np.sum, [empty], directional=directional)
        assert cr.gradcheck(lambda x: x * x, [empty], directional=directional)
        assert cr.gradcheck(lambda x: x**3, number, directional=directional)
        assert cr.gradcheck(lambda: 1.0, [], directional=directional)
        assert cr.gradcheck(
            lambda p: (p["a"] @ p["b"], {"s": np.sum(p["b"])}),
            [{"a": A, "none": None, "b": A.T}],
            directional=directional,
        )
    assert error_of(wrong_at(()), number).index == ()


def test_complex_arguments_are_refused() -> None:
    with pytest.raises(TypeError):
        cr.gradcheck(np.sum, [A + 1j])


def test_a_function_that_writes_into_its_arguments_spoils_nothing() -> None:
    def f(x: Any) -> Any:
        out = np.sum(np.tanh(x))
        if isinstance(x, np.ndarray):
            x[...] = 0
        return out

    x = A.copy()
    assert cr.gradcheck(f, [x])
    assert np.array_equal(x, A)


class Counted:
    def __init__(self, f: Callable[..., Any]) -> None:
        self.f, self.calls = f, 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self.f(*args)


def test_calls_are_two_for_an_entry_or_a_direction() -> None:
    for options, calls in (({}, 12), ({"directional": 4}, 8)):
        f = Counted(np.sin)
        assert cr.gradcheck(f, [A], **options)
        assert f.calls == calls + 3


def test_values_that_do_not_move_at_all_are_an_excuse() -> None:
    f = single(lambda x: 3 + 0.01 * np.sin(x))
    errors = [error_of(f, [np.array([x])]) for x in np.linspace(0.1, 0.9, 30)]
    still = [error for error in errors if error.numeric == 0]
    assert len(still) > 5
    assert {error.cause for error in still} == {"rounding"}


def test_the_coarsest_result_sets_the_step() -> None:
    for x in np.random.default_rng(8).normal(size=(20, 3)):
        assert cr.gradcheck(
            lambda x: (np.tanh(x).astype(np.float32), 2.0 * x), [x]
        )


def test_an_empty_array_takes_no_place() -> None:
    wrong = wrong_at((0, 0))
    error = error_of(lambda e, x: (e, wrong(x)), [np.zeros((0, 2)), A])
    assert (error.argument, error.index) == (1, (0, 0))
    assert error.output == (1, 0, 0)


def test_the_worst_entry_is_accused() -> None:
    slightly, badly = wrong_at((0, 0)), wrong_at((1, 1), 2.0)
    error = error_of(lambda x: slightly(x) + badly(x), [A])
    assert (error.index, error.output) == ((1, 1), (1, 1))


def test_no_entry_of_a_direction_moves_further_than_its_own_step() -> None:
    x = np.array([0.5, -300.0, 7.0])
    moved = []

    def f(y: Any) -> Any:
        if isinstance(y, np.ndarray):
            moved.append(np.max(np.abs(y - x) / difference_step(x)))
        return np.sum(np.sin(y))

    assert cr.gradcheck(f, [x], directional=5)
    np.testing.assert_allclose(moved, [0] * 2 + [1] * 10, rtol=1e-6)


def test_a_direction_has_length_one() -> None:
    """So eps is how far the point moves."""
    x, moved = np.array([0.5, -0.3, 0.7]), []

    def f(y: Any) -> Any:
        if isinstance(y, np.ndarray):
            moved.append(np.linalg.norm(y - x))
        return np.sum(np.sin(y))

    assert cr.gradcheck(f, [x], eps=1e-5, directional=2)
    np.testing.assert_allclose(moved, [0] * 2 + [1e-5] * 4, rtol=1e-9)
