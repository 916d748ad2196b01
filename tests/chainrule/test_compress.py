"""Bits are exact, bytes are near."""

from __future__ import annotations

import tracemalloc
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.compress import PackedMask, QuantizedActivation, mlp


@pytest.mark.parametrize("shape", [(), (1,), (8,), (5, 3), (2, 3, 7), (0, 4)])
def test_a_mask_comes_back(shape: tuple[int, ...]) -> None:
    mask = np.asarray(np.random.default_rng(1).random(shape) < 0.4)
    packed = PackedMask(mask)
    assert packed.nbytes == -(-mask.size // 8)
    again = packed.unpacked()
    assert again.dtype == bool
    assert again.shape == shape
    assert np.array_equal(again, mask)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nearest_level(dtype: Any) -> None:
    x = np.random.default_rng(2).normal(size=(31, 6)).astype(dtype)
    packed = QuantizedActivation(x)
    again = packed.restored()
    assert again.dtype == dtype
    assert packed.nbytes == x.size
    step = (float(x.max()) - float(x.min())) / 255
    assert 0.45 * step < np.abs(again - x).max() < 0.501 * step
    for end in (x.min(), x.max()):  # both ends are levels
        assert np.abs(again - end).min() <= 2e-6
    # every level is the nearest one, by trying all of them
    levels = float(x.min()) + step * np.arange(256)
    nearest = np.abs(x[..., None] - levels).argmin(axis=-1)
    assert np.array_equal(packed.codes, nearest)


def test_constants_and_refusals() -> None:
    same = QuantizedActivation(np.full((2, 3), -1.5))
    assert np.array_equal(same.restored(), np.full((2, 3), -1.5))
    for bad in (np.zeros(0), np.array([1.0, np.nan]), np.array([np.inf])):
        with pytest.raises(ValueError, match="finite"):
            QuantizedActivation(bad)


class Draws:
    """A generator whose numbers are the same everywhere."""

    def __init__(self, value: float) -> None:
        self.value = value

    def random(self, shape: Any) -> np.ndarray:
        return np.full(shape, self.value)


def test_random_rounding_is_unbiased() -> None:
    """The chance to go up is the distance from the level below."""
    x = np.array([0.0, 255.0, 10.25, 99.5, 200.875])  # levels are integers
    draws = [(i + 0.5) / 512 for i in range(512)]
    found = np.array(
        [
            QuantizedActivation(x, Draws(u)).restored()  # type: ignore[arg-type]
            for u in draws
        ]
    )
    for column, value in zip(found.T, x, strict=True):
        mean = sum(map(Fraction, column.tolist())) / 512
        assert mean == Fraction(value)
        assert set(column) <= {np.floor(value), np.ceil(value)}


def plain(x: Any, weights: Any, biases: Any) -> Any:
    for W, b in zip(weights[:-1], biases, strict=False):
        x = np.maximum(x @ W.T + b, 0)
    return x @ weights[-1].T + biases[-1]


def network(seed: int = 5) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    sizes = [6, 9, 8, 3]
    pairs = list(pairwise(sizes))
    weights = [rng.normal(size=(m, n)) for n, m in pairs]
    biases = [rng.normal(size=m) for m in sizes[1:]]
    return rng.normal(size=(20, 6)), weights, biases


def test_mlp_is_exact_but_for_rounded_inputs() -> None:
    args = network()
    g = np.random.default_rng(6).normal(size=(20, 3))
    out, pull = cr.vjp(plain, *args)
    out2, pull2 = cr.vjp(mlp, *args)
    for found in (out2, mlp(*args)):
        np.testing.assert_allclose(found, out, rtol=1e-12)
    (dx, dW, db), (dx2, dW2, db2) = pull(g), pull2(g)
    pairs = zip([dx, dW[0], *db], [dx2, dW2[0], *db2], strict=True)
    for exact, found in pairs:
        np.testing.assert_allclose(found, exact, rtol=1e-10, atol=1e-12)
    for exact, found in zip(dW[1:], dW2[1:], strict=True):
        off = np.linalg.norm(exact - found) / np.linalg.norm(exact)
        assert 1e-4 < off < 0.02


def test_mlp_gives_its_memory_back() -> None:
    rng = np.random.default_rng(7)
    sizes = [30, 200, 180, 160, 10]
    pairs = list(pairwise(sizes))
    weights = [
        (rng.normal(size=(m, n)) / 9).astype(np.float32) for n, m in pairs
    ]
    biases = [np.zeros(m, np.float32) for m in sizes[1:]]
    x = rng.normal(size=(400, 30)).astype(np.float32)
    tracemalloc.start()
    out, pull = cr.vjp(mlp, x, weights, biases)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    hidden = 400 * sum(sizes[1:-1])
    waits = hidden * 9 // 8 + out.nbytes  # nine bits an entry, of 32
    assert waits <= size < 1.1 * waits
    assert pull(out)[0].shape == x.shape


def test_mlp_refuses() -> None:
    x, weights, biases = network()
    with pytest.raises(cr.ShapeError, match="one bias for each weight"):
        mlp(x, weights, biases[:2])
    with pytest.raises(cr.NotDifferentiable, match="first derivatives"):
        cr.hessian(lambda x: np.sum(mlp(x, weights, biases)))(x)
