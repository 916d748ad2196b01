"""The directives of the markers: displayed formulas and statements."""

from __future__ import annotations

from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from bookproof.reading.elements import Marker
from bookproof.reading.table import MARKERS, TABLE
from bookproof.weave.anchors import marker_anchor, name_anchor
from bookproof.weave.book import Page
from bookproof.weave.meeting import next_marker
from bookproof.weave.nodes import apply, marked_block, settles, tick
from bookproof.weave.roles import (
    cited_key,
    citing,
    printed_formula,
    printed_words,
)
from bookproof.weave.verdicts import mark_of


class MarkerDirective(SphinxDirective):
    """A marker that stands on lines of its own."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True
    #: The press reads and judges the options; here they only have to pass.
    option_spec: ClassVar[dict[str, Any]] = {
        option: directives.unchanged
        for name in MARKERS
        for option in TABLE[name].options
    }

    def run(self) -> list[nodes.Node]:
        printed, content = self.body()
        block = marked_block("", content)
        self.set_source_info(block)
        self.set_source_info(content)
        met = next_marker(self.env, self.name, printed, block)
        if met is None:
            return [content]
        page, marker = met
        mark = mark_of(page, marker)
        apply(block, mark)
        label = marker.label or mark.id
        name_anchor(self.env, block, marker_anchor(marker), label)
        block += margin_of(page, marker)
        return [block]

    def body(self) -> tuple[str, nodes.Element]:
        """The text that is printed, and its node."""
        raise NotImplementedError


class FormulaDirective(MarkerDirective):
    """A displayed formula: `let` or `claim`."""

    def body(self) -> tuple[str, nodes.Element]:
        tex = printed_formula("\n".join(self.content))
        block = nodes.math_block(tex, tex, nowrap=False, number=None)
        return tex, block


class WordsDirective(MarkerDirective):
    """A statement in words: `fact`, `cited` or `unchecked`."""

    def body(self) -> tuple[str, nodes.Element]:
        text = "\n".join(self.content)
        words = printed_words(text)
        said = nodes.paragraph(words, words)
        key = cited_key(text) if self.name == "cited" else ""
        if citing(self.env, key, self.get_location()) is not None:
            more, _ = self.parse_inline(f"{{cite:p}}`{key}`")
            said += [nodes.Text(" "), *more]
        return words, said


def margin_of(page: Page, marker: Marker) -> nodes.Element:
    """What stands to the right of a block: its tick, its sources."""
    mark = mark_of(page, marker)
    margin = nodes.inline(classes=["block-marks"])
    if marker.kind != "let":
        sign = tick()
        sign["state"], sign["note"] = mark.state, mark.note
        sign["anchor"] = nodes.make_id(mark.id)
        margin += sign
    if marker.sources:
        source = settles()
        source["statements"] = list(marker.sources)
        margin += source
    return margin


def setup(app: Sphinx) -> None:
    """Register the directives."""
    for name in ("let", "claim"):
        app.add_directive(name, FormulaDirective)
    for name in ("fact", "cited", "unchecked"):
        app.add_directive(name, WordsDirective)
