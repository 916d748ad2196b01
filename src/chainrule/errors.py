# Edit the book, or edit here and stitch.
"""What can go wrong, each with the built-in error a Python user expects."""

from __future__ import annotations

from collections.abc import Sequence


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


# Name the entry and both numbers
class GradientError(ChainRuleError, ValueError):
    """A gradient that differs from the differences of its function."""

    def __init__(
        self,
        argument: int,
        index: tuple[int, ...],
        output: tuple[int, ...],
        analytic: float,
        numeric: float,
    ) -> None:
        self.argument, self.index, self.output = argument, index, output
        self.analytic, self.numeric = analytic, numeric
        size = max(abs(analytic), abs(numeric))
        gap = abs(analytic - numeric)
        self.relative_error = gap / size if size else gap
        super().__init__(
            f"argument {argument}, entry {index}: the gradient of output "
            f"{output} is {analytic!r}, differences give {numeric!r} "
            f"(relative error {self.relative_error:.1e})"
        )
