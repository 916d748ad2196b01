# Edit the book, or edit here and stitch.
"""Residual connections: a module whose input is added to its output."""

from __future__ import annotations

import numpy as np

from chainrule.engine import Array, plain
from chainrule.errors import ShapeError
from chainrule.nn.module import Module


# Add the input to what the branch makes of it
class Residual(Module):
    """x + inner(x), or shortcut(x) + inner(x): a branch and a way past it.

    x has any shape that inner takes. The result of inner must have the shape
    of x, or of shortcut(x): ShapeError otherwise, never a broadcast. For g at
    the result and the Jacobian J of inner the gradient at x is g + J^T g. See
    "A block adds what it computes to what it was given".
    """

    def __init__(self, inner: Module, shortcut: Module | None = None) -> None:
        for part in (inner, inner if shortcut is None else shortcut):
            if not isinstance(part, Module):
                raise TypeError(f"a branch is a Module, not {part!r}")
        self.inner, self.shortcut = inner, shortcut

    def forward(self, x: Array) -> Array:
        """What the branch returns, with the input added to it."""
        branch = self.inner(x)
        past = x if self.shortcut is None else self.shortcut(x)
        shapes = [np.shape(plain(past)), np.shape(plain(branch))]
        if shapes[0] != shapes[1]:
            raise ShapeError("x + inner(x)", shapes, remedy(shapes))
        return np.add(past, branch)


# Say what would make the shapes equal
def remedy(shapes: list[tuple[int, ...]]) -> str:
    """What to do about a sum of these two shapes."""
    past, branch = shapes
    layer = "a module"
    if past[:-1] == branch[:-1] and past and branch:
        layer = f"cr.nn.Linear({past[-1]}, {branch[-1]}, bias=False)"
    return (
        f"let the branch return {past}, or map the input to {branch} by "
        f"Residual(inner, shortcut={layer})"
    )
