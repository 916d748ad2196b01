"""Adagrad, RMSprop, Adam and AdamW: the same paths by other routes.

The routes are PyTorch's own paths, frozen; the printed formulas, at thirty
digits and without any running average; and closed forms.
"""

from __future__ import annotations

import inspect
import json
from fractions import Fraction
from pathlib import Path

import mpmath
import numpy as np
import pytest

import chainrule as cr

FROZEN = json.loads(
    (Path(__file__).parent / "data/optimizers.json").read_text(encoding="utf-8")
)
KINDS = [
    cr.optim.Adagrad,
    cr.optim.RMSprop,
    cr.optim.Adam,
    cr.optim.AdamW,
]
# All settings away from their defaults, so that a state must hold them.
LOADED = [
    (
        cr.optim.Adagrad,
        {
            "lr": 0.2,
            "lr_decay": 0.25,
            "weight_decay": 0.1,
            "initial_accumulator_value": 0.5,
            "eps": 0.01,
        },
    ),
    (
        cr.optim.RMSprop,
        {
            "lr": 0.02,
            "alpha": 0.7,
            "eps": 0.01,
            "weight_decay": 0.2,
            "momentum": 0.5,
            "centered": True,
        },
    ),
    (
        cr.optim.Adam,
        {"lr": 0.1, "betas": (0.7, 0.9), "eps": 0.01, "weight_decay": 0.3},
    ),
    (
        cr.optim.AdamW,
        {"lr": 0.1, "betas": (0.7, 0.9), "eps": 0.01, "weight_decay": 0.3},
    ),
]


def parameter(values, dtype=np.float64):
    return cr.Tensor(np.array(values, dtype), requires_grad=True)


def named(run):
    pairs = ", ".join(f"{k}={v}" for k, v in run["settings"].items())
    return f"{run['optimizer']}({pairs})"


@pytest.mark.parametrize("run", FROZEN["runs"], ids=named)
def test_the_path_is_pytorchs(run):
    params = [parameter(start) for start in FROZEN["starts"]]
    kind = getattr(cr.optim, run["optimizer"])
    optimizer = kind(params, **run["settings"])
    for row, places in zip(FROZEN["gradients"], run["path"], strict=True):
        for theta, g in zip(params, row, strict=True):
            theta.grad = None if g is None else np.array(g)
        optimizer.step()
        for theta, place in zip(params, places, strict=True):
            np.testing.assert_allclose(theta.data, place, rtol=1e-13)


def test_the_frozen_paths_move():
    """No run repeats another one, and each moves at every step."""
    ends = {json.dumps(run["path"][-1]) for run in FROZEN["runs"]}
    assert len(ends) == len(FROZEN["runs"]) == 13
    for run in FROZEN["runs"]:
        path = [np.array(places[0]) for places in run["path"]]
        assert all((np.diff(path, axis=0) != 0).any(axis=1))


@pytest.mark.parametrize(
    ("kind", "defaults"),
    [
        (
            cr.optim.Adagrad,
            {
                "lr": 1e-2,
                "lr_decay": 0,
                "weight_decay": 0,
                "initial_accumulator_value": 0,
                "eps": 1e-10,
            },
        ),
        (
            cr.optim.RMSprop,
            {
                "lr": 1e-2,
                "alpha": 0.99,
                "eps": 1e-8,
                "weight_decay": 0,
                "momentum": 0,
                "centered": False,
            },
        ),
        (
            cr.optim.Adam,
            {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8, "weight_decay": 0},
        ),
        (
            cr.optim.AdamW,
            {
                "lr": 1e-3,
                "betas": (0.9, 0.999),
                "eps": 1e-8,
                "weight_decay": 1e-2,
            },
        ),
    ],
)
def test_names_order_and_defaults_are_pytorchs(kind, defaults):
    given = dict(inspect.signature(kind).parameters)
    assert given.pop("params").default is inspect.Parameter.empty
    assert [(name, p.default) for name, p in given.items()] == list(
        defaults.items()
    )
    optimizer = kind([parameter([1.0])])
    assert {name: getattr(optimizer, name) for name in defaults} == defaults


