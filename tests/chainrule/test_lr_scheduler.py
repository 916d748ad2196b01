"""Schedules against fractions, recursions and lists written by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.optim import lr_scheduler as schedules


def optimizer(lr: float = 0.1) -> cr.optim.SGD:
    theta = cr.Tensor(np.zeros(3), requires_grad=True)
    return cr.optim.SGD([theta], lr=lr)


def followed(schedule: schedules.Schedule, count: int) -> list[float]:
    """The optimizer's rates at times 0, 1, …, read from the optimizer."""
    assert schedule.optimizer is not None
    rates = [schedule.optimizer.lr]
    for _ in range(count):
        schedule.step()
        rates.append(schedule.optimizer.lr)
    return rates


def warmup(t: int, first: int = 0) -> float:
    if t + first < 4:
        return float(Fraction(t + first, 40))
    return float(max(Fraction(9 - t, 50), 0)) if t > 4 else 0.1


CASES: list[tuple[Callable[[Any], schedules.Schedule], list[float]]] = [
    (schedules.ConstantLR, [0.1] * 13),
    (
        lambda o: schedules.ConstantLR(o, factor=0.25, total_iters=3),
        [0.025] * 3 + [0.1] * 10,
    ),
    (
        lambda o: schedules.StepLR(o, 5, gamma=0.2),
        [0.1] * 5 + [0.02] * 5 + [0.004] * 3,
    ),
    (
        lambda o: schedules.ExponentialLR(o, 0.5),
        [float(Fraction(1, 10 * 2**t)) for t in range(13)],
    ),
    (
        # cos(k pi / 6) by its roots, not by the cosine of a float
        lambda o: schedules.CosineAnnealingLR(o, 6, eta_min=0.02),
        [
            0.02 + 0.04 * (1 + c)
            for c in (1, 3**0.5 / 2, 0.5, 0, -0.5, -(3**0.5) / 2, *(-1,) * 7)
        ],
    ),
    (
        lambda o: schedules.InverseTimeLR(o, 0.5),
        [float(Fraction(2, 10 * (2 + t))) for t in range(13)],
    ),
    (
        lambda o: schedules.LinearWarmupDecayLR(o, 4, 9),
        [warmup(t) for t in range(13)],
    ),
    (
        lambda o: schedules.LinearWarmupDecayLR(o, 4, 9, first=1),
        [warmup(t, 1) for t in range(13)],
    ),
    (
        lambda o: schedules.InverseSqrtLR(o, 4),
        [0.0, 0.025, 0.05, 0.075] + [0.2 / math.sqrt(t) for t in range(4, 13)],
    ),
]


@pytest.mark.parametrize(("make", "expected"), CASES)
def test_the_optimizer_follows_the_formula(make: Any, expected: Any) -> None:
    schedule = make(optimizer())
    assert followed(schedule, 12) == pytest.approx(expected, rel=1e-13)
    assert [schedule(t) for t in range(13)] == pytest.approx(expected, 1e-13)
    assert (schedule.t, schedule.lr) == (12, schedule(12))


@pytest.mark.parametrize("make", [make for make, _ in CASES])
def test_an_initial_rate_is_enough_for_the_formula(make: Any) -> None:
    alone, followed = make(0.1), make(optimizer())
    assert [alone(t) for t in range(20)] == [followed(t) for t in range(20)]
    alone.step()
    assert alone.lr == alone(1)
    with pytest.raises(ValueError, match="starts at time 0, not at -1"):
        alone(-1)


@pytest.mark.parametrize("make", [make for make, _ in CASES])
def test_a_run_that_is_resumed_goes_on_as_it_would_have(make: Any) -> None:
    whole = followed(make(optimizer()), 12)
    first = make(optimizer())
    for _ in range(7):
        first.step()
    later = optimizer(lr=5.0)
    second = make(later)
    second.load_state_dict(first.state_dict())
    assert later.lr == whole[7]
    assert followed(second, 5) == whole[7:]


