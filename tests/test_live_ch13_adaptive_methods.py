"""The figure of Adam's corrections, against the library's optimizer."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from live_figures import Page

import chainrule as cr

PAGE = Page("ch13-adaptive-methods")
FIGURE = "fig-uncorrected"


class Uncorrected(cr.optim.Adam):
    def corrections(self, t: int) -> tuple[float, float]:
        return 1.0, 1.0


def steps(kind: Any, count: int, betas: tuple[float, float]) -> Any:
    """The first steps under the gradient one, each from zero."""
    theta = cr.Tensor(np.zeros(1), requires_grad=True)
    optimizer = kind([theta], lr=1.0, betas=betas, eps=0)
    lengths = []
    for _ in range(count):
        theta.data, theta.grad = np.zeros(1), np.ones(1)
        optimizer.step()
        lengths.append(-theta.item())
    return np.array(lengths)


@pytest.mark.parametrize(
    "betas", [(0.9, 0.999), (0.0, 0.99), (0.97, 0.9), (0.8, 0.95)]
)
def test_the_curve_is_the_optimizers(betas: tuple[float, float]) -> None:
    beta1, beta2 = betas
    level, curve = PAGE.lines(FIGURE, beta1=beta1, beta2=beta2)
    assert level["points"] == [[1, 1], [1e5, 1]]
    found = steps(Uncorrected, 1000, betas) / steps(cr.optim.Adam, 1000, betas)
    shown = {int(t): ratio for t, ratio in curve["points"] if t <= 1000}
    assert len(shown) > 50
    for t, ratio in shown.items():
        assert ratio == pytest.approx(found[t - 1], rel=1e-11)
    assert curve["points"][-1][0] == 1e5


@pytest.mark.parametrize(
    ("betas", "worst", "times", "end"),
    [
        ((0.9, 0.999), 12, 6.57, 3925),
        ((0.0, 0.99), 1, 10.00, 391),
        ((0.97, 0.9), 1, 0.09, 152),
    ],
)
def test_the_words_are_right(
    betas: tuple[float, float], worst: int, times: float, end: int
) -> None:
    said = PAGE.says(FIGURE, beta1=betas[0], beta2=betas[1])
    assert [float(n) for n in re.findall(r"[\d.]*\d", said)] == [
        worst,
        times,
        end,
    ]
    ratio = steps(Uncorrected, 5000, betas) / steps(cr.optim.Adam, 5000, betas)
    assert np.abs(np.log(ratio)).argmax() + 1 == worst
    assert round(float(ratio[worst - 1]), 2) == times
    assert abs(ratio[end - 2] - 1) >= 0.01 > np.abs(ratio[end - 1 :] - 1).max()