def weighed(values, keep):
    """An exponential average from its weights."""
    t = len(values)
    weights = [(1 - keep) * keep ** (t - k) for k in range(1, t + 1)]
    return sum(w * x for w, x in zip(weights, values, strict=True))


def by_the_page(kind, theta, gradients, s):
    """The printed formulas for one number, at the working precision."""
    squares, pulls, buffer = [], [], mpmath.mpf(0)
    for t, g in enumerate(gradients, start=1):
        if kind is cr.optim.AdamW:
            theta *= 1 - s["lr"] * s["weight_decay"]
        else:
            g = g + s["weight_decay"] * theta
        pulls.append(g)
        squares.append(g * g)
        if kind is cr.optim.Adagrad:
            total = s["initial_accumulator_value"] + sum(squares)
            rate = s["lr"] / (1 + (t - 1) * s["lr_decay"])
            theta -= rate * g / (mpmath.sqrt(total) + s["eps"])
        elif kind is cr.optim.RMSprop:
            v = weighed(squares, s["alpha"])
            if s["centered"]:
                v -= weighed(pulls, s["alpha"]) ** 2
            quotient = g / (mpmath.sqrt(v) + s["eps"])
            buffer = s["momentum"] * buffer + quotient
            theta -= s["lr"] * buffer
        else:
            beta1, beta2 = s["betas"]
            m = weighed(pulls, beta1) / weighed([1] * t, beta1)
            v = weighed(squares, beta2) / weighed([1] * t, beta2)
            theta -= s["lr"] * m / (mpmath.sqrt(v) + s["eps"])
    return theta


@pytest.mark.parametrize(("kind", "settings"), LOADED)
def test_the_path_is_the_pages(kind, settings):
    rng = np.random.default_rng(8)
    start = rng.normal(size=5)
    gradients = rng.normal(size=(12, 5)) * 10.0 ** rng.integers(-3, 4, 5)
    theta = parameter(start)
    optimizer = kind([theta], **settings)
    for g in gradients:
        theta.grad = g
        optimizer.step()
    with mpmath.workdps(30):
        exact = {
            name: tuple(map(mpmath.mpf, value))
            if isinstance(value, tuple)
            else mpmath.mpf(value)
            for name, value in settings.items()
        }
        for i in range(5):
            sent = [mpmath.mpf(g) for g in gradients[:, i]]
            found = by_the_page(kind, mpmath.mpf(start[i]), sent, exact)
            assert abs(theta.data[i] - found) < 1e-13 * abs(found)


def test_three_steps_by_hand():
    """The weighted sums in whole fractions; two roots that come out even."""
    theta = parameter([2.0])
    optimizer = cr.optim.Adam([theta], lr=1.2, betas=(0.25, 0.5), eps=1.0)
    expected = [
        (Fraction(5), Fraction(25), 1.0),
        (Fraction(1, 4), Fraction(27, 2), 0.94),
        (Fraction(49, 16), Fraction(63, 4), 0.24),
    ]
    for g, (m, v, place) in zip((5.0, -1.0, 3.0), expected, strict=True):
        theta.grad = np.array([g])
        optimizer.step()
        memory = optimizer.memories[0]
        assert (memory["m"].item(), memory["v"].item()) == (m, v)
        np.testing.assert_allclose(theta.item(), place, rtol=1e-14)


@pytest.mark.parametrize("g", [1e12, -1.0, 1e-3, -1e-8, 1e-12, 0.0])
def test_the_first_step_is_the_rate_times_the_sign(g):
    theta = parameter([0.0])
    theta.grad = np.array([g])
    cr.optim.Adam([theta]).step()
    np.testing.assert_allclose(
        theta.item(), -1e-3 * g / (abs(g) + 1e-8), rtol=1e-12
    )


SHAPES = [(3,), (200, 400), (), (128, 256), (0, 2), (4096,), (4097,), (5, 7)]


