"""Random programs: value, both modes and second order, by independent routes.

A program is a list of steps drawn from everything that the table covers, on
arrays of awkward shapes (0-d, empty, broadcast, strided). Its gradient is held
against JAX where JAX is installed, and always against differences; forward
mode is held against reverse mode, and second order against both.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import chainrule as cr

Step = Callable[..., Any]
SHAPES: list[tuple[int, ...]] = [
    (), (1,), (3,), (4,), (1, 3), (2, 3), (2, 1), (3, 3), (2, 3, 4),
    (2, 1, 3), (0, 3), (3, 0), (2, 2, 3), (1, 1),
]  # fmt: skip
SEEDS = range(120)


# The steps. Each is given NumPy, or what stands for it, and arrays.
UNARY: list[Step] = [
    lambda xp, x: xp.sin(x),
    lambda xp, x: xp.cos(2 * x),
    lambda xp, x: xp.tanh(x),
    lambda xp, x: xp.exp(-x * x),
    lambda xp, x: xp.expm1(x / 4),
    lambda xp, x: xp.log1p(x * x),
    lambda xp, x: xp.log(2 + x * x),
    lambda xp, x: xp.sqrt(1 + x * x),
    lambda xp, x: xp.cbrt(2 + x * x),
    lambda xp, x: 1 / (2 + xp.cos(x)),
    lambda xp, x: xp.arctan(x),
    lambda xp, x: xp.arcsinh(x),
    lambda xp, x: xp.arcsin(x / 60),
    lambda xp, x: xp.square(x) - x**3 / 50,
    lambda xp, x: (1 + x * x) ** 0.3,
    lambda xp, x: 1.3 ** (x / 3),
    lambda xp, x: xp.sinh(x / 30) + xp.cosh(x / 40),
    lambda xp, x: xp.abs(x),
    lambda xp, x: xp.where(x > 0.1, x * x, xp.sin(x)),
    lambda xp, x: xp.clip(x, -0.8, 0.9),
    lambda xp, x: x - xp.floor(x),
    lambda xp, x: xp.maximum(x, 0.25),
    lambda xp, x: -x,
    lambda xp, x: x % 1.7,
]
BINARY: list[Step] = [
    lambda xp, x, y: x + y,
    lambda xp, x, y: x - 2 * y,
    lambda xp, x, y: x * y,
    lambda xp, x, y: x / (2 + y * y),
    lambda xp, x, y: xp.logaddexp(x, y),
    lambda xp, x, y: xp.maximum(x, y),
    lambda xp, x, y: xp.minimum(x, 1.1 * y),
    lambda xp, x, y: xp.hypot(x, 1 + y * y),
    lambda xp, x, y: xp.arctan2(x, 1 + y * y),
    lambda xp, x, y: (1 + x * x) ** xp.tanh(y),
    lambda xp, x, y: xp.where(x < y, x * y, x - y),
]
PRODUCTS: list[Step] = [
    lambda xp, x, y: x @ y,
    lambda xp, x, y: xp.dot(x, y),
    lambda xp, x, y: xp.inner(x, y),
    lambda xp, x, y: xp.outer(x, y),
    lambda xp, x, y: xp.tensordot(x, y, axes=1),
    lambda xp, x, y: xp.tensordot(x, y, axes=((-1,), (-1,))),
    lambda xp, x, y: xp.einsum("ij,kj->ik", x, y),
    lambda xp, x, y: xp.einsum("...i,...i->...", x, y),
    lambda xp, x, y: xp.einsum("ij,jk", x, y),
    lambda xp, x, y: xp.einsum("i,...->...i", x, y),
    lambda xp, x, y: xp.vdot(x, y),
]
JOINTS: list[Step] = [
    lambda xp, x, y: xp.concatenate([x, y], axis=-1),
    lambda xp, x, y: xp.concatenate([y, x], axis=0),
    lambda xp, x, y: xp.concatenate([x, y], axis=None),
    lambda xp, x, y: xp.stack([x, y], axis=-1),
    lambda xp, x, y: xp.stack([x, y, x], axis=0),
    lambda xp, x, y: xp.vstack([x, y]),
    lambda xp, x, y: xp.hstack([x, y]),
]
MOVES: list[Step] = [
    lambda xp, x: x.T,
    lambda xp, x: x.reshape(-1),
    lambda xp, x: xp.ravel(x)[::-2],
    lambda xp, x: xp.swapaxes(x, 0, -1),
    lambda xp, x: xp.moveaxis(x, -1, 0),
    lambda xp, x: xp.expand_dims(x, (0, -1)),
    lambda xp, x: xp.squeeze(x),
    lambda xp, x: xp.broadcast_to(x, (2, *x.shape)),
    lambda xp, x: xp.flip(x, -1),
    lambda xp, x: xp.flip(x),
    lambda xp, x: xp.roll(x, 2),
    lambda xp, x: xp.roll(x, -1, axis=-1),
    lambda xp, x: xp.tile(x, 2),
    lambda xp, x: xp.repeat(x, 2, axis=-1),
    lambda xp, x: xp.pad(x, 1),
    lambda xp, x: xp.pad(x, 1, mode="edge"),
    lambda xp, x: xp.split(x, 2, axis=0)[1],
    lambda xp, x: x[-1],
    lambda xp, x: x[..., -1],
    lambda xp, x: x[..., ::-1, None],
    lambda xp, x: x[1:],
    lambda xp, x: x[np.array([0, -1, 0])],
    lambda xp, x: x[..., np.array([[1, 0], [0, -1]])],
    lambda xp, x: x[np.array([0, 1]), np.array([-1, -1])],
    lambda xp, x: xp.take(x, np.array([0, 0, 1]), axis=-1),
    lambda xp, x: xp.sort(x, axis=-1),
    lambda xp, x: xp.cumsum(x, axis=-1),
    lambda xp, x: xp.cumsum(x),
    lambda xp, x: xp.diagonal(x),
    lambda xp, x: xp.diag(x),
    lambda xp, x: xp.tril(x, -1),
    lambda xp, x: xp.triu(x),
]
REDUCTIONS: list[Step] = [
    lambda xp, x: xp.sum(x, axis=-1),
    lambda xp, x: xp.sum(x, axis=0, keepdims=True),
    lambda xp, x: xp.sum(x),
    lambda xp, x: xp.mean(x, axis=-1),
    lambda xp, x: xp.mean(x, axis=(0, -1), keepdims=True),
    lambda xp, x: xp.var(x, axis=-1),
    lambda xp, x: xp.std(x + xp.sin(3 * x), axis=0, keepdims=True),
    lambda xp, x: xp.prod(x, axis=-1),
    lambda xp, x: xp.max(x, axis=-1, keepdims=True),
    lambda xp, x: xp.min(x, axis=0),
    lambda xp, x: xp.trace(x),
    lambda xp, x: xp.linalg.norm(x, axis=-1),
    lambda xp, x: xp.linalg.norm(x),
]


def square_part(xp: Any, x: Any) -> Any:
    """A matrix made of x that is far from singular."""
    n = x.shape[-1]
    return xp.swapaxes(x, -1, -2) @ x / 4 + 2 * np.eye(n, dtype=x.dtype)


MATRICES: list[Step] = [
    lambda xp, x: xp.linalg.inv(square_part(xp, x)),
    lambda xp, x: xp.linalg.det(square_part(xp, x)),
    lambda xp, x: xp.linalg.slogdet(square_part(xp, x))[1],
    lambda xp, x: xp.linalg.cholesky(square_part(xp, x)),
    lambda xp, x: xp.linalg.solve(
        square_part(xp, x), xp.swapaxes(x, -1, -2) + 1
    ),
]
KINDS = [UNARY, UNARY, BINARY, BINARY, PRODUCTS, JOINTS, MOVES, MOVES]
KINDS += [REDUCTIONS, MATRICES]
TWO = [BINARY, PRODUCTS, JOINTS]


@dataclass
class Program:
    """Steps on a growing list of values; the last values are weighed."""

    steps: list[tuple[Step, tuple[int, ...]]]
    weights: list[np.ndarray]

    def run(self, xp: Any, *inputs: Any) -> list[Any]:
        values = list(inputs)
        for step, places in self.steps:
            values.append(step(xp, *(values[i] for i in places)))
        return values

    def loss(self, xp: Any) -> Callable[..., Any]:
        def f(*inputs: Any) -> Any:
            last = self.run(xp, *inputs)[-len(self.weights) :]
            pairs = zip(self.weights, last, strict=True)
            return sum(xp.sum(w.astype(x.dtype) * x) for w, x in pairs)

        return f


def fits(step: Step, *xs: Any) -> np.ndarray | None:
    """The value of a step, unless it fails or grows out of hand."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            out = np.asarray(step(np, *xs))
    except (ValueError, IndexError, TypeError, RuntimeWarning):
        return None
    if out.size > 200 or out.ndim > 5 or out.dtype != np.float64:
        return None
    return out if out.size == 0 or np.abs(out).max() < 40 else None


