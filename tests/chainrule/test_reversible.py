"""Blocks that run backwards have the gradients of blocks that do not."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def f(p: Any, x: Any) -> Any:
    return np.tanh(x @ p["W"].T + p["b"])


def g(q: Any, x: Any) -> Any:
    return np.sin(x @ q) * 0.5


def remembered(blocks: Any, x1: Any, x2: Any) -> Any:
    for p, q in blocks:
        x1 = x1 + f(p, x2)
        x2 = x2 + g(q, x1)
    return x1, x2


def blocks(L: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(L)
    pairs = [
        (
            {"W": rng.normal(size=(4, 4)) / 2, "b": rng.normal(size=4)},
            rng.normal(size=(4, 4)) / 2,
        )
        for _ in range(L)
    ]
    return pairs, *rng.normal(size=(2, 6, 4))


@pytest.mark.parametrize("L", [1, 2, 5, 30])
def test_gradients_agree(L: int) -> None:
    args = blocks(L)
    run = cr.reversible(f, g)
    pair = np.random.default_rng(0).normal(size=(2, 6, 4))
    ends, pull = cr.vjp(run, *args)
    plain_ends, plain_pull = cr.vjp(remembered, *args)
    assert all(map(np.array_equal, ends, plain_ends))
    assert all(map(np.array_equal, run(*args), plain_ends))
    found, exact = pull(tuple(pair)), plain_pull(tuple(pair))
    for (p, q), (p2, q2) in zip(found[0], exact[0], strict=True):
        for a, b in ((p["W"], p2["W"]), (p["b"], p2["b"]), (q, q2)):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)
    for a, b in zip(found[1:], exact[1:], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


def test_against_differences() -> None:
    run = cr.reversible(f, g)
    pairs, x1, x2 = blocks(3)

    def loss(x1: Any, x2: Any) -> Any:
        y1, y2 = run(pairs, x1, x2)
        return np.sum(y1**2) + np.sum(np.cos(y2))

    assert cr.gradcheck(loss, [x1, x2])


@pytest.mark.parametrize("L", [3, 12])
def test_nothing_between_the_ends_is_kept(L: int) -> None:
    seen: list[weakref.ref[Any]] = []

    def watched(q: Any, x: Any) -> Any:
        if isinstance(x, np.ndarray):
            seen.append(weakref.ref(x))
        return g(q, x)

    run = cr.reversible(f, watched)
    _, pull = cr.vjp(run, *blocks(L))
    assert len(seen) == L
    # the last one is an end
    assert [ref() is None for ref in seen] == [True] * (L - 1) + [False]
    assert pull(tuple(np.ones((2, 6, 4))))[1].shape == (6, 4)
