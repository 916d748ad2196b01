# Edit the book, or edit here and stitch.
"""Blocks that are run backwards instead of being remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from chainrule.custom import custom_vjp
from chainrule.engine import Array
from chainrule.transforms import vjp

Part = Callable[[Any, Array], Array]


# Run blocks forwards, and backwards with their gradients
def reversible(f: Part, g: Part) -> Any:
    """A chain of reversible blocks, which keeps its last state only.

    Returns `run(blocks, x1, x2)`; `blocks` holds a pair (p, q) of parameters
    for each block, and a block is y1 = x1 + f(p, x2), y2 = x2 + g(q, y1). The
    way back recomputes x2 = y2 - g(q, y1) and x1 = y1 - f(p, x2), exact up to
    rounding. f and g must be given all they read, return the shape of x1, and
    draw no random numbers. See "A block that runs backwards keeps nothing".
    """

    @custom_vjp
    def run(
        blocks: Sequence[tuple[Any, Any]], x1: Array, x2: Array
    ) -> tuple[Array, Array]:
        for p, q in blocks:
            x1 = x1 + f(p, x2)
            x2 = x2 + g(q, x1)
        return x1, x2

    def forward(blocks: Any, x1: Array, x2: Array) -> tuple[Any, Any]:
        ends = run.f(blocks, x1, x2)
        return ends, (blocks, *ends)

    # Take the blocks back, the last first
    def backward(kept: Any, gradients: Any) -> tuple[Any, Array, Array]:
        (blocks, x1, x2), (g1, g2) = kept, gradients
        found = []
        for p, q in reversed(blocks):
            added, pull = vjp(g, q, x1)
            of_q, share = pull(g2)
            x2, g1 = x2 - added, g1 + share
            added, pull = vjp(f, p, x2)
            of_p, share = pull(g1)
            x1, g2 = x1 - added, g2 + share
            found.append((of_p, of_q))
        return found[::-1], g1, g2

    run.defvjp(forward, backward)
    return run
