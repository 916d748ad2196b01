"""Where a slope is a convention: finite, and the one that is documented.

At a kink the one-sided slopes differ or are infinite; what the engine answers
there is said in the section on the table of rules. No answer is NaN, and no
answer makes NumPy complain (warnings are errors here).
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr
import chainrule.nn.functional as F
from chainrule.rules import fused

Z = np.zeros(3)
ONES = np.ones(4)
KINKS: list[tuple[str, Callable[..., Any], tuple[Any, ...], Any]] = [
    ("modulus", np.abs, (0.0,), (0,)),
    ("root", np.sqrt, (0.0,), (0,)),
    ("root as power", lambda x: x**0.5, (0.0,), (0,)),
    ("root as power of arrays", np.power, (0.0, 0.25), (0, 0)),
    ("cube root", np.cbrt, (0.0,), (0,)),
    ("root of a square", lambda x: np.sqrt(x * x), (0.0,), (0,)),
    ("power zero", lambda x: x**0, (0.0,), (0,)),
    ("power zero of infinity", lambda x: x**0, (np.inf,), (0,)),
    (
        "power zero of an array",
        lambda x: np.sum(x ** np.zeros(3)),
        (np.array([np.inf, -np.inf, 0.0]),),
        (0,),
    ),
    ("power one", lambda x: x**1.0, (0.0,), (1,)),
    ("zero to the power", lambda y: 0.0**y, (2.0,), (0,)),
    ("hypotenuse", np.hypot, (0.0, 0.0), (0, 0)),
    ("angle of the origin", np.arctan2, (0.0, 0.0), (0, 0)),
    ("relu", fused.relu, (0.0,), (0,)),
    ("maximum", np.maximum, (2.0, 2.0), (0.5, 0.5)),
    ("minimum", np.minimum, (2.0, 2.0), (0.5, 0.5)),
    ("maximum with a number", lambda x: np.maximum(x, 0), (0.0,), (0.5,)),
    ("clip, below", lambda x: np.clip(x, 0, 1), (0.0,), (1,)),
    ("clip, above", lambda x: np.clip(x, 0, 1), (1.0,), (1,)),
    ("crossed limits", np.clip, (0.5, 2.0, -1.0), (0, 0, 1)),
    ("sign", lambda x: np.sign(x) * x, (0.0,), (0,)),
    ("remainder", lambda x: x % 2.0, (4.0,), (1,)),
    ("greatest", np.max, (ONES,), (ONES / 4,)),
    ("least", np.min, (ONES,), (ONES / 4,)),
    ("deviation", np.std, (ONES,), (0 * ONES,)),
    ("deviation of one", np.std, (np.array([3.0]),), (np.zeros(1),)),
    ("variance", np.var, (ONES,), (0 * ONES,)),
    ("length", np.linalg.norm, (Z,), (Z,)),
    ("length of a matrix", np.linalg.norm, (np.zeros((2, 3)),), (Z,)),
    ("sum of moduli", lambda x: np.linalg.norm(x, 1), (Z,), (Z,)),
    ("cubic norm", lambda x: np.linalg.norm(x, 3), (Z,), (Z,)),
    ("flat norm", lambda x: np.linalg.norm(x, 0.5), (Z,), (Z,)),
    ("inverse norm", lambda x: np.linalg.norm(x, -2), (Z,), (Z,)),
    ("greatest modulus", lambda x: np.linalg.norm(x, np.inf), (Z,), (Z,)),
    ("product with two zeros", np.prod, (np.array([0.0, 2.0, 0.0]),), (Z,)),
    (
        "product with a zero",
        np.prod,
        (np.array([0.0, 2.0, 5.0]),),
        (np.array([10.0, 0.0, 0.0]),),
    ),
    ("impossible events", np.logaddexp, (-np.inf, -np.inf), (0, 0)),
    ("one impossible event", np.logaddexp, (-np.inf, 1.0), (0, 1)),
    ("one infinite logarithm", np.logaddexp, (np.inf, 1.0), (1, 0)),
    ("the other infinite", np.logaddexp2, (-2.0, np.inf), (0, 1)),
    ("a ramp at infinity", F.softplus, (np.inf,), (1,)),
    ("infinite and impossible", np.logaddexp, (np.inf, -np.inf), (1, 0)),
]


@pytest.mark.parametrize(
    ("f", "args", "slopes"),
    [pytest.param(*rest, id=name) for name, *rest in KINKS],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_slope_at_a_kink(f: Any, args: Any, slopes: Any, dtype: Any) -> None:
    args = [np.asarray(x, dtype) for x in args]
    n = tuple(range(len(args)))
    found = cr.grad(f, n)(*args)
    columns = cr.jacobian(f, n, mode="forward")(*args)
    for g, t, x, expected in zip(found, columns, args, slopes, strict=True):
        assert g.dtype == t.dtype == dtype
        assert g.shape == t.shape == x.shape
        np.testing.assert_array_equal(g, np.broadcast_to(expected, x.shape))
        np.testing.assert_array_equal(t, g)


@pytest.mark.parametrize(
    ("f", "args"),
    [pytest.param(f, args, id=name) for name, f, args, _ in KINKS],
)
def test_curvature_at_a_kink_is_finite(f: Any, args: Any) -> None:
    args = [np.asarray(x, float) for x in args]

    def steepness(*args: Any) -> Any:
        slopes = cr.grad(f, tuple(range(len(args))))(*args)
        return sum(np.sum(g * g + g) for g in slopes)

    for g in cr.grad(steepness, tuple(range(len(args))))(*args):
        assert np.isfinite(g).all()


@pytest.mark.parametrize(
    "f",
    [
        np.sqrt, np.cbrt, np.std, np.linalg.norm, lambda x: x**0.25,
        lambda x: np.hypot(x, x), lambda x: np.arctan2(x, x),
        *(lambda x, p=p: np.linalg.norm(x, p) for p in (0.5, 1, 1.5, 3, -2)),
        *(lambda x, p=p: np.linalg.norm(np.diag(x), p) for p in (2, "nuc")),
    ],
)  # fmt: skip
def test_no_convention_hides_a_nan(f: Any) -> None:
    """A loss that is NaN has no gradient of zeros, by either mode."""
    lost = lambda x: np.sum(f(x)) * np.nan  # noqa: E731
    assert np.isnan(cr.grad(lost)(Z)).all()
    assert np.isnan(cr.jacobian(lost, mode="forward")(Z)).all()


@pytest.mark.parametrize("f", [np.sqrt, lambda x: x**0.5, np.cbrt])
def test_a_root_of_zero_stops_an_infinity(f: Any) -> None:
    """Whatever is made of a root of zero, it does not move, by either mode."""
    made = lambda x: np.sum(1 / f(x) - np.log(f(x)))  # noqa: E731
    with np.errstate(divide="ignore"):
        np.testing.assert_array_equal(cr.grad(made)(Z), Z)
        np.testing.assert_array_equal(cr.jacobian(made, mode="forward")(Z), Z)


@pytest.mark.parametrize("p", [0.5, 1.5, 3, -1, -2.5])
def test_norms_of_any_order(p: float) -> None:
    """NumPy's values; and slopes by (|x| / norm)^(p - 1), zero by zero."""
    x = np.array([[3.0, -0.5, 0.0, 2.0], [1.0, 4.0, -2.0, 0.25]])
    norm = lambda x: np.linalg.norm(x, p, axis=1)  # noqa: E731
    with np.errstate(all="ignore"):
        expected = norm(x)
        share = (np.abs(x) / expected[:, None]) ** (p - 1) * np.sign(x)
    share[(x == 0) | (expected[:, None] == 0)] = 0
    value, slopes = cr.value_and_grad(lambda x: np.sum(norm(x)))(x)
    np.testing.assert_allclose(value, expected.sum(), rtol=1e-14)
    np.testing.assert_allclose(slopes, share, rtol=1e-13)
    assert cr.gradcheck(norm, (x[1:],))


