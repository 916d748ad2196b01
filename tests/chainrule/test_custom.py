"""Rules that users add."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.custom import custom_vjp

rng = np.random.default_rng(21)


def test_a_primitive_takes_a_rule_for_each_argument() -> None:
    @cr.primitive
    def scaled(x: Any, y: Any, *, power: int = 1) -> Any:
        return x**power * y

    cr.defvjp(
        scaled,
        lambda g, ans, x, y, power=1: g * y * power * x ** (power - 1),
        lambda g, ans, x, y, power=1: g * x**power,
    )
    cr.defjvp(scaled, None, lambda t, ans, x, y, power=1: t * x**power)
    x, y = rng.normal(size=(2, 4))
    assert cr.gradcheck(lambda x, y: scaled(x, y, power=3), [x, y])
    assert cr.gradcheck(
        lambda x: cr.grad(lambda x: np.sum(scaled(x, y, power=3)))(x), [x]
    )
    _, tangent = cr.jvp(lambda y: scaled(x, y), (y,), (np.ones(4),))
    np.testing.assert_allclose(tangent, x)
    with pytest.raises(cr.NotDifferentiable, match="scaled has no derivative"):
        cr.jvp(lambda x: scaled(x, y), (x,), (x,))


def test_arguments_without_a_rule_are_refused() -> None:
    lonely = cr.primitive(np.tanh)
    with pytest.raises(cr.NotDifferentiable, match="tanh has no derivative"):
        cr.grad(lambda x: np.sum(lonely(x)))(np.ones(2))


def test_a_rule_of_the_wrong_shape_is_named() -> None:
    total = cr.primitive(lambda x: x.sum())
    cr.defvjp(total, lambda g, ans, x: g)
    with pytest.raises(cr.ShapeError, match="the rule of <lambda>"):
        cr.grad(total)(np.ones(3))


@custom_vjp
def mixed(d: Any, k: Any = 2.0) -> Any:
    return forward(d, k)[0]


def forward(d: Any, k: Any) -> Any:
    out = {
        "s": np.sin(d["a"]) * k,
        "p": (d["b"] ** 2, np.argmax(d["a"]), np.sum(d["a"])),
    }
    return out, (d, k)


def back(kept: Any, g: Any) -> Any:
    d, k = kept
    squares, _, total = g["p"]
    return {
        "a": g["s"] * k * np.cos(d["a"]) + total,
        "b": 2 * d["b"] * squares,
    }, None


mixed.defvjp(forward, back)
D = {"a": rng.normal(size=3), "b": rng.normal(size=(1, 2)).astype(np.float32)}


def loss(f: Any, d: Any) -> Any:
    out = f(d, 3.0)
    squares, place, total = out["p"]
    return np.sum(out["s"] ** 2) + np.sum(squares) * 2 + total * (1 + place)


def elementary(d: Any, k: Any) -> Any:
    return forward(d, k)[0]


def test_containers_go_in_and_out() -> None:
    ours, theirs = (
        cr.grad(lambda d, f=f: loss(f, d))(D) for f in (mixed, elementary)
    )
    for name in D:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6)
        assert ours[name].dtype == D[name].dtype


def test_second_order_goes_through_both_functions() -> None:
    hessians = [
        cr.hessian(lambda a, f=f: loss(f, {"a": a, "b": D["b"]}))(D["a"])
        for f in (mixed, elementary)
    ]
    np.testing.assert_allclose(*hessians, rtol=1e-10, atol=1e-12)


def test_tensors_record_it_and_no_grad_does_not() -> None:
    a = cr.Tensor(D["a"], requires_grad=True)
    loss(mixed, {"a": a, "b": D["b"]}).backward()
    expected = cr.grad(lambda d: loss(elementary, d))(D)["a"]
    np.testing.assert_allclose(a.grad, expected, rtol=1e-10)
    with cr.no_grad():
        assert not mixed({"a": a, "b": D["b"]})["s"].requires_grad


def test_the_way_back_runs_once_for_all_arguments() -> None:
    calls = []

    @custom_vjp
    def product(x: Any, y: Any) -> Any:
        return x * y

    def both(kept: Any, g: Any) -> Any:
        calls.append(g)
        return g * kept[1], g * kept[0]

    product.defvjp(lambda x, y: (x * y, (x, y)), both)
    x, y = rng.normal(size=(2, 3))
    gx, gy = cr.grad(lambda x, y: np.sum(product(x, y)), (0, 1))(x, y)
    np.testing.assert_array_equal((gx, gy), (y, x))
    assert len(calls) == 1


def test_mistakes_are_named() -> None:
    @custom_vjp
    def f(x: Any, y: Any) -> Any:
        return x * y

    with pytest.raises(cr.NotDifferentiable, match=r"f\.defvjp\(fwd, bwd\)"):
        f(1.0, 2.0)
    f.defvjp(lambda x, y: (x * y, (x, y)), lambda kept, g: g * kept[1])
    with pytest.raises(cr.ShapeError, match="a tuple of 2 gradients"):
        cr.grad(f)(1.0, 2.0)
    f.defvjp(lambda x, y: (x * y, (x, y)), lambda kept, g: ([g, g], g))
    with pytest.raises(cr.ShapeError, match="containers of its argument"):
        cr.grad(f)(1.0, 2.0)
    with pytest.raises(cr.NotDifferentiable, match="way back only"):
        cr.jvp(lambda x: f(x, 2.0), (1.0,), (1.0,))
