"""Numbers in words that nothing on the page could have told the author.

A count in words is free, but it should come from somewhere: a large one from
some number of the page that is checked or computed with; and one in a fact
that Python calls true, from what the fact's expression computes with. So a
`sixty-four` that becomes a `sixty-five` is noticed unless both are there.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Set

from bookproof.diagnostics import Finding
from bookproof.prose.spelled import Spelled, orders, spelled
from bookproof.reading.elements import Cell, Chapter, Chunk, Marker, Prose
from bookproof.reading.python import parse

FREE = 12
"""A count in words up to this one needs no number on the page."""

_FIGURE = re.compile(r"a(?:\s+(?:hundred|thousand|million|billion))+", re.I)
"""A figure of speech."""

_ABOUT = re.compile(r"\b(?:about|some|almost|nearly|near|over)\s+$", re.I)
_NUMERAL = re.compile(r"\d{1,3}(?:(?:,|\{,\}|_)\d{3})+|\d+(?:\.\d+)?")
_POWER = re.compile(r"(?<!\d)(\d{1,2})(?:\*\*|\^\{?| \*\* )(\d{1,2})(?!\d)")
_RAISED = re.compile(r"(?<!\d)10(⁻?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)")
_FLOAT = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e(-?\d{1,2})(?!\w)")
_PART = re.compile(r"[\s-]+[a-z]*(?:th|half|halve|third|quarter)s?\b")
_DIGITS = re.compile(r"[\s-]+(?:significant\s+)?(?:digit|decimal)s?\b")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")

Trees = Mapping[str, list[ast.AST]]


def on_page(chapter: Chapter) -> frozenset[float]:
    """The numbers printed or computed with on a page, as digits; those of
    percentages as shares too, and the other way round."""
    text, found = chapter.text, set[float]()
    for match in _NUMERAL.finditer(text):
        found.add(float(re.sub(r"[^\d.]", "", match.group())))
    for match in _POWER.finditer(text):
        found.add(float(int(match[1]) ** int(match[2])))
    for match in _RAISED.finditer(text):
        found.add(10.0 ** int(match[2].translate(_SUPERSCRIPTS)))
    for match in _FLOAT.finditer(text):
        found.add(float(f"{match[1]}e{match[2].lstrip('-')}"))
    for element in chapter.elements:
        if isinstance(element, Marker):
            every = spelled(element.body.text)
            found.update(float(n) for each in every for n in each.meanings[0])
    return frozenset(found | {round(100 * n, 6) for n in found if 0 < n < 1})


def large_counts(chapter: Chapter) -> Iterator[Finding]:
    """Large counts among printed words that are no number of the page."""
    here: frozenset[float] | None = None
    for prose in chapter.elements:
        if not isinstance(prose, Prose):
            continue
        words = prose.text.text
        places = list(orders(words))
        inside = {each.offset for each in places}  # the forty of forty-second
        large = [each for each in places if _value(each) > FREE]
        large += [
            each
            for each in spelled(words)
            if each.offset not in inside and not _free(each, words)
        ]
        for each in large:
            here = on_page(chapter) if here is None else here
            if not (
                _among(each, here, FREE)
                or _near(each, here, words)
                or 1 / _value(each) in here
            ):
                said = " ".join(each.text.split())
                yield Finding(
                    "count-in-prose",
                    f"“{said}” is no number that this page computes with "
                    "or checks",
                    prose.text.place(each.offset),
                    width=len(each.text.split("\n")[0]),
                    notes=(
                        "bind it with a {fact}, or let a cell assert it and "
                        "hold it in digits",
                    ),
                )


class Said:
    """What the code of one page computes with, by the names it defines."""

    def __init__(self, chapter: Chapter) -> None:
        self.elements = chapter.elements
        self.trees: Trees | None = None
        self.inside: dict[ast.AST, tuple[set[float], set[str]]] = {}

    def unsaid(self, marker: Marker) -> Spelled | None:
        """A count in the words of a fact that Python calls true, if nothing
        that its expression computes with, as far as it can be read, is that
        number. So many digits are those of the tolerance that the expression
        itself prints, if it does."""
        words = marker.body.text
        counts = [
            each
            for each in spelled(words)
            if not _in_part(each, words)
            and not _FIGURE.fullmatch(each.text)
            and any(number > 1 for number in each.meanings[0])
        ]
        if not counts or marker.expression is None:
            return None
        tree = parse(marker.expression.text.strip(), "eval")
        here = self._reached(tree)
        digits = self._inside(tree)[0] if _has_tolerance(tree) else here
        for each in counts:
            end = each.offset + len(each.text)
            if not _among(
                each, digits if _DIGITS.match(words, end) else here, 1
            ):
                return each
        return None

    def _reached(self, tree: ast.AST) -> set[float]:
        """The numbers in an expression, and in all that the page defines
        under the names it reads."""
        if self.trees is None:
            self.trees = _trees(self.elements)
        todo = [tree]
        seen: set[str] = set()
        found: set[float] = set()
        while todo:
            numbers, names = self._inside(todo.pop())
            found |= numbers
            for name in names - seen:
                todo += self.trees.get(name, ())
            seen |= names
        return found

    def _inside(self, tree: ast.AST) -> tuple[set[float], set[str]]:
        """The numbers and the names in a tree; each is read once."""
        known = self.inside.get(tree)
        if known is None:
            numbers, names = set[float](), set[str]()
            for node in ast.walk(tree):
                numbers.update(_numbers(node))
                name = getattr(node, "id", getattr(node, "attr", None))
                if isinstance(name, str):
                    names.add(name)
            self.inside[tree] = known = numbers, names
        return known


def _has_tolerance(tree: ast.AST) -> bool:
    """Whether something in it is compared with a number below one."""
    return any(
        isinstance(side, ast.Constant)
        and isinstance(side.value, float)
        and 0 < side.value < 1
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        for side in (node.left, *node.comparators)
    )


def _value(each: Spelled) -> int:
    """The number, if it is read as one."""
    return each.meanings[0][0]


def _free(each: Spelled, words: str) -> bool:
    """Whether a number among these words asks for no number on the page."""
    return (
        _among(each, set(), FREE)
        or _in_part(each, words)
        or bool(_FIGURE.fullmatch(each.text))
    )


def _near(each: Spelled, here: Set[float], words: str) -> bool:
    """Whether the words before a round number say that it is one, and it is
    a number of the page, rounded."""
    if not _ABOUT.search(words[: each.offset]):
        return False
    value = _value(each)
    unit = 10 ** (len(str(value)) - len(str(value).rstrip("0")))
    return any(abs(number - value) <= unit / 2 for number in here)


def _in_part(each: Spelled, words: str) -> bool:
    """Whether it is the top of a fraction: `one ten-thousandth`."""
    return bool(_PART.match(words, each.offset + len(each.text)))


def _among(each: Spelled, here: Set[float], free: int) -> bool:
    """Whether a number in words is there, in one of its meanings."""
    return any(
        all(number <= free or number in here for number in meaning)
        for meaning in each.meanings
    )


def _numbers(node: ast.AST) -> Iterator[float]:
    """The numbers that one node of a tree stands for: a constant, as many
    digits as a small one leaves right, a power; how many are listed."""
    match node:
        case ast.Constant(value=bool()):
            return
        case ast.Constant(value=int() | float() as value):
            yield from _meant(abs(float(value)))
        case ast.BinOp(
            left=ast.Constant(value=int() | float() as left),
            op=ast.Pow(),
            right=ast.Constant(value=int() as right),
        ) if abs(left) <= 100 and abs(right) <= 30:
            yield from _meant(float(abs(left)) ** right)
        case ast.Tuple(elts=elts) | ast.List(elts=elts) | ast.Set(elts=elts):
            yield float(len(elts))
        case ast.Dict(keys=keys):
            yield float(len(keys))
        case ast.Call(func=ast.Name(id="range"), args=args):
            ends = [e.value for e in args if isinstance(e, ast.Constant)]
            whole = [end for end in ends if isinstance(end, int)]
            if 0 < len(whole) == len(args) < 3:
                steps = range(*whole)
                yield from map(float, (len(steps), *steps[:1], *steps[-1:]))


def _meant(value: float) -> Iterator[float]:
    yield value
    if 0 < value < 1:
        yield round(1 / value, 6)
        yield round(100 * value, 6)
        # So many digits are right within such a tolerance.
        yield float(math.floor(-math.log10(value) + 1e-9))


def _trees(elements: Iterable[object]) -> Trees:
    """What stands for each name at the top of the page's code."""
    out: dict[str, list[ast.AST]] = {}
    for element in elements:
        if isinstance(element, Cell | Chunk):
            try:
                body = parse(element.body.text).body
            except SyntaxError:
                continue
            for statement in body:
                for name in _bound(statement):
                    out.setdefault(name, []).append(statement)
    return out


def _bound(statement: ast.stmt) -> set[str]:
    if isinstance(
        statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    ):
        return {statement.name}
    return {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
