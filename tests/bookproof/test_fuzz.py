"""Whatever stands in a chapter or in the settings, the press has an answer:
findings with a place in the file, or an error that says what is wrong."""

from __future__ import annotations

import ast
import contextlib
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
import random_chapters
from hypothesis import given, settings
from hypothesis import strategies as st

from bookproof import check
from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding, Text
from bookproof.latex.options import OptionError, read_options
from bookproof.prose import vocabulary
from bookproof.prose.lint import lint_book
from bookproof.prose.words import counts, numbers
from bookproof.reading import python
from bookproof.reading.chapter import read_chapter
from bookproof.tangling import stitch
from bookproof.tangling.tangle import tangle, write


def project(folder: str) -> Project:
    root = Path(folder).resolve()
    return Project(root=root, book=root / "book", source=root / "src")


def sound(findings: list[Finding], text: str) -> None:
    """Each finding can be shown, and lies within the file."""
    lines = [*text.split("\n"), ""]
    for finding in findings:
        assert finding.rule != "internal", finding
        assert finding.render()
        assert Finding.from_json(finding.to_json()) == finding
        if finding.place.file.endswith(".md"):
            assert 1 <= finding.place.line <= len(lines), finding
            width = len(lines[finding.place.line - 1])
            assert 1 <= finding.place.column <= width + 2, finding


@settings(deadline=None, max_examples=150)
@given(random_chapters.chapters())
def test_any_chapter_is_read_and_linted(text: str) -> None:
    here = project("nowhere")
    chapter = read_chapter(here.book / "ch.md", here, text)
    findings = check.chapter_findings(chapter, here)
    sound([*findings, *lint_book([chapter, chapter])], text)


@settings(deadline=None, max_examples=60)
@given(random_chapters.chapters(), random_chapters.bodies())
def test_any_chapter_is_tangled_or_refused(text: str, more: str) -> None:
    """And what was tangled and then edited is stitched or refused."""
    with tempfile.TemporaryDirectory() as folder:
        here = project(folder)
        chapter = read_chapter(here.book / "ch.md", here, text)
        tangled = tangle([chapter], here)
        sound(list(tangled.findings), text)
        with contextlib.suppress(BookError):
            write(tangled, here)
        if tangled.findings:
            assert not here.source.exists()
            return
        for target, code in tangled.files.items():
            path = here.source / target
            assert path.read_text(encoding="utf-8") == code
            path.write_text(code + more, encoding="utf-8")
        with contextlib.suppress(BookError):
            stitch.stitch([chapter], here)


WORDS = st.lists(
    st.one_of(
        st.sampled_from(
            ["1", "97 %", "1,797", "3.8 × 10⁻⁶", "½", "two thirds", "1e999999"]
        ),
        st.sampled_from(["10⁹⁹⁹⁹⁹⁹⁹", "9" * 5000, "1/0", "٣", "²", "at least"]),
        st.sampled_from(["10^{-99999999}", "-", "−", ".", ",", "×", "exactly"]),
        st.text(max_size=4),
    ),
    max_size=8,
).map(" ".join)


@settings(deadline=None, max_examples=200)
@given(WORDS)
def test_any_words_of_a_fact_hold_numbers_or_too_much(words: str) -> None:
    counts(words)
    list(vocabulary.numbers(words))
    list(vocabulary.signs(words))
    try:
        found = numbers(words)
    except OverflowError:
        return
    for one in found:
        assert words[one.start : one.end] == one.text
        assert float(one.value) - float(one.unit) <= float(one.value)


PIECES = (
    *("\\ell", "in", "range(1, L)", "x", "=", "==", ";", "(", ")", "[", "]"),
    *("'", '"', "{", "}", ",", "lambda:", "5", "-" * 2000, "1e-9", "nan"),
    *("(" * 150, "9" * 5000, "٣", "\0", "rng", "numerator", "\n", "W_{ij}"),
)
PYTHON = st.lists(st.sampled_from(PIECES), max_size=8).map(" ".join)
NAMES = (
    *("for", "given", "where", "assuming", "draws", "rtol", "rows", "layout"),
    *("loose", "along"),
)


@settings(deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(NAMES), PYTHON, max_size=3))
def test_any_options_of_a_claim_are_read_or_refused(
    options: dict[str, str],
) -> None:
    lifted = {name: Text.at(value) for name, value in options.items()}
    with contextlib.suppress(OptionError):
        read_options(lifted, {})


@settings(deadline=None, max_examples=200)
@given(st.one_of(PYTHON, st.text(max_size=20)))
def test_any_text_is_python_or_a_syntax_error(source: str) -> None:
    with contextlib.suppress(SyntaxError):
        tree = python.parse(source, "eval")
        assert ast.unparse(tree)
    with contextlib.suppress(SyntaxError):
        python.parse(source)


@pytest.mark.parametrize(
    "source",
    [
        *("-" * 20_000 + "1", "1" + "+1" * 20_000, "(" * 300 + ")" * 300),
        *("not " * 150 + "x", "9" * 5000, "\ud800", "if x:\n" * 3, "\0"),
    ],
)
def test_python_that_python_cannot_read(source: str) -> None:
    with pytest.raises(SyntaxError):
        python.parse(source, "eval")


# What takes time by the square of its length would hang the press


def chunks(number: int) -> str:
    head = 'w\n\n```{chunk} a.py\n"""A."""\n```\n\n'
    one = "```{chunk} a.py\n:name: Do it\n\nx = 1\n```\n\n"
    return head + one * number


def fragments(number: int) -> str:
    rows = range(number)
    return 'w\n\n```{chunk} a.py\n"""A."""\n<<f0>>\n```\n\n' + "".join(
        f"```{{chunk}}\n:name: f{n}\n\nx = {n}\n<<f{n + 1}>>\n```\n\n"
        for n in rows
    )


def nested(number: int) -> str:
    signs = range(number, 0, -1)
    return "".join(":" * (n + 2) + "{note}\n" for n in signs)


def repeated(text: str) -> Callable[[int], str]:
    return lambda number: text * number


LONG = {
    "chunks": chunks,
    "fragments": fragments,
    "nested": nested,
    "ticks": lambda number: " ".join("`" * n for n in range(1, number // 8)),
    **{
        text: repeated(text)
        for text in (
            *("`", "[", "]", "![", "<", "<<a>>", "*", "$", "{", "> ", "- "),
            *("- a\n", "1. a\n", "\n", "a\n", "# a\n\n", "```\n", "a\n=\n"),
            *("```{note}\n", "a\n: b\n\n", "[^a]: b\n", "| a\n|-\n", "<a"),
            *("$$a$$\n\n", "{claim}`1=1` ", "{fact}`3 <3>` ", "1,000 ", "97 %"),
            *("```{claim} a\n2=1+1\n```\n", "{claim}`a-b: 2=1+1`\n\n"),
        )
    },
}


def steps(text: str) -> int:
    """How many instructions of the press reading and tangling takes."""
    here = project("nowhere")
    count = 0

    def tracer(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        if "bookproof" not in frame.f_code.co_filename:
            return None
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return tracer

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        chapter = read_chapter(here.book / "ch.md", here, text)
        check.chapter_findings(chapter, here)
        tangle([chapter], here)
    finally:
        sys.settrace(before)
    return count


@pytest.mark.parametrize("kind", LONG)
def test_the_work_grows_no_faster_than_the_text(kind: str) -> None:
    short, long = LONG[kind](60), LONG[kind](240)
    assert steps(long) < 6 * steps(short)
