r"""Change one printed thing at a time, to prove that the checks can fail.

A mutant is the chapter with one digit, sign, relation, operator, transpose,
index, layer, prime or comparison word changed inside a marker. A check worth
having turns red; a mutant that survives shows a claim that is vacuous.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bookproof.diagnostics import Place
from bookproof.elements import Chapter, Marker


@dataclass(frozen=True, slots=True)
class Mutant:
    """One edit: `before` at `start` of the chapter's text becomes `after`."""

    kind: str
    place: Place
    start: int
    before: str
    after: str
    id: str

    def apply(self, text: str) -> str:
        """The chapter's text with this one change."""
        end = self.start + len(self.before)
        if text[self.start : end] != self.before:
            raise ValueError(f"{self.place}: the text is not {self.before!r}")
        return text[: self.start] + self.after + text[end:]

    def __str__(self) -> str:
        change = f"{self.before!r} -> {self.after!r}"
        return f"{self.place}: {self.kind} {change} in {self.id}"


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


def mutants(chapter: Chapter) -> Iterator[Mutant]:
    """All mutants of the markers of a chapter, in reading order."""
    starts = _line_starts(chapter.text)
    for element in chapter.elements:
        if not isinstance(element, Marker):
            continue
        formula = element.kind in ("let", "claim")
        texts = [element.body, *element.when]
        texts += [element.range] if element.range is not None else []
        for number, text in enumerate(texts):
            reading = _formula if formula or number else _words
            if element.kind in ("cited", "unchecked") and not number:
                continue
            for kind, offset, before, after in reading(text.text):
                place = text.place(offset)
                start = starts[place.line - 1] + place.column - 1
                yield Mutant(kind, place, start, before, after, element.id)


def _formula(tex: str) -> Iterator[tuple[str, int, str, str]]:
    tex = _without_reasons(tex)
    yield from _digits(tex)
    for kind, pattern, change in _FORMULA:
        for match in re.finditer(pattern, tex):
            before = match.group()
            after = change if isinstance(change, str) else change[before]
            yield kind, match.start(), before, after
    yield from _indices(tex)


def _words(words: str) -> Iterator[tuple[str, int, str, str]]:
    yield from _digits(words)
    for before, after in _WORDS.items():
        for match in re.finditer(rf"\b{before}\b", words):
            yield "comparison", match.start(), before, after


def _digits(text: str) -> Iterator[tuple[str, int, str, str]]:
    for match in _DIGITS.finditer(text):
        last = match.group()[-1]
        after = "8" if last == "9" else str(int(last) + 1)
        yield "digit", match.end() - 1, last, after


def _indices(tex: str) -> Iterator[tuple[str, int, str, str]]:
    """Swap a subscript for another that the same formula uses."""
    found = [(m, m.group(1) or m.group(2)) for m in _INDEX.finditer(tex)]
    letters = sorted({letter for _, word in found for letter in word})
    for match, word in found:
        others = [letter for letter in letters if letter not in word]
        if len(word) > 1:
            yield "index", match.start(), match.group(), f"{{{word[::-1]}}}"
        elif others:
            yield "index", match.start(), match.group(), f"{{{others[0]}}}"


def _without_reasons(tex: str) -> str:
    """Blank out `\\text{...}`: words beside a formula are not evaluated."""
    return re.sub(
        r"\\text\{[^{}]*\}", lambda match: " " * len(match.group()), tex
    )


def _line_starts(text: str) -> list[int]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    return starts
