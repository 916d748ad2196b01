"""The loss scale: held to a state machine in fractions, and to float16."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import GradScaler


def parameter(values: Any, dtype: Any = np.float32) -> cr.Tensor:
    return cr.Tensor(np.array(values, dtype), requires_grad=True)


def machine(
    flags: list[bool], scale: Fraction, up: int, down: Fraction, interval: int
) -> list[Fraction]:
    """The scale after each step; a flag says that the step was good."""
    good, seen = 0, []
    for flag in flags:
        good = good + 1 if flag else 0
        if not flag:
            scale *= down
        elif good == interval:
            scale, good = scale * up, 0
        seen.append(scale)
    return seen


@pytest.mark.parametrize(("up", "down", "interval"), [(2, 2, 3), (4, 8, 1)])
def test_the_scale_follows_its_rules(up: int, down: int, interval: int) -> None:
    flags = (np.random.default_rng(0).random(60) < 0.75).tolist()
    theta = parameter([1.0, -2.0])
    optimizer = cr.optim.SGD([theta], 0.5)
    scaler = GradScaler(2.0**10, up, 1 / down, interval)
    seen, moves = [], 0
    for flag in flags:
        before = theta.data.copy()
        theta.grad = np.array([1.0, 0.5 if flag else np.inf], np.float32)
        theta.grad *= np.float32(scaler.get_scale())
        assert scaler.step(optimizer) is flag
        moves += flag
        expected = before - np.array([0.5, 0.25]) if flag else before
        assert theta.data.tolist() == expected.tolist()
        scaler.update()
        seen.append(Fraction(scaler.get_scale()))
    start = Fraction(2**10)
    assert seen == machine(flags, start, up, Fraction(1, down), interval)
    assert optimizer.t == [moves]  # a step that is skipped is not counted
    assert 10 < moves < 60


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("place", [(0, 0), (1, 2)])
def test_one_bad_entry_anywhere_stops_all(bad: float, place: Any) -> None:
    params = [parameter([3.0]), parameter([1.0, -2.0, 0.5])]
    optimizer = cr.optim.Adam(params, 0.1)
    scaler = GradScaler(8.0)
    for p in params:
        p.grad = np.ones_like(p.data)
    which, entry = place
    grad = params[which].grad
    assert grad is not None
    grad[entry] = bad
    assert scaler.step(optimizer) is False
    assert params[0].data.tolist() == [3.0]
    assert params[1].data.tolist() == [1.0, -2.0, 0.5]
    assert optimizer.memories == [{}, {}]
    scaler.update()
    assert scaler.get_scale() == 4.0


def test_a_power_of_two_changes_no_digit() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=500) * 10.0 ** rng.integers(-20, 10, 500)
    g = values.astype(np.float32)
    theta = parameter(np.zeros(500))
    optimizer = cr.optim.SGD([theta], 1.0)
    scaler = GradScaler(2.0**13)
    scaler.scale((theta * g).sum()).backward()
    assert theta.grad is not None
    assert np.array_equal(theta.grad, g * np.float32(2**13))
    scaler.unscale_(optimizer)
    assert np.array_equal(theta.grad, g)


def test_small_gradients_come_back_through_half_precision() -> None:
    """3/4 of the least half is rounded to 1, a quarter to 0; scaled, neither.

    The gradient passes through float16 on its way to the parameter.
    """
    exact = np.array([0.75, -0.25, 5.5, 1.0]) * 2.0**-24

    def gradient(scaler: GradScaler) -> np.ndarray:
        theta = parameter(np.ones(4))
        optimizer = cr.optim.SGD([theta], 1.0)
        half = theta.astype(np.float16)
        loss = (half.astype(np.float32) * exact.astype(np.float32)).sum()
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        assert theta.grad is not None
        assert theta.grad.dtype == np.float32
        return theta.grad

    lost = gradient(GradScaler(enabled=False)) * 2.0**24
    assert lost.tolist() == [1.0, 0.0, 6.0, 1.0]
    assert np.array_equal(gradient(GradScaler(2.0**10)), exact)


def test_an_overflow_halves_until_it_fits() -> None:
    """Gradients of 3: the scale must fall below 65520 / 3."""
    theta = parameter([1.0, 1.0])
    optimizer = cr.optim.SGD([theta], 0.25)
    scaler = GradScaler()
    steps = []
    for _ in range(4):
        optimizer.zero_grad()
        with np.errstate(over="ignore"):
            half = theta.astype(np.float16).astype(np.float32)
            scaler.scale((half * np.float32(3)).sum()).backward()
        steps.append(scaler.step(optimizer))
        scaler.update()
    assert steps == [False, False, True, True]
    assert scaler.get_scale() == 2.0**14
    assert theta.data.tolist() == [1 - 2 * 0.75] * 2


def test_clipping_goes_between_unscale_and_step() -> None:
    theta = parameter([0.0, 0.0])
    optimizer = cr.optim.SGD([theta], 1.0)
    scaler = GradScaler(2.0**8)
    scaler.scale((theta * np.array([3.0, -4.0], np.float32)).sum()).backward()
    scaler.unscale_(optimizer)
    assert theta.grad is not None
    assert theta.grad.tolist() == [3.0, -4.0]
    theta.grad /= np.float32(np.linalg.norm(theta.grad))
    assert scaler.step(optimizer)
    np.testing.assert_allclose(theta.data, [-0.6, 0.8], rtol=1e-6)


def test_the_order_of_calls_is_held_to() -> None:
    theta = parameter([1.0])
    optimizer = cr.optim.SGD([theta], 1.0)
    scaler = GradScaler(4.0)
    with pytest.raises(RuntimeError, match=r"step\(\) is first"):
        scaler.update()
    theta.grad = np.array([4.0], np.float32)
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match="unscaled"):
        scaler.unscale_(optimizer)
    assert theta.grad.tolist() == [1.0]
    scaler.step(optimizer)
    for again in (scaler.step, scaler.unscale_):
        with pytest.raises(RuntimeError, match=r"update\(\)"):
            again(optimizer)
    assert theta.data.tolist() == [0.0]
    scaler.update()
    with pytest.raises(RuntimeError, match=r"step\(\) is first"):
        scaler.update()


def test_each_optimizer_steps_for_itself() -> None:
    """One overflows, the other moves; the scale hears of both."""
    one, other = parameter([1.0]), parameter([1.0])
    optimizers = [cr.optim.SGD([p], 1.0) for p in (one, other)]
    scaler = GradScaler(4.0)
    one.grad = np.array([np.nan], np.float32)
    other.grad = np.array([8.0], np.float32)
    assert [scaler.step(o) for o in optimizers] == [False, True]
    assert [one.item(), other.item()] == [1.0, -1.0]
    scaler.update()
    assert scaler.get_scale() == 2.0


def test_parameters_without_gradients_are_left_alone() -> None:
    one, other = parameter([1.0]), parameter([1.0])
    optimizer = cr.optim.SGD([one, other], 1.0)
    scaler = GradScaler(4.0)
    other.grad = np.array([8.0], np.float32)
    assert scaler.step(optimizer)
    assert [one.item(), other.item()] == [1.0, -1.0]


def test_gradients_in_half_precision_are_refused() -> None:
    theta = parameter([1.0], np.float16)
    optimizer = cr.optim.SGD([theta], 1.0)
    theta.grad = np.array([1.0], np.float16)
    with pytest.raises(ValueError, match="half precision"):
        GradScaler().step(optimizer)
    assert theta.grad.tolist() == [1.0]


def test_disabled_it_does_nothing() -> None:
    theta = parameter([1.0])
    optimizer = cr.optim.SGD([theta], 1.0)
    scaler = GradScaler(enabled=False)
    loss = (theta * np.float32(2)).sum()
    assert scaler.scale(loss) is loss
    loss.backward()
    scaler.unscale_(optimizer)
    assert scaler.step(optimizer)
    scaler.update()
    assert theta.data.tolist() == [-1.0]
    assert scaler.get_scale() == 1.0


def test_the_scale_stays_a_number() -> None:
    theta = parameter([1.0])
    optimizer = cr.optim.SGD([theta], 1.0)
    for bad, start, end in ((True, 2.0**-120, -126), (False, 2.0**120, 127)):
        scaler = GradScaler(start, growth_interval=1)
        for _ in range(20):
            theta.grad = np.array([np.nan if bad else 0.0], np.float32)
            scaler.step(optimizer)
            scaler.update()
        assert scaler.get_scale() == 2.0**end


@pytest.mark.parametrize(
    "settings",
    [
        {"init_scale": 0.0},
        {"init_scale": float("inf")},
        {"init_scale": float("nan")},
        {"growth_factor": 1.0},
        {"growth_factor": float("inf")},
        {"backoff_factor": 1.0},
        {"backoff_factor": 0.0},
        {"growth_interval": 0},
        {"growth_interval": 2.5},
    ],
)
def test_settings_that_make_no_sense(settings: dict[str, Any]) -> None:
    (name,) = settings
    with pytest.raises(ValueError, match=name):
        GradScaler(**settings)
    scaler = GradScaler(32.0)
    before = scaler.state_dict()
    key = "scale" if name == "init_scale" else name
    with pytest.raises(ValueError, match=name):
        scaler.load_state_dict(before | {key: settings[name]})
    assert scaler.state_dict() == before


def test_a_state_comes_back() -> None:
    theta = parameter([0.0])
    optimizer = cr.optim.SGD([theta], 1.0)
    first = GradScaler(2.0**6, 4.0, 0.25, 3)
    for good in (True, False, True, True):
        theta.grad = np.array([1.0 if good else np.nan], np.float32)
        first.step(optimizer)
        first.update()
    assert first.state_dict()["good_steps"] == 2
    second = GradScaler()
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    for scaler in (first, second):
        theta.grad = np.array([1.0], np.float32)
        scaler.step(optimizer)
        scaler.update()
        assert scaler.get_scale() == 2.0**6  # 2^6 / 4, three good steps, * 4
    state = first.state_dict()
    with pytest.raises(ValueError, match="unknown"):
        second.load_state_dict(state | {"rate": 1.0})
    with pytest.raises(ValueError, match="good_steps"):
        second.load_state_dict(state | {"good_steps": -1})
    del state["scale"]
    with pytest.raises(ValueError, match=r"missing: \['scale'\]"):
        second.load_state_dict(state)
