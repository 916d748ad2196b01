# Edit the book, or edit here and stitch.
"""Layers and losses as functions: arrays give arrays, tensors tensors."""

from __future__ import annotations

import math
from typing import Literal, TypeAlias

import numpy as np

from chainrule.engine import NOTHING, Array, Traced, apply, plain
from chainrule.errors import ShapeError
from chainrule.rules import fused, normalizing, special
from chainrule.settings import at_least_zero, bound, number, share

Reduction: TypeAlias = Literal["mean", "sum", "none"]


# Take the logarithm of softmax, the largest logit subtracted
def log_softmax(x: Array, axis: int = -1) -> Array:
    """The logarithm of `softmax(x, axis)`, exact where that rounds to 0.

    x has any shape; the result has the same. Formula: x - log(sum(exp(x))).
    Raises AxisError for an axis that x has not. See "Softmax and
    cross-entropy answer with a subtraction".
    """
    if not np.size(x):
        return x  # no logit is the largest
    x = x - np.max(plain(x), axis=axis, keepdims=True)
    return x - np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def softmax(x: Array, axis: int = -1) -> Array:
    """Probabilities in proportion to exp(x), of the shape of x.

    Along `axis` they add to one; none is negative. Formula: exp(x) over its
    sum. Raises AxisError for an axis that x has not. See "Softmax and
    cross-entropy answer with a subtraction".
    """
    return np.exp(log_softmax(x, axis))


# Average the surprise at the right class
def cross_entropy(
    input: Array, target: Array, reduction: Reduction = "mean"
) -> Array:
    """The surprise -log p at the target, p being the softmax of each row.

    input: logits (B, K). target: integer labels (B,) from 0 to K - 1, or
    weights (B, K); then the loss of a row is -sum(target * log p). The
    gradient of a row's loss is p minus its target, whose weights add to one;
    that of the weights is -log p. Raises ShapeError, TypeError (labels not
    integers), ValueError (no such class). Derived in "Softmax and
    cross-entropy answer with a subtraction".
    """
    labels = np.asarray(plain(target))
    shape = shape_of(input)
    if len(shape) == 2 and labels.shape == shape:
        weights = target if hasattr(target, "shape") else labels
        losses = -np.sum(weights * log_softmax(input), axis=-1)
        return reduced(losses, reduction)
    check_labels(shape, labels)
    check_reduction(reduction)
    return fused.softmax_cross_entropy(input, labels, reduction=reduction)


# Send a batch of rows through weights and biases
def linear(x: Array, weight: Array, bias: Array | None = None) -> Array:
    """Every row of x times weight transposed, plus bias: x @ weight.T + bias.

    x: (..., n), weight: (m, n), bias: (m) or None; the result is (..., m).
    Raises ShapeError if the last axes of x and weight differ. Derived in
    "A batch goes through a layer as rows".
    """
    x = rows_for(x, weight)
    if bias is None:
        return x @ weight.T
    return apply(fused.linear, (x, weight, bias), NOTHING)


def linear_relu(x: Array, weight: Array, bias: Array) -> Array:
    """relu(linear(x, weight, bias)), as one node that keeps the result only.

    Shapes and errors are those of `linear`.
    """
    x = rows_for(x, weight)
    return apply(fused.linear_relu, (x, weight, bias), NOTHING)


def rows_for(x: Array, weight: Array) -> Array:
    """x as an array, whose rows can go through these weights."""
    try:
        rows, weights = x.shape, weight.shape
    except AttributeError:
        x = x if hasattr(x, "shape") else np.asarray(x)
        rows, weights = x.shape, shape_of(weight)
    if len(weights) != 2 or rows[-1:] != weights[1:]:
        shapes = [rows, weights]
        raise ShapeError("linear", shapes, "the last axes should be equal")
    return x


def shape_of(x: Array) -> tuple[int, ...]:
    """The shape of an array, traced or not, or of what can become one."""
    try:
        shape: tuple[int, ...] = x.shape
    except AttributeError:
        shape = np.shape(x)
    return shape


