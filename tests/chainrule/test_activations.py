"""Activations, held to closed forms in many digits, far out on both sides."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import functional as F
from chainrule.rules import special

Exact = Callable[[Any], Any]


def phi(x: Any) -> Any:
    """The normal distribution function, as mpmath's complementary error."""
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2


def below_zero(f: Exact) -> Exact:
    return lambda x: x if x > 0 else f(x)


def tanh_gate(x: Any) -> Any:
    inner = mpmath.sqrt(2 / mpmath.pi) * (x + mpmath.mpf("0.044715") * x**3)
    return x / (1 + mpmath.exp(-2 * inner))


ALPHA = mpmath.mpf("1.6732632423543772848170429916717")
SCALE = mpmath.mpf("1.0507009873554804934193349852946")
CASES: dict[str, tuple[Callable[[Any], Any], Exact]] = {
    "leaky_relu": (F.leaky_relu, below_zero(lambda x: x / 100)),
    "leaky_relu 0.2": (
        lambda x: F.leaky_relu(x, 0.2),
        below_zero(lambda x: x / 5),
    ),
    "elu": (F.elu, below_zero(mpmath.expm1)),
    "elu 1.7": (
        lambda x: F.elu(x, 1.75),
        below_zero(lambda x: mpmath.expm1(x) * 7 / 4),
    ),
    "selu": (
        F.selu,
        lambda x: SCALE * (x if x > 0 else ALPHA * mpmath.expm1(x)),
    ),
    "gelu": (F.gelu, lambda x: x * phi(x)),
    "gelu tanh": (lambda x: F.gelu(x, "tanh"), tanh_gate),
    "silu": (F.silu, lambda x: x / (1 + mpmath.exp(-x))),
}
BOTH = [pytest.param(*pair, id=name) for name, pair in CASES.items()]
POINTS = np.array(
    [-30.5, -12.3, -5.01, -1.7, -0.75, -0.3, -1e-9, 1e-9, 0.4, 2.6, 9.1, 35.2]
)


def exactly(f: Exact, x: np.ndarray) -> np.ndarray:
    with mpmath.workdps(60):
        return np.array([float(f(mpmath.mpf(float(v)))) for v in x])


@pytest.mark.parametrize(("f", "exact"), BOTH)
def test_values_on_both_sides(f: Any, exact: Exact) -> None:
    """To a few roundings, relative: far below zero, too."""
    np.testing.assert_allclose(f(POINTS), exactly(exact, POINTS), rtol=1e-13)


@pytest.mark.parametrize(("f", "exact"), BOTH)
def test_slopes_and_curvatures(f: Any, exact: Exact) -> None:
    slope = cr.grad(lambda x: np.sum(f(x)))
    curve = cr.grad(lambda x: np.sum(slope(x)))
    first = exactly(lambda v: mpmath.diff(exact, v, h=1e-14), POINTS)
    second = exactly(lambda v: mpmath.diff(exact, v, 2, h=1e-14), POINTS)
    np.testing.assert_allclose(slope(POINTS), first, rtol=1e-12, atol=2e-16)
    np.testing.assert_allclose(curve(POINTS), second, rtol=1e-11, atol=2e-15)


