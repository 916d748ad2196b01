"""Side notes: in the margin where there is one, else between paragraphs."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator


class aside_node(nodes.General, nodes.Element):
    """A side note."""


class MarginDirective(SphinxDirective):
    """A remark that the text does not need."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        node = aside_node()
        self.set_source_info(node)
        self.state.nested_parse(self.content, self.content_offset, node)
        return [node]


def visit_aside(self: HTML5Translator, node: aside_node) -> None:
    self.body.append(self.starttag(node, "aside", CLASS="margin-note"))


def depart_aside(self: HTML5Translator, node: aside_node) -> None:
    self.body.append("</aside>\n")


def _pass(self: Any, node: nodes.Element) -> None:
    """Other formats print the note where it stands."""


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("margin", MarginDirective)
    plain = dict.fromkeys(("latex", "text", "man", "texinfo"), (_pass, _pass))
    app.add_node(aside_node, html=(visit_aside, depart_aside), **plain)
