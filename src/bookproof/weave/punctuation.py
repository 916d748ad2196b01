"""A comma after a formula stays on the formula's line.

Browsers may break a line before and after each part of a formula, and so
between a formula and the punctuation that belongs to it. A short formula and
its punctuation are therefore wrapped into one unbreakable piece.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from bookproof.weave.nodes import marked, settles

_AFTER = re.compile(r"[,.;:!?)\]’”'\"]+|[-‐–][\w]+")
_BEFORE = re.compile(r"[(\[“‘]+$")
_LONGEST = 26  # signs of a formula that may be kept with its punctuation
_SHORT = 14  # signs of a formula that is kept on one line in any case
_NAME = re.compile(r"\\[A-Za-z]+|\\.")
_SILENT = re.compile(r"[{}^_\s]")


class KeepPunctuation(SphinxPostTransform):
    """Wrap formulas together with the punctuation around them."""

    default_priority = 900
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        for sign in list(self.document.findall(settles)):
            _pull(sign)
        for formula in list(self.document.findall(nodes.math)):
            whole: nodes.Element = formula
            if isinstance(formula.parent, marked):
                whole = formula.parent
            signs = length(formula.astext())
            if signs <= _LONGEST:
                _wrap(whole, alone=signs <= _SHORT)


def _pull(sign: nodes.Element) -> None:
    """A superscript follows its words without a space."""
    at = sign.parent.index(sign)
    before = sign.parent[at - 1] if at else None
    if isinstance(before, nodes.Text) and not before.astext().strip():
        sign.parent.remove(before)


def length(tex: str) -> int:
    """About how many signs a formula prints on a line."""
    return len(_SILENT.sub("", _NAME.sub("x", tex)))


def _wrap(whole: nodes.Element, *, alone: bool) -> None:
    parent = whole.parent
    at = parent.index(whole)
    box = nodes.inline(classes=["together"])
    before = parent[at - 1] if at else None
    after = parent[at + 1] if at + 1 < len(parent) else None
    opening = _cut(before, _BEFORE.search)
    closing = _cut(after, _AFTER.match)
    if not (opening or closing or alone):
        return
    # By place, not by `replace`: texts that read alike are equal to docutils.
    parent[at] = box
    if opening:
        assert isinstance(before, nodes.Text)
        parent[at - 1] = nodes.Text(before.astext()[: -len(opening)])
        box += nodes.Text(opening)
    box += whole
    if closing:
        assert isinstance(after, nodes.Text)
        parent[at + 1] = nodes.Text(after.astext()[len(closing) :])
        box += nodes.Text(closing)


def _cut(
    text: nodes.Node | None, find: Callable[[str], re.Match[str] | None]
) -> str:
    if not isinstance(text, nodes.Text):
        return ""
    match = find(text.astext())
    return match[0] if match else ""


def setup(app: Sphinx) -> None:
    """Register the transform."""
    app.add_post_transform(KeepPunctuation)
