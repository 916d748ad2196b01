r"""Derivatives of printed formulas, found numerically.

`\partial A/\partial b` cuts b loose from its own definition, moves it, and
evaluates again every definition that depends on it. A complex step gives the
derivative to rounding error wherever the formula is analytic; where it calls
Python or is a derivative itself, extrapolated central differences do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, cast

import numpy as np

from bookproof.latex import tree as t
from bookproof.latex import values as va
from bookproof.latex.bindings import Row, skeleton
from bookproof.latex.comparing import apart, holds
from bookproof.latex.errors import (
    FormulaError,
    NotAnalytic,
)
from bookproof.latex.functions import is_complex
from bookproof.latex.lookup import Meaning, Slot
from bookproof.latex.primes import Primes
from bookproof.latex.printing import show_node
from bookproof.latex.steps import (
    checked_differences,
    complex_step,
    places,
    unit,
)
from bookproof.latex.values import Function, Value, floating

MAX_ENTRIES = 256
LARGE: Final = "oracle-large"  # the rule of the error for a variable too large


class Oracle(Primes):
    """Evaluates derivatives, substitutions and primes."""

    def derivative(self, node: t.Derivative) -> Meaning:
        row, names = self._derivative_row(node)
        if row is None:
            return self._derived(node)
        self.note(row)
        bound = self.python(row, node, names)
        try:
            derived = self._derived(node)
        except FormulaError as error:
            if error.rule not in ("independent", "unbound"):
                raise
            return bound
        if isinstance(bound, Value):
            self._same_derivative(node, derived, bound)
        return derived

    def _same_derivative(
        self, node: t.Derivative, derived: Value, bound: Value
    ) -> None:
        if derived.shape == bound.shape and holds("=", derived, bound):
            return
        alike = derived.shape == bound.shape
        raise FormulaError(
            "the derivative of the printed definition and the Python value "
            "differ",
            node.at,
            node.width,
            rule="witness",
            notes=(
                f"printed: {va.show(derived)}",
                f"Python:  {va.show(bound)}",
                *((apart(derived, bound),) if alike else ()),
            ),
        )

    def _derivative_row(
        self, node: t.Derivative
    ) -> tuple[Row | None, dict[str, object]]:
        for row in self.bindings.derivatives:
            names: dict[str, object] = {}
            if self._fits(row.symbol, node, row, names):
                return row, names
        return None, {}

    def _fits(
        self, ours: Any, theirs: Any, row: Row, names: dict[str, object]
    ) -> bool:
        """Whether a derivative matches a row's pattern."""
        if isinstance(ours, t.Node):
            key = show_node(ours)
            if key in row.indices and isinstance(theirs, t.Node):
                number = self._script_value(theirs)
                name = row.indices[key]
                if number is None or names.get(name, number) != number:
                    return False
                names[name] = number
                return True
            if type(ours) is not type(theirs):
                return False
            return all(
                self._fits(
                    getattr(ours, field), getattr(theirs, field), row, names
                )
                for field in ours.__dataclass_fields__
                if field not in ("at", "end", "shown", "nabla", "plain")
            )
        if isinstance(ours, tuple):
            return len(ours) == len(theirs) and all(
                self._fits(a, b, row, names)
                for a, b in zip(ours, theirs, strict=True)
            )
        return bool(ours == theirs)

    def _derived(self, node: t.Derivative) -> Value:
        if node.plain and self.find(t.Symbol("d")) is not None:
            self.error(
                r"d is a symbol here: write the derivative with \mathrm{d}",
                node,
                "latex",
            )
        *outer, last = node.by
        if outer:
            inner = replace(node, by=(last,))
            node = replace(node, of=inner, by=tuple(outer), nabla=False)
            return self._derived(node)
        if node.direct:
            return self._direct(node, cast(t.Symbol, last))
        variable = cast(t.Symbol, last)
        slot = self.slot(variable)

        def moved(value: Value) -> tuple[Value, bool]:
            other = self._moved(slot, value)
            result = other.numerator(node.of, node)
            return result, slot.key in other.touched

        return self._differentiated(node, slot, moved)

    def numerator(self, of: t.Node, node: t.Derivative) -> Value:
        """A; a function without arguments is taken at its own letters."""
        meaning = self.meaning(of)
        if isinstance(meaning, Function) and isinstance(of, t.Symbol):
            lets = [
                let
                for let in (self.bindings.lets.get(show_node(of)),)
                if let is not None and let.definition.params
            ]
            if lets:
                params = lets[0].definition.params
                return meaning.call(*[self.value(p) for p in params])
        if not isinstance(meaning, Value):
            self.error(
                f"a derivative of {va.describe(meaning)}", node, "oracle"
            )
        return meaning

    def _moved(self, slot: Slot, value: Value) -> Oracle:
        other = self.child()
        if slot.local:
            other.locals[slot.key] = value
        else:
            other.overlay[slot.key] = value
        other.kept.moved.add(slot.key)
        return other

    def _direct(self, node: t.Derivative, variable: t.Symbol) -> Value:
        """Only the printed formula of A moves; all it names stays."""
        if not isinstance(node.of, t.Symbol):
            self.error(
                r"\partial^{+} is taken of a symbol with a definition",
                node,
                "oracle",
            )
        body, indices = self._definition_body(node.of, node)
        slot = self.slot(variable)

        def moved(value: Value) -> tuple[Value, bool]:
            other = self.child()
            other.locals.update(indices)
            other.held = (slot.key, value, len(other.stack))
            other.kept.moved.add(slot.key)
            result = other.value(body)
            return result, slot.key in other.touched

        return self._differentiated(node, slot, moved)

    def _definition_body(
        self, symbol: t.Symbol, node: t.Node
    ) -> tuple[t.Node, dict[str, Meaning]]:
        let = self.bindings.lets.get(show_node(symbol))
        if let is not None:
            self.note(let)
            return let.definition.body, {}
        values = self._script_values(symbol)
        for family in self.bindings.families.get(skeleton(symbol), ()):
            bound = self._match(symbol, family.target, values, family.indices)
            if bound is not None:
                self.note(family)
                return family.definition.body, {
                    k: Value(n) for k, n in bound.items()
                }
        raise self.failure(
            f"{show_node(symbol)} has no printed definition", node, "oracle"
        )

    # The numerical work

    def _differentiated(
        self,
        node: t.Derivative,
        slot: Slot,
        moved: Callable[[Value], tuple[Value, bool]],
    ) -> Value:
        start = floating(slot.value)
        if is_complex(start.v):
            raise NotAnalytic
        base, touched = moved(start)
        if is_complex(floating(base).v):
            raise NotAnalytic
        name = show_node(node.by[0])
        if not touched:
            self.error(
                f"{show_node(node.of)} does not depend on {name} through the "
                "printed definitions",
                node,
                "independent",
            )
        if node.nabla and base.kind != "s":
            self.error(
                rf"\nabla of {va.describe(base)}: only a scalar has a "
                "gradient",
                node,
                "shape",
            )
        entries = places(slot, start)
        if len(entries) > MAX_ENTRIES:
            self.error(
                f"{len(entries)} entries are too many to differentiate one by "
                "one; compare this derivative alone with one other side",
                node,
                LARGE,
            )
        columns = [
            self.directional(node, slot, start, unit(start, place), moved)
            for place in entries
        ]
        return self._assembled(node, slot, start, base, columns)

    def directional(
        self,
        node: t.Derivative,
        slot: Slot,
        start: Value,
        direction: Any,
        moved: Callable[[Value], tuple[Value, bool]],
    ) -> Value:
        """The derivative along one direction, with its magnitude."""
        try:
            return complex_step(start, direction, moved)
        except NotAnalytic:
            pass
        return checked_differences(start, direction, moved, node)

    def _assembled(
        self,
        node: t.Derivative,
        slot: Slot,
        start: Value,
        base: Value,
        columns: list[Value],
    ) -> Value:
        if start.kind == "s" or slot.index is not None:
            return columns[0]
        v = np.array([column.v for column in columns])
        m = np.array([column.m for column in columns])
        if base.kind == "s":
            shape = np.shape(start.v)
            return Value(v.reshape(shape), m.reshape(shape), start.kind)
        if base.kind == "c" and start.kind == "c":
            if self.layout == "denominator":
                return Value(v, m, "m")
            return Value(v.T, m.T, "m")
        raise self.failure(
            f"the derivative of {va.describe(base)} by {va.describe(start)} "
            "has more than two axes: take an entry, or a direction",
            node,
            "shape",
        )

    def along(self, node: t.Derivative, direction: Any) -> Value:
        """The derivative along one direction of a large variable."""
        variable = cast(t.Symbol, node.by[0])
        slot = self.slot(variable)

        def moved(value: Value) -> tuple[Value, bool]:
            other = self._moved(slot, value)
            result = other.numerator(node.of, node)
            return result, slot.key in other.touched

        start = floating(slot.value)
        if not moved(start)[1]:
            self.error(
                f"{show_node(node.of)} does not depend on "
                f"{show_node(variable)} through the printed definitions",
                node,
                "independent",
            )
        return self.directional(node, slot, start, direction, moved)
