# Edit the book, or edit here and stitch.
"""Arrays in nested dicts, lists and tuples, taken apart and put together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


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
        return {key: rebuilt(branch, new) for key, branch in tree.items()}
    if isinstance(tree, list | tuple):
        branches = [rebuilt(branch, new) for branch in tree]
        if hasattr(tree, "_fields"):
            return type(tree)(*branches)
        return type(tree)(branches)
    return None if tree is None else next(new)


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """The container with f applied to each array."""
    return rebuilt(tree, map(f, leaves(tree)))


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
