"""Anchors that other sentences can link to, with and without link text."""

from __future__ import annotations

from docutils import nodes
from sphinx.environment import BuildEnvironment

from bookproof.elements import Marker


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
