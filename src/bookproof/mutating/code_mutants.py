"""Changes of the code that the book prints: one operator, sign or number.

Only what computes is changed: no docstring, annotation or message of an
error.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bookproof.diagnostics import Place
from bookproof.mutating.changes import Change
from bookproof.reading.elements import Chapter
from bookproof.tangling.tangle import Tangled

_BINARY = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "+"),
    ast.Div: ("/", "*"),
    ast.MatMult: ("@", "*"),
    ast.Pow: ("**", "*"),
    ast.FloorDiv: ("//", "*"),
    ast.Mod: ("%", "*"),
}
_COMPARED = {
    ast.Lt: ("<", ">="),
    ast.LtE: ("<=", ">"),
    ast.Gt: (">", "<="),
    ast.GtE: (">=", "<"),
    ast.Eq: ("==", "!="),
    ast.NotEq: ("!=", "=="),
}


@dataclass(frozen=True, slots=True)
class CodeMutant:
    """One change of a tangled file, and its place in the book."""

    target: str
    change: Change
    place: Place

    def apply(self, text: str) -> str:
        """The file's text with this one change."""
        _, offset, before, after = self.change
        return text[:offset] + after + text[offset + len(before) :]

    def __str__(self) -> str:
        kind, _, before, after = self.change
        return f"{self.place}: {kind} `{before}` -> `{after}` in {self.target}"


def code_mutants(
    tangled: Tangled, chapters: Iterable[Chapter]
) -> Iterator[CodeMutant]:
    """All mutants of the tangled files, file by file."""
    book = {each.path: each.text.split("\n") for each in chapters}
    for target, text in sorted(tangled.files.items()):
        if not target.endswith(".py"):
            continue
        lines = text.split("\n")
        for change in sorted(_Finder(text).found, key=lambda one: one.offset):
            number = text.count("\n", 0, change.offset)
            place = tangled.map[target][number]
            if place is not None:
                start = text.rfind("\n", 0, change.offset) + 1
                # What the book includes in another chunk stands further left.
                shown = book[place.file][place.line - 1][place.column - 1 :]
                inwards = len(lines[number]) - len(shown.rstrip())
                column = place.column + change.offset - start - inwards
                here = Place(place.file, place.line, column)
                yield CodeMutant(target, change, here)


class _Finder(ast.NodeVisitor):
    """Collects the changes of one file."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lines = text.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.found: list[Change] = []
        self.visit(ast.parse(text))

    def _offset(self, line: int, column: int) -> int:
        """Python counts columns in bytes."""
        before = self.lines[line - 1].encode()[:column].decode()
        return self.starts[line - 1] + len(before)

    def _between(
        self, kind: str, left: ast.expr, right: ast.expr, signs: tuple[str, str]
    ) -> None:
        """Swap the sign that stands between two operands."""
        assert left.end_lineno is not None
        assert left.end_col_offset is not None
        start = self._offset(left.end_lineno, left.end_col_offset)
        end = self._offset(right.lineno, right.col_offset)
        gap = re.sub(
            r"#.*", lambda m: " " * len(m.group()), self.text[start:end]
        )
        at = gap.find(signs[0])
        if at >= 0:
            self.found.append(Change(kind, start + at, *signs))

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """`a + b`; an `|` joins types or sets, and is left alone."""
        signs = _BINARY.get(type(node.op))
        if signs is not None:
            self._between("operator", node.left, node.right, signs)
        self.generic_visit(node)

    def visit_AugAssign(self, node: ast.AugAssign) -> None:
        """`a += b`."""
        signs = _BINARY.get(type(node.op))
        if signs is not None:
            self._between("operator", node.target, node.value, signs)
        self.generic_visit(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """`a < b`."""
        sides = [node.left, *node.comparators]
        for op, left, right in zip(node.ops, sides, sides[1:], strict=False):
            signs = _COMPARED.get(type(op))
            if signs is not None:
                self._between("relation", left, right, signs)
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """`a and b`."""
        signs = ("and", "or")
        if isinstance(node.op, ast.Or):
            signs = ("or", "and")
        self._between("operator", node.values[0], node.values[1], signs)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> None:
        """`-a`."""
        if isinstance(node.op, ast.USub):
            at = self._offset(node.lineno, node.col_offset)
            self.found.append(Change("sign", at, "-", ""))
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """The last digit before any exponent."""
        if type(node.value) not in (int, float):
            return
        start = self._offset(node.lineno, node.col_offset)
        number = re.match(r"[\d_.]*\d(?![xXoObB])", self.text[start:])
        if number is not None:
            at, last = start + number.end() - 1, int(number.group()[-1])
            after = str(last + 1 if last < 9 else 8)
            self.found.append(Change("digit", at, str(last), after))

    def visit_Raise(self, node: ast.Raise) -> None:
        """What an error says is not computed with."""

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """The value, without its type."""
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """The body and the defaults, without the types."""
        defaults = [*node.args.defaults, *node.args.kw_defaults]
        for each in [*defaults, *node.decorator_list, *node.body]:
            if each is not None:
                self.visit(each)