def drawn(seed: int) -> tuple[Program, list[np.ndarray]]:
    """A program and its inputs, some of them strided views."""
    rng = np.random.default_rng(seed)
    inputs = [awkward(rng) for _ in range(int(rng.integers(1, 4)))]
    values, steps = list(inputs), []
    while len(steps) < 9:
        kind = KINDS[rng.integers(len(KINDS))]
        step = kind[rng.integers(len(kind))]
        places = near_the_end(rng, len(values), 2 if kind in TWO else 1)
        out = fits(step, *(values[i] for i in places))
        if out is not None:
            steps.append((step, places))
            values.append(out)
    weights = [np.asarray(rng.normal(size=x.shape)) for x in values[-4:]]
    return Program(steps, weights), inputs


def near_the_end(
    rng: np.random.Generator, n: int, how_many: int
) -> tuple[int, ...]:
    """Places of values, late ones more often, so that programs go deep."""
    back = rng.geometric(0.45, size=how_many)
    return tuple(int(max(0, n - k)) for k in back)


def awkward(rng: np.random.Generator) -> np.ndarray:
    """Distinct numbers of both signs in an array that may be a view."""
    shape = SHAPES[rng.integers(len(SHAPES))]
    wide = rng.normal(size=(*shape[:-1], 3 * shape[-1]) if shape else ())
    ways = [
        lambda: np.array(wide[..., : shape[-1]] if shape else wide),
        lambda: wide[..., ::-3] if shape else wide,
        lambda: np.array(wide[..., ::3] if shape else wide, order="F"),
    ]
    x: np.ndarray = ways[rng.integers(3)]()
    assert x.shape == shape
    return x


