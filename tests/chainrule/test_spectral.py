"""Eigenvalues and singular values where they tie, vanish or are stacked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng(23)


def even(x: Any) -> Any:
    return (x + np.swapaxes(x, -1, -2)) / 2


def test_values_that_tie_have_the_gradient_of_what_treats_them_alike() -> None:
    """The sum of squared eigenvalues is that of the squared entries."""
    for f in (
        lambda x: np.sum(np.linalg.eigvalsh(x) ** 2),
        lambda x: np.sum(np.linalg.svdvals(x) ** 2),
    ):
        for x in (np.eye(3), np.diag([2.0, 2.0, -1.0]), np.zeros((3, 3))):
            np.testing.assert_allclose(cr.grad(f)(x), 2 * x, atol=1e-14)
            t = rng.normal(size=(3, 3))
            _, slope = cr.jvp(f, (x,), (t,))
            np.testing.assert_allclose(slope, 2 * np.sum(x * t), atol=1e-13)


def test_the_way_through_vectors_that_tie_is_nan_and_never_zero() -> None:
    step = even(rng.normal(size=(3, 3)))
    for f in (np.linalg.eigh, np.linalg.svd):
        _, slopes = cr.jvp(lambda x, f=f: tuple(f(x)), (np.eye(3),), (step,))
        found = [np.isnan(s).any() for s in slopes]
        assert found.count(True) == len(found) - 1  # all but the values
    square = lambda x: np.sum(np.linalg.eigvalsh(x) ** 2)  # noqa: E731
    assert np.isnan(cr.hvp(square, np.eye(3), step)).any()
    weights = rng.normal(size=(3, 3))
    read = cr.grad(lambda x: np.sum(weights * np.linalg.eigh(x)[1]))
    with cr.detect_anomaly(), pytest.raises(cr.AnomalyError, match="eigh"):
        read(np.eye(3))


def test_a_matrix_of_zeros_sends_nothing_back_from_its_norms() -> None:
    for order in (2, -2, "nuc"):
        f = lambda x, p=order: np.linalg.norm(x, p)  # noqa: E731
        for shape in ((3, 3), (2, 4)):
            value, g = cr.value_and_grad(f)(np.zeros(shape))
            assert value == 0
            np.testing.assert_array_equal(g, np.zeros(shape))


def test_one_zero_among_the_singular_values() -> None:
    flat = np.outer([1.0, 2.0, -1.0], [3.0, -1.0])
    u, _, vt = np.linalg.svd(flat, full_matrices=False)
    g = cr.grad(lambda x: np.linalg.norm(x, 2))(flat)
    np.testing.assert_allclose(g, np.outer(u[:, 0], vt[0]), atol=1e-14)


def test_further_vectors_have_no_derivative_and_that_is_said() -> None:
    x = rng.normal(size=(4, 2))
    with pytest.raises(cr.NotDifferentiable, match="full_matrices=False"):
        cr.vjp(lambda x: np.linalg.svd(x)[0], x)
    u, s, vt = np.linalg.svd(cr.Tensor(x, True), full_matrices=False)
    np.testing.assert_allclose(((u * s) @ vt).data, x, rtol=1e-13)


def test_what_has_no_rule_says_so() -> None:
    x = rng.normal(size=(3, 3))
    for f in (np.linalg.eig, np.linalg.eigvals, np.linalg.qr):
        with pytest.raises(cr.NotDifferentiable, match="no rule"):
            cr.vjp(f, x)
    with pytest.raises(cr.NotDifferentiable, match="hermitian"):
        cr.vjp(lambda x: np.linalg.svd(x, hermitian=True)[1], x)


def test_results_are_those_of_numpy_with_their_names() -> None:
    x = even(rng.normal(size=(2, 3, 3)))
    found = np.linalg.eigh(cr.Tensor(x, True), UPLO="U")
    expected = np.linalg.eigh(x, UPLO="U")
    np.testing.assert_array_equal(found.eigenvalues.data, expected.eigenvalues)
    np.testing.assert_array_equal(
        found.eigenvectors.data, expected.eigenvectors
    )
    found_svd = np.linalg.svd(cr.Tensor(x, True))
    np.testing.assert_array_equal(found_svd.S.data, np.linalg.svd(x).S)
    assert found_svd.Vh.shape == (2, 3, 3)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (1, 1)])
def test_empty_and_tiny_matrices(shape: tuple[int, ...]) -> None:
    x = np.full(shape, 2.0)
    for f in (np.linalg.eigvalsh, np.linalg.svdvals):
        out, pullback = cr.vjp(f, x)
        np.testing.assert_allclose(out, f(x))
        (g,) = pullback(np.ones(out.shape))
        np.testing.assert_allclose(g, np.ones(shape))


def test_the_triangle_that_is_not_read_does_not_matter() -> None:
    x = rng.normal(size=(3, 3))
    for uplo in "LU":
        f = lambda x, u=uplo: np.linalg.eigvalsh(x, u)[0]  # noqa: E731
        g = cr.grad(f)(x)
        np.testing.assert_array_equal(g, g.T)
        read = np.tril(x) if uplo == "L" else np.triu(x)
        whole = read + read.T - np.diag(np.diag(x))
        np.testing.assert_allclose(g, cr.grad(f)(whole), rtol=1e-12)


def test_a_pseudo_inverse_of_lower_rank() -> None:
    """Along steps that keep the rank: (b + t c)(d + t e)ᵀ."""
    b, c = rng.normal(size=(2, 4, 2))
    d, e = rng.normal(size=(2, 3, 2))

    def f(t: Any) -> Any:
        return np.linalg.pinv((b + t * c) @ (d + t * e).T, rcond=1e-10)

    assert cr.gradcheck(f, [np.array(0.3)])
    _, slope = cr.jvp(f, (0.3,), (1.0,))
    numeric = (f(0.3 + 1e-6) - f(0.3 - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope, numeric, atol=1e-7)
