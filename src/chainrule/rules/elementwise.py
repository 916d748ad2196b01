# Edit the book, or edit here and stitch.
"""Functions that work entry by entry."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine import Array, plain
from chainrule.rules.table import elementwise, implements

# Add, subtract, multiply, divide
add = elementwise(
    np.add,
    lambda g, _ans, _x, _y: g,
    lambda g, _ans, _x, _y: g,
)
subtract = elementwise(
    np.subtract,
    lambda g, _ans, _x, _y: g,
    lambda g, _ans, _x, _y: -g,
)
multiply = elementwise(
    np.multiply,
    lambda g, _ans, _x, y: g * y,
    lambda g, _ans, x, _y: g * x,
)
divide = elementwise(
    np.divide,
    lambda g, _ans, _x, y: ratio(g, y),
    lambda g, ans, _x, y: -ratio(tame(g, ans), y),
)


# Change the sign, square, invert
negative = elementwise(np.negative, lambda g, _ans, _x: -g)
positive = elementwise(np.positive, lambda g, _ans, _x: g)
conjugate = elementwise(np.conjugate, lambda g, _ans, _x: g)
square = elementwise(np.square, lambda g, _ans, x: g * (2 * x))
reciprocal = elementwise(
    np.reciprocal, lambda g, _ans, x: -ratio(ratio(g, x), x)
)


# Divide with a remainder
remainder = elementwise(
    np.remainder,
    lambda g, _ans, _x, _y: g,
    lambda g, _ans, x, y: -g * np.floor_divide(x, y),
)
fmod = elementwise(
    np.fmod,
    lambda g, _ans, _x, _y: g,
    lambda g, ans, x, y: -g * np.rint((x - ans) / y),
)


# Let zero stay zero
def ratio(g: Array, d: Array) -> Array:
    """The quotient g / d, but zero for 0 / 0 and for 0 / NaN."""
    if isinstance(d, int | float):
        return g / d
    return g / np.where((g == 0) & ((d == 0) | (d != d)), 1, d)


def over(g: Array, d: Array) -> Array:
    """The quotient g / d, but zero for 0 / NaN and any number over zero."""
    none = ((d == 0) & (g == g)) | ((g == 0) & (d != d))
    return np.where(none, 0.0, g / np.where(none, 1, d))


def tame(g: Array, slope: Array) -> Array:
    """The product, but zero for zero times infinity or NaN."""
    return g * np.where((g == 0) & ~np.isfinite(slope), 0.0, slope)


# Take roots
sqrt = elementwise(np.sqrt, lambda g, ans, _x: over(g, 2 * ans))
cbrt = elementwise(np.cbrt, lambda g, ans, _x: over(g, 3 * ans * ans))


# Raise to a power
def to_base(g: Array, _ans: Array, x: Array, y: Any) -> Array:
    """The product g y x^(y - 1), but zero for a number at a root of zero."""
    if isinstance(y, int | float) and not 0 <= y < 1:
        return tame(g, y * x ** (y - 1))
    root = (x == 0) & (y >= 0) & (y < 1)
    slope = y * np.where(root, 1, x) ** (y - 1)
    return tame(np.where(root & (g == g), 0.0, g), slope)


power = elementwise(
    np.power,
    to_base,
    lambda g, ans, x, y: tame(
        g, ans * np.log(np.where((x == 0) & (y >= 0), 1, x))
    ),
)


# Take exponentials and logarithms
def gap(x: Array, y: Array, ans: Array) -> Array:
    """x - ans, the logarithm of x's share in its sum with y, which is ans."""
    whole = (x == np.inf) & (y < np.inf)
    above = np.where(whole | (ans == -np.inf), 0.0, ans)
    return np.where(whole, 0.0, x) - above


exp = elementwise(np.exp, lambda g, ans, _x: g * ans)
exp2 = elementwise(np.exp2, lambda g, ans, _x: g * ans * float(np.log(2)))
expm1 = elementwise(np.expm1, lambda g, ans, _x: g * (ans + 1))
log = elementwise(np.log, lambda g, _ans, x: ratio(g, x))
log2 = elementwise(np.log2, lambda g, _ans, x: ratio(g, x * float(np.log(2))))
log10 = elementwise(
    np.log10, lambda g, _ans, x: ratio(g, x * float(np.log(10)))
)
log1p = elementwise(np.log1p, lambda g, _ans, x: ratio(g, 1 + x))
logaddexp = elementwise(
    np.logaddexp,
    lambda g, ans, x, y: g * np.exp(gap(x, y, ans)),
    lambda g, ans, x, y: g * np.exp(gap(y, x, ans)),
)
logaddexp2 = elementwise(
    np.logaddexp2,
    lambda g, ans, x, y: g * np.exp2(gap(x, y, ans)),
    lambda g, ans, x, y: g * np.exp2(gap(y, x, ans)),
)


