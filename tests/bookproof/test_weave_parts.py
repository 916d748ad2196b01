"""The weaver's parts, one at a time."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docutils import nodes
from sphinx.errors import ExtensionError

from bookproof import weave
from bookproof.mutating.kills import Count
from bookproof.reading.elements import Chapter
from bookproof.weave.book import Page
from bookproof.weave.code_noticed import share
from bookproof.weave.colophon import colophon
from bookproof.weave.identifiers import defined
from bookproof.weave.katex import BadFormula, Katex
from bookproof.weave.nodes import _attributes, apply, marked
from bookproof.weave.punctuation import _wrap, length
from bookproof.weave.roles import printed_words, statement_ids
from bookproof.weave.translator import svg_size
from bookproof.weave.verdicts import Mark, evidence


@pytest.fixture(scope="module")
def katex() -> Iterator[Katex]:
    engine = Katex({r"\loss": r"\mathcal{L}"})
    yield engine
    engine.close()


def test_a_formula_carries_mathml_for_screen_readers(katex: Katex) -> None:
    html = katex.html(r"\frac{a}{b}", display=False)
    assert "<mfrac>" in html
    assert 'aria-hidden="true"' in html


def test_macros_are_those_of_the_project(katex: Katex) -> None:
    html = katex.html(r"\loss", display=False, output="mathml")
    assert 'mathvariant="script"' in html or "ℒ" in html


@pytest.mark.parametrize(
    "tex",
    [r"\frac{1", r"\nosuch", "é", r"\href{a}{b}", r"\htmlId{a}{b}", "a % b"],
)
def test_what_katex_cannot_set_is_refused(katex: Katex, tex: str) -> None:
    with pytest.raises(BadFormula):
        katex.html(tex, display=False)


def test_an_engine_that_ends_says_what_it_needs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    engine = Katex({})
    with pytest.raises(ExtensionError, match=r"ended \(1\).*ulimit -v"):
        engine.html("x", display=False)
    engine.close()


def test_a_definition_in_one_formula_does_not_reach_the_next(
    katex: Katex,
) -> None:
    katex.html(r"\gdef\own{x}\own", display=False)
    with pytest.raises(BadFormula):
        katex.html(r"\own", display=False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("about 2.6 times <ratio>", "about 2.6 times"),
        ("9 <overwrite([24, 9])>", "9"),
        ("true <a < b>", "true"),
    ],
)
def test_words_end_at_the_first_angle(text: str, words: str) -> None:
    assert printed_words(text) == words


def test_statement_ids_are_separated_by_commas() -> None:
    assert statement_ids("a-b, c ,d") == ["a-b", "c", "d"]


@pytest.mark.parametrize(
    ("tex", "signs"), [(r"x = 2", 3), (r"\frac{\partial L}{x_1}", 5)]
)
def test_the_length_of_a_formula_counts_signs(tex: str, signs: int) -> None:
    assert length(tex) == signs


def test_the_size_of_a_drawing_is_in_pixels(tmp_path: Path) -> None:
    path = tmp_path / "a.svg"
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="72pt" height="1in"/>'
    path.write_text(svg, encoding="utf-8")
    assert svg_size(path) == (96, 96)
    assert svg_size(tmp_path / "none.svg") is None


def test_evidence_names_draws_and_values() -> None:
    entry = {"kind": "claim", "values": [["1", "1"], ["2", "3"]], "draws": 5}
    said = "checked in 5 random draws, the first: 1 = 1; left 2, right 3"
    assert evidence(entry) == said
    assert evidence({"kind": "claim", "values": [], "draws": 0}) == "checked"
    assert evidence({"kind": "claim", "values": [["", ""]]}) == "checked"
    fact = {"kind": "fact", "values": [["2.6", "2.598"]]}
    said = "checked: printed 2.6, the program gives 2.598"
    assert evidence(fact) == said
    assert evidence({**fact, "values": [["x", "True"]]}) == "checked: true"


def page(*entries: tuple[str, str], fresh: bool = True) -> Page:
    records = [
        {"id": f"a-{number}", "kind": kind, "status": status}
        for number, (kind, status) in enumerate(entries)
    ]
    chapter = Chapter(path="book/a.md", text="", elements=())
    return Page("a", chapter, {"entries": records}, fresh)


def test_the_colophon_counts_what_holds() -> None:
    whole = page(("claim", "holds"), ("fact", "holds"), ("cited", "cited"))
    words = "All 2 statements marked as checked on this page hold; 1 is cited."
    assert colophon(whole) == words
    part = page(("claim", "holds"), ("claim", "fails"), ("math", "holds"))
    assert colophon(part) == "1 of 2 statements on this page hold."
    stale = page(("claim", "holds"), fresh=False)
    assert colophon(stale) == "0 of 1 statements on this page hold."


def test_identifiers_are_public_names_with_their_lines() -> None:
    text = "x = 1\n_y = 2\nclass A:\n    z = 3\n    def f(self): ...\n"
    text += "def _g(): ...\nw: int = 4\n"
    assert list(defined(text)) == [("x", 1), ("A", 3), ("A.f", 5), ("w", 7)]


def test_punctuation_is_taken_from_beside_the_formula() -> None:
    words = [nodes.Text(", "), nodes.emphasis("", "q"), nodes.Text(", ")]
    paragraph = nodes.paragraph("", "", words[0], words[1])
    formula = nodes.math("", "r")
    paragraph += [formula, words[2]]
    _wrap(formula, alone=True)
    assert paragraph.astext() == ", qr, "
    assert paragraph[2].astext() == "r,"
    assert [paragraph[0], paragraph[3]] == [", ", " "]


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (Count(), ""),
        (Count(4, 3, 1), "3 of 3 (100 %)"),
        (Count(10_000, 9_999, 0), "9999 of 10000 (99.9 %)"),
        (Count(3, 2, 0), "2 of 3 (66.6 %)"),
    ],
)
def test_a_share_of_mutants_is_never_rounded_up(
    count: Count, words: str
) -> None:
    assert share(count) == words


@pytest.mark.parametrize(
    ("kind", "words", "short"),
    [
        ("fact", "1.02 × 10¹²", True),
        ("fact", "sixteen letters.", True),
        ("fact", "seventeen letters", False),
        ("cited", "in 1970", False),
    ],
)
def test_a_short_fact_stays_on_one_line(
    kind: str, words: str, short: bool
) -> None:
    node = marked("", "", nodes.Text(words))
    apply(node, Mark(id="a", kind=kind, state="holds", note=""))
    assert ("short" in _attributes(node)["CLASS"].split()) is short


def contrast(one: list[float], other: list[float]) -> float:
    """How many times as light one is as the other (WCAG 2.2)."""
    lights = []
    for colour in (one, other):
        parts = [part / 255 for part in colour]
        linear = [
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4
            for p in parts
        ]
        lights.append(
            0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        )
    return (max(lights) + 0.05) / (min(lights) + 0.05)


@pytest.mark.parametrize(
    ("text", "ground"), [("000000", "ffffff"), ("cfd0d0", "131416")]
)
def test_coloured_words_can_be_read_by_day_and_by_night(
    text: str, ground: str
) -> None:
    """On the grounds of furo."""
    style = Path(weave.__file__).with_name("static") / "marks.css"
    words = re.findall(r"^  color: (.*);$", style.read_text("utf-8"), re.M)
    mixed = re.compile(
        r"var\(--\w+, color-mix\(in srgb, #(\w{6}) (\d+)%, currentcolor\)\)"
    )
    assert len(words) == 4
    for each in words:
        found = mixed.fullmatch(each)
        assert found is not None, each
        share = int(found[2]) / 100
        pairs = zip(bytes.fromhex(found[1]), bytes.fromhex(text), strict=True)
        shown = [share * a + (1 - share) * b for a, b in pairs]
        assert contrast(shown, list(bytes.fromhex(ground))) >= 4.5, each