# Bend each entry
def relu(x: Array) -> Array:
    """max(x, 0) for each entry; the derivative at 0 is taken to be 0.

    x has any shape; the result has the same. See "A unit that is on changes
    nothing, and half of them are off".
    """
    return fused.relu(x)


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)) for each entry; no entry overflows.

    x has any shape; the result s has the same, and the slope s (1 - s).
    """
    return fused.sigmoid(x)


def tanh(x: Array) -> Array:
    """The hyperbolic tangent of each entry.

    x has any shape; the result y has the same, and the slope 1 - y**2.
    """
    return np.tanh(x)


# Refuse shapes that would broadcast, and labels that are none
def mse_loss(
    input: Array, target: Array, reduction: Reduction = "mean"
) -> Array:
    """The mean over all entries of (input - target)^2.

    Both have the same shape: ShapeError otherwise, never a broadcast. The
    gradient is 2 (input - target) / size. Raises ValueError for an unknown
    reduction; "none" keeps the shape. See "The plumbing" of "Learning to read
    digits".
    """
    shapes = [shape_of(input), shape_of(target)]
    if shapes[0] != shapes[1]:
        raise ShapeError("mse_loss", shapes, "they should be equal")
    check_reduction(reduction)
    return fused.squared_error(input, target, reduction=reduction)


def check_labels(
    shape: tuple[int, ...],
    labels: np.ndarray,
    name: str = "cross_entropy",
    reason: str = "logits are (B, K), labels (B,) or weights (B, K)",
) -> None:
    """Complain unless labels are classes of logits of this shape."""
    if len(shape) != 2 or labels.shape != shape[:1]:
        raise ShapeError(name, [shape, labels.shape], reason)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels are integers, not {labels.dtype}")
    if labels.size and not 0 <= labels.min() <= labels.max() < shape[1]:
        wrong = labels[(labels < 0) | (labels >= shape[1])]
        raise ValueError(f"no class {wrong[0]} among {shape[1]}, from 0")


def reduced(losses: Array, reduction: Reduction) -> Array:
    """The mean or the sum of all losses, or the losses as they are."""
    check_reduction(reduction)
    if reduction == "mean":
        return losses.mean()
    return losses.sum() if reduction == "sum" else losses


def check_reduction(reduction: Reduction) -> None:
    """Complain unless it is one of the three."""
    if reduction not in ("mean", "sum", "none"):
        kinds = '"mean", "sum" or "none"'
        raise ValueError(f"reduction: {kinds}, not {reduction!r}")


# Add exponentials without forming them
def logsumexp(x: Array, axis: int = -1, keepdims: bool = False) -> Array:
    """log(sum(exp(x))) along an axis; no exponential overflows.

    The gradient is softmax(x). Derived in "Overflow comes long before the
    answer is large".
    """
    top: Array = 0.0
    if np.size(x):
        top = np.max(plain(x), axis=axis, keepdims=True)
        top = np.where(np.isfinite(top), top, 0)
    total = np.sum(np.exp(x - top), axis=axis, keepdims=True)
    found = np.log(total) + top
    return found if keepdims else np.squeeze(found, axis=axis)


# Soften the ramp, and be surprised by a yes or a no
def softplus(x: Array) -> Array:
    """log(1 + exp(x)) for each entry; no exponential overflows.

    x has any shape; the result has the same. The slope is sigmoid(x). See "A
    difference keeps the errors and loses the rest".
    """
    return np.logaddexp(x, 0)


def binary_cross_entropy_with_logits(
    input: Array, target: Array, reduction: Reduction = "mean"
) -> Array:
    """The surprise at yes-or-no targets, given logits of "yes".

    input and target have the same shape, ShapeError otherwise; a target lies
    between 0 and 1. Formula: max(z, 0) - y z + log1p(exp(-|z|)), accurate at
    every logit if y is 0 or 1. The gradient of an entry is sigmoid(z) - y.
    Derived in "A difference keeps the errors and loses the rest".
    """
    shapes = [np.shape(plain(input)), np.shape(plain(target))]
    if shapes[0] != shapes[1]:
        reason = "they should be equal"
        raise ShapeError("binary_cross_entropy_with_logits", shapes, reason)
    up = plain(input) > 0
    ramp = np.where(up, input, 0.0) - input * target
    below = np.where(up, -input, input)
    return reduced(ramp + np.log1p(np.exp(below)), reduction)


# Leave a slope below zero
def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    """x above zero, negative_slope * x elsewhere, for each entry.

    x has any shape; the result has the same. The slope at 0 is taken to be
    negative_slope, which may be traced; ValueError unless it is a finite
    number. See "A dead unit is left where it lies".
    """
    negative_slope = learnable("negative_slope", negative_slope)
    return np.where(x > 0, x, negative_slope * x)


def learnable(name: str, value: Array) -> Array:
    """A setting that may be traced, or else is a finite number."""
    return value if isinstance(value, Traced) else number(name, value)


# Level off smoothly below zero
def elu(x: Array, alpha: float = 1.0) -> Array:
    """x above zero, alpha * (exp(x) - 1) elsewhere, for each entry.

    x has any shape; the result has the same. No entry overflows, nor does its
    gradient. The slope at 0 is taken to be alpha. See "The branch that is not
    taken sends back a NaN".
    """
    below = np.where(x > 0, 0.0, x)
    return np.where(x > 0, x, learnable("alpha", alpha) * np.expm1(below))


# Gate a number by itself
def gelu(x: Array, approximate: Literal["none", "tanh"] = "none") -> Array:
    """x Φ(x) for each entry, Φ being the normal distribution function.

    With approximate="tanh", x times half of 1 + tanh(√(2/π) (x + 0.044715
    x³)), which is within 0.0005. x has any shape; the result has the same.
    Raises ValueError for another name. See "A soft gate needs the normal
    distribution".
    """
    check_approximate(approximate)
    if approximate == "none":
        return x * special.normal_cdf(x)
    near = np.clip(x, -30, 30)
    inner = near * (1 + 0.044715 * near * near)
    return x * fused.sigmoid(math.sqrt(8 / math.pi) * inner)


def check_approximate(name: str) -> None:
    """Complain unless it is one of the two."""
    if name not in ("none", "tanh"):
        raise ValueError(f'approximate: "none" or "tanh", not {name!r}')


def silu(x: Array) -> Array:
    """x * sigmoid(x) for each entry.

    x has any shape; the result has the same. See "A soft gate needs the
    normal distribution".
    """
    return x * fused.sigmoid(x)


# Keep mean zero and variance one
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


def selu(x: Array) -> Array:
    """SELU_SCALE * elu(x, SELU_ALPHA): a normal x keeps mean 0 and variance 1.

    x has any shape; the result has the same. See "Each activation asks for
    its own variance".
    """
    return SELU_SCALE * elu(x, SELU_ALPHA)


# Drop entries without moving mean and variance
def alpha_dropout(
    x: Array,
    p: float = 0.5,
    training: bool = False,
    *,
    rng: np.random.Generator | None = None,
) -> Array:
    """In training, set each entry to SELU's lowest value with probability p.

    All entries are then scaled and moved, so that mean 0 and variance 1 are
    kept; the shape is that of x. Without training x comes back as it is.
    Raises ValueError unless 0 <= p <= 1; for p = 1 all is zero. See "Each
    activation asks for its own variance".
    """
    p = share("p", p)
    if not training or p == 0:
        return x
    if p == 1:
        return x * 0
    rng = np.random.default_rng() if rng is None else rng
    kept = rng.random(shape_of(x)) >= p
    low = -SELU_SCALE * SELU_ALPHA
    scale = 1 / math.sqrt((1 - p) * (1 + p * low**2))
    return scale * (np.where(kept, x, low) - p * low)


# Subtract the target, and nothing that would broadcast
def difference(name: str, input: Array, target: Array) -> Array:
    """input - target of equal shapes; a ShapeError says which loss asked."""
    shapes = [shape_of(input), shape_of(target)]
    if shapes[0] != shapes[1]:
        raise ShapeError(name, shapes, "they should be equal")
    return np.subtract(input, target)


# Clip the error, and keep its size
def huber_loss(
    input: Array,
    target: Array,
    reduction: Reduction = "mean",
    delta: float = 1.0,
) -> Array:
    """Half the squared error up to ±delta, a straight line beyond.

    Both have the same shape: ShapeError otherwise. Formula for r = input -
    target and c = r cut off at ±delta: c (r - c / 2). The gradient of an
    entry is c, over the size for the mean. Raises ValueError unless delta is
    above 0. See "A robust loss clips the error".
    """
    if not bound("delta", delta) > 0:
        raise ValueError(f"delta should be above 0, not {delta!r}")
    r = difference("huber_loss", input, target)
    c = np.clip(r, -delta, delta)
    return reduced(c * (r - c / 2), reduction)


def l1_loss(
    input: Array, target: Array, reduction: Reduction = "mean"
) -> Array:
    """The mean over all entries of |input - target|.

    Both have the same shape: ShapeError otherwise. The gradient of an entry
    is the sign of the error, over the size for the mean; 0 at 0. Raises
    ValueError for an unknown reduction. See "A robust loss clips the error".
    """
    return reduced(np.abs(difference("l1_loss", input, target)), reduction)


# Be surprised by logarithms of probabilities
def nll_loss(
    input: Array, target: Array, reduction: Reduction = "mean"
) -> Array:
    """The mean of -input at the right class: input (B, K), labels (B,).

    Of `log_softmax(z)` it is `cross_entropy(z, target)`. The gradient of a
    row is -1 at the right class, over B for the mean, and 0 elsewhere. Raises
    ShapeError, TypeError (labels not integers), ValueError (no such class).
    See "Softmax and cross-entropy answer with a subtraction".
    """
    target = np.asarray(plain(target))
    shape = shape_of(input)
    reason = "logarithms of probabilities are (B, K), labels (B,)"
    check_labels(shape, target, "nll_loss", reason)
    rows = input if hasattr(input, "shape") else np.asarray(input)
    return reduced(-rows[np.arange(shape[0]), target], reduction)


# Compare each unit with its batch, or with what it remembers
def batch_norm(
    x: Array,
    running_mean: np.ndarray | None,
    running_var: np.ndarray | None,
    weight: Array | None = None,
    bias: Array | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, for each unit.

    x: (B, C) or (B, C, ...), the others (C) or None. In training, mean and
    var = Σ(x - mean)² / n are those of all axes but axis 1, and the running
    statistics move towards them, in place, by the share momentum (var with
    n - 1 below the line); otherwise they are the running statistics. Raises
    ShapeError, or ValueError for n = 1 in training, for no statistics in use
    and for settings that make no sense. See "The way back subtracts two
    shadows".
    """
    shape, dtype = np.shape(plain(x)), plain(x).dtype
    w = np.ones(shape[1:2], dtype) if weight is None else weight
    b = np.zeros(shape[1:2], dtype) if bias is None else bias
    for one in (w, b, running_mean, running_var):
        if one is not None and (len(shape) < 2 or one.shape != shape[1:2]):
            reason = "one entry for each unit, which axis 1 counts"
            raise ShapeError("batch_norm", [shape, one.shape], reason)
    axes = (0, *range(2, len(shape)))
    w, b = (beside(one, shape) for one in (w, b))
    eps = at_least_zero("eps", eps)
    if training:
        momentum = share("momentum", momentum)
        follow(plain(x), axes, running_mean, running_var, momentum)
        return normalizing.normalize(x, w, b, axes=axes, eps=eps, center=True)
    if running_mean is None or running_var is None:
        raise ValueError(
            "batch_norm: in use, running statistics are needed: give them, "
            "or training=True to use those of the batch"
        )
    scale = w / np.sqrt(beside(running_var, shape) + eps)
    return (x - beside(running_mean, shape)) * scale + b


