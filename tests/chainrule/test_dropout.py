"""Dropout: held to all masks, to its generator, and to differences."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr

dropout = cr.nn.functional.dropout


class Given(np.random.Generator):
    """A generator whose next uniform numbers are known."""

    def __init__(self, numbers: Any) -> None:
        super().__init__(np.random.PCG64(0))
        self.numbers = np.asarray(numbers)

    def random(self, size: Any = None, *_: Any, **__: Any) -> Any:
        return self.numbers.reshape(size)


@pytest.mark.parametrize("p", [Fraction(1, 4), Fraction(5, 8)])
def test_mean_and_variance_over_all_masks(p: Fraction) -> None:
    """Every cell of a grid of uniform numbers, in fractions."""
    x = np.array([4.0, -8.0, 3.0])
    cells = 8  # uniform numbers in the middle of eighths; p cuts between
    first, second = [Fraction(0)] * 3, [Fraction(0)] * 3
    for cell in itertools.product(range(cells), repeat=3):
        numbers = (np.array(cell) + 0.5) / cells
        out = dropout(x, float(p), rng=Given(numbers))
        for i, r in enumerate(numbers >= float(p)):
            exact = Fraction(x[i]) * int(r) / (1 - p)
            assert out[i] == pytest.approx(float(exact), rel=1e-15)
            first[i] += exact
            second[i] += exact**2
    for i in range(3):
        mean = first[i] / cells**3
        assert mean == Fraction(x[i])
        variance = second[i] / cells**3 - mean**2
        assert variance == Fraction(x[i]) ** 2 * p / (1 - p)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_share_of_zeros_is_p(dtype: Any) -> None:
    x = np.full((500, 400), -3.0, dtype)
    out = dropout(x, 0.3, rng=np.random.default_rng(0))
    assert out.dtype == dtype
    assert out.shape == x.shape
    zero = out == 0
    assert abs(zero.mean() - 0.3) < 4 * (0.3 * 0.7 / x.size) ** 0.5
    # Neighbours along both axes know nothing of each other
    for pair in (zero[1:] & zero[:-1], zero[:, 1:] & zero[:, :-1]):
        assert abs(pair.mean() - 0.09) < 6 * (0.09 / x.size) ** 0.5
    assert np.unique(out[~zero]) == dtype(-3) * dtype(1 / 0.7)


def test_the_boundary_belongs_to_those_that_stay() -> None:
    """random() is in [0, 1): P(u >= p) is 1 - p, and 0 is dropped for p > 0."""
    numbers = [0.0, np.nextafter(0.25, 0), 0.25, np.nextafter(1, 0)]
    out = dropout(np.ones(4), 0.25, rng=Given(numbers))
    assert out.tolist() == [0, 0, 1 / 0.75, 1 / 0.75]


def test_the_gradient_has_the_mask_of_its_pass() -> None:
    x = np.random.default_rng(1).normal(size=(6, 5))
    g = np.random.default_rng(2).normal(size=(6, 5))
    layer = cr.nn.Dropout(0.4, rng=np.random.default_rng(3))
    out, pull = cr.vjp(layer, x)
    (back,) = pull(g)
    mask = out / x
    assert set(np.round(np.unique(mask), 12)) == {0, round(1 / 0.6, 12)}
    np.testing.assert_allclose(back, g * mask, rtol=1e-14)
    _, tangent = cr.jvp(
        lambda x: dropout(x, 0.4, rng=np.random.default_rng(3)), (x,), (g,)
    )
    np.testing.assert_allclose(tangent, g * mask, rtol=1e-14)


def test_the_gradient_agrees_with_differences() -> None:
    def loss(x: Any, w: Any) -> Any:
        d = dropout(np.tanh(x), 0.4, rng=np.random.default_rng(5))
        return np.sum((d @ w) ** 3)

    rng = np.random.default_rng(4)
    args = rng.normal(size=(4, 5)), rng.normal(size=(5, 2))
    assert cr.gradcheck(loss, args)
    # The twin: with another mask at every call it must not pass
    other = np.random.default_rng(5)
    with pytest.raises(cr.GradientError):
        cr.gradcheck(
            lambda x: np.sum(dropout(x, 0.4, rng=other) ** 3), args[:1]
        )


def test_tensors_and_arrays_see_the_same() -> None:
    x = np.random.default_rng(6).normal(size=(3, 4)).astype(np.float32)
    t = cr.Tensor(x, requires_grad=True)
    one = dropout(x, 0.5, rng=np.random.default_rng(7))
    other = dropout(t, 0.5, rng=np.random.default_rng(7))
    assert np.array_equal(one, other.data)
    other.sum().backward()
    assert t.grad is not None
    assert t.grad.dtype == np.float32
    assert np.array_equal(t.grad, np.where(one == 0, 0, 2).astype(np.float32))


def test_in_use_nothing_is_done_and_nothing_drawn() -> None:
    layer = cr.nn.Dropout(0.5, rng=np.random.default_rng(8)).eval()
    before = layer.rng.bit_generator.state
    x = np.random.default_rng(9).normal(size=(3, 4))
    assert np.array_equal(layer(x), x)
    assert layer.rng.bit_generator.state == before
    assert not np.array_equal(layer.train()(x), x)
    assert layer.rng.bit_generator.state != before


def test_modes_reach_a_layer_inside() -> None:
    model = cr.nn.Sequential(cr.nn.Linear(3, 2), cr.nn.Dropout(0.9))
    model.eval()
    x = np.ones((4, 3))
    assert np.array_equal(model(x).data, model[0](x).data)
    assert list(model.state_dict()) == ["0.weight", "0.bias"]


@pytest.mark.parametrize(("p", "share"), [(0, 1.0), (1, 0.0), (1.0, 0.0)])
def test_the_ends_draw_nothing(p: float, share: float) -> None:
    rng = np.random.default_rng(10)
    before = rng.bit_generator.state
    x = np.random.default_rng(11).normal(size=(3, 4))
    with np.errstate(all="raise"):
        out, pull = cr.vjp(lambda x: dropout(x, p, rng=rng), x)
        (back,) = pull(np.ones((3, 4)))
    assert np.array_equal(out, share * x)
    assert np.array_equal(back, np.full((3, 4), share))
    assert rng.bit_generator.state == before


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_share_is_from_zero_to_one(p: float) -> None:
    with pytest.raises(ValueError, match="from 0 to 1"):
        cr.nn.Dropout(p)
    with pytest.raises(ValueError, match="from 0 to 1"):
        dropout(np.ones(3), p, training=False)


def test_whole_numbers_and_lists_become_floats() -> None:
    out = dropout([1, -2, 3], 0.25, rng=Given([0.9, 0.1, 0.5]))
    assert out.tolist() == [1 / 0.75, 0, 3 * (1 / 0.75)]
    half = dropout(np.ones(4, np.float16), 0.5, rng=Given([0.9, 0.1, 0.5, 0.2]))
    assert half.dtype == np.float16
    assert half.tolist() == [2, 0, 2, 0]


def test_without_a_generator_masks_are_new() -> None:
    x = np.ones(200)
    assert not np.array_equal(dropout(x), dropout(x))
    one, other = cr.nn.Dropout(), cr.nn.Dropout()
    assert not np.array_equal(one(x), other(x))
    assert repr(one) == "Dropout(0.5)"


def test_a_shared_generator_gives_in_turn() -> None:
    rng = np.random.default_rng(12)
    first, second = cr.nn.Dropout(rng=rng), cr.nn.Dropout(rng=rng)
    x = np.ones(300)
    masks = [first(x), second(x)]
    whole = np.random.default_rng(12).random((2, 300)) >= 0.5
    assert np.array_equal(masks, 2 * whole)


def test_a_checkpoint_draws_the_same_mask_again() -> None:
    def gradient(wrap: Any) -> tuple[np.ndarray, float]:
        layer = cr.nn.Dropout(0.5, rng=np.random.default_rng(13))
        x = np.random.default_rng(14).normal(size=(4, 6))
        g = cr.grad(lambda x: np.sum(wrap(layer)(np.sin(x)) ** 3))(x)
        return g, layer.rng.random()

    (one, after), (other, then) = gradient(cr.checkpoint), gradient(lambda f: f)
    assert np.array_equal(one, other)
    assert after == then
    assert (one == 0).any()


def test_rows_drop_the_same_in_parts_as_in_one_piece() -> None:
    x = np.random.default_rng(15).normal(size=(7, 3))
    whole = cr.nn.Dropout(rng=np.random.default_rng(16))(x)
    layer = cr.nn.Dropout(rng=np.random.default_rng(16))
    parts = np.concatenate([layer(x[:2]), layer(x[2:])])
    assert np.array_equal(whole, parts)
