"""Every row of the table: against differences, both modes, second order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engine import Tuned
from chainrule.rules import fused, linalg, normalizing, special
from chainrule.rules.indexing import put
from chainrule.rules.table import primitives

rng = np.random.default_rng(6)


def signed(*shape: int) -> np.ndarray:
    """Numbers of both signs, away from zero and from each other."""
    n = int(np.prod(shape))
    size = rng.permutation(np.linspace(0.3, 1.9, n) if n > 1 else [0.7])
    return (size * rng.choice([-1.0, 1.0], n)).reshape(shape)


def positive(*shape: int) -> np.ndarray:
    return np.abs(signed(*shape))


def inside(*shape: int) -> np.ndarray:
    return signed(*shape) / 2.1


def beyond(*shape: int) -> np.ndarray:
    return 1.1 + positive(*shape)


Case = tuple[Callable[..., Any], tuple[np.ndarray, ...]]
CASES: dict[str, list[Case]] = {}


def case(name: str, f: Callable[..., Any], *args: np.ndarray) -> None:
    CASES.setdefault(name, []).append((f, args))


DOMAINS = {
    "sqrt": positive, "log": positive, "log2": positive, "log10": positive,
    "log1p": positive, "arcsin": inside, "arccos": inside, "arctanh": inside,
    "arccosh": beyond,
}  # fmt: skip
UNARY = [
    "negative", "positive", "square", "reciprocal", "sqrt", "cbrt", "exp",
    "exp2", "expm1", "log", "log2", "log10", "log1p", "sin", "cos", "tan",
    "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh",
    "arccosh", "arctanh", "absolute", "fabs", "conjugate",
]  # fmt: skip
for name in UNARY:
    draw = DOMAINS.get(name, signed)
    if name == "tan":
        draw = inside
    case(name, getattr(np, name), draw(2, 3))
    case(name, getattr(np, name), draw())
    case(name, getattr(np, name), draw(0, 2))

BINARY = [
    "add", "subtract", "multiply", "divide", "logaddexp", "arctan2", "hypot",
    "maximum", "minimum", "fmax", "fmin", "logaddexp2",
]  # fmt: skip
SHAPES = [
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 1), (4, 1, 3)),
    ((), (2, 2)),
    ((1,), (3,)),
]
for name in BINARY:
    for left, right in SHAPES:
        case(name, getattr(np, name), signed(*left), 1.01 * signed(*right))
for left, right in SHAPES:
    case("power", np.power, positive(*left), signed(*right))
case("power", lambda x: x**3, signed(2, 3))
case("power", lambda x: x**-2.0, signed(2, 3))
case("power", lambda x: 1.7**x, signed(3))
case("power", np.power, positive(3), np.array([0.0, 1.0, 2.0]))
mask = np.array([[True, False, True], [False, False, True]])
case("where", lambda x, y: np.where(mask, x, y), signed(2, 3), signed(3))
case("where", lambda x: np.where(x > 0, np.exp(x), x * x), signed(2, 3))
for left, right in SHAPES:
    for name in ("remainder", "fmod"):
        # Apart from the jumps, which are where x is a multiple of y.
        case(name, getattr(np, name), signed(*left), 0.777 * signed(*right))
case("remainder", lambda x: x % 0.7, signed(2, 3))
case("remainder", lambda x: 2.9 % x, signed(2, 3))
case("power", lambda x: np.abs(x) ** 0.5, signed(2, 3))
case("clip", lambda x: np.clip(x, -0.9, 1.1), signed(2, 4))
case("clip", lambda x: np.clip(x, min=-0.9), signed(2, 4))
case("clip", lambda x: x.clip(max=0.9), signed(2, 4))
case(
    "clip",
    lambda x, lo, hi: np.clip(x, lo, hi),
    np.array([-2.0, 0.1, 3.0, 0.4]),
    np.array([1.5, 1.0, 0.5, 0.9]),
    np.array([-1.0, -0.5, 0.0, 0.2]),
)
case("clip", lambda x: np.clip(x, None, 1.1), signed(2, 4))
case(
    "clip",
    lambda x, lo, hi: np.clip(x, lo, hi),
    np.array([[-2.0, 0.1, 3.0], [0.2, 5.0, -1.0]]),
    np.array([-1.0, -0.5, 0.0]),
    np.array([[1.0], [2.0]]),
)
case("relu", fused.relu, signed(3, 2))
case("sigmoid", fused.sigmoid, 3 * signed(3, 2))
for normal in (special.normal_cdf, special.normal_pdf):
    case(normal.name, normal, 2 * signed(3, 2))
    case(normal.name, normal, signed())

for axis in (None, 0, -1, (0, 2), (1,)):
    for keepdims in (False, True):
        options: dict[str, Any] = {"axis": axis, "keepdims": keepdims}
        for name in ("sum", "mean", "max", "min", "prod"):
            case(
                name,
                lambda x, f=name, o=options: getattr(np, f)(x, **o),
                signed(2, 3, 2),
            )
case("sum", lambda x: np.var(x, axis=1, ddof=1), signed(3, 4))
case("sum", lambda x: np.std(x, axis=0, keepdims=True), signed(3, 4))
case("sum", lambda x: np.var(x, axis=0, correction=1), signed(3, 4))
for axis in (0, -1, None, ()):
    for name in ("sum", "max", "min", "prod"):
        case(name, lambda x, f=name, a=axis: getattr(np, f)(x, a), signed())
for axis in (0, 1, None, ()):
    for name in ("sum", "prod"):
        case(
            name,
            lambda x, f=name, a=axis: getattr(np, f)(x, a),
            np.zeros((0, 3)),
        )
case("max", lambda x: np.max(x, axis=1, keepdims=True), signed(3, 3))
case("prod", lambda x: np.prod(x, axis=1), np.array([[0.0, 2, 3], [4, 0, 0]]))

case("astype", lambda x: x.astype(np.float64).astype(x.dtype), signed(2, 2))
case("reshape", lambda x: np.reshape(x, (3, -1)), signed(2, 3, 2))
case("reshape", lambda x: x.ravel(), signed(2, 3))
case("reshape", lambda x: np.expand_dims(x, (0, -1)), signed(2, 3))
case("reshape", lambda x: np.squeeze(x), signed(1, 3, 1, 2))
case("reshape", lambda x: np.squeeze(x, axis=-1), signed(1, 3, 1))
case("transpose", lambda x: np.transpose(x, (2, 0, 1)), signed(2, 3, 4))
case("transpose", lambda x: x.T, signed(2, 3))
case("transpose", lambda x: np.swapaxes(x, 0, -1), signed(2, 3, 4))
case("transpose", lambda x: np.moveaxis(x, 0, -1), signed(2, 3, 4))
case("transpose", lambda x: np.moveaxis(x, (0, 1), (2, 0)), signed(2, 3, 4))
case("broadcast_to", lambda x: np.broadcast_to(x, (4, 2, 3)), signed(2, 1))
case(
    "concatenate",
    lambda x, y: np.concatenate([x, y, x], axis=-1),
    signed(2, 3),
    signed(2, 1),
)
case(
    "concatenate", lambda x, y: np.stack([x, y], 1), signed(2, 3), signed(2, 3)
)
case(
    "concatenate",
    lambda x, y: np.concatenate([x, y], axis=None),
    signed(2, 3),
    signed(2),
)

INDICES: list[Any] = [
    1, -1, slice(None, None, 2), (slice(None), 1), (..., None, 0),
    np.array([0, 2, 0]), (np.array([0, 1, 1]), np.array([2, 2, 2])),
    np.array([[True, False], [True, True], [False, False]]),
    ([0, 0], slice(1, None)), (np.array([[0], [2]]), np.array([0, 1, 1])),
]  # fmt: skip
for index in INDICES:
    shape = (3, 2) if getattr(index, "dtype", None) == np.bool_ else (3, 3)
    case("getitem", lambda x, i=index: x[i], signed(*shape))
case("getitem", lambda x: np.take(x, [2, 0, 2], axis=1), signed(2, 3))
case(
    "scatter",
    lambda g: put(g, index=np.array([1, 1, 3]), shape=(4, 2)),
    signed(3, 2),
)

PRODUCTS = [
    ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 4)), ((2, 3), (3, 4)),
    ((5, 2, 3), (3, 4)), ((2, 3), (5, 3, 4)), ((5, 1, 2, 3), (6, 3, 4)),
    ((3,), (5, 3, 2)), ((5, 2, 3), (3,)),
]  # fmt: skip
for left, right in PRODUCTS:
    case("matmul", np.matmul, signed(*left), signed(*right))
    case("matmul", lambda x, y: x @ y, signed(*left), signed(*right))
    case("matmul", np.dot, signed(*left), signed(*right[-2:]))
case("matmul", np.dot, signed(2, 3), signed(4, 3, 2))
case("matmul", np.inner, signed(2, 3), signed(4, 3))
case("multiply", np.outer, signed(2), signed(3))
case("multiply", np.dot, signed(), signed(3))
case("matmul", np.vdot, signed(2, 3), signed(2, 3))
case("matmul", np.tensordot, signed(2, 3, 4), signed(3, 4, 5))
case(
    "matmul",
    lambda a, b: np.tensordot(a, b, ((0, 2), (1, 0))),
    signed(2, 3, 4),
    signed(4, 2, 5),
)
for subscripts, shapes in [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("bij,bkj->bik", [(2, 3, 4), (2, 5, 4)]),
    ("ij,jk,kl->li", [(2, 3), (3, 4), (4, 2)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("ij->j", [(2, 3)]),
    ("ij,k->i", [(2, 3), (4,)]),
    ("i,i", [(3,), (3,)]),
    ("ba,cb", [(2, 3), (4, 2)]),
    ("...j->...", [(2, 4, 3)]),
    ("...i,...i", [(5, 2, 3), (2, 3)]),
    ("i...j, j... -> ...", [(2, 4, 3), (3, 4)]),
    ("...ij,...jk->...ik", [(2, 1, 3, 4), (5, 4, 2)]),
    ("...ii->...i", [(2, 3, 3)]),
    ("ij,ij->i", [(3, 4), (3, 1)]),
    ("ij,jk", [(3, 1), (4, 2)]),
    ("i,i->", [(0,), (0,)]),
    ("...,...", [(), (2, 3)]),
]:
    case(
        "einsum",
        lambda *x, s=subscripts: np.einsum(s, *x),
        *[signed(*shape) for shape in shapes],
    )
case(
    "einsum",
    lambda x, y: np.einsum(x, [0, 1], y, [2, 1], [2, 0]),
    signed(2, 3),
    signed(4, 3),
)
case(
    "einsum",
    lambda x, y: np.einsum(x, [..., 1], y, [1], optimize=True),
    signed(2, 3),
    signed(3),
)
for axis in (None, 1, (0, -1)):
    case("getitem", lambda x, a=axis: np.flip(x, a), signed(2, 3, 2))
case("concatenate", lambda x: np.roll(x, 5), signed(2, 3))
case("concatenate", lambda x: np.roll(x, (1, -2), (0, -1)), signed(2, 3))
case("concatenate", lambda x: np.vstack([x, x[0]]), signed(2, 3))
case("concatenate", lambda x: np.hstack([x, x * x]), signed(2, 3))
case("getitem", lambda x: np.split(x, 2, axis=1)[1], signed(3, 4))
case("getitem", lambda x: np.split(x, [1, 3], axis=-1)[1], signed(3, 4))
case("getitem", lambda x: np.array_split(x, 3, axis=1)[0], signed(3, 4))
case("broadcast_to", lambda x: np.tile(x, (2, 1, 3)), signed(2, 3))
case("broadcast_to", lambda x: np.tile(x, 2), signed(2, 3))
case("getitem", lambda x: np.repeat(x, 3), signed(2, 3))
case("getitem", lambda x: np.repeat(x, [1, 0, 2], axis=1), signed(2, 3))
case("scatter", lambda x: np.pad(x, ((1, 2), (0, 3))), signed(2, 3))
case("scatter", lambda x: np.pad(x, 1, constant_values=2), signed(2, 3))
for mode in ("edge", "reflect", "symmetric", "wrap"):
    case("getitem", lambda x, m=mode: np.pad(x, (1, 2), m), signed(3, 4))
case("cumsum", lambda x: np.cumsum(x), signed(2, 3))
case("cumsum", lambda x: np.cumsum(x, axis=0), signed())
case("cumsum", lambda x: x.cumsum(-1), signed(2, 3))
case("positive", lambda x: x.copy(), signed(2, 3))
case("getitem", lambda x: x.repeat(2, axis=-1), signed(2, 3))
case("getitem", lambda x: x.take([1, 1, 0], axis=0), signed(2, 3))
case("getitem", lambda x: np.take(x, [7, -8], mode="wrap"), signed(2, 3))
case("getitem", lambda x: np.take(x, [7, -8], 1, mode="clip"), signed(2, 3))
case("getitem", lambda x: x.diagonal(1), signed(2, 3))
case("sum", lambda x: x.trace(-1), signed(2, 3))
case("reshape", lambda x: np.reshape(x, (3, -1), order="C"), signed(2, 3))
case("getitem", lambda x: np.sort(x, stable=True), signed(4))
case("cumsum", lambda x: np.cumsum(x, axis=-2), signed(2, 3, 2))
case("cumsum", lambda x: np.add.accumulate(x, axis=1), signed(2, 3))
case("getitem", lambda x: np.diagonal(x, 1, -2, -1), signed(2, 3, 4))
case("sum", lambda x: np.trace(x, -1, 0, 2), signed(3, 2, 4))
case("getitem", lambda x: np.diag(x, -1), signed(3, 4))
case("scatter", lambda x: np.diag(x, 2), signed(3))
case("scatter", lambda x: np.diag(x, -1), signed(3))
case("where", lambda x: np.tril(x, -1), signed(2, 3, 4))
case("where", lambda x: np.triu(x, 1), signed(3, 4))
for axis in (-1, 0, None):
    case("getitem", lambda x, a=axis: np.sort(x, a), signed(3, 4))
order = np.array([[0, 0, 3], [1, 2, 2]])
case("getitem", lambda x: np.take_along_axis(x, order, 1), signed(2, 4))


def invertible(*shape: int) -> np.ndarray:
    """Matrices that no symmetry helps, far from singular."""
    return signed(*shape) + 3 * np.eye(shape[-1])


for shape in ((3, 3), (2, 3, 3)):
    case("inv", np.linalg.inv, invertible(*shape))
    case("det", np.linalg.det, invertible(*shape))
    case("slogdet", lambda x: np.linalg.slogdet(x)[1], invertible(*shape))
    case("cofactors", linalg.cofactors, invertible(*shape))
    case(
        "cholesky",
        lambda x: np.linalg.cholesky(x @ np.swapaxes(x, -1, -2)),
        invertible(*shape),
    )
case("det", np.linalg.det, -invertible(4, 4) / 3)
case("cofactors", linalg.cofactors, -invertible(4, 4) / 3)
case(
    "cholesky",
    lambda x: np.linalg.cholesky(x @ x.T, upper=True),
    invertible(3, 3),
)
for left, right in [
    ((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (3,)),
    ((2, 3, 3), (2, 3, 4)), ((3, 3), (2, 3, 1)), ((4, 1, 3, 3), (2, 3, 2)),
]:  # fmt: skip
    case("solve", np.linalg.solve, invertible(*left), signed(*right))
for p in (None, 2, 1, 3, 0.5, -1, -2.5, np.inf, -np.inf):
    name = "norm" if p in (None, 2) else "absolute"
    case(name, lambda x, p=p: np.linalg.norm(x, p), signed(4))
    case(
        name,
        lambda x, p=p: np.linalg.norm(x, p, axis=1, keepdims=True),
        signed(2, 3),
    )


def uneven(*shape: int) -> np.ndarray:
    """Numbers of both signs, no two sums of which are equal."""
    return np.sinh(2 * signed(*shape))


for p in (None, "fro", 1, -1, np.inf, -np.inf):
    name = "norm" if p in (None, "fro") else "absolute"
    case(name, lambda x, p=p: np.linalg.norm(x, p), uneven(2, 3))
    case(
        name,
        lambda x, p=p: np.linalg.norm(x, p, axis=(2, 0)),
        uneven(2, 3, 4),
    )


def psd(*shape: int) -> np.ndarray:
    """Symmetric matrices with eigenvalues that are well apart."""
    half = signed(*shape)
    return half @ np.swapaxes(half, -1, -2) + np.diag(np.arange(shape[-2]))


def even(x: Any) -> Any:
    return (x + np.swapaxes(x, -1, -2)) / 2


for shape in ((3, 3), (2, 3, 3)):
    case("eigh", lambda x: np.linalg.eigvalsh(even(x)), psd(*shape))
    case("eigh", lambda x: np.linalg.eigh(even(x), "U")[0], psd(*shape))
    case("eigh", lambda x: np.linalg.eigh(even(x))[1], psd(*shape))
for shape in ((3, 3), (4, 2), (2, 4), (2, 4, 2)):
    case("svd", np.linalg.svdvals, uneven(*shape))
    for part in range(3):
        case(
            "svd",
            lambda x, i=part: np.linalg.svd(x, full_matrices=False)[i],
            uneven(*shape),
        )
    case("pinv", np.linalg.pinv, uneven(*shape))
case("svd", lambda x: np.linalg.svd(x)[0], uneven(3, 3))
case("svd", np.linalg.cond, invertible(3, 3))
case("svd", lambda x: np.linalg.cond(x, -2), invertible(3, 3))
case("absolute", lambda x: np.linalg.cond(x, 1), invertible(3, 3))
case("pinv", lambda x: np.linalg.pinv(even(x), hermitian=True), psd(3, 3))
for p in (2, -2, "nuc"):
    for keepdims in (False, True):
        case(
            "svd",
            lambda x, p=p, k=keepdims: np.linalg.norm(
                x, p, axis=(2, 0), keepdims=k
            ),
            uneven(2, 3, 4),
        )
    case("svd", lambda x, p=p: np.linalg.norm(x, p), uneven(3, 2))
for options in ({}, {"axis": (0, 2), "keepdims": True}, {"axis": -1}):
    case(
        "norm",
        lambda x, o=options: np.linalg.vector_norm(x, **o),
        signed(2, 3, 2),
    )
    case(
        "absolute",
        lambda x, o=options: np.linalg.vector_norm(x, ord=3, **o),
        signed(2, 3, 2),
    )
case("norm", lambda x: np.linalg.matrix_norm(x), signed(2, 3, 2))
case("svd", lambda x: np.linalg.matrix_norm(x, ord=2), uneven(2, 3, 2))

for mode in ("full", "same", "valid"):
    for n, m in ((5, 3), (3, 5), (4, 2), (1, 3)):
        case(
            "convolve",
            lambda a, v, mode=mode: np.convolve(a, v, mode),
            signed(n),
            signed(m),
        )
    case(
        "convolve",
        lambda a, v, mode=mode: np.correlate(a, v, mode),
        signed(5),
        signed(3),
    )
case("matmul", lambda x: np.linalg.matrix_power(x, 5), inside(3, 3))
case("matmul", lambda x: np.linalg.matrix_power(x, -2), invertible(3, 3))
case("matmul", lambda x: np.linalg.matrix_power(x, 1), inside(2, 3, 3))
case(
    "matmul",
    lambda a, b, c: np.linalg.multi_dot([a, b, c]),
    signed(3),
    signed(3, 4),
    signed(4, 2),
)
case("multiply", np.kron, signed(2, 3), signed(2, 2))
case("multiply", np.kron, signed(2), signed(3, 2, 2))
case("multiply", np.cross, signed(2, 3), signed(3))
case(
    "multiply",
    lambda a, b: np.cross(a, b, axisa=0, axisb=-1, axisc=0),
    signed(3, 2),
    signed(2, 3),
)
case("multiply", lambda a, b: np.linalg.cross(a, b), signed(3), signed(3))
case("multiply", np.vecdot, signed(4, 2, 3), signed(2, 3))
case("multiply", lambda a, b: np.linalg.vecdot(a, b, axis=0), signed(2, 3),
     signed(2, 3))  # fmt: skip
if hasattr(np, "matvec"):
    case("matmul", np.matvec, signed(4, 2, 3), signed(3))
    case("matmul", np.vecmat, signed(2), signed(4, 2, 3))
case("multiply", np.polyval, signed(3), signed(2, 2))
case("matmul", np.linalg.matmul, signed(2, 3), signed(3, 2))
case("multiply", np.linalg.outer, signed(2), signed(3))
case("multiply", np.multiply.outer, signed(2), signed(3, 2))
case("subtract", np.subtract.outer, signed(2, 2), signed(3))
case("getitem", lambda x: np.linalg.diagonal(x, offset=1), signed(2, 3, 4))
case("sum", lambda x: np.linalg.trace(x, offset=-1), signed(2, 3, 4))
case("transpose", lambda x: np.linalg.matrix_transpose(x), signed(2, 3, 4))

for f in (np.atleast_1d, np.atleast_2d, np.atleast_3d):
    for shape in ((), (3,), (2, 3), (2, 3, 2)):
        case("reshape", lambda x, f=f: f(x) * 1.0, signed(*shape))
case("concatenate", lambda x, y: np.dstack([x, y]), signed(2, 3), signed(2, 3))
case("concatenate", lambda x, y: np.dstack([x, y]), signed(3), signed(3))
case(
    "concatenate",
    lambda x, y: np.column_stack([x, y]),
    signed(3),
    signed(3, 2),
)
case("concatenate", np.append, signed(2, 3), signed(2))
case(
    "concatenate",
    lambda x, y: np.append(x, y, axis=-1),
    signed(2, 3),
    signed(2, 1),
)
case("getitem", lambda x: np.hsplit(x, 2)[1], signed(3, 4))
case("getitem", lambda x: np.hsplit(x, 2)[1], signed(4))
case("getitem", lambda x: np.vsplit(x, [1])[1], signed(3, 4))
case("getitem", lambda x: np.dsplit(x, 2)[0], signed(2, 1, 4))
if hasattr(np, "unstack"):
    case("getitem", lambda x: np.unstack(x, axis=-1)[1], signed(2, 3))
case("getitem", lambda x: np.flipud(x), signed(3, 2))
case("getitem", lambda x: np.fliplr(x), signed(3, 2))
for turns in (0, 1, 2, -1, 5):
    case("getitem", lambda x, k=turns: np.rot90(x, k), signed(3, 2, 2))
    case(
        "getitem",
        lambda x, k=turns: np.rot90(x, k, axes=(2, 0)),
        signed(3, 2, 2),
    )
for start in (0, 1, 3, -1):
    case("transpose", lambda x, s=start: np.rollaxis(x, 1, s), signed(2, 3, 4))
case("getitem", lambda x: np.delete(x, 1, axis=-1), signed(2, 3))
case("getitem", lambda x: np.delete(x, slice(0, 3)), signed(2, 3))
case("getitem", lambda x: np.compress([1, 0, 1], x, axis=1), signed(2, 3))
case("getitem", lambda x: np.compress([0, 0, 1], x), signed(2, 3))
case("getitem", lambda x: np.extract(x > 0, x), signed(3, 3))
case("getitem", lambda x: np.partition(x, 1, axis=0), signed(4, 2))
case("getitem", lambda x: np.partition(x, 2, axis=None), signed(4, 2))
case(
    "where",
    lambda x, y: np.select([x > 1, x > 0], [y, x * x], -x),
    signed(2, 3),
    signed(3),
)
case("where", lambda x: np.select([x > 0], [x]), signed(2, 3))
case(
    "broadcast_to",
    lambda x, y: np.stack(np.broadcast_arrays(x, y)),
    signed(3),
    signed(2, 1),
)
for indexing in ("xy", "ij"):
    case(
        "broadcast_to",
        lambda x, y, z, i=indexing: np.stack(np.meshgrid(x, y, z, indexing=i)),
        signed(2),
        signed(3),
        signed(4),
    )
case(
    "multiply",
    lambda x, y: np.multiply(*np.meshgrid(x, y, sparse=True)),
    signed(2),
    signed(3),
)
case("scatter", lambda x: np.diagflat(x, 1), signed(2, 2))
case("positive", lambda x: np.copy(x), signed(2, 3))
case("square", lambda x: np.real(x) ** 2, signed(2, 3))
case("conjugate", lambda x: x.conj() * x.conjugate(), signed(2, 3))
if hasattr(np, "astype"):
    case("astype", lambda x: np.astype(x, x.dtype), signed(2))

for axis in (None, 0, -1, (0, 2), ()):
    for keepdims in (False, True):
        options = {"axis": axis, "keepdims": keepdims}
        for name, f in (
            ("getitem", lambda x, **o: np.quantile(x, 0.3, **o)),
            ("getitem", np.median),
            ("max", np.ptp),
        ):
            if axis != ():
                case(name, lambda x, f=f, o=options: f(x, **o), signed(2, 3, 2))
        case("where", lambda x, o=options: np.nansum(x, **o), signed(2, 3, 2))
case("getitem", lambda x: np.percentile(x, 80), signed(7))
case("where", lambda x: np.nanmean(np.where(x > 1, np.nan, x), 0), signed(5, 2))
case("mean", lambda x: np.average(x, axis=1), signed(2, 3))
case("divide", lambda x, w: np.average(x, weights=w), signed(2, 3),
     positive(2, 3))  # fmt: skip
case("divide", lambda x, w: np.average(x, -2, w, keepdims=True), signed(2, 3),
     positive(2))  # fmt: skip
zeros = np.array([[0.0, 2, 3], [4, 0, 0]])
for x in (signed(2, 3), zeros):
    for axis in (None, 0, -1):
        case("prod", lambda x, a=axis: np.cumprod(x, a), x)
case("prod", lambda x: x.cumprod(0), signed(2, 3))
case("prod", lambda x: np.multiply.accumulate(x, axis=1), signed(2, 3))
case("prod", lambda x: np.cumprod(x), signed())
if hasattr(np, "cumulative_sum"):
    for initial in (False, True):
        options = {"axis": 1, "include_initial": initial}
        case("cumsum", lambda x, o=options: np.cumulative_sum(x, **o),
             signed(2, 3))  # fmt: skip
        case("prod", lambda x, o=options: np.cumulative_prod(x, **o),
             signed(2, 3))  # fmt: skip
case("subtract", lambda x: np.diff(x), signed(2, 4))
case("subtract", lambda x: np.diff(x, 2, axis=0), signed(4, 2))
case("subtract", lambda x: np.gradient(x, axis=-1), signed(3, 4))
case("subtract", lambda x: np.stack(np.gradient(x, 0.5, 2.0)), signed(3, 4))
case("subtract", lambda x: np.gradient(x, 0.5), signed(2))
case("sum", lambda y: np.trapezoid(y, dx=0.5, axis=0), signed(4, 2))
case("sum", np.trapezoid, signed(2, 4), np.cumsum(positive(4)))
case("multiply", lambda a, b: np.linspace(a, b, 4), signed(), signed())
case(
    "multiply",
    lambda a, b: np.linspace(a, b, 3, endpoint=False, axis=-1),
    signed(2),
    signed(3, 1),
)
for f in (np.deg2rad, np.radians, np.rad2deg, np.degrees):
    case("multiply", lambda x, f=f: f(x), signed(2, 3))
case("where", np.sinc, signed(2, 3) / 3)
case("where", np.sinc, np.array([-0.2, 0.0, 0.13, 2.0]))
case("where", lambda x: np.nan_to_num(np.where(x > 1, np.nan, x)), signed(5))
case(
    "where",
    lambda x: np.nan_to_num(np.where(x > 1, np.inf, x), posinf=2.5),
    signed(5),
)
case("transpose", lambda x: np.reshape(x, (3, -1), order="F"), signed(2, 3, 2))
case("transpose", lambda x: np.ravel(x, order="F"), signed(2, 3, 2))
case("transpose", lambda x: x.reshape(4, 3, order="F"), signed(2, 3, 2))
case("transpose", lambda x: x.ravel("F"), signed(2, 3))
for layer in (fused.linear, fused.linear_relu):
    case(layer.name, layer, signed(5, 3), signed(2, 3), signed(2))
    case(layer.name, layer, signed(4, 5, 3), signed(2, 3), signed(2))
    one_on = np.array([9.0, -9.0])
    case(layer.name, layer, signed(3), signed(2, 3), one_on)
    case(layer.name, layer, signed(5, 3), signed(2, 3), signed(1))
labels = np.array([2, 0, 2, 1, 3])
for how in ("none", "sum", "mean"):
    case(
        "softmax_cross_entropy",
        lambda z, how=how: fused.softmax_cross_entropy(
            z, labels, reduction=how
        ),
        3 * signed(5, 4),
    )
    case(
        "squared_error",
        lambda x, y, how=how: fused.squared_error(x, y, reduction=how),
        signed(3, 2),
        signed(3, 2),
    )
case(
    "softmax_cross_entropy",
    lambda z: fused.softmax_cross_entropy(z, labels),
    3 * signed(5, 4),
)
case(
    "normalize",
    lambda x, w, b: normalizing.normalize(
        x, w, b, axes=(0,), eps=0.1, center=True
    ),
    signed(5, 3),
    signed(3),
    signed(3),
)

ALL = [
    pytest.param(f, args, id=f"{name}-{i}")
    for name, cases in CASES.items()
    for i, (f, args) in enumerate(cases)
]


def test_every_primitive_has_a_case() -> None:
    assert {p.name for p in primitives} == set(CASES)


@pytest.mark.parametrize(("f", "args"), ALL)
def test_value(f: Any, args: Any) -> None:
    """What is traced has the value, shape and dtype of what is not."""
    out = f(*[cr.Tensor(x, requires_grad=True) for x in args])
    bare = f(*args)
    assert isinstance(out.data, np.ndarray)
    np.testing.assert_allclose(out.data, bare, rtol=1e-14)
    assert out.shape == np.shape(bare)


@pytest.mark.parametrize(("f", "args"), ALL)
def test_against_differences(f: Any, args: Any) -> None:
    assert cr.gradcheck(f, args)


@pytest.mark.parametrize(("f", "args"), ALL)
def test_second_order(f: Any, args: Any) -> None:
    """The gradient of a curved function of f, itself held to differences."""
    ones = [np.ones(np.shape(x)) for x in args]
    weights = np.random.default_rng(1).normal(size=np.shape(f_value(f, args)))

    def curved(*xs: Any) -> Any:
        out = f(*xs)
        return np.sum(weights * out * out)

    gradient = cr.grad(curved, tuple(range(len(args))))

    def one(*xs: Any) -> Any:
        parts = gradient(*xs)
        return sum(
            np.sum(part * (1 + 0.5 * i) * one)
            for i, (part, one) in enumerate(zip(parts, ones, strict=True))
        )

    assert cr.gradcheck(one, args, rtol=2e-5, atol=1e-6)


def f_value(f: Any, args: Any) -> Any:
    with cr.no_grad():
        return f(*map(cr.Tensor, args)).data


@pytest.mark.parametrize(("f", "args"), ALL)
def test_both_modes_are_transposes(f: Any, args: Any) -> None:
    """⟨v, J w⟩ = ⟨Jᵀ v, w⟩."""
    draw = np.random.default_rng(2)
    along = tuple(draw.normal(size=x.shape) for x in args)
    out, tangent = cr.jvp(f, args, along)
    assert tangent.shape == out.shape
    v = draw.normal(size=out.shape)
    _, pullback = cr.vjp(f, *args)
    forward = np.sum(v * tangent)
    reverse = sum(
        np.sum(g * w) for g, w in zip(pullback(v), along, strict=True)
    )
    np.testing.assert_allclose(forward, reverse, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("f", "args"), ALL)
def test_shapes_and_dtypes_are_kept(f: Any, args: Any, dtype: Any) -> None:
    leaves = [cr.Tensor(x.astype(dtype), requires_grad=True) for x in args]
    out = f(*leaves)
    if not isinstance(out, cr.Tensor):
        pytest.fail("not traced")
    assert type(out.data) is np.ndarray
    out.backward(np.ones(out.shape))
    assert out.dtype == dtype
    for leaf in leaves:
        assert type(leaf.grad) is np.ndarray
        assert leaf.grad.dtype == dtype
        assert leaf.grad.shape == leaf.shape


@pytest.mark.parametrize(
    "primitive", [p for p in primitives if p.tuned], ids=lambda p: p.name
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tuned_rules_equal_pure_ones(primitive: Any, dtype: Any) -> None:
    for f, args in CASES[primitive.name]:
        compare_tuned(primitive, f, [x.astype(dtype) for x in args], dtype)


def compare_tuned(primitive: Any, f: Any, args: Any, dtype: Any) -> None:
    out, pullback = cr.vjp(f, *args)
    g = np.asarray(rng.normal(size=out.shape), dtype)
    fast = pullback(g)
    for once, twice in zip(fast, pullback(g), strict=True):
        np.testing.assert_array_equal(once, twice)
    tuned, primitive.tuned = primitive.tuned, None
    try:
        assert isinstance(tuned, Tuned)
        slow_out, slow_pullback = cr.vjp(f, *args)
        slow = slow_pullback(g)
    finally:
        primitive.tuned = tuned
    pairs = zip((out, *fast), (slow_out, *slow), strict=True)
    for mine, other in pairs:
        assert (mine.dtype, mine.shape) == (other.dtype, other.shape)
        tolerance = 1e-5 if dtype == np.float32 else 1e-12
        np.testing.assert_allclose(mine, other, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", [(1500, 7), (700, 200), (40, 3000)])
@pytest.mark.parametrize("mean", [0, 700])
def test_logits_in_pieces_and_by_columns(
    shape: tuple[int, int], mean: int
) -> None:
    """Large enough for several pieces, and for short rows; by the formula."""
    rng = np.random.default_rng(5)
    z = cr.Tensor(3 * rng.normal(size=shape) + mean, requires_grad=True)
    named = rng.integers(0, shape[1], shape[0])
    loss = cr.nn.functional.cross_entropy(z, named)
    e = np.exp(z.data - mean)
    p = e / e.sum(axis=1, keepdims=True)
    hit = p[np.arange(len(named)), named]
    np.testing.assert_allclose(loss.item(), -np.log(hit).mean(), rtol=1e-12)
    loss.backward()
    expected = (p - np.eye(shape[1])[named]) / shape[0]
    np.testing.assert_allclose(z.grad, expected, rtol=1e-9, atol=1e-16)
