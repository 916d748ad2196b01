"""The nodes of marked sentences and formulas, and how they become HTML."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.book import ledger_page
from bookproof.weave.registry import add_node
from bookproof.weave.verdicts import Mark


class marked(nodes.inline):
    """Words or a formula in a sentence, with a mark."""


class marked_block(nodes.General, nodes.Element):
    """A displayed formula or statement, with a mark."""


class tick(nodes.General, nodes.Inline, nodes.Element):
    """The sign beside a displayed claim; leads to the ledger."""


class settles(nodes.General, nodes.Inline, nodes.Element):
    """A superscript that leads to the statements a claim settles."""


def apply(node: nodes.Element, mark: Mark) -> None:
    """Hang a mark on its node."""
    node["claim"] = mark.id
    node["kind"] = mark.kind
    node["state"] = mark.state
    node["note"] = mark.note


SHORT = 16
"""Words up to this length stay on one line: `1.02 × 10¹²`, `3 µs`."""


def _attributes(node: nodes.Element) -> dict[str, Any]:
    short = node["kind"] == "fact" and len(node.astext()) <= SHORT
    return {
        "CLASS": f"mark mark-{node['kind']} {node['state']}" + " short" * short,
        "data-claim": node["claim"],
        "title": node["note"],
    }


def _ledger_link(
    self: HTML5Translator, anchor: str, *, rows: bool
) -> str | None:
    """The address of a row of the ledger, if the book has one: of the rows of
    this chapter, or of the statements of the whole book."""
    env = self.builder.env
    page = env.config.bookproof_ledger_page
    if page not in env.found_docs:
        return None
    here = self.builder.current_docname
    to = ledger_page(here) if rows else page
    return f"{self.builder.get_relative_uri(here, to)}#{anchor}"


def visit_marked(self: HTML5Translator, node: marked) -> None:
    self.body.append(self.starttag(node, "span", "", **_attributes(node)))


def depart_marked(self: HTML5Translator, node: marked) -> None:
    self.body.append("</span>")


def visit_marked_block(self: HTML5Translator, node: marked_block) -> None:
    attributes = _attributes(node)
    del attributes["title"]  # the tick carries it
    attributes["CLASS"] += " claim-block"
    self.body.append(self.starttag(node, "div", **attributes))


def depart_marked_block(self: HTML5Translator, node: marked_block) -> None:
    self.body.append("</div>\n")


def visit_tick(self: HTML5Translator, node: tick) -> None:
    note = node["note"]
    target = _ledger_link(self, node["anchor"], rows=True)
    sign = "✓" if node["state"] == "holds" else "·"
    common: dict[str, Any] = {
        "CLASS": "tick",
        "title": note,
        "aria-label": note,
    }
    if target is None:
        self.body.append(self.starttag(node, "span", "", **common))
        self.body.append(f"{sign}</span>")
    else:
        self.body.append(self.starttag(node, "a", "", href=target, **common))
        self.body.append(f"{sign}</a>")
    raise nodes.SkipNode


def visit_settles(self: HTML5Translator, node: settles) -> None:
    ids: list[str] = node["statements"]
    target = _ledger_link(self, f"statement-{ids[0]}", rows=False)
    note = "settles " + ", ".join(ids)
    common: dict[str, Any] = {
        "CLASS": "settles",
        "title": note,
        "aria-label": note,
    }
    self.body.append("<sup>")
    if target is None:
        self.body.append(self.starttag(node, "span", "", **common))
        self.body.append("§</span>")
    else:
        self.body.append(self.starttag(node, "a", "", href=target, **common))
        self.body.append("§</a>")
    self.body.append("</sup>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> None:
    """Register the nodes."""
    add_node(app, marked, visit_marked, depart_marked)
    add_node(app, marked_block, visit_marked_block, depart_marked_block)
    add_node(app, tick, visit_tick, elsewhere="nothing")
    add_node(app, settles, visit_settles, elsewhere="nothing")
