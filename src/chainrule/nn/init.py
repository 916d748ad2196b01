# Edit the book, or edit here and stitch.
"""First values for parameters, drawn from a generator the caller gives."""

from __future__ import annotations

import math

import numpy as np

from chainrule.engine import no_grad
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

    Without a generator the numbers are new each time.
    """
    rng = np.random.default_rng() if rng is None else rng
    with no_grad():
        tensor[...] = rng.uniform(low, high, tensor.shape)
    return tensor


def kaiming_uniform_(
    tensor: Tensor,
    a: float = 0.0,
    *,
    rng: np.random.Generator | None = None,
) -> Tensor:
    """Fill in place, uniformly up to sqrt(6 / ((1 + a^2) fan_in)) in size.

    fan_in is the product of all axes but the first. `a` is the slope of the
    activation below zero: 0 for ReLU. Raises ValueError below two axes.
    """
    if tensor.ndim < 2:
        raise ValueError(f"fan_in needs two axes, not shape {tensor.shape}")
    bound = math.sqrt(6 / ((1 + a**2) * math.prod(tensor.shape[1:])))
    return uniform_(tensor, -bound, bound, rng=rng)
