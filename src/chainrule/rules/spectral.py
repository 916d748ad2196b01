# Edit the book, or edit here and stitch.
"""Eigenvalues, singular values, and what is made of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine import Array, Primitive, apply
from chainrule.errors import NotDifferentiable
from chainrule.rules.elementwise import where
from chainrule.rules.linalg import evened, norm, turned
from chainrule.rules.rearranging import diagonal
from chainrule.rules.shapes import concatenate_
from chainrule.rules.table import enter, implements


# Divide by the distances of eigenvalues
def distances(w: Array) -> Array:
    """From the value of the row to that of the column; none to itself."""
    own = np.eye(w.shape[-1], dtype=bool)
    return where(own, np.inf, w[..., None, :] - w[..., :, None])


def apart(g: Array, distance: Array) -> Array:
    """The quotient: zero for zero by zero, NaN for anything else by zero."""
    tie = distance == 0
    lost = np.where(tie & (g != 0), np.nan, 0.0)
    return where(tie, lost, g / where(tie, 1.0, distance))


# Keep several arrays in one, and write numbers on a diagonal
def packed(values: Array, *vectors: Array) -> Array:
    """A row of values, and below it matrices of as many columns."""
    return concatenate_([values[..., None, :], *vectors], -2)


def on_diagonal(w: Array) -> Array:
    """The matrices whose diagonals are the rows of w."""
    own = np.eye(w.shape[-1], dtype=bool)
    return where(own, w[..., None, :], 0.0)


# Find eigenvalues and their vectors
def to_eigh(g: Array, ans: Array, _x: Array, *, UPLO: str) -> Array:
    """The symmetric gradient of a symmetric matrix."""
    w, v = ans[..., 0, :], ans[..., 1:, :]
    turn = apart(turned(v) @ g[..., 1:, :], distances(w))
    return evened(v @ (on_diagonal(g[..., 0, :]) + turn) @ turned(v))


def from_eigh(t: Array, ans: Array, _x: Array, *, UPLO: str) -> Array:
    """The tangents of values and vectors."""
    w, v = ans[..., 0, :], ans[..., 1:, :]
    step = turned(v) @ evened(t) @ v
    return packed(diagonal(step, 0, -2, -1), v @ apart(step, distances(w)))


eigen = enter(
    Primitive(lambda x, *, UPLO: packed(*np.linalg.eigh(x, UPLO)), "eigh"),
    to_eigh,
)
eigen.jvps = (from_eigh,)


# Hand out eigenvalues as NumPy does
EighResult = type(np.linalg.eigh(np.eye(1)))


@implements(np.linalg.eigh)
def eigh(a: Array, UPLO: str = "L") -> Any:
    both = apply(eigen, (a,), {"UPLO": UPLO})
    return EighResult(both[..., 0, :], both[..., 1:, :])


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Array, UPLO: str = "L") -> Array:
    values: Array = eigh(a, UPLO)[0]
    return values


# Go back through singular values
def parts(x: Array, rows: int) -> tuple[Array, Array, Array]:
    """Values, left vectors and right vectors from one array."""
    return x[..., 0, :], x[..., 1 : 1 + rows, :], x[..., 1 + rows :, :]


def beyond(g: Array, vectors: Array) -> Array:
    """What of g lies outside of the space of the vectors."""
    if vectors.shape[-2] == vectors.shape[-1]:
        return 0.0 * g
    return g - vectors @ (turned(vectors) @ g)


def to_svd(g: Array, ans: Array, x: Array) -> Array:
    """The gradient of a matrix from those of its singular triples."""
    s, u, v = parts(ans, x.shape[-2])
    gs, gu, gv = parts(g, x.shape[-2])
    row, gap = s[..., None, :], distances(s * s)
    left, right = turned(u) @ gu, turned(v) @ gv
    left = apart(left - turned(left), gap) * row
    right = turned(row) * apart(right - turned(right), gap)
    inside = u @ (on_diagonal(gs) + left + right) @ turned(v)
    out = apart(beyond(gu, u), row) @ turned(v)
    return inside + out + u @ turned(apart(beyond(gv, v), row))


# Go forwards through singular values
def from_svd(t: Array, ans: Array, x: Array) -> Array:
    """The tangents of values, left vectors and right vectors."""
    s, u, v = parts(ans, x.shape[-2])
    row, gap = s[..., None, :], distances(s * s)
    step = turned(u) @ t @ v
    back = turned(step)
    column = turned(row)
    left = u @ apart(step * row + column * back, gap)
    right = v @ apart(column * step + back * row, gap)
    left = left + apart(beyond(t @ v, u), row)
    right = right + apart(beyond(turned(t) @ u, v), row)
    return packed(diagonal(step, 0, -2, -1), left, right)


# Find singular values and their vectors
def triples(x: np.ndarray) -> Array:
    """Singular values over left vectors over right vectors."""
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    return packed(s, u, turned(vt))


singular = enter(Primitive(triples, "svd"), to_svd)
singular.jvps = (from_svd,)
SVDResult = type(np.linalg.svd(np.eye(1)))


@implements(np.linalg.svd)
def svd(a: Array, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    s, u, v = parts(singular(a), a.shape[-2])
    if not compute_uv:
        return s
    if full_matrices and a.shape[-2] != a.shape[-1]:
        raise NotDifferentiable(
            "np.linalg.svd has no rule for full_matrices=True: the further "
            "vectors are any that fit; pass full_matrices=False"
        )
    return SVDResult(u, s, turned(v))


@implements(np.linalg.svdvals)
def svdvals(x: Array, /) -> Array:
    return svd(x, compute_uv=False)


# Compare the greatest with the least
@implements(np.linalg.cond)
def cond(x: Array, p: Any = None) -> Array:
    if p in (None, 2, -2):
        s = svdvals(x)
        first, last = s[..., 0], s[..., -1]
        return last / first if p == -2 else first / last
    over = (-2, -1)
    return norm(x, p, over) * norm(np.linalg.inv(x), p, over)


# Invert what has no inverse
def to_pinv(g: Array, ans: Array, x: Array, **how: Any) -> Array:
    """The gradient of the pseudo-inverse of a matrix that keeps its rank."""
    back, gt = turned(ans), turned(g)
    inside, outside = ans @ back, back @ ans
    tall = gt @ inside - x @ (ans @ (gt @ inside))
    wide = outside @ gt - outside @ gt @ ans @ x
    return tall + wide - back @ g @ back


def from_pinv(t: Array, ans: Array, x: Array, **how: Any) -> Array:
    """The tangent of the pseudo-inverse of a matrix that keeps its rank."""
    back, tt = turned(ans), turned(t)
    tall, wide = ans @ back @ tt, tt @ back @ ans
    tall = tall - tall @ x @ ans
    return tall + wide - ans @ (x @ wide) - ans @ t @ ans


pseudo = enter(Primitive(np.linalg.pinv, "pinv"), to_pinv)
pseudo.jvps = (from_pinv,)


@implements(np.linalg.pinv)
def pinv(
    a: Array, rcond: Any = None, hermitian: bool = False, **how: Any
) -> Array:
    if hermitian:
        a = evened(a)
    if rcond is not None:
        how["rcond"] = rcond
    return apply(pseudo, (a,), how)
