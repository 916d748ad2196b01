"""Pairs of value and tangent, against witnesses that know no slopes."""

import cmath
import math
import operator
import random
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from chainrule import dual, scalar
from chainrule.dual import Dual, derivative, jacobian, jvp
from chainrule.scalar import Value, backward

FUNCTIONS = ("exp", "log", "sqrt", "sin", "cos", "tanh")
ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
}
TINY = 1e-30


def complex_slope(f: Callable[[complex], complex], x: float) -> float:
    return f(complex(x, TINY)).imag / TINY


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("x", [0.3, 1.7, 2.9])
def test_a_function_has_the_slope_of_its_complex_twin(name, x):
    ours = derivative(getattr(dual, name))(x)
    assert math.isclose(
        ours, complex_slope(getattr(cmath, name), x), rel_tol=1e-14
    )
    assert getattr(dual, name)(x) == getattr(math, name)(x)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_second_derivative_is_that_of_the_first(name):
    """Nested pairs against a complex step through the first derivative."""
    firsts = {
        "exp": cmath.exp,
        "log": lambda z: 1 / z,
        "sqrt": lambda z: 0.5 / cmath.sqrt(z),
        "sin": cmath.cos,
        "cos": lambda z: -cmath.sin(z),
        "tanh": lambda z: 1 / cmath.cosh(z) ** 2,
    }
    for x in (0.4, 1.3):
        twice = derivative(derivative(getattr(dual, name)))(x)
        assert math.isclose(
            twice, complex_slope(firsts[name], x), rel_tol=1e-13
        )


@pytest.mark.parametrize("name", ARITHMETIC)
def test_operators_take_a_constant_on_either_side(name):
    f = ARITHMETIC[name]
    x, c = Fraction(7, 3), Fraction(-2, 5)
    slopes = {
        "add": (1, 1, 2),
        "sub": (1, -1, 0),
        "mul": (c, c, 2 * x),
        "div": (1 / c, -c / x**2, 0),
    }
    found = (
        derivative(lambda t: f(t, c))(x),
        derivative(lambda t: f(c, t))(x),
        derivative(lambda t: f(t, t))(x),
    )
    assert found == slopes[name]


def test_operators_keep_whole_numbers_whole():
    ys, rates = jvp(lambda a, b: [a * b - 3 * a, -b], [2, -5], [1, 4])
    assert (ys, rates) == ([-16, 5], [0, -4])
    assert all(isinstance(v, int) for v in ys + rates)


@pytest.mark.parametrize(
    ("n", "value", "slope"),
    [
        (3, -8, 12),
        (1, -2, 1),
        (0, 1, 0),
        (-1, Fraction(-1, 2), Fraction(-1, 4)),
    ],
)
def test_a_constant_power(n, value, slope):
    (y,), (rate,) = jvp(lambda x: [x**n], [Fraction(-2)], [1])
    assert (y, rate) == (value, slope)


def test_the_zeroth_power_at_zero_is_flat():
    assert derivative(lambda x: x**0)(0) == 0


def test_an_exponent_may_not_move():
    with pytest.raises(TypeError, match="constant"):
        derivative(lambda x: x**x)(2.0)


@pytest.mark.parametrize(
    ("x", "value", "slope"), [(2.5, 2.5, 1), (-2.5, 0, 0), (0.0, 0, 0)]
)
def test_the_ramp_is_flat_at_its_kink(x, value, slope):
    (y,), (rate,) = jvp(lambda t: [dual.relu(t)], [x], [1])
    assert (y, rate) == (value, slope)


def test_the_root_at_zero_is_an_error():
    with pytest.raises(ZeroDivisionError):
        derivative(dual.sqrt)(0.0)


def test_comparisons_look_at_the_number():
    small, large = Dual(1.0, 9.0), Dual(Dual(2.0, -9.0), -9.0, 1)
    assert small < large
    assert small <= large
    assert large > small
    assert large >= small
    assert not small > large
    assert not large < small
    assert small < 1.5 <= large
    assert small <= 1
    assert small >= 1
    assert not small < 1
    assert not small > 1
    assert large > 1.5


def test_constants_leave_no_tangent():
    assert derivative(lambda x: 3)(2.0) == 0
    assert jvp(lambda x: [5.0, x], [2.0], [4.0]) == ([5.0, 2.0], [0, 4.0])


