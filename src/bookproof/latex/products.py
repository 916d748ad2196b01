"""Products and calls: `s(x)` is one or the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bookproof.latex import counting
from bookproof.latex import tree as t
from bookproof.latex import values as va
from bookproof.latex.errors import (
    FormulaError,
    MissingName,
    NotAnalytic,
    Unplaced,
    missing_name,
)
from bookproof.latex.lookup import Lookup, Meaning
from bookproof.latex.printing import show_node
from bookproof.latex.values import Function, Value

ONES = t.Symbol(r"\mathbf{1}")
_WRAPPERS = (t.Power, t.Transpose, t.Factorial, t.Entry)
_JOINS: dict[str, Callable[[Value, Value], Value]] = {
    "/": va.divide,
    r"\bmod": counting.remainder,
}


class Products(Lookup):
    """Evaluates products, taking apart what is no call."""

    def symbol(self, node: t.Symbol) -> Meaning:
        """What a symbol, constants included, means."""
        raise NotImplementedError

    def _joined(
        self, node: t.Node, join: Callable[..., Value], *parts: Any
    ) -> Value:
        """`join(*parts)`, the errors of arithmetic placed at `node`."""
        try:
            return join(*parts)
        except Unplaced as error:
            raise error.placed(node.at, node.width) from None

    def product(self, node: t.Product) -> Value:
        factors, ops = self._factors(node)
        total = self._factor(factors, 0, None)
        for number, op in enumerate(ops, 1):
            join, factor = _JOINS.get(op, va.times), factors[number]
            value = self._factor(factors, number, total)
            total = self._joined(factor, join, total, value)
        return total

    def _factor(
        self, factors: list[t.Node], number: int, before: Value | None
    ) -> Value:
        r"""A factor's value; `\mathbf{1}` is as long as its neighbour asks."""
        node = factors[number]
        ones = node.operand if isinstance(node, t.Transpose) else node
        if ones != ONES or self.find(ONES) is not None:
            return self.value(node)
        size = None
        if ones is node:
            size = before.shape[-1] if before and before.kind in "mbr" else None
        elif number + 1 < len(factors):
            after = self.value(factors[number + 1])
            size = after.shape[0] if after.kind in "cmb" else None
        if size is None:
            return self.value(node)
        with self.scope({ONES.base: va.array(np.ones(size))}):
            return self.value(node)

    def _factors(self, node: t.Product) -> tuple[list[t.Node], list[str]]:
        """The factors, `s(x)` taken apart where s is no function."""
        factors: list[t.Node] = []
        ops: list[str] = []
        for op, factor in zip(("", *node.ops), node.factors, strict=True):
            first, *rest = self.split(factor)
            if factors:
                ops.append(op)
            factors.append(first)
            if rest and op == "/":
                self.error(
                    "is the bracket part of the denominator? "
                    f"{show_node(first)} is no function",
                    factor,
                    "latex",
                )
            for part in rest:
                factors.append(part)
                ops.append("")
        return factors, ops

    def split(self, node: t.Node) -> list[t.Node]:
        """`s(x)^2` as s and (x)^2 if s is no function, else as it is."""
        inner = node
        wrappers: list[t.Node] = []
        while isinstance(inner, _WRAPPERS):
            wrappers.append(inner)
            inner = inner.base if isinstance(inner, t.Power) else inner.operand
        if not isinstance(inner, t.Call) or self._callable(inner):
            return [node]
        last: t.Node = self._product_bracket(inner)
        for wrapper in reversed(wrappers):
            last = _rewrap(wrapper, last)
        return [inner.function, last]

    def _callable(self, node: t.Call) -> bool:
        meaning = self.symbol(node.function)
        return isinstance(meaning, Function)

    def _product_bracket(self, node: t.Call) -> t.Node:
        if len(node.args) > 1 or isinstance(node.args[0], t.Symbol | t.Number):
            self.error(
                f"{show_node(node.function)} is no function here; for a "
                r"product write \cdot",
                node.function,
                "latex",
            )
        return node.args[0]

    def call(self, node: t.Call) -> Value:
        function = self.symbol(node.function)
        if not isinstance(function, Function):
            left = self.value(node.function)
            return va.times(left, self.value(self._product_bracket(node)))
        args = [self.value(arg) for arg in node.args]
        try:
            return function.call(*args)
        except (FormulaError, Unplaced, NotAnalytic):
            raise
        except NameError as error:
            raise MissingName(missing_name(error)) from error
        except Exception as error:
            self.error(
                f"{function.name} raised {type(error).__name__}: {error}",
                node,
                "python",
            )


def _rewrap(wrapper: t.Node, inner: t.Node) -> t.Node:
    if isinstance(wrapper, t.Power):
        return replace(wrapper, base=inner)
    assert isinstance(wrapper, t.Transpose | t.Factorial | t.Entry)
    return replace(wrapper, operand=inner)
