"""Matrices at the edge: singular, repeated, zero."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import prod

import numpy as np
import pytest

import chainrule as cr


def exact_det(rows: np.ndarray) -> Fraction:
    """The sum over permutations, in fractions."""
    n, total = len(rows), Fraction(0)
    for order in permutations(range(n)):
        pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
        odd = sum(order[i] > order[j] for i, j in pairs) % 2
        factors = (Fraction(float(rows[i, order[i]])) for i in range(n))
        total += (-1) ** odd * prod(factors)
    return total


def exact_cofactors(rows: np.ndarray) -> np.ndarray:
    n = len(rows)
    found = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            left = np.delete(np.delete(rows, i, 0), j, 1)
            found[i, j] = (-1) ** (i + j) * exact_det(left)
    return found


MATRICES = {
    "regular": [[2, -1, 3], [4, 1, -2], [-3, 5, 1]],
    "mirrored": [[0, 1, 0], [1, 0, 0], [0, 0, 2]],
    "rank two": [[1, 2, 3], [2, 4, 6], [1, 0, 1]],
    "rank one": [[1, 2, 3], [2, 4, 6], [-1, -2, -3]],
    "zero": [[0, 0, 0], [0, 0, 0], [0, 0, 0]],
    "four": [[1, 2, 0, 1], [0, 3, -1, 2], [4, 0, 1, 1], [2, -2, 0, 5]],
    "one": [[7]],
}


@pytest.mark.parametrize("name", MATRICES)
def test_gradient_of_a_determinant_is_the_cofactors(name: str) -> None:
    x = np.array(MATRICES[name], float)
    expected = exact_cofactors(x)
    np.testing.assert_allclose(
        cr.grad(np.linalg.det)(x), expected, rtol=1e-12, atol=1e-13
    )


def test_second_derivative_of_a_singular_determinant_is_refused() -> None:
    x = np.array(MATRICES["rank two"], float)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        cr.hessian(np.linalg.det)(x)


def test_an_inverse_that_does_not_exist_is_numpys_own_error() -> None:
    x = np.array(MATRICES["rank one"], float)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        cr.grad(lambda x: np.sum(np.linalg.inv(x)))(x)


def test_slogdet_gives_the_sign_of_a_negative_determinant() -> None:
    x = np.array([[0.0, 2.0], [3.0, 1.0]])
    traced = cr.Tensor(x, requires_grad=True)
    sign, log = np.linalg.slogdet(traced)
    assert sign == -1
    log.backward()
    assert traced.grad is not None
    np.testing.assert_allclose(traced.grad, np.linalg.inv(x).T, rtol=1e-14)


def test_the_gradient_through_cholesky_is_symmetric() -> None:
    a = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 5.0]])
    weights = np.arange(9.0).reshape(3, 3) - 4
    g = cr.grad(lambda a: np.sum(weights * np.linalg.cholesky(a)))(a)
    np.testing.assert_allclose(g, g.T, rtol=1e-14)
    step = 1e-6
    for i in range(3):
        for j in range(3):
            e = np.zeros((3, 3))
            e[i, j] += step / 2
            e[j, i] += step / 2
            ends = [
                np.sum(weights * np.linalg.cholesky(a + s * e)) for s in (1, -1)
            ]
            np.testing.assert_allclose(
                g[i, j], (ends[0] - ends[1]) / (2 * step), rtol=1e-7, atol=1e-8
            )


@pytest.mark.parametrize("order", [None, 2])
def test_the_norm_of_nothing_has_gradient_zero(order: int | None) -> None:
    g = cr.grad(lambda x: np.linalg.norm(x, order))(np.zeros(3))
    np.testing.assert_array_equal(g, np.zeros(3))


def test_norms_without_a_rule_say_so() -> None:
    for order in (3, "spectral"):
        with pytest.raises(cr.NotDifferentiable, match="norm has no rule"):
            cr.grad(lambda x, p=order: np.linalg.norm(x, p))(np.ones((2, 3)))
    with pytest.raises(cr.ShapeError, match="over which axis"):
        cr.grad(lambda x: np.linalg.norm(x, 1))(np.ones((2, 3, 4)))


def test_lengths_of_any_order_have_gradient_zero_at_the_origin() -> None:
    for order in (1.5, 3, 4.0):
        f = lambda x, p=order: np.linalg.norm(x, p)  # noqa: E731
        np.testing.assert_array_equal(cr.grad(f)(np.zeros(3)), np.zeros(3))
        x = np.array([2.0, -1.0, 0.5])
        assert cr.gradcheck(f, [x])
        assert f(cr.Tensor(x)).item() == pytest.approx(f(x), rel=1e-14)


def test_orders_that_no_vector_has_say_so() -> None:
    with pytest.raises(cr.NotDifferentiable, match="norm has no rule"):
        cr.grad(lambda x: np.linalg.norm(x, "fro"))(np.ones(3))


def test_a_count_of_entries_has_no_slope() -> None:
    """Of order zero: how many entries are not zero, in the array's dtype."""
    x = cr.Tensor(np.array([[3.0, 0, -1], [0, 0, 2]], np.float32), True)
    for options in ({}, {"axis": 0}, {"axis": 1, "keepdims": True}):
        if not options:
            found, expected = np.linalg.norm(x[0], 0), 2
        else:
            found = np.linalg.norm(x, 0, **options)
            expected = np.linalg.norm(x.data, 0, **options)
        assert type(found) is np.ndarray
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, expected)


def test_each_triangle_is_read_where_it_is_asked_for() -> None:
    a = np.array([[4.0, 2.0], [1.0, 3.0]])
    for upper in (False, True):
        ours = np.linalg.cholesky(cr.Tensor(a), upper=upper)
        np.testing.assert_array_equal(
            ours.data, np.linalg.cholesky(a, upper=upper)
        )


def test_single_precision_stays_single() -> None:
    a = np.array([[4, 1], [1, 3]], np.float32)
    for f in (
        np.linalg.det, np.linalg.inv, np.linalg.cholesky, np.linalg.norm,
        lambda a: np.linalg.slogdet(a)[1], lambda a: np.linalg.solve(a, a[0]),
    ):  # fmt: skip
        out, pullback = cr.vjp(f, a)
        assert out.dtype == np.float32
        assert pullback(np.ones_like(out))[0].dtype == np.float32
        assert cr.jvp(f, (a,), (a,))[1].dtype == np.float32


def test_no_matrices_and_matrices_of_no_size() -> None:
    for shape in ((0, 3, 3), (0, 0)):
        for f in (np.linalg.det, np.linalg.inv):
            out, pullback = cr.vjp(f, np.zeros(shape))
            assert pullback(np.ones_like(out))[0].shape == shape
