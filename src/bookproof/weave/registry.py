"""Registering a node with Sphinx for HTML and for all other formats."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from docutils import nodes
from sphinx.application import Sphinx

Visit = Callable[[Any, Any], None]

_OTHER_FORMATS = ("latex", "text", "man", "texinfo")


def add_node(
    app: Sphinx,
    node: type[nodes.Element],
    visit: Visit,
    depart: Visit | None = None,
    *,
    elsewhere: Literal["contents", "nothing"] = "contents",
) -> None:
    """Register `node`; formats other than HTML print its contents, or
    nothing of it."""
    plain: dict[str, Any] = dict.fromkeys(
        _OTHER_FORMATS,
        (_pass, _pass) if elsewhere == "contents" else (_skip, None),
    )
    app.add_node(node, html=(visit, depart), **plain)


def _pass(self: Any, node: nodes.Element) -> None:
    """Print the contents, one after another."""


def _skip(self: Any, node: nodes.Element) -> None:
    raise nodes.SkipNode
