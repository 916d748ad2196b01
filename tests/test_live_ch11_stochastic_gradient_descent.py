"""Descent on a parabola, on the page, against the library's."""

from __future__ import annotations

import numpy as np
import pytest
from live_figures import Page

import chainrule as cr

FIGURE = "fig-rates"


def library_places(rate: float, curvature: float) -> list[float]:
    theta = cr.Tensor(np.array(3.0), requires_grad=True)
    optimizer = cr.optim.SGD([theta], lr=rate)
    places = [theta.item()]
    for _ in range(10):
        optimizer.zero_grad()
        (curvature * theta**2 / 2).backward()
        optimizer.step()
        places.append(theta.item())
    return places


@pytest.mark.parametrize(
    ("rate", "curvature", "fate"),
    [
        (0.1, 4.0, "comes nearer on its side"),
        (0.3, 4.0, "crosses and comes nearer"),
        (0.5, 4.0, "never comes nearer"),
        (0.55, 4.0, "is thrown farther out"),
        (0.25, 4.0, "arrives at once"),
        (0.7, 2.3, "crosses and comes nearer"),
    ],
)
def test_places_and_words_are_the_librarys(
    rate: float, curvature: float, fate: str
) -> None:
    page = Page("ch11-stochastic-gradient-descent")
    expected = library_places(rate, curvature)
    outline, path = page.lines(FIGURE, eta=rate, a=curvature)
    on_the_curve = [[x, curvature * x**2 / 2] for x in expected]
    np.testing.assert_allclose(
        path["points"], on_the_curve, rtol=1e-11, atol=1e-12
    )
    for x, height in outline["points"]:
        assert height == pytest.approx(curvature * x**2 / 2)
    words = page.says(FIGURE, eta=rate, a=curvature)
    limit, left = (
        page.ask(f"live.number({value!r})")
        for value in (2 / curvature, abs(expected[-1]))
    )
    assert words.startswith(f"Two over the curvature is {limit}. ")
    assert f"the parameter {fate}." in words
    assert words.endswith(f"its distance is {left}.")