# Each function is fine at the second number and not at the first.
BRANCHES: list[tuple[Callable[..., Any], float, float]] = [
    (np.sqrt, 0.0, 4.0),
    (np.sqrt, -1.0, 4.0),
    (np.log, 0.0, 2.0),
    (np.log, -1.0, 2.0),
    (np.log2, 0.0, 2.0),
    (np.log10, 0.0, 2.0),
    (np.log1p, -1.0, 1.0),
    (np.log1p, -3.0, 1.0),
    (np.cbrt, 0.0, 8.0),
    (lambda x: x**0.3, 0.0, 2.0),
    (lambda x: x**0.3, -1.0, 2.0),
    (lambda x: x**-1, 0.0, 2.0),
    (lambda x: x**-2.5, 0.0, 2.0),
    (lambda x: np.power(x, np.array([0.5, 0.5])), -1.0, 2.0),
    (lambda x: 1 / x, 0.0, 2.0),
    (lambda x: x / x, 0.0, 2.0),
    (lambda x: np.sin(x) / x, 0.0, 2.0),
    (lambda x: 1.0 / (x * x), 0.0, 2.0),
    (np.reciprocal, 0.0, 2.0),
    (np.arcsin, 1.0, 0.3),
    (np.arcsin, 2.0, 0.3),
    (np.arccos, 1.0, 0.3),
    (np.arccosh, 1.0, 2.0),
    (np.arccosh, 0.0, 2.0),
    (np.arctanh, 1.0, 0.3),
    (np.arctanh, 2.0, 0.3),
    (lambda x: np.arctan2(x, 0.0 * x), 0.0, 2.0),
    (lambda x: np.hypot(x, 0.0 * x), 0.0, 2.0),
    (lambda x: np.linalg.norm(x[..., None], axis=-1), 0.0, 5.0),
]


