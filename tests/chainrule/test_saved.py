"""States that make no sense: what optimizers and schedules say to them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.optim import lr_scheduler


def same(a: Any, b: Any) -> bool:
    """Equal, arrays inside included."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(np.array_equal(a, b))


def stepped(kind: Any, **settings: Any) -> Any:
    theta = cr.Tensor([1.0, -2.0, 0.5], requires_grad=True)
    still = cr.Tensor([1.0], requires_grad=True)
    optimizer = kind([theta, still], **settings)
    for g in (1.0, -0.5):
        theta.grad = np.full(3, g)
        optimizer.step()
    return optimizer


OPTIMIZERS = [
    (cr.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    (cr.optim.SGD, {"lr": 0.1}),
    (cr.optim.Adagrad, {}),
    (cr.optim.RMSprop, {"momentum": 0.5, "centered": True}),
    (cr.optim.RMSprop, {}),
    (cr.optim.Adam, {}),
    (cr.optim.AdamW, {}),
]
SENSELESS = [
    ("lr", -0.1),
    ("lr", math.nan),
    ("momentum", -1.0),
    ("weight_decay", math.inf),
    ("betas", (2, 3)),
    ("betas", (0.9, 1.0)),
    ("eps", -1e-8),
    ("alpha", 1.0),
    ("lr_decay", -1.0),
    ("initial_accumulator_value", -1.0),
]


@pytest.mark.parametrize(("kind", "settings"), OPTIMIZERS)
def test_settings_are_refused_as_the_constructor_does(
    kind: Any, settings: dict[str, Any]
) -> None:
    optimizer = stepped(kind, **settings)
    state = optimizer.state_dict()
    tried = 0
    for name, value in SENSELESS:
        if name not in optimizer.settings:
            continue
        tried += 1
        wrong = state | {"settings": state["settings"] | {name: value}}
        with pytest.raises(ValueError, match=name.removesuffix("s")):
            optimizer.load_state_dict(wrong)
        assert same(optimizer.state_dict(), state)
    assert tried >= 4
    assert optimizer.remembers is not None
    if kind is cr.optim.SGD:
        nesterov = {"nesterov": True, "momentum": 0.0}
        wrong = state | {"settings": state["settings"] | nesterov}
        with pytest.raises(ValueError, match="nesterov"):
            optimizer.load_state_dict(wrong)


@pytest.mark.parametrize(("kind", "settings"), OPTIMIZERS)
def test_memories_are_complete_or_refused(
    kind: Any, settings: dict[str, Any]
) -> None:
    optimizer = stepped(kind, **settings)
    state = optimizer.state_dict()
    first, second = state["memories"]
    assert second == {}
    assert set(first) == {"t", *optimizer.needed()}

    def refused(error: type[Exception], match: str, **changes: Any) -> None:
        memory = {**first, **changes}
        memory = {k: v for k, v in memory.items() if v is not None}
        with pytest.raises(error, match=match):
            optimizer.load_state_dict(state | {"memories": [memory, second]})
        assert same(optimizer.state_dict(), state)

    for name in first if len(first) > 1 else ():  # {} has not moved
        refused(ValueError, rf"missing: \['{name}'\]", **{name: None})
    refused(ValueError, r"unknown: \['mm'\]", mm=np.ones(3))
    for t in (0, -1, 2.0, [2]):
        refused(ValueError, "count steps", t=t)
    for name in first.keys() - {"t"}:
        refused(cr.ShapeError, rf"{name}.*\(2,\)", **{name: np.ones(2)})
        wrong = np.ones(3, complex)
        refused(TypeError, rf"{name}.*complex", **{name: wrong})
    for wrong in (
        {"settings": state["settings"]},
        {"memories": state["memories"]},
        state | {"rest": 1},
    ):
        with pytest.raises(ValueError, match=r"missing|unknown"):
            optimizer.load_state_dict(wrong)
    with pytest.raises(TypeError, match="names with values"):
        optimizer.load_state_dict(None)
    optimizer.load_state_dict(state)


def test_a_momentum_that_was_turned_on_or_off_comes_back() -> None:
    for before, after in ((0.0, 0.5), (0.5, 0.0)):
        optimizer = stepped(cr.optim.SGD, lr=0.25, momentum=before)
        optimizer.momentum = after
        again = stepped(cr.optim.SGD, lr=0.1)
        again.load_state_dict(optimizer.state_dict())
        again.params[0].data[...] = optimizer.params[0].data
        for momentum in (after, 0.75):
            for one in (optimizer, again):
                one.momentum = momentum
                one.params[0].grad = np.array([1.0, -3.0, 2.0])
                one.step()
            assert np.array_equal(
                again.params[0].data, optimizer.params[0].data
            )


def make_schedules() -> Iterator[tuple[Any, dict[str, Any]]]:
    """Each schedule, and settings that its constructor refuses."""
    yield (
        lambda o: lr_scheduler.ConstantLR(o, 0.5, 3),
        {"base_lr": -1.0, "factor": 0.0, "total_iters": 1.5},
    )
    yield lambda o: lr_scheduler.StepLR(o, 3), {"step_size": 0, "gamma": -1.0}
    yield lambda o: lr_scheduler.ExponentialLR(o, 0.5), {"gamma": 0.0}
    yield (
        lambda o: lr_scheduler.CosineAnnealingLR(o, 9),
        {"T_max": 0, "eta_min": -0.5},
    )
    yield lambda o: lr_scheduler.InverseTimeLR(o), {"decay": math.nan}
    yield (
        lambda o: lr_scheduler.LinearWarmupDecayLR(o, 2, 9),
        {"warmup_steps": 9, "total_steps": 2, "first": -1},
    )
    yield lambda o: lr_scheduler.InverseSqrtLR(o, 4), {"warmup_steps": 0}
    yield (
        lambda o: lr_scheduler.ReduceLROnPlateau(o, patience=2),
        {
            "mode": "most",
            "factor": 1.0,
            "patience": -1,
            "threshold": math.nan,
            "threshold_mode": "some",
            "cooldown": 0.5,
            "min_lr": -1.0,
            "failures": -1,
            "resting": 1.5,
        },
    )


@pytest.mark.parametrize(("make", "senseless"), list(make_schedules()))
def test_schedules_refuse_as_their_constructors_do(
    make: Any, senseless: dict[str, Any]
) -> None:
    optimizer = cr.optim.SGD([cr.Tensor([1.0], requires_grad=True)], 0.5)
    schedule = make(optimizer)
    plateau = isinstance(schedule, lr_scheduler.ReduceLROnPlateau)
    for _ in range(4):
        schedule.step(*[1.0] * plateau)
    state, rate = schedule.state_dict(), optimizer.lr
    if not plateau:
        senseless = senseless | {"t": -1}
    for name, value in senseless.items():
        with pytest.raises(ValueError, match=r"should be|mode"):
            schedule.load_state_dict(state | {name: value})
        assert schedule.state_dict() == state
        assert optimizer.lr == rate
    short = {k: v for k, v in state.items() if k not in ("t", "best")}
    with pytest.raises(ValueError, match="missing"):
        schedule.load_state_dict(short)
    again = make(cr.optim.SGD(optimizer.params, 0.5))
    again.load_state_dict(state)
    assert again.state_dict() == state
