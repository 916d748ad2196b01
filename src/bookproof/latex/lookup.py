"""Find what a symbol means: exact symbol, then pattern, then entry."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import replace
from typing import NoReturn

from bookproof.latex import bindings as b
from bookproof.latex.comparing import apart, holds
from bookproof.latex.entries import (
    Entries,
    take_entry,
    two_indices,
    without_sub,
)
from bookproof.latex.environment import Evaluate, Meaning, Slot
from bookproof.latex.errors import (
    FormulaError,
)
from bookproof.latex.printing import show_node
from bookproof.latex.tree import Symbol
from bookproof.latex.values import (
    Value,
    describe,
    show,
)

_MAX_CHAIN = 200


class Lookup(Entries):
    """The meanings of symbols for one draw."""

    def lookup(self, symbol: Symbol) -> Meaning:
        """What `symbol` means here; an error if nothing."""
        found = self.find(symbol)
        if found is None:
            self._unbound(symbol)
        return found

    def find(self, symbol: Symbol) -> Meaning | None:
        """What `symbol` means here, or None."""
        key = show_node(symbol)
        found = self._given(key)
        if found is not None:
            return found
        found = self._exact(key, symbol)
        if found is not None:
            return found
        if b.scripts(symbol):
            values = self._script_values(symbol)
            found = self._by_values(symbol, values)
            if found is not None:
                return found
            found = self._entry(symbol)
        if found is None and symbol.sub != (split := two_indices(symbol.sub)):
            return self.find(replace(symbol, sub=split))
        return found

    def _exact(self, key: str, symbol: Symbol) -> Meaning | None:
        let = self.bindings.lets.get(key)
        row = self.bindings.rows.get(key)
        if let is None and row is None:
            return None
        return self._both(key, symbol, let, row, {}, {})

    def _both(
        self,
        key: str,
        symbol: Symbol,
        let: b.Let | None,
        row: b.Row | None,
        indices: Mapping[str, Meaning],
        names: Mapping[str, object],
    ) -> Meaning:
        for one in (let, row):
            if one is not None:
                self.note(one)
        if key in self.cache:
            self.kept.look(*self.kept.asked.get(key, (key,)))
            return self.cache[key]
        # Without an overlay both witnesses speak, and must be heard.
        known = self.kept.get(key) if self.overlay else None
        if known is not None:
            return known
        looking = self.kept.looking
        looking.append(set())
        try:
            meaning = self._meant(key, symbol, let, row, indices, names)
        finally:
            asked = looking.pop()
            self.kept.look(key, *asked)
        self.cache[key] = meaning
        self.kept.put(key, meaning, asked)
        return meaning

    def _meant(
        self,
        key: str,
        symbol: Symbol,
        let: b.Let | None,
        row: b.Row | None,
        indices: Mapping[str, Meaning],
        names: Mapping[str, object],
    ) -> Meaning:
        """What a let or a row gives; both, where there are both."""
        defined = None if let is None else self._let(key, symbol, let, indices)
        meaning = defined
        if row is not None and (let is None or not self.overlay):
            bound = self._row(key, symbol, row, names)
            if defined is not None:
                self._agree(symbol, defined, bound)
            else:
                meaning = bound
        assert meaning is not None
        return self._batched(key, meaning)

    def _agree(self, symbol: Symbol, one: Meaning, two: Meaning) -> None:
        """The printed formula and the Python value must say the same."""
        if not (isinstance(one, Value) and isinstance(two, Value)):
            return
        name = show_node(symbol)
        if one.shape != two.shape:
            raise FormulaError(
                f"{name}: the printed definition gives {describe(one)}, the "
                f"Python value is {describe(two)}",
                symbol.at,
                symbol.width,
                rule="witness",
            )
        if not holds("=", one, two):
            raise FormulaError(
                f"{name}: the printed definition and the Python value differ",
                symbol.at,
                symbol.width,
                rule="witness",
                notes=(
                    f"printed: {show(one)}",
                    f"Python:  {show(two)}",
                    apart(one, two),
                ),
            )

    def _let(
        self,
        key: str,
        symbol: Symbol,
        let: b.Let,
        indices: Mapping[str, Meaning],
    ) -> Meaning:
        self._check_current(symbol, let)
        if let.definition.params:
            return self._function(let, indices)
        if key in self.stack:
            around = " → ".join([*self.stack[self.stack.index(key) :], key])
            self.error(
                f"the definitions go in a circle: {around}", symbol, "cycle"
            )
        if len(self.stack) > _MAX_CHAIN:
            self.error(
                f"more than {_MAX_CHAIN} definitions lead from one to the "
                "next: is a base case missing?",
                symbol,
                "limit",
            )
        return self._body(key, let, indices)

    def _check_current(self, symbol: Symbol, let: b.Let) -> None:
        for used in let.uses & self.bindings.replaced.keys():
            serial, text = self.bindings.replaced[used]
            if serial > let.serial:
                here, there = let.text.place(0), text.place(0)
                self.error(
                    f"{show_node(symbol)} was defined in line {here.line} "
                    f"with a {used} that line {there.line} redefined: "
                    f"define {show_node(symbol)} again",
                    symbol,
                    "redefined",
                )

    def slot(self, symbol: Symbol) -> Slot:
        """Where a derivative finds its variable."""
        value = self._variable(symbol, self.lookup(symbol))
        key = show_node(symbol)
        if key in self.locals:
            return Slot(key, value, local=True)
        if self._is_key(key):
            return Slot(key, value)
        values = self._script_values(symbol)
        numbered = b.numbered(symbol, values)
        if self._is_key(numbered):
            return Slot(numbered, value)
        for scripted in self.bindings.scripted.get(b.skeleton(symbol), ()):
            target = self._target(scripted)
            if target is not None and self._same(symbol, target, values):
                return Slot(scripted, value)
        if self._patterned(numbered, symbol, values) is not None:
            return Slot(numbered, value)
        whole = self.lookup(without_sub(symbol))
        index = self.entry_index(whole, symbol.sub, symbol)
        below = self.slot(without_sub(symbol))
        return Slot(below.key, below.value, index, below.local)

    def _is_key(self, key: str) -> bool:
        return (
            key in self.overlay
            or key in self.drawn
            or self.bindings.has_own(key)
        )

    def _variable(self, symbol: Symbol, meaning: Meaning) -> Value:
        if not isinstance(meaning, Value):
            self.error(f"a derivative by {describe(meaning)}", symbol, "oracle")
        return meaning

    def _unbound(self, symbol: Symbol) -> NoReturn:
        name = show_node(symbol)
        known = {
            *self.bindings.lets,
            *self.bindings.rows,
            *(
                show_node(row.symbol)
                for rows in self.bindings.patterns.values()
                for row in rows
            ),
            *(
                show_node(let.target)
                for lets in self.bindings.families.values()
                for let in lets
            ),
        }
        close = difflib.get_close_matches(name, sorted(known), 3, 0.6)
        notes = []
        if symbol.primes:
            notes.append("a prime is a derivative: its function is not bound")
        if close:
            notes.append(f"did you mean {', '.join(close)}?")
        if name in self.bindings.explained:
            notes.append("its row in the table of symbols has no value")
        else:
            notes.append("bind it with {let} or a row of {symbols}")
        raise FormulaError(
            f"{name} is not bound",
            symbol.at,
            symbol.width,
            rule="unbound",
            notes=tuple(notes),
        )


__all__ = ["Evaluate", "Lookup", "Meaning", "Slot", "take_entry", "without_sub"]
