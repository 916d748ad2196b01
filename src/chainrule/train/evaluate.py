# Edit the book, or edit here and stitch.
"""Looking at a model from outside: means over examples, nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from chainrule.engine import Array, no_grad, plain
from chainrule.errors import ShapeError
from chainrule.nn.module import Module
from chainrule.train.batches import minibatches

Loss: TypeAlias = Callable[[Array, np.ndarray], Array]
Metrics: TypeAlias = Mapping[str, Callable[[np.ndarray, np.ndarray], float]]


# Put a model into use for a while
@contextmanager
def in_use(model: Module) -> Iterator[None]:
    """No graph, and `training` off; afterwards each module has its mode back.

    with in_use(model): the answers are those that the model gives in use.
    """
    modes = [(module, module.training) for module in everything(model)]
    model.eval()
    try:
        with no_grad():
            yield
    finally:
        for module, training in modes:
            module.training = training


def everything(model: Module) -> Iterator[Module]:
    """The module, and all that are inside."""
    yield model
    for module in model.modules():
        yield from everything(module)


# Average over the examples, not over the batches
def evaluate(
    model: Module,
    loss: Loss,
    data: Sequence[ArrayLike],
    *,
    batch_size: int | None = None,
    metrics: Metrics | None = None,
) -> dict[str, float]:
    """The mean loss over all examples, and the mean of each metric.

    data: the arguments of the model and, last, the targets, each (N, ...).
    loss(output, target) and every metric are means over a batch; the whole is
    weighted by the sizes of the batches, N at once by default. The model is
    in use meanwhile, and nothing of it changes. Returns {"loss": …} and the
    metrics by their names. Raises ShapeError for a loss that is not one
    number, or data whose first axes differ. See "Around the step stands
    bookkeeping".
    """
    functions: dict[str, Callable[[Any, np.ndarray], Any]] = {"loss": loss}
    functions.update(metrics or {})
    totals = dict.fromkeys(functions, 0.0)
    size = len(np.asarray(data[-1]))
    whole = size if batch_size is None else batch_size
    batches = minibatches(*data, batch_size=whole, shuffle=False)
    with in_use(model):
        for *inputs, target in batches:
            output = model(*inputs)
            for name, function in functions.items():
                value = number(name, function(plain(output), target))
                totals[name] += len(target) * value
    return {name: total / size for name, total in totals.items()}


def number(name: str, value: Any) -> float:
    """The one number of an array, or what to do about the others."""
    value = np.asarray(plain(value))
    if value.size != 1:
        reason = "one number is needed: take the mean over the batch"
        raise ShapeError(name, [value.shape], reason)
    return float(value.item())
