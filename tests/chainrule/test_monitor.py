"""The monitor of gradients: what it writes down, and how it draws it."""

from __future__ import annotations

import math
from fractions import Fraction
from xml.etree import ElementTree

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import GradientMonitor

SVG = "{http://www.w3.org/2000/svg}"

# The drawing rounds its coordinates to a tenth: half of a distance between
# two of them is off by a twentieth at most, and so is the other side.
ROUNDED = 0.1


def two_layers() -> cr.nn.Sequential:
    rng = np.random.default_rng(0)
    return cr.nn.Sequential(
        cr.nn.Linear(4, 3, rng=rng),
        cr.nn.Tanh(),
        cr.nn.Linear(3, 2, bias=False, rng=rng),
    )


def backward(model: cr.nn.Module, seed: int = 1) -> None:
    data = np.random.default_rng(seed).normal(size=(5, 4))
    model.zero_grad()
    (model(data) ** 2).sum().backward()


def test_norms_are_lengths_of_the_gradients_call_after_call() -> None:
    model = two_layers()
    monitor = GradientMonitor(model)
    expected: dict[str, list[float]] = {}
    for seed in (1, 2, 3):
        backward(model, seed)
        now = monitor()
        for name, parameter in model.named_parameters():
            entries = np.asarray(parameter.grad).ravel()
            square = sum(Fraction(float(g)) ** 2 for g in entries)
            expected.setdefault(name, []).append(math.sqrt(square))
            assert now[name] == pytest.approx(expected[name][-1], rel=1e-14)
    assert list(monitor.norms) == ["0.weight", "0.bias", "2.weight"]
    for name, norms in monitor.norms.items():
        assert norms == pytest.approx(expected[name], rel=1e-14)
        assert len(set(norms)) == 3


def test_a_step_does_not_change_what_was_written() -> None:
    model = two_layers()
    monitor = GradientMonitor(model)
    backward(model)
    monitor()
    before = {name: list(norms) for name, norms in monitor.norms.items()}
    cr.optim.SGD(model.parameters(), lr=0.5).step()
    model.zero_grad()
    assert monitor.norms == before


def test_a_missing_gradient_is_no_number_and_a_zero_one_is_zero() -> None:
    model = two_layers()
    monitor = GradientMonitor(model)
    assert all(map(math.isnan, monitor().values()))
    for parameter in model.parameters():
        parameter.grad = np.zeros(parameter.shape)
    assert set(monitor().values()) == {0.0}


@pytest.mark.parametrize("size", [1e-200, 1e200, 1.0])
def test_squares_that_do_not_fit_make_no_difference(size: float) -> None:
    model = two_layers()
    for parameter in model.parameters():
        parameter.grad = np.zeros(parameter.shape)
        parameter.grad.flat[:2] = np.array([-3.0, 4.0]) * size
    norms = GradientMonitor(model)()
    assert list(norms.values()) == pytest.approx([5 * size] * 3, rel=1e-14)


def test_small_floats_are_measured_in_double_precision() -> None:
    model = two_layers()
    for parameter in model.parameters():
        parameter.grad = np.full(parameter.shape, 3e38, dtype=np.float32)
    norms = GradientMonitor(model)()
    wide = float(np.float32(3e38))
    assert norms["0.weight"] == pytest.approx(math.sqrt(12) * wide)


@pytest.mark.parametrize("bad", [math.inf, math.nan])
def test_what_is_not_finite_is_kept(bad: float) -> None:
    model = two_layers()
    backward(model)
    for parameter in model.parameters():
        assert parameter.grad is not None
        parameter.grad.flat[0] = -bad
    monitor = GradientMonitor(model)
    assert [repr(n) for n in monitor().values()] == [repr(bad)] * 3
    assert f">{bad:g}<" in monitor.plot()


def dots(drawing: str) -> list[tuple[float, float, str]]:
    """Place and filling of each circle."""
    root = ElementTree.fromstring(drawing)
    return [
        (float(c.attrib["cx"]), float(c.attrib["cy"]), c.attrib["fill"])
        for c in root.iter(f"{SVG}circle")
    ]


def recorded(**norms: list[float]) -> GradientMonitor:
    monitor = GradientMonitor(two_layers())
    monitor.norms = norms
    return monitor


def test_dots_stand_where_their_logarithms_say() -> None:
    monitor = recorded(first=[1e-6, 1e-2, 1e-4], last=[1e-3, 1e-3, 1.0])
    (a, y, hollow), (b, _, filled), (c, below, _), (d, _, _) = dots(
        monitor.plot()
    )
    assert (hollow, filled) == ("none", "#c2410c")
    assert below > y
    assert (b - a) / 2 == pytest.approx((d - c) / 3, abs=ROUNDED)
    assert (c - a) / 3 == pytest.approx((b - a) / 2, abs=ROUNDED)
    bars = [
        path.attrib["d"]
        for path in ElementTree.fromstring(monitor.plot()).iter(f"{SVG}path")
        if path.attrib.get("stroke-width")
    ]
    start, end = bars[0].replace("M", "").split(" ")[0], bars[0].split("H")[1]
    assert float(start) == a
    assert (float(end) - a) / 4 == pytest.approx((b - a) / 2, abs=ROUNDED)


def test_ticks_are_powers_of_ten_that_enclose_all_norms() -> None:
    drawing = recorded(only=[3e-6, 40.0]).plot()
    root = ElementTree.fromstring(drawing)
    labels = [text.text for text in root.iter(f"{SVG}text")]
    assert labels == ["only", *(f"1e{power}" for power in range(-6, 3))]
    many = ElementTree.fromstring(recorded(only=[1e-40, 1.0]).plot())
    ticks = [t.text for t in many.iter(f"{SVG}text")][1:]
    assert ticks == [f"1e{power}" for power in range(-40, 1, 4)]


@pytest.mark.parametrize("norms", [[0.0], [math.nan, 0.0], [2.0], [1.0, 1.0]])
def test_every_record_can_be_drawn(norms: list[float]) -> None:
    drawing = recorded(a=norms).plot()
    root = ElementTree.fromstring(drawing)
    width = float(root.attrib["width"])
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.attrib["x"]) <= width
    assert all(0 <= x <= width for x, _, _ in dots(drawing))
    assert ("0" in [t.text for t in root.iter(f"{SVG}text")]) == (
        norms[-1] == 0
    )


def test_names_are_escaped() -> None:
    drawing = recorded(**{"<a&b>": [1.0]}).plot()
    root = ElementTree.fromstring(drawing)
    assert "<a&b>" in [text.text for text in root.iter(f"{SVG}text")]


def test_a_notebook_shows_the_plot() -> None:
    model = two_layers()
    monitor = GradientMonitor(model)
    backward(model)
    monitor()
    assert monitor._repr_svg_() == monitor.plot()
    assert repr(monitor) == "GradientMonitor(3 parameters, 1 calls)"


def test_nothing_to_watch_and_nothing_recorded_are_errors() -> None:
    with pytest.raises(ValueError, match="no parameters to watch"):
        GradientMonitor(cr.nn.Tanh())
    with pytest.raises(ValueError, match="call the monitor first"):
        GradientMonitor(two_layers()).plot()
