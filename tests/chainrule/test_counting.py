"""Operations are counted while they run, and nothing that runs is missed."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule.counting import Work, count, passes

RNG = np.random.default_rng(0)


class Number:
    """A number that counts how often numbers are multiplied."""

    multiplied = 0

    def __init__(self, value: float) -> None:
        self.value = value

    def __mul__(self, other: Number) -> Number:
        Number.multiplied += 1
        return Number(self.value * other.value)

    def __add__(self, other: Number) -> Number:
        return Number(self.value + other.value)


def numbers(array: np.ndarray) -> list[list[Number]]:
    return [[Number(float(x)) for x in row] for row in array]


def times(a: list[list[Number]], b: list[list[Number]]) -> list[list[Number]]:
    """A product in three loops."""
    out = []
    for row in a:
        out.append([Number(0.0) for _ in b[0]])
        for j in range(len(b[0])):
            for x, line in zip(row, b, strict=True):
                out[-1][j] = out[-1][j] + x * line[j]
    return out


def turned(a: list[list[Number]]) -> list[list[Number]]:
    return [list(row) for row in zip(*a, strict=True)]


def network(widths: tuple[int, ...], batch: int) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(widths)
    params = [
        (rng.normal(size=(m, k)), rng.normal(size=m))
        for k, m in pairwise(widths)
    ]
    x = rng.normal(size=(batch, widths[0]))
    return params, x, rng.normal(size=(batch, widths[-1]))


def loss(params: Any, x: Any, y: Any) -> Any:
    for w, b in params[:-1]:
        x = np.tanh(F.linear(x, w, b))
    return F.mse_loss(F.linear(x, *params[-1]), y)


@pytest.mark.parametrize("widths", [(2, 4, 3), (3, 5), (6, 5, 7, 2)])
@pytest.mark.parametrize("batch", [1, 5])
def test_networks_take_what_loops_take(
    widths: tuple[int, ...], batch: int
) -> None:
    params, x, y = network(widths, batch)
    forward, backward = passes(loss, params, x, y)
    weights = [numbers(w) for w, _ in params]
    Number.multiplied, kept = 0, [numbers(x)]
    for w in weights:
        kept.append(times(kept[-1], turned(w)))
    assert forward.multiply_adds == Number.multiplied > 0
    Number.multiplied, errors = 0, kept.pop()
    while kept:
        times(turned(errors), kept.pop())
        w = weights.pop()
        errors = times(errors, w) if kept else errors
    assert backward.multiply_adds == Number.multiplied > 0


def test_each_kind_of_product() -> None:
    a, b, v = RNG.normal(size=(3, 4)), RNG.normal(size=(4, 5)), np.ones(4)
    stack = RNG.normal(size=(2, 3, 4))
    for f, args, expected in (
        (np.matmul, (a, b), 3 * 4 * 5),
        (np.matmul, (a, v), 3 * 4),
        (np.matmul, (v, b), 4 * 5),
        (np.matmul, (v, v + 1), 4),
        (np.matmul, (stack, b), 2 * 3 * 4 * 5),
        (lambda x, y: np.tensordot(x, y, 1), (stack, b), 2 * 3 * 4 * 5),
        (lambda x, y: np.einsum("ij,jk->ik", x, y), (a, b), 3 * 4 * 5),
        (lambda x, y: np.einsum("sij,jk->si", x, y), (stack, b), 2 * 60),
        (lambda x, y, z: np.einsum("ij,jk,j->k", x, y, z), (a, b, v), 2 * 60),
    ):
        found, work = count(f, *args)
        assert work == {"multiply-add": expected}
        assert np.allclose(found, f(*args))
        assert type(found) is np.ndarray


def test_the_rest_by_name() -> None:
    x, y = RNG.normal(size=(3, 4)), RNG.normal(size=(4,))
    for f, expected in (
        (lambda x, y: x * y, {"multiply": 12}),
        (lambda x, y: x * 2 + y * y, {"multiply": 16, "add": 12}),
        (lambda x, y: np.tanh(x) - y, {"tanh": 12, "subtract": 12}),
        (lambda x, y: x.sum(axis=0), {"add": 8}),
        (lambda x, y: np.sum(x, axis=1), {"add": 9}),
        (lambda x, y: np.sum(x), {"add": 11}),
        (lambda x, y: np.mean(y), {"add": 3, "divide": 1}),
        (lambda x, y: np.max(x, axis=1), {"maximum": 9}),
        (lambda x, y: np.prod(y), {"multiply": 3}),
        (lambda x, y: np.cumsum(x, axis=0), {"add": 8}),
        (lambda x, y: np.cumsum(x, axis=1), {"add": 9}),
        (lambda x, y: x.T.reshape(2, 6)[:, 1:], {}),
        (lambda x, y: np.concatenate([x[0], y]), {}),
    ):
        found, work = count(f, x, y)
        assert work == expected
        assert np.allclose(found, f(x, y))
        assert work.multiply_adds == 0
        assert work.elementwise == sum(expected.values())


def test_gradients_are_counted_with_their_rules() -> None:
    x = RNG.normal(size=7)
    gradient, work = count(cr.grad(lambda x: np.sum(x * x)), x)
    assert np.allclose(gradient, 2 * x)
    assert work == {"multiply": 7 + 14, "add": 6 + 7}
    out, along = count(
        lambda x, t: cr.jvp(lambda u: u * u, (x,), (t,))[1], x, x + 1
    )
    assert np.allclose(out, 2 * x * (x + 1))
    assert along == {"multiply": 7 + 14, "add": 7}
    second, _ = count(cr.hessian(lambda x: np.sum(x**3)), x)
    assert np.allclose(second, np.diag(6 * x))


def test_a_tuned_rule_does_not_hide() -> None:
    z, labels = RNG.normal(size=(5, 3)), np.array([0, 2, 1, 1, 0])
    forward, backward = passes(F.cross_entropy, z, labels)
    assert forward["exp"] == 15
    assert backward["exp"] == 15
    assert forward.multiply_adds == backward.multiply_adds == 0


def test_only_the_gradient_that_is_asked_for() -> None:
    x, w = RNG.normal(size=(6, 5)), RNG.normal(size=(5, 4))
    f = lambda x, w: np.sum(np.tanh(x @ w))  # noqa: E731
    for i in (0, 1):
        forward, backward = passes(f, x, w, argnums=i)
        assert forward.multiply_adds == backward.multiply_adds == 6 * 5 * 4
    both = passes(lambda pair: f(*pair), [x, w])
    assert both[1].multiply_adds == 2 * 6 * 5 * 4


def test_the_other_arguments_and_the_seed_are_counted_too() -> None:
    x, w = RNG.normal(size=(6, 5)), RNG.normal(size=4)
    f = lambda x, w: np.sum(np.tanh(x)) * np.sum(w)  # noqa: E731
    assert passes(f, x, w, argnums=1)[0]["tanh"] == 30
    assert passes(f, x, w, argnums=0)[0]["add"] == 29 + 3
    assert passes(np.mean, w)[1] == {"divide": 1}


def test_indices_stay_what_they_are() -> None:
    found, work = count(lambda x, i: 2 * x[i], np.ones(3), np.array([2, 0]))
    assert found.tolist() == [2, 2]
    assert work == {"multiply": 2}


def test_gathered_rows_are_added_one_by_one() -> None:
    table = RNG.normal(size=(9, 2))
    rows = np.array([4, 4, 1])
    _, backward = passes(lambda t: np.sum(np.tanh(t[rows])), table)
    assert backward["add"] == 6


def test_containers_and_what_is_no_array() -> None:
    def f(tree: Any, times: int) -> Any:
        return {"sum": tree["a"] + tree["b"][0], "times": times}

    out, work = count(f, {"a": np.ones(3), "b": [np.ones(3)]}, 4)
    assert work == {"add": 3}
    assert out["times"] == 4
    assert out["sum"].tolist() == [2, 2, 2]


def test_single_precision_stays() -> None:
    x = np.ones(3, np.float32)
    out, _ = count(lambda x: x * x, x)
    assert out.dtype == np.float32


@pytest.mark.parametrize(
    "f",
    [
        np.linalg.inv,
        np.linalg.det,
        lambda x: cr.primitive(lambda y: np.dot(y, y))(x),
        lambda x: cr.primitive(lambda y: y.cumsum())(x),
        lambda x: cr.primitive(lambda y: y.dot(y))(x),
    ],
)
def test_what_is_not_seen_is_refused(f: Any) -> None:
    with pytest.raises(cr.ChainRuleError, match="compiled") as caught:
        count(f, np.eye(3) + 1)
    assert isinstance(caught.value, TypeError)


def test_ufuncs_with_two_results_and_tables() -> None:
    x = np.array([1.5, -2.25, 3.0])
    both = cr.primitive(lambda x: np.add(*np.modf(x)))
    found, work = count(both, x)
    assert work == {"modf": 6, "add": 3}
    assert np.array_equal(found, x)
    table = cr.primitive(lambda x: np.multiply.outer(x, x + 1))
    assert count(table, x)[1] == {"add": 3, "multiply": 9}


def test_counts_do_not_nest() -> None:
    with pytest.raises(TypeError, match="pass arrays"):
        count(lambda x: count(np.sin, x)[0], np.ones(3))
    with pytest.raises(TypeError, match="pass arrays"):
        count(lambda x: count(lambda y: x * y, np.ones(3))[0], np.ones(3))


def test_tensors_are_refused() -> None:
    t = cr.Tensor(np.ones(3), requires_grad=True)
    with pytest.raises(TypeError, match="pass arrays"):
        count(lambda x: x * t, np.ones(3))
    with pytest.raises(TypeError, match="pass arrays"):
        count(np.sum, t)


def test_nothing_is_counted_afterwards() -> None:
    kept: list[Any] = []
    _, work = count(lambda x: kept.append(x) or x + 1, np.ones(3))
    with pytest.raises(cr.LeakedTracer):
        kept[0] * 2
    assert work == Work({"add": 3})
