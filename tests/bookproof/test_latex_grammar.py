"""The printed grammar and the reader accept the same formulas.

What the reader takes, the grammar makes. What the grammar makes, the reader
takes or refuses for one of the reasons below: a text with two readings, for
which the press asks for brackets, or a condition beyond a grammar's reach.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from subset import Subset, words

from bookproof.latex.errors import FormulaError
from bookproof.latex.statements import Statements
from bookproof.latex.tokens import Token, tokenize
from bookproof.latex.tree import Chain, Symbol

SUBSET = Subset()
REASONS = (
    "a number after a factor",
    "a function of a function",
    "does this still belong",
    "does this belong to the whole fraction",
    "the function before",
    "only the first digit",
    "a second",
    "what is differentiated",
    "the derivative is of order",
    "the order of a derivative",
    "a derivative is taken by",
    "a range below is written",
    "times this, or taken there",
    "one quantity in an expectation",
    "the rows of this matrix differ",
    "a mark must follow",
    "a prime must follow",
    "a label in brackets must follow",
    "a power of",
    "an index on",
    "expected a symbol",
    "expected a word",
    "expected a letter",
    "expected a relation",
    r"expected \end{",
    "expected } after the superscript",
    "expected if, for, when or otherwise",
    "a branch needs its condition",
    "words are not evaluated",
    "words between formulas",
    "over which distribution",
    r"\dots is not read",
    "is not expected here",
)
NOT_EXPECTED = "is not expected here"


def _formulas() -> list[str]:
    out: list[str] = []
    for path in sorted((Path(__file__).parent / "formulas").glob("*.toml")):
        content = tomllib.loads(path.read_text())
        out += content.get("let", [])
        out += [x for p in content["pair"] for x in (p["right"], p["wrong"])]
    return out


FORMULAS = _formulas()
BEFORE = Chain((Symbol("p"), Symbol("q")), ("=",))


def pieces(text: str) -> list[list[Token]]:
    """The pieces that a claim is cut into, without the stop at their end."""
    try:
        found = Statements(tokenize(text))._pieces()
    except FormulaError:
        return []
    return [
        piece[:-2] + piece[-1:]
        if len(piece) > 1 and piece[-2].text in (".", ";", ",")
        else piece
        for piece in found
        if piece[0].kind not in ("end", "text")
    ]


def refusal(piece: list[Token]) -> str | None:
    """Why the reader does not take the piece; None if it does."""
    try:
        Statements(list(piece))._piece(list(piece), [BEFORE], [], [])
    except FormulaError as error:
        return error.message
    return None


def agree(text: str) -> None:
    for piece in pieces(text):
        if len(piece) == 1:
            continue
        row = list(words(piece))
        why, made = refusal(piece), SUBSET.accepts(row)
        assert made or why is not None, f"not in the grammar: {row}"
        if made and why is not None:
            known = why.startswith(REASONS) or NOT_EXPECTED in why
            assert known, f"the reader refuses {row}: {why}"


@pytest.mark.parametrize("text", FORMULAS)
def test_the_grammar_makes_every_formula_of_the_tests(text: str) -> None:
    read = [piece for piece in pieces(text) if refusal(piece) is None]
    assert all(SUBSET.accepts(list(words(piece))) for piece in read)


def test_nearly_all_of_them_are_read() -> None:
    found = [piece for text in FORMULAS for piece in pieces(text)]
    read = [piece for piece in found if refusal(piece) is None]
    assert len(read) > 0.95 * len(found)
    assert len(read) > 900


@given(
    st.sampled_from(FORMULAS),
    st.sampled_from(FORMULAS),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 3),
    st.integers(0, 3),
)
@settings(max_examples=400, deadline=None, derandomize=True)
@example(r"\frac12 x = 3", "", 0.0, 0.0, 0, 0)
@example(r"(y \log x)^2 = 3", "", 0.0, 0.0, 0, 0)
@example(r"x_{\text{in}} = W_\text{out}", "", 0.0, 0.0, 0, 0)
def test_a_formula_with_a_mistake_is_judged_alike(
    one: str, two: str, at: float, source: float, drop: int, copy: int
) -> None:
    try:
        tokens, other = tokenize(one)[:-1], tokenize(two)[:-1]
    except FormulaError:
        tokens, other = [], []
    start = int(at * len(tokens))
    first = int(source * len(other))
    cut = tokens[start : start + drop]
    left = one[: cut[0].at] if cut else one
    right = one[cut[-1].end :] if cut else ""
    taken = other[first : first + copy]
    middle = two[taken[0].at : taken[-1].end] if taken else ""
    agree(f"{left} {middle} {right}")


@pytest.mark.parametrize(
    "text",
    ["x +", r"\frac{x}", r"\sum_{i=1} x", "x = = y", "(x", r"x^{y", r"x \odot"],
)
def test_what_neither_takes(text: str) -> None:
    for piece in pieces(text):
        assert refusal(piece)
        assert not SUBSET.accepts(list(words(piece)))


DEFINITIONS = [
    "x = 2",
    r"\sigma(z) = \frac{1}{1 + e^{-z}}",
    r"z^{(\ell)} = W^{(\ell)} h^{(\ell-1)} + b^{(\ell)}",
    "f(x, y) := x y",
]


@pytest.mark.parametrize("text", DEFINITIONS)
def test_definitions_are_in_the_grammar(text: str) -> None:
    assert Statements(tokenize(text)).definitions()
    assert SUBSET.accepts(list(words(tokenize(text))), "definition")


@pytest.mark.parametrize("text", ["x", "= 2", "2 = x"])
def test_what_is_no_definition(text: str) -> None:
    with pytest.raises(FormulaError):
        Statements(tokenize(text)).definitions()
    assert not SUBSET.accepts(list(words(tokenize(text))), "definition")
