"""Side notes: in the margin where there is one, else between paragraphs."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.registry import add_node


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


def setup(app: Sphinx) -> None:
    """Register the directive and its node."""
    app.add_directive("margin", MarginDirective)
    add_node(app, aside_node, visit_aside, depart_aside)
