# Edit the book, or edit here and stitch.
"""Learning-rate schedules: how the rate of an optimizer changes with time."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from chainrule.optim.optimizer import Optimizer
from chainrule.saved import check_names
from chainrule.settings import above_zero, at_least_zero, number, whole


# Save all but the optimizer
class Resumable:
    """What all schedules share: a state that can be saved and restored.

    `past` names what changes with time; all else that a schedule keeps, but
    its optimizer, are arguments of its constructor, under their names.
    """

    past: ClassVar[tuple[str, ...]] = ()

    def state_dict(self) -> dict[str, Any]:
        """All of the schedule but its optimizer, which saves itself."""
        kept = vars(self).items()
        return {name: value for name, value in kept if name != "optimizer"}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, all or nothing.

        Raises ValueError for the state of another kind of schedule, and for
        settings that the constructor refuses.
        """
        kind = type(self).__name__
        check_names(f"state of {kind}", state, self.state_dict())
        settings = {k: v for k, v in state.items() if k not in self.past}
        other = self.made_again(settings).state_dict()
        now = {name: self.in_time(name, state[name]) for name in self.past}
        vars(self).update(other | now)

    def made_again(self, settings: dict[str, Any]) -> Self:
        """A schedule with these settings, or the constructor's complaint."""
        raise NotImplementedError

    def in_time(self, name: str, value: Any) -> Any:
        """What changes with time, unless it makes no sense."""
        return whole(name, value, least=0)


# Give a rate to each time
class Schedule(Resumable):
    """A rate for each time t = 0, 1, 2, …, and an optimizer that follows it.

    `schedule(t)` is the formula, a pure function. `step()` moves the time on
    by one and sets `optimizer.lr`; the first rate is set at once. The unit of
    time is what passes between two calls of step(): a batch or an epoch. In
    place of an optimizer the initial rate alone may be given. Raises
    ValueError for a negative time. See "A schedule is a formula with a unit".
    """

    past = ("lr", "t")

    def __init__(self, optimizer: Optimizer | float) -> None:
        self.optimizer: Optimizer | None = None
        if isinstance(optimizer, Optimizer):
            self.optimizer, optimizer = optimizer, optimizer.lr
        self.base_lr = at_least_zero("lr", optimizer)
        self.go_to(0)

    # Follow the formula
    def rate(self, t: float) -> float:
        """The formula, for a time that is not negative."""
        raise NotImplementedError

    def __call__(self, t: float) -> float:
        """The rate at time t."""
        if not t >= 0:
            raise ValueError(f"a schedule starts at time 0, not at {t}")
        return self.rate(t)

    def go_to(self, t: int) -> None:
        """Make t the present time, and its rate the optimizer's."""
        self.lr = self(t)
        self.t = t
        if self.optimizer is not None:
            self.optimizer.lr = self.lr

    def step(self) -> None:
        """Move the time on by one."""
        self.go_to(self.t + 1)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over a state, and set the optimizer's rate by it."""
        super().load_state_dict(state)
        self.go_to(self.t)

    def made_again(self, settings: dict[str, Any]) -> Self:
        return type(self)(settings.pop("base_lr"), **settings)

    def in_time(self, name: str, value: Any) -> Any:
        return super().in_time(name, value) if name == "t" else value


# Keep the rate as it is
class ConstantLR(Schedule):
    """η0 factor for t < total_iters, then η0; by default η0 throughout.

    factor is positive, total_iters a whole number of steps from zero up.
    PyTorch's defaults are factor 1/3 and total_iters 5. See "A fixed rate
    contracts, overshoots or stalls".
    """

    def __init__(
        self,
        optimizer: Optimizer | float,
        factor: float = 1.0,
        total_iters: int = 0,
    ) -> None:
        self.factor = above_zero("factor", factor)
        self.total_iters = whole("total_iters", total_iters, least=0)
        super().__init__(optimizer)

    def rate(self, t: float) -> float:
        """The initial rate, for the first steps times the factor."""
        return self.base_lr * (self.factor if t < self.total_iters else 1.0)


