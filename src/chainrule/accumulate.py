# Edit the book, or edit here and stitch.
"""The gradient of a large batch from small ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from chainrule.engine import Array
from chainrule.nested import leaves, rebuilt
from chainrule.transforms import value_and_grad


# Add gradients in proportion to the examples
def accumulate_gradients(
    loss: Callable[..., Array],
    params: Any,
    micro_batches: Iterable[Sequence[Array]],
) -> tuple[float, Any]:
    """The mean loss of all examples and its gradient, part by part.

    `loss(params, *arrays)` is the mean over the examples, the rows of the
    arrays of one micro-batch; params and gradient are containers of arrays.
    Formula: sum over parts of (b_i / B) times the part's gradient. Equal to
    the large batch if the loss of an example does not depend on the others
    (batch normalisation does). Raises ValueError if there is no example. See
    "Small batches add up, if each is weighted by its size".
    """
    value, examples, total = 0.0, 0, list[Array]()
    for arrays in micro_batches:
        size = len(arrays[0])
        part, gradient = value_and_grad(loss)(params, *arrays)
        shares = [size * g for g in leaves(gradient)]
        pairs = zip(total, shares, strict=True)
        total = [a + b for a, b in pairs] if examples else shares
        value, examples = value + size * float(part), examples + size
    if not examples:
        raise ValueError("there is no example to take a gradient of")
    mean = rebuilt(params, (g / examples for g in total))
    return value / examples, mean
