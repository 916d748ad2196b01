# Edit the book, or edit here and stitch.
"""Activations as layers, each with its settings."""

from __future__ import annotations

from typing import Literal

from chainrule.engine import Array
from chainrule.nn import functional
from chainrule.nn.dropout import Dropout
from chainrule.nn.module import Module
from chainrule.settings import number


# Let activations with settings be layers
class LeakyReLU(Module):
    """`functional.leaky_relu`: x above zero, negative_slope * x elsewhere.

    x of any shape gives a result of the same. Raises ValueError unless the
    setting is a finite number.
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = number("negative_slope", negative_slope)

    def forward(self, x: Array) -> Array:
        """x or negative_slope * x."""
        return functional.leaky_relu(x, self.negative_slope)

    def __repr__(self) -> str:
        return f"LeakyReLU({self.negative_slope})"


class ELU(Module):
    """`functional.elu`: x above zero, alpha * (exp(x) - 1) elsewhere.

    x of any shape gives a result of the same. Raises ValueError unless the
    setting is a finite number.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = number("alpha", alpha)

    def forward(self, x: Array) -> Array:
        """x or alpha * (exp(x) - 1)."""
        return functional.elu(x, self.alpha)

    def __repr__(self) -> str:
        return f"ELU({self.alpha})"


class GELU(Module):
    """`functional.gelu`: x Φ(x), or its approximation by "tanh".

    x of any shape gives a result of the same. Raises ValueError for another
    name.
    """

    def __init__(self, approximate: Literal["none", "tanh"] = "none") -> None:
        functional.check_approximate(approximate)
        self.approximate = approximate

    def forward(self, x: Array) -> Array:
        """x Φ(x)."""
        return functional.gelu(x, self.approximate)

    def __repr__(self) -> str:
        return f"GELU({self.approximate!r})"


class Softmax(Module):
    """`functional.softmax` along an axis: entries that add to one.

    x of any shape gives a result of the same. Raises AxisError for an axis
    that x has not.
    """

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    def forward(self, x: Array) -> Array:
        """exp(x) over its sum."""
        return functional.softmax(x, self.axis)

    def __repr__(self) -> str:
        return f"Softmax({self.axis})"


# Let activations without settings be layers
class SELU(Module):
    """`functional.selu`: ELU, scaled to keep mean 0 and variance 1."""

    def forward(self, x: Array) -> Array:
        """The scaled ELU of x."""
        return functional.selu(x)


class SiLU(Module):
    """`functional.silu`: x * sigmoid(x) for each entry."""

    def forward(self, x: Array) -> Array:
        """x * sigmoid(x)."""
        return functional.silu(x)


class Softplus(Module):
    """`functional.softplus`: log(1 + exp(x)) for each entry."""

    def forward(self, x: Array) -> Array:
        """log(1 + exp(x))."""
        return functional.softplus(x)


# Drop entries in training only
class AlphaDropout(Dropout):
    """`functional.alpha_dropout` in training mode, the identity in use.

    p, `rng`, shapes and errors are those of `Dropout`. See "Each activation
    asks for its own variance".
    """

    def forward(self, x: Array) -> Array:
        """x, of which the share p is set to SELU's lowest value."""
        return functional.alpha_dropout(x, self.p, self.training, rng=self.rng)
