"""Sizes in random layers on the page, against quadrature and drawn networks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from live_figures import Page

import chainrule as cr

F = cr.nn.functional
PAGE = Page("ch16-remedies")
ACTIVATIONS: list[Callable[[np.ndarray], np.ndarray]] = [
    lambda z: 1.0 * z,
    F.relu,
    np.tanh,
    F.sigmoid,
    F.selu,
    F.silu,
]

# Gauss-Legendre on each side of zero, where some of them have a corner.
NODES, SHARES = np.polynomial.legendre.leggauss(120)
PLACES = np.concatenate([4.5 * (NODES - 1), 4.5 * (NODES + 1)])
BELL = np.tile(SHARES, 2) * np.exp(-(PLACES**2) / 2)
BELL = BELL / BELL.sum()


@pytest.mark.parametrize("act", range(6))
@pytest.mark.parametrize("scaled", [0.3, 1.0, 2.0])
def test_wide_layers_are_normal_numbers_through_the_librarys_slopes(
    act: int, scaled: float
) -> None:
    phi = ACTIVATIONS[act]
    slope = cr.grad(lambda z: np.sum(phi(z)))
    square, out, factors = scaled, [], []
    for _ in range(20):
        z = np.sqrt(square) * PLACES
        out.append(BELL @ phi(z) ** 2)
        factors.append(scaled * (BELL @ slope(z) ** 2))
        square = scaled * out[-1]
    _, ink, accent, *names = PAGE.lines("fig-depth", act=act, s=scaled, L=20)
    layers = list(range(1, 21))
    words = [(name["kind"], name["label"]) for name in names]
    assert words == [
        ("ink", "activations, out"),
        ("accent", "error signals, back"),
    ]
    assert [k for k, _ in ink["points"]] == layers
    assert [k for k, _ in accent["points"]] == layers
    np.testing.assert_allclose([y for _, y in ink["points"]], out, rtol=1e-4)
    back = [float(np.prod(factors[k:-1])) for k in range(20)]
    found = [y for _, y in accent["points"]]
    np.testing.assert_allclose(found, back, rtol=1e-4)


def test_the_words_tell_the_ends_of_the_lines() -> None:
    setting = {"act": 1, "s": 1.0, "L": 11}
    words = PAGE.says("fig-depth", **setting)
    first = PAGE.ask(f"live.number({2.0**-11})")
    signal = PAGE.ask(f"live.number({2.0**-10})")
    assert words.startswith("ReLU: after 11 layers")
    assert f"mean square {first};" in words
    assert f"signal's is {signal} times" in words
    names = PAGE.sliders("fig-depth")[0]["names"]
    assert names == ["identity", "ReLU", "tanh", "sigmoid", "SELU", "SiLU"]


@pytest.mark.parametrize(("width", "scaled"), [(8, 2.5), (32, 2.0), (256, 1.2)])
def test_mean_and_typical_lines(width: int, scaled: float) -> None:
    *drawn, mean, typical = PAGE.lines(
        "fig-typical", n=width, L=40, s=scaled, seed=3
    )
    assert [line["kind"] for line in drawn] == ["faint"] * 8
    powers = (scaled / 2) ** np.arange(40)
    np.testing.assert_allclose([y for _, y in mean["points"]], powers)
    rng = np.random.default_rng(0)
    gates = rng.binomial(width, 0.5, 200_000)
    logs = np.log(scaled / width * rng.chisquare(gates[gates > 0]))
    error = logs.std() / np.sqrt(len(logs))
    found = np.diff(np.log([y for _, y in typical["points"]]))
    assert abs(found - logs.mean()).max() < 4 * error
    assert np.ptp(found) < 1e-12


def first_over_last(rng: np.random.Generator, width: int, depth: int) -> float:
    """The squared error signal of a drawn ReLU network, down to the first."""
    scale = np.sqrt(2 / width)
    weights = [scale * rng.normal(size=(width, width)) for _ in range(depth)]
    x, signal = rng.normal(size=(2, width))

    def network(shift: np.ndarray) -> np.ndarray:
        z = weights[0] @ x + shift
        for matrix in weights[1:]:
            z = matrix @ np.maximum(z, 0)
        return z

    (back,) = cr.vjp(network, np.zeros(width))[1](signal)
    return float(back @ back / (signal @ signal))


def test_drawn_lines_are_spread_like_networks() -> None:
    width, depth = 16, 12
    rng = np.random.default_rng(1)
    real = np.log([first_over_last(rng, width, depth) for _ in range(400)])
    ends = []
    for seed in range(1, 21):
        lines = PAGE.lines("fig-typical", n=width, L=depth, s=2, seed=seed)
        ends += [line["points"][-1] for line in lines[:8]]
    assert {k for k, _ in ends} == {depth - 1}
    drawn = np.log([y for _, y in ends])
    assert len(set(drawn)) == 160
    error = np.hypot(real.std() / 20, drawn.std() / np.sqrt(160))
    assert abs(real.mean() - drawn.mean()) < 4 * error
    assert 0.75 < drawn.std() / real.std() < 1.33
    last = [y for _, y in ends[-8:]]
    ask = [f"live.number({y})" for y in (min(last), max(last))]
    least, most = map(PAGE.ask, ask)
    words = PAGE.says("fig-typical", n=width, L=depth, s=2, seed=20)
    assert f"from {least} to {most} in these eight" in words
    assert "over last: 1 in the mean" in words
