"""The lint: what it finds, and what it lets pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bookproof.config import Project
from bookproof.mutating.mutate import mutants
from bookproof.prose import vocabulary
from bookproof.prose.lint import lint_book, lint_chapter
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter

ROOT = Path("/p")
PROJECT = Project(root=ROOT, book=ROOT, source=ROOT / "src")
FRONT = "---\njupytext: {}\nkernelspec: {}\n---\n\n"


def read(text: str, name: str = "ch") -> Chapter:
    return read_chapter(ROOT / f"{name}.md", PROJECT, text)


def lint(text: str) -> list[str]:
    return [f.rule for f in lint_chapter(read(f"# T\n\n{text}\n"), PROJECT)]


@pytest.mark.parametrize(
    "words",
    [
        "There are 3 of them.",
        "It took 2.5 seconds.",
        "About 10 % are lost.",
        "A 3-D surface.",
        "The 1st step.",
        "It is 2x faster.",
        "So ½ is left.",
        "That is x² then.",
        "With NumPy 2.4 it works.",
        "In 1986 it was found.",
        "Between 3–4 steps.",
        "The answer (42).",
        "By 1e-5 at most.",
        "We have x_1:3 here.",
        "**Four** or *4* times.",
        "An escaped \\5 or &#53; digit.",
        "- item 7",
        "> quoted 7",
        "| a | b |\n|---|---|\n| 7 | x |",
        "term\n: meaning 7",
        "Text[^a].\n\n[^a]: A note of 7",
        "```{note}\nIn a box 7\n```",
        "```{admonition} Title 7\nWords.\n```",
        "```{figure} a.png\n:alt: words\n\nCaption 7\n```",
        "```{figure} a.png\n:alt: 7 words\n\nCaption\n```",
        "![7 words](a.png)",
        "Words.\n\n```{chunk} a.py\n:name: Add 7\n\nx = 7\n```",
        "````{exercise} ex\n:title: Take 7\n\nDo.\n````",
        "```{toctree}\n:caption: Part 7\n\nother\n```",
        "```{toctree}\nPart 7 <other>\n```",
        '[a link](#a "of 7 words")',
        '![words](a.png "of 7 words")',
        "## Section 7",
    ],
)
def test_numbers_that_nothing_checks_are_found(words):
    assert set(lint(words)) == {"number-in-prose"}


@pytest.mark.parametrize(
    "words",
    [
        "Two passes, a third, twice, a thousand, ninety tenths.",
        "In float32, float64's range, Conv2d.weight and (L2) or W1/W2.",
        "CIFAR-10 and UTF-8 follow IEEE 754.",
        "Code `x = 3` and `2.4`.",
        "See [section 3.2](#a), {ref}`a-3`, {numref}`fig-3`, {cite}`r1986`.",
        "{fact}`about 3 times <x>`, {cited}`in 1986 <r1986>`,",
        "{unchecked}`some 5 years <memory>`; {let}`x = 3`; {claim}`x = 3`",
        "<https://x.org/3>",
        "1. first\n2. second",
        "```python\nx = 3\n```",
        "% a comment with 7",
        "(target-7)=\n\nWords.",
        "$W^{(2)}$ and $x_1$ and $\\mathbf{1}^\\top \\delta^{(\\ell+1)}$",
    ],
)
def test_what_is_no_number_passes(words):
    assert lint(words) == []


def test_a_number_is_shown_where_it_stands():
    chapter = read("# T\n\nWords &amp; more:\n  **so** (2.5) it is.\n")
    (finding,) = lint_chapter(chapter, PROJECT)
    assert (str(finding.place), finding.width) == ("ch.md:4:11", 3)


@pytest.mark.parametrize(
    "words",
    ["a = b", "x ≤ y", "a < b", "p > q", "x → y", "a ≈ b", "m ∝ n"],
)
def test_relations_among_words_are_found(words):
    assert lint(f"So {words} here.") == ["relation-in-prose"]


@pytest.mark.parametrize(
    "formula",
    [
        "$a = b$",
        "$x < y$",
        r"$x \le y$",
        r"$x \approx y$",
        r"$n \to \infty$",
        r"$x \in S$",
        r"$\frac{a = b}{c}$",
        "$$\na = b\n$$",
        "```{math}\na = b\n```",
        "{math}`a = b`",
        "| a | b |\n|---|---|\n| $a = b$ | x |",
        r"$\mathrm{a} = b$",
        r"$x_{i} \neq x_j^{k}$",
    ],
)
def test_relations_outside_markers_are_found(formula):
    assert lint(formula) == ["relation-outside-marker"]


@pytest.mark.parametrize(
    "formula",
    ["$3$", "$2x$", "$1/B$", r"$\frac12$", "$[0, b]$", r"$x^{n} + 1$"],
)
def test_numerals_outside_markers_are_found(formula):
    assert set(lint(formula)) == {"number-in-mathematics"}


@pytest.mark.parametrize(
    "formula",
    [
        r"$\sum_{i=1}^{n} x_i$",
        r"$W^{(2)} h_0$",
        r"$x^\mathrm{a}_2$",
        r"$f \colon \mathbb{R} \to \mathbb{R}$",
        r"$x \mapsto f$",
        r"$h^{(\ell-1)}_{i,2}$",
        r"$\text{loss} + \operatorname{tr} A$",
        r"the sign $=$ and the arrow $\to$",
    ],
)
def test_formulas_that_state_nothing_pass(formula):
    assert lint(formula) == []


@pytest.mark.parametrize(
    "figure",
    [
        "![](a.png)",
        "```{figure} a.png\nCaption\n```",
        "```{image} a.png\n```",
        "```{image} a.png\n:alt:\n```",
    ],
)
def test_figures_without_words_are_found(figure):
    assert lint(figure) == ["figure-alt"]


@pytest.mark.parametrize("image", ["{width: 100%}", '{alt: ""}'])
def test_a_cells_figure_without_words_is_found(image):
    cell = (
        f"```{{code-cell}}\n---\nmystnb:\n  image: {image}\n"
        '  figure: {name: fig-a, caption: "So"}\n---\nplot()\n```\n'
    )
    found = lint_chapter(read(f"{FRONT}# T\n\n{cell}"), PROJECT)
    assert [f.rule for f in found] == ["figure-alt"]


CHUNK = "```{chunk} a.py\n:name: Do\n\nx = y\n```\n\n"
HEAD = '```{chunk} a.py\n"""A."""\n```\n\n'


@pytest.mark.parametrize(
    ("text", "count"),
    [
        (CHUNK, 1),
        ("Words.\n\n" + CHUNK, 0),
        ("Words.\n\n" + CHUNK + CHUNK, 1),
        ("Words.\n\n" + CHUNK + "## More\n\n" + CHUNK, 1),
        ("Words.\n\n## More\n\n" + CHUNK, 1),
        ("Words.\n\n" + HEAD + CHUNK, 0),
        (HEAD + CHUNK, 2),
        ("- a list\n\n" + CHUNK, 0),
    ],
)
def test_a_chunk_needs_words_before_it(text, count):
    assert lint(text) == ["chunk-without-prose"] * count


STRICT = replace(PROJECT, unbound_mathematics="refuse")


@pytest.mark.parametrize(
    ("formula", "thing", "column"),
    [
        (r"W^\top \delta", r"transpose ^\top", 7),
        ("x_1", "digit 1", 8),
        ("p - y", "sign -", 8),
        (r"W_{ij}", "index {ij}", 8),
        (r"W^{(\ell)}", r"layer \ell", 10),
        (r"\phi'", "prime '", 10),
        (r"a \odot b", r"operator \odot", 8),
        ("=", "relation =", 6),
        ("a - x^{(2)}", "sign -, the digit 2", 8),
    ],
)
def test_mathematics_that_could_change_unnoticed_is_found_where_asked(
    formula, thing, column
):
    chapter = read(f"# T\n\nand ${formula}$\n")
    (finding,) = lint_chapter(chapter, STRICT)
    assert finding.rule == "unbound-mathematics"
    assert f"the {thing} could" in finding.message
    assert (finding.place.line, finding.place.column) == (3, column)
    assert lint_chapter(chapter, PROJECT) == []


@pytest.mark.parametrize(
    "words",
    [
        r"the loss $\mathcal{L}$ of $f(x)$, $\ell$ and $\partial L$",
        r"{let}`x_1 = 2 - 1`, {claim}`W^\top = 2`, {fact}`two <x>`",
    ],
)
def test_mathematics_that_cannot_change_unnoticed_passes_where_asked(words):
    assert lint_chapter(read(f"# T\n\n{words}\n"), STRICT) == []


def test_every_mutant_outside_of_markers_is_in_a_refused_formula():
    text = r"# T" + "\n\n" + r"As $g - h_2$, $\phi'$ and $v_k$ say, $x$."
    chapter = read(text)
    found = {f.place.column for f in lint_chapter(chapter, STRICT)}
    assert {m.place.column for m in mutants(chapter)} == {7, 11, 20, 30}
    assert found == {7, 20, 30}


def test_the_findings_of_reading_are_among_those_of_the_lint():
    assert lint("a stray ` mark") == ["broken-markup"]


def test_a_label_of_two_chapters_is_found():
    one = read("# T\n\n{claim}`gain: a = b` {claim}`loss: a = b`\n", "one")
    two = read("# T\n\n{claim}`gain: a = b` {let}`win: a = b`\n", "two")
    (finding,) = lint_book([one, two])
    assert (finding.rule, str(finding.place)) == (
        "duplicate-label",
        "two.md:3:1",
    )
    assert finding.notes == ("first used at one.md:3:1",)


DOUBLED = {
    "places": ("(one)=\n## A\n\n(", "one)=\n## B\n"),
    "boxes and formulas": (
        "```{note}\n:name: one\n\nSo.\n```\n\n```{math}\n:label: ",
        "one\n\na\n```\n",
    ),
    "figures": (
        "```{figure} a.png\n:name: one\n:alt: a\n```\n\n"
        "```{figure} b.png\n:alt: b\n:name: ",
        "one\n```\n",
    ),
    "cells": (
        "```{image} a.png\n:name: one\n:alt: a\n```\n\n"
        "```{code-cell} ipython3\n"
        "---\nmystnb: {image: {alt: a}, figure: {name: ",
        "one}}\n---\nx = 1\n```\n",
    ),
    "formulas and markers": ("$$\na\n$$ (one)\n\n", "{claim}`one: a = b`\n"),
    "markers and formulas": (
        "```{claim} one\na = b\n```\n\n$$\na\n$$ (",
        "one)\n",
    ),
    "letters": ("(one-x)=\nSo.\n\n(", "One-X)=\nSo.\n"),
    "footnotes": ("So[^one].\n\n[^one]: so\n\n", "[^one]: no\n"),
    "links": ("So [one].\n\n[one]: b.md\n", "[one]: c.md\n"),
    "links in a box": (
        "So.\n\n```{note}\nSo [one].\n\n[one]: b.md\n",
        "[one]: c.md\n```\n",
    ),
    "exercises": (
        "````{exercise} one\nDo.\n````\n\n",
        "````{exercise} one\nDo.\n````\n",
    ),
    "solutions": (
        "````{solution} one\nDo.\n````\n\n",
        "````{solution} one\nDo.\n````\n",
    ),
    "code": (
        "So.\n\n```{chunk} a.py\n:label: one\n\nx = 1\n```\n\nSo.\n\n",
        "```{chunk} a.py\n:label: one\n\ny = 1\n```\n",
    ),
}


@pytest.mark.parametrize(("first", "second"), DOUBLED.values(), ids=DOUBLED)
def test_a_label_that_is_given_twice(first: str, second: str) -> None:
    front = f"{FRONT}# T\n\n"
    found = lint_chapter(read(front + first + second), PROJECT)
    (finding,) = [each for each in found if each.rule == "duplicate-label"]
    line = (front + first).count("\n") + 1
    assert finding.place.line == line
    assert finding.notes[0].startswith("first used at ch.md:")
    at = second.lower().index("one")
    other = second[:at] + "two" + second[at + 3 :]
    assert "duplicate-label" not in {
        each.rule for each in lint_chapter(read(front + first + other), PROJECT)
    }


def test_things_of_two_sorts_in_two_chapters_share_their_labels():
    one = read("# T\n\n{claim}`gain: a = b`\n\n(gain)=\nSo.\n", "one")
    two = read("# T\n\n(gain)=\nSo.\n\n(gain)=\nSo.\n", "two")
    assert [str(each.place) for each in lint_book([one, two])] == [
        "two.md:3:2",
        "two.md:6:2",
    ]


def test_an_exercise_and_its_solution_have_one_label():
    assert "duplicate-label" not in lint(
        "````{exercise} one\nDo.\n````\n\n````{solution} one\nDone.\n````"
    )


def test_no_word_of_the_vocabulary_is_eaten_twice():
    assert list(vocabulary.numbers("IEEE 754 and IEEE 755")) == [(18, "755")]


def test_rows_without_a_value_print_nothing_that_could_change_where_asked():
    head = "| symbol | meaning | shape | value |\n|---|---|---|---|\n"
    rows = (
        "| $A_1$ | a matrix | matrix | |\n"
        "| $H$ | a batch | $(B, n)$ | |\n"
        "| $W_2$ | another | $(B, n)$ | `W` |\n"
        "| $x$ | a column | as $y$ | |\n"
    )
    chapter = read(f"# T\n\n```{{symbols}}\n{head}{rows}```\n")
    assert lint_chapter(chapter, PROJECT) == []
    found = lint_chapter(chapter, STRICT)
    assert {f.rule for f in found} == {"unbound-mathematics"}
    places = [(f.place.line, f.place.column) for f in found]
    assert places == [(6, 4), (7, 19)]
    assert "the digit 1 of this symbol" in found[0].message
    assert "this shape" in found[1].message