# Multiply the rate at regular times
class StepLR(Schedule):
    """η0 gamma^⌊t / step_size⌋: multiplied by gamma every step_size times.

    Raises ValueError unless step_size is a whole number from one up and
    gamma above zero. See "Steps, exponentials and cosines fall in their own
    ways".
    """

    def __init__(
        self,
        optimizer: Optimizer | float,
        step_size: int,
        gamma: float = 0.1,
    ) -> None:
        self.step_size = whole("step_size", step_size)
        self.gamma = above_zero("gamma", gamma)
        super().__init__(optimizer)

    def rate(self, t: float) -> float:
        """The initial rate, times the factor for each interval that is over."""
        return float(self.base_lr * self.gamma ** (t // self.step_size))


# Multiply the rate at all times
class ExponentialLR(Schedule):
    """η0 gamma^t, which is η0 exp(-α t) for gamma = exp(-α).

    Raises ValueError unless gamma is above zero. See "Steps, exponentials
    and cosines fall in their own ways".
    """

    def __init__(self, optimizer: Optimizer | float, gamma: float) -> None:
        self.gamma = above_zero("gamma", gamma)
        super().__init__(optimizer)

    def rate(self, t: float) -> float:
        """The initial rate, times the factor for each unit of time."""
        return float(self.base_lr * self.gamma**t)


# Follow half a wave down
class CosineAnnealingLR(Schedule):
    """eta_min + (η0 - eta_min) (1 + cos(π t / T_max)) / 2 up to T_max.

    Stays at eta_min from T_max on, where PyTorch's rises again. Raises
    ValueError unless T_max is a whole number from one up and eta_min at least
    zero. See "A schedule has an end".
    """

    def __init__(
        self,
        optimizer: Optimizer | float,
        T_max: int,
        eta_min: float = 0.0,
    ) -> None:
        self.T_max = whole("T_max", T_max)
        self.eta_min = at_least_zero("eta_min", eta_min)
        super().__init__(optimizer)

    def rate(self, t: float) -> float:
        """Half a wave from the initial rate to the smallest."""
        wave = math.cos(math.pi * min(t / self.T_max, 1.0))
        return self.eta_min + (self.base_lr - self.eta_min) * (1 + wave) / 2


# Divide the rate by the time
class InverseTimeLR(Schedule):
    """η0 / (1 + decay t).

    Raises ValueError unless decay is above zero. See "What counts is the sum
    of the rates".
    """

    def __init__(
        self, optimizer: Optimizer | float, decay: float = 1.0
    ) -> None:
        self.decay = above_zero("decay", decay)
        super().__init__(optimizer)

    def rate(self, t: float) -> float:
        """The initial rate over a number that grows steadily."""
        return self.base_lr / (1 + self.decay * t)


# Rise from nothing, fall to nothing
class LinearWarmupDecayLR(Schedule):
    """η0 (t + first) / warmup_steps, then η0 (total - t) / (total - warmup).

    The first branch up to t + first = warmup_steps, the second up to
    total_steps, and 0 from there on. With first = 0, the usual formula, the
    step at time 0 has rate 0 and changes nothing; first = 1 makes use of it.
    Raises ValueError unless 1 <= warmup_steps < total_steps. See "A schedule
    has an end".
    """

    def __init__(
        self,
        optimizer: Optimizer | float,
        warmup_steps: int,
        total_steps: int,
        *,
        first: int = 0,
    ) -> None:
        self.warmup_steps = whole("warmup_steps", warmup_steps)
        self.total_steps = whole("total_steps", total_steps, warmup_steps + 1)
        self.first = whole("first", first, least=0)
        super().__init__(optimizer)

    def rate(self, t: float) -> float:
        """Up in a line, down in another, then nothing."""
        if t + self.first < self.warmup_steps:
            return self.base_lr * (t + self.first) / self.warmup_steps
        left = max(self.total_steps - t, 0)
        share = left / (self.total_steps - self.warmup_steps)
        return self.base_lr * min(share, 1.0)


# Rise in a line, fall as the root of time
class InverseSqrtLR(Schedule):
    """η0 min(t / warmup_steps, sqrt(warmup_steps / t)): η0 is the peak.

    With η0 = 1 / sqrt(d warmup_steps) it is the Transformer's schedule for a
    model of width d. Raises ValueError unless warmup_steps is a whole number
    from one up. See "Why warm up at all".
    """

    def __init__(self, optimizer: Optimizer | float, warmup_steps: int) -> None:
        self.warmup_steps = whole("warmup_steps", warmup_steps)
        super().__init__(optimizer)

    def rate(self, t: float) -> float:
        """Up in a line to the peak, then down as the inverse root."""
        if t <= self.warmup_steps:
            return self.base_lr * t / self.warmup_steps
        return self.base_lr * math.sqrt(self.warmup_steps / t)


# Reduce the rate when nothing improves
class ReduceLROnPlateau(Resumable):
    """Multiplies the rate by factor when a metric has stopped improving.

    `step(metric)` after each epoch, say. It improves if it is below the best
    so far by more than threshold, relative to the best, or absolutely with
    threshold_mode "abs" (above it with mode "max"). After more than
    `patience` calls in a row without, the rate is reduced, though not below
    min_lr, and for the next `cooldown` calls no failure counts. A NaN does
    not improve. Raises ValueError for settings out of range, TypeError for
    anything but an optimizer. See "A plateau is a state, not a time".
    """

    past = ("best", "failures", "resting")

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        # Keep the settings of the plateau
        if not isinstance(optimizer, Optimizer):
            raise TypeError(f"a plateau needs an optimizer, not {optimizer!r}")
        if mode not in ("min", "max"):
            raise ValueError(f'mode is "min" or "max", not {mode!r}')
        if threshold_mode not in ("rel", "abs"):
            words = f'threshold_mode is "rel" or "abs", not {threshold_mode!r}'
            raise ValueError(words)
        if not 0 < number("factor", factor) < 1:
            raise ValueError(f"factor should be between 0 and 1, not {factor}")
        self.optimizer = optimizer
        self.mode, self.factor = mode, float(factor)
        self.threshold = at_least_zero("threshold", threshold)
        self.threshold_mode = threshold_mode
        self.patience = whole("patience", patience, least=0)
        self.cooldown = whole("cooldown", cooldown, least=0)
        self.min_lr = at_least_zero("min_lr", min_lr)
        self.best = math.inf if mode == "min" else -math.inf
        self.failures = self.resting = 0

    # Count the failures in a row
    def improves(self, metric: float) -> bool:
        """Whether the metric is better than the best by the threshold."""
        margin = self.threshold
        if self.threshold_mode == "rel" and math.isfinite(self.best):
            margin *= abs(self.best)
        if self.mode == "min":
            return metric < self.best - margin
        return metric > self.best + margin

    def step(self, metric: float) -> None:
        """Take note of a metric, and reduce the rate if it is time."""
        self.failures += 1
        if self.improves(float(metric)):
            self.best, self.failures = float(metric), 0
        if self.resting:
            self.resting, self.failures = self.resting - 1, 0
        if self.failures > self.patience:
            lr = self.optimizer.lr * self.factor
            self.optimizer.lr = max(lr, min(self.min_lr, self.optimizer.lr))
            self.resting, self.failures = self.cooldown, 0

    def made_again(self, settings: dict[str, Any]) -> Self:
        return type(self)(self.optimizer, **settings)

    def in_time(self, name: str, value: Any) -> Any:
        return float(value) if name == "best" else super().in_time(name, value)
