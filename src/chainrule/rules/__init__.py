# Edit the book, or edit here and stitch.
"""The table of rules: which primitives there are, and their derivatives."""

from __future__ import annotations

from chainrule.rules import (
    elementwise,
    fused,
    indexing,
    linalg,
    normalizing,
    products,
    rearranging,
    reductions,
    shapes,
)

# List the families
__all__ = [
    "elementwise",
    "fused",
    "indexing",
    "linalg",
    "normalizing",
    "products",
    "rearranging",
    "reductions",
    "shapes",
]
