# Edit the book, or edit here and stitch.
"""Gradient norms by layer, written down while a network learns."""

from __future__ import annotations

import math

import numpy as np

from chainrule.nn.module import Module
from chainrule.tensor import Tensor
from chainrule.trace import ACCENT, INK, text


# Take a norm whose squares may not fit
def gradient_norm(parameter: Tensor) -> float:
    """The Euclidean norm of a parameter's gradient; nan if it has none."""
    if parameter.grad is None:
        return math.nan
    entries = np.asarray(parameter.grad, dtype=np.float64)
    largest = float(np.max(np.abs(entries), initial=0.0))
    if largest == 0.0 or not math.isfinite(largest):
        return largest
    return largest * float(np.linalg.norm(entries / largest))


# Write the norms down at every call
class GradientMonitor:
    """The norms of a module's gradients, parameter by parameter.

    Call it after each backward pass; `norms` maps the dotted name of each
    parameter to the list of its gradient's norms ‖∂L/∂W‖, one a call, in the
    order of `model.named_parameters()`. Where a parameter had no gradient
    the entry is nan; inf and nan of the gradient are kept. `plot()` draws the
    record. Raises ValueError for a module without parameters. See "The ratio
    between layers is the symptom, not the size".
    """

    def __init__(self, model: Module) -> None:
        self.parameters = dict(model.named_parameters())
        if not self.parameters:
            raise ValueError(f"{model!r} has no parameters to watch")
        self.norms: dict[str, list[float]] = {n: [] for n in self.parameters}

    # Read the gradients that are there now
    def __call__(self) -> dict[str, float]:
        """Record the norms of the present gradients, and return them."""
        for name, parameter in self.parameters.items():
            self.norms[name].append(gradient_norm(parameter))
        return {name: norms[-1] for name, norms in self.norms.items()}

    def __repr__(self) -> str:
        calls = max(map(len, self.norms.values()))
        return f"GradientMonitor({len(self.norms)} parameters, {calls} calls)"

    # Enclose the norms between powers of ten
    def decades(self) -> tuple[int, int]:
        """The powers of ten around all norms that have a logarithm."""
        shown = [
            math.log10(norm)
            for norms in self.norms.values()
            for norm in norms
            if drawable(norm)
        ]
        low = math.floor(min(shown, default=0.0))
        return low, max(math.ceil(max(shown, default=0.0)), low + 1)

    def plot(self) -> str:
        """An SVG drawing of the record, one row for each parameter.

        From left to right the norms on a logarithmic axis: the first call as
        a circle, the last as a filled dot, a bar from the least to the
        greatest. A last norm of 0, inf or nan is written out. Raises
        ValueError before the first call.
        """
        if not all(self.norms.values()):
            raise ValueError("nothing is recorded yet: call the monitor first")
        return Drawing(self.norms, *self.decades()).svg()

    def _repr_svg_(self) -> str:
        return self.plot()


# Tell which norms have a place on the axis
def drawable(norm: float) -> bool:
    """Whether a norm has a logarithm."""
    return math.isfinite(norm) and norm > 0


# Lay rows out on one axis
FAINT = "#9a978f"


class Drawing:
    """Rows of norms between two powers of ten."""

    row, wide, edge = 20, 360, 14

    def __init__(
        self, norms: dict[str, list[float]], low: int, high: int
    ) -> None:
        self.norms, self.low, self.high = norms, low, high
        self.left = self.edge + 8 * max(map(len, norms))
        self.bottom = self.row * (len(norms) + 0.5)

    def at(self, norm: float) -> float:
        """Where a norm stands from left to right."""
        part = (math.log10(norm) - self.low) / (self.high - self.low)
        return self.left + self.wide * part

    # Draw one parameter
    def line(self, y: float, name: str, norms: list[float]) -> str:
        """Name, bar, first and last norm of one parameter."""
        parts = [text(self.left - 8, y + 4, name, INK, "end")]
        shown = [self.at(norm) for norm in norms if drawable(norm)]
        if shown:
            parts.append(
                f'<path d="M{min(shown):.1f} {y:.1f} H{max(shown):.1f}" '
                f'stroke="{FAINT}" stroke-width="2"/>'
            )
        if drawable(norms[0]):
            parts.append(dot(self.at(norms[0]), y, "none", INK))
        if drawable(norms[-1]):
            parts.append(dot(self.at(norms[-1]), y, ACCENT, ACCENT))
        else:
            end = f"{norms[-1]:g}"
            place = self.left + self.wide
            parts.append(text(place, y + 4, end, ACCENT, "end"))
        return "\n".join(parts)

    # Draw the axis below the rows
    def axis(self) -> str:
        """A line with its powers of ten, at most about ten of them."""
        y = self.bottom
        step = -(-(self.high - self.low) // 10)
        parts = [
            f'<path d="M{self.left} {y:.1f} h{self.wide}" stroke="{INK}"/>'
        ]
        for power in range(self.low, self.high + 1, step):
            x = self.left + self.wide * (power - self.low) / (
                self.high - self.low
            )
            parts.append(f'<path d="M{x:.1f} {y:.1f} v4" stroke="{INK}"/>')
            label = f"1e{power}"
            parts.append(text(x, y + 18, label, INK, "middle"))
        return "\n".join(parts)

    def svg(self) -> str:
        """The drawing as text."""
        width = self.left + self.wide + 2 * self.edge
        height = self.bottom + 26
        rows = [
            self.line(self.row * (k + 0.5), name, norms)
            for k, (name, norms) in enumerate(self.norms.items())
        ]
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 '
                f'{width:.0f} {height:.0f}" width="{width:.0f}" '
                f'height="{height:.0f}" style="max-width:100%;height:auto" '
                'font-family="sans-serif" font-size="12" role="img">'
                "<title>Norm of each gradient, first and last call</title>",
                *rows,
                self.axis(),
                "</svg>",
            ]
        )


# Set a dot at a place
def dot(x: float, y: float, fill: str, stroke: str) -> str:
    """A dot."""
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" '
        f'stroke="{stroke}"/>'
    )
