# Edit the book, or edit here and stitch.
"""Ending a training that no longer improves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.nn.module import Module
from chainrule.saved import check_names
from chainrule.settings import at_least_zero, whole


# Count the failures in a row, and keep the best
class EarlyStopping:
    """Ends a training without improvement, and goes back to the best epoch.

    A callback of `fit`; in a loop of one's own, `step(metric)` says True when
    it is time to stop. A metric improves if it is below the best so far by
    more than `min_delta` (above it with mode "max"); NaN does not. After
    `patience` calls in a row without, it is time. `finish()` gives parameters
    and buffers the values that they had at the best call. The optimizer's
    memories stay as they are. Raises ValueError for settings out of range,
    KeyError for a row without the number to monitor. See "Stop at the best,
    not at the last".
    """

    def __init__(
        self,
        model: Module,
        patience: int = 10,
        min_delta: float = 0.0,
        mode: str = "min",
        monitor: str = "val_loss",
    ) -> None:
        if mode not in ("min", "max"):
            raise ValueError(f'mode is "min" or "max", not {mode!r}')
        self.min_delta = at_least_zero("min_delta", min_delta)
        self.model, self.patience = model, whole("patience", patience)
        self.mode, self.monitor = mode, monitor
        self.best = math.inf if mode == "min" else -math.inf
        self.best_call = self.calls = self.failures = 0
        self.best_state: dict[str, np.ndarray] | None = None

    def improves(self, metric: float) -> bool:
        """Whether the metric is better than the best by the margin."""
        if self.mode == "min":
            return metric < self.best - self.min_delta
        return metric > self.best + self.min_delta

    def step(self, metric: float) -> bool:
        """Take note of a metric; whether it is time to stop."""
        self.calls, self.failures = self.calls + 1, self.failures + 1
        if self.improves(metric):
            self.best, self.best_call = float(metric), self.calls
            self.best_state, self.failures = self.model.state_dict(), 0
        return self.failures >= self.patience

    def __call__(self, row: Mapping[str, float]) -> bool:
        if self.monitor not in row:
            raise KeyError(
                f"no {self.monitor!r} in the row: give `fit` validation "
                f"data, or monitor one of {sorted(row)}"
            )
        return self.step(row[self.monitor])

    def finish(self) -> None:
        """Go back to the best call; without one, stay."""
        if self.best_state is not None:
            self.model.load_state_dict(self.best_state)

    # Let a run that is resumed stop where it would have stopped
    past = ("best", "best_call", "calls", "failures", "best_state")

    def state_dict(self) -> dict[str, Any]:
        """The counts, the best metric, and the model's state at that call."""
        return {name: getattr(self, name) for name in self.past}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; ValueError for another's state."""
        check_names("state of EarlyStopping", state, self.past)
        if state["best_state"] is not None:
            names = self.model.state()
            check_names("best_state", state["best_state"], names)
        vars(self).update(state)