def inner(xs: Any, ys: Any) -> float:
    return sum(float(np.sum(x * y)) for x, y in zip(xs, ys, strict=True))


def along(f: Any, inputs: Any, v: Any) -> tuple[np.ndarray, float]:
    """The derivative of f along v by differences, and how far to trust it.

    The difference of step h/2 corrects that of h; what they are apart is a
    bound on the error of the corrected one wherever f is smooth.
    """

    def at(s: float) -> np.ndarray:
        return np.asarray(
            f(*(x + s * t for x, t in zip(inputs, v, strict=True)))
        )

    h = 2.0**-9
    wide, narrow = ((at(s) - at(-s)) / (2 * s) for s in (h, h / 2))
    better = narrow + (narrow - wide) / 3
    return better, float(np.max(np.abs(narrow - wide), initial=0))


def smooth(slack: float, size: float) -> bool:
    """Whether no kink or jump lay within the step of the differences."""
    return slack < 1e-3 * (1 + size)


def directions(seed: int, inputs: Any) -> Iterator[list[np.ndarray]]:
    rng = np.random.default_rng(1000 + seed)
    while True:
        yield [np.asarray(rng.normal(size=x.shape)) for x in inputs]


def gradient_of(f: Any, inputs: Any) -> Any:
    return cr.grad(f, tuple(range(len(inputs))))


