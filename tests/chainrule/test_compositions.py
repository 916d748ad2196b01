"""Compositions hold NumPy's values for the options they have, or refuse."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng(29)
X = rng.normal(size=(2, 3, 4))
HOLED = np.where(X > 1, np.nan, X)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.median(x, axis=(0, 2)),
        lambda x: np.median(x, axis=-2, keepdims=True),
        lambda x: np.quantile(x, 0.0, axis=0),
        lambda x: np.quantile(x, 1.0, axis=0),
        lambda x: np.percentile(x, 33, axis=(1, 2), keepdims=True),
        lambda x: np.nanmean(x, axis=1),
        lambda x: np.nansum(x, axis=(0, 1)),
        lambda x: np.ptp(x, axis=1),
        lambda x: np.cumprod(x, axis=1),
        lambda x: np.gradient(x)[1],
        lambda x: np.gradient(x, 0.3, axis=(0, 2))[1],
        lambda x: np.diff(x, n=3),
        lambda x: np.diff(x, n=0),
        lambda x: np.trapezoid(x, dx=np.array([0.1, 0.4, 0.2])),
        lambda x: np.delete(x, [0, 2], axis=2),
        lambda x: np.delete(x, -1, axis=1),
        lambda x: np.rollaxis(x, -1, -1),
        lambda x: np.nan_to_num(x, nan=3.5),
        lambda x: np.linspace(x[0, 0, 0], 2.0, 1),
        lambda x: np.linspace(x[0], 2.0, 0),
        lambda x: np.linspace(x[0], x[1], 5, axis=1),
        lambda x: np.sinc(x * 3),
        lambda x: np.select([x > 0.5, x > 0], [x, -x], 2.0),
        lambda x: np.add.outer(x[0], x[1, 0]),
        lambda x: np.fmax(x, 0.1),
        lambda x: np.fmin(0.1, x),
    ],
)
@pytest.mark.parametrize("x", [X, HOLED], ids=["plain", "with NaN"])
def test_values_are_those_of_numpy(f: Any, x: np.ndarray) -> None:
    ours = f(cr.Tensor(x, requires_grad=True))
    np.testing.assert_allclose(ours.data, f(x), rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("mode", ["full", "same", "valid"])
@pytest.mark.parametrize(("n", "m"), [(5, 2), (2, 5), (4, 4), (1, 1), (6, 3)])
def test_convolutions_of_all_lengths(mode: Any, n: int, m: int) -> None:
    a, v = rng.normal(size=n), rng.normal(size=m)
    for f in (np.convolve, np.correlate):
        if f is np.correlate and n < m and mode == "same":
            with pytest.raises(cr.NotDifferentiable):
                f(cr.Tensor(a), v, mode)
            continue
        found = f(cr.Tensor(a, True), v, mode).data
        np.testing.assert_allclose(found, f(a, v, mode), rtol=1e-13)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.quantile(x, 0.5, method="nearest"),
        lambda x: np.quantile(x, [0.1, 0.5]),
        lambda x: np.gradient(x, np.arange(4.0), axis=2),
        lambda x: np.gradient(x, edge_order=2),
        lambda x: np.average(x, returned=True),
        lambda x: np.linspace(x[0], x[1], 3, retstep=True),
        lambda x: np.median(x, overwrite_input=True),
    ],
)
def test_options_without_a_rule_are_refused(f: Any) -> None:
    with pytest.raises(cr.NotDifferentiable):
        f(cr.Tensor(X, requires_grad=True))


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(cr.ShapeError, match="vectors of three"):
        np.cross(cr.Tensor(X[..., :2]), X[..., :2])
    with pytest.raises(cr.ShapeError, match="say which axis"):
        np.average(cr.Tensor(X), weights=np.ones(4))
    if hasattr(np, "cumulative_sum"):
        with pytest.raises(cr.ShapeError, match="along which axis"):
            np.cumulative_sum(cr.Tensor(X))


def test_a_sine_over_its_argument_has_all_derivatives_at_zero() -> None:
    """Those of order 2 k are (-1)^k π^(2 k) / (2 k + 1)."""
    f = np.sinc
    for k in range(4):
        expected = (-1) ** k * pi ** (2 * k) / (2 * k + 1)
        np.testing.assert_allclose(f(np.array(0.0)), expected, rtol=1e-13)
        f = cr.grad(cr.grad(f))


@pytest.mark.parametrize("x", [1e-9, 0.15, 0.1591, 0.1592, 0.4, -0.16])
def test_the_series_joins_the_quotient(x: float) -> None:
    """The slope is (cos πx - sinc x) / x, where that has its digits."""
    slope = float(cr.grad(np.sinc)(x))
    if abs(x) < 1e-3:
        expected = -(pi**2) * x / 3
    else:
        expected = (np.cos(pi * x) - np.sin(pi * x) / (pi * x)) / x
    np.testing.assert_allclose(slope, expected, rtol=1e-11)


def test_flat_functions_return_plain_arrays() -> None:
    x = cr.Tensor(X[0], requires_grad=True)
    for f in (
        lambda x: np.heaviside(x, 0.5),
        lambda x: np.argpartition(x, 1),
        lambda x: np.digitize(x, [0.0, 1.0]),
        np.isposinf,
        lambda x: np.isin(x, [0.0]),
        np.angle,
        np.linalg.matrix_rank,
        lambda x: x.argmax(0, keepdims=True),
        lambda x: x.any(axis=1, keepdims=True),
    ):
        np.testing.assert_array_equal(f(x), f(x.data))
        assert not isinstance(f(x), cr.Tensor)


def test_the_smaller_of_a_number_and_nan_is_the_number() -> None:
    x, y = np.array([np.nan, 1.0, 2.0]), np.array([3.0, np.nan, 2.0])
    for f in (np.fmax, np.fmin):
        out, pullback = cr.vjp(f, x, y)
        np.testing.assert_array_equal(out, [3, 1, 2])
        one, other = pullback(np.array([5.0, 7.0, 8.0]))
        np.testing.assert_array_equal(one, [0, 7, 4])
        np.testing.assert_array_equal(other, [5, 0, 4])


@pytest.mark.filterwarnings("ignore:Degrees of freedom", "ignore:Mean of")
@pytest.mark.parametrize(("n", "ddof"), [(1, 1), (2, 2), (2, 3), (0, 1)])
def test_a_variance_of_too_few_is_that_of_numpy(n: int, ddof: int) -> None:
    x = np.arange(2.0 * n).reshape(2, n) ** 2
    with np.errstate(all="ignore"):
        found = np.var(cr.Tensor(x, requires_grad=True), axis=1, ddof=ddof)
        np.testing.assert_array_equal(found.data, np.var(x, 1, ddof=ddof))


@pytest.mark.parametrize(
    ("f", "at", "slope"),
    [
        # Three entries make two steps: at 0.3 the place is 0.6, at 0.7 1.4.
        (lambda q: np.quantile(np.array([4.0, 1.0, 2.0]), q), 0.3, 2.0),
        (lambda q: np.quantile(np.array([4.0, 1.0, 2.0]), q), 0.7, 4.0),
        (lambda q: np.percentile(np.array([4.0, 1.0, 2.0]), q), 70.0, 0.04),
        (lambda h: np.sum(np.heaviside(np.zeros((2, 3)), h)), 0.3, 6.0),
        (lambda h: np.sum(np.heaviside(np.array([1.0, 0, -2]), h)), 0.3, 1.0),
        (lambda h: np.sum(np.full_like(h * np.ones(5), h * h)), 3.0, 30.0),
        (lambda h: np.sum(np.full_like(np.ones(5) * h, 2.0)), 3.0, 0.0),
    ],
)
def test_no_argument_is_cut_loose(f: Any, at: float, slope: float) -> None:
    """A flat function may have one argument in which it is not flat."""
    np.testing.assert_allclose(cr.grad(f)(at), slope, rtol=1e-14)
    np.testing.assert_allclose(
        cr.jacobian(f, mode="forward")(at), slope, rtol=1e-14
    )


def test_what_is_filled_has_the_dtype_of_the_model() -> None:
    x = cr.Tensor(np.float32(2.5), requires_grad=True)
    assert np.full_like(x, 1.5).dtype == np.float32
    assert np.full_like(x, x * np.float64(1.0)).dtype == np.float32
    assert np.full_like(x, 3.7, dtype=int) == 3
    with pytest.raises(ValueError, match="broadcast"):
        np.full_like(x * np.ones(2, np.float32), np.ones(3))
