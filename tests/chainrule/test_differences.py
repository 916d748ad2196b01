"""Differences against derivatives known in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.differences import (
    complex_step_jacobian,
    difference_step,
    directional_difference,
    numerical_jacobian,
)
from chainrule.errors import ShapeError

X = np.array([0.7, -1.3, 0.4])


def curved(x):
    """Two outputs of three inputs, analytic as written."""
    return np.array([np.sin(x[0]) * x[1] ** 2, np.exp(x[2]) / x[0]])


def curved_jacobian(x):
    return np.array(
        [
            [np.cos(x[0]) * x[1] ** 2, 2 * np.sin(x[0]) * x[1], 0],
            [-np.exp(x[2]) / x[0] ** 2, 0, np.exp(x[2]) / x[0]],
        ]
    )


def test_central_differences_fill_the_jacobian():
    found = numerical_jacobian(curved, X)
    assert found.shape == (2, 3)
    np.testing.assert_allclose(found, curved_jacobian(X), rtol=1e-9, atol=1e-9)


def test_complex_step_is_exact_to_rounding():
    np.testing.assert_allclose(
        complex_step_jacobian(curved, X), curved_jacobian(X), rtol=4e-16
    )


@pytest.mark.parametrize(
    "jacobian", [numerical_jacobian, complex_step_jacobian]
)
def test_shape_is_outputs_then_inputs(jacobian):
    x = np.linspace(-1, 1, 6).reshape(2, 3)
    a = np.arange(20.0).reshape(4, 5, 1) - 7

    def outer(x):
        return a * np.sum(x * x)

    assert jacobian(outer, x).shape == (4, 5, 1, 2, 3)
    np.testing.assert_allclose(
        jacobian(outer, x), np.multiply.outer(a, 2 * x), atol=1e-8
    )


@pytest.mark.parametrize(
    "jacobian", [numerical_jacobian, complex_step_jacobian]
)
@pytest.mark.parametrize("out_shape", [(), (1,), (1, 1)])
def test_numbers_and_single_entries_keep_their_shapes(jacobian, out_shape):
    def cube(x):
        return np.reshape(x**3, out_shape)

    for in_shape in [(), (1,), (1, 1)]:
        found = jacobian(cube, np.full(in_shape, -2.0))
        assert found.shape == out_shape + in_shape
        np.testing.assert_allclose(found.ravel(), [12], rtol=1e-9)


def test_no_inputs_no_columns():
    found = numerical_jacobian(lambda x: np.ones(3), np.zeros(0))
    assert found.shape == (3, 0)
    assert complex_step_jacobian(lambda x: x, np.zeros(0)).shape == (0, 0)


def test_a_linear_map_is_its_own_jacobian_for_any_step():
    a = np.array([[2.0, -1.0, 5.0], [0.5, 3.0, -4.0]])
    for eps in (None, 0.25, 3.0):
        found = numerical_jacobian(lambda x: a @ x, X, eps)
        np.testing.assert_allclose(found, a, rtol=1e-9)


def test_eps_is_the_step_that_is_taken():
    """On x^3 the central difference is 3x^2 + s^2, exactly."""
    found = numerical_jacobian(lambda x: x**3, np.array(2.0), eps=0.5)
    assert found == 12.25


def test_float32_stays_float32_with_a_wider_step():
    x = X.astype(np.float32)
    found = numerical_jacobian(curved, x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, curved_jacobian(X), rtol=1e-3, atol=1e-3)
    assert difference_step(x)[0] > 500 * difference_step(X)[0]


def test_step_grows_with_the_entry():
    step = difference_step(np.array([0.0, -1.0, 50.0]))
    np.testing.assert_allclose(step / step[0], [1, 1, 50])
    np.testing.assert_allclose(step[0] ** 3, 3 * 2.0**-53, rtol=1e-12)


def test_integers_are_read_as_float64():
    found = numerical_jacobian(lambda x: x**2, [3, -5])
    np.testing.assert_allclose(found, np.diag([6, -10]), atol=1e-8)


def test_the_argument_is_left_as_it_was():
    x = X.copy()
    numerical_jacobian(curved, x)
    complex_step_jacobian(curved, x)
    directional_difference(curved, x, X)
    assert np.array_equal(x, X)


def test_directional_difference_is_the_jacobian_times_the_direction():
    v = np.array([300.0, -20.0, 7.0])
    np.testing.assert_allclose(
        directional_difference(curved, X, v), curved_jacobian(X) @ v, rtol=1e-9
    )
    assert np.array_equal(directional_difference(curved, X, 0 * v), [0, 0])


def test_directional_difference_takes_the_step_it_is_given():
    found = directional_difference(lambda x: x[0] ** 3, X * 0, [2.0, 0, 0], 0.5)
    assert found == 2.0  # (1^3 - (-1)^3) / (2 * 0.5)


def test_directional_step_suits_the_entry_that_moves():
    # The large entry stands still; a step made for it would be hundreds wide.
    x, v = np.array([1e8, 0.7]), np.array([0.0, -3.0])
    found = directional_difference(lambda x: np.sin(x[1]), x, v)
    np.testing.assert_allclose(found, -3 * np.cos(0.7), rtol=1e-9)


def test_a_directional_step_that_moves_nothing_is_refused():
    with pytest.raises(ValueError, match="along v does not move x"):
        directional_difference(curved, X, X, 1e-18)


@pytest.mark.parametrize("eps", [0.0, -1e-6, 1e-17, float("nan")])
def test_a_step_that_moves_nothing_upwards_is_refused(eps):
    with pytest.raises(ValueError, match="does not raise x in float64"):
        numerical_jacobian(curved, X, eps)


def test_complex_points_are_refused():
    for call in (
        lambda: numerical_jacobian(curved, X + 1j),
        lambda: complex_step_jacobian(curved, X + 1j),
        lambda: directional_difference(curved, X, X * 1j),
    ):
        with pytest.raises(TypeError, match="real numbers, not complex"):
            call()


def test_complex_step_refuses_a_function_that_drops_the_imaginary_part():
    with pytest.raises(TypeError, match="returned real numbers"):
        complex_step_jacobian(lambda x: np.abs(x), X)


def test_direction_of_another_shape_is_refused():
    with pytest.raises(ShapeError, match=r"\(3,\) and \(3, 1\) do not fit"):
        directional_difference(curved, X, X[:, None])
