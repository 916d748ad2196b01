"""Losses that clip the error, held to their cases and to differences."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr

F = cr.nn.functional
rng = np.random.default_rng

# Entries inside, at and beyond the border of 3/2, on both sides.
ERRORS = np.array([[0.0, 0.5, -0.25], [1.5, -1.5, 1.25], [4.0, -2.5, 100.0]])
TARGET = rng(0).normal(size=(3, 3))


def cases(r, delta):
    """Huber's loss of a number by its two cases."""
    if abs(r) <= delta:
        return r * r / 2
    return delta * (abs(r) - delta / 2)


def test_huber_by_cases():
    expected = np.vectorize(cases)(ERRORS, 1.5)
    found = F.huber_loss(ERRORS, 0 * ERRORS, "none", 1.5)
    np.testing.assert_allclose(found, expected, rtol=1e-15)
    for reduction, total in (
        ("sum", expected.sum()),
        ("mean", expected.mean()),
    ):
        found = F.huber_loss(ERRORS, 0 * ERRORS, reduction, delta=1.5)
        assert float(found) == pytest.approx(total, rel=1e-14)


def test_the_gradient_of_huber_is_the_clipped_error():
    def loss(x):
        return F.huber_loss(x, TARGET, "sum", 1.5)

    found = cr.grad(loss)(TARGET + ERRORS)
    np.testing.assert_allclose(
        found, np.sign(ERRORS) * np.minimum(abs(ERRORS), 1.5), atol=1e-14
    )
    mean = cr.grad(lambda x: F.huber_loss(x, TARGET, delta=1.5))
    np.testing.assert_allclose(mean(TARGET + ERRORS), found / 9, atol=1e-15)


def test_the_gradient_of_the_target_is_the_opposite():
    x = TARGET + ERRORS
    for loss in (F.huber_loss, F.l1_loss):
        a, b = cr.grad(loss, (0, 1))(x, TARGET)
        np.testing.assert_array_equal(a, -b)
        assert np.abs(a).max() > 0.1


def test_differences_agree_away_from_the_borders():
    x = TARGET + rng(1).normal(size=(3, 3)) * 3
    for loss in (F.huber_loss, F.l1_loss):
        assert cr.gradcheck(lambda x, loss=loss: loss(x, TARGET), (x,))


def test_curvature_of_huber_is_one_inside_and_zero_outside():
    curve = cr.hessian(lambda x: F.huber_loss(x, np.zeros(3), "sum", 2.0))
    x = np.array([0.5, -5.0, 1.75])
    np.testing.assert_array_equal(curve(x), np.diag([1.0, 0.0, 1.0]))


def test_wide_and_narrow_borders():
    square = F.huber_loss(ERRORS, 0 * ERRORS, "none", np.inf)
    np.testing.assert_allclose(square, ERRORS**2 / 2, rtol=1e-15)
    narrow = F.huber_loss(ERRORS, 0 * ERRORS, "none", 1e-9) / 1e-9
    absolute = F.l1_loss(ERRORS, 0 * ERRORS, "none")
    np.testing.assert_allclose(narrow, absolute, atol=1e-9)


def test_no_square_overflows():
    big = np.array([1e200, -3e300])
    np.testing.assert_allclose(
        F.huber_loss(big, 0 * big, "none"), abs(big), rtol=1e-15
    )


def test_l1():
    found = F.l1_loss(ERRORS, 0 * ERRORS, "none")
    np.testing.assert_array_equal(found, np.sqrt(ERRORS**2))
    slope = cr.grad(lambda x: F.l1_loss(x, TARGET))(TARGET + ERRORS)
    expected = np.array([[0, 1, -1], [1, -1, 1], [1, -1, 1]]) / 9
    np.testing.assert_allclose(slope, expected, rtol=1e-15)


@pytest.mark.parametrize("delta", [0.0, -1.0, np.nan])
def test_a_border_is_above_zero(delta):
    with pytest.raises(ValueError, match="delta should be a"):
        F.huber_loss(ERRORS, ERRORS, delta=delta)


@pytest.mark.parametrize("name", ["huber_loss", "l1_loss"])
def test_nothing_broadcasts(name):
    loss = getattr(F, name)
    with pytest.raises(cr.ShapeError, match=name):
        loss(np.ones((5, 1)), np.ones(5))
    with pytest.raises(ValueError, match="reduction"):
        loss(ERRORS, ERRORS, "average")


def test_lists_tensors_and_dtypes():
    p = cr.Tensor(np.array([3.0, 0.5]), requires_grad=True)
    F.huber_loss(p, [1.0, 1.0], "sum").backward()
    assert p.grad.tolist() == [1.0, -0.5]
    half = np.array([1.0, 2.0], np.float32)
    for loss in (F.huber_loss, F.l1_loss):
        assert loss(half, 3 * half).dtype == np.float32
        assert cr.grad(loss)(half, 3 * half).dtype == np.float32


def test_nll_of_log_softmax_is_cross_entropy():
    z, y = rng(2).normal(size=(5, 3)), np.array([2, 0, 1, 1, 2])
    for reduction in ("mean", "sum", "none"):
        np.testing.assert_allclose(
            F.nll_loss(F.log_softmax(z), y, reduction),
            F.cross_entropy(z, y, reduction),
            rtol=1e-14,
        )
    a = cr.grad(lambda z: F.nll_loss(F.log_softmax(z), y))(z)
    np.testing.assert_allclose(a, cr.grad(F.cross_entropy)(z, y), atol=1e-15)


def test_nll_by_hand():
    rows = np.log([[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]])
    assert float(F.nll_loss(rows, [1, 2], "sum")) == pytest.approx(
        np.log(4) - np.log(0.8), rel=1e-14
    )
    slope = cr.grad(lambda x: F.nll_loss(x, np.array([1, 2])))(rows)
    assert slope.tolist() == [[0, -0.5, 0], [0, 0, -0.5]]
    assert float(F.nll_loss(rows.tolist(), [1, 2], "sum")) > 0


def test_nll_refuses_labels_that_are_none():
    rows = np.zeros((2, 3))
    with pytest.raises(cr.ShapeError, match="nll_loss"):
        F.nll_loss(rows, [0, 1, 2])
    with pytest.raises(cr.ShapeError, match="nll_loss"):
        F.nll_loss(rows, rows)
    with pytest.raises(TypeError, match="integers"):
        F.nll_loss(rows, [0.0, 1.0])
    with pytest.raises(ValueError, match="no class 3"):
        F.nll_loss(rows, [0, 3])
    with pytest.raises(ValueError, match="no class -1"):
        F.nll_loss(rows, [0, -1])
