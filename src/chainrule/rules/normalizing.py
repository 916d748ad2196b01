# Edit the book, or edit here and stitch.
"""Normalization as one primitive: over any axes, with its mean or without."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.engine import Array, Primitive, Tuned, unbroadcast
from chainrule.rules.table import enter


# Divide the deviations z - μ by the root r
def standardize(
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
    x_hat, r = standardize(x, axes, eps, center)
    rest = g - x_hat * np.mean(g * x_hat, axis=axes, keepdims=True)
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
    return standardize(x, axes, eps, center)[0] * w + b


normalize = enter(
    Primitive(normalized, "normalize"),
    lambda g, _ans, x, w, _b, **how: through(g * w, x, **how),
    lambda g, _ans, x, w, _b, **how: unbroadcast(
        g * standardize(x, **how)[0], w.shape
    ),
    lambda g, _ans, _x, _w, b, **_how: unbroadcast(g, b.shape),
)
normalize.jvps = (
    lambda t, _ans, x, w, _b, **how: w * through(t, x, **how),
    lambda t, _ans, x, _w, _b, **how: t * standardize(x, **how)[0],
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
    if center:
        x = x - np.add.reduce(x, axes, keepdims=True) / n
    r = np.sqrt(np.add.reduce(x * x, axes, keepdims=True) / n + eps)
    x_hat = x / r
    out = x_hat * w
    out += b
    return out, (x_hat, r)


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
    x_hat, r = kept
    n = math.prod(x_hat.shape[axis] for axis in axes)
    shares: list[Any] = [None, None, None]
    if needs[0]:
        rest = g * w
        along = np.add.reduce(rest * x_hat, axes, keepdims=True) / n
        if center:
            rest -= np.add.reduce(rest, axes, keepdims=True) / n
        rest -= x_hat * along
        rest /= r
        shares[0] = rest
    if needs[1]:
        shares[1] = unbroadcast(g * x_hat, w.shape)
    if needs[2]:
        shares[2] = unbroadcast(g, b.shape)
    return shares


normalize.tuned = Tuned(forward, backward)
