# Edit the book, or edit here and stitch.
"""The backward pass: from the latest node to the leaves."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from heapq import heappop, heappush

import numpy as np

from chainrule.changes import changed
from chainrule.engine import (
    USUAL,
    Array,
    Leaf,
    Node,
    Traced,
    fitted,
    mode,
)
from chainrule.errors import FreedGraphError, NotDifferentiable


# Carry gradients from the seeds to the leaves
def sweep(
    seeds: Mapping[Node, Array],
    *,
    retain: bool,
    visit: Callable[[Node, Array], None] | None = None,
    stop: Container[Node] = (),
) -> dict[Node, Array]:
    """Carry gradients from the seeds to the leaves, latest node first.

    Each node is met once, after all its consumers, because every result is
    born after its arguments. Returns the gradient of every leaf reached, and
    of every node in `stop`, beyond which the sweep does not go.
    """
    leaves: dict[Node, Array] = {}
    grads: dict[Node, Array] = {}
    queue: list[tuple[int, Node]] = []
    arriving: Iterable[tuple[Node, Array]] = seeds.items()
    while True:
        node, g = None, None  # what waits, as long as it is just one
        for parent, share in arriving:
            if parent.__class__ is Leaf or parent in stop:
                found = leaves.get(parent)
                leaves[parent] = share if found is None else found + share
            elif node is None and not queue:
                node, g = parent, share
            elif parent is node:
                g = g + share
            elif parent in grads:
                grads[parent] = grads[parent] + share
            else:
                grads[parent] = share
                heappush(queue, (-parent.birth, parent))
        if queue:
            if node is not None:
                grads[node] = g
                heappush(queue, (-node.birth, node))
            node = heappop(queue)[1]
            g = grads.pop(node)
        elif node is None:
            break
        if visit is not None:
            visit(node, g)
        arriving = pull(node, g)
        if not retain:
            node.free()
    if visit is not None:
        for leaf, g in leaves.items():
            visit(leaf, g)
    return leaves


# Send each parent its share
def pull(node: Node, g: Array) -> list[tuple[Node, Array]]:
    """What a node with gradient g sends to each of its parents."""
    primitive, rare = node.primitive, node.rare
    if primitive is None:
        raise FreedGraphError(
            "this graph was freed by an earlier backward(); pass "
            "retain_graph=True to the first one to sweep it twice"
        )
    if changed.latest > node.birth or changed.results:
        changed.check(node)
    watch = mode.watch
    if watch is not None:
        watch.before(node)
    if rare[1] is not None and not isinstance(g, Traced):
        pairs = tuned_shares(node, g)
    else:
        first, second = node.first, node.second
        pairs = [] if first is None else [(first, share_of(node, 0, g))]
        if second is not None:
            pairs.append((second, share_of(node, 1, g)))
        if rare is not USUAL:
            pairs += [
                (parent, share_of(node, i, g))
                for i, parent in enumerate(rare[2], 2)
                if parent is not None
            ]
    if watch is not None:
        asked = [i for i, parent in enumerate(node.parents) if parent]
        for i, (_, share) in zip(asked, pairs, strict=True):
            watch.backward(node, i, g, share)
    return pairs


# Apply one rule, or all at once
def share_of(node: Node, i: int, g: Array) -> Array:
    """What a node with gradient g sends to its argument i."""
    primitive, kept, kwargs = node.primitive, node.kept, node.rare[0]
    assert primitive is not None
    rule = primitive.vjps[i]
    if rule is None:
        raise NotDifferentiable(
            f"{node.name} has no derivative with respect to its argument {i}"
        )
    share = rule(g, *kept, **kwargs) if kwargs else rule(g, *kept)
    x = kept[i + 1]
    if (
        share.__class__ is np.ndarray
        and share.shape == x.shape
        and share.dtype is x.dtype
    ):
        return share
    return fitted(share, x, primitive)


def tuned_shares(node: Node, g: Array) -> list[tuple[Node, Array]]:
    """What a node sends to its parents, by its tuned rule."""
    primitive, (_, *args) = node.primitive, node.kept
    assert primitive is not None
    assert primitive.tuned is not None
    kwargs, residual, others = node.rare
    parents = node.first, node.second, *others
    shares = primitive.tuned.backward(g, residual, parents, *args, **kwargs)
    return [
        (parent, share)
        if share.__class__ is np.ndarray
        and share.shape == x.shape
        and share.dtype is x.dtype
        else (parent, fitted(share, x, primitive))
        for parent, share, x in zip(parents, shares, args, strict=False)
        if parent is not None
    ]


# Let no two gradients share their memory
def owned(gradients: Iterable[Array], *others: Array) -> list[Array]:
    """The gradients, copied where they share memory with anything else.

    Rules may hand on the very array they were given, or a view of it; a
    caller who scales one gradient in place must not scale another.
    """
    taken, mine = {id(x) for x in others}, []
    for g in gradients:
        if g.__class__ is np.ndarray or not isinstance(g, Traced):
            if g.__class__ is not np.ndarray:
                g = np.asarray(g)  # the sum of two 0-d arrays is none
            if g.base is not None or id(g) in taken:
                g = g.copy()
            taken.add(id(g))
        mine.append(g)
    return mine