@pytest.mark.parametrize(("f", "bad", "good"), BRANCHES)
def test_an_untaken_branch_sends_nothing(
    f: Any, bad: float, good: float
) -> None:
    """Neither NaN nor infinity, whatever the branch does where it is not."""
    x = np.array([bad, good])
    taken = np.array([False, True])

    def masked(x: Any) -> Any:
        return np.sum(np.where(taken, f(x), 0.0))

    with np.errstate(all="ignore"):
        g = cr.grad(masked)(x)
        _, slope = cr.jvp(masked, (x,), (np.array([0.0, 2.0]),))
        curve = cr.grad(lambda x: np.sum(cr.grad(masked)(x)))(x)
    alone = lambda x: np.sum(f(np.stack([x, x]))[:1])  # noqa: E731
    assert g[0] == curve[0] == 0
    np.testing.assert_allclose(g[1], cr.grad(alone)(good), rtol=1e-14)
    np.testing.assert_allclose(slope, 2 * g[1], rtol=1e-14)
    np.testing.assert_allclose(
        curve[1], cr.grad(cr.grad(alone))(good), rtol=1e-13, atol=1e-15
    )


@pytest.mark.parametrize(
    "f",
    [
        lambda x: 1 / x, lambda x: x / (x + 1), np.sqrt, np.log, np.exp,
        lambda x: x**-1.5, lambda x: x**0.5, np.reciprocal, np.cbrt, np.sinh,
        lambda x: np.power(-x, np.array(3.0)), lambda x: np.hypot(x, 2 * x),
        lambda x: np.arctan2(x, 3 * x * x), lambda x: np.arctanh(x / 9),
    ],
)  # fmt: skip
def test_a_zero_that_arrives_has_a_derivative(f: Any) -> None:
    """What keeps 0 / 0 from being NaN must not freeze a zero that moves.

    At two, (x - 2) f(x) sends nothing to f, but its second derivative there
    is twice the slope of f.
    """
    second = cr.grad(cr.grad(lambda x: (x - 2) * f(x)))(2.0)
    np.testing.assert_allclose(second, 2 * cr.grad(f)(2.0), rtol=1e-14)


def test_an_overflow_is_no_zero() -> None:
    """Infinity over infinity is what calculus would call one; NaN says so."""
    with np.errstate(all="ignore"):
        assert np.isnan(cr.grad(lambda x: np.log(np.exp(x)))(1e4))
        assert np.isnan(cr.grad(lambda x: np.log(np.cosh(x)))(1e4))


def test_a_logarithm_of_nothing_is_steep() -> None:
    """No convention hides a slope where the value itself is infinite."""
    with np.errstate(divide="ignore"):
        assert cr.grad(np.log)(0.0) == np.inf
        assert cr.grad(lambda x: x**-1.0)(0.0) == -np.inf


def test_a_pole_of_a_power_falls_without_bound() -> None:
    """Zero to a negative power is infinite, and falls as the power rises."""
    with np.errstate(all="ignore"):
        assert cr.grad(lambda y: 0.0**y)(-2.0) == -np.inf


@pytest.mark.parametrize("f", [np.fmod, np.remainder])
@pytest.mark.parametrize(("x", "y"), [(1.0, 0.1), (-1.0, 0.1), (7.3, -0.1)])
def test_divisors_are_counted_after_the_rest(
    f: Any, x: float, y: float
) -> None:
    """The quotient may round to the next whole number; the count may not."""
    times = Fraction(x) - Fraction(float(f(x, y)))
    count = round(times / Fraction(y))
    assert cr.grad(f, 1)(x, y) == -count
    assert cr.jacobian(f, 1, mode="forward")(x, y) == -count
