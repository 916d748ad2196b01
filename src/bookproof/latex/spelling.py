r"""One spelling for what is written in several: `\cdot`, `\times`, nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bookproof.latex import tree as t

_SAME = {"": r"\cdot", r"\times": r"\cdot", "*": r"\cdot"}


def plainly(node: t.Node) -> t.Node:
    """The node with one sign for products and one for quotients."""
    changed = {
        name: _plain(getattr(node, name)) for name in t.inside(type(node))
    }
    node = replace(node, **changed)
    if isinstance(node, t.Product):
        ops = tuple(_SAME.get(op, op) for op in node.ops)
        if ops == ("/",):
            return t.Ratio(*node.factors)
        return replace(node, ops=ops)
    return node


def _plain(value: Any) -> Any:
    if isinstance(value, t.Node):
        return plainly(value)
    if isinstance(value, tuple):
        return tuple(_plain(item) for item in value)
    return value