@pytest.mark.parametrize(("f", "exact"), BOTH)
def test_tensors_float32_and_shapes(f: Any, exact: Exact) -> None:
    x = POINTS.reshape(3, 4).astype(np.float32)
    leaf = cr.Tensor(x, requires_grad=True)
    out = f(leaf)
    assert (out.dtype, out.shape) == (np.float32, (3, 4))
    expected = exactly(exact, x.ravel()).reshape(3, 4)
    np.testing.assert_allclose(out.data, expected, rtol=3e-6, atol=1e-37)
    out.sum().backward()
    assert (leaf.grad.dtype, leaf.grad.shape) == (np.float32, (3, 4))
    assert f(np.float32(0.5)).dtype == np.float32
    assert f(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize(("f", "exact"), BOTH)
def test_gradients_by_differences(f: Any, exact: Exact) -> None:
    x = np.array([[-2.1, 0.8, -0.6], [1.9, -1.1, 3.0]])
    assert cr.gradcheck(f, [x])
    assert cr.gradcheck(cr.grad(lambda x: np.sum(f(x) ** 2)), [x])


@pytest.mark.parametrize(("f", "exact"), BOTH)
def test_nothing_overflows(f: Any, exact: Exact) -> None:
    """No warning and no NaN at the ends, in value, slope and curvature."""
    ends = np.array([-1e300, -1e4, -745.0, 745.0, 1e4, 1e300])
    slope = cr.grad(lambda x: np.sum(f(x)))
    curve = cr.grad(lambda x: np.sum(slope(x)))
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        out, first, second = f(ends), slope(ends), curve(ends)
    assert np.isfinite(out).all()
    assert np.isfinite(first).all()
    assert abs(second).max() < 1e-300
    factor = SCALE if f is F.selu else 1
    np.testing.assert_allclose(out[3:], ends[3:] * float(factor), rtol=1e-15)


@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (F.leaky_relu, 0.01),
        (F.elu, 1.0),
        (lambda x: F.elu(x, 0.25), 0.25),
        (F.selu, float(SCALE * ALPHA)),
        (F.gelu, 0.5),
        (F.silu, 0.5),
    ],
)
def test_the_slope_at_zero(f: Any, slope: float) -> None:
    assert f(np.zeros(())) == 0
    assert abs(cr.grad(f)(np.array(0.0)) - slope) <= 1e-15 * slope


# The normal distribution


def relative(found: np.ndarray, f: Exact, x: np.ndarray) -> float:
    with mpmath.workdps(60):
        errors = [
            abs(mpmath.mpf(float(y)) / f(mpmath.mpf(float(v))) - 1)
            for y, v in zip(found, x, strict=True)
        ]
    return float(max(errors))


def grid(dtype: Any) -> np.ndarray:
    """Numbers whose tail is a normal float, and odd ones beside the seams."""
    far = 37.0 if dtype == np.float64 else 12.9
    seams = np.arange(1, 60) / 16
    beside = [np.nextafter(seams, -np.inf), seams, np.nextafter(seams, 9)]
    x = np.concatenate([np.linspace(-far, far, 1201), *beside, -seams])
    return x.astype(dtype)


@pytest.mark.parametrize(
    ("dtype", "rtol"), [(np.float64, 1e-15), (np.float32, 6e-7)]
)
def test_the_normal_distribution_to_the_last_digits(
    dtype: Any, rtol: float
) -> None:
    x = grid(dtype)
    below, bell = special.normal_cdf(x), special.normal_pdf(x)
    assert below.dtype == bell.dtype == dtype
    assert relative(below, phi, x) < rtol
    assert relative(bell, mpmath.npdf, x) < rtol


def test_the_ends_of_the_normal_distribution() -> None:
    x = np.array([-np.inf, -1e300, -45.0, 45.0, np.inf, np.nan])
    below = special.normal_cdf(x)
    assert below[:5].tolist() == [0, 0, 0, 1, 1]
    assert np.isnan(below[5])
    assert special.normal_pdf(x)[:5].tolist() == [0, 0, 0, 0, 0]
    assert np.isnan(special.normal_pdf(x)[5])


def test_pieces_are_put_together_again() -> None:
    x = np.random.default_rng(0).normal(size=(3, special.PIECE - 5))
    whole = special.normal_cdf(x.T)
    assert whole.shape == x.T.shape
    rows = np.array([special.normal_cdf(row) for row in x]).T
    np.testing.assert_array_equal(whole, rows)
    ints = special.normal_cdf(np.array([-1, 2]))
    np.testing.assert_array_equal(ints, special.normal_cdf(np.array([-1.0, 2])))


def test_derivatives_of_the_density_are_hermite() -> None:
    """φ' = -xφ, φ'' = (x² - 1)φ, φ''' = (3x - x³)φ, in both modes."""
    x = np.array([-3.2, -0.4, 0.0, 1.3, 6.0])
    p = np.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    f: Any = special.normal_cdf
    for factor in (1, -x, x * x - 1, 3 * x - x**3):
        _, tangent = cr.jvp(f, (x,), (np.ones(5),))
        f = cr.grad(lambda x, f=f: np.sum(f(x)))
        np.testing.assert_allclose(f(x), factor * p, rtol=1e-13, atol=1e-17)
        np.testing.assert_allclose(tangent, f(x), rtol=1e-14)


