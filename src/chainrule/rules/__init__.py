# Edit the book, or edit here and stitch.
"""The table of rules: which primitives there are, and their derivatives."""

from __future__ import annotations

from chainrule.rules import (
    elementwise,
    entrywise,
    fused,
    indexing,
    linalg,
    missing,
    multilinear,
    normalizing,
    placing,
    products,
    rearranging,
    reductions,
    shapes,
    special,
    spectral,
    stacking,
    statistics,
)

# List the families
__all__ = [
    "elementwise",
    "entrywise",
    "fused",
    "indexing",
    "linalg",
    "missing",
    "multilinear",
    "normalizing",
    "placing",
    "products",
    "rearranging",
    "reductions",
    "shapes",
    "special",
    "spectral",
    "stacking",
    "statistics",
]
