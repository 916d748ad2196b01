"""The roles: `let`, `claim`, `fact`, `cited`, `unchecked`, and companions."""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.docutils import SphinxRole
from sphinx.util.typing import RoleFunction

from bookproof.weave.anchors import marker_anchor, name_anchor
from bookproof.weave.meeting import next_marker
from bookproof.weave.nodes import apply, marked, settles
from bookproof.weave.verdicts import mark_of

logger = logging.getLogger(__name__)

_LABEL = re.compile(r"\A\s*[a-z][a-z0-9-]+: ")

Result = tuple[list[nodes.Node], list[nodes.system_message]]


class FormulaRole(SphinxRole):
    """A formula in a sentence: `let`, `redefine` or `claim`."""

    def run(self) -> Result:
        tex = printed_formula(_LABEL.sub("", self.text, count=1))
        return _marked(self, tex, nodes.math(tex, tex))


class WordsRole(SphinxRole):
    """Words in a sentence: `fact`, `unchecked` or `cited`."""

    def run(self) -> Result:
        words = printed_words(_LABEL.sub("", self.text, count=1))
        result, messages = _marked(self, words, nodes.Text(words))
        key = cited_key(self.text) if self.name == "cited" else ""
        cite = citing(self.env, key, self.get_location())
        if cite is not None:
            raw = f":cite:p:`{key}`"
            more, also = cite("cite:p", raw, key, self.lineno, self.inliner)
            result += [nodes.Text(" "), *more]
            messages += also
        return result, messages


class ConditionRole(SphinxRole):
    """`when` and `range`: printed as mathematics, checked with a claim."""

    def run(self) -> Result:
        return [nodes.math(self.text, self.text)], []


class SourceRole(SphinxRole):
    """`source`: which statements the marker before it settles."""

    def run(self) -> Result:
        node = settles()
        node["statements"] = statement_ids(self.text)
        return [node], []


def cited_key(text: str) -> str:
    """The key of `words <key>`."""
    return text.rpartition("<")[2].rpartition(">")[0].strip()


def citing(env: BuildEnvironment, key: str, where: str) -> RoleFunction | None:
    """The role that prints a citation; None if there is none to print."""
    if not key:
        return None
    if "cite" not in env.domains:
        logger.warning(
            "no bibliography to cite %s from: add sphinxcontrib.bibtex to the "
            "extensions of conf.py, and name its bibtex_bibfiles",
            key,
            location=where,
            type="bookproof",
        )
        return None
    return env.domains["cite"].role("p")


def printed_words(text: str) -> str:
    """What is printed of `words <expression>`."""
    return text.partition("<")[0].strip()


def printed_formula(text: str) -> str:
    """What is printed of a formula: a term may be bound `<to Python>`."""
    return printed_words(text) if text.rstrip().endswith(">") else text


def statement_ids(text: str) -> list[str]:
    """The ids of a `source`, in order."""
    return [part.strip() for part in text.split(",") if part.strip()]


def _marked(role: SphinxRole, printed: str, content: nodes.Node) -> Result:
    node = marked("", "", content)
    role.set_source_info(node)
    met = next_marker(role.env, role.name, printed, node)
    if met is None:
        return [content], []
    page, marker = met
    mark = mark_of(page, marker)
    apply(node, mark)
    name_anchor(role.env, node, marker_anchor(marker), marker.label or mark.id)
    return [node], []


def setup(app: Sphinx) -> None:
    """Register the roles."""
    for name in ("let", "redefine", "claim"):
        app.add_role(name, FormulaRole())
    for name in ("fact", "cited", "unchecked"):
        app.add_role(name, WordsRole())
    for name in ("when", "range"):
        app.add_role(name, ConditionRole())
    app.add_role("source", SourceRole())
