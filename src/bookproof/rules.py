"""The closed table of rules: every name that a finding may bear.

`Finding.rule` has the type `Rule`, so that a name missing here is a type
error; `RULES` says what each one means, and the user's guide prints it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Rule = Literal[
    # What the text says
    "claim",
    "fact",
    "let",
    "cited",
    "unchecked",
    "vacuous",
    "loose",
    "loose-bound",
    "counter",
    "when",
    "witness",
    "approx",
    # Formulas
    "latex",
    "unbound",
    "undefined",
    "shape",
    "python",
    "oracle",
    "oracle-large",
    "independent",
    "cycle",
    "redefined",
    "symbols",
    "option",
    "refused",
    "limit",
    # What escapes the checks
    "number-in-prose",
    "count-in-prose",
    "relation-in-prose",
    "relation-outside-marker",
    "number-in-mathematics",
    "unbound-mathematics",
    "figure-alt",
    "chunk-without-prose",
    "source",
    # Markup
    "broken-markup",
    "broken-fence",
    "refused-markup",
    "directive",
    "directive-option",
    "label",
    "duplicate-label",
    "heading",
    "unattached",
    "front-matter",
    "character",
    "encoding",
    "unreadable",
    "toctree",
    "new-chapter",
    "config",
    # Running
    "cell",
    "stderr",
    "magic",
    "unstable-output",
    "output-kind",
    "figure-outputs",
    "exercise",
    "impure",
    "patched",
    "ref",
    "time-limit",
    "died",
    "no-verdict",
    "internal",
    # Code
    "chunk",
    "chunk-name",
    "chunk-target",
    "chunk-reference",
    "chunk-unused",
    "chunk-cycle",
    "chunk-python",
    "chunk-head",
    "chunk-import",
    "tangled",
    "hand-edited",
    "orphan",
    "stray",
    "stitch",
    # Mutants
    "mutants",
]

RULES: Mapping[str, Mapping[Rule, str]] = {
    "What the text says": {
        "claim": "a relation of a claim does not hold",
        "fact": "the words of a fact and the value of its expression differ",
        "let": "a definition cannot be read, or its expression is no Python",
        "cited": "a citation without a key, or with one that is not in the "
        "bibliography",
        "unchecked": "an {unchecked} without its reason",
        "vacuous": "a check that could not fail: equal sides, no case, equal "
        "draws, draws or letters that are not used, terms that cancel",
        "loose": "the number of a fact is not the best bound at its digits",
        "loose-bound": "the bound of a claim is not the best one at its digits",
        "counter": "the counter-example of a fact holds too",
        "when": "a printed condition is not met, or no rejected draw breaks it",
        "witness": "the printed definition and the Python value differ",
        "approx": "`\\approx` without a printed number, or a limit not reached",
    },
    "Formulas": {
        "latex": "the formula cannot be read; a caret shows where",
        "unbound": "a symbol that nothing defines",
        "undefined": "the formula has no value here: a division by zero, a "
        "sum of nothing",
        "shape": "shapes that do not go together",
        "python": "a function of Python fails when a formula calls it",
        "oracle": "a derivative cannot be computed, or not accurately enough",
        "oracle-large": "a derivative by too many entries to be taken one by "
        "one",
        "independent": "a derivative by a symbol on which nothing depends",
        "cycle": "a definition that needs itself",
        "redefined": "a symbol is defined again without {redefine}, or used "
        "after",
        "symbols": "a table of symbols that cannot be read, or holds a wrong "
        "shape",
        "option": "an option of a claim cannot be read",
        "refused": "a command or character that page and check would read "
        "differently",
        "limit": "too long, too deep, too large or too slow a formula",
    },
    "What escapes the checks": {
        "number-in-prose": "a number in running text that nothing checks",
        "count-in-prose": "a count in words, above twelve, that is no number "
        "of the page",
        "relation-in-prose": "a relation sign in running text that nothing "
        "checks",
        "relation-outside-marker": "a formula with a relation that is no "
        "marker",
        "number-in-mathematics": "a formula with a number that is no marker",
        "unbound-mathematics": "a formula whose parts could change unnoticed "
        '(with `unbound_mathematics = "refuse"`)',
        "figure-alt": "a figure without words for those who do not see it",
        "chunk-without-prose": "code that no words lead up to",
        "source": "a statement that does not exist, is settled twice, or by a "
        "wrong marker",
    },
    "Markup": {
        "broken-markup": "Markdown that would be printed otherwise than it "
        "was meant",
        "broken-fence": "a fence that is not closed, or has no language",
        "refused-markup": "markup that would hide text from the press",
        "directive": "a directive that cannot be read",
        "directive-option": "an option that does not exist, is repeated, or "
        "would be lost",
        "label": "a label that is none: small letters, digits, hyphens",
        "duplicate-label": "a label that is taken",
        "heading": "a marker in a heading, or a heading out of order",
        "unattached": "a {source}, {when} or {range} that stands at no marker",
        "front-matter": "a page whose first lines keep its cells from running",
        "character": "a tab or a control character",
        "encoding": "not UTF-8, or with a byte order mark",
        "unreadable": "a file that cannot be read",
        "toctree": "a table of contents and the folder that differ",
        "new-chapter": "a chapter that cannot be begun: its name, or its place",
        "config": "settings that cannot be read",
    },
    "Running": {
        "cell": "a cell raises, or does not raise what it says",
        "stderr": "a cell writes to standard error",
        "magic": "a cell that is not plain Python",
        "unstable-output": "an output that would differ on the next run",
        "output-kind": "an output that is neither text nor a picture, or a "
        "picture with a script",
        "figure-outputs": "a cell with a figure's name that shows other than "
        "one thing",
        "exercise": "a starter that passes, or a solution that fails, its "
        "check",
        "impure": "an expression that changes the chapter",
        "patched": "Python of the chapter that changes the press itself",
        "ref": "chapters that refer to each other in a circle",
        "time-limit": "a cell or a chapter over its time",
        "died": "the process that ran the chapter is gone",
        "no-verdict": "an element that got no verdict",
        "internal": "a fault of the press: please report it",
    },
    "Code": {
        "chunk": "a chunk that cannot be read",
        "chunk-name": "a name of a chunk that cannot be a comment",
        "chunk-target": "a target outside of the source folder, no Python "
        "file, or one that something is in the way of",
        "chunk-reference": "a reference to a chunk that does not exist, or "
        "twice",
        "chunk-unused": "a fragment that nothing includes",
        "chunk-cycle": "fragments that include each other in a circle",
        "chunk-python": "a file, put together, that is no Python",
        "chunk-head": "a file that does not begin with its docstring and "
        "imports",
        "chunk-import": "an import outside of the head",
        "tangled": "source or record older than the book: `bookproof tangle`",
        "hand-edited": "source edited by hand: `bookproof stitch`",
        "orphan": "a file that no chapter makes any more",
        "stray": "a file in the source folder that no chapter makes",
        "stitch": "an edit that cannot be brought back into the book",
    },
    "Mutants": {
        "mutants": "what is kept of a chapter's mutants is missing or wrong",
    },
}
"""What each rule says, by subject."""