@pytest.mark.parametrize("seed", SEEDS)
def test_values_are_numpys(seed: int) -> None:
    program, inputs = drawn(seed)
    tensors = [cr.Tensor(x, requires_grad=True) for x in inputs]
    bare = program.run(np, *inputs)
    for mine, theirs in zip(program.run(np, *tensors), bare, strict=True):
        assert mine.dtype == np.float64
        assert mine.shape == np.shape(theirs)
        np.testing.assert_allclose(mine.numpy(), theirs, rtol=1e-12, atol=1e-13)


# Steps of pieces: NumPy has one check for each, so has what stands for it.
CHECKED: list[Step] = [
    lambda xp, x, y: xp.vecdot(x, y),
    lambda xp, x, y: xp.linalg.vecdot(x, y, axis=0),
    lambda xp, x, y: xp.einsum("ii,i->i", x, y),
    lambda xp, x, y: xp.linalg.matrix_power(x, 0) @ y,
    lambda xp, x, y: xp.vsplit(x, 1)[0] + y,
    lambda xp, x, y: xp.cumprod(x, axis=-2) + y,
    lambda xp, x, y: xp.cov(x) * xp.sum(y),
    lambda xp, x, y: xp.gradient(x, axis=-1) + y,
]


def test_what_numpy_refuses_is_refused() -> None:
    """No shape is spread, cut or filled up to one that would do."""
    rng, refused = np.random.default_rng(5), 0
    for _ in range(4000):
        kind = [*TWO, CHECKED, CHECKED][rng.integers(len(TWO) + 2)]
        step = kind[rng.integers(len(kind))]
        x, y = awkward(rng), awkward(rng)
        try:
            with np.errstate(all="ignore"), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                step(np, x, y)
        except (ValueError, IndexError):
            refused += 1
            with pytest.raises((ValueError, IndexError)):
                step(np, cr.Tensor(x), cr.Tensor(y))
    assert refused > 1000


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_are_differences(seed: int) -> None:
    program, inputs = drawn(seed)
    f = program.loss(np)
    found = gradient_of(f, inputs)(*inputs)
    for g, x in zip(found, inputs, strict=True):
        assert (type(g), g.shape, g.dtype) == (np.ndarray, x.shape, x.dtype)
    v = next(directions(seed, inputs))
    size = sum(
        float(np.sum(np.abs(g * t))) for g, t in zip(found, v, strict=True)
    )
    slope, slack = along(f, inputs, v)
    if smooth(slack, size):
        tolerance = 1e-7 * (1 + size) + 2e-2 * slack
        assert abs(inner(found, v) - slope) <= tolerance


@pytest.mark.parametrize("seed", SEEDS)
def test_modes_are_transposes(seed: int) -> None:
    """⟨u, J v⟩ = ⟨Jᵀ u, v⟩ for all values of the program at once."""
    program, inputs = drawn(seed)
    v, n = next(directions(seed, inputs)), len(inputs)
    run = lambda *xs: program.run(np, *xs)[n:]  # noqa: E731
    out, slopes = cr.jvp(run, tuple(inputs), tuple(v))
    u = next(directions(seed + 1, out))
    back = cr.vjp(run, *inputs)[1](u)
    for x, t in zip(out, slopes, strict=True):
        assert (t.shape, t.dtype) == (x.shape, x.dtype)
    left, right = inner(u, slopes), inner(back, v)
    size = sum(
        float(np.sum(np.abs(a * b))) for a, b in zip(u, slopes, strict=True)
    )
    assert abs(left - right) <= 1e-11 * (1 + size)


