# Edit the book, or edit here and stitch.
"""Functions that move entries about and change none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from chainrule.engine import Array, Traced, apply, plain, unbroadcast
from chainrule.errors import NotDifferentiable, ShapeError
from chainrule.rules.table import implements, linear, linear_in_all

# Cast, reshape, permute, repeat
cast = linear(
    lambda x, *, dtype: x.astype(dtype),
    lambda g, _ans, _x, *, dtype: g,
    name="astype",
)
reshape = linear(
    lambda x, *, shape: x.reshape(shape),
    lambda g, _ans, _x, *, shape: g.reshape(_x.shape),
    name="reshape",
)
transpose = linear(
    lambda x, *, axes: x.transpose(axes),
    lambda g, _ans, _x, *, axes: g.transpose(inverse(axes)),
    name="transpose",
)
broadcast_to = linear(
    lambda x, *, shape: np.broadcast_to(x, shape),
    lambda g, _ans, _x, *, shape: unbroadcast(g, _x.shape),
    name="broadcast_to",
)


def inverse(axes: Sequence[int] | None) -> Sequence[int] | None:
    """The permutation that undoes `axes`; None, which reverses, undoes None."""
    return None if axes is None else tuple(int(i) for i in np.argsort(axes))


# Call them as NumPy does
def as_stored(x: Array, order: str) -> str:
    """The order "C" or "F"; of "A" and "K" the one in which x is stored."""
    flags = plain(x).flags
    if order == "A" or (order == "K" and flags.forc):
        return "F" if flags.fnc else "C"
    if order not in ("C", "F"):
        raise NotDifferentiable(f'no rule for {order=} here: give "C" or "F"')
    return order


@implements(np.reshape)
def reshape_(
    a: Array, shape: Any, order: str = "C", *, copy: bool | None = None
) -> Array:
    if copy:
        a = a.copy()
    elif copy is False:  # let NumPy refuse what cannot be a view
        plain(a).reshape(shape, order=order, copy=False)
    if as_stored(a, order) == "F":  # columns first: the rows of the transpose
        whole = shape if isinstance(shape, tuple | list) else (shape,)
        return transpose_(reshape_(transpose_(a), tuple(whole[::-1])))
    return apply(reshape, (a,), {"shape": shape})


@implements(np.ravel)
def ravel(a: Array, order: str = "C") -> Array:
    return reshape_(a, -1, order)


@implements(np.broadcast_to)
def broadcast_to_(array: Array, shape: Any) -> Array:
    return apply(broadcast_to, (array,), {"shape": shape})


# Move axes
@implements(np.transpose, np.permute_dims)
def transpose_(a: Array, axes: Sequence[int] | None = None) -> Array:
    if axes is not None:
        axes = normalize_axis_tuple(axes, a.ndim, "axes")
    return apply(transpose, (a,), {"axes": axes})


@implements(np.swapaxes)
def swapaxes(a: Array, axis1: int, axis2: int) -> Array:
    one = normalize_axis_index(axis1, a.ndim)
    other = normalize_axis_index(axis2, a.ndim)
    axes = list(range(a.ndim))
    axes[one], axes[other] = other, one
    return transpose_(a, axes)


@implements(np.matrix_transpose)
def matrix_transpose(x: Array) -> Array:
    return swapaxes(x, -1, -2)


@implements(np.moveaxis)
def moveaxis(a: Array, source: Any, destination: Any) -> Array:
    source = normalize_axis_tuple(source, a.ndim, "source")
    destination = normalize_axis_tuple(destination, a.ndim, "destination")
    order = [axis for axis in range(a.ndim) if axis not in source]
    for to, axis in sorted(zip(destination, source, strict=True)):
        order.insert(to, axis)
    return transpose_(a, order)


# Add and drop axes of length one
@implements(np.expand_dims)
def expand_dims(a: Array, axis: Any) -> Array:
    axes = axis if isinstance(axis, tuple | list) else (axis,)
    ndim = a.ndim + len(axes)
    new = normalize_axis_tuple(axes, ndim)
    lengths = iter(a.shape)
    return reshape_(
        a, tuple(1 if i in new else next(lengths) for i in range(ndim))
    )


@implements(np.squeeze)
def squeeze(a: Array, axis: Any = None) -> Array:
    if axis is None or (a.ndim == 0 and axis in (0, -1)):
        return reshape_(a, tuple(n for n in a.shape if n != 1))
    gone = normalize_axis_tuple(axis, a.ndim)
    for i in gone:
        if a.shape[i] != 1:
            raise ShapeError("squeeze", [a.shape], f"axis {i} is not 1 long")
    return reshape_(a, tuple(n for i, n in enumerate(a.shape) if i not in gone))


# Join arrays
def piece(i: int, g: Array, _ans: Array, *parts: Array, axis: int) -> Array:
    """The stretch of g along `axis` that came from part i."""
    start = sum(np.shape(part)[axis] for part in parts[:i])
    stop = start + np.shape(parts[i])[axis]
    along = (slice(None),) * (axis % g.ndim) + (slice(start, stop),)
    return g[along]


def array(x: Any) -> Array:
    """x as an array, if it is not one or stands for one."""
    return x if isinstance(x, Traced) else np.asarray(x)


concatenate = linear_in_all(
    lambda *parts, axis: np.concatenate(parts, axis), piece, "concatenate"
)


@implements(np.concatenate)
def concatenate_(arrays: Sequence[Array], axis: int | None = 0) -> Array:
    if axis is None:
        arrays, axis = [reshape_(a, -1) for a in map(array, arrays)], 0
    return apply(concatenate, tuple(arrays), {"axis": axis})


@implements(np.stack)
def stack(arrays: Sequence[Array], axis: int = 0) -> Array:
    arrays = [array(a) for a in arrays]
    if len({np.shape(a) for a in arrays}) > 1:
        raise ShapeError("stack", [np.shape(a) for a in arrays])
    return concatenate_([expand_dims(a, axis) for a in arrays], axis)