def test_the_two_gates_differ_by_less_than_a_two_thousandth() -> None:
    x = np.linspace(-8, 8, 4001)
    assert 4.7e-4 < abs(F.gelu(x) - F.gelu(x, "tanh")).max() < 5e-4
    with pytest.raises(ValueError, match="approximate"):
        F.gelu(x, "sigmoid")  # type: ignore[arg-type]


# Dropping entries, and layers


def test_alpha_dropout_keeps_mean_and_variance() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 500))
    for p in (0.1, 0.5, 0.8):
        out = F.alpha_dropout(x, p, True, rng=rng)
        low = -F.SELU_ALPHA * F.SELU_SCALE
        lowest = np.unique(out)[np.unique(out, return_counts=True)[1] > 1]
        assert len(lowest) == 1
        share = np.mean(out == lowest[0])
        assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / x.size)
        assert abs(out.mean()) < 0.02
        assert abs(out.var() - 1) < 0.02
        scale = ((1 - p) * (1 + p * low**2)) ** -0.5
        np.testing.assert_allclose(lowest[0], scale * low * (1 - p))
        kept = out != lowest[0]
        np.testing.assert_allclose(
            out[kept], scale * (x[kept] - p * low), rtol=1e-12, atol=1e-14
        )


def test_alpha_dropout_at_its_ends() -> None:
    x = np.array([[1.0, -2.0], [0.5, 3.0]])
    assert F.alpha_dropout(x, 0.5) is x
    assert F.alpha_dropout(x, 0.0, True) is x
    assert (F.alpha_dropout(x, 1.0, True) == 0).all()
    for p in (-0.1, 1.1, math.nan):
        with pytest.raises(ValueError, match="share"):
            F.alpha_dropout(x, p, True)
        with pytest.raises(ValueError, match="share"):
            cr.nn.AlphaDropout(p)


def test_an_unknown_approximation_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="approximate"):
        cr.nn.GELU("erf")  # type: ignore[arg-type]


def test_alpha_dropout_has_the_gradient_of_its_mask() -> None:
    x = np.random.default_rng(2).normal(size=(6, 5)).astype(np.float32)
    layer = cr.nn.AlphaDropout(0.3, rng=np.random.default_rng(3))
    leaf = cr.Tensor(x, requires_grad=True)
    out = layer(leaf)
    assert out.dtype == np.float32
    out.sum().backward()
    low = F.SELU_ALPHA * F.SELU_SCALE
    scale = (0.7 * (1 + 0.3 * low**2)) ** -0.5
    kept = np.random.default_rng(3).random((6, 5)) >= 0.3
    np.testing.assert_allclose(leaf.grad, scale * kept, rtol=1e-6)
    assert 0 < kept.sum() < kept.size
    assert layer.eval()(leaf) is leaf


LAYERS = [
    (cr.nn.LeakyReLU(0.2), lambda x: F.leaky_relu(x, 0.2), "LeakyReLU(0.2)"),
    (cr.nn.ELU(0.5), lambda x: F.elu(x, 0.5), "ELU(0.5)"),
    (cr.nn.SELU(), F.selu, "SELU()"),
    (cr.nn.GELU(), F.gelu, "GELU('none')"),
    (cr.nn.GELU("tanh"), lambda x: F.gelu(x, "tanh"), "GELU('tanh')"),
    (cr.nn.SiLU(), F.silu, "SiLU()"),
    (cr.nn.Softplus(), F.softplus, "Softplus()"),
    (cr.nn.Softmax(0), lambda x: F.softmax(x, 0), "Softmax(0)"),
    (cr.nn.AlphaDropout(0.3).eval(), lambda x: x, "AlphaDropout(0.3)"),
]


@pytest.mark.parametrize(
    ("layer", "f", "name"), LAYERS, ids=[name for *_, name in LAYERS]
)
def test_layers_are_their_functions(layer: Any, f: Any, name: str) -> None:
    x = POINTS.reshape(3, 4)
    np.testing.assert_array_equal(layer(x), f(x))
    assert repr(layer) == name
    assert list(layer.parameters()) == []
    model = cr.nn.Sequential(layer, cr.nn.Tanh())
    np.testing.assert_array_equal(model(x), np.tanh(f(x)))
