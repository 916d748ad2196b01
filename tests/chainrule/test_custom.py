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


def test_a_rule_cannot_be_passed_over() -> None:
    @cr.primitive
    def square(x: Any) -> Any:
        return np.sum(np.asarray(x) if isinstance(x, list) else x * x)

    cr.defvjp(square, lambda g, ans, x: g * 100.0 * np.ones_like(x))
    x = np.array([1.0, 2.0])
    assert cr.grad(square)(x).tolist() == [100, 100]
    for passed in (lambda x: square(x=x), lambda x: square([x[0], x[1]])):
        with pytest.raises(cr.NotDifferentiable, match="by position"):
            cr.grad(passed)(x)


def twice(out: Any = None, back: Any = None) -> custom_vjp:
    """A function of one array, with parts of the rule to be replaced."""
    out = out or (lambda x: x * 2)
    f = custom_vjp(out)
    f.defvjp(lambda x: (out(x), None), back or (lambda _, g: (g * 2,)))
    return f


def test_gradients_are_found_by_key_and_may_be_missing() -> None:
    @custom_vjp
    def product(d: Any) -> Any:
        return d["a"] * d["b"]

    x = {"a": np.array(2.0), "b": np.array(5.0)}
    product.defvjp(
        lambda d: (d["a"] * d["b"], d),
        lambda d, g: ({"b": g * d["a"], "a": g * d["b"]},),
    )
    assert cr.grad(product)(x) == {"a": 5, "b": 2}
    product.defvjp(
        lambda d: (d["a"] * d["b"], d), lambda d, g: ({"b": g, "a": None},)
    )
    assert cr.grad(product)(x) == {"a": 0, "b": 1}
    a, b = x.values()
    for wrong in ({"a": a}, {"a": a, "c": b}, [a, b], {"a": a, "b": [b]}):
        product.defvjp(
            lambda d: (d["a"] * d["b"], d), lambda d, g, w=wrong: (w,)
        )
        with pytest.raises(cr.ShapeError, match="containers of its argument"):
            cr.grad(product)(x)


def test_what_is_read_from_outside_is_refused() -> None:
    x = cr.Tensor(np.ones(3), requires_grad=True)
    w = cr.Tensor(np.arange(3.0), requires_grad=True)
    by_the_side = twice(lambda x: x * w)
    for given in (x, np.ones(3)):
        with pytest.raises(cr.NotDifferentiable, match="read a traced array"):
            by_the_side(given)
    on_the_way_back = twice(back=lambda _, g: (g * w,))
    with pytest.raises(cr.NotDifferentiable, match="bwd of <lambda> read"):
        np.sum(on_the_way_back(x)).backward()
    constant = cr.Tensor(np.arange(3.0))
    free = twice(lambda x: x * constant, lambda _, g: (g * constant,))
    np.sum(free(x)).backward()
    assert isinstance(free(x).data, np.ndarray)
    assert isinstance(x.grad, np.ndarray)
    assert x.grad.tolist() == [0, 1, 2]


def test_whole_numbers_stay_indices() -> None:
    place = twice(lambda x: np.argmax(x), lambda _, g: (None,))
    x = np.array([1.0, 3.0, 2.0])
    assert cr.grad(lambda x: x[place(x)] ** 2)(x).tolist() == [0, 6, 0]

    def unrecorded(x: Any) -> Any:
        with cr.no_grad():
            most, i = twice(lambda x: (np.max(x), np.argmax(x)))(x)
        return x[i] * most

    assert cr.grad(unrecorded)(x).tolist() == [0, 3, 0]


def test_a_gradient_that_was_changed_is_read_again() -> None:
    _, pullback = cr.vjp(twice(), np.ones(2))
    g = np.ones(2)
    assert pullback(g)[0].tolist() == [2, 2]
    g *= 10
    assert pullback(g)[0].tolist() == [20, 20]


def test_keyword_arguments_are_put_in_their_places() -> None:
    @custom_vjp
    def scaled(x: Any, k: float = 2.0) -> Any:
        return x * k

    scaled.defvjp(lambda x, k: (x * k, k), lambda k, g: (g * k, None))
    assert cr.grad(lambda x: np.sum(scaled(k=3.0, x=x)))(np.ones(1)) == [3]
    assert cr.grad(lambda x: np.sum(scaled(x)))(np.ones(1)) == [2]
    named = custom_vjp(lambda x, *, k=1: x * k)
    named.defvjp(lambda x, k: (x, k), lambda k, g: (g, None))
    with pytest.raises(TypeError, match="k cannot be keyword-only"):
        named(1.0)
