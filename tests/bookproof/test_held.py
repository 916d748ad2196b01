"""Counts in words must come from somewhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from bookproof.config import Project
from bookproof.diagnostics import Finding
from bookproof.prose.held import Said, large_counts
from bookproof.prose.spelled import orders, spelled
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter, Marker

ROOT = Path("/p")
PROJECT = Project(root=ROOT, book=ROOT, source=ROOT / "src")


def read(text: str) -> Chapter:
    return read_chapter(ROOT / "ch.md", PROJECT, f"# T\n\n{text}\n")


def counts(text: str) -> list[Finding]:
    return list(large_counts(read(text)))


def unsaid(words: str, expression: str, cell: str = "") -> str | None:
    """The count in a fact's words that its expression does not hold."""
    code = f"```{{code-cell}} ipython3\n{cell}\n```\n\n"
    chapter = read(f"{code}It is {{fact}}`{words} <{expression}>`.")
    fact = next(e for e in chapter.elements if isinstance(e, Marker))
    found = Said(chapter).unsaid(fact)
    return found and found.text


@pytest.mark.parametrize(
    ("words", "meanings"),
    [
        ("sixty-four layers", [((64,),)]),
        ("fourteen hundred and seven hundred", [((1400,),), ((700,),)]),
        ("two hundred and two", [((202,), (200, 2))]),
        ("a hundred and twenty-eight units", [((128,), (100, 28))]),
        ("a hundred and two hundred", [((100,),), ((200,),)]),
        ("two thousand three hundred", [((2300,),)]),
        ("twenty thousand million", [((20 * 10**9,),)]),
        ("half a million", [((10**6,),)]),
        ("ten, fifty", [((10,),), ((50,),)]),
        ("Seventy\nthousand", [((70000,),)]),
        ("several thousand, the hundredth, tens and a few hundred", []),
        ("weight, often, attend and a band", []),
    ],
)
def test_numbers_in_words_are_read(words: str, meanings: list[object]) -> None:
    assert [each.meanings for each in spelled(words)] == meanings


def test_places_in_a_row_and_parts_are_read() -> None:
    words = """the forty-second, two-thirds, a hundred-thousandth, the
    two-hundredth, sixtieths, a millionth, often weighted"""
    found = [each.meanings[0][0] for each in orders(words)]
    assert found == [42, 3, 10**5, 200, 60, 10**6]


@pytest.mark.parametrize(
    "text",
    [
        "A millionth: {fact}`10⁻⁶ <n>`. A ten-thousandth: {fact}`0.0001 <n>`.",
        "At the forty-second: {claim}`x = 42`; a tenth, the eleventh.",
        "Twelve of them, ninety tenths, a thousand, several million.",
        "Sixty-four layers, {fact}`64 <n>` of them.",
        "Sixty-four layers, in `n = 64`.",
        "Two hundred and two: {fact}`200 <n>` and two.",
        "Ninety-seven per cent, {fact}`0.97 <n>`.",
        "The first million: {claim}`x = 2 \\times 10^6`.",
        "Over sixty thousand: {fact}`61,234 <n>`.",
        "About fourteen hundred: {fact}`1375 <n>`.",
        "{fact}`Sixty-four of them <n>`, and sixty-four again.",
        "One thousand and twenty-four.\n\n```{code-cell}\nn = 1_024\n```",
    ],
)
def test_what_the_page_holds_passes(text: str) -> None:
    assert counts(text) == []


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Thirteen of them.", "Thirteen"),
        ("A billionth: {fact}`10⁻⁶ <n>`.", "billionth"),
        ("At the forty-third: {claim}`x = 42`.", "forty-third"),
        ("Sixty-five layers, {fact}`64 <n>` of them.", "Sixty-five"),
        ("For sixty thousand: {fact}`61,234 <n>`.", "sixty thousand"),
        ("About fifteen hundred: {fact}`1375 <n>`.", "fifteen hundred"),
        ("Two hundred and fifteen: {fact}`200 <n>`.", "hundred and fifteen"),
        ("![Forty lines](a.png)", "Forty"),
        ("```{figure} a.png\n:alt: words\n\nForty lines\n```", "Forty"),
    ],
)
def test_another_large_count_is_noticed(text: str, word: str) -> None:
    (finding,) = counts(text)
    assert finding.rule == "count-in-prose"
    assert word in finding.message


@pytest.mark.parametrize(
    ("words", "expression", "cell"),
    [
        ("all of ten thousand", "worst() > 1", "def worst():\n    return 1e4"),
        ("to seven digits", "near < 1e-7", ""),
        ("to seven decimals", "near < 5e-8", ""),
        ("all nine, to seven digits", "f() < 1e-7", "def f(): return 9"),
        ("in all nine places", "f() < 1e-7", "def f(): return 9"),
        ("to nine digits", "f()", "def f(): return 2 ** 30 < 1e-9"),
        ("by one ten-thousandth", "near < 1e-4", ""),
        ("in all four", "all(works(n) for n in SIZES)", "SIZES = 1, 2, 5, 9"),
        ("from one to eight", "works()", "def works(): return range(1, 9)"),
        ("no one knows", "works()", ""),
    ],
)
def test_a_count_that_is_computed_with_passes(
    words: str, expression: str, cell: str
) -> None:
    assert unsaid(words, expression, cell) is None


@pytest.mark.parametrize(
    ("words", "expression", "cell", "count"),
    [
        ("in all five", "all(works(n) for n in SIZES)", "SIZES = 1, 2", "five"),
        ("to six digits", "near < 1e-7", "", "six"),
        ("eleven thousand", "worst() > 1e4", "", "eleven thousand"),
        ("seven", "near", "other = 7", "seven"),
        ("to nine digits", "f() < 1e-7", "def f():\n    return 9", "nine"),
        ("all nine digits", "f() < 1e-7", "def f():\n    return 9", "nine"),
    ],
)
def test_a_count_that_is_not_computed_with_is_found(
    words: str, expression: str, cell: str, count: str
) -> None:
    assert unsaid(words, expression, cell) == count
