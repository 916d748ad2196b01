"""Facts: words, printed digits, bounds."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from bookproof.diagnostics import Place, Text
from bookproof.judging.claims import Verdict
from bookproof.judging.facts import verify_fact
from bookproof.prose.words import counts, numbers
from bookproof.reading.elements import Marker


def fact(words: str, value: object, **options: str) -> Verdict:
    """The verdict on `{fact}`words <value>``."""
    marker = Marker(
        kind="fact",
        form="directive",
        id="it",
        place=Place("ch.md", 1),
        body=Text.at(words, "ch.md"),
        raw=Text.at(words, "ch.md"),
        expression=Text.at("value", "ch.md", 2),
        options={key: Text.at(text) for key, text in options.items()},
    )
    names = {"value": value, "np": np}
    return verify_fact(
        marker, lambda source, extra: eval(source, {**names, **extra})
    )


@pytest.mark.parametrize(
    ("words", "value", "unit"),
    [
        ("about 2.6 times", "13/5", "1/10"),
        ("1,797 images", "1797", "1"),
        ("12\u202f345", "12345", "1"),
        ("3.8 × 10⁻⁶", "19/5000000", "1/10000000"),
        ("2 × 10^{3}", "2000", "1000"),
        ("10⁻⁶", "1/1000000", "1/1000000"),
        ("1e-6", "1/1000000", "1/1000000"),
        ("97 %", "97/100", "1/100"),
        ("97.3%", "973/1000", "1/1000"),
        ("0.50", "1/2", "1/100"),
        (".5", "1/2", "1/10"),
        ("−3", "-3", "1"),
        ("(-3)", "-3", "1"),
        ("½", "1/2", "1/2"),
        ("2¾", "11/4", "1/4"),
        ("⅓", "1/3", "1/3"),
        ("2/3", "2/3", "1/3"),
    ],
)
def test_a_printed_number_is_read_with_its_unit(
    words: str, value: str, unit: str
) -> None:
    (one,) = numbers(words)
    assert (one.value, one.unit) == (Fraction(value), Fraction(unit))


@pytest.mark.parametrize(
    ("words", "texts"),
    [
        ("an 8×8 image", ["8", "8"]),
        ("a 2-4-3 network", ["2", "4", "3"]),
        ("3–5", ["3", "5"]),
        ("float32, W1, x_2", []),
        ("5, 7 and 11.", ["5", "7", "11"]),
    ],
)
def test_where_numbers_are(words: str, texts: list[str]) -> None:
    assert [each.text for each in numbers(words)] == texts


def test_counts_in_words() -> None:
    (one,) = counts("at least Three layers, no one else"[:21])
    assert (one.value, one.relation) == (3, "at least")


HOLD = [
    ("Sixty-four layers", 64),
    ("a hundred and four", 104),
    ("twenty-two thirds", Fraction(22, 3)),
    ("two thousand and three", (2003,)),
    ("about 2.6", 2.55),
    ("about 2.6", 2.649),
    ("2.6", 2.6000001),
    ("0.033", 0.03302),
    ("3.8 × 10⁻⁶", 3.84e-6),
    ("9", 9.0),
    ("9", 9.49),
    ("9", 9),
    ("9", np.int64(9)),
    ("9", np.array(9.0)),
    ("about 9", Fraction(91, 10)),
    ("½", 0.5),
    ("⅓", 1 / 3),
    ("⅓", Fraction(1, 3)),
    ("0.1", 0.1),
    ("exactly 0.1", 0.1),
    ("97 %", 0.9698),
    ("−3", -3),
    ("at least 97 %", 0.9733),
    ("at least 97 %", 0.97),
    ("at most 5", 5),
    ("under 15", 14.2),
    ("over 2", 2.5),
    ("more than 2", 3),
    ("fewer than 5", 4),
    ("under 1×10⁻¹⁵", 2e-16),
    ("under 10⁻⁶", 3e-7),
    ("at most 2×10⁻⁶", 1.5e-6),
    ("it is so", True),
    ("it is so", np.bool_(True)),
    ("the two agree", True),
    ("two", 2),
    ("two thirds", Fraction(2, 3)),
    ("two thirds of them", 2 / 3),
    ("Three-quarters", 0.75),
    ("three halves", 1.5),
    ("at most one fifth", 0.2),
    ("1,797 images", 1797),
    ("2 and 3", (2, 3)),
    ("2 and 3", np.array([2.0, 3.0])),
    ("in 1986", 1986),
]


@pytest.mark.parametrize(("words", "value"), HOLD)
def test_what_holds(words: str, value: object) -> None:
    verdict = fact(words, value)
    assert (verdict.status, verdict.findings) == ("holds", ())


FAIL = [
    ("about 2.6", 2.54),
    ("2.6", 2.66),
    ("2.60", 2.61),
    ("9", 9.51),
    ("9", 10),
    ("9", Fraction(91, 10)),
    ("3.8 × 10⁶", 3_812_345),
    ("½", 0.5001),
    ("two thirds", 0.67),
    ("two thirds", 2),
    ("three quarters", Fraction(3, 5)),
    ("exactly 0.1", 0.1 + 1e-16 * 2),
    ("3", -3),
    ("at least 97 %", 0.9699),
    ("under 15", 15),
    ("over 2", 2),
    ("more than 2", 2),
    ("fewer than 5", 5),
    ("under 1×10⁻¹⁵", 5e-17),  # 10⁻¹⁶ would be the better bound
    ("at most 10⁻⁶", 0),
    ("at most 5", 6),
    ("9", math.nan),
    ("9", math.inf),
    ("sixty-four", 4),
    ("a hundred and four", 4),
    ("twenty", 21),
    ("it is so", False),
    ("it is so", np.bool_(False)),
    ("it is 3", True),
    ("it is", 3),
    ("3", None),
    ("3", 10**400),
    ("3", Fraction(10**400, 3)),
    ("3", np.zeros((2, 2))),
    ("3", (3, 4)),
    ("3 and 4", 3),
    ("3", "3"),
    ("3", 3 + 0j),
    ("3 and 4", (3, True)),
    ("less than 5", 4.5),
    ("roughly 5", 5),
]


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("3 thousand rows", 3),
        ("3k rows", 3),
        ("2.5 million of them", 2.5),
        ("5 ‰ of it", 5),
        ("7 hundredths", 7),
        ("half a million", 500_000),
        ("two and a half", 2),
        ("not four", 4),
        ("three dozen", 3),
        ("twenty millionths", 20),
        ("minus 3 degrees", 3),
        ("Minus three", 3),
        ("twice 3", 3),
    ],
)
def test_a_number_that_words_change_is_refused(
    words: str, value: object
) -> None:
    (finding,) = fact(words, value).findings
    assert "is another number" in finding.message


@pytest.mark.parametrize(("words", "value"), FAIL)
def test_what_fails(words: str, value: object) -> None:
    verdict = fact(words, value)
    assert verdict.status == "fails"
    assert verdict.findings


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("at least 96 %", 0.9733),
        ("at most 6", 5),
        ("under 20", 14.2),
        ("more than 1", 3),
    ],
)
def test_a_bound_must_be_tight_or_say_why_not(words: str, value: float) -> None:
    (finding,) = fact(words, value).findings
    assert finding.rule == "loose"
    assert fact(words, value, loose="another BLAS").status == "holds"


@pytest.mark.parametrize("reason", ["", " "])
def test_a_loose_bound_needs_its_reason(reason: str) -> None:
    (finding,) = fact("under 20", 14.2, loose=reason).findings
    assert finding.rule == "option"


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("3 of them", 3),
        ("about 2.6 times", 2.61),
        ("exactly three", 3),
        ("it holds", True),
    ],
)
def test_where_nothing_bounds_no_reason_is_due(
    words: str, value: object
) -> None:
    assert fact(words, value).status == "holds"
    verdict = fact(words, value, loose="another BLAS")
    (finding,) = verdict.findings
    assert (finding.rule, verdict.status) == ("option", "fails")
    assert "the words hold none" in finding.message


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("at most 6", 6),
        ("under twenty", 19.5),
        ("of 6 at most 0.1", (6, 0.01)),
    ],
)
def test_a_bound_that_is_the_best_one_here_may_be_loose_elsewhere(
    words: str, value: object
) -> None:
    assert fact(words, value, loose="another BLAS").status == "holds"


def test_a_loose_bound_must_still_hold() -> None:
    assert fact("under 20", 21.0, loose="varies").status == "fails"


def test_a_counter_example_must_fail() -> None:
    assert fact("it is so", True, counter="value is None").status == "holds"
    (finding,) = fact("it is so", True, counter="value").findings
    assert finding.rule == "counter"
    assert fact("9", 9, counter="value + 1").status == "holds"
    assert fact("9", 9, counter="value + 0").status == "fails"


def test_a_name_that_nothing_binds_makes_it_wait() -> None:
    marker = Marker(
        kind="fact",
        form="role",
        id="it",
        place=Place("ch.md", 1),
        body=Text.at("3"),
        raw=Text.at("3"),
        expression=Text.at("later + 1"),
    )
    verdict = verify_fact(marker, lambda source, extra: eval(source, {}))
    assert (verdict.status, verdict.missing) == ("waiting", "later")


def test_a_constant_is_vacuous() -> None:
    marker = Marker(
        kind="fact",
        form="role",
        id="it",
        place=Place("ch.md", 1),
        body=Text.at("3"),
        raw=Text.at("3"),
        expression=Text.at("-(-3)"),
    )
    verdict = verify_fact(marker, lambda source, extra: eval(source, {}))
    assert [each.rule for each in verdict.findings] == ["vacuous"]


def test_the_finding_shows_both_sides_and_the_place() -> None:
    (finding,) = fact("so it is about 2.6 times", 2.7).findings
    assert finding.place == Place("ch.md", 1, 16)
    assert finding.width == 3
    assert finding.left == "about 2.6 (printed)"
    assert finding.right == "2.7 (value)"
    assert finding.notes == ("apart: 0.1",)
