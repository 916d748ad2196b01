"""The heavy ball on the page against the library's."""

from __future__ import annotations

import numpy as np
import pytest
from live_figures import Page

import chainrule as cr

FIGURE = "fig-ravine"


def library_path(rate: float, share: float) -> np.ndarray:
    theta = cr.Tensor(np.array([9.0, 1.5]), requires_grad=True)
    optimizer = cr.optim.SGD([theta], lr=rate, momentum=share)
    places = [theta.data.copy()]
    for _ in range(30):
        theta.grad = np.array([1.0, 25.0]) * theta.data
        optimizer.step()
        places.append(theta.data.copy())
    return np.array(places)


def radius(rate: float, share: float) -> float:
    """By eigenvalues of the matrix that takes two distances to the next."""
    matrices = [
        [[1 + share - rate * curvature, -share], [1.0, 0.0]]
        for curvature in (1.0, 25.0)
    ]
    return float(np.abs(np.linalg.eigvals(np.array(matrices))).max())


@pytest.mark.parametrize(
    ("rate", "share"),
    [(0.077, 0.0), (1 / 9, 4 / 9), (0.05, 0.9), (0.16, 0.3), (0.005, 0.98)],
)
def test_path_and_radius_are_the_librarys(rate: float, share: float) -> None:
    page = Page("ch12-momentum")
    expected = library_path(rate, share)
    points = page.lines(FIGURE, eta=rate, beta=share)[-1]["points"]
    np.testing.assert_allclose(points, expected, rtol=1e-9, atol=1e-12)
    words = page.says(FIGURE, eta=rate, beta=share)
    last = float(np.linalg.norm(expected[-1]))
    distance = page.ask(f"live.number({last!r})")
    factor = page.ask(f"live.number({radius(rate, share)!r})")
    assert f"the distance is {distance};" in words
    assert f"the factor {factor} a step" in words
    assert ("shrinks" in words) == (radius(rate, share) < 1)
