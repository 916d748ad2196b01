"""Values that Python gives, and the entries of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from bookproof.latex import bindings as b
from bookproof.latex.conversion import from_python
from bookproof.latex.environment import Meaning
from bookproof.latex.errors import (
    FormulaError,
    MissingName,
    ShapeMismatch,
    missing_name,
)
from bookproof.latex.families import Families
from bookproof.latex.printing import show_node
from bookproof.latex.shapes import Shape
from bookproof.latex.tree import Node, Number, Product, Symbol
from bookproof.latex.values import (
    Function,
    Thing,
    Value,
    as_int,
    describe,
)


class Entries(Families):
    """Rows of tables, and entries counted from 1."""

    def _row(
        self,
        key: str,
        symbol: Symbol,
        row: b.Row,
        names: Mapping[str, object],
    ) -> Meaning:
        if key not in self.rows:
            self.rows[key] = self.python(row, symbol, names)
        return self.rows[key]

    def python(
        self, row: b.Row, node: Node, names: Mapping[str, object]
    ) -> Meaning:
        """The value of a row's Python expression."""
        source = row.source
        extra: dict[str, object] = {**self.names, **names}
        if row.indices:
            source = b.guarded(source)
            extra[b.ITEM] = b.checked_item
        with self.bindings.noting.by(row.owner):
            value = self.run(source, extra, node, row.source)
        if row.shape is not None and self.shapes:
            self._held_against(row.shape, row, value, names)
        return value

    def _held_against(
        self,
        shape: Shape,
        row: b.Row,
        value: Meaning,
        names: Mapping[str, object],
    ) -> None:
        """The value must have the shape that its row prints."""
        env = type(self)(self.bindings, self.evaluate, self.drawn, self.names)
        env.shapes = False  # or two shapes that name each other go in circles
        letters = {
            letter: from_python(names[name])
            for letter, name in row.indices.items()
            if name in names
        }
        with env.scope(letters):
            shape.judge(value, env.meaning)

    def run(
        self,
        source: str,
        extra: Mapping[str, object],
        node: Node,
        shown: str,
    ) -> Meaning:
        """Evaluate Python; what it raises becomes an error at `node`."""
        try:
            meaning = from_python(self.evaluate(source, extra))
        except NameError as error:
            raise MissingName(missing_name(error)) from error
        except (FormulaError, MissingName):
            raise
        except Exception as error:
            self.error(
                f"`{shown}` raised {type(error).__name__}: {error}",
                node,
                "python",
            )
        return self._noted(meaning)

    def _noted(self, meaning: Meaning) -> Meaning:
        """A function of Python, whose calls are seen to run."""
        if not isinstance(meaning, Function):
            return meaning
        call, running = meaning.call, self.bindings.noting.running

        def noted(*args: Value) -> Value:
            with running():
                return call(*args)

        return Function(meaning.name, noted)

    def _entry(self, symbol: Symbol) -> Meaning | None:
        if not symbol.sub:
            return None
        bare = without_sub(symbol)
        whole = self.find(bare)
        if whole is None or isinstance(whole, Function):
            return None
        index = self.entry_index(whole, symbol.sub, symbol)
        return take_entry(whole, index)

    def entry_index(
        self, whole: Meaning, items: tuple[Node, ...], node: Node
    ) -> tuple[int, ...]:
        """The indices, from 0, of a printed entry, which counts from 1."""
        if isinstance(whole, Value) and whole.kind == "s":
            self.error(
                f"{show_node(node)} is not bound, and what stands without "
                "the index is a scalar",
                node,
                "unbound",
            )
        if isinstance(whole, Thing):
            size: tuple[int, ...] = (_length(whole.value),)
        elif isinstance(whole, Value) and whole.kind == "r":
            size = (whole.shape[1],)
        else:
            assert isinstance(whole, Value)
            size = whole.shape
        if len(size) == 2:
            items = two_indices(items)
        if len(items) != len(size):
            hint = ""
            if len(size) == 2 and isinstance(items[0], Number):
                hint = ": two digits need a comma, as in W_{2,3}"
            self.error(
                f"{describe(whole)} has entries with {len(size)} "
                f"{'index' if len(size) == 1 else 'indices'}{hint}",
                node,
                "shape",
            )
        return tuple(
            self._index(item, n) for item, n in zip(items, size, strict=True)
        )

    def _index(self, item: Node, size: int) -> int:
        meaning = self.meaning(item)
        number = as_int(meaning) if isinstance(meaning, Value) else None
        if number is None:
            self.error("an index must be a whole number", item, "shape")
        if not 1 <= number <= size:
            self.error(
                f"the index {number} is outside of 1 to {size}",
                item,
                "shape",
            )
        return number - 1


def without_sub(symbol: Symbol) -> Symbol:
    return replace(symbol, sub=())


def take_entry(whole: Meaning, index: tuple[int, ...]) -> Meaning:
    """The entry at `index`, counted from 0."""
    if isinstance(whole, Thing):
        return from_python(whole.value[index[0]])
    assert isinstance(whole, Value)
    if whole.kind == "r":
        index = (0, index[0])
    return _plain(whole.v[index], whole.m[index])


def _plain(v: Any, m: Any) -> Value:
    if isinstance(v, np.complexfloating):
        return Value(v, m)
    whole = float(v).is_integer() and abs(v) < 2**53
    return Value(int(v)) if whole and m == abs(v) else Value(v, m)


def two_indices(items: tuple[Node, ...]) -> tuple[Node, ...]:
    """A number and a letter side by side as two: `W_{1j}` of a matrix."""
    if len(items) == 1:
        item = items[0]
        if isinstance(item, Product) and item.ops == ("",):
            return item.factors
    return items


def _length(value: object) -> int:
    if isinstance(value, Sequence | np.ndarray):
        return len(value)
    raise ShapeMismatch(f"a Python {type(value).__name__} has no entries")
