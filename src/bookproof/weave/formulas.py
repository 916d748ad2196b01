"""Formulas in lists and tooltips: light, and never an error."""

from __future__ import annotations

import html

from sphinx.builders import Builder

from bookproof.weave.katex import BadFormula
from bookproof.weave.mathematics import engine_of


def quiet_formula(builder: Builder, tex: str) -> str:
    """A formula as MathML alone; its source where KaTeX cannot read it."""
    try:
        return engine_of(builder).html(
            tex.strip(), display=False, output="mathml"
        )
    except BadFormula:
        return f"<code>{html.escape(tex)}</code>"


def words_with_formulas(builder: Builder, text: str) -> str:
    """Words in which formulas stand between dollars."""
    out = []
    for number, part in enumerate(text.split("$")):
        inside = number % 2 == 1
        out.append(
            quiet_formula(builder, part) if inside else html.escape(part)
        )
    return "".join(out)
