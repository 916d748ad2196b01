"""What a formula is evaluated in: one draw, its scopes, what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from bookproof.latex import bindings as b
from bookproof.latex.errors import FormulaError, ShapeMismatch
from bookproof.latex.tree import Node, Symbol
from bookproof.latex.values import (
    Function,
    Thing,
    Value,
    describe,
)
from bookproof.rules import Rule

Meaning = Value | Function | Thing
Evaluate = Callable[[str, Mapping[str, object]], object]


@dataclass(slots=True)
class Slot:
    """Where a variable lives: a key to lay a value over, perhaps an entry."""

    key: str
    value: Value
    index: tuple[int, ...] | None = None
    local: bool = False


class Kept:
    """What was found under moved variables without looking at them.

    A derivative evaluates its definitions again for every step of every
    entry; most of them do not look at the entry. `looking` holds, for each
    definition being evaluated, the keys that it has asked for so far; `found`
    what one gave that asked for nothing moved here or further out.
    """

    def __init__(self, outer: Kept | None = None, *moved: str) -> None:
        self.outer = outer
        self.moved = set(moved)
        self.looking: list[set[str]] = [] if outer is None else outer.looking
        self.found: dict[str, tuple[Value, frozenset[str]]] = {}
        self.asked: dict[str, frozenset[str]] = {}

    def get(self, key: str) -> Value | None:
        """What this or an outer evaluation found that still stands."""
        here: Kept = self
        moved: set[str] = set()
        while here.outer is not None:
            moved |= here.moved
            here = here.outer
            if key in here.found and moved.isdisjoint(here.found[key][1]):
                self.look(*here.found[key][1])
                return here.found[key][0]
        return None

    def put(self, key: str, value: object, asked: set[str]) -> None:
        """Keep what was found, as far out as it stands."""
        asked.add(key)
        self.asked[key] = frozenset(asked)
        here = self
        while here.outer is not None and here.moved.isdisjoint(asked):
            here = here.outer
        if here is not self and isinstance(value, Value):
            here.found[key] = value, self.asked[key]

    def look(self, *keys: str) -> None:
        """Note what the definition being evaluated asks for."""
        if self.looking:
            self.looking[-1].update(keys)


class Environment:
    """The meanings of symbols for one draw."""

    def __init__(
        self,
        bindings: b.Bindings,
        evaluate: Evaluate,
        drawn: Mapping[str, Meaning] | None = None,
        names: Mapping[str, object] | None = None,
    ) -> None:
        self.bindings = bindings
        self.evaluate = evaluate
        self.drawn = dict(drawn or {})
        self.names = dict(names or {})
        self.overlay: dict[str, Value] = {}
        self.locals: dict[str, Meaning] = {}
        self.cache: dict[str, Meaning] = {}
        self.rows: dict[str, Meaning] = {}  # shared by all children
        self.stack: list[str] = []
        self.owner = ""  # the let that is being evaluated
        self.touched: set[str] = set()
        # For \partial^{+}: a key, its value, and the depth of definitions
        # at which alone that value is seen.
        self.held: tuple[str, Value, int] | None = None
        self.batches: frozenset[str] = frozenset()
        self.layout = "numerator"
        self.shapes = True  # hold values against the shapes of their rows

        self.parent: Environment | None = None
        self.kept = Kept()

    def value(self, node: Node) -> Value:
        raise NotImplementedError

    def meaning(self, node: Node) -> Meaning:
        raise NotImplementedError

    def failure(self, message: str, node: Node, rule: Rule) -> FormulaError:
        """An error at `node`."""
        return FormulaError(message, node.at, node.width, rule=rule)

    def error(self, message: str, node: Node, rule: Rule) -> NoReturn:
        raise self.failure(message, node, rule)

    @contextmanager
    def scope(self, names: Mapping[str, Meaning]) -> Iterator[None]:
        """Names that only the formula inside sees."""
        saved = self.locals
        self.locals = {**saved, **names}
        try:
            yield
        finally:
            self.locals = saved

    def touch(self, key: str) -> None:
        """Note that a symbol was read, here and wherever this is part of."""
        env: Environment | None = self
        while env is not None:
            env.touched.add(key)
            env = env.parent

    def note(self, found: b.Let | b.Row) -> None:
        """Note that a definition or a row was looked up."""
        self.bindings.noting.note(found.owner, self.owner)

    def find(self, symbol: Symbol) -> Meaning | None:
        raise NotImplementedError

    def lookup(self, symbol: Symbol) -> Meaning:
        raise NotImplementedError

    def _given(self, key: str) -> Meaning | None:
        self.kept.look(key)
        held = self.held
        if held and key == held[0] and len(self.stack) == held[2]:
            self.touch(key)
            return held[1]
        if key in self.locals:
            self.touch(key)
            return self.locals[key]
        if key in self.overlay:
            self.touch(key)
            return self.overlay[key]
        if key in self.drawn:
            self.touch(key)
            return self._batched(key, self.drawn[key])
        return None

    def _batched(self, key: str, meaning: Meaning) -> Meaning:
        if key in self.batches and isinstance(meaning, Value):
            if meaning.kind not in ("m", "b"):
                raise ShapeMismatch(
                    f"{key} stands in :rows: but is {describe(meaning)}"
                )
            return Value(meaning.v, meaning.m, "b")
        return meaning

    def _exact(self, key: str, symbol: Symbol) -> Meaning | None:
        raise NotImplementedError

    def _body(
        self, key: str, let: b.Let, indices: Mapping[str, Meaning]
    ) -> Meaning:
        saved, self.locals = self.locals, dict(indices)
        owner, self.owner = self.owner, let.owner
        self.stack.append(key)
        try:
            return self.meaning(let.definition.body)
        except FormulaError as error:
            if error.source is None:
                error.source = let.text
            raise
        finally:
            self.stack.pop()
            self.locals, self.owner = saved, owner

    def _both(
        self,
        key: str,
        symbol: Symbol,
        let: b.Let | None,
        row: b.Row | None,
        indices: Mapping[str, Meaning],
        names: Mapping[str, object],
    ) -> Meaning:
        raise NotImplementedError
