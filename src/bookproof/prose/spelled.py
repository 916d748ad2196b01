"""Numbers written out in words: `sixty-four`, `fourteen hundred`, `a million`.

One reader for what is compared with a value (`words.counts`) and for what has
to come from somewhere (`held`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_COUNTS = """zero one two three four five six seven eight nine ten eleven
twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty"""
COUNTS = {word: number for number, word in enumerate(_COUNTS.split())}

_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
TENS = {word: 10 * (n + 2) for n, word in enumerate(_TENS.split())}
SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}

_FIRST = frozenset((*COUNTS, *TENS, *SCALES, "hundred"))
_ORDERS = """first second third fourth fifth sixth seventh eighth ninth tenth
eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth
eighteenth nineteenth twentieth"""
ORDERS = {word: number for number, word in enumerate(_ORDERS.split(), 1)}
ORDERS |= {f"{word[:-1]}ieth": number for word, number in TENS.items()}
POWERS = {"hundredth": 100} | {f"{word}th": n for word, n in SCALES.items()}
_LAST = frozenset(
    f"{word}{s}" for word in (*ORDERS, *POWERS) for s in ("", "s")
)
_ORDER = re.compile(
    rf"\b(?:({'|'.join((*COUNTS, *TENS, 'hundred'))})-)?"
    rf"({'|'.join((*ORDERS, *POWERS))})s?\b",
    re.IGNORECASE,
)
_VAGUE = re.compile(r"\b(?:several|some|few|many|per)\s+$", re.IGNORECASE)
_GLUE = re.compile(r"(?:\s|-)+")


class Spelled(NamedTuple):
    """A number in words: where it begins, its words, and what it may mean.
    (`two hundred and two` is one number, or two.)"""

    offset: int
    text: str
    meanings: tuple[tuple[int, ...], ...]


def spelled(text: str) -> Iterator[Spelled]:
    """All numbers written out, in order. No fractions (`two thirds`) and no
    places in a row (`the twentieth`): these are `orders`; and no vague ones
    (`several thousand`)."""
    if _FIRST.isdisjoint(re.findall("[a-z]+", text.lower())):
        return
    found = list(re.finditer(r"[A-Za-z]+", text))
    words = [each.group().lower() for each in found]
    at = 0
    while at < len(found):
        groups, end = _groups(text, found, words, at)
        if end == at:
            at += 1
            continue
        start, stop = found[at].start(), found[end - 1].end()
        at = end
        vague = groups[0][0] in (*SCALES, "hundred")
        if vague and _VAGUE.search(text[:start]):
            continue
        apart = tuple(_value(group) for group in groups)
        whole = [word for group in groups for word in group]
        meanings = ((_value(whole),), apart) if len(groups) > 1 else (apart,)
        yield Spelled(start, text[start:stop], meanings)


def orders(text: str) -> Iterator[Spelled]:
    """What is written as a place in a row or as a part: `the forty-second`,
    `a ten-thousandth`; each with the number that is in it."""
    if _LAST.isdisjoint(re.findall("[a-z]+", text.lower())):
        return
    for found in _ORDER.finditer(text):
        before, word = (found[1] or "").lower(), found[2].lower()
        first = {**COUNTS, **TENS, "hundred": 100}.get(before, 1)
        if word in POWERS:
            number = first * POWERS[word]
        elif before in TENS and ORDERS[word] < 10:
            number = first + ORDERS[word]
        else:  # in `two-thirds` the two is no part of the order
            number = ORDERS[word]
        yield Spelled(found.start(), found.group(), ((number,),))


def _groups(
    text: str, found: Sequence[re.Match[str]], words: Sequence[str], at: int
) -> tuple[list[list[str]], int]:
    """The words of one number from `at` on, in two groups if an *and* comes
    within; and where it ends."""
    groups: list[list[str]] = [[]]
    here = at
    while here < len(words):
        word, last = words[here], groups[-1][-1:]
        if here > at:
            gap = text[found[here - 1].end() : found[here].start()]
            if not _GLUE.fullmatch(gap):
                break
        if word == "and" and _joins(groups[-1], words[here + 1 : here + 3]):
            groups.append([])
        elif _continues(last, word) or (
            word == "a" and here == at and _scaled(words[at + 1 : at + 2])
        ):
            groups[-1].append(word)
        else:
            break
        here += 1
    return ([g for g in groups if g], here) if groups[0] else ([], at)


def _joins(group: Sequence[str], after: Sequence[str]) -> bool:
    """Whether an *and* may stand within a number: behind hundreds, and before
    what is less than one."""
    if not group or not _scaled(group[-1:]) or not after:
        return False
    less = after[0] in COUNTS or after[0] in TENS
    return less and not _scaled(after[1:])


def _scaled(words: Sequence[str]) -> bool:
    return bool(words) and (words[0] == "hundred" or words[0] in SCALES)


def _continues(last: Sequence[str], word: str) -> bool:
    """Whether a word can follow the last one of a number."""
    if not last:
        return word in COUNTS or word in TENS or _scaled([word])
    if _scaled([word]):
        return True
    small = word in COUNTS and 0 < COUNTS[word] < 10
    if last[0] in TENS:
        return small
    return _scaled(last) and (word in COUNTS or word in TENS)


def _value(words: Sequence[str]) -> int:
    total, here = 0, 0
    for word in words:
        if word == "hundred":
            here = max(here, 1) * 100
        elif word in SCALES:
            scale = SCALES[word]
            if 0 < total < scale and not here:  # a thousand million
                total *= scale
            else:
                total, here = total + max(here, 1) * scale, 0
        else:
            here += {"a": 1, **COUNTS, **TENS}.get(word, 0)
    return total + here