def plain(kind, theta, gradients, s):
    """The formulas in whole arrays, in an order of their own."""
    m, v, n, total = 0, 0, 0, s.get("initial_accumulator_value", 0)
    one, two = s.get("betas", (s.get("alpha"),) * 2)
    for t, g in enumerate(gradients, start=1):
        if kind is cr.optim.AdamW:
            theta = theta - s["lr"] * s["weight_decay"] * theta
        else:
            g = g + s["weight_decay"] * theta
        if kind is cr.optim.Adagrad:
            total = total + g**2
            rate = s["lr"] / (1 + (t - 1) * s["lr_decay"])
            theta = theta - rate * g / (total**0.5 + s["eps"])
            continue
        m, v = one * m + (1 - one) * g, two * v + (1 - two) * g**2
        if kind is cr.optim.RMSprop:
            n = s["momentum"] * n + g / ((v - m**2) ** 0.5 + s["eps"])
            theta = theta - s["lr"] * n
        else:
            m_hat, v_hat = m / (1 - one**t), v / (1 - two**t)
            theta = theta - s["lr"] * m_hat / (v_hat**0.5 + s["eps"])
    return theta


@pytest.mark.parametrize(("kind", "settings"), LOADED)
def test_blocks_move_as_whole_arrays_do(kind, settings):
    """Small parameters that share blocks, and large ones of several."""
    rng = np.random.default_rng(3)
    starts = [rng.normal(size=shape) for shape in SHAPES]
    rows = [[rng.normal(size=shape) for shape in SHAPES] for _ in range(3)]
    params = [parameter(start) for start in starts]
    optimizer = kind(params, **settings)
    for row in rows:
        for theta, g in zip(params, row, strict=True):
            theta.grad = g
        optimizer.step()
    for i, theta in enumerate(params):
        expected = plain(kind, starts[i], [row[i] for row in rows], settings)
        np.testing.assert_allclose(theta.data, expected, rtol=1e-12, atol=1e-13)


def walk(optimizer, params, rows):
    for row in rows:
        for theta, g in zip(params, row, strict=True):
            theta.grad = g
        optimizer.step()


