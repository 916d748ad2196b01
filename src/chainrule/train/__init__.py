# Edit the book, or edit here and stitch.
"""Training: what stands between a model and its data."""

from __future__ import annotations

from chainrule.train.batches import minibatches
from chainrule.train.monitor import GradientMonitor
from chainrule.train.scaler import GradScaler
from chainrule.train.state import load, save

# List the public names
__all__ = ["minibatches"]


# List the monitor
__all__ += ["GradientMonitor"]


# List the scale and the files
__all__ += ["GradScaler", "load", "save"]
