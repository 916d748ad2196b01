"""Evaluate a tree with NumPy, or exactly while all is rational."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bookproof.latex import counting, matrices, norms, powers
from bookproof.latex import functions as fn
from bookproof.latex import tree as t
from bookproof.latex import values as va
from bookproof.latex.conversion import to_python
from bookproof.latex.errors import (
    FormulaError,
    ShapeMismatch,
    Unplaced,
)
from bookproof.latex.lookup import Meaning, take_entry
from bookproof.latex.operators import Operators
from bookproof.latex.oracle import Oracle
from bookproof.latex.sums import Sums
from bookproof.latex.values import Function, Thing, Value

_E = t.Symbol("e")
_ROMAN_E = t.Symbol(r"\mathrm{e}")
_PI = t.Symbol(r"\pi")
_CONSTANTS = {_E: math.e, _ROMAN_E: math.e, _PI: math.pi}


class Evaluator(Oracle, Operators, Sums):
    """Values of nodes, for one draw of the bindings."""

    def value(self, node: t.Node) -> Value:
        """The value of a node that must be a number or an array."""
        meaning = self.meaning(node)
        if isinstance(meaning, Value):
            return meaning
        hint = " (is its argument missing?)"
        raise self.failure(
            f"expected a number or an array, not {va.describe(meaning)}"
            + (hint if isinstance(meaning, Function) else ""),
            node,
            "shape",
        )

    def meaning(self, node: t.Node) -> Meaning:
        """What a node means, errors placed at it."""
        try:
            return _METHODS[type(node)](self, node)
        except Unplaced as error:
            raise error.placed(node.at, node.width) from None
        except (ZeroDivisionError, OverflowError) as error:
            raise FormulaError(
                str(error), node.at, node.width, rule="undefined"
            ) from None

    def number(self, node: t.Number) -> Value:
        return Value(node.value)

    def symbol(self, node: t.Symbol) -> Meaning:
        found = self.find(node)
        if found is not None:
            return self.second_witness(node, found)
        if node in _CONSTANTS:
            return va.scalar(_CONSTANTS[node])
        special = self.ones_or_identity(node)
        if special is not None:
            return special
        prime = self.primed(node)
        if prime is not None:
            return prime
        return self.lookup(node)

    def negative(self, node: t.Negative) -> Value:
        return va.negative(self.value(node.operand))

    def elementwise(self, node: t.Elementwise) -> Value:
        total = self.value(node.factors[0])
        for op, factor in zip(node.ops, node.factors[1:], strict=True):
            both = va.odot if op == r"\odot" else va.oslash
            total = self._joined(factor, both, total, self.value(factor))
        return total

    def ratio(self, node: t.Ratio) -> Value:
        top, bottom = self.value(node.top), self.value(node.bottom)
        return self._joined(node.bottom, va.divide, top, bottom)

    def power(self, node: t.Power) -> Value:
        parts = self.split(node)
        if len(parts) > 1:
            return va.times(self.value(parts[0]), self.value(parts[1]))
        base = node.base
        exponent = self._exponent(node)
        if base == _ROMAN_E or (base == _E and self.find(_E) is None):
            return powers.exp_base(exponent)
        return powers.power(self.value(base), exponent, entries=node.entries)

    def _exponent(self, node: t.Power) -> Value:
        try:
            return self.value(node.exponent)
        except FormulaError as error:
            if node.exponent == t.Symbol("T") and error.rule == "unbound":
                error.notes = (*error.notes, r"for a transpose write ^\top")
            raise

    def transpose(self, node: t.Transpose) -> Value:
        parts = self.split(node)
        if len(parts) > 1:
            return va.times(self.value(parts[0]), self.value(parts[1]))
        return va.transpose(self.value(node.operand))

    def root(self, node: t.Root) -> Value:
        degree = None if node.degree is None else self.value(node.degree)
        return powers.root(self.value(node.operand), degree)

    def factorial(self, node: t.Factorial) -> Value:
        return counting.factorial(self.value(node.operand))

    def binomial(self, node: t.Binomial) -> Value:
        return counting.binomial(self.value(node.top), self.value(node.bottom))

    def apply(self, node: t.Apply) -> Value:
        args = [self.value(arg) for arg in node.args]
        if node.primes:
            return self.derivative_of_function(node, args)
        return self.applied(node, args)

    def applied(self, node: t.Apply, args: list[Value]) -> Value:
        """The function of `node` at `args`."""
        name = node.name
        if name in ("min", "max"):
            return norms.choose(args, 1 if name == "max" else -1)
        if name in matrices.ARRAY_FUNCTIONS:
            return matrices.ARRAY_FUNCTIONS[name](args[0])
        if node.base is not None:
            exact = _exact_log(args[0], self.value(node.base))
            if exact is not None:
                return exact
            below = fn.elementwise("log", self.value(node.base))
            return va.divide(fn.elementwise("log", args[0]), below)
        if args[0].exact and args[0].v == 0 and name in ("exp", "cos", "cosh"):
            return va.ONE
        if args[0].exact and args[0].v == 1 and name in ("log", "ln"):
            return va.ZERO
        return fn.elementwise(name, args[0])

    def entry(self, node: t.Entry) -> Meaning:
        whole = self.value(node.operand)
        index = self.entry_index(whole, node.indices, node)
        return take_entry(whole, index)

    def norm(self, node: t.Norm) -> Value:
        order: Value | str | None = None
        if isinstance(node.order, t.Symbol):
            order = {
                "F": "F",
                r"\mathrm{F}": "F",
                r"\infty": "inf",
                "*": "*",
            }.get(node.order.base)
        elif isinstance(node.order, t.Infinity):
            order = "inf"
        if node.order is not None and order is None:
            order = self.value(node.order)
        return norms.norm(self.value(node.operand), order)

    def bars(self, node: t.Bars) -> Value:
        meaning = self.meaning(node.operand)
        if isinstance(meaning, Thing):
            return Value(len(meaning.value))
        value = self.value(node.operand)
        if node.kind != "abs":
            return fn.rounding(value, node.kind)
        if value.kind != "s":
            raise ShapeMismatch(
                rf"bars around {va.describe(value)}: write \lVert … \rVert "
                r"for a norm, \operatorname{abs}(…) for the entries"
            )
        return fn.absolute(value)

    def inner(self, node: t.Inner) -> Value:
        return norms.inner(self.value(node.left), self.value(node.right))

    def matrix(self, node: t.Matrix) -> Value:
        rows = [[self._scalar(x) for x in row] for row in node.rows]
        v = np.array([[x.v for x in row] for row in rows])
        m = np.array([[x.m for x in row] for row in rows])
        if v.shape[1] == 1:
            return Value(v[:, 0], m[:, 0], "c")
        return Value(v, m, "r" if v.shape[0] == 1 else "m")

    def _scalar(self, node: t.Node) -> Value:
        value = self.value(node)
        if value.kind != "s" or np.ndim(value.v):
            self.error("an entry of a matrix is a number", node, "shape")
        return va.floating(value)

    def set_of(self, node: t.SetOf) -> Thing:
        return Thing([to_python(self.value(x)) for x in node.items])

    def span(self, node: t.Span) -> Thing:
        return Thing(list(self.integers(node.low, node.high, either=True)))

    def infinity(self, node: t.Infinity) -> Value:
        self.error(r"\infty is no number here", node, "undefined")

    def bound(self, node: t.Bound) -> Meaning:
        source = node.expression.text.strip()
        try:
            return self.run(source, self.names, node, source)
        except FormulaError as error:
            error.source = node.expression
            raise

    def unreadable(self, node: t.Node) -> Value:
        self.error("this cannot stand here", node, "latex")


def _exact_log(a: Value, base: Value) -> Value | None:
    """A logarithm that is a whole number."""
    if not (a.exact and base.exact) or base.v in (0, 1) or a.v <= 0:
        return None
    if base.v <= 1:
        return None
    guess = round(math.log(a.v) / math.log(base.v))
    if abs(guess) < 2000 and powers.power(base, Value(guess)).v == a.v:
        return Value(guess)
    return None


_METHODS: dict[type[t.Node], Callable[[Any, Any], Meaning]] = {
    t.Number: Evaluator.number,
    t.Symbol: Evaluator.symbol,
    t.Infinity: Evaluator.infinity,
    t.Negative: Evaluator.negative,
    t.Add: Evaluator.add,
    t.Product: Evaluator.product,
    t.Elementwise: Evaluator.elementwise,
    t.Ratio: Evaluator.ratio,
    t.Power: Evaluator.power,
    t.Transpose: Evaluator.transpose,
    t.Root: Evaluator.root,
    t.Factorial: Evaluator.factorial,
    t.Binomial: Evaluator.binomial,
    t.Apply: Evaluator.apply,
    t.Call: Evaluator.call,
    t.Entry: Evaluator.entry,
    t.Norm: Evaluator.norm,
    t.Bars: Evaluator.bars,
    t.Inner: Evaluator.inner,
    t.Over: Evaluator.over,
    t.Expectation: Evaluator.expectation,
    t.Cases: Evaluator.cases,
    t.Indicator: Evaluator.indicator,
    t.Matrix: Evaluator.matrix,
    t.SetOf: Evaluator.set_of,
    t.Span: Evaluator.span,
    t.Derivative: Evaluator.derivative,
    t.At: Evaluator.at,
    t.Bound: Evaluator.bound,
    t.Chain: Evaluator.unreadable,
    t.Branch: Evaluator.unreadable,
    t.Space: Evaluator.unreadable,
    t.BigO: Evaluator.unreadable,
}