def test_an_infinite_constant_spoils_no_tangent():
    """A constant has no tangent at all: no zero meets the infinity."""
    ys, rates = jvp(lambda x, c: [x + c * 0.0], [3.0, 1.0], [1.0, 0.0])
    assert (ys, rates) == ([3.0], [1.0])
    (y,), (rate,) = jvp(lambda x: [x + math.inf], [3.0], [1.0])
    assert (y, rate) == (math.inf, 1.0)
    assert derivative(lambda x: x * math.inf)(-2.0) == math.inf


def test_perturbations_are_not_confused():
    D = derivative
    assert D(lambda x: x * D(lambda y: x + y)(1))(1) == 1
    assert D(lambda x: x * D(lambda y: x * y * y)(3))(4) == 48
    assert D(lambda x: D(lambda y: y * D(lambda z: x * y * z)(2))(5))(3) == 10


def test_passes_nest_in_passes():
    """A pass within a pass: x times the slope of x + y by y, which is one."""

    def outer(x):
        return [x * jvp(lambda y: [x + y], [1], [1])[1][0]]

    assert jvp(outer, [1], [1]) == ([1], [1])


def test_the_third_derivative_of_a_power():
    cube = derivative(derivative(derivative(lambda x: x**5)))
    assert cube(Fraction(1, 2)) == 60 * Fraction(1, 4)


def test_mixed_second_derivatives_are_equal():
    f = lambda x, y: dual.sin(x * y) / (y + 2)  # noqa: E731
    D = derivative
    xy = D(lambda x: D(lambda y: f(x, y))(0.7))(1.2)
    yx = D(lambda y: D(lambda x: f(x, y))(1.2))(0.7)
    assert math.isclose(xy, yx, rel_tol=1e-14)
    assert abs(xy) > 0.01


def random_program(seed: int) -> Callable[..., list[Any]]:
    """Twenty steps with fan-out; the last three results are handed out."""
    draw = random.Random(seed)
    steps = [
        (
            draw.choice(("add", "sub", "mul", "over", "exp", "sin", "tanh")),
            draw.randrange(k - 1),
        )
        for k in range(4, 24)
    ]

    def run(kind: Any, *xs: Any) -> list[Any]:
        made = list(xs)
        for name, j in steps:
            a, b = made[-1], made[j]
            if name in ARITHMETIC:
                made.append(ARITHMETIC[name](a, b) * 0.7)
            elif name == "over":
                made.append(a / (b * b + 1.5))
            elif name == "exp":
                made.append(kind.exp(kind.sin(a)))
            else:
                made.append(getattr(kind, name)(a))
        return made[-3:]

    return run


@pytest.mark.parametrize("seed", range(30))
def test_both_modes_fill_the_same_jacobian(seed):
    """Columns by pairs, rows by the graph, both against complex steps."""
    run = random_program(seed)
    xs = np.random.default_rng(seed).normal(size=4).tolist()
    expected = np.array(
        [
            [
                y.imag / TINY
                for y in run(
                    cmath,
                    *(complex(x, TINY * (i == k)) for i, x in enumerate(xs)),
                )
            ]
            for k in range(4)
        ]
    ).T
    columns = np.array(jacobian(lambda *x: run(dual, *x), xs))
    leaves = [Value(x) for x in xs]
    tables = [backward(y) for y in run(scalar, *leaves)]
    rows = np.array([[t.get(leaf, 0) for leaf in leaves] for t in tables])
    size = np.abs(expected).max()
    assert size > 0
    assert columns.shape == (3, 4)
    assert np.abs(columns - expected).max() <= 1e-13 * size
    assert np.abs(rows - expected).max() <= 1e-13 * size


def test_a_pass_is_the_jacobian_times_a_direction():
    run, xs, v = random_program(3), [0.2, -1.0, 0.7, 1.4], [2.0, -1.0, 0.5, 3.0]
    f = lambda *x: run(dual, *x)  # noqa: E731
    assert np.allclose(
        jvp(f, xs, v)[1], np.array(jacobian(f, xs)) @ v, rtol=1e-13
    )


def test_a_direction_has_one_entry_for_each_input():
    with pytest.raises(ValueError, match="shorter"):
        jvp(lambda a, b: [a * b], [1.0, 2.0], [1.0])


def test_numpy_numbers_leave_the_operators_to_pairs():
    y = np.float64(3) * Dual(2.0, 1.0)
    assert isinstance(y, Dual)
    assert (y.value, y.tangent) == (6, 3)


def test_a_pair_shows_both_numbers():
    assert repr(Dual(2, -1.5)) == "Dual(2, -1.5)"
    assert dual.plain(Dual(Dual(4, 1), 0, 1)) == 4
