# Edit the book, or edit here and stitch.
"""Layers: modules made of one function each, and their composition."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from chainrule.engine import Array
from chainrule.errors import ShapeError
from chainrule.nn import functional
from chainrule.nn.init import uniform_
from chainrule.nn.module import Module, in_layer
from chainrule.settings import whole
from chainrule.tensor import Tensor

if TYPE_CHECKING:
    from numpy.typing import DTypeLike


# Keep weights and biases for the linear function
class Linear(Module):
    """x @ weight.T + bias: rows of in_features to rows of out_features.

    weight: (out_features, in_features), bias: (out_features) or None, both
    uniform in ±1/sqrt(in_features) at first, drawn from `rng`. x: (...,
    in_features). Raises ShapeError for another last axis, ValueError for
    sizes below one. See "A batch goes through a layer as rows".
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        in_features = whole("in_features", in_features)
        out_features = whole("out_features", out_features)
        rng = np.random.default_rng() if rng is None else rng
        weight = np.empty((out_features, in_features), dtype)
        bound = 1 / math.sqrt(in_features)
        self.weight = Tensor(weight, requires_grad=True)
        uniform_(self.weight, -bound, bound, rng=rng)
        self.bias: Tensor | None = None
        if bias:
            self.bias = Tensor(weight[:, 0], requires_grad=True)
            uniform_(self.bias, -bound, bound, rng=rng)

    def forward(self, x: Array, relu: bool = False) -> Array:
        """Z = H W^T + b for a batch H of rows, or the positive part of Z."""
        if relu and self.bias is not None:
            return functional.linear_relu(x, self.weight, self.bias)
        z = functional.linear(x, self.weight, self.bias)
        return functional.relu(z) if relu else z

    def __repr__(self) -> str:
        out_features, in_features = self.weight.shape
        return f"Linear({in_features}, {out_features})"


# Send the output of each layer to the next
class Sequential(Module):
    """The composition of its layers, first to last: `Sequential(f, g)`.

    `model[i]` is a layer, `model[i:j]` a shorter Sequential that shares its
    layers. A ShapeError says which layer it arose in. Raises TypeError for a
    layer that is no Module. See "A module is a function that owns its
    parameters".
    """

    def __init__(self, *layers: Module) -> None:
        for layer in layers:
            if not isinstance(layer, Module):
                raise TypeError(f"a layer is a Module, not {layer!r}")
        self.layers = layers

    def forward(self, x: Any) -> Any:
        """The output of the last layer."""
        last = len(self.layers) - 1
        layers = enumerate(self.layers)
        for index, layer in layers:
            try:
                if index < last and joined(layer, self.layers[index + 1]):
                    x = layer(x, relu=True)
                    next(layers)
                else:
                    x = layer(x)
            except ShapeError as error:
                raise in_layer(f"layer {index}", error) from error
        return x

    def members(self) -> Iterator[tuple[str, Any]]:
        """The layers; their names are their places, as in PyTorch."""
        return ((str(index), layer) for index, layer in enumerate(self.layers))

    # Count, index and walk through the layers
    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int) -> Module: ...

    @overload
    def __getitem__(self, index: slice) -> Sequential: ...

    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return Sequential(*self.layers[index])
        return self.layers[index]


# See whether two layers can run as one
def joined(layer: Module, after: Module) -> bool:
    """Whether these are a `Linear` and a `ReLU` that nobody has changed."""
    if layer.__class__ is not Linear or after.__class__ is not ReLU:
        return False
    return "forward" not in vars(layer) and "forward" not in vars(after)


# Let an activation be a layer
class ReLU(Module):
    """`functional.relu`: max(x, 0) for each entry."""

    def forward(self, x: Array) -> Array:
        """max(x, 0)."""
        return functional.relu(x)


# Let the other activations be layers too
class Sigmoid(Module):
    """`functional.sigmoid`: 1 / (1 + exp(-x)) for each entry."""

    def forward(self, x: Array) -> Array:
        """1 / (1 + exp(-x))."""
        return functional.sigmoid(x)


class Tanh(Module):
    """`functional.tanh` for each entry."""

    def forward(self, x: Array) -> Array:
        """tanh(x)."""
        return functional.tanh(x)