@pytest.mark.parametrize("seed", SEEDS)
def test_second_order(seed: int) -> None:
    """Forward over reverse, reverse over reverse, and differences."""
    program, inputs = drawn(seed)
    gradient = gradient_of(program.loss(np), inputs)
    draw = directions(seed, inputs)
    v, u = next(draw), next(draw)
    _, product = cr.jvp(gradient, tuple(inputs), tuple(v))
    again = gradient_of(
        lambda *xs: sum(
            np.sum(g * t) for g, t in zip(gradient(*xs), v, strict=True)
        ),
        inputs,
    )(*inputs)
    size = sum(
        float(np.sum(np.abs(a * b))) for a, b in zip(product, u, strict=True)
    )
    assert abs(inner(product, u) - inner(again, u)) <= 1e-9 * (1 + size)
    for a, x in zip(product, inputs, strict=True):
        assert (a.shape, a.dtype) == (x.shape, x.dtype)

    def weighed(*xs: Any) -> float:
        return inner(gradient(*xs), u)

    slope, slack = along(weighed, inputs, v)
    if smooth(slack, size):
        tolerance = 1e-6 * (1 + size) + 2e-2 * slack
        assert abs(inner(product, u) - slope) <= tolerance


@pytest.mark.parametrize("seed", SEEDS)
def test_single_precision_is_kept_at_every_order(seed: int) -> None:
    program, inputs = drawn(seed)
    small = [x.astype(np.float32) for x in inputs]
    v = [t.astype(np.float32) for t in next(directions(seed, inputs))]
    f = program.loss(np)
    gradient = gradient_of(f, inputs)
    value, slope = cr.jvp(f, tuple(small), tuple(v))
    assert value.dtype == slope.dtype == np.float32
    _, product = cr.jvp(gradient, tuple(small), tuple(v))
    exact = gradient(*(x.astype(np.float64) for x in small))
    top = max(float(np.max(np.abs(g), initial=1)) for g in exact)
    for g, h, e in zip(gradient(*small), product, exact, strict=True):
        assert g.dtype == h.dtype == np.float32
        assert np.abs(g - e).max(initial=0) <= 2e-3 * top


def test_most_programs_are_smooth_enough_for_differences() -> None:
    """So that what the differences excuse is the exception."""
    excused = 0
    for seed in SEEDS:
        program, inputs = drawn(seed)
        v = next(directions(seed, inputs))
        slope, slack = along(program.loss(np), inputs, v)
        excused += not smooth(slack, abs(float(slope)))
    assert excused < len(SEEDS) / 4


# Where JAX is installed it is one more witness; elsewhere, exact columns are.
PEER = "jax" if find_spec("jax") else "columns"


def by_jax(program: Program, inputs: list[np.ndarray]) -> Any:
    import jax

    jax.config.update("jax_enable_x64", True)
    n = tuple(range(len(inputs)))
    arrays = list(map(jax.numpy.array, inputs))
    try:
        program.run(jax.numpy, *arrays)
    except ValueError:  # a call that NumPy takes and JAX does not
        return by_columns(program, inputs)
    return jax.grad(program.loss(jax.numpy), n)(*arrays)


def by_columns(program: Program, inputs: list[np.ndarray]) -> Any:
    n = tuple(range(len(inputs)))
    return cr.jacobian(program.loss(np), n, mode="forward")(*inputs)


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_are_those_of_a_peer(seed: int) -> None:
    program, inputs = drawn(seed)
    theirs = (by_jax if PEER == "jax" else by_columns)(program, inputs)
    mine = gradient_of(program.loss(np), inputs)(*inputs)
    for g, h in zip(mine, theirs, strict=True):
        np.testing.assert_allclose(g, h, rtol=1e-8, atol=1e-8)
