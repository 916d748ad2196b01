"""Find what a symbol means: exact symbol, then pattern, then entry."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np

from bookproof.latex import bindings as b
from bookproof.latex.comparing import apart, holds
from bookproof.latex.conversion import from_python
from bookproof.latex.errors import (
    FormulaError,
    MissingName,
    ShapeMismatch,
    missing_name,
)
from bookproof.latex.printing import show_node
from bookproof.latex.tree import Node, Number, Product, Symbol
from bookproof.latex.values import (
    Function,
    Thing,
    Value,
    as_int,
    describe,
    floating,
    show,
)

Meaning = Value | Function | Thing
Evaluate = Callable[[str, Mapping[str, object]], object]
_MAX_CHAIN = 200


@dataclass(slots=True)
class Slot:
    """Where a variable lives: a key to lay a value over, perhaps an entry."""

    key: str
    value: Value
    index: tuple[int, ...] | None = None
    local: bool = False


class Lookup:
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
        self.touched: set[str] = set()
        # For \partial^{+}: a key, its value, and the depth of definitions
        # at which alone that value is seen.
        self.held: tuple[str, Value, int] | None = None
        self.batches: frozenset[str] = frozenset()
        self.layout = "numerator"

        self.parent: Lookup | None = None

    def value(self, node: Node) -> Value:
        raise NotImplementedError

    def meaning(self, node: Node) -> Meaning:
        raise NotImplementedError

    def failure(self, message: str, node: Node, rule: str) -> FormulaError:
        """An error at `node`."""
        return FormulaError(message, node.at, node.width, rule=rule)

    def error(self, message: str, node: Node, rule: str) -> NoReturn:
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
        return found

    def touch(self, key: str) -> None:
        """Note that a symbol was read, here and wherever this is part of."""
        env: Lookup | None = self
        while env is not None:
            env.touched.add(key)
            env = env.parent

    def _given(self, key: str) -> Meaning | None:
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

    # Exact symbols

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
        if key in self.cache:
            return self.cache[key]
        defined = None if let is None else self._let(key, symbol, let, indices)
        meaning = defined
        if row is not None and (let is None or not self.overlay):
            bound = self._row(key, symbol, row, names)
            if defined is not None:
                self._agree(symbol, defined, bound)
            else:
                meaning = bound
        assert meaning is not None
        meaning = self._batched(key, meaning)
        self.cache[key] = meaning
        return meaning

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

    def _body(
        self, key: str, let: b.Let, indices: Mapping[str, Meaning]
    ) -> Meaning:
        saved, self.locals = self.locals, dict(indices)
        self.stack.append(key)
        try:
            return self.meaning(let.definition.body)
        except FormulaError as error:
            if error.source is None:
                error.source = let.text
            raise
        finally:
            self.stack.pop()
            self.locals = saved

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

    # Patterns and families

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
        exact = b.with_numbers(symbol, values)
        key = show_node(exact)
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
            key = show_node(b.with_numbers(symbol, [start]))
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

    # Python

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
        return self.run(source, extra, node, row.source)

    def run(
        self,
        source: str,
        extra: Mapping[str, object],
        node: Node,
        shown: str,
    ) -> Meaning:
        """Evaluate Python; what it raises becomes an error at `node`."""
        try:
            return from_python(self.evaluate(source, extra))
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

    # Entries

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
        items = _two_indices(items, len(size))
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

    def slot(self, symbol: Symbol) -> Slot:
        """Where a derivative finds its variable."""
        value = self._variable(symbol, self.lookup(symbol))
        key = show_node(symbol)
        if key in self.locals:
            return Slot(key, value, local=True)
        if self._is_key(key):
            return Slot(key, value)
        values = self._script_values(symbol)
        numbered = show_node(b.with_numbers(symbol, values))
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


def without_sub(symbol: Symbol) -> Symbol:
    return Symbol(
        symbol.base,
        symbol.accents,
        symbol.primes,
        symbol.marks,
        symbol.label,
        (),
        symbol.square,
        at=symbol.at,
        end=symbol.end,
    )


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


def _two_indices(items: tuple[Node, ...], wanted: int) -> tuple[Node, ...]:
    if wanted == 2 and len(items) == 1:
        item = items[0]
        if isinstance(item, Product) and item.ops == ("",):
            return item.factors
    return items


def _length(value: object) -> int:
    try:
        return len(value)  # type: ignore[arg-type]
    except TypeError:
        raise ShapeMismatch(
            f"a Python {type(value).__name__} has no entries"
        ) from None
