"""Parts of a batch add up to the batch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng(0)
A, Y, W = rng.normal(size=(12, 3)), rng.normal(size=12), rng.normal(size=3)


def loss(params: Any, A: Any, y: Any) -> Any:
    return np.sum((A @ params["w"] + params["c"][0] - y) ** 2) / (2 * len(y))


def parts(*ends: int) -> list[Any]:
    bounds = zip((0, *ends), (*ends, 12), strict=True)
    return [(A[a:b], Y[a:b]) for a, b in bounds]


@pytest.mark.parametrize("ends", [(), (2, 7), (4, 8), (1, 2, 11)])
def test_any_parts_give_the_whole(ends: tuple[int, ...]) -> None:
    params = {"w": W, "c": [np.array(0.5)]}
    value, grads = cr.accumulate_gradients(loss, params, parts(*ends))
    r = A @ W + 0.5 - Y  # the normal equations, by hand
    assert isinstance(value, float)
    np.testing.assert_allclose(value, r @ r / 24, rtol=1e-13)
    np.testing.assert_allclose(grads["w"], A.T @ r / 12, rtol=1e-13)
    np.testing.assert_allclose(grads["c"][0], r.mean(), rtol=1e-12)


def test_the_plain_mean_would_be_wrong() -> None:
    each = [
        cr.grad(lambda w, A, y: np.sum((A @ w - y) ** 2) / (2 * len(y)))(W, *p)
        for p in parts(2, 7)
    ]
    exact = A.T @ (A @ W - Y) / 12
    assert abs(np.abs(sum(each) / 3 - exact).max() - 0.46) < 0.005
    even = [
        A[i : i + 4].T @ (A[i : i + 4] @ W - Y[i : i + 4]) / 4
        for i in (0, 4, 8)
    ]
    np.testing.assert_allclose(sum(even) / exact, 3, rtol=1e-13)


def test_an_iterator_and_single_precision() -> None:
    pairs = [(a.astype(np.float32), y.astype(np.float32)) for a, y in parts(5)]
    params = {"w": W.astype(np.float32), "c": [np.float32(0.5).reshape(())]}
    _, grads = cr.accumulate_gradients(loss, params, iter(pairs))
    assert grads["w"].dtype == np.float32
    whole = cr.accumulate_gradients(
        loss, params, [tuple(map(np.concatenate, zip(*pairs, strict=True)))]
    )
    np.testing.assert_allclose(grads["w"], whole[1]["w"], rtol=1e-5)


def test_no_example() -> None:
    for empty in ([], [(A[:0], Y[:0])]):
        with (
            np.errstate(all="ignore"),
            pytest.raises(ValueError, match="no ex"),
        ):
            cr.accumulate_gradients(loss, {"w": W, "c": [np.zeros(())]}, empty)
