# Edit the book, or edit here and stitch.
"""Optimizers: they read gradients and move parameters."""

from __future__ import annotations

from chainrule.optim import lr_scheduler
from chainrule.optim.optimizer import Optimizer
from chainrule.optim.sgd import SGD

__all__ = ["SGD", "Optimizer", "lr_scheduler"]
