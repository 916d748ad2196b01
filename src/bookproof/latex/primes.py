r"""Primes of functions, and values put in for symbols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Self

import numpy as np

from bookproof.latex import tree as t
from bookproof.latex.environment import Kept
from bookproof.latex.errors import NotAnalytic, ShapeMismatch
from bookproof.latex.functions import is_complex
from bookproof.latex.lookup import Lookup, Meaning
from bookproof.latex.printing import show_node
from bookproof.latex.steps import checked_differences, complex_step
from bookproof.latex.values import Function, Value, floating


class Primes(Lookup):
    """Evaluates primes and substitutions."""

    def child(self) -> Self:
        """An evaluator of the same draw, to lay values over."""
        other = type(self)(self.bindings, self.evaluate, self.drawn, self.names)
        other.overlay = dict(self.overlay)
        other.locals = dict(self.locals)
        other.rows = self.rows
        other.batches = self.batches
        other.layout = self.layout
        other.stack = list(self.stack)
        other.owner = self.owner
        other.parent = self
        other.kept = Kept(self.kept)
        return other

    def at(self, node: t.At) -> Value:
        other = self.child()
        slots = []
        for symbol, replacement in node.where:
            value = self.value(replacement)
            slot = self.slot(symbol)
            if slot.index is not None:
                self.error("substitute whole symbols", symbol, "latex")
            slots.append((slot, symbol))
            if slot.local:
                other.locals[slot.key] = value
            else:
                other.overlay[slot.key] = value
            other.kept.moved.add(slot.key)
        result = other.value(node.body)
        for slot, symbol in slots:
            if slot.key not in other.touched:
                self.error(
                    f"nothing here depends on {show_node(symbol)}",
                    symbol,
                    "independent",
                )
        return result

    def primed(self, symbol: t.Symbol) -> Function | None:
        r"""`\phi'` of a bound function \phi."""
        if not symbol.primes:
            return None
        below = replace(symbol, primes=symbol.primes - 1)
        function = self.find(below) or self.primed(below)
        if not isinstance(function, Function):
            return None
        call = function.call

        def slope(*args: Value) -> Value:
            if len(args) != 1:
                raise ShapeMismatch("a prime on a function of several values")
            return self._slope(call, args[0], symbol)

        return Function(show_node(symbol), slope)

    def derivative_of_function(self, node: t.Apply, args: list[Value]) -> Value:
        """A primed function that needs no binding: `tanh'(x)`."""
        if len(args) != 1 or node.primes > 1:
            self.error("only a first derivative of one value", node, "latex")
        bare = replace(node, primes=0)
        applied = self.applied  # type: ignore[attr-defined]
        return self._slope(lambda x: applied(bare, [x]), args[0], node)

    def _slope(
        self, call: Callable[[Value], Value], at: Value, node: t.Node
    ) -> Value:
        """The derivative of a function of one number, at every entry."""
        at = floating(at)
        if is_complex(at.v):
            raise NotAnalytic
        entries = Value(at.v, at.m, "s")

        def moved(value: Value) -> tuple[Value, bool]:
            result = floating(call(value))
            if np.shape(result.v) != np.shape(value.v):
                raise ShapeMismatch(
                    "a prime is the derivative of a function of one number"
                )
            return result, True

        ones = np.ones(np.shape(at.v))[()]
        try:
            slope = complex_step(entries, ones, moved)
        except NotAnalytic:
            slope = checked_differences(
                Value(at.v, at.m, at.kind), ones, moved, node
            )
        return Value(slope.v, slope.m, at.kind)

    def second_witness(self, symbol: t.Symbol, found: Meaning) -> Meaning:
        r"""A bound `f'` must agree with the derivative of a bound `f`."""
        if not symbol.primes or not isinstance(found, Function):
            return found
        derived = self.primed(symbol)
        if derived is None or self.overlay:
            return found
        bound, slope = found.call, derived.call

        def both(*args: Value) -> Value:
            value = bound(*args)
            if not any(is_complex(floating(arg).v) for arg in args):
                self._agree(symbol, slope(*args), value)
            return value

        return Function(found.name, both)
