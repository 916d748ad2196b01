"""Where Sphinx's HTML is not quite what a reader needs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode  # type: ignore[import-untyped]
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

_LENGTH = re.compile(r"([\d.]+)(px|pt|in)?")
_PIXELS = {"px": 1.0, "pt": 96 / 72, "in": 96.0, None: 1.0}


class BookTranslator(HTML5Translator):
    """Images announce their size, so that the page does not jump."""

    def visit_image(self, node: nodes.image) -> None:
        size = svg_size(Path(self.builder.srcdir) / node["uri"])
        super().visit_image(node)
        tag = self.body[-1]
        if size and " width=" not in tag and " height=" not in tag:
            width, height = size
            sized = f'<img width="{width}" height="{height}"'
            self.body[-1] = tag.replace("<img", sized, 1)


def svg_size(path: Path) -> tuple[int, int] | None:
    """Width and height of an SVG drawing in pixels; None if unknown."""
    if path.suffix != ".svg" or not path.is_file():
        return None
    root = ElementTree.parse(path).getroot()
    sides = [_pixels(root.get(side, "")) for side in ("width", "height")]
    width, height = sides
    return None if width is None or height is None else (width, height)


def _pixels(length: str) -> int | None:
    match = _LENGTH.fullmatch(length.strip())
    return round(float(match[1]) * _PIXELS[match[2]]) if match else None


def visit_hidden(self: Any, node: HideCodeCellNode) -> None:
    """MyST-NB's folded cell, as valid HTML (no paragraph in a summary)."""
    classes = " ".join(node["classes"])
    show = self.encode(node["prompt_show"])
    self.body.append(f'<details class="hide {classes}">\n')
    self.body.append(f"<summary><span>{show}</span></summary>\n")


def depart_hidden(self: Any, node: HideCodeCellNode) -> None:
    self.body.append("</details>\n")


def setup(app: Sphinx) -> None:
    """Replace the translator, and the way a hidden cell is written."""
    app.set_translator("html", BookTranslator)
    app.set_translator("dirhtml", BookTranslator)
    html = (visit_hidden, depart_hidden)
    app.add_node(HideCodeCellNode, override=True, html=html)
