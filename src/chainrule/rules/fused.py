# Edit the book, or edit here and stitch.
"""Whole layers as single primitives, with a plain and a tuned way back."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.engine import Array, Primitive, Tuned, unbroadcast
from chainrule.rules.table import elementwise, enter


# Map a batch by one affine layer
def affine(x: np.ndarray, w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The rows of x, each mapped by w and moved by b."""
    out: np.ndarray = np.matmul(x, w.T)
    out += b
    return out


linear = enter(
    Primitive(affine, "linear"),
    lambda g, _ans, _x, w, _b: g @ w,
    lambda g, _ans, x, _w, _b: rows(g).T @ rows(x),
    lambda g, _ans, _x, _w, _b: unbroadcast(g, _b.shape),
)
linear.jvps = (
    lambda t, _ans, _x, w, _b: t @ w.T,
    lambda t, _ans, x, _w, _b: x @ t.T,
    lambda t, ans, _x, _w, _b: np.broadcast_to(t, ans.shape),
)


def rows(x: Array) -> Array:
    """x with all axes but the last made one: a matrix of rows."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


# Take the logarithm of a probability without overflow
def forward(
    logits: np.ndarray, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The losses, and the probabilities that the way back will want."""
    shifted = logits - np.maximum.reduce(logits, axis=-1, keepdims=True)
    picked = shifted[np.arange(len(labels)), labels]
    np.exp(shifted, out=shifted)
    total = np.add.reduce(shifted, axis=-1)
    losses = np.log(total)
    losses -= picked
    shifted /= total[:, None]
    return losses, shifted


# Subtract the label from the probabilities
def backward(
    g: np.ndarray, p: np.ndarray, needs: Any, _z: Any, labels: np.ndarray
) -> tuple[np.ndarray, None]:
    """Probabilities minus the one-hot label, each row times its g."""
    d = p * g[:, None]
    d[np.arange(len(labels)), labels] -= g
    return d, None


# Say the same in arithmetic that can be traced
def softmax(z: Array) -> Array:
    """Probabilities in proportion to exp(z), along the last axis."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def one_hot(labels: np.ndarray, like: Array) -> Array:
    """Rows of zeros with a one at the label."""
    return np.equal(np.arange(like.shape[-1]), labels[:, None]).astype(
        like.dtype
    )


# Enter the loss with both its rules
def cross_entropies(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """For each row of logits, minus the log-probability of its label."""
    return forward(logits, labels)[0]


softmax_cross_entropy = enter(
    Primitive(cross_entropies, "softmax_cross_entropy"),
    lambda g, _ans, z, labels: g[:, None] * (softmax(z) - one_hot(labels, z)),
    None,
)
softmax_cross_entropy.jvps = (
    lambda t, _ans, z, labels: np.sum(
        t * (softmax(z) - one_hot(labels, z)), axis=-1
    ),
    None,
)
softmax_cross_entropy.tuned = Tuned(forward, backward)


# Bend a layer
relu = elementwise(
    lambda x: np.maximum(x, 0), lambda g, ans, _x: g * (ans > 0), name="relu"
)


def logistic(x: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-x)), to nearly full precision however large x is."""
    e = np.exp(-np.abs(x))
    out: np.ndarray = np.where(x >= 0, 1, e) / (1 + e)
    return out


sigmoid: Primitive = elementwise(
    logistic, lambda g, ans, x: g * (ans * sigmoid(-x)), name="sigmoid"
)
