# Edit the book, or edit here and stitch.
"""Normalization as one primitive: over any axes, with its mean or without."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.engine import Array, Primitive, Tuned, unbroadcast
from chainrule.rules.table import enter


# Divide the deviations z - μ by the root r
def standard(
    x: Array, axes: tuple[int, ...], eps: float, center: bool
) -> tuple[Array, Array]:
    """The normalized x, and the root by which it was divided."""
    if center:
        x = x - np.mean(x, axis=axes, keepdims=True)
    r = np.sqrt(np.mean(x * x, axis=axes, keepdims=True) + eps)
    return x / r, r


# Subtract the shadows of g, and divide by r
def through(
    g: Array, x: Array, *, axes: tuple[int, ...], eps: float, center: bool
) -> Array:
    """The gradient at x, for a gradient g at the normalized x.

    The Jacobian is symmetric, so this is its way forward too.
    """
    hat, r = standard(x, axes, eps, center)
    rest = g - hat * np.mean(g * hat, axis=axes, keepdims=True)
    if center:
        rest = rest - np.mean(g, axis=axes, keepdims=True)
    return rest / r


# Enter the normalization with its pure rules
def normalized(
    x: Array,
    w: Array,
    b: Array,
    *,
    axes: tuple[int, ...],
    eps: float,
    center: bool,
) -> Array:
    """x without its mean over the axes, over its root, times w, plus b."""
    return hat(x, axes, eps, center) * w + b


def hat(x: Array, axes: tuple[int, ...], eps: float, center: bool) -> Array:
    """The normalized x."""
    return standard(x, axes, eps, center)[0]


normalize = enter(
    Primitive(normalized, "normalize"),
    lambda g, _ans, x, w, _b, **how: through(g * w, x, **how),
    lambda g, _ans, x, _w, _b, **how: unbroadcast(g * hat(x, **how), _w.shape),
    lambda g, _ans, _x, _w, _b, **_how: unbroadcast(g, _b.shape),
)
normalize.jvps = (
    lambda t, _ans, x, w, _b, **how: w * through(t, x, **how),
    lambda t, _ans, x, _w, _b, **how: t * hat(x, **how),
    lambda t, ans, _x, _w, _b, **_how: np.broadcast_to(t, ans.shape),
)


# Keep the normalized values and the root
def forward(
    x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    axes: tuple[int, ...],
    eps: float,
    center: bool,
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """The result; the normalized x and its root, for the way back."""
    n = math.prod(x.shape[axis] for axis in axes)
    hat = x - np.add.reduce(x, axes, keepdims=True) / n if center else x
    r = np.sqrt(np.add.reduce(hat * hat, axes, keepdims=True) / n + eps)
    hat = hat / r
    out = hat * w
    out += b
    return out, (hat, r)


# Subtract the shadows in place
def backward(
    g: np.ndarray,
    kept: tuple[np.ndarray, np.ndarray],
    needs: list[bool],
    _x: np.ndarray,
    w: np.ndarray,
    b: np.ndarray,
    *,
    axes: tuple[int, ...],
    eps: float,
    center: bool,
) -> list[Any]:
    """The gradients of x, w and b, each only if it is needed."""
    hat, r = kept
    n = math.prod(hat.shape[axis] for axis in axes)
    shares: list[Any] = [None, None, None]
    if needs[0]:
        rest = g * w
        along = np.add.reduce(rest * hat, axes, keepdims=True) / n
        level = np.add.reduce(rest, axes, keepdims=True) / n
        rest -= hat * along
        if center:
            rest -= level
        rest /= r
        shares[0] = rest
    if needs[1]:
        shares[1] = unbroadcast(g * hat, w.shape)
    if needs[2]:
        shares[2] = unbroadcast(g, b.shape)
    return shares


normalize.tuned = Tuned(forward, backward)
