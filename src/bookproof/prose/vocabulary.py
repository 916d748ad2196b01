"""What looks like a number or a relation and asserts nothing.

One table, so that an author can read what the lint lets pass:

| printed                                    | passes, because           |
|--------------------------------------------|---------------------------|
| two passes, a third, twice, a thousand     | words carry no digits     |
| sixty-four, if the page holds a 64         | it comes from somewhere   |
| float32, Conv2d, L2, W1, torch.float64     | letters first: identifier |
| CIFAR-10, UTF-8, ResNet-50                 | a name and its number     |
| IEEE 754 and the other names of `NAMES`    | a name                    |
| `2.4`, `x = 3` in backticks                | code is what it is        |
| the words of a link, {ref}, {numref}       | they name a place         |
| $W^{(2)}$, $x_1$, $\\mathbf{1}$            | part of the symbol        |
| the sign $=$, the arrow $\\to$             | the sign itself is meant  |
| $f \\colon \\mathbb{R} \\to \\mathbb{R}$   | the arrow of a signature  |

and what it does not:

| printed                              | write                             |
|--------------------------------------|-----------------------------------|
| sixty-four, if nothing there is 64   | {fact}, or a cell with it         |
| 3-D, 2x, 1st, ½, 10 %, NumPy 2.4     | {fact}, {cited}, words, or code   |
| $2x$, $1/B$, $[0, 1]$                | {claim}, {let}, or a symbol       |
| $x = 3$, $a < b$, $n \\to \\infty$   | {claim}, {let}, {when} or {range} |
| x < 3, a → b, = outside mathematics  | {claim}, or words                 |
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

#: Names that hold a number of their own.
NAMES = ("IEEE 754",)

_NAMED = re.compile(r"[A-Z][A-Za-z]+-\d+[A-Za-z]*")
_PARTS = re.compile(r"[-./–—‑·,:;…|&+()\[\]{}]+")
_EDGES = "\"'“”‘’«»()[]{}.,:;!?…*_–—-"
_POSSESSIVE = ("'s", "’s")

#: Signs that state a relation wherever they are printed.
SIGNS = re.compile("[=≈≤≥≠<>≪≫∝≡→←↦⇒⟹]")

#: LaTeX that states one.
RELATIONS = frozenset(
    {
        *("=", "<", ">", r"\approx", r"\le", r"\ge", r"\leq", r"\geq"),
        *(r"\leqslant", r"\geqslant", r"\ne", r"\neq", r"\ll", r"\gg"),
        *(r"\propto", r"\to", r"\rightarrow", r"\in", r"\notin", r"\equiv"),
        *(r"\sim", r"\simeq", r"\cong", r"\lt", r"\gt", r"\coloneqq"),
        *(r"\succ", r"\prec", r"\succeq", r"\preceq", r"\subset", r"\iff"),
        *(r"\subseteq", r"\implies", r"\Rightarrow", r"\perp"),
        *(r"\leftarrow", r"\gets", r"\mid", r"\doteq", r"\triangleq"),
    }
)

#: Commands whose argument is a name, not mathematics.
_NAME_COMMANDS = frozenset(
    {
        *(r"\text", r"\mathrm", r"\mathbf", r"\mathbb", r"\mathcal"),
        *(r"\operatorname", r"\boldsymbol", r"\mathsf", r"\mathit"),
        *(r"\begin", r"\end", r"\label", r"\tag", r"\textbf", r"\textit"),
    }
)

_TOKEN = re.compile(r"\\[A-Za-z]+|\\.|\d+(?:\.\d+)?|\s+|.", re.DOTALL)


#: No other character can be a number.
_MAY_COUNT = re.compile(r"[0-9]|[^\x00-\x7f]")


def numbers(text: str) -> Iterator[tuple[int, str]]:
    """The words with a number in them, each with its offset."""
    for name in NAMES:
        text = text.replace(name, " " * len(name))
    for found in re.finditer(r"[^\s\ufffc]+", text):
        word = found.group()
        if _MAY_COUNT.search(word) is None:
            continue
        if any(_numeric(mark) for mark in word) and not _is_name(word):
            lead = len(word) - len(word.lstrip(_EDGES))
            yield found.start() + lead, word.strip(_EDGES) or word


def _numeric(mark: str) -> bool:
    return unicodedata.numeric(mark, None) is not None


def _is_name(word: str) -> bool:
    word = word.strip(_EDGES)
    for ending in _POSSESSIVE:
        word = word.removesuffix(ending)
    if _NAMED.fullmatch(word):
        return True
    parts = [part for part in _PARTS.split(word) if part]
    return all(
        not any(_numeric(mark) for mark in part)
        or (part.isidentifier() and part[0].isalpha())
        for part in parts
    )


def signs(text: str) -> Iterator[tuple[int, str]]:
    """The relation signs among printed words, each with its offset."""
    for found in SIGNS.finditer(text):
        yield found.start(), found.group()


def loose_tokens(formula: str) -> Iterator[tuple[int, str]]:
    """The tokens of a formula that are not part of a script or of a name."""
    tokens = [(m.start(), m.group()) for m in _TOKEN.finditer(formula)]
    tokens = [(at, token) for at, token in tokens if not token.isspace()]
    position = 0
    while position < len(tokens):
        at, token = tokens[position]
        position += 1
        if token in ("_", "^") or token in _NAME_COMMANDS:
            position = _skip_argument(tokens, position)
        else:
            yield at, token


def _skip_argument(tokens: list[tuple[int, str]], position: int) -> int:
    """The position after one argument: a token or a group in braces."""
    depth = 0
    while position < len(tokens):
        _, token = tokens[position]
        position += 1
        if token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
        if depth == 0:
            if token in _NAME_COMMANDS:  # x^\mathrm{a}: the name comes next
                continue
            break
    return position


def relations(formula: str) -> list[tuple[int, str]]:
    """The relations that a formula states, each with its offset."""
    tokens = list(loose_tokens(formula))
    if len(tokens) == 1:
        return []  # the sign itself is meant
    colon = any(token in (":", r"\colon") for _, token in tokens)
    found = []
    for at, token in tokens:
        arrow = token in (r"\to", r"\rightarrow", r"\mapsto")
        if token in RELATIONS and not (arrow and colon):
            found.append((at, token))
    return found


def numerals(formula: str) -> list[tuple[int, str]]:
    """The numerals of a formula that are no part of a symbol."""
    return [(at, t) for at, t in loose_tokens(formula) if t[0].isdigit()]
