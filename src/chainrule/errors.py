# Edit the book, or edit here and stitch.
"""What can go wrong, each with the built-in error a Python user expects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any


# Raise what a Python user expects
class ChainRuleError(Exception):
    """Base of every error this library raises on purpose."""


class NotDifferentiable(ChainRuleError, TypeError):
    """A function without a rule, or a value that cannot have a gradient."""


class LeakedTracer(ChainRuleError, RuntimeError):
    """A traced array was used after its transformation had ended."""


class InPlaceError(ChainRuleError, RuntimeError):
    """An array was overwritten while a derivative still depends on it."""


class FreedGraphError(ChainRuleError, RuntimeError):
    """A second sweep over a graph that the first one has given back."""


class AnomalyError(ChainRuleError, RuntimeError):
    """The first NaN or infinity, under `detect_anomaly()`."""


# Name the operation and all shapes
class ShapeError(ChainRuleError, ValueError):
    """Shapes that do not fit: `operation`, its `shapes`, maybe its `layer`."""

    def __init__(
        self,
        operation: str,
        shapes: Sequence[tuple[int, ...]],
        reason: str = "",
        layer: str | None = None,
    ) -> None:
        self.operation, self.shapes = operation, tuple(shapes)
        self.reason, self.layer = reason, layer
        where = f"{layer}: {operation}" if layer else operation
        listed = " and ".join(str(shape) for shape in self.shapes)
        text = f"{where}: shapes {listed} do not fit"
        super().__init__(f"{text} ({reason})" if reason else text)

    def __reduce__(self) -> Any:  # to other processes, and into copies
        given = self.operation, self.shapes, self.reason, self.layer
        return type(self), given, vars(self)


# Say what could not be counted
class NotCounted(ChainRuleError, TypeError):
    """An operation that runs where the counter does not see it."""


# Say where, both slopes, and what may explain them
class GradientError(ChainRuleError, ValueError):
    """A gradient that differs from the differences of its function.

    Also one whose norm is not finite, see `optim.clip_grad_norm_`.
    `argument` counts the arguments from 0, `path` holds the keys inside a
    container, `index` the entry (None along a random direction), `output` the
    entry of the result. `cause` is "" where the rule is the only suspect,
    else what can make a right one fail: "kink", "rounding" or "step"; it is
    "random" if the function gave two values at one point.
    """

    def __init__(
        self,
        message: str,
        *,
        argument: int | None = None,
        path: tuple[Any, ...] = (),
        index: tuple[int, ...] | None = None,
        output: tuple[Any, ...] | None = None,
        analytic: float = math.nan,
        numeric: float = math.nan,
        cause: str = "",
    ) -> None:
        super().__init__(message)
        self.argument, self.path, self.index = argument, path, index
        self.output, self.cause = output, cause
        self.analytic, self.numeric = analytic, numeric
        self.relative_error = relative_error(analytic, numeric)


# Divide a gap by the larger side
def relative_error(a: float, n: float) -> float:
    """|a - n| / max(|a|, |n|), and 0 if both are 0."""
    size = max(abs(a), abs(n))
    return abs(a - n) / size if size else abs(a - n)
