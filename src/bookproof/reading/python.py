"""Reading Python that may be anything at all."""

from __future__ import annotations

import ast
import warnings
from typing import Any, Literal, overload

#: An expression is nested no deeper, so that it can be walked through.
DEEPEST = 100


@overload
def parse(source: str, mode: Literal["exec"] = "exec") -> ast.Module: ...
@overload
def parse(source: str, mode: Literal["eval"]) -> ast.Expression: ...
def parse(source: str, mode: str = "exec") -> Any:
    """The tree of a program or of an expression.

    Raises SyntaxError, and nothing else, when there is none: Python's own
    parser has an exception each for null bytes, for what is nested too deep
    and for what it has no room for; and it warns.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            tree = ast.parse(source, mode=mode)
        except (ValueError, RecursionError, MemoryError) as error:
            raise SyntaxError("Python cannot read this") from error
    if mode == "eval" and _is_deeper(tree, DEEPEST):
        raise SyntaxError("nested too deep")
    return tree


def _is_deeper(tree: ast.AST, limit: int) -> bool:
    level = [tree]
    for _ in range(limit):
        level = [
            below for node in level for below in ast.iter_child_nodes(node)
        ]
    return bool(level)
