"""What is computed again must be what was computed before."""

from __future__ import annotations

import threading
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng(31)
WEIGHTS = [
    cr.Tensor(rng.normal(size=(60, 60)) / 8, requires_grad=True)
    for _ in range(12)
]
INPUTS = rng.normal(size=(90, 60))
Wrap = Callable[[Any], Any]


def train(wrap: Wrap, leaf: bool, seed: int | None) -> tuple[Any, ...]:
    """Loss, gradients, peak of memory and the next random number."""
    draw = np.random.default_rng(seed)
    for w in WEIGHTS:
        w.grad = None

    def block(k: int) -> Any:
        def layers(h: Any) -> Any:
            for w in WEIGHTS[3 * k : 3 * k + 3]:
                h = np.tanh(h @ w)
                if seed is not None:
                    h = h * (draw.random(h.shape) < 0.8)
            return h

        return layers

    tracemalloc.start()
    x = cr.Tensor(INPUTS, requires_grad=leaf)
    h: Any = x
    for k in range(4):
        h = wrap(block(k))(h)
    loss = np.sum(h * h)
    loss.backward()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    gradients = [w.grad for w in WEIGHTS] + [x.grad] * leaf
    return loss.item(), gradients, peak, draw.random()


@pytest.mark.parametrize("leaf", [True, False])
@pytest.mark.parametrize("seed", [None, 5])
def test_equal_to_the_bit_for_less_memory(leaf: bool, seed: int | None) -> None:
    whole = train(lambda f: f, leaf, seed)
    again = train(cr.checkpoint, leaf, seed)
    assert whole[0] == again[0]
    for a, b in zip(whole[1], again[1], strict=True):
        assert np.array_equal(a, b)
        assert a.any()
    assert again[2] < 0.7 * whole[2]
    if seed is not None:
        assert whole[3] == again[3]


def test_nothing_inside_is_kept() -> None:
    seen: list[weakref.ref[Any]] = []

    def f(h: Any) -> Any:
        for _ in range(3):
            h = np.tanh(h)
            seen.append(weakref.ref(getattr(h, "value", h)))
        return h

    x = cr.Tensor(INPUTS, requires_grad=True)
    out = cr.checkpoint(f)(x)
    assert [ref() is None for ref in seen] == [True, True, False]
    np.sum(out).backward()
    assert len(seen) == 6


A = rng.normal(size=(3, 3))
X = rng.normal(size=3)


def curved(x: Any) -> Any:
    return np.sum(np.tanh(A @ x) ** 2 * x)


def test_transformations_nest() -> None:
    f = cr.checkpoint(curved)
    assert np.array_equal(cr.grad(f)(X), cr.grad(curved)(X))
    np.testing.assert_allclose(
        cr.hessian(f)(X), cr.hessian(curved)(X), rtol=1e-12
    )
    inner = [
        cr.grad(lambda x, g=g: np.sum(cr.grad(g)(x) ** 2))(X)
        for g in (f, curved)
    ]
    np.testing.assert_allclose(*inner, rtol=1e-12)
    np.testing.assert_allclose(
        cr.jvp(f, (X,), (A[0],))[1], cr.jvp(curved, (X,), (A[0],))[1]
    )


def test_outer_tracers_are_captured() -> None:
    def outer(wrap: Wrap) -> Any:
        def of_w(w: Any) -> Any:
            inner = cr.grad(wrap(lambda z: np.sum(np.tanh(z * w) ** 2)))
            return np.sum(inner(X))

        return cr.grad(of_w)(X)

    np.testing.assert_allclose(
        outer(cr.checkpoint), outer(lambda f: f), rtol=1e-13
    )
    plain = cr.grad(
        lambda w: cr.checkpoint(lambda z: np.sum(np.tanh(z * w)))(X)
    )
    np.testing.assert_allclose(plain(A[0]), X / np.cosh(X * A[0]) ** 2)