# Turn and unturn angles
sin = elementwise(np.sin, lambda g, _ans, x: g * np.cos(x))
cos = elementwise(np.cos, lambda g, _ans, x: -g * np.sin(x))
tan = elementwise(np.tan, lambda g, ans, _x: g * (1 + ans * ans))
arcsin = elementwise(np.arcsin, lambda g, _ans, x: ratio(g, np.sqrt(1 - x * x)))
arccos = elementwise(
    np.arccos, lambda g, _ans, x: -ratio(g, np.sqrt(1 - x * x))
)
arctan = elementwise(np.arctan, lambda g, _ans, x: g / (1 + x * x))
arctan2 = elementwise(
    np.arctan2,
    lambda g, _ans, y, x: over(g * x, x * x + y * y),
    lambda g, _ans, y, x: -over(g * y, x * x + y * y),
)
hypot = elementwise(
    np.hypot,
    lambda g, ans, x, _y: over(g * x, ans),
    lambda g, ans, _x, y: over(g * y, ans),
)


# Do the same on the hyperbola
sinh = elementwise(np.sinh, lambda g, _ans, x: g * np.cosh(x))
cosh = elementwise(np.cosh, lambda g, _ans, x: g * np.sinh(x))
tanh = elementwise(np.tanh, lambda g, ans, _x: g * (1 - ans * ans))
arcsinh = elementwise(np.arcsinh, lambda g, _ans, x: g / np.sqrt(x * x + 1))
arccosh = elementwise(
    np.arccosh, lambda g, _ans, x: ratio(g, np.sqrt(x * x - 1))
)
arctanh = elementwise(np.arctanh, lambda g, _ans, x: ratio(g, 1 - x * x))


# Choose between entries
absolute = elementwise(np.absolute, lambda g, _ans, x: g * np.sign(x))
fabs = elementwise(np.fabs, lambda g, _ans, x: g * np.sign(x))


def weight(wins: Array, ties: Array, g: Array) -> Array:
    """One for the winner, a half each for those who tie; plain, like g."""
    return np.multiply(ties, 0.5, dtype=g.dtype) + wins


maximum = elementwise(
    np.maximum,
    lambda g, _ans, x, y: g * weight(x > y, x == y, g),
    lambda g, _ans, x, y: g * weight(y > x, x == y, g),
)
minimum = elementwise(
    np.minimum,
    lambda g, _ans, x, y: g * weight(x < y, x == y, g),
    lambda g, _ans, x, y: g * weight(y < x, x == y, g),
)
fmax = elementwise(
    np.fmax,
    lambda g, _ans, x, y: g * weight((x > y) | (y != y), x == y, g),
    lambda g, _ans, x, y: g * weight((y > x) | (x != x), x == y, g),
)
fmin = elementwise(
    np.fmin,
    lambda g, _ans, x, y: g * weight((x < y) | (y != y), x == y, g),
    lambda g, _ans, x, y: g * weight((y < x) | (x != x), x == y, g),
)
where = elementwise(
    np.where,
    None,
    lambda g, _ans, c, _x, _y: np.where(c, g, 0.0),
    lambda g, _ans, c, _x, _y: np.where(c, 0.0, g),
)
clip = elementwise(
    np.clip,
    lambda g, _ans, x, lo, hi: g * ((x >= lo) & (x <= hi)),
    lambda g, _ans, x, lo, hi: g * ((x < lo) & (lo <= hi)),
    lambda g, _ans, x, lo, hi: g * ((x > hi) | (lo > hi)),
)


# Call them as NumPy calls them
@implements(np.where)
def where_(condition: Any, *branches: Any) -> Array:
    condition = plain(condition)
    return where(condition, *branches) if branches else np.where(condition)


@implements(np.clip)
def clip_(
    a: Array,
    a_min: Any = None,
    a_max: Any = None,
    *,
    min: Any = None,
    max: Any = None,
) -> Array:
    low = min if a_min is None else a_min
    high = max if a_max is None else a_max
    low = -np.inf if low is None else low
    return clip(a, low, np.inf if high is None else high)
