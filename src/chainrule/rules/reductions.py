# Edit the book, or edit here and stitch.
"""Functions that make many entries into one."""

from __future__ import annotations

from math import prod as product
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from chainrule.engine import Array, Primitive, apply
from chainrule.rules.table import enter, implements, linear, ufuncs


# Give the lost axes back
def spread(g: Array, x: Array, axis: Any) -> Array:
    """Repeat g along the axes over which x was reduced."""
    return np.broadcast_to(kept(g, x, axis), x.shape)


def kept(g: Array, x: Array, axis: Any) -> Array:
    """Give g the reduced axes of x back, each of length one."""
    gone = axes_of(x, axis)
    if g.ndim == x.ndim:
        return g
    return g.reshape(
        tuple(1 if i in gone else n for i, n in enumerate(x.shape))
    )


def axes_of(x: Array, axis: Any) -> tuple[int, ...]:
    """The axes that `axis` means, counted from the first."""
    if axis is None or (x.ndim == 0 and axis in (0, -1)):
        return tuple(range(x.ndim))
    return normalize_axis_tuple(axis, x.ndim)


def count(x: Array, axis: Any) -> int:
    """How many entries of x make one entry of the result."""
    return product(x.shape[i] for i in axes_of(x, axis))


# Sum and average
add_up = linear(
    lambda x, *, axis, keepdims: np.add.reduce(x, axis, keepdims=keepdims),
    lambda g, _ans, _x, *, axis, keepdims: spread(g, _x, axis),
    name="sum",
)
average = linear(
    lambda x, *, axis, keepdims: x.mean(axis, keepdims=keepdims),
    lambda g, _ans, _x, *, axis, keepdims: spread(
        g / count(_x, axis), _x, axis
    ),
    name="mean",
)


# Share among those who tie
def chosen(x: Array, ans: Array, axis: Any) -> Array:
    """The share of each entry in the extreme one: ties share it evenly."""
    winners = x == kept(ans, x, axis)
    ties = winners.sum(axes_of(x, axis), dtype=x.dtype, keepdims=True)
    return winners / ties


def to_the_chosen(
    g: Array, ans: Array, x: Array, *, axis: Any, keepdims: bool
) -> Array:
    """Send the gradient of an extreme entry to where it stood."""
    return kept(g, x, axis) * chosen(x, ans, axis)


def from_the_chosen(
    t: Array, ans: Array, x: Array, *, axis: Any, keepdims: bool
) -> Array:
    """Read the tangent of an extreme entry where it stands."""
    return add_up(t * chosen(x, ans, axis), axis=axis, keepdims=keepdims)


# Find the greatest and the least
greatest = enter(
    Primitive(
        lambda x, *, axis, keepdims: x.max(axis, keepdims=keepdims), "max"
    ),
    to_the_chosen,
)
least = enter(
    Primitive(
        lambda x, *, axis, keepdims: x.min(axis, keepdims=keepdims), "min"
    ),
    to_the_chosen,
)
greatest.jvps = least.jvps = (from_the_chosen,)


# Multiply the other entries
def others(x: Array, axis: Any) -> Array:
    """For each entry the product of the other ones, zeros or not."""
    gone = axes_of(x, axis)
    stay = [i for i in range(x.ndim) if i not in gone]
    n = count(x, axis)
    flat = x.transpose((*stay, *gone)).reshape((*(x.shape[i] for i in stay), n))
    rows = np.where(np.eye(n, dtype=bool), 1.0, flat[..., None, :])
    rest = np.prod(rows, axis=-1)
    back = np.argsort((*stay, *gone))
    return rest.reshape(tuple(x.shape[i] for i in (*stay, *gone))).transpose(
        tuple(int(i) for i in back)
    )


# Multiply along an axis
multiply_up = enter(
    Primitive(
        lambda x, *, axis, keepdims: x.prod(axis, keepdims=keepdims), "prod"
    ),
    lambda g, _ans, x, *, axis, keepdims: kept(g, x, axis) * others(x, axis),
)
multiply_up.jvps = (
    lambda t, _ans, x, *, axis, keepdims: add_up(
        t * others(x, axis), axis=axis, keepdims=keepdims
    ),
)


# Call reductions as NumPy calls them
@implements(np.sum)
def sum(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return apply(add_up, (a,), {"axis": axis, "keepdims": keepdims})


@implements(np.mean)
def mean(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return apply(average, (a,), {"axis": axis, "keepdims": keepdims})


@implements(np.max, np.amax)
def max(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return apply(greatest, (a,), {"axis": axis, "keepdims": keepdims})


@implements(np.min, np.amin)
def min(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return apply(least, (a,), {"axis": axis, "keepdims": keepdims})


@implements(np.prod)
def prod(a: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    return apply(multiply_up, (a,), {"axis": axis, "keepdims": keepdims})


# Build variance and deviation from them
@implements(np.var)
def var(
    a: Array,
    axis: Any = None,
    *,
    ddof: int = 0,
    keepdims: bool = False,
    correction: int | None = None,
) -> Array:
    away = a - mean(a, axis, keepdims=True)
    total = sum(away * away, axis, keepdims=keepdims)
    lost = ddof if correction is None else correction
    left = count(a, axis) - lost
    return total / (left if left > 0 else 0)


@implements(np.std)
def std(a: Array, axis: Any = None, **options: Any) -> Array:
    return np.sqrt(var(a, axis, **options))


# Answer to the methods of NumPy's own functions
def reduced(f: Any) -> Any:
    """A reduction as the `reduce` method of its ufunc, whose axis is 0."""

    def reduce(a: Array, axis: Any = 0, *, keepdims: bool = False) -> Array:
        return f(a, axis, keepdims=keepdims)

    return reduce


ufuncs[np.add, "reduce"] = reduced(sum)
ufuncs[np.multiply, "reduce"] = reduced(prod)
ufuncs[np.maximum, "reduce"] = reduced(max)
ufuncs[np.minimum, "reduce"] = reduced(min)
