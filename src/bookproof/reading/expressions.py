"""The Python expressions that markers hold."""

from __future__ import annotations

import ast

from bookproof.reading import python


def parse(source: str) -> ast.expr:
    """The expression, which may go over several lines.

    Raises SyntaxError unless `source` is one Python expression.
    """
    return python.parse(f"({source}\n)", mode="eval").body


def is_constant(source: str) -> bool:
    """Whether the expression is made of literals alone, and so proves
    nothing. Raises SyntaxError like `parse`."""
    parts = (ast.Constant, ast.Tuple, ast.UnaryOp)
    marks = (ast.unaryop, ast.expr_context)
    return all(isinstance(x, parts + marks) for x in ast.walk(parse(source)))


def same(one: str, other: str) -> bool:
    """Whether two expressions differ in their spelling at most."""
    try:
        return ast.dump(parse(one)) == ast.dump(parse(other))
    except SyntaxError:
        return False
