# Edit the book, or edit here and stitch.
"""Layers that normalize: over the batch, or over the units."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from chainrule.engine import Array, plain
from chainrule.errors import ShapeError
from chainrule.nn import functional
from chainrule.nn.module import Module
from chainrule.settings import at_least_zero, share, whole
from chainrule.tensor import Tensor


# Refuse sizes that make no sense
def shape_from(layer: Module, sizes: int | tuple[int, ...]) -> tuple[int, ...]:
    """The sizes as a tuple; a ValueError if they make no sense."""
    name = type(layer).__name__
    given = sizes if isinstance(sizes, tuple | list) else (sizes,)
    if not given:
        raise ValueError(f"{name}: nothing to normalize in {sizes}")
    return tuple(whole(f"{name}: each size of {sizes}", n) for n in given)


# Own scale, shift and running statistics
class BatchNorm(Module):
    """`functional.batch_norm` for num_features units, counted by axis 1.

    weight and bias: (num_features), ones and zeros at first. In training mode
    each batch is normalized by its own statistics, and running_mean (zeros at
    first) and running_var (ones) move towards them by the share `momentum`;
    None gives all batches equal shares. In use these two normalize. Raises
    ShapeError, and ValueError for settings that make no sense.
    """

    buffers = ("running_mean", "running_var", "num_batches_tracked")
    layouts: tuple[str, ...] = ()

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        *,
        dtype: DTypeLike = np.float64,
    ) -> None:
        name = type(self).__name__
        shape = (whole(f"{name}: num_features", num_features),)
        if momentum is not None:  # None stands for plain averages
            momentum = share(f"{name}: momentum", momentum)
        self.eps = at_least_zero(f"{name}: eps", eps)
        self.momentum = momentum
        self.weight = Tensor(np.ones(shape, dtype), requires_grad=True)
        self.bias = Tensor(np.zeros(shape, dtype), requires_grad=True)
        self.running_mean = np.zeros(shape, dtype)
        self.running_var = np.ones(shape, dtype)
        self.num_batches_tracked = np.array(0)

    # Normalize by the batch in training
    def forward(self, x: Array) -> Array:
        """(x - mean) / sqrt(var + eps) * weight + bias."""
        shape = np.shape(plain(x))
        if len(shape) not in map(len, self.layouts):
            layouts = " or ".join(", ".join(one) for one in self.layouts)
            raise ShapeError("batch_norm", [shape], f"x is ({layouts})")
        share = self.momentum
        if share is None:
            share = 1 / (1 + int(self.num_batches_tracked))
        out = functional.batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training,
            share,
            self.eps,
        )
        self.num_batches_tracked += self.training
        return out

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.weight.shape[0]})"


# Normalize rows of units, and channels of images
class BatchNorm1d(BatchNorm):
    """Batch normalization of (B, C), or of (B, C, L) along axes 0 and 2.

    `BatchNorm1d(num_features, eps=1e-5, momentum=0.1)` normalizes C =
    num_features units. In training each unit is normalized by its own batch,
    of two values at least, and running_mean and running_var, both (C), move
    towards its statistics by the share momentum (None: plain averages); in
    use they normalize. weight and bias are (C). Raises ShapeError, and
    ValueError for settings that make no sense. See "The way back subtracts
    two shadows".
    """

    layouts = ("BC", "BCL")


class BatchNorm2d(BatchNorm):
    """Batch normalization of channels: (B, C, H, W) along axes 0, 2 and 3.

    All else is as in `BatchNorm1d`: each channel is a unit.
    """

    layouts = ("BCHW",)


# Own a scale and a shift for each unit of an example
class LayerNorm(Module):
    """`functional.layer_norm` over the last axes, of normalized_shape.

    weight (ones at first) and bias (zeros) have that shape. Raises ShapeError
    for other last axes, ValueError for settings that make no sense.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        *,
        dtype: DTypeLike = np.float64,
    ) -> None:
        shape = shape_from(self, normalized_shape)
        self.eps = at_least_zero("LayerNorm: eps", eps)
        self.weight = Tensor(np.ones(shape, dtype), requires_grad=True)
        self.bias = Tensor(np.zeros(shape, dtype), requires_grad=True)

    def forward(self, x: Array) -> Array:
        """(x - mean) / sqrt(var + eps) * weight + bias."""
        shape = self.weight.shape
        return functional.layer_norm(x, shape, self.weight, self.bias, self.eps)

    def __repr__(self) -> str:
        return f"LayerNorm({', '.join(map(str, self.weight.shape))})"


class RMSNorm(Module):
    """`functional.rms_norm` over the last axes, of normalized_shape.

    weight (ones at first) has that shape. Raises ShapeError for other last
    axes, ValueError for settings that make no sense.
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        *,
        dtype: DTypeLike = np.float64,
    ) -> None:
        shape = shape_from(self, normalized_shape)
        if eps is not None:  # None stands for the least number of the dtype
            eps = at_least_zero("RMSNorm: eps", eps)
        self.eps = eps
        self.weight = Tensor(np.ones(shape, dtype), requires_grad=True)

    def forward(self, x: Array) -> Array:
        """x / sqrt(mean(x²) + eps) * weight."""
        shape = self.weight.shape
        return functional.rms_norm(x, shape, self.weight, self.eps)

    def __repr__(self) -> str:
        return f"RMSNorm({', '.join(map(str, self.weight.shape))})"
