"""Early stopping: when it stops, and what it gives back."""

from __future__ import annotations

import math
import random
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import EarlyStopping


def counter() -> cr.nn.Linear:
    """A model whose bias says how often it was changed."""
    model = cr.nn.Linear(2, 1)
    model.bias.data[...] = 0
    return model


def course(metrics: list[float], **settings: Any) -> tuple[int | None, float]:
    """The call at which it stops, and the call whose weights come back."""
    model = counter()
    stopper = EarlyStopping(model, **settings)
    stopped = None
    for call, metric in enumerate(metrics, 1):
        model.bias.data[...] = call
        if stopper.step(metric):
            stopped = call
            break
    stopper.finish()
    return stopped, float(model.bias.data[0])


@pytest.mark.parametrize(
    ("metrics", "settings", "expected"),
    [
        ([5, 4, 3, 4, 4, 4], {"patience": 3}, (6, 3)),
        ([5, 4, 3, 4, 4, 2, 3, 3, 3], {"patience": 3}, (9, 6)),
        ([5, 4, 3, 4, 4], {"patience": 3}, (None, 3)),
        ([5, 5, 5], {"patience": 1}, (2, 1)),
        ([5, 4.5, 4, 3.5, 3], {"patience": 2, "min_delta": 1}, (3, 1)),
        ([5, 4.5, 3.5, 3, 2.4], {"patience": 2, "min_delta": 1}, (None, 5)),
        ([5, 4, 3, 2], {"patience": 1, "min_delta": 1}, (2, 1)),
        ([5, 4.9, 4.8, 1], {"patience": 2, "min_delta": 0.5}, (3, 1)),
        ([1, 2, 3, 2, 2], {"patience": 2, "mode": "max"}, (5, 3)),
        (
            [1, 1.5, 2.5, 3],
            {"patience": 1, "min_delta": 1, "mode": "max"},
            (2, 1),
        ),
        ([math.nan, math.nan, 1], {"patience": 2}, (2, 2)),
        ([3, math.nan, 2, math.nan, math.nan], {"patience": 2}, (5, 3)),
        ([math.inf, 7, math.inf], {"patience": 1}, (1, 1)),
        ([-1, -2, -3, -3], {"patience": 1}, (4, 3)),
    ],
)
def test_scripted_courses(metrics, settings, expected):
    assert course(metrics, **settings) == expected


def by_definition(
    metrics: list[int], patience: int, margin: int
) -> tuple[int | None, int]:
    """Without a state: look back from every call."""
    best = [0]
    for call in range(1, len(metrics)):
        if metrics[call] < metrics[best[-1]] - margin:
            best.append(call)
    for call in range(len(metrics)):
        last = max(b for b in best if b <= call)
        if call - last >= patience:
            return call + 1, last + 1
    return None, best[-1] + 1


@pytest.mark.parametrize("patience", [1, 2, 4])
@pytest.mark.parametrize("margin", [0, 1, 3])
def test_random_courses_against_the_definition(patience, margin):
    dice = random.Random(10 * patience + margin)
    stops = 0
    for _ in range(100):
        metrics = [dice.randrange(12) for _ in range(dice.randrange(1, 15))]
        found = course(metrics, patience=patience, min_delta=margin)
        assert found == by_definition(metrics, patience, margin)
        upside = [-m for m in metrics]
        settings = {"patience": patience, "min_delta": margin, "mode": "max"}
        assert course(upside, **settings) == found
        stops += found[0] is not None
    assert 10 < stops <= 100


def test_small_gains_add_up():
    """The margin is to the best, so four gains of 0.3 make one of 1.2."""
    metrics = [5 - 0.3 * k for k in range(10)]
    assert course(metrics, patience=5, min_delta=1) == (None, 9)
    assert course(metrics, patience=4, min_delta=1) == (None, 9)
    assert course(metrics, patience=3, min_delta=1)[0] == 4


def test_buffers_come_back_and_the_copy_is_a_copy():
    model = cr.nn.BatchNorm1d(3)
    stopper = EarlyStopping(model, patience=1)
    rng = np.random.default_rng(0)
    model(rng.normal(size=(5, 3)))
    stopper.step(1.0)
    then = model.state_dict()
    model(rng.normal(size=(5, 3)) + 7)
    model.weight.data += 1
    assert stopper.step(2.0)
    stopper.finish()
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, then[name])
    model.weight.data += 1
    stopper.finish()
    np.testing.assert_array_equal(model.weight.data, then["weight"])


def test_as_a_callback_it_reads_the_row():
    stopper = EarlyStopping(
        counter(), patience=1, monitor="val_accuracy", mode="max"
    )
    assert stopper({"val_accuracy": 0.5, "val_loss": 1.0}) is False
    assert stopper({"val_accuracy": 0.4, "val_loss": 0.5}) is True
    with pytest.raises(
        KeyError, match=r"val_accuracy.*monitor one of \['loss'\]"
    ):
        stopper({"loss": 1.0})


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"patience": 0}, "patience.*at least 1, not 0"),
        ({"patience": 1.5}, "patience.*at least 1, not 1.5"),
        ({"patience": math.inf}, "patience.*not inf"),
        ({"patience": math.nan}, "patience.*not nan"),
        ({"mode": "least"}, '"min" or "max"'),
        ({"min_delta": -1}, "min_delta"),
        ({"min_delta": math.nan}, "min_delta"),
    ],
)
def test_settings_out_of_range(settings, words):
    with pytest.raises(ValueError, match=words):
        EarlyStopping(counter(), **settings)


def test_defaults_and_record():
    stopper = EarlyStopping(counter())
    assert (stopper.patience, stopper.min_delta) == (10, 0.0)
    for metric in (3.0, 2.0, 4.0):
        stopper({"val_loss": metric})
    assert (stopper.best, stopper.best_call) == (2.0, 2)
    assert (stopper.calls, stopper.failures) == (3, 1)


def test_a_run_that_is_resumed_stops_where_it_would_have(tmp_path):
    """Whatever the call at which the run was saved."""
    metrics = [5.0, 3.0, 4.0, 2.5, 2.6, 2.7, 2.4, 3.0, 3.1, 3.2, 1.0]

    def course(model, stopper, start):
        for call, metric in enumerate(metrics[start:], start + 1):
            with cr.no_grad():
                model.weight[...] = call
            if stopper.step(metric):
                return call
        return None

    for saved_at in range(10):
        model, again = counter(), counter()
        stopper = EarlyStopping(model, patience=3)
        for call, metric in enumerate(metrics[:saved_at], 1):
            with cr.no_grad():
                model.weight[...] = call
            stopper.step(metric)
        cr.train.save(tmp_path / "run", model=model, stopper=stopper)
        resumed = EarlyStopping(again, patience=3)
        cr.train.load(tmp_path / "run", model=again, stopper=resumed)
        assert course(again, resumed, saved_at) == 10
        assert (resumed.best, resumed.best_call, resumed.calls) == (2.4, 7, 10)
        resumed.finish()
        np.testing.assert_array_equal(again.weight.data, 7)


def test_the_state_of_something_else_is_refused():
    stopper = EarlyStopping(counter())
    stopper.step(1.0)
    state = stopper.state_dict()
    other = EarlyStopping(cr.nn.Sequential(counter()))
    with pytest.raises(ValueError, match="best_state"):
        other.load_state_dict(state)
    with pytest.raises(ValueError, match="unknown"):
        stopper.load_state_dict({**state, "patience": 3})
    assert (other.calls, other.best_state) == (0, None)
