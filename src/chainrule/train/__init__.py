# Edit the book, or edit here and stitch.
"""Training: what stands between a model and its data."""

from __future__ import annotations

from chainrule.train.batches import minibatches

# List the public names
__all__ = ["minibatches"]
