"""Anchors that other sentences can link to, with and without link text."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from bookproof.reading.elements import Marker


def marker_anchor(marker: Marker) -> str:
    """The id of a marker within its page; every marker has one."""
    return nodes.make_id(f"claim-{marker.label or marker.id}")


def name_anchor(
    env: BuildEnvironment,
    node: nodes.Element,
    anchor: str,
    label: str,
    title: str | None = None,
) -> None:
    """Let links to `label` lead to `node`, whose id becomes `anchor`.

    The id is not the label itself: a claim is often named like the section
    that it stands in, and ids of sections are made from their titles.
    """
    node["ids"].append(anchor)
    name = nodes.fully_normalize_name(label)
    std = env.domains.standard_domain
    std.labels[name] = env.docname, anchor, title or label.replace("-", " ")
    std.anonlabels[name] = env.docname, anchor


def table_anchor(table: str) -> str:
    """The id of a table of symbols within its page."""
    return f"table-of-{table}"


def _anchor_cells_and_tables(app: Sphinx, doctree: nodes.document) -> None:
    """Let the ledger link to cells and to tables of symbols."""
    tables = 0
    for box in doctree.findall(nodes.container):
        if "symbols" in box["classes"] and "notation" not in box["classes"]:
            tables += 1
            box["ids"].append(table_anchor(f"symbols-{tables}"))
        elif box.get("nb_element") == "cell_code" and box.get("exec_count"):
            box["ids"].append(f"cell-{box['exec_count']}")


def setup(app: Sphinx) -> None:
    """Set the anchors when a page has been read."""
    app.connect("doctree-read", _anchor_cells_and_tables)