def beside(one: Array, shape: tuple[int, ...]) -> Array:
    """A number for each unit, turned so that it broadcasts along axis 1."""
    return one if len(shape) == 2 else one.reshape(-1, *[1] * (len(shape) - 2))


# Move the running statistics towards the batch
def follow(
    x: np.ndarray,
    axes: tuple[int, ...],
    mean: np.ndarray | None,
    var: np.ndarray | None,
    share: float,
) -> None:
    """Move mean and var by a share of the way to the batch's, in place."""
    if x.size < 2 * x.shape[1]:
        raise ShapeError(
            "batch_norm",
            [x.shape],
            "a unit cannot be compared with itself, training needs two values "
            "of each: give a larger batch, call eval() to use the running "
            "statistics, or let the last batch be dropped",
        )
    if mean is not None:
        mean += share * (np.mean(x, axes) - mean)
    if var is not None:
        var += share * (np.var(x, axes, ddof=1) - var)


# Compare the units of an example with each other
def layer_norm(
    x: Array,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    bias: Array | None = None,
    eps: float = 1e-5,
) -> Array:
    """(x - mean) / sqrt(var + eps) * weight + bias, for each example.

    mean and var are those of the last axes, whose sizes are normalized_shape;
    weight and bias have that shape, or are None. Raises ShapeError. See
    "LayerNorm asks nobody else".
    """
    axes = last_axes("layer_norm", x, normalized_shape, weight, bias)
    w = np.ones((), plain(x).dtype) if weight is None else weight
    b = np.zeros((), plain(x).dtype) if bias is None else bias
    eps = at_least_zero("eps", eps)
    return normalizing.normalize(x, w, b, axes=axes, eps=eps, center=True)


