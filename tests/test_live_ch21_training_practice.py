"""Early stopping on the page against the library's."""

from __future__ import annotations

import itertools

import pytest
from live_figures import Page

import chainrule as cr

FIGURE = "fig-patience"
COURSE = (8, 5, 6, 4, 5, 5, 3, 4, 4, 4)


def library(patience: int, margin: float) -> tuple[int, int, bool]:
    stopper = cr.train.EarlyStopping(cr.nn.Linear(1, 1), patience, margin)
    for epoch, loss in enumerate(COURSE, 1):
        if stopper.step(loss):
            return epoch, stopper.best_call, True
    return len(COURSE), stopper.best_call, False


@pytest.mark.parametrize(
    ("patience", "margin"),
    [*itertools.product((1, 2, 3, 4, 5, 6), (0, 0.5, 1, 1.5, 2, 3, 4))],
)
def test_stop_and_return_are_the_librarys(patience: int, margin: float) -> None:
    page = Page("ch21-training-practice")
    end, back, stopped = library(patience, margin)
    values = {"patience": patience, "margin": margin}
    _, run, returned = page.lines(FIGURE, **values)
    assert run["points"] == [[k + 1, COURSE[k]] for k in range(end)]
    assert returned["points"] == [[back, 0], [back, COURSE[back - 1]]]
    words = page.says(FIGURE, **values)
    assert (f"stops after epoch {end}," in words) == stopped
    assert f"weights of epoch {back} come back" in words


def test_the_courses_differ() -> None:
    pairs = itertools.product((1, 2, 3, 4), (0, 1.5, 4))
    assert len({library(*pair) for pair in pairs}) >= 6
