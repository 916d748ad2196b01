# Edit the book, or edit here and stitch.
"""Inverses, determinants, factors and norms of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine import Array, Primitive, apply, plain, unbroadcast
from chainrule.errors import NotDifferentiable, ShapeError
from chainrule.rules.elementwise import over
from chainrule.rules.rearranging import tril
from chainrule.rules.reductions import add_up, axes_of, kept
from chainrule.rules.table import enter, implements


# Turn a matrix over
def turned(x: Array) -> Array:
    """The transpose of each matrix of a stack."""
    return x.swapaxes(-1, -2)


def times(g: Array, x: Array) -> Array:
    """One number for each matrix, times that matrix."""
    return g[..., None, None] * x


# Invert
inv = enter(
    Primitive(np.linalg.inv, "inv"),
    lambda g, ans, _x: -(turned(ans) @ g @ turned(ans)),
)
inv.jvps = (lambda t, ans, _x: -(ans @ t @ ans),)
implements(np.linalg.inv)(lambda a: inv(a))


# Solve
solve = enter(Primitive(np.linalg.solve, "solve"))
implements(np.linalg.solve)(lambda a, b: solve(a, b))


def solved(a: Array, g: Array, side: Array) -> Array:
    """Solve a x = g, where g is one column if the right-hand side is."""
    if side.ndim > 1:
        return np.linalg.solve(a, g)
    return np.linalg.solve(a, g[..., None])[..., 0]


# Give the rules of a solution
def to_matrix(g: Array, ans: Array, a: Array, b: Array) -> Array:
    """The gradient of the matrix: minus that of b, times the solution."""
    share = solved(turned(a), g, b)
    if b.ndim == 1:
        share, ans = share[..., None], ans[..., None]
    return unbroadcast(-(share @ turned(ans)), a.shape)


def from_matrix(t: Array, ans: Array, a: Array, b: Array) -> Array:
    """The tangent of the solution when the matrix moves."""
    if b.ndim > 1:
        return -np.linalg.solve(a, t @ ans)
    return -solved(a, (t @ ans[..., None])[..., 0], b)


solve.vjps = (
    to_matrix,
    lambda g, _ans, a, _b: unbroadcast(solved(turned(a), g, _b), _b.shape),
)
solve.jvps = (from_matrix, lambda t, _ans, a, _b: np.linalg.solve(a, t))


# Find the cofactors, of singular matrices too
def by_factors(x: np.ndarray) -> np.ndarray:
    """The cofactors of each matrix, from its singular values."""
    u, s, vt = np.linalg.svd(x)
    n = s.shape[-1]
    rest = np.where(np.eye(n, dtype=bool), 1, s[..., None, :]).prod(-1)
    sign = np.linalg.det(u) * np.linalg.det(vt)
    found: np.ndarray = times(sign, (u * rest[..., None, :]) @ vt)
    return found.astype(x.dtype)


# Differentiate the cofactors
def to_minors(g: Array, ans: Array, x: Array) -> Array:
    """The gradient through the cofactors, where x can be inverted."""
    back = turned(inv(x))
    total = add_up(g * ans, axis=(-2, -1), keepdims=False)
    return times(total, back) - ans @ turned(g) @ back


def from_minors(t: Array, ans: Array, x: Array) -> Array:
    """The tangent of the cofactors, where x can be inverted."""
    back = turned(inv(x))
    total = add_up(t * back, axis=(-2, -1), keepdims=False)
    return times(total, ans) - back @ turned(t) @ ans


cofactors = enter(Primitive(by_factors, "cofactors"), to_minors)
cofactors.jvps = (from_minors,)


# Take determinants
det = enter(
    Primitive(np.linalg.det, "det"),
    lambda g, _ans, x: times(g, cofactors(x)),
)
det.jvps = (
    lambda t, _ans, x: add_up(t * cofactors(x), axis=(-2, -1), keepdims=False),
)
implements(np.linalg.det)(lambda a: det(a))
logdet = enter(
    Primitive(lambda x: np.linalg.slogdet(x)[1], "slogdet"),
    lambda g, _ans, x: times(g, turned(inv(x))),
)
logdet.jvps = (
    lambda t, _ans, x: add_up(
        t * turned(inv(x)), axis=(-2, -1), keepdims=False
    ),
)


@implements(np.linalg.slogdet)
def slogdet(a: Array) -> Any:
    """The sign, which has no derivative, and the logarithm of the modulus."""
    plain_answer = np.linalg.slogdet(plain(a))
    return type(plain_answer)(plain_answer[0], logdet(a))


# Factor a symmetric matrix
def lower(p: Array) -> Array:
    """The lower triangle, with half of the diagonal."""
    half = np.tri(p.shape[-1], dtype=p.dtype) - np.eye(p.shape[-1]) / 2
    return p * half.astype(p.dtype)


def evened(p: Array) -> Array:
    """The symmetric part."""
    return (p + turned(p)) / 2


# Take a Cholesky factor
def to_symmetric(g: Array, ans: Array, _x: Array) -> Array:
    """The symmetric gradient of a symmetric matrix."""
    back = inv(ans)
    return evened(turned(back) @ lower(turned(ans) @ tril(g)) @ back)


def from_symmetric(t: Array, ans: Array, _x: Array) -> Array:
    """The tangent of the factor when the matrix moves symmetrically."""
    back = inv(ans)
    return ans @ lower(back @ evened(t) @ turned(back))


cholesky = enter(Primitive(np.linalg.cholesky, "cholesky"), to_symmetric)
cholesky.jvps = (from_symmetric,)


@implements(np.linalg.cholesky)
def cholesky_(a: Array, /, *, upper: bool = False) -> Array:
    return turned(cholesky(turned(a))) if upper else cholesky(a)


# Measure lengths
def root_of_squares(x: Array, *, axis: Any, keepdims: bool) -> Array:
    return np.sqrt((x * x).sum(axis, keepdims=keepdims))


def direction(x: Array, ans: Array, axis: Any) -> Array:
    """The unit vector along x; zero where x is zero."""
    return over(x, kept(ans, x, axis))


length = enter(
    Primitive(root_of_squares, "norm"),
    lambda g, ans, x, *, axis, keepdims: (
        kept(g, x, axis) * direction(x, ans, axis)
    ),
)
length.jvps = (
    lambda t, ans, x, *, axis, keepdims: add_up(
        t * direction(x, ans, axis), axis=axis, keepdims=keepdims
    ),
)


# Call them as NumPy does
@implements(np.linalg.norm)
def norm(
    x: Array, ord: Any = None, axis: Any = None, keepdims: bool = False
) -> Array:
    over = axes_of(x, axis)
    if ord is not None and len(over) not in (1, 2):
        raise ShapeError("norm", [x.shape], "say over which axis or two")
    if ord is None or (len(over) == 2 and ord == "fro"):
        return apply(length, (x,), {"axis": over, "keepdims": keepdims})
    if len(over) == 1:
        return vector_norm(x, ord, over[0], keepdims)
    return matrix_norm(x, ord, over, keepdims)


# Measure vectors by another order
def vector_norm(x: Array, p: Any, axis: int, keepdims: bool) -> Array:
    """The p-norm along one axis."""
    if p == 2:
        return apply(length, (x,), {"axis": (axis,), "keepdims": keepdims})
    if isinstance(p, str):
        raise NotDifferentiable(f"np.linalg.norm has no rule for ord={p!r}")
    if p == 0:  # a count, whose slope is zero
        count = np.sum(plain(x) != 0, axis, keepdims=keepdims)
        return np.asarray(count, x.dtype)
    size = np.absolute(x)
    if abs(p) == np.inf:
        extreme = np.max if p > 0 else np.min
        return extreme(size, axis, keepdims=keepdims)
    if p == 1:
        return np.sum(size, axis, keepdims=keepdims)
    if p > 0:
        return np.sum(size**p, axis, keepdims=keepdims) ** (1 / p)
    zero = x == 0
    powers = np.where(zero, 1, size) ** p
    found = np.sum(powers, axis, keepdims=keepdims) ** (1 / p)
    none = np.sum(np.where(zero, size, 0.0), axis, keepdims=keepdims)
    return np.where(zero.any(axis, keepdims=keepdims), none, found)


# Measure matrices by columns or rows
def matrix_norm(
    x: Array, p: Any, axes: tuple[int, ...], keepdims: bool
) -> Array:
    """The greatest sum of a column (1) or of a row (infinity)."""
    if p in (2, -2, "nuc"):
        return spectral_norm(x, p, axes, keepdims)
    if p not in (1, -1, np.inf, -np.inf):
        raise NotDifferentiable(f"np.linalg.norm has no rule for ord={p!r}")
    rows, columns = axes if abs(p) == 1 else axes[::-1]
    sums = np.sum(np.absolute(x), rows, keepdims=True)
    extreme = np.max if p > 0 else np.min
    found = extreme(sums, columns, keepdims=True)
    return found if keepdims else np.squeeze(found, axes)


def spectral_norm(
    x: Array, p: Any, axes: tuple[int, ...], keepdims: bool
) -> Array:
    """The greatest singular value (2), the least (-2), or the sum of all."""
    s = np.linalg.svd(np.moveaxis(x, axes, (-2, -1)), compute_uv=False)
    s = np.absolute(s)  # what it is, but a zero sends nothing
    fold = np.sum if p == "nuc" else np.max if p == 2 else np.min
    found = fold(s, -1)
    return np.expand_dims(found, axes) if keepdims else found


# Say what is measured
@implements(np.linalg.vector_norm)
def vector_norm_(
    x: Array, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2
) -> Array:
    over = axes_of(x, axis)
    if ord == 2:
        return apply(length, (x,), {"axis": over, "keepdims": keepdims})
    row = np.moveaxis(x, over, range(-len(over), 0))
    row = row.reshape((*row.shape[: x.ndim - len(over)], -1))
    found = vector_norm(row, ord, -1, False)
    return np.expand_dims(found, over) if keepdims else found


@implements(np.linalg.matrix_norm)
def matrix_norm_(
    x: Array, /, *, keepdims: bool = False, ord: Any = "fro"
) -> Array:
    return norm(x, ord, (-2, -1), keepdims)
