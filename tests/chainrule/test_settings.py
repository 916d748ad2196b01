"""Settings that make no sense are ValueErrors, and say which they are."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import nn, optim, settings, train
from chainrule.nn import functional as F
from chainrule.optim import lr_scheduler as schedules

X = np.array([[0.5, -1.0, 2.0], [1.0, 0.3, -0.7]])
MEAN, VAR = np.zeros(3), np.ones(3)


def theta(*shape: int) -> cr.Tensor:
    return cr.Tensor(np.ones(shape or 3), requires_grad=True)


def sgd(lr: Any = 0.1, **settings: Any) -> optim.SGD:
    return optim.SGD([theta()], lr, **settings)


SETTINGS: dict[str, tuple[Callable[[Any], Any], list[Any]]] = {
    # what takes it, and the numbers that are out of its range
    "negative_slope": (nn.LeakyReLU, [math.inf]),
    "negative_slope of leaky_relu": (lambda v: F.leaky_relu(X, v), [math.inf]),
    "alpha": (nn.ELU, [math.inf]),
    "alpha of elu": (lambda v: F.elu(X, v), [math.inf]),
    "p": (nn.Dropout, [-0.1, 1.1]),
    "p of dropout": (lambda v: F.dropout(X, v), [-0.1, 1.1]),
    "p of alpha_dropout": (lambda v: F.alpha_dropout(X, v), [-0.1, 1.1]),
    "delta": (lambda v: F.huber_loss(X, X, delta=v), [0, -1.0]),
    "momentum of batch_norm": (
        lambda v: F.batch_norm(X, MEAN, VAR, training=True, momentum=v),
        [-0.1, 1.1],
    ),
    "eps of batch_norm": (
        lambda v: F.batch_norm(X, MEAN, VAR, eps=v),
        [-1e-9, math.inf],
    ),
    "eps of layer_norm": (lambda v: F.layer_norm(X, 3, eps=v), [-1e-9]),
    "eps of rms_norm": (lambda v: F.rms_norm(X, 3, eps=v), [-1e-9]),
    "num_features": (nn.BatchNorm1d, [0, 2.5]),
    "eps of BatchNorm1d": (lambda v: nn.BatchNorm1d(3, v), [-1e-9]),
    "momentum": (lambda v: nn.BatchNorm1d(3, momentum=v), [-0.1, 1.1]),
    "size of LayerNorm": (lambda v: nn.LayerNorm((3, v)), [0, 2.5]),
    "eps of LayerNorm": (lambda v: nn.LayerNorm(3, v), [-1e-9]),
    "eps of RMSNorm": (lambda v: nn.RMSNorm(3, v), [-1e-9]),
    "in_features": (lambda v: nn.Linear(v, 2), [0, 2.5]),
    "out_features": (lambda v: nn.Linear(2, v), [-1, 2.5]),
    "low": (lambda v: nn.init.uniform_(theta(), v, 2.0), [-math.inf]),
    "mean": (lambda v: nn.init.normal_(theta(), v), [math.inf]),
    "std": (lambda v: nn.init.normal_(theta(), 0.0, v), [-1.0]),
    "gain": (lambda v: nn.init.xavier_normal_(theta(2, 3), v), [-1.0]),
    "gain of uniform": (
        lambda v: nn.init.xavier_uniform_(theta(2, 3), v),
        [-1],
    ),
    "gain of orthogonal": (
        lambda v: nn.init.orthogonal_(theta(2, 3), v),
        [math.inf],
    ),
    "param": (lambda v: nn.init.calculate_gain("leaky_relu", v), [math.inf]),
    "lr": (sgd, [-0.1, math.inf]),
    "momentum of SGD": (lambda v: sgd(momentum=v), [-0.1]),
    "weight_decay": (lambda v: sgd(weight_decay=v), [-0.1]),
    "beta1": (lambda v: optim.Adam([theta()], betas=(v, 0.9)), [-0.1, 1]),
    "eps of Adam": (lambda v: optim.Adam([theta()], eps=v), [-1e-9]),
    "alpha of RMSprop": (lambda v: optim.RMSprop([theta()], alpha=v), [1]),
    "max_norm": (lambda v: optim.clip_grad_norm_([theta()], v), [-1.0]),
    "clip_value": (lambda v: optim.clip_grad_value_([theta()], v), [-1.0]),
    "step_size": (lambda v: schedules.StepLR(0.1, v), [0, 2.5]),
    "gamma": (lambda v: schedules.ExponentialLR(0.1, v), [0, math.inf]),
    "T_max": (lambda v: schedules.CosineAnnealingLR(0.1, v), [0, math.inf]),
    "factor": (lambda v: schedules.ReduceLROnPlateau(sgd(), "min", v), [0, 1]),
    "patience": (lambda v: train.EarlyStopping(nn.Linear(1, 1), v), [0, 1.5]),
    "init_scale": (train.GradScaler, [0, math.inf]),
    "batch_size": (lambda v: train.minibatches(X, batch_size=v), [0, 1.5]),
    "epochs": (
        lambda v: train.minibatches(X, batch_size=1, epochs=v),
        [-1, 1.5],
    ),
    "rtol": (lambda v: cr.gradcheck(np.sum, (X,), rtol=v), [-1.0, math.inf]),
    "atol": (lambda v: cr.gradcheck(np.sum, (X,), atol=v), [-1.0, math.inf]),
}
NO_NUMBERS = [math.nan, True, np.True_, "0.5", b"1", 0.5j, np.ones(1), [1.0]]


@pytest.mark.parametrize("name", SETTINGS)
def test_what_makes_no_sense_is_named(name: str) -> None:
    take, outside = SETTINGS[name]
    word = name.split(" ")[0]
    for value in [*NO_NUMBERS, *outside]:
        with pytest.raises(ValueError, match=rf"{word}\b.* not ") as caught:
            take(value)
        assert str(value)[:4] in str(caught.value)


@pytest.mark.parametrize(
    "kind", [int, float, np.float64, np.float32, np.int8, np.array, cr.Tensor]
)
def test_any_kind_of_number_is_one(kind: Any) -> None:
    """NumPy's numbers, and arrays that hold one, are as good as Python's."""
    for read in (
        settings.number,
        settings.at_least_zero,
        settings.above_zero,
        settings.bound,
        settings.share,
        settings.whole,
    ):
        found = read("one", kind(1))
        assert found == 1
        assert type(found) is (int if read is settings.whole else float)


def test_what_is_kept_is_a_python_number() -> None:
    held = np.array(0.25)
    layers = nn.LeakyReLU(held), nn.ELU(held), nn.Dropout(held)
    norms = nn.BatchNorm1d(3, held, held), nn.LayerNorm(3, held)
    held[...] = 7.0
    kept = [
        layers[0].negative_slope, layers[1].alpha, layers[2].p,
        norms[0].eps, norms[0].momentum, norms[1].eps,
    ]  # fmt: skip
    assert [type(value) for value in kept] == [float] * 6
    assert kept == [0.25] * 6


def test_a_slope_can_be_learned() -> None:
    """d/da sum(leaky_relu(x, a)) is the sum of what is negative."""
    slope = cr.grad(lambda a: np.sum(F.leaky_relu(X, a)))(0.1)
    np.testing.assert_allclose(slope, -1.7, rtol=1e-15)
    curve = cr.grad(lambda a: np.sum(F.elu(X, a)))(0.1)
    np.testing.assert_allclose(curve, np.expm1([-1.0, -0.7]).sum(), rtol=1e-15)


def test_limits_that_are_infinite_keep_everything() -> None:
    half = F.huber_loss(X, 0 * X, delta=math.inf)
    np.testing.assert_allclose(half, np.mean(X**2) / 2, rtol=1e-15)
    p = theta()
    p.grad = np.array([3.0, -4.0, 0.0])
    assert optim.clip_grad_norm_([p], math.inf) == 5.0
    assert p.grad.tolist() == [3.0, -4.0, 0.0]


def test_a_tolerance_that_is_no_number_accepts_nothing() -> None:
    """With rtol=nan no gap would be larger than what is allowed."""
    wrong = cr.primitive(np.sin)
    cr.defvjp(wrong, lambda g, ans, x: g)
    with pytest.raises(ValueError, match="rtol"):
        cr.gradcheck(wrong, (X,), rtol=math.nan)
