# Edit the book, or edit here and stitch.
"""Functions that work entry by entry and are made of those with rules."""

from __future__ import annotations

from math import factorial, pi
from typing import Any

import numpy as np

from chainrule.engine import Array, plain
from chainrule.rules.elementwise import absolute, power, remainder, where
from chainrule.rules.shapes import array
from chainrule.rules.table import implements, ufuncs


# Change the unit, and replace what is no number
def radians(x: Array) -> Array:
    return x * (pi / 180)


def degrees(x: Array) -> Array:
    return x * (180 / pi)


ufuncs[np.radians, "__call__"] = ufuncs[np.deg2rad, "__call__"] = radians
ufuncs[np.degrees, "__call__"] = ufuncs[np.rad2deg, "__call__"] = degrees


@implements(np.nan_to_num)
def nan_to_num(
    x: Array, *, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Array:
    bare, most = plain(x), np.finfo(x.dtype).max
    for found, instead in (
        (np.isnan(bare), nan),
        (bare == np.inf, most if posinf is None else posinf),
        (bare == -np.inf, -most if neginf is None else neginf),
    ):
        x = where(found, instead, x)
    return x


# Let what stands on a step, or fills an array, move
def heaviside(x1: Any, x2: Any) -> Array:
    bare = plain(x1)
    return where(bare == 0, x2, np.heaviside(bare, 0.0))


ufuncs[np.heaviside, "__call__"] = heaviside


@implements(np.full_like)
def full_like(a: Array, fill_value: Any, dtype: Any = None) -> Array:
    bare = np.full_like(plain(a), plain(fill_value), dtype)
    return where(True, fill_value, bare).astype(bare.dtype)


# Take numbers apart
def copysign(x1: Any, x2: Any) -> Array:
    signed = np.copysign(plain(x1), plain(x2))
    sign = np.where(np.signbit(signed), -1, 1).astype(signed.dtype)
    return absolute(x1) * sign


def float_power(x1: Any, x2: Any) -> Array:
    return power(array(x1).astype(float), array(x2).astype(float))


def ldexp(x1: Any, x2: Any) -> Array:
    x1, exponent = array(x1), np.asarray(plain(x2))
    half = exponent // 2  # the whole power may overflow, the product not
    one = np.ones((), x1.dtype)
    return x1 * np.ldexp(one, half) * np.ldexp(one, exponent - half)


def frexp(x: Array) -> tuple[Array, Array]:
    exponent = np.frexp(plain(x))[1]
    return ldexp(x, -exponent), exponent


def modf(x: Array) -> tuple[Array, Array]:
    part, whole = np.modf(plain(x))
    known = np.isfinite(whole)
    return where(known, x, part) - np.where(known, whole, 0), whole


def divmod_(x1: Any, x2: Any) -> tuple[Array, Array]:
    return np.floor_divide(x1, x2), remainder(x1, x2)


for ufunc, stand_in in (
    (np.copysign, copysign),
    (np.float_power, float_power),
    (np.ldexp, ldexp),
    (np.frexp, frexp),
    (np.modf, modf),
    (np.divmod, divmod_),
):
    ufuncs[ufunc, "__call__"] = stand_in


# Divide a sine by its argument, and use the series near zero
@implements(np.sinc)
def sinc(x: Array) -> Array:
    y = pi * x
    near = np.absolute(plain(y)) < 0.5
    small = where(near, y, 0.0)
    square, series = small * small, 0.0
    for n in reversed(range(9)):
        series = series * square + (-1) ** n / factorial(2 * n + 1)
    far = where(near, 1.0, y)
    return where(near, series, np.sin(far) / far)
