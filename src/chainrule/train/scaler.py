# Edit the book, or edit here and stitch.
"""A loss scale for half precision, found while training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.engine import Array
from chainrule.optim.optimizer import Optimizer
from chainrule.saved import check_names
from chainrule.settings import number, whole


# Keep a scale and the number of good steps
class GradScaler:
    """Multiplies the loss, divides the gradients, skips what overflowed.

    A training step with parameters in single precision:

        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)  # only where gradients are clipped, say
        scaler.step(optimizer)
        scaler.update()

    The scale starts at init_scale. A step with an infinite or NaN gradient
    is not taken, and the scale is multiplied by backoff_factor; after
    growth_interval steps in a row without, by growth_factor. While it is a
    power of two, scaling and unscaling change no digit inside the formats.
    `enabled=False` makes all of it do nothing. Names and defaults are
    PyTorch's. Raises ValueError for settings out of range. See "A scale that
    is found by trying".
    """

    def __init__(
        self,
        init_scale: float = 2.0**16,
        growth_factor: float = 2.0,
        backoff_factor: float = 0.5,
        growth_interval: int = 2000,
        enabled: bool = True,
    ) -> None:
        self.scale_now = between("init_scale", init_scale, 0, np.inf)
        self.growth_factor = between("growth_factor", growth_factor, 1, np.inf)
        self.backoff_factor = between("backoff_factor", backoff_factor, 0, 1)
        self.growth_interval = whole("growth_interval", growth_interval)
        self.enabled = bool(enabled)
        self.good_steps = 0
        self.seen: dict[Optimizer, bool] = {}
        self.stepped: set[Optimizer] = set()

    # Scale the loss, unscale the gradients
    def get_scale(self) -> float:
        """The present scale; 1 for a scaler that is not enabled."""
        return self.scale_now if self.enabled else 1.0

    def scale(self, loss: Array) -> Array:
        """The loss times the scale; let the loss be in single precision."""
        return loss * self.scale_now if self.enabled else loss

    def unscale_(self, optimizer: Optimizer) -> None:
        """Divide the gradients of the optimizer's parameters by the scale.

        `step` does so itself, if it has not been done. Raises RuntimeError for
        a second time before `update`, ValueError for gradients in half
        precision, where what was saved would be lost again.
        """
        if not self.enabled:
            return
        if optimizer in self.seen:
            raise RuntimeError("these gradients are unscaled: update()")
        gradients = [p.grad for p in optimizer.params if p.grad is not None]
        if any(g.dtype == np.float16 for g in gradients):
            raise ValueError("gradients in half precision cannot be unscaled")
        for g in gradients:
            np.divide(g, self.scale_now, out=g)
        finite = all(np.isfinite(g).all() for g in gradients)
        self.seen[optimizer] = not finite

    # Step unless something overflowed, and move the scale
    def step(self, optimizer: Optimizer) -> bool:
        """Let the optimizer step if all its gradients are finite; say so.

        Raises RuntimeError for a second step before `update`.
        """
        if self.enabled:
            if optimizer in self.stepped:
                raise RuntimeError("this optimizer has stepped: update()")
            if optimizer not in self.seen:
                self.unscale_(optimizer)
            self.stepped.add(optimizer)
            if self.seen[optimizer]:
                return False
        optimizer.step()
        return True

    def update(self) -> None:
        """Move the scale, after the steps of all optimizers.

        Raises RuntimeError if no gradients were looked at since the last time.
        """
        if not self.enabled:
            return
        if not self.seen:
            raise RuntimeError("no gradients were looked at: step() is first")
        if any(self.seen.values()):
            least = 2.0**-126  # below that single precision loses digits
            self.scale_now = max(self.scale_now * self.backoff_factor, least)
            self.good_steps = 0
        else:
            self.good_steps += 1
            if self.good_steps >= self.growth_interval:
                greatest = 2.0**127
                grown = self.scale_now * self.growth_factor
                self.scale_now = grown if grown <= greatest else self.scale_now
                self.good_steps = 0
        self.seen.clear()
        self.stepped.clear()

    # Save and restore the scale
    def state_dict(self) -> dict[str, Any]:
        """The scale, the number of good steps, and the settings."""
        return {
            "scale": self.scale_now,
            "good_steps": self.good_steps,
            "growth_factor": self.growth_factor,
            "backoff_factor": self.backoff_factor,
            "growth_interval": self.growth_interval,
            "enabled": self.enabled,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; ValueError if it makes no sense."""
        check_names("state of GradScaler", state, self.state_dict())
        settings = {k: v for k, v in state.items() if k != "good_steps"}
        other = GradScaler(settings.pop("scale"), **settings)
        other.good_steps = whole("good_steps", state["good_steps"], least=0)
        vars(self).update(vars(other))


# Refuse a factor that makes no sense
def between(name: str, value: float, low: float, high: float) -> float:
    """The number as a float, or ValueError unless low < number < high."""
    if not low < number(name, value) < high:
        raise ValueError(f"{name} is between {low} and {high}, not {value}")
    return float(value)
