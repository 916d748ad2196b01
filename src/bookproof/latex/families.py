"""Symbols with indices: families of lets and patterns of rows."""

from __future__ import annotations

from bookproof.latex import bindings as b
from bookproof.latex.calls import Calls
from bookproof.latex.environment import Meaning
from bookproof.latex.errors import (
    FormulaError,
    MissingName,
    ShapeMismatch,
)
from bookproof.latex.printing import show_node
from bookproof.latex.tree import Node, Number, Symbol
from bookproof.latex.values import (
    Value,
    as_int,
)


class Families(Calls):
    """Finds a symbol by what its scripts are worth."""

    def _script_values(self, symbol: Symbol) -> list[int | None]:
        return [self._script_value(item) for item in b.scripts(symbol)]

    def _script_value(self, item: Node) -> int | None:
        if isinstance(item, Number):
            return item.value if isinstance(item.value, int) else None
        try:
            meaning = self.meaning(item)
        except (FormulaError, MissingName, ShapeMismatch):
            return None
        return as_int(meaning) if isinstance(meaning, Value) else None

    def _by_values(
        self, symbol: Symbol, values: list[int | None]
    ) -> Meaning | None:
        key = b.numbered(symbol, values)
        found = self._given(key)
        if found is None:
            found = self._exact(key, symbol)
        if found is None:
            found = self._scripted(symbol, values)
        if found is None:
            found = self._patterned(key, symbol, values)
        return found

    def _scripted(
        self, symbol: Symbol, values: list[int | None]
    ) -> Meaning | None:
        r"""An exact symbol whose scripts have these values: `h^{(L)}`."""
        for key in self.bindings.scripted.get(b.skeleton(symbol), ()):
            target = self._target(key)
            if target is None or not self._same(symbol, target, values):
                continue
            found = self._given(key)
            return found if found is not None else self._exact(key, target)
        return None

    def _target(self, key: str) -> Symbol | None:
        if key in self.bindings.lets:
            return self.bindings.lets[key].target
        row = self.bindings.rows.get(key)
        return row.symbol if row and isinstance(row.symbol, Symbol) else None

    def _same(
        self, symbol: Symbol, target: Symbol, values: list[int | None]
    ) -> bool:
        pairs = zip(b.scripts(target), b.scripts(symbol), values, strict=True)
        return all(
            theirs == ours
            or (value is not None and self._script_value(theirs) == value)
            for theirs, ours, value in pairs
        )

    def _patterned(
        self, key: str, symbol: Symbol, values: list[int | None]
    ) -> Meaning | None:
        kind = b.skeleton(symbol)
        let, indices = None, {}
        for candidate in self.bindings.families.get(kind, ()):
            bound = self._match(
                symbol, candidate.target, values, candidate.indices
            )
            if bound is not None:
                let = candidate
                indices = {k: Value(n) for k, n in bound.items()}
                break
        row, names = None, {}
        for pattern in self.bindings.patterns.get(kind, ()):
            assert isinstance(pattern.symbol, Symbol)
            bound = self._match(
                symbol, pattern.symbol, values, tuple(pattern.indices)
            )
            if bound is not None:
                row = pattern
                names = {pattern.indices[k]: n for k, n in bound.items()}
                break
        if let is None and row is None:
            return None
        if let is not None and key not in self.cache:
            self._climb(symbol, values, let)
        return self._both(key, symbol, let, row, indices, names)

    def _climb(
        self, symbol: Symbol, values: list[int | None], let: b.Let
    ) -> None:
        """Walk a long recursion from its base, instead of diving."""
        if len(values) != 1 or values[0] is None or len(self.stack) > 20:
            return
        for start in range(values[0] - 1, max(values[0] - 100_000, -2), -1):
            key = b.numbered(symbol, [start])
            if key in self.bindings.lets or key in self.cache:
                break
            if key in self.drawn or key in self.overlay:
                break
        else:
            return
        if values[0] - start < 40:
            return
        for number in range(start + 1, values[0]):
            self.find(b.with_numbers(symbol, [number]))

    def _match(
        self,
        symbol: Symbol,
        target: Symbol,
        values: list[int | None],
        letters: tuple[str, ...],
    ) -> dict[str, int] | None:
        """The values of the index letters, if the symbol fits the pattern."""
        bound: dict[str, int] = {}
        items = zip(b.scripts(target), b.scripts(symbol), values, strict=True)
        for theirs, ours, value in items:
            letter = show_node(theirs)
            if letter in letters:
                if value is None or bound.get(letter, value) != value:
                    return None
                bound[letter] = value
            elif theirs != ours and (
                value is None or self._script_value(theirs) != value
            ):
                return None
        return bound
