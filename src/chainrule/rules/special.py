# Edit the book, or edit here and stitch.
"""The normal distribution: its density, and the probability below a number."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from chainrule.rules.table import elementwise

FAR = 40.0  # beyond it, nothing is left in float64
PIECE = 1 << 14  # entries that are worked on at a time


# Divide the tail by the bell
TAIL = (
    0.46151582985003775,
    -0.09155228183400904,
    0.031030368425963697,
    0.01000235238522929,
    -0.02640104296630785,
    0.024536963243681247,
    -0.015170415402522541,
    0.006522000667750558,
    -0.0016760723444888181,
    7.791597646183296e-06,
    0.00018233414479054558,
    -5.360758213849043e-05,
    -9.896096755096199e-06,
    9.059827511570425e-06,
    -7.034842630955992e-08,
    -1.3074537141328372e-06,
    1.2788071966728286e-07,
    1.9628410080225474e-07,
    -2.6288156061750932e-08,
    -3.0956429014429845e-08,
    3.6282317967481034e-09,
    4.403003124996515e-09,
    -2.8237046817782994e-10,
    -3.819157688482996e-10,
)


def tail_over_bell(a: np.ndarray) -> np.ndarray:
    """The probability above a, over exp(-a^2 / 2), for a not below 0."""
    t = (a - 5) / (a + 5)
    out: np.ndarray = np.full_like(t, TAIL[-1])
    for c in TAIL[-2::-1]:
        out *= t
        out += c
    out /= 1 + a
    return out


# Take the square out of the exponential in two parts
def bell(a: np.ndarray) -> np.ndarray:
    """exp(-a^2 / 2), for a from 0 to FAR, to nearly full precision."""
    near = np.floor(16 * a) / 16
    rest = (a - near) * (a + near)
    out: np.ndarray = np.exp(-0.5 * near * near) * np.exp(-0.5 * rest)
    return out


# Enter the density and the distribution function
def piecewise(
    f: Callable[[np.ndarray], np.ndarray], x: np.ndarray
) -> np.ndarray:
    """f of each entry, a few entries at a time."""
    flat = np.ravel(x)
    out = np.empty(flat.shape, np.exp(flat[:0]).dtype)
    for i in range(0, flat.size, PIECE):
        out[i : i + PIECE] = f(flat[i : i + PIECE])
    return out.reshape(np.shape(x))


def density(x: np.ndarray) -> np.ndarray:
    """exp(-x^2 / 2) / sqrt(2 π)."""
    out: np.ndarray = bell(np.minimum(np.abs(x), FAR)) / math.sqrt(2 * math.pi)
    return out


def distribution(x: np.ndarray) -> np.ndarray:
    """The probability that a normal number is below x."""
    a = np.minimum(np.abs(x), FAR)
    tail = bell(a) * tail_over_bell(a)
    out: np.ndarray = np.where(x > 0, 1 - tail, tail)
    return out


normal_pdf = elementwise(
    lambda x: piecewise(density, x),
    lambda g, ans, x: -g * (x * ans),
    name="normal_pdf",
)
normal_cdf = elementwise(
    lambda x: piecewise(distribution, x),
    lambda g, _ans, x: g * normal_pdf(x),
    name="normal_cdf",
)