def test_checkpoints_nest() -> None:
    w = WEIGHTS[0]

    def inner(h: Any) -> Any:
        return np.sin(h @ w)

    def outer(h: Any) -> Any:
        return cr.checkpoint(inner)(cr.checkpoint(inner)(h))

    found = []
    for f in (cr.checkpoint(outer), lambda h: inner(inner(h))):
        w.grad = None
        np.sum(f(INPUTS)).backward()
        found.append(w.grad)
    assert np.array_equal(*found)


def test_containers_keywords_and_modules() -> None:
    t = cr.Tensor(np.ones(3), requires_grad=True)
    w = cr.Tensor(np.ones(2), requires_grad=True)

    def two(d: Any, k: int = 2) -> Any:
        return {"a": d["x"] * k, "w": w, "n": 4}

    out = cr.checkpoint(two)({"x": t}, k=3)
    assert out["n"] == 4
    (np.sum(out["a"]) + np.sum(out["w"] * 5)).backward()
    assert t.grad is not None
    assert w.grad is not None
    assert t.grad.tolist() == [3, 3, 3]
    assert w.grad.tolist() == [5, 5]
    model = cr.nn.Sequential(cr.nn.Linear(3, 4), cr.nn.Tanh())
    np.sum(cr.checkpoint(model)(np.ones((2, 3)))).backward()
    again = [p.grad for p in model.parameters()]
    model.zero_grad()
    np.sum(model(np.ones((2, 3)))).backward()
    for p, g in zip(model.parameters(), again, strict=True):
        assert np.array_equal(p.grad, g)


def test_a_weight_that_changed_in_between_is_found() -> None:
    w = cr.Tensor(np.ones(3), requires_grad=True)
    out = cr.checkpoint(lambda x: np.sum(x * w))(X)
    with cr.no_grad():
        w += 1
    with pytest.raises(cr.InPlaceError):
        out.backward()


def test_nothing_is_recorded_under_no_grad() -> None:
    w = cr.Tensor(np.ones(3), requires_grad=True)
    with cr.no_grad():
        out = cr.checkpoint(lambda x: x * w)(X)
    assert not out.requires_grad
    assert isinstance(cr.checkpoint(np.sin)(X), np.ndarray)


def mixed_levels(wrap: Wrap) -> list[np.ndarray]:
    """A checkpoint inside a gradient inside a checkpoint."""
    w = cr.Tensor(X / 5, requires_grad=True)
    h = cr.Tensor(X / 7, requires_grad=True)

    def outer(h: Any) -> Any:
        inner = wrap(lambda z: np.sum(np.tanh(z * w * h) ** 2))
        return np.sum(cr.grad(inner)(X))

    wrap(outer)(h).backward()
    assert w.grad is not None
    assert h.grad is not None
    return [w.grad, h.grad]


def test_checkpoints_of_different_levels_nest() -> None:
    pairs = zip(
        mixed_levels(cr.checkpoint), mixed_levels(lambda f: f), strict=True
    )
    for ours, theirs in pairs:
        assert theirs.all()
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)


def test_tensors_stay_tensors_inside() -> None:
    x = cr.Tensor(X, requires_grad=True)
    np.sum(cr.checkpoint(lambda h: h * h.detach())(x)).backward()
    assert np.array_equal(x.grad, X)
    assert cr.checkpoint(np.argmax)(x) == X.argmax()


shared = np.random.default_rng(7)


class Dropping:
    """Not callable itself; its methods draw."""

    def __init__(self) -> None:
        self.draw = np.random.default_rng(8)

    def drop(self, h: Any) -> Any:
        return h * (self.draw.random(h.shape) < 0.5)


def drop_by_default(h: Any, draw: Any = np.random.default_rng(9)) -> Any:  # noqa: B008
    return h * (draw.random(h.shape) < 0.5)


def drop_by_name(h: Any, *, draw: Any = np.random.default_rng(9)) -> Any:  # noqa: B008
    return h * (draw.random(h.shape) < 0.5)


held = Dropping()


