"""Functions that a let defines, and what they do with arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from bookproof.latex import bindings as b
from bookproof.latex.comparing import holds
from bookproof.latex.environment import Environment, Meaning
from bookproof.latex.errors import (
    FormulaError,
    ShapeMismatch,
)
from bookproof.latex.printing import show_node
from bookproof.latex.values import (
    Function,
    Value,
    floating,
)


class Calls(Environment):
    """Calls of printed functions."""

    def _function(self, let: b.Let, indices: Mapping[str, Meaning]) -> Function:
        params = let.definition.params

        def call(*args: Value) -> Value:
            if len(args) != len(params):
                raise ShapeMismatch(
                    f"{show_node(let.target)} takes {len(params)} arguments, "
                    f"not {len(args)}"
                )
            return self.call_let(let, indices, args)

        return Function(show_node(let.target), call)

    def call_let(
        self,
        let: b.Let,
        indices: Mapping[str, Meaning],
        args: tuple[Value, ...],
    ) -> Value:
        """The body of a function at `args`; entry by entry if it is a
        function of numbers and gets an array."""
        keys = [show_node(param) for param in let.definition.params]
        inside = {**indices, **dict(zip(keys, args, strict=True))}
        arrays = [arg for arg in args if arg.kind != "s"]
        try:
            direct = self._called(let, inside)
        except FormulaError as error:
            if not arrays or error.rule != "shape":
                raise
            return self._entrywise(let, keys, inside, args)
        if arrays and arrays[0].kind in ("m", "b"):
            self._unambiguous(let, keys, inside, args, direct)
        return direct

    def _called(self, let: b.Let, inside: Mapping[str, Meaning]) -> Value:
        key = show_node(let.target) + "(…)"
        if self.stack.count(key) > 50:
            raise FormulaError(
                f"{show_node(let.target)} calls itself without end",
                rule="cycle",
            )
        result = self._body(key, let, inside)
        if not isinstance(result, Value):
            raise ShapeMismatch("a function of functions is not read")
        return result

    def _entrywise(
        self,
        let: b.Let,
        keys: list[str],
        inside: Mapping[str, Meaning],
        args: tuple[Value, ...],
    ) -> Value:
        arrays = [arg for arg in args if arg.kind != "s"]
        if any(arg.shape != arrays[0].shape for arg in arrays):
            raise ShapeMismatch("arguments of different shapes")
        families = {
            key: Value(arg.v, floating(arg).m, "s") if arg.kind != "s" else arg
            for key, arg in zip(keys, args, strict=True)
        }
        result = floating(self._called(let, {**inside, **families}))
        first = arrays[0]
        v = np.broadcast_to(result.v, first.shape)
        m = np.broadcast_to(result.m, first.shape)
        return Value(v.copy(), m.copy(), first.kind)

    def _unambiguous(
        self,
        let: b.Let,
        keys: list[str],
        inside: Mapping[str, Meaning],
        args: tuple[Value, ...],
        direct: Value,
    ) -> None:
        """A matrix may be meant whole or entry by entry: both must agree."""
        if direct.shape != args[0].shape:
            return
        try:
            entries = self._entrywise(let, keys, inside, args)
        except (FormulaError, ShapeMismatch):
            return
        if not holds("=", entries, direct):
            raise ShapeMismatch(
                f"{show_node(let.target)} of a matrix: the whole matrix or "
                "each entry? the two differ"
            )
