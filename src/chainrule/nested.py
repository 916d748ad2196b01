# Edit the book, or edit here and stitch.
"""Arrays in nested dicts, lists and tuples, taken apart and put together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from chainrule.errors import ShapeError


# Take containers apart and put them together
def leaves(tree: Any) -> list[Any]:
    """The arrays of a nested container, from left to right."""
    if isinstance(tree, dict):
        return [leaf for branch in tree.values() for leaf in leaves(branch)]
    if isinstance(tree, list | tuple):
        return [leaf for branch in tree for leaf in leaves(branch)]
    return [] if tree is None else [tree]


def rebuilt(tree: Any, new: Iterator[Any]) -> Any:
    """A container like `tree` that holds the new leaves."""
    if isinstance(tree, dict):
        named = {key: rebuilt(branch, new) for key, branch in tree.items()}
        if isinstance(tree, defaultdict):
            return type(tree)(tree.default_factory, named)
        return type(tree)(named)
    if isinstance(tree, list | tuple):
        branches = [rebuilt(branch, new) for branch in tree]
        if hasattr(tree, "_fields"):
            return type(tree)(*branches)
        return type(tree)(branches)
    return None if tree is None else next(new)


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """The container with f applied to each array."""
    return rebuilt(tree, map(f, leaves(tree)))


# Find in one container what belongs to another
def matched(operation: str, tree: Any, other: Any) -> list[Any]:
    """The parts of `other` that belong to the arrays of `tree`, in order.

    Dicts are matched by key, lists and tuples by place. None stands for
    nothing, of an array or of a whole container. Raises ShapeError where the
    containers differ.
    """
    if other is None:
        return [None] * len(leaves(tree))
    if isinstance(tree, dict) and isinstance(other, dict):
        if tree.keys() == other.keys():
            pairs = [(tree[key], other[key]) for key in tree]
            return [x for pair in pairs for x in matched(operation, *pair)]
    elif isinstance(tree, list | tuple) and isinstance(other, list | tuple):
        if len(tree) == len(other):
            pairs = list(zip(tree, other, strict=True))
            return [x for pair in pairs for x in matched(operation, *pair)]
    elif tree is None:
        return []
    elif not any(isinstance(x, dict | list | tuple) for x in (tree, other)):
        return [other]
    raise ShapeError(
        operation,
        [(len(leaves(tree)),), (len(leaves(other)),)],
        "a gradient has the containers of its argument",
    )


# Say by which keys each array is reached
def paths(tree: Any, above: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The keys that lead to each leaf, in the order of `leaves`."""
    if isinstance(tree, dict):
        branches: Any = tree.items()
    elif isinstance(tree, list | tuple):
        branches = enumerate(tree)
    else:
        return [] if tree is None else [above]
    return [p for key, branch in branches for p in paths(branch, (*above, key))]
