r"""What can be changed in a printed formula, or among printed words.

One definition for two uses: `mutate` makes these changes inside markers, to
prove that the checks notice; `lint` finds, outside of markers, the mathematics
in which nothing would notice them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple


class Change(NamedTuple):
    """At `offset` of the text, `before` becomes `after`."""

    kind: str
    offset: int
    before: str
    after: str


# In formulas: what is looked for, and what may stand in its place.
_FORMULA: tuple[tuple[str, str, dict[str, str] | str], ...] = (
    ("sign", r"(?<![\^_{(])[+-](?!\})", {"+": "-", "-": "+"}),
    ("operator", r"\\(?:cdot|times|odot)(?![a-zA-Z])", "+"),
    ("transpose", r"\^\s*(?:\\top|T|\{\\top\}|\{T\})(?![a-zA-Z])", ""),
    ("layer", r"(?<=\()(?:\\ell|l|t|L)\s*[+-]\s*1(?=\))", "\\ell"),
    ("layer", r"(?<=\()\\ell(?=\))", r"\ell+1"),
    ("prime", r"'", ""),
    (
        "relation",
        r"\\(?:leq?|geq?|approx|ne|neq)(?![a-zA-Z])|[=<>]",
        {
            "=": r"\ne ",
            "<": ">",
            ">": "<",
            r"\le": r"\ge",
            r"\ge": r"\le",
            r"\leq": r"\geq",
            r"\geq": r"\leq",
            r"\approx": "=",
            r"\ne": "=",
            r"\neq": "=",
        },
    ),
)
_WORDS = {
    "at least": "at most",
    "at most": "at least",
    "under": "over",
    "over": "under",
    "more than": "fewer than",
    "fewer than": "more than",
}
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_INDEX = re.compile(r"(?<=_)(?:([a-z])(?![a-z])|\{([a-z]+)\})")


def in_formula(tex: str) -> Iterator[Change]:
    """The changes of a formula."""
    tex = _without_reasons(tex)
    yield from _digits(tex)
    for kind, pattern, change in _FORMULA:
        for match in re.finditer(pattern, tex):
            before = match.group()
            after = change if isinstance(change, str) else change[before]
            yield Change(kind, match.start(), before, after)
    yield from _indices(tex)


def in_words(words: str) -> Iterator[Change]:
    """The changes of words that a fact prints."""
    yield from _digits(words)
    for before, after in _WORDS.items():
        for match in re.finditer(rf"\b{before}\b", words):
            yield Change("comparison", match.start(), before, after)


def _digits(text: str) -> Iterator[Change]:
    for match in _DIGITS.finditer(text):
        last = match.group()[-1]
        after = "8" if last == "9" else str(int(last) + 1)
        yield Change("digit", match.end() - 1, last, after)


def _indices(tex: str) -> Iterator[Change]:
    """Swap a subscript for another that the same formula uses."""
    found = [(m, m.group(1) or m.group(2)) for m in _INDEX.finditer(tex)]
    letters = sorted({letter for _, word in found for letter in word})
    for match, word in found:
        others = [letter for letter in letters if letter not in word]
        if len(word) > 1:
            after = f"{{{word[::-1]}}}"
            yield Change("index", match.start(), match.group(), after)
        elif others:
            after = f"{{{others[0]}}}"
            yield Change("index", match.start(), match.group(), after)


def _without_reasons(tex: str) -> str:
    """Blank out `\\text{...}`: words beside a formula are not evaluated."""
    return re.sub(
        r"\\text\{[^{}]*\}", lambda match: " " * len(match.group()), tex
    )
