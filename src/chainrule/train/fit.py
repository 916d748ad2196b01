# Edit the book, or edit here and stitch.
"""The training loop."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from chainrule.errors import AnomalyError, NotDifferentiable
from chainrule.nn.module import Module
from chainrule.optim.clipping import clip_grad_norm_
from chainrule.optim.lr_scheduler import ReduceLROnPlateau, Schedule
from chainrule.optim.optimizer import Optimizer
from chainrule.settings import whole
from chainrule.tensor import Tensor
from chainrule.train.batches import minibatches
from chainrule.train.evaluate import Loss, Metrics, evaluate, number
from chainrule.train.history import History
from chainrule.train.progress import ProgressLine

Callback: TypeAlias = Callable[[Mapping[str, float]], Any]
REMEDY = "try a smaller rate, or find its origin by cr.detect_anomaly()"
NO_TENSOR = "the loss is no Tensor: leave out .item(), .data and .numpy()"


# Train a model, epoch after epoch
def fit(
    model: Module,
    loss: Loss,
    data: Sequence[ArrayLike],
    optimizer: Optimizer,
    *,
    epochs: int,
    batch_size: int = 32,
    drop_last: bool = False,
    validation: Sequence[ArrayLike] | None = None,
    metrics: Metrics | None = None,
    scheduler: Schedule | ReduceLROnPlateau | None = None,
    per_batch: bool = False,
    clip: float | Callable[[Sequence[Tensor]], Any] | None = None,
    watch: Callable[[], Any] | None = None,
    callbacks: Sequence[Callback] = (),
    rng: np.random.Generator | None = None,
    progress: bool | None = None,
) -> History:
    """Train the model on shuffled mini-batches; returns a row for each epoch.

    data: the arguments of the model and, last, the targets, each (N, ...).
    loss(output, target) is the mean over a batch; `drop_last` leaves out the
    last batch of an epoch if it is short, as batch normalization wants it if
    it has one row. A row has "epoch" from 1, "loss" (the mean over the
    examples, each as it was met, before the step), "lr" (of the last step)
    and, with `validation`, "val_loss" and a "val_…" for each of `metrics`,
    both in use and after the epoch.

    A step calls: zero_grad, model, loss, backward, `watch()`, `clip(params)`,
    optimizer.step; a number for `clip` is the greatest norm that
    `clip_grad_norm_` leaves to all gradients together. `scheduler` steps
    after each epoch, or with `per_batch` after each step; a plateau is given
    val_loss, or loss without validation. After each epoch every callback is
    given the row, and training ends when one returns True; at the end, or
    when the keyboard interrupts, `finish()` is called of those that have it.
    `progress` writes a line to stderr, by default if that is a terminal.

    Raises AnomalyError, before the step, for a loss that is not finite;
    ShapeError for a loss that is not one number, NotDifferentiable for one
    that is no Tensor; ValueError for an optimizer of other parameters than
    the model's, a scheduler of another optimizer, a plateau per batch,
    negative epochs, metrics without validation or per_batch without a
    scheduler. See "Around the step stands bookkeeping".
    """
    if metrics and validation is None:
        raise ValueError("metrics are of validation data, and there are none")
    epochs = whole("epochs", epochs, least=0)
    check_together(model, optimizer, scheduler, per_batch)
    if not model.training:
        model.train()
    if isinstance(clip, int | float):
        clip = partial(clip_grad_norm_, max_norm=clip)
    rng = np.random.default_rng() if rng is None else rng
    batches = minibatches(
        *data,
        batch_size=batch_size,
        drop_last=drop_last,
        epochs=epochs,
        rng=rng,
    )
    history, size = History(), len(np.asarray(data[-1]))
    size -= size % batch_size if drop_last else 0
    shown = sys.stderr.isatty() if progress is None else progress
    line = ProgressLine(epochs, size, sys.stderr, shown=shown)
    try:
        for epoch in range(1, epochs + 1):
            total, seen = 0.0, 0
            while seen < size:
                *inputs, target = next(batches)
                where = f"epoch {epoch}, step {seen // batch_size + 1}"
                model.zero_grad()
                optimizer.zero_grad()
                value = checked_loss(loss(model(*inputs), target), where)
                lr = move(optimizer, value, watch, clip)
                if per_batch and isinstance(scheduler, Schedule):
                    scheduler.step()
                total += len(target) * value.item()
                seen += len(target)
                line.batch(epoch, seen, total / seen)
            row = {"epoch": epoch, "loss": total / size, "lr": lr}
            if validation is not None:
                found = evaluate(
                    model,
                    loss,
                    validation,
                    batch_size=batch_size,
                    metrics=metrics,
                )
                row |= {f"val_{name}": x for name, x in found.items()}
            history.rows.append(row)
            line.epoch(row)
            if not per_batch:
                follow(scheduler, row)
            if told_to_stop(callbacks, row):
                break
    except KeyboardInterrupt:
        finish(callbacks)
        raise
    finally:
        line.close()
    finish(callbacks)
    return history


def finish(callbacks: Sequence[Callback]) -> None:
    """Call `finish()` of those that have it."""
    for callback in callbacks:
        getattr(callback, "finish", lambda: None)()


# Refuse what cannot train together
def check_together(
    model: Module,
    optimizer: Optimizer,
    scheduler: Schedule | ReduceLROnPlateau | None,
    per_batch: bool,
) -> None:
    """Complain unless the schedule sets the rate, and the rate the model."""
    mine = {id(parameter) for parameter in model.parameters()}
    if not any(id(parameter) in mine for parameter in optimizer.params):
        raise ValueError(
            "the optimizer moves no parameter of this model: make it from "
            "model.parameters(), after the model"
        )
    if scheduler is not None and scheduler.optimizer is not optimizer:
        raise ValueError("the scheduler sets the rate of another optimizer")
    if per_batch and isinstance(scheduler, ReduceLROnPlateau):
        raise ValueError("a plateau is a matter of epochs, not of batches")
    if per_batch and scheduler is None:
        raise ValueError("per_batch is about a scheduler, and there is none")


# Take one step
def checked_loss(value: Any, where: str) -> Tensor:
    """The loss, if it is one finite number that leads back to something."""
    mean = number("loss", value)
    if not math.isfinite(mean):
        raise AnomalyError(f"{where}: the loss is {mean}; {REMEDY}")
    if not isinstance(value, Tensor):
        raise NotDifferentiable(NO_TENSOR)
    return value


def move(
    optimizer: Optimizer,
    value: Tensor,
    watch: Callable[[], Any] | None,
    clip: Callable[[Sequence[Tensor]], Any] | None,
) -> float:
    """Go back, look at the gradients, clip them and step, at this rate."""
    value.backward()
    if watch is not None:
        watch()
    if clip is not None:
        clip(optimizer.params)
    lr = optimizer.lr
    optimizer.step()
    return lr


# Show the row to whoever asked for it
def follow(
    scheduler: Schedule | ReduceLROnPlateau | None, row: Mapping[str, float]
) -> None:
    """Move the rate on by one epoch; a plateau is given the loss."""
    if isinstance(scheduler, ReduceLROnPlateau):
        scheduler.step(row.get("val_loss", row["loss"]))
    elif scheduler is not None:
        scheduler.step()


def told_to_stop(
    callbacks: Sequence[Callback], row: Mapping[str, float]
) -> bool:
    """Show the row to all callbacks; whether one of them said True."""
    answers = [callback(row) for callback in callbacks]
    return any(isinstance(a, bool | np.bool_) and bool(a) for a in answers)