@pytest.mark.parametrize(("kind", "settings"), LOADED)
def test_a_run_can_be_resumed_bit_for_bit(kind, settings):
    rng = np.random.default_rng(6)
    starts = [rng.normal(size=shape) for shape in [(3,), (2, 4), ()]]
    rows = [[rng.normal(size=s.shape) for s in starts] for _ in range(6)]
    rows[1][0] = None  # the counts of the parameters differ
    whole = [parameter(start) for start in starts]
    walk(kind(whole, **settings), whole, rows)

    half = [parameter(start) for start in starts]
    first = kind(half, **settings)
    walk(first, half, rows[:3])
    state = first.state_dict()
    places = [theta.data.copy() for theta in half]
    walk(first, half, rows[:1])  # a saved state does not move on

    again = [parameter(place) for place in places]
    second = kind(again)
    second.load_state_dict(state)
    walk(second, again, rows[3:])
    for one, other in zip(whole, again, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
    for name, value in settings.items():
        assert getattr(second, name) == value


def test_a_count_that_is_lost_is_noticed():
    """The twin of the test above: what it would not accept."""
    theta = parameter([0.0])
    first = cr.optim.Adam([theta])
    walk(first, [theta], [[np.ones(1)]] * 5)
    state = first.state_dict()
    assert state["memories"][0]["t"] == 5
    state["memories"][0]["t"] = 4
    ends = []
    for saved in (first.state_dict(), state):
        again = parameter(theta.data)
        second = cr.optim.Adam([again])
        second.load_state_dict(saved)
        walk(second, [again], [[np.ones(1)]])
        ends.append(again.item())
    assert ends[0] != ends[1]


@pytest.mark.parametrize(("kind", "settings"), LOADED)
def test_float32_stays_float32(kind, settings):
    theta = parameter([1.0, -2.0], np.float32)
    given = {
        name: np.float64(value) if isinstance(value, float) else value
        for name, value in settings.items()
    }
    optimizer = kind([theta], **given)
    for _ in range(2):
        theta.grad = np.array([0.5, -4.0], np.float32)
        optimizer.step()
    assert theta.dtype == np.float32
    memory = optimizer.memories[0]
    assert memory.pop("t") == 2
    assert memory
    assert {array.dtype for array in memory.values()} == {np.dtype(np.float32)}
    wide = parameter([1.0, -2.0])
    walk(kind([wide], **settings), [wide], [[np.array([0.5, -4.0])]] * 2)
    np.testing.assert_allclose(theta.data, wide.data, rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_gradient_nothing_moves(kind):
    still, moving = parameter([1.0]), parameter([1.0])
    optimizer = kind([still, moving], weight_decay=0.5)
    moving.grad = np.ones(1)
    optimizer.step()
    assert still.item() == 1.0 > moving.item()
    # its first step is its own first, however late it comes
    fresh = parameter([1.0])
    walk(kind([fresh], weight_decay=0.5), [fresh], [[np.ones(1)]])
    still.grad, moving.grad = np.ones(1), None
    before = moving.item()
    optimizer.step()
    assert still.item() == fresh.item()
    assert moving.item() == before


@pytest.mark.parametrize(("kind", "settings"), LOADED)
def test_gradients_are_left_as_they_were(kind, settings):
    theta = parameter([2.0])
    g = np.array([1.0])
    walk(kind([theta], **settings), [theta], [[g]] * 3)
    assert g.tolist() == [1.0]


def test_a_centred_average_of_a_constant_gradient_is_no_nan():
    """Rounding makes v - m**2 negative sooner or later; PyTorch's is NaN."""
    theta = parameter(np.zeros(50))
    g = np.linspace(0.1, 3.0, 50)
    optimizer = cr.optim.RMSprop([theta], alpha=0.5, centered=True)
    walk(optimizer, [theta], [[g]] * 80)
    memory = optimizer.memories[0]
    assert (memory["v"] - memory["m"] ** 2 / 2).min() < 0
    assert np.isfinite(theta.data).all()


def test_decay_beside_the_quotient():
    """Without gradients a power, exactly; without decay Adam, bit for bit."""
    theta = parameter([3.0, -5.0])
    optimizer = cr.optim.AdamW([theta], lr=0.125, weight_decay=0.25)
    walk(optimizer, [theta], [[np.zeros(2)]] * 9)
    kept = Fraction(31, 32) ** 9
    assert theta.data.tolist() == [float(3 * kept), float(-5 * kept)]

    rows = [[g] for g in np.random.default_rng(2).normal(size=(9, 4))]
    one, other = parameter(np.ones(4)), parameter(np.ones(4))
    walk(cr.optim.AdamW([one], weight_decay=0), [one], rows)
    walk(cr.optim.Adam([other]), [other], rows)
    np.testing.assert_array_equal(one.data, other.data)


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (cr.optim.Adagrad, {"lr": -1.0}),
        (cr.optim.Adagrad, {"lr_decay": -0.1}),
        (cr.optim.Adagrad, {"weight_decay": -0.1}),
        (cr.optim.Adagrad, {"initial_accumulator_value": -1.0}),
        (cr.optim.Adagrad, {"eps": -1e-10}),
        (cr.optim.RMSprop, {"lr": float("nan")}),
        (cr.optim.RMSprop, {"alpha": 1.0}),
        (cr.optim.RMSprop, {"alpha": -0.5}),
        (cr.optim.RMSprop, {"alpha": float("nan")}),
        (cr.optim.RMSprop, {"eps": float("inf")}),
        (cr.optim.RMSprop, {"weight_decay": -0.1}),
        (cr.optim.RMSprop, {"momentum": -0.1}),
        (cr.optim.Adam, {"lr": float("inf")}),
        (cr.optim.Adam, {"betas": (1.0, 0.999)}),
        (cr.optim.Adam, {"betas": (0.9, 1.0)}),
        (cr.optim.Adam, {"betas": (-0.1, 0.999)}),
        (cr.optim.Adam, {"eps": -1e-8}),
        (cr.optim.Adam, {"weight_decay": -0.1}),
        (cr.optim.AdamW, {"betas": (0.9, 1.5)}),
        (cr.optim.AdamW, {"weight_decay": float("nan")}),
    ],
)
def test_bad_settings_are_value_errors_by_name(kind, bad):
    (name,) = bad
    with pytest.raises(ValueError, match=name.removesuffix("s")):
        kind([parameter([1.0])], **bad)
