"""Functions that stay accurate where their formulas overflow or cancel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F

rng = np.random.default_rng(10)


@pytest.mark.parametrize("axis", [-1, 0, 1])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_along_an_axis(axis: int, keepdims: bool) -> None:
    x = rng.normal(size=(2, 3, 4)) * 3
    found = F.logsumexp(x, axis, keepdims)
    expected = np.log(np.exp(x).sum(axis, keepdims=keepdims))
    np.testing.assert_allclose(found, expected, rtol=1e-14)
    assert cr.gradcheck(lambda x: F.logsumexp(x, axis, keepdims), [x])
    (g,) = cr.vjp(lambda x: F.logsumexp(x, axis), x)[1](
        np.ones(found.shape if not keepdims else found.squeeze(axis).shape)
    )
    np.testing.assert_allclose(g, F.softmax(x, axis), rtol=1e-13)


def test_logsumexp_at_the_ends() -> None:
    x = np.array([[1e5, 1e5], [-1e5, -np.inf], [np.inf, 0.0]])
    np.testing.assert_allclose(
        F.logsumexp(x), [1e5 + math.log(2), -1e5, np.inf], rtol=1e-15
    )


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3)])
def test_no_logits(shape: tuple[int, ...]) -> None:
    x = np.zeros(shape, np.float32)
    for function in F.softmax, F.log_softmax:
        assert function(x).shape == shape
        g = cr.grad(lambda x, f=function: f(x).sum())(x)
        assert g.shape == shape
    with np.errstate(divide="ignore"):
        total = F.logsumexp(x)
        assert cr.grad(lambda x: F.logsumexp(x).sum())(x).shape == shape
    assert total.dtype == np.float32
    np.testing.assert_array_equal(total, np.full(shape[:-1], -np.inf))


LOGITS = np.array([-745.0, -40.0, -1.3, 0.4, 40.0, 1e4])


@pytest.mark.parametrize("y", [0.0, 1.0, 0.3])
def test_yes_or_no_against_the_two_logarithms(y: float) -> None:
    """-y log p - (1 - y) log(1 - p), each term in the form that is exact."""
    z = LOGITS
    target = np.full(z.shape, y)

    def ramp(v: float) -> float:
        return (
            v + math.log1p(math.exp(-v)) if v > 0 else math.log1p(math.exp(v))
        )

    expected = [y * ramp(-v) + (1 - y) * ramp(v) for v in z]
    found = F.binary_cross_entropy_with_logits(z, target, "none")
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    total = F.binary_cross_entropy_with_logits(z, target, "sum")
    np.testing.assert_allclose(total, sum(expected), rtol=1e-14)
    gradient = cr.grad(
        lambda z: F.binary_cross_entropy_with_logits(z, target, "sum")
    )(z)
    sigmoid = [1 / (1 + math.exp(-max(v, -700))) for v in z]
    np.testing.assert_allclose(gradient, np.array(sigmoid) - y, atol=1e-15)


def test_yes_or_no_to_second_order() -> None:
    z, y = rng.normal(size=(2, 3)), rng.random((2, 3))

    def loss(z: Any) -> Any:
        return F.binary_cross_entropy_with_logits(z, y)

    assert cr.gradcheck(loss, [z])
    assert cr.gradcheck(cr.grad(loss), [z])
    curvature = np.diag(cr.hessian(lambda z: F.softplus(z).sum())(np.zeros(3)))
    np.testing.assert_array_equal(curvature, 1 / 4)


def test_yes_or_no_has_no_kink_at_zero() -> None:
    """Where logistic regression starts: p = 1/2 for every example."""
    y = np.array([1.0, 0.0, 0.3])

    def loss(z: Any) -> Any:
        return F.binary_cross_entropy_with_logits(z, y, "sum")

    np.testing.assert_allclose(cr.grad(loss)(np.zeros(3)), 0.5 - y, rtol=1e-15)
    np.testing.assert_array_equal(cr.hessian(loss)(np.zeros(3)), np.eye(3) / 4)


def test_yes_or_no_refuses_shapes_that_would_broadcast() -> None:
    with pytest.raises(cr.ShapeError, match="binary_cross_entropy"):
        F.binary_cross_entropy_with_logits(np.ones((3, 1)), np.ones(3))


def test_softplus_at_both_ends() -> None:
    x = np.array([-800.0, -2.0, 0.0, 800.0])
    expected = [0.0, math.log1p(math.exp(-2)), math.log(2), 800.0]
    np.testing.assert_allclose(F.softplus(x), expected, rtol=1e-15)
    g = cr.grad(lambda x: np.sum(F.softplus(x)))(x)
    np.testing.assert_allclose(
        g, [0, 1 / (1 + math.exp(2)), 0.5, 1], rtol=1e-15
    )


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_dtypes_are_kept(kind: Any) -> None:
    x = cr.Tensor(rng.normal(size=(3, 2)).astype(kind), requires_grad=True)
    y = (rng.random((3, 2)) < 0.5).astype(kind)
    for out in (
        F.logsumexp(x),
        F.softplus(x),
        F.binary_cross_entropy_with_logits(x, y, "none"),
    ):
        assert out.dtype == kind
        x.grad = None
        np.sum(out).backward()
        assert x.grad is not None
        assert x.grad.dtype == kind