def last_axes(
    name: str,
    x: Array,
    normalized_shape: int | tuple[int, ...],
    *parameters: Array | None,
) -> tuple[int, ...]:
    """The axes to normalize, or a ShapeError if something does not fit."""
    last = tuple(np.atleast_1d(normalized_shape).tolist())
    for p in (x, *parameters):
        shape = last if p is None else np.shape(plain(p))
        if shape[-len(last) :] != last or not last:
            shapes = [np.shape(plain(x)), last, shape]
            raise ShapeError(name, shapes, "the last axes are normalized")
    return tuple(range(-len(last), 0))


# Divide by the root of the mean square alone
def rms_norm(
    x: Array,
    normalized_shape: int | tuple[int, ...],
    weight: Array | None = None,
    eps: float | None = None,
) -> Array:
    """x / sqrt(mean(x²) + eps) * weight, for each example.

    As `layer_norm`, without mean and bias; eps is the distance from 1 to the
    next number of x's dtype unless it is given. Raises ShapeError. See
    "LayerNorm asks nobody else".
    """
    axes = last_axes("rms_norm", x, normalized_shape, weight)
    dtype = plain(x).dtype
    w = np.ones((), dtype) if weight is None else weight
    eps = np.finfo(dtype).eps if eps is None else eps
    eps = at_least_zero("eps", eps)
    zero = np.zeros((), dtype)
    return normalizing.normalize(x, w, zero, axes=axes, eps=eps, center=False)


# Drop entries, and enlarge those that stay
def dropout(
    x: Array,
    p: float = 0.5,
    training: bool = True,
    *,
    rng: np.random.Generator | None = None,
) -> Array:
    """x * r / (1 - p), each entry of the mask r being 0 with chance p, else 1.

    x has any shape; the result has the same. The mean over all masks is x,
    the variance x^2 p / (1 - p); the gradient is g * r / (1 - p), r the same.
    Each call with 0 < p < 1 draws one number an entry from `rng`; without a
    generator they are new each time. Not in training the result is x; for
    p = 0 too, and for p = 1 it is 0. Raises ValueError unless 0 <= p <= 1.
    See "What is dropped is made up for by what stays".
    """
    p = share("p", p)
    x = x if hasattr(x, "shape") else np.asarray(x)
    if not training or p == 0:
        return x
    shape, dtype = x.shape, np.result_type(plain(x), np.float16)
    if p == 1:
        return x * np.zeros(shape, dtype)
    rng = np.random.default_rng() if rng is None else rng
    kept = rng.random(shape) >= p
    return x * np.multiply(kept, 1 / (1 - p), dtype=dtype)
