# Edit the book, or edit here and stitch.
"""Dropout: a layer that draws."""

from __future__ import annotations

import numpy as np

from chainrule.engine import Array
from chainrule.nn import functional
from chainrule.nn.module import Module
from chainrule.settings import share


# Own the generator of the masks
class Dropout(Module):
    """`functional.dropout` in training, nothing in use.

    p: the chance of an entry to be dropped. `rng` draws the masks, one in
    each call; a generator that is shared with others is drawn from in turn.
    Its state belongs to a run like the parameters: `chainrule.train.save`
    keeps it. x of any shape gives a result of the same. Raises ValueError
    unless 0 <= p <= 1. See "What is dropped is made up for by what stays".
    """

    def __init__(
        self, p: float = 0.5, *, rng: np.random.Generator | None = None
    ) -> None:
        self.p = share("p", p)
        self.rng = np.random.default_rng() if rng is None else rng

    def forward(self, x: Array) -> Array:
        """x * r / (1 - p) in training, x in use."""
        return functional.dropout(x, self.p, self.training, rng=self.rng)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.p})"
