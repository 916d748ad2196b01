"""The figure of budgets, against the library's schedules and optimizer."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from live_figures import Page

import chainrule as cr

schedules = cr.optim.lr_scheduler
PAGE = Page("ch14-learning-rate-schedules")
FIGURE = "fig-budget"


def descend(schedule: schedules.Schedule, steps: int) -> list[float]:
    """Distances after each step on half the square, by the optimizer."""
    x = cr.Tensor(np.array(1.0), requires_grad=True)
    optimizer = cr.optim.SGD([x], lr=0.0)
    seen = []
    for t in range(steps):
        optimizer.lr = schedule(t)
        optimizer.zero_grad()
        (0.5 * x**2).backward()
        optimizer.step()
        seen.append(x.item())
    return seen


@pytest.mark.parametrize("eta", [0.1, 0.5])
@pytest.mark.parametrize("gamma", [0.9, 0.999])
def test_curves_are_the_librarys_descents(eta: float, gamma: float) -> None:
    level, power, name, geometric = PAGE.lines(
        FIGURE, eta=eta, gamma=gamma, p=1
    )
    assert level["points"] == [[1, 1], [1e5, 1]]
    assert name["label"] == "over a power"
    ((at, height),) = name["points"]
    assert all(distance < height for t, distance in power["points"] if t > at)
    for line, schedule in (
        (power, schedules.InverseTimeLR(eta)),
        (geometric, schedules.ExponentialLR(eta, gamma)),
    ):
        expected = descend(schedule, 500)
        early = [(int(t), x) for t, x in line["points"] if t <= 500]
        assert len(early) > 50
        for t, distance in early:
            assert distance == pytest.approx(expected[t - 1], rel=1e-11)
        assert line["points"][-1][0] == 1e5


@pytest.mark.parametrize("p", [0.5, 1, 1.5])
def test_the_last_point_is_a_product_of_many_factors(p: float) -> None:
    _, power, _, geometric = PAGE.lines(FIGURE, eta=0.2, gamma=0.95, p=p)
    t = np.arange(10**5)
    for line, rates in (
        (power, 0.2 / (1 + t) ** p),
        (geometric, 0.2 * 0.95**t),
    ):
        expected = math.exp(math.fsum(np.log1p(-rates)))
        assert line["points"][-1][1] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("eta", "gamma", "p"),
    [(0.1, 0.9, 1.0), (0.2, 0.95, 0.5), (0.5, 0.999, 1.5)],
)
def test_the_words_hold_the_sums(eta: float, gamma: float, p: float) -> None:
    said = PAGE.says(FIGURE, eta=eta, gamma=gamma, p=p)
    t = np.arange(10**5)
    budget = float(
        mpmath.nsum(lambda k: eta * gamma ** int(k), [0, mpmath.inf])
    )
    total = math.fsum(eta / (1 + t) ** p)
    budget_words, total_words = (
        PAGE.ask(f"live.number({value!r})") for value in (budget, total)
    )
    assert f"can add up to {budget_words} in all of time" in said
    assert f"others add up to {total_words} in 100000 steps" in said
    assert ("they too have a finite sum" in said) == (p > 1)
    assert ("no finite sum" in said) == (p <= 1)


def test_what_is_nearly_nothing_is_said_in_words() -> None:
    said = PAGE.says(FIGURE, eta=0.5, gamma=0.999, p=0)
    assert said.count("less than a billionth") == 2
