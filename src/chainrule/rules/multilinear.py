# Edit the book, or edit here and stitch.
"""Products of signals, vectors and stacks of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from math import prod as product
from typing import Any

import numpy as np

from chainrule.engine import Array
from chainrule.errors import NotDifferentiable, ShapeError
from chainrule.rules.products import dot, matmul, outer, tensordot
from chainrule.rules.rearranging import diagonal, flip, trace
from chainrule.rules.reductions import sum
from chainrule.rules.shapes import (
    array,
    matrix_transpose,
    moveaxis,
    reshape_,
)
from chainrule.rules.table import implements, linear, ufuncs


# Convolve
def overlap(g: Array, other: Array) -> Array:
    """The correlation of g with a shorter array, where it lies inside."""
    full = np.convolve(g, flip(other))
    return full[len(other) - 1 : len(g)]


convolution = linear(
    np.convolve,
    lambda g, _ans, _a, v: overlap(g, v),
    lambda g, _ans, a, _v: overlap(g, a),
    name="convolve",
)


# Convolve and correlate as NumPy does
@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Array:
    a, v = array(a), array(v)
    full = convolution(a, v)
    short, long = sorted((len(a), len(v)))
    if mode == "full":
        return full
    start = short - 1 if mode == "valid" else (short - 1) // 2
    return full[start : start + (long - start if mode == "valid" else long)]


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Array:
    if mode == "same" and len(a) < len(v):
        raise NotDifferentiable("np.correlate has no rule for mode='same' here")
    return convolve(a, flip(array(v)), mode)


# Multiply stacks of vectors
@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    x1, x2 = moveaxis(array(x1), axis, -1), moveaxis(array(x2), axis, -1)
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError("vecdot", [x1.shape, x2.shape], "equal lengths")
    return sum(x1 * x2, -1)


def matvec(x1: Any, x2: Any, /) -> Array:
    x1, x2 = array(x1), array(x2)
    if x1.ndim < 2 or x2.ndim < 1:
        raise ShapeError("matvec", [x1.shape, x2.shape], "a matrix first")
    return matmul(x1, x2[..., None])[..., 0]


def vecmat(x1: Any, x2: Any, /) -> Array:
    x1, x2 = array(x1), array(x2)
    if x1.ndim < 1 or x2.ndim < 2:
        raise ShapeError("vecmat", [x1.shape, x2.shape], "a matrix last")
    return matmul(x1[..., None, :], x2)[..., 0, :]


ufuncs[np.vecdot, "__call__"] = vecdot
if hasattr(np, "matvec"):  # new in NumPy 2.2
    ufuncs[np.matvec, "__call__"] = matvec
    ufuncs[np.vecmat, "__call__"] = vecmat


# Multiply across
@implements(np.cross)
def cross(
    a: Any,
    b: Any,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Array:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(array(a), axisa, -1), moveaxis(array(b), axisb, -1)
    if (a.shape[-1], b.shape[-1]) != (3, 3):
        raise ShapeError("cross", [a.shape, b.shape], "vectors of three")
    on, off = [1, 2, 0], [2, 0, 1]
    found = a[..., on] * b[..., off] - a[..., off] * b[..., on]
    return moveaxis(found, -1, axisc)


@implements(np.kron)
def kron(a: Any, b: Any) -> Array:
    a, b = array(a), array(b)
    ndim = max(a.ndim, b.ndim)
    rows = (1,) * (ndim - a.ndim) + a.shape
    columns = (1,) * (ndim - b.ndim) + b.shape
    wide = reshape_(a, tuple(n for size in rows for n in (size, 1)))
    narrow = reshape_(b, tuple(n for size in columns for n in (1, size)))
    shape = tuple(m * n for m, n in zip(rows, columns, strict=True))
    return reshape_(wide * narrow, shape)


# Multiply many times
@implements(np.linalg.matrix_power)
def matrix_power(a: Array, n: int) -> Array:
    if a.ndim < 2 or a.shape[-2] != a.shape[-1]:
        raise ShapeError("matrix_power", [a.shape], "should be square")
    if n < 0:
        a, n = np.linalg.inv(a), -n
    power: Any = np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape)
    while n:
        power = matmul(power, a) if n % 2 else power
        n //= 2
        a = matmul(a, a) if n else a
    return power


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Sequence[Any]) -> Array:
    return reduce(dot, arrays)


@implements(np.polyval)
def polyval(p: Any, x: Any) -> Array:
    return reduce(lambda value, coefficient: value * x + coefficient, p, 0)


# Answer to names in linalg
implements(np.linalg.matmul)(matmul)
implements(np.linalg.outer)(outer)
implements(np.linalg.matrix_transpose)(matrix_transpose)


@implements(np.linalg.tensordot)
def tensordot_(x1: Any, x2: Any, /, *, axes: Any = 2) -> Array:
    return tensordot(x1, x2, axes)


@implements(np.linalg.cross)
def cross_(x1: Any, x2: Any, /, *, axis: int = -1) -> Array:
    return cross(x1, x2, axis=axis)


@implements(np.linalg.diagonal)
def diagonal_(x: Array, /, *, offset: int = 0) -> Array:
    return diagonal(x, offset, -2, -1)


@implements(np.linalg.trace)
def trace_(x: Array, /, *, offset: int = 0) -> Array:
    return trace(x, offset, -2, -1)


@implements(np.linalg.tensorinv)
def tensorinv(a: Array, ind: int = 2) -> Array:
    first, last = a.shape[:ind], a.shape[ind:]
    matrix = reshape_(a, (product(first), -1))
    return reshape_(np.linalg.inv(matrix), last + first)


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Array, b: Array, axes: Any = None) -> Array:
    a, b = array(a), array(b)
    if axes is not None:
        a = moveaxis(a, axes, tuple(range(-len(axes), 0)))
    shape = a.shape[b.ndim :]
    matrix = reshape_(a, (b.size, product(shape)))
    return reshape_(np.linalg.solve(matrix, reshape_(b, -1)), shape)
