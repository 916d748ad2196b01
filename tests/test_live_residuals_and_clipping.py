"""Shares of paths and descents on a cliff on the page, against Python."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from live_figures import Page

import chainrule as cr
from chainrule.optim import clip_grad_norm_

PAGE = Page("residuals-and-clipping")
STEPS = 200


@pytest.mark.parametrize(("blocks", "size"), [(1, 0.5), (7, 0.3), (10, 2.0)])
def test_shares_count_every_path(blocks: int, size: float) -> None:
    paths, gradient = np.zeros(blocks + 1), np.zeros(blocks + 1)
    for chosen in itertools.product((0, 1), repeat=blocks):
        paths[sum(chosen)] += 1
        gradient[sum(chosen)] += math.prod((1, size**2)[c] for c in chosen)
    ink, accent, *names = PAGE.lines("fig-paths", L=blocks, c=size)
    for line, counted in ((ink, paths), (accent, gradient)):
        assert [k for k, _ in line["points"]] == list(range(blocks + 1))
        found = [share for _, share in line["points"]]
        np.testing.assert_allclose(found, counted / counted.sum(), rtol=1e-12)
    assert [(name["kind"], name["label"]) for name in names] == [
        ("ink", "of the paths"),
        ("accent", "of the gradient"),
    ]
    middle = np.arange(blocks + 1) @ gradient / gradient.sum()
    branches, through, whole, alone = (
        PAGE.ask(f"live.number({float(value)!r})")
        for value in (blocks / 2, middle, gradient.sum(), size ** (2 * blocks))
    )
    words = PAGE.says("fig-paths", L=blocks, c=size)
    assert f"A path has {branches} branches on average" in words
    assert f"comes by {through}." in words
    assert f"length is {whole} of" in words
    assert f"would be {alone}." in words


def descend(start: float, rate: float, bound: float) -> list[float]:
    """Distances from one: the library's descent, clipped by its norm."""
    w = cr.Tensor(np.array(start), requires_grad=True)
    optimizer = cr.optim.SGD([w], lr=rate)
    found = [abs(w.item() - 1)]
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            optimizer.zero_grad()
            (0.5 * (w**20 - 1) ** 2).backward()
            clip_grad_norm_([w], bound, error_if_nonfinite=False)
            optimizer.step()
            if not math.isfinite(w.item()):
                break
            found.append(abs(w.item() - 1))
    return found


@pytest.mark.parametrize(
    ("bound", "rate", "start"),
    [(4, 0.0025, 1.505), (90, 0.002, 1.7), (400, 0.0025, 1.5), (2, 0.001, 0.9)],
)
def test_walks_are_the_librarys(
    bound: float, rate: float, start: float
) -> None:
    setting = {"bound": bound, "eta": rate, "start": start}
    level, plain, clipped = PAGE.lines("fig-cliff", **setting)
    assert [y for _, y in level["points"]] == [0.01, 0.01]
    for line, limit in ((plain, math.inf), (clipped, bound)):
        expected = descend(start, rate, limit)
        assert [k for k, _ in line["points"]] == list(range(len(expected)))
        found = [distance for _, distance in line["points"]]
        np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-13)


def test_the_words_say_when_each_arrives_or_leaves() -> None:
    words = PAGE.says("fig-cliff", bound=4, eta=0.0025, start=1.505)
    distances = descend(1.505, 0.0025, 4)
    last = max(k for k, far in enumerate(distances) if far > 0.01)
    assert "A clipped step is at most 0.01 long" in words
    assert f"within a hundredth for good after {last + 1} steps" in words
    after = len(descend(1.505, 0.0025, math.inf))
    assert f"Plain descent leaves all numbers after {after} steps" in words
    words = PAGE.says("fig-cliff", bound=400, eta=0.0025, start=1.5)
    far = PAGE.ask(f"live.number({descend(1.5, 0.0025, 400)[-1]!r})")
    assert f"clipped descent is {far} away after 200 steps" in words
    words = PAGE.says("fig-cliff", bound=4, eta=0.0025, start=0.98)
    far = PAGE.ask(f"live.number({descend(0.98, 0.0025, math.inf)[-1]!r})")
    assert f"Plain descent is {far} away after 200 steps" in words
