"""Sphinx's mathematics, set by KaTeX."""

from __future__ import annotations

import html
from typing import Any
from weakref import WeakKeyDictionary

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from bookproof.weave.book import book_of
from bookproof.weave.katex import BadFormula, Katex

logger = logging.getLogger(__name__)

_ENGINES: WeakKeyDictionary[Builder, Katex] = WeakKeyDictionary()


def engine_of(builder: Builder) -> Katex:
    """The engine of this build, with the book's macros."""
    engine = _ENGINES.get(builder)
    if engine is None:
        macros = book_of(builder.env).project.macros
        engine = _ENGINES[builder] = Katex(macros)
    return engine


def set_formula(
    builder: Builder,
    tex: str,
    *,
    display: bool,
    where: Any,
) -> str:
    """HTML of a formula; a bad one is a warning, and shows as its source."""
    try:
        return engine_of(builder).html(tex.strip(), display=display)
    except BadFormula as error:
        logger.warning(
            "bad formula: %s", error, location=where, type="bookproof"
        )
        return f"<code>{html.escape(tex)}</code>"


def visit_inline(self: HTML5Translator, node: nodes.math) -> None:
    shown = set_formula(self.builder, node.astext(), display=False, where=node)
    start = self.starttag(node, "span", "", CLASS="math notranslate")
    self.body.append(f"{start}{shown}</span>")
    raise nodes.SkipNode


def visit_block(self: HTML5Translator, node: nodes.math_block) -> None:
    shown = set_formula(self.builder, node.astext(), display=True, where=node)
    self.body.append(self.starttag(node, "div", CLASS="math block notranslate"))
    self.body.append(f'<div class="formula">{shown}</div>')
    if node.get("number"):
        number = get_node_equation_number(self, node)
        self.body.append(f'<span class="eqno">({number})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _close(app: Sphinx, exception: Exception | None) -> None:
    engine = _ENGINES.pop(app.builder, None)
    if engine is not None:
        engine.close()


def _styles(app: Sphinx) -> None:
    app.add_css_file("katex/katex.min.css")


def setup(app: Sphinx) -> None:
    """Register the renderer as `katex`."""
    app.add_html_math_renderer(
        "katex", (visit_inline, None), (visit_block, None)
    )
    app.connect("builder-inited", _styles)
    app.connect("build-finished", _close, priority=900)
