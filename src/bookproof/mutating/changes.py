r"""What can be changed in a printed formula, or among printed words.

One definition for two uses: `mutate` makes these changes inside markers, to
prove that the checks notice; `lint` finds, outside of markers, the mathematics
in which nothing would notice them. `\text{...}` beside a formula is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from bookproof.prose.spelled import COUNTS
from bookproof.prose.words import Printed, counts, numbers


class Change(NamedTuple):
    """At `offset` of the text, `before` becomes `after`."""

    kind: str
    offset: int
    before: str
    after: str


_NO_LETTER = "(?![a-zA-Z])"
_PATTERNS: tuple[tuple[str, re.Pattern[str], Mapping[str, str]], ...] = (
    (
        "operator",
        re.compile(
            rf"\\(?:cdot|times|odot|oslash|sum|prod|max|min){_NO_LETTER}"
            r"|/(?!\s*(?:\\partial|\\mathrm\{d\}))"
        ),
        {
            r"\cdot": "+",
            r"\times": "+",
            r"\odot": "+",
            r"\oslash": r"\odot",
            r"\sum": r"\prod",
            r"\prod": r"\sum",
            r"\max": r"\min",
            r"\min": r"\max",
            "/": r"\cdot ",
        },
    ),
    (
        "relation",
        re.compile(
            rf"\\(?:leq?|geq?|approx|neq?|ll|gg|propto|in){_NO_LETTER}|[=<>]"
        ),
        {
            "=": r"\ne ",
            "<": ">",
            ">": "<",
            r"\le": r"\ge",
            r"\ge": r"\le",
            r"\leq": r"\geq",
            r"\geq": r"\leq",
            r"\ll": r"\gg",
            r"\gg": r"\ll",
            r"\approx": "=",
            r"\propto": "=",
            r"\in": "=",
            r"\ne": "=",
            r"\neq": "=",
        },
    ),
    ("prime", re.compile("'"), {"'": ""}),
)
_TRANSPOSE = re.compile(
    rf"\^\s*(?:\\top|T|\{{\\top\}}|\{{T\}}){_NO_LETTER}"
    rf"|(?<=\))\s*\\top{_NO_LETTER}|(?<=\^\{{-)\\top{_NO_LETTER}"
)
_LETTER = r"(?:\\ell(?![a-zA-Z])|[lt](?![a-zA-Z]))"
_LAYERS = (
    (re.compile(rf"(?<=\^\{{\()({_LETTER})\s*[+-]\s*1(?=\))"), r"\1"),
    (re.compile(rf"(?<=\^\{{\()({_LETTER})(?=\))"), r"\1+1"),
    (re.compile(rf"(?<=_\{{)({_LETTER})\s*[+-]\s*1(?=\}})"), r"\1"),
)
_LOW_LAYERS = ((re.compile(rf"(?<=_)({_LETTER})"), r"{\1-1}"),)
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_SIGN = re.compile("[+-]")
_UNARY = re.compile(
    r"(?:^|[({\[=<>&,|^_]|\\(?:left[(\[|.]?|cdot|times|odot|oslash|quad|le"
    r"|leq|ge|geq|ne|neq|approx|to|in|ll|gg|propto|\\|\{))\s*$"
)
_INDEX = re.compile(
    r"(?<=_)(?:([a-z])(?![a-z])|\{([a-z]+)\}|\{([a-z]),\s*([a-z])\})"
)
_LONE_INDEX = re.compile(r"(?<=_)(?:[a-zA-Z]|\\ell(?![a-zA-Z]))")
_WORDS = {
    "at least": "at most",
    "at most": "at least",
    "under": "over",
    "over": "under",
    "more than": "fewer than",
    "fewer than": "more than",
    "about": "exactly",
}
_REASONS = re.compile(r"\\text\{[^{}]*\}|&&.*?(?=\\\\|\\end|\Z)", re.DOTALL)
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"


def in_formula(tex: str) -> Iterator[Change]:
    """The changes of a formula, wherever it stands."""
    whole, tex = tex, _without_reasons(tex)
    yield from _digits(tex)
    yield from _signs(tex)
    for kind, pattern, change in _PATTERNS:
        for match in pattern.finditer(tex):
            yield Change(
                kind, match.start(), match.group(), change[match.group()]
            )
    yield from _fractions(tex, whole)
    for match in _TRANSPOSE.finditer(tex):
        inverse = tex[: match.start()].endswith("-")
        after = "1" if inverse else ""
        yield Change("transpose", match.start(), match.group(), after)
    yield from _replaced("layer", _LAYERS, tex)
    yield from _indices(tex)


def outside_markers(tex: str) -> Iterator[Change]:
    """The changes of a formula that is only read: an index by itself too,
    which a marker would not find bound."""
    changes = list(in_formula(tex))
    yield from changes
    taken = {change.offset for change in changes}
    for match in _LONE_INDEX.finditer(_without_reasons(tex)):
        if match.start() not in taken:
            before = match.group()
            after = "j" if before == "i" else "i"
            yield Change("index", match.start(), before, after)


def in_marker(
    tex: str, *, defines: bool = False, loops: bool = False
) -> Iterator[Change]:
    """The changes of a formula that is evaluated, so that a name in it can be
    wrong. The `=` of a definition or a range says nothing that is checked."""
    for change in in_formula(tex):
        if change.before != "=" or not (defines or loops):
            yield change
    yield from _replaced("layer", _LOW_LAYERS, _without_reasons(tex))


def _replaced(
    kind: str, rules: Sequence[tuple[re.Pattern[str], str]], tex: str
) -> Iterator[Change]:
    for pattern, template in rules:
        for match in pattern.finditer(tex):
            after = match.expand(template)
            yield Change(kind, match.start(), match.group(), after)


def in_words(words: str) -> Iterator[Change]:
    """The changes of words that a fact prints: of numbers and relations."""
    yield from _digits(words)
    printed = numbers(words) or counts(words)
    for number in printed:
        yield from _word_number(words, number)
    for match in re.finditer(f"[{_RAISED}](?![{_RAISED}])", words):
        digit = match.group()
        after = _RAISED[_next(_RAISED.index(digit))]
        yield Change("digit", match.start(), digit, after)
    for match in re.finditer("⁻", words):
        yield Change("sign", match.start(), "⁻", "")


def _word_number(words: str, number: Printed) -> Iterator[Change]:
    if number.text[0] in "-−":
        yield Change("sign", number.start, number.text[0], "")
    names, counts_in = list(COUNTS), []
    for word in re.finditer("[A-Za-z]+", number.text):
        if word.group().lower() in COUNTS:
            counts_in.append(word)
    for word in () if number.fraction else counts_in:
        count = COUNTS[word.group().lower()]
        after = names[count + 1 if count + 1 < len(names) else count - 1]
        at = number.start + word.start()
        yield Change("digit", at, word.group(), after)
    # `more than a hundred` stays: no figure and no count is changed in it.
    if number.relation in _WORDS and (
        counts_in or not number.text[0].isalpha()
    ):
        found = re.finditer(rf"\b{number.relation}\b", words[: number.start])
        *_, last = found
        after = _WORDS[number.relation]
        yield Change("comparison", last.start(), last.group(), after)


def _digits(text: str) -> Iterator[Change]:
    for match in _DIGITS.finditer(text):
        last = int(match.group()[-1])
        after = str(_next(last))
        yield Change("digit", match.end() - 1, str(last), after)


def _next(digit: int) -> int:
    return digit + 1 if digit < 9 else 8


def _signs(tex: str) -> Iterator[Change]:
    """`+` for `-` and back; a minus with nothing before it goes away."""
    for match in _SIGN.finditer(tex):
        sign, at = match.group(), match.start()
        if tex[match.end() : match.end() + 1] == "}":
            continue  # a mark, as in \partial^{+}
        if not _UNARY.search(tex[:at]):
            yield Change("sign", at, sign, "-" if sign == "+" else "+")
        elif sign == "-":
            yield Change("sign", at, "-", "")


def _fractions(tex: str, whole: str) -> Iterator[Change]:
    r"""`\frac{a}{b}` upside down, unless it is a derivative; the words that
    are blank in `tex` go along."""
    for match in re.finditer(rf"\\[dt]?frac{_NO_LETTER}", tex):
        start = match.end()
        middle = start + len(_braced(tex, start))
        end = middle + len(_braced(tex, middle)) if middle > start else middle
        top, bottom = whole[start:middle], whole[middle:end]
        derivative = re.match(r"\{\s*(?:\\partial|\\mathrm|d)", bottom)
        if top and bottom and not derivative:
            yield Change("operator", start, top + bottom, bottom + top)


def _braced(tex: str, start: int) -> str:
    """The group in braces that begins at `start`; empty if none does."""
    depth = 0
    for end in range(start, len(tex)):
        depth += {"{": 1, "}": -1}.get(tex[end], 0)
        if depth <= 0:
            return tex[start : end + 1] if end > start else ""
    return ""


def _indices(tex: str) -> Iterator[Change]:
    """Swap a subscript for another that the same formula uses."""
    found = list(_INDEX.finditer(tex))
    letters = sorted({c for m in found for c in m.group() if c.isalpha()})
    for match in found:
        _, word, first, second = match.groups()
        before = match.group()
        others = [each for each in letters if each not in before]
        if first:
            after = f"{{{second},{first}}}"
        elif word and len(word) > 1:
            after = f"{{{word[::-1]}}}"
        elif others:
            after = f"{{{others[0]}}}"
        else:
            continue
        if after.replace(" ", "") != before.replace(" ", ""):
            yield Change("index", match.start(), before, after)


def _without_reasons(tex: str) -> str:
    r"""Blank out `\text{...}` and the column of reasons behind `&&`: words
    beside a formula are not evaluated."""
    return _REASONS.sub(lambda match: " " * len(match.group()), tex)
