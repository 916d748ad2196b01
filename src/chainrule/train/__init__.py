# Edit the book, or edit here and stitch.
"""Training: what stands between a model and its data."""

from __future__ import annotations

from chainrule.train.batches import minibatches
from chainrule.train.csv_log import CSVLog
from chainrule.train.early_stopping import EarlyStopping
from chainrule.train.evaluate import evaluate
from chainrule.train.fit import fit
from chainrule.train.history import History
from chainrule.train.monitor import GradientMonitor
from chainrule.train.scaler import GradScaler
from chainrule.train.state import load, save

__all__ = [
    "CSVLog",
    "EarlyStopping",
    "GradScaler",
    "GradientMonitor",
    "History",
    "evaluate",
    "fit",
    "load",
    "minibatches",
    "save",
]
