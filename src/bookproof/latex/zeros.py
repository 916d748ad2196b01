"""Whether an equation is zero because all that stands in it is zero."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bookproof.latex import tree as t
from bookproof.latex.errors import (
    FormulaError,
    MissingName,
    NotAnalytic,
    Unplaced,
)
from bookproof.latex.evaluate import Evaluator
from bookproof.latex.functions import real
from bookproof.latex.values import Function, Thing, Value

_ZERO = t.Number("0")


def only_zeros(nodes: tuple[t.Node, t.Node], env: Evaluator) -> bool:
    """No part of either side, definitions included, is other than zero.

    A single symbol against a printed 0 is no such case: it says something.
    """
    for one, other in (nodes, nodes[::-1]):
        if one == _ZERO and isinstance(other, t.Symbol):
            return False
    return not any(
        _nonzero(part, env) for node in nodes for part in _parts(node, env, 0)
    )


def _nonzero(node: t.Node, env: Evaluator) -> bool:
    try:
        meaning = env.meaning(node)
    except (FormulaError, MissingName, NotAnalytic, Unplaced):
        return False
    if isinstance(meaning, Function | Thing):
        return False
    assert isinstance(meaning, Value)
    return bool(np.any(real(meaning.v) != 0))


def _parts(node: t.Node, env: Evaluator, depth: int) -> Iterator[t.Node]:
    """Proper parts, numbers and scripts left out, lets looked into."""
    if isinstance(node, t.Symbol):
        let = env.bindings.lets.get(node.base)
        if let is not None and not let.definition.params and depth < 5:
            yield let.definition.body
            yield from _parts(let.definition.body, env, depth + 1)
        return
    for child in t.children(node):
        if not isinstance(child, t.Number | t.Chain | t.Branch):
            yield child
        yield from _parts(child, env, depth)
