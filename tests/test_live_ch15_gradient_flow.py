"""The chain of logistic units on the page against the library's gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from live_figures import Page

import chainrule as cr

FIGURE = "fig-chain"


def error_signals(layers: int, weight: float, share: float) -> list[float]:
    """How fast the last pre-activation rises with each layer's."""

    def last(moves: np.ndarray) -> Any:
        z = weight * 0.5 - share * weight / 2 + moves[0]
        for k in range(1, layers):
            h = cr.nn.functional.sigmoid(z)
            z = weight * h - share * weight / 2 + moves[k]
        return z

    return [float(g) for g in cr.grad(last)(np.zeros(layers))]


@pytest.mark.parametrize(
    ("layers", "weight", "share"),
    [(10, 1.0, 0.0), (10, 4.5, 1.0), (2, 0.5, 0.3), (20, 8.0, 0.9)],
)
def test_signals_are_the_librarys(
    layers: int, weight: float, share: float
) -> None:
    page = Page("ch15-gradient-flow")
    setting = {"L": layers, "w": weight, "c": share}
    _, bound, signals = page.lines(FIGURE, **setting)
    expected = error_signals(layers, weight, share)
    found = [value for _, value in signals["points"]]
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    assert [layer for layer, _ in signals["points"]] == [
        layer for layer, _ in bound["points"]
    ]
    assert [k for k, _ in bound["points"]] == list(range(1, layers + 1))
    most = (weight / 4) ** (layers - 1)
    assert bound["points"][0][1] == pytest.approx(most, rel=1e-12)
    assert bound["points"][-1][1] == 1
    words = page.says(FIGURE, **setting)
    assert f"Factors: {layers - 1}, each at most" in words
    top, arrived = (
        page.ask(f"live.number({value!r})") for value in (most, expected[0])
    )
    assert f"At most {top} of the last" in words
    assert f"can arrive; {arrived} does" in words


def test_the_bound_is_attained_with_the_whole_bias() -> None:
    page = Page("ch15-gradient-flow")
    for weight in (0.5, 4.0, 8.0):
        _, bound, signals = page.lines(FIGURE, L=12, w=weight, c=1)
        np.testing.assert_allclose(
            signals["points"], bound["points"], rtol=1e-12
        )
