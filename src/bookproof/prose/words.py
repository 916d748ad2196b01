"""Numbers as they are printed in running words, with what the words say of
them: `at least 97 %`, `about 3.8 × 10⁻⁶`, `1,797`, `½`."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from fractions import Fraction

from bookproof.prose.spelled import spelled

RELATIONS = (
    "at least",
    "at most",
    "under",
    "over",
    "more than",
    "fewer than",
    "about",
    "exactly",
)
"""The closed list; a number without one of them simply equals the value."""

NO_RELATIONS = {
    "less than": "under",
    "no more than": "at most",
    "not more than": "at most",
    "no fewer than": "at least",
    "no less than": "at least",
    "up to": "at most",
    "below": "under",
    "above": "over",
    "greater than": "more than",
    "almost": "under",
    "nearly": "about",
    "roughly": "about",
    "approximately": "about",
    "around": "about",
    "circa": "about",
}
"""What an author may write instead, and the word of the list for it."""

_PARTS = """half third quarter fifth sixth seventh eighth ninth tenth"""
PARTS = {word: number for number, word in enumerate(_PARTS.split(), 2)}
PARTS["halve"] = 2  # three halves
_PART = re.compile(rf"[\s-]+(?P<part>{'|'.join(PARTS)})s?(?![A-Za-z])", re.I)

_SCALES = """hundred thousand million billion trillion dozen score"""
_SCALED = re.compile(
    rf"[kKMGT](?![A-Za-z])|[^\S\n]*‰|[\s-]+(?:{'|'.join(_SCALES.split())})"
    rf"(?:s|ths?)?(?![A-Za-z])"
    rf"|\s+and\s+(?:a|an|one|two|three)[\s-]+(?:{'|'.join(PARTS)})s?(?![A-Za-z])"
)
_CHANGED = re.compile(
    r"\b(?:minus|negative|twice|thrice|half|not)[\s-]+\Z", re.I
)
"""What makes another number of the one that it stands beside."""

_LONGEST, _LARGEST = 100, 330
"""Characters of a number, and its power of ten: a float holds no more."""

_BEFORE = 200
"""How many characters before a number may hold its relation word."""

_SPACE = "[ \u00a0\u2009\u202f\n]"
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_VULGAR = "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"
_DIGITS = r"\d{1,3}(?:(?:,|\{,\}|[\u2009\u202f])\d{3})+|\d+"
_POWER = (
    rf"{_SPACE}*(?:×|·){_SPACE}*10"
    r"(?:(?P<raised>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)|\^\{?(?P<caret>[-−+]?\d+)\}?)"
    r"|[eE](?P<e>[-−+]?\d+)"
)
_NUMBER = re.compile(
    rf"""
    (?<![\w.])(?P<sign>(?<![\w)])[-−+])?
    (?:
        10(?P<bare>[⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)
      | (?P<whole>\d+)?(?P<vulgar>[{_VULGAR}])
      | (?P<over>\d+)/(?P<under>\d+)(?![\d/])
      | (?P<digits>{_DIGITS})(?:\.(?P<decimals>\d+))?(?:{_POWER})?
      | \.(?P<only>\d+)
    )
    (?P<percent>{_SPACE}*%)?
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Printed:
    """A number as printed: its value, the unit of its last printed digit,
    whether it is a fraction (`½`: no decimals were dropped), its relation
    word, and the span of its characters in the words."""

    text: str
    value: Fraction
    unit: Fraction
    relation: str | None
    start: int
    end: int
    fraction: bool = False
    stray: str | None = None  # a word that looks like a relation, but is none
    power: bool = False  # printed with a power of ten
    beside: str | None = None  # what makes another number of it


def numbers(words: str) -> list[Printed]:
    """All numbers printed in digits, in order.

    Raises OverflowError for one that no float could hold.
    """
    return [_printed(words, found) for found in _NUMBER.finditer(words)]


def counts(words: str) -> list[Printed]:
    """All counts printed as words (`three`, `sixty-four`, `two thirds`), in
    order."""
    out = []
    for each in spelled(words):
        start, end = each.offset, each.offset + len(each.text)
        part = _PART.match(words, end)
        end = part.end() if part else end
        unit = Fraction(1, PARTS[part["part"].lower()] if part else 1)
        relation, stray = _relation(words[:start])
        out.append(
            Printed(
                words[start:end],
                each.meanings[0][0] * unit,
                unit,
                relation,
                start,
                end,
                fraction=part is not None,
                stray=stray,
                beside=_beside(words, start, end),
            )
        )
    return out


def _printed(words: str, found: re.Match[str]) -> Printed:
    value, unit, fraction = _value(found)
    if found["sign"] in ("-", "−"):
        value = -value
    if found["percent"]:
        value, unit = value / 100, unit / 100
    relation, stray = _relation(words[: found.start()])
    return Printed(
        found.group(),
        value,
        unit,
        relation,
        found.start(),
        found.end(),
        fraction,
        stray,
        any(found[each] for each in ("bare", "raised", "caret", "e")),
        _beside(words, found.start(), found.end()),
    )


def _beside(words: str, start: int, end: int) -> str | None:
    """The number with a word that makes another one of it."""
    before = _CHANGED.search(words[max(start - _BEFORE, 0) : start])
    after = _SCALED.match(words, end)
    if before is None and after is None:
        return None
    start -= len(before.group()) if before else 0
    return words[start : after.end() if after else end]


def _value(found: re.Match[str]) -> tuple[Fraction, Fraction, bool]:
    if len(found.group()) > _LONGEST:
        raise OverflowError(f"a number of {len(found.group())} characters")
    if found["bare"]:
        exponent = _limited(int(found["bare"].translate(_SUPERSCRIPTS)))
        power = Fraction(10) ** exponent
        return power, power, False
    if found["vulgar"]:
        # float(): exact thirds do not exist in unicodedata, so go back
        # to the nearest fraction with a small denominator.
        part = Fraction(unicodedata.numeric(found["vulgar"]))
        part = part.limit_denominator(16)
        value = int(found["whole"] or 0) + part
        return value, Fraction(1, part.denominator), True
    if found["over"]:
        denominator = max(int(found["under"]), 1)
        value = Fraction(int(found["over"]), denominator)
        return value, Fraction(1, denominator), True
    if found["only"]:
        unit = Fraction(10) ** -len(found["only"])
        return int(found["only"]) * unit, unit, False
    digits = re.sub(r"\D", "", found["digits"])
    decimals = found["decimals"] or ""
    exponent = _exponent(found)
    unit = Fraction(10) ** (exponent - len(decimals))
    return int(digits + decimals) * unit, unit, False


def _exponent(found: re.Match[str]) -> int:
    if found["raised"]:
        return _limited(int(found["raised"].translate(_SUPERSCRIPTS)))
    text = found["caret"] or found["e"] or "0"
    return _limited(int(text.replace("−", "-")))


def _limited(exponent: int) -> int:
    if abs(exponent) > _LARGEST:
        raise OverflowError(f"a power of ten to the {exponent}")
    return exponent


def _relation(before: str) -> tuple[str | None, str | None]:
    """The relation word directly before a number; and a word that looks like
    one without being of the list."""
    text = " ".join(before[-_BEFORE:].lower().split())
    for word in sorted(NO_RELATIONS, key=len, reverse=True):
        if re.search(rf"\b{word}$", text):
            return None, word
    for word in RELATIONS:
        if re.search(rf"\b{word}$", text):
            return word, None
    return None, None
