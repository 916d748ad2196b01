"""Formulas in lists and tooltips: light, and never an error."""

from __future__ import annotations

import html
import re

from sphinx.builders import Builder

from bookproof.weave.katex import BadFormula
from bookproof.weave.mathematics import engine_of

_VARIANT = re.compile(r'<mi mathvariant="(script|double-struck)">([A-Z])</mi>')
_SCRIPT = dict(zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True))
_DOUBLE = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))


def quiet_formula(builder: Builder, tex: str) -> str:
    """A formula as MathML alone; its source where KaTeX cannot read it."""
    try:
        mathml = engine_of(builder).html(
            tex.strip(), display=False, output="mathml"
        )
    except BadFormula:
        return f"<code>{html.escape(tex)}</code>"
    return _VARIANT.sub(_letter, mathml)


def _letter(match: re.Match[str]) -> str:
    """Browsers ignore the script and double-struck variants of MathML, but
    not the letters that Unicode has for them."""
    letters = _SCRIPT if match[1] == "script" else _DOUBLE
    return f"<mi>{letters.get(match[2], match[2])}</mi>"


def words_with_formulas(builder: Builder, text: str) -> str:
    """Words in which formulas stand between dollars."""
    out = []
    for number, part in enumerate(text.split("$")):
        inside = number % 2 == 1
        out.append(
            quiet_formula(builder, part) if inside else html.escape(part)
        )
    return "".join(out)
