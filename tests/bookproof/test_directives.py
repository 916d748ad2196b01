"""The closed table agrees with the directives that Sphinx runs."""

from __future__ import annotations

from typing import Any

import pytest
from docutils.parsers.rst import Directive
from docutils.parsers.rst.directives import admonitions, body, images, tables
from sphinx.directives.other import TocTree
from sphinx.directives.patches import Figure, MathDirective
from sphinxcontrib.bibtex.directives import BibliographyDirective

from bookproof.reading.table import MARKERS, TABLE
from bookproof.weave import (
    asides,
    chunk_index,
    chunks,
    exercises,
    identifiers,
    ledger_page,
    notation,
)
from bookproof.weave import directives as woven

BOXES = ("note", "tip", "hint", "warning", "important")

CLASSES: dict[str, Any] = {
    "let": woven.FormulaDirective,
    "claim": woven.FormulaDirective,
    "fact": woven.WordsDirective,
    "cited": woven.WordsDirective,
    "unchecked": woven.WordsDirective,
    "symbols": notation.SymbolsDirective,
    "notation": notation.NotationDirective,
    "ledger": ledger_page.LedgerDirective,
    "chunk-index": chunk_index.IndexDirective,
    "identifier-index": identifiers.IdentifiersDirective,
    "chunk": chunks.ChunkDirective,
    "exercise": exercises.ExerciseDirective,
    "solution": exercises.SolutionDirective,
    "starter": exercises.CodeDirective,
    "check": exercises.CodeDirective,
    "code": exercises.CodeDirective,
    "margin": asides.MarginDirective,
    "admonition": admonitions.Admonition,
    **{name: getattr(admonitions, name.title()) for name in BOXES},
    "seealso": admonitions.Note,  # Sphinx derives it from the same base
    "epigraph": body.Epigraph,
    "rubric": body.Rubric,
    "figure": Figure,
    "image": images.Image,
    "math": MathDirective,
    "table": tables.RSTTable,
    "toctree": TocTree,
    "bibliography": BibliographyDirective,
}


def test_every_directive_of_the_table_is_compared():
    assert set(CLASSES) == set(TABLE) - {"code-cell"}


@pytest.mark.parametrize("name", CLASSES)
def test_the_page_takes_what_the_press_takes(name):
    row, known = TABLE[name], CLASSES[name]
    assert issubclass(known, Directive)
    theirs = set(known.option_spec or {})
    assert set(row.options) <= theirs
    # Without any option MyST looks for none, and prints what looks like one.
    assert bool(row.options) == bool(theirs) or name in ("epigraph",)
    assert bool(known.required_arguments) == row.required
    takes = known.required_arguments + known.optional_arguments
    # {math} on one line is read as its body, which comes to the same.
    assert bool(takes) == (row.argument != "none") or name == "math"


def test_options_of_our_own_directives_are_all_known():
    for name in CLASSES:
        ours = CLASSES[name].__module__.startswith("bookproof")
        if ours and name not in MARKERS:
            assert set(CLASSES[name].option_spec or {}) == set(
                TABLE[name].options
            )