def test_another_schedule_has_another_state() -> None:
    state = schedules.StepLR(0.1, 3).state_dict()
    with pytest.raises(
        ValueError, match=r"ExponentialLR.*unknown: \['step_size'\]"
    ):
        schedules.ExponentialLR(0.1, 0.5).load_state_dict(state)


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedules.ConstantLR(-0.1),
        lambda: schedules.ConstantLR(0.1, factor=0.0),
        lambda: schedules.ConstantLR(0.1, total_iters=-1),
        lambda: schedules.StepLR(0.1, 0),
        lambda: schedules.StepLR(0.1, 3, gamma=-0.5),
        lambda: schedules.StepLR(0.1, 2.5),  # type: ignore[arg-type]
        lambda: schedules.StepLR(0.1, math.inf),  # type: ignore[arg-type]
        lambda: schedules.StepLR(0.1, math.nan),  # type: ignore[arg-type]
        lambda: schedules.ExponentialLR(0.1, 0),
        lambda: schedules.ExponentialLR(0.1, math.nan),
        lambda: schedules.CosineAnnealingLR(0.1, 0),
        lambda: schedules.CosineAnnealingLR(0.1, 5, eta_min=-1.0),
        lambda: schedules.InverseTimeLR(0.1, 0),
        lambda: schedules.LinearWarmupDecayLR(0.1, 0, 5),
        lambda: schedules.LinearWarmupDecayLR(0.1, 5, 5),
        lambda: schedules.LinearWarmupDecayLR(0.1, 3, 5, first=-1),
        lambda: schedules.InverseSqrtLR(0.1, 0),
        lambda: schedules.ReduceLROnPlateau(optimizer(), "least"),
        lambda: schedules.ReduceLROnPlateau(optimizer(), threshold_mode="x"),
        lambda: schedules.ReduceLROnPlateau(optimizer(), factor=1.0),
        lambda: schedules.ReduceLROnPlateau(optimizer(), patience=-1),
        lambda: schedules.ReduceLROnPlateau(optimizer(), cooldown=-1),
        lambda: schedules.ReduceLROnPlateau(optimizer(), min_lr=-1.0),
        lambda: schedules.ReduceLROnPlateau(optimizer(), threshold=-1.0),
    ],
)
def test_settings_that_make_no_sense_are_refused(make: Any) -> None:
    with pytest.raises(ValueError, match=r"should be|is \"(min|rel)\""):
        make()


def test_a_plateau_needs_an_optimizer() -> None:
    with pytest.raises(TypeError, match="a plateau needs an optimizer"):
        schedules.ReduceLROnPlateau(0.1)  # type: ignore[arg-type]


def test_a_negative_best_is_not_beaten_by_a_worse_metric() -> None:
    sgd = optimizer()
    plateau = schedules.ReduceLROnPlateau(sgd, patience=0, threshold=0.25)
    plateau.step(-8.0)
    for worse in (-7.0, -9.5):
        assert not plateau.improves(worse)
    assert plateau.improves(-10.5)


# Metrics, settings, and the rates after each, all written by hand.
PLATEAUS: list[tuple[list[float], dict[str, Any], list[float]]] = [
    # A failure more than the patience, each time anew.
    ([3, 3, 3, 3, 3], {"patience": 1}, [1, 1, 0.5, 0.5, 0.25]),
    # An improvement starts the count again.
    ([3, 3, 2, 2, 2], {"patience": 1}, [1, 1, 1, 1, 0.5]),
    # Less than the threshold is none; of the best, or absolutely.
    ([100, 95, 95, 95], {"patience": 2, "threshold": 0.1}, [1, 1, 1, 0.5]),
    ([100, 95, 95, 95], {"patience": 2, "threshold": 0.01}, [1, 1, 1, 1]),
    (
        [100, 95, 95, 95],
        {"patience": 2, "threshold": 6, "threshold_mode": "abs"},
        [1, 1, 1, 0.5],
    ),
    # Below zero an improvement is still a fall.
    ([-1, -1, -1], {"patience": 1, "threshold": 0.01}, [1, 1, 0.5]),
    ([-1, -2, -3], {"patience": 0, "threshold": 0.01}, [1, 1, 1]),
    # Upwards.
    ([1, 2, 3, 2, 2], {"mode": "max", "patience": 1}, [1, 1, 1, 1, 0.5]),
    # While it rests, nothing counts.
    (
        [3, 3, 3, 3, 3, 3],
        {"patience": 0, "cooldown": 2},
        [1, 0.5, 0.5, 0.5, 0.25, 0.25],
    ),
    # Not below the least rate, and what was below it already is left alone.
    ([3, 3, 3], {"patience": 0, "min_lr": 0.4}, [1, 0.5, 0.4]),
    ([3, 3, 3], {"patience": 0, "min_lr": 2.0}, [1, 1, 1]),
    # No number does not improve.
    ([math.nan, 3, math.nan, math.nan], {"patience": 1}, [1, 1, 1, 0.5]),
]


@pytest.mark.parametrize(("metrics", "settings", "rates"), PLATEAUS)
def test_a_plateau_goes_through_its_states(
    metrics: list[float], settings: dict[str, Any], rates: list[float]
) -> None:
    moved = optimizer(lr=1.0)
    plateau = schedules.ReduceLROnPlateau(moved, factor=0.5, **settings)
    found = []
    for metric in metrics:
        # Every state survives being saved.
        state = plateau.state_dict()
        plateau = schedules.ReduceLROnPlateau(moved, factor=0.5, **settings)
        plateau.load_state_dict(state)
        plateau.step(metric)
        found.append(moved.lr)
    assert found == rates