@pytest.mark.parametrize(
    "f",
    [
        drop_by_default,
        drop_by_name,
        Dropping().drop,
        lambda h: held.drop(h),
        lambda h: h * [draw() < 0.5 for draw in [shared.random] * 40],
        lambda h: h * np.array(list(map(lambda _: shared.random(), h))),  # noqa: C417
    ],
)
def test_generators_are_found_where_they_hide(f: Any) -> None:
    x = cr.Tensor(np.ones(40), requires_grad=True)
    out = cr.checkpoint(f)(x)
    np.sum(out).backward()
    assert 0 < out.data.sum() < 40
    assert np.array_equal(x.grad, out.data)


def test_another_second_run_is_refused() -> None:
    x = cr.Tensor(X, requires_grad=True)
    calls = iter([2.0, 3.0])
    out = cr.checkpoint(lambda h: h * next(calls))(x)
    with pytest.raises(cr.NotDifferentiable, match="something else"):
        np.sum(out).backward()
    longer = iter([1, 2])
    out = cr.checkpoint(lambda h: [h] * next(longer))(x)
    with pytest.raises(cr.NotDifferentiable, match="something else"):
        np.sum(out[0]).backward()


def test_a_nan_is_not_another_run() -> None:
    x = cr.Tensor(-X * X, requires_grad=True)
    with np.errstate(invalid="ignore"):
        np.sum(cr.checkpoint(np.sqrt)(x)).backward()
    assert x.grad is not None
    assert np.isnan(x.grad).all()


def test_an_error_leaves_everything_as_it_was() -> None:
    draw = np.random.default_rng(3)
    w = cr.Tensor(np.ones(3), requires_grad=True)
    fail = False

    def f(h: Any) -> Any:
        out = h * w * draw.random()
        if fail:
            raise KeyError("on purpose")
        return out

    out = cr.checkpoint(f)(X)
    fail = True
    then = draw.bit_generator.state
    with pytest.raises(KeyError):
        np.sum(out).backward()
    assert draw.bit_generator.state == then
    with pytest.raises(KeyError):
        cr.checkpoint(f)(X)
    assert (w * 2).requires_grad
    np.sum(w * w).backward()
    assert w.grad is not None
    assert w.grad.tolist() == [2, 2, 2]


def test_no_grad_holds_for_the_outer_levels_on_the_way_back() -> None:
    x = cr.Tensor(X, requires_grad=True)
    w = cr.Tensor(A[0], requires_grad=True)
    _, pullback = cr.vjp(cr.checkpoint(lambda z: np.sum(np.sin(z * w))), x)
    with cr.no_grad():
        (g,) = pullback(np.ones(()))
    assert not getattr(g, "requires_grad", False)
    (g,) = pullback(np.ones(()))
    assert g.requires_grad


def test_a_function_may_name_what_is_not_there_yet() -> None:
    def f(h: Any) -> Any:
        return later(h) if h.size > 3 else h * 2

    x = cr.Tensor(X, requires_grad=True)
    np.sum(cr.checkpoint(f)(x)).backward()
    assert x.grad is not None
    assert x.grad.tolist() == [2, 2, 2]

    def later(h: Any) -> Any:
        return f(h)


def test_what_is_read_under_no_grad_is_not_heard() -> None:
    @cr.custom_vjp
    def twice(x: Any) -> Any:
        return x * 2

    twice.defvjp(lambda x: (x * 2, None), lambda _, g: (g * 2,))
    w = cr.Tensor(A[0], requires_grad=True)

    def f(h: Any) -> Any:
        with cr.no_grad():
            frozen = twice(w)
        return h * frozen

    assert not cr.checkpoint(f)(X).requires_grad


def test_another_thread_is_not_muted() -> None:
    w = cr.Tensor(A[0], requires_grad=True)
    recorded: list[bool] = []

    def aside() -> None:
        recorded.append((w * 2).requires_grad)

    def f(h: Any) -> Any:
        thread = threading.Thread(target=aside)
        thread.start()
        thread.join()
        return h * w

    np.sum(cr.checkpoint(f)(X)).backward()
    assert recorded == [True, True]
    assert w.grad is not None
    np.testing.assert_array_equal(w.grad, X)
