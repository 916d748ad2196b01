"""Functions that move entries, on inputs that are easily got wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng(14)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.flip(x),
        lambda x: np.roll(x, 2),
        lambda x: np.roll(x, -1, 0),
        lambda x: np.cumsum(x),
        lambda x: np.tile(x, (2, 2)),
        lambda x: np.repeat(x, 2),
        lambda x: np.pad(x, 1),
        lambda x: np.sort(x),
        lambda x: np.maximum.accumulate(x, 1),
        lambda x: np.triu(x),
        lambda x: np.diagonal(x),
    ],
)
@pytest.mark.parametrize("shape", [(0, 3), (1, 1), (3, 2)])
def test_empty_and_tiny_arrays(f: Any, shape: tuple[int, int]) -> None:
    x = rng.normal(size=shape)
    out, pullback = cr.vjp(f, x)
    np.testing.assert_array_equal(out, f(x))
    (g,) = pullback(np.ones(out.shape))
    assert g.shape == shape


def test_strided_views_are_read_as_they_look() -> None:
    x = rng.normal(size=(6, 8))[::2, ::-3]
    f = lambda x: np.sum(np.cumsum(x, 0) ** 2 * np.roll(x, 1, 1))  # noqa: E731
    np.testing.assert_array_equal(cr.grad(f)(x), cr.grad(f)(x.copy()))


def test_all_pieces_of_a_split_send_back() -> None:
    x = rng.normal(size=7)
    scale = np.array([2.0, 3.0, 5.0])

    def f(x: Any) -> Any:
        parts = np.array_split(x, 3)
        return sum(s * np.sum(p * p) for s, p in zip(scale, parts, strict=True))

    expected = 2 * x * np.repeat(scale, [3, 2, 2])
    np.testing.assert_allclose(cr.grad(f)(x), expected, rtol=1e-14)


def test_differences_are_of_no_negative_order() -> None:
    with pytest.raises(ValueError, match="at least 0, not -1"):
        cr.grad(lambda x: np.sum(np.diff(x, -1)))(np.ones(3))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_greatest_so_far_is_the_last_of_those_that_tie(sign: int) -> None:
    x = sign * np.array([1.0, -2.0, 1.0, 3.0, 3.0, 2.0])
    extreme = np.maximum if sign > 0 else np.minimum
    out, pullback = cr.vjp(extreme.accumulate, x)
    np.testing.assert_array_equal(out, extreme.accumulate(x))
    (g,) = pullback(np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0]))
    np.testing.assert_array_equal(g, [3, 0, 4, 8, 48, 0])


def test_nothing_is_greater_than_a_nan() -> None:
    x = np.array([2.0, np.nan, 5.0], np.float32)
    out, pullback = cr.vjp(np.maximum.accumulate, x)
    np.testing.assert_array_equal(out, [2, np.nan, np.nan])
    (g,) = pullback(np.array([1.0, 2.0, 4.0], np.float32))
    np.testing.assert_array_equal(g, [1, 6, 0])


def test_ties_are_sorted_in_order_of_place() -> None:
    x = np.array([2.0, 1.0, 2.0, 1.0])
    (g,) = cr.vjp(np.sort, x)[1](np.array([10.0, 20.0, 30.0, 40.0]))
    np.testing.assert_array_equal(g, [30, 10, 40, 20])


def test_padding_by_a_function_is_refused() -> None:
    with pytest.raises(cr.NotDifferentiable, match="mode='linear_ramp'"):
        cr.grad(lambda x: np.sum(np.pad(x, 1, mode="linear_ramp")))(np.ones(3))


SEVEN = np.arange(7.0) - 3


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.array_split(x, 3),
        lambda x: np.split(x, [3, 2]),
        lambda x: np.split(x, [-2, 9]),
        lambda x: [np.tril(x)],
        lambda x: [np.triu(x, 1)],
        lambda x: [np.hstack([x[0], x[1]])],
        lambda x: [np.vstack([x[0], x[1]])],
        lambda x: [np.vstack([x, list(range(7))])],
        lambda x: [np.hstack([x, [1.0, 2.0]])],
        lambda x: [np.stack([x, list(range(7))], -1)],
        lambda x: [np.concatenate([x, [[1.0, 2.0]]], None)],
        lambda x: [np.pad(x, {0: (1, 2)})],
        lambda x: [np.pad(np.reshape(x, (1, 7)), {-1: 2}, "edge")],
    ],
)
def test_values_are_numpys(f: Any) -> None:
    ours = f(cr.Tensor(SEVEN, requires_grad=True))
    for mine, theirs in zip(ours, f(SEVEN), strict=True):
        assert mine.requires_grad
        np.testing.assert_array_equal(mine.data, theirs)


def test_an_uneven_split_is_numpys_own_error() -> None:
    with pytest.raises(ValueError, match="equal division"):
        np.split(cr.Tensor(SEVEN), 3)


def test_an_odd_reflection_is_no_index() -> None:
    with pytest.raises(cr.NotDifferentiable, match="'reflect_type': 'odd'"):
        np.pad(cr.Tensor(SEVEN), 1, "reflect", reflect_type="odd")


def test_indices_along_an_axis_have_all_axes() -> None:
    x = cr.Tensor(SEVEN.reshape(1, 7))
    with pytest.raises(cr.ShapeError, match=r"\(1, 7\) and \(1,\)"):
        np.take_along_axis(x, np.array([0]), 1)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.take(x, [0], axis=2),
        lambda x: np.transpose(x, (0, 3)),
        lambda x: np.transpose(x, (0, 0)),
        lambda x: np.swapaxes(x, 0, 2),
        lambda x: np.sum(x, axis=2),
        lambda x: np.einsum("...j->", x),
        lambda x: np.einsum("ij,jk", x),
    ],
)
def test_axes_that_are_not_there_are_refused(f: Any) -> None:
    x = SEVEN[:6].reshape(2, 3)
    with pytest.raises(ValueError, match=r".+"):
        f(x)
    with pytest.raises(ValueError, match=r".+"):
        f(cr.Tensor(x))


def test_the_order_of_entries_may_be_by_columns() -> None:
    x = cr.Tensor(SEVEN[:6].reshape(2, 3), requires_grad=True)
    for order in "CF":
        for f in (
            lambda x, o=order: np.reshape(x, (3, -1), order=o),
            lambda x, o=order: np.ravel(x, order=o),
            lambda x, o=order: x.reshape(3, 2, order=o),
            lambda x, o=order: x.ravel(o),
        ):
            np.testing.assert_array_equal(f(x).data, f(x.data))
    with pytest.raises(cr.NotDifferentiable, match="order="):
        np.add(x, x, order="F")


@pytest.mark.parametrize(
    "f",
    [
        lambda x, axis: np.repeat(x, 3, axis=axis),
        lambda x, axis: np.take(x, np.array([0, 0, -1]), axis=axis),
        lambda x, axis: np.compress([True], x, axis=axis),
        lambda x, axis: np.cumsum(x, axis=axis),
        lambda x, axis: np.squeeze(x, axis=axis),
    ],
)
def test_a_number_counts_as_a_row_of_one(f: Any) -> None:
    """Where NumPy lets it have an axis, and only there."""
    x = np.array(-1.5)
    for axis in (0, -1, None):
        expected = f(x, axis)
        t = cr.Tensor(x, requires_grad=True)
        found = f(t, axis)
        np.testing.assert_array_equal(found.data, expected)
        assert found.shape == expected.shape
        found.sum().backward()
        assert (t.grad.shape, t.grad) == ((), expected.size)
    for axis in (1, -2):
        with pytest.raises(np.exceptions.AxisError):
            f(x, axis)
        with pytest.raises(np.exceptions.AxisError):
            f(cr.Tensor(x, requires_grad=True), axis)
