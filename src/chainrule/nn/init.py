# Edit the book, or edit here and stitch.
"""First values for parameters, drawn from a generator the caller gives."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from chainrule.engine import no_grad
from chainrule.settings import at_least_zero, number
from chainrule.tensor import Tensor


# Fill a parameter with uniform numbers
def uniform_(
    tensor: Tensor,
    low: float = 0.0,
    high: float = 1.0,
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Fill the tensor in place, uniformly from low to high; return it.

    Without a generator the numbers are new each time. Raises ValueError for
    bounds that are no finite numbers.
    """
    low, high = number("low", low), number("high", high)
    rng = np.random.default_rng() if rng is None else rng
    with no_grad():
        tensor[...] = rng.uniform(low, high, tensor.shape)
    return tensor


# Count what an output reads, and what an input reaches
def fans(tensor: Tensor) -> tuple[int, int]:
    """fan_in and fan_out of weights (out, in) or kernels (out, in, k, ...).

    Each is the product with the sizes of the kernel, if there is one. Raises
    ValueError below two axes, or without entries.
    """
    if tensor.ndim < 2 or tensor.size == 0:
        raise ValueError(f"fan_in needs two axes, not shape {tensor.shape}")
    size = math.prod(tensor.shape[2:])
    return tensor.shape[1] * size, tensor.shape[0] * size


# Fill a parameter with normal numbers, or with zeros
def normal_(
    tensor: Tensor,
    mean: float = 0.0,
    std: float = 1.0,
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Fill in place with normal numbers of this mean and standard deviation.

    The tensor has any shape, and is returned. Without a generator the numbers
    are new each time. Raises ValueError for a negative std, or one that is no
    finite number.
    """
    mean, std = number("mean", mean), at_least_zero("std", std)
    rng = np.random.default_rng() if rng is None else rng
    with no_grad():
        tensor[...] = rng.normal(mean, std, tensor.shape)
    return tensor


def zeros_(tensor: Tensor) -> Tensor:
    """Fill in place with zeros, as is usual for biases; return the tensor.

    The tensor has any shape.
    """
    with no_grad():
        tensor[...] = 0
    return tensor


# Meet fan-in and fan-out half-way
def xavier_normal_(
    tensor: Tensor,
    gain: float = 1.0,
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of variance 2 gain² / (fan_in + fan_out).

    In place; returns the tensor. Raises ValueError below two axes. See "No
    variance keeps both, unless the widths are equal".
    """
    std = at_least_zero("gain", gain) * math.sqrt(2 / sum(fans(tensor)))
    return normal_(tensor, 0.0, std, rng=rng)


def xavier_uniform_(
    tensor: Tensor,
    gain: float = 1.0,
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """The same variance, uniformly up to gain sqrt(6 / (fan_in + fan_out)).

    In place; returns the tensor. Raises ValueError below two axes. See "No
    variance keeps both, unless the widths are equal".
    """
    bound = at_least_zero("gain", gain) * math.sqrt(6 / sum(fans(tensor)))
    return uniform_(tensor, -bound, bound, rng=rng)


# Make up for what the activation takes
def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """By how much PyTorch widens the first weights for an activation.

    √2 for "relu", √(2 / (1 + a²)) for "leaky_relu" with slope a = param, 0.01
    by default; 5/3 for "tanh", 3/4 for "selu", 1 for "sigmoid" and "linear".
    Raises ValueError for another name.
    """
    slope = 0.01 if param is None else number("param", param)
    gains = {
        "linear": 1.0,
        "sigmoid": 1.0,
        "tanh": 5 / 3,
        "relu": math.sqrt(2),
        "leaky_relu": math.sqrt(2 / (1 + slope**2)),
        "selu": 3 / 4,
    }
    if nonlinearity not in gains:
        raise ValueError(f"{nonlinearity!r} is none of {', '.join(gains)}")
    return gains[nonlinearity]


def spread(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    """The standard deviation that He's rule gives: gain / sqrt(fan)."""
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f'mode: "fan_in" or "fan_out", not {mode!r}')
    fan = fans(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def kaiming_normal_(
    tensor: Tensor,
    a: float = 0.0,
    mode: Literal["fan_in", "fan_out"] = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Fill with normal numbers of variance gain² / fan.

    In place; returns the tensor. The gain is calculate_gain(nonlinearity, a):
    its square is 2 for ReLU, the default. "fan_in" keeps the mean square of
    activations, "fan_out" that of gradients. Raises ValueError below two axes
    or for unknown names. See "No variance keeps both, unless the widths are
    equal".
    """
    return normal_(tensor, 0.0, spread(tensor, a, mode, nonlinearity), rng=rng)


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    mode: Literal["fan_in", "fan_out"] = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """The same variance as `kaiming_normal_`, up to gain sqrt(3 / fan).

    The numbers are uniform. In place; returns the tensor. Raises ValueError
    below two axes or for unknown names. See "No variance keeps both, unless
    the widths are equal".
    """
    bound = math.sqrt(3) * spread(tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, rng=rng)


# Draw for SELU, or draw a rotation
def lecun_normal_(
    tensor: Tensor, *, rng: np.random.Generator | None = None
) -> Tensor:
    """Fill with normal numbers of variance 1 / fan_in; return the tensor.

    It is the one for SELU and for layers without activation. Raises
    ValueError below two axes. See "Each activation asks for its own variance".
    """
    return normal_(tensor, 0.0, 1 / math.sqrt(fans(tensor)[0]), rng=rng)


def orthogonal_(
    tensor: Tensor,
    gain: float = 1.0,
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Fill with gain times a matrix whose rows or columns are orthonormal.

    Axes after the first count as one: rows if there are no more of them than
    columns, otherwise columns; drawn without a preferred direction. In place;
    returns the tensor. Raises ValueError below two axes.
    """
    columns, rows = fans(tensor)[0], tensor.shape[0]
    rng = np.random.default_rng() if rng is None else rng
    drawn = rng.normal(size=(max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(drawn)
    q = number("gain", gain) * q * np.sign(np.diag(r))
    with no_grad():
        tensor[...] = (q.T if rows < columns else q).reshape(tensor.shape)
    return tensor
