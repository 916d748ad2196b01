# Edit the book, or edit here and stitch.
"""Whole layers as single primitives, with a plain and a tuned way back."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from chainrule.engine import Array, Primitive, Tuned, unbroadcast
from chainrule.rules.table import elementwise, enter


# Map a batch by one affine layer
def affine(x: Array, w: Array, b: Array) -> Array:
    """The rows of x, each mapped by w and moved by b."""
    return np.matmul(x, w.T) + b


def rows(x: Array) -> Array:
    """x with all axes but the last made one: a matrix of rows."""
    return x if x.ndim == 2 else x.reshape(-1, x.shape[-1])


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


# Map a batch by an affine layer with a ReLU
def affine_relu(x: Array, w: Array, b: Array) -> Array:
    """The positive part of the affine map of the rows of x."""
    return np.maximum(affine(x, w, b), 0)


linear_relu = enter(
    Primitive(affine_relu, "linear_relu"),
    lambda g, ans, _x, w, _b: (g * (ans > 0)) @ w,
    lambda g, ans, x, _w, _b: rows(g * (ans > 0)).T @ rows(x),
    lambda g, ans, _x, _w, _b: unbroadcast(g * (ans > 0), _b.shape),
)
linear_relu.jvps = (
    lambda t, ans, _x, w, _b: (t @ w.T) * (ans > 0),
    lambda t, ans, x, _w, _b: (x @ t.T) * (ans > 0),
    lambda t, ans, _x, _w, _b: t * (ans > 0),
)


# Write a layer into one array
def layer(x: Array, w: Array, b: Array) -> Array:
    """The affine map of the rows of x, in one array."""
    if x.ndim != 2:
        return layer(rows(x), w, b).reshape(x.shape[:-1] + w.shape[:1])
    out: np.ndarray = x.dot(w.T)
    out += b
    return out


def layer_relu(x: Array, w: Array, b: Array) -> tuple[Array, Array]:
    """Its positive part, twice: that is all the way back wants besides."""
    out = layer(x, w, b)
    np.maximum(out, zeros(out.shape[-1], out.dtype), out=out)
    return out, out


# Send a layer's shares at once
def shares(d: Array, needs: Any, x: Array, w: Array, b: Array) -> list[Any]:
    """The gradients of an affine map's arguments, where d is that of it."""
    if x.ndim != 2:
        to_x, to_w, to_b = shares(rows(d), needs, rows(x), w, b)
        return [needs[0] and to_x.reshape(x.shape), to_w, to_b]
    found: list[Any] = [None, None, None]
    if needs[0]:
        found[0] = d.dot(w)
    if needs[1]:
        found[1] = d.T.dot(x)
    if needs[2] and b.shape == d.shape[1:]:
        found[2] = ones(len(d), d.dtype).dot(d)
    elif needs[2]:
        found[2] = unbroadcast(d, b.shape)
    return found


linear.tuned = Tuned(
    lambda x, w, b: (layer(x, w, b), True),
    lambda g, _, needs, x, w, b: shares(g, needs, x, w, b),
)


linear_relu.tuned = Tuned(
    layer_relu,
    lambda g, ans, needs, x, w, b: shares(g * (ans > 0), needs, x, w, b),
)


@lru_cache(maxsize=64)
def ones(n: int, dtype: Any) -> np.ndarray:
    """A row of ones, to be read only."""
    row = np.ones(n, dtype)
    row.flags.writeable = False
    return row


@lru_cache(maxsize=64)
def zeros(n: int, dtype: Any) -> np.ndarray:
    """A row of zeros, to be read only."""
    row: np.ndarray = ones(n, dtype) - ones(n, dtype)
    return row


# Say the probability and the label in arithmetic that can be traced
def softmax(z: Array) -> Array:
    """Probabilities in proportion to exp(z), along the last axis."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def one_hot(labels: np.ndarray, like: Array) -> Array:
    """Rows of zeros with a one at the label."""
    return np.equal(np.arange(like.shape[-1]), labels[:, None]).astype(
        like.dtype
    )


# Sum or average what each example loses
def reduced(losses: Array, reduction: str) -> Array:
    """The losses, their sum or their mean."""
    if reduction == "none":
        return losses
    total = np.add.reduce(losses, None)
    return total / losses.size if reduction == "mean" else total


def for_each(g: Array, n: int, reduction: str) -> Array:
    """The gradient of each of n losses, given that of what became of them."""
    return g / n if reduction == "mean" else g


# Divide exponentials by their sum, and subtract the label
def surprises(
    z: np.ndarray, labels: np.ndarray, share: np.ndarray, out: np.ndarray
) -> np.ndarray:
    """-log softmax(z) at the labels; `out` gets the gradients, times share."""
    n, k = z.shape
    flat, at = out.reshape(-1), np.arange(0, n * k, k) + labels
    with np.errstate(all="ignore"):
        np.exp(z, out=out)
        total, hit = out.dot(ones(k, z.dtype)), flat[at]
    if tame(total) and tame(hit):
        found: np.ndarray = np.log(total / hit)
    else:
        np.subtract(z, largest(z)[:, None], out=out)
        hit = flat[at]
        np.exp(out, out=out)
        total = out.dot(ones(k, z.dtype))
        found = np.log(total) - hit
    scale = share / total
    if k > SHORT:
        out *= scale[:, None]
    else:
        flat *= np.repeat(scale, k)
    flat[at] -= share
    return found


SHORT = 32  # entries of a row for which a loop of its own does not pay


def tame(x: np.ndarray) -> bool:
    """Whether the quotient of any two such numbers is one of full precision."""
    low = root_of_least(x.dtype)
    return bool(low < np.minimum.reduce(x) and np.maximum.reduce(x) < 1 / low)


@lru_cache
def root_of_least(dtype: Any) -> float:
    """The root of the least number of full precision."""
    return float(np.sqrt(np.finfo(dtype).tiny))


def largest(z: np.ndarray) -> np.ndarray:
    """The greatest of each row; short rows become columns for that."""
    columns = z.T if z.shape[1] > SHORT else np.ascontiguousarray(z.T)
    top: np.ndarray = np.maximum.reduce(columns, axis=0)
    return top


# Go through a few rows at a time
CHUNK = 1 << 16  # entries that are worked on at a time


def spread(
    logits: np.ndarray, labels: np.ndarray, share: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Each row's share times its gradient, and what it loses at its label."""
    n, k = logits.shape
    labels = labels.astype(np.intp, copy=False)
    share = np.broadcast_to(np.asarray(share, logits.dtype), (n,))
    d, losses = np.empty((n, k), logits.dtype), np.empty(n, logits.dtype)
    step = max(1, CHUNK // max(k, 1))
    for part in (slice(i, i + step) for i in range(0, n, step)):
        losses[part] = surprises(
            logits[part], labels[part], share[part], d[part]
        )
    return d, losses


# Hand on what was finished on the way out
def forward(
    logits: np.ndarray, labels: np.ndarray, *, reduction: str = "none"
) -> tuple[Any, list[np.ndarray]]:
    """The losses, and in a list what the way back will want."""
    share = for_each(1.0, max(len(labels), 1), reduction)
    d, losses = spread(logits, labels, share)
    half = logits.dtype.itemsize < 4
    return reduced(losses, reduction), [] if half else [d]


def backward(
    g: np.ndarray,
    kept: list[np.ndarray],
    needs: Any,
    logits: np.ndarray,
    labels: np.ndarray,
    *,
    reduction: str = "none",
) -> tuple[np.ndarray, None]:
    """Probabilities minus the one-hot label, each row times its g."""
    if logits.dtype.itemsize < 4:
        share = for_each(g, len(labels), reduction)
        return spread(logits, labels, share)[0], None
    d = (kept or forward(logits, labels, reduction=reduction)[1]).pop()
    if reduction == "none":
        d *= g[:, None]
    elif g != 1:
        d *= g
    return d, None


# Enter the loss with both its rules
def cross_entropies(
    z: Array, labels: Array, *, reduction: str = "none"
) -> Array:
    """For each row of logits, minus the log-probability of its label."""
    z = z - np.maximum.reduce(z, axis=-1, keepdims=True)
    total = np.add.reduce(np.exp(z), axis=-1)
    losses = np.log(total) - z[np.arange(len(labels)), labels]
    return reduced(losses, reduction)


def to_logits(
    g: Array, _ans: Array, z: Array, labels: Array, *, reduction: str = "none"
) -> Array:
    """The gradient of the logits: probability minus one-hot label."""
    g = for_each(g, len(labels), reduction)
    g = g if reduction != "none" else g[:, None]
    return g * (softmax(z) - one_hot(labels, z))


def from_logits(
    t: Array, _ans: Array, z: Array, labels: Array, *, reduction: str = "none"
) -> Array:
    """The tangent of the losses, given that of the logits."""
    moved = np.sum(t * (softmax(z) - one_hot(labels, z)), axis=-1)
    return reduced(moved, reduction)


softmax_cross_entropy = enter(
    Primitive(cross_entropies, "softmax_cross_entropy"), to_logits, None
)
softmax_cross_entropy.jvps = from_logits, None
softmax_cross_entropy.tuned = Tuned(forward, backward)


# Square what is missed
def squares(x: Array, y: Array, *, reduction: str) -> Array:
    """The squared differences, their sum or their mean."""
    return missed(x, y, reduction=reduction)[0]


def missed(x: Array, y: Array, *, reduction: str) -> tuple[Any, np.ndarray]:
    """The same, and the differences."""
    d = np.subtract(x, y)
    return reduced(np.square(d), reduction), d


def twice(g: Array, d: Array, reduction: str) -> Array:
    """The gradient of the differences d."""
    return g * (2 / d.size if reduction == "mean" else 2) * d


squared_error = enter(
    Primitive(squares, "squared_error"),
    lambda g, _ans, x, y, *, reduction: twice(g, x - y, reduction),
    lambda g, _ans, x, y, *, reduction: twice(g, y - x, reduction),
)
squared_error.jvps = (
    lambda t, _ans, x, y, *, reduction: reduced(2 * (x - y) * t, reduction),
    lambda t, _ans, x, y, *, reduction: reduced(2 * (y - x) * t, reduction),
)


def both(
    g: Array, d: np.ndarray, needs: Any, *_: Any, reduction: str
) -> tuple[Array, Any]:
    """The gradients of both, each where it is needed."""
    share = twice(g, d, reduction)
    return share, -share if needs[1] else None


squared_error.tuned = Tuned(missed, both)


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
