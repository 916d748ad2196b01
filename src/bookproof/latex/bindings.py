"""What symbols mean: lets and rows of tables, and how they are found."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bookproof.diagnostics import Text
from bookproof.latex.noting import Noting
from bookproof.latex.printing import show_node, show_symbol
from bookproof.latex.shapes import Shape
from bookproof.latex.statements import Definition
from bookproof.latex.tree import (
    Derivative,
    Negative,
    Node,
    Number,
    Symbol,
    walk,
)
from bookproof.reading import python


class Skeleton(NamedTuple):
    """A symbol without what its scripts say."""

    base: str
    accents: tuple[str, ...]
    primes: int
    marks: tuple[str, ...]
    labels: int
    subs: int


def skeleton(symbol: Symbol) -> Skeleton:
    return Skeleton(
        symbol.base,
        symbol.accents,
        symbol.primes,
        symbol.marks,
        len(symbol.label),
        len(symbol.sub),
    )


def scripts(symbol: Symbol) -> tuple[Node, ...]:
    return (*symbol.label, *symbol.sub)


def python_name(symbol: Symbol) -> str | None:
    r"""`\ell` is called ell, `i` is i."""
    if symbol != Symbol(symbol.base):
        return None
    name = symbol.base.removeprefix("\\")
    return name if name.isidentifier() else None


@dataclass(frozen=True, slots=True)
class Let:
    """A definition, with the letters that make it a family."""

    definition: Definition
    text: Text
    serial: int
    indices: tuple[str, ...] = ()  # keys of the index letters
    uses: frozenset[str] = frozenset()  # keys of the symbols in its body
    owner: str = ""  # the id of its marker

    @property
    def target(self) -> Symbol:
        return self.definition.target


@dataclass(frozen=True, slots=True)
class Row:
    """A symbol bound to Python; `indices` maps letters to Python names."""

    symbol: Symbol | Derivative
    source: str
    value: Text
    serial: int
    indices: dict[str, str] = field(default_factory=dict)
    owner: str = ""  # the id of its table, and its symbol
    shape: Shape | None = None


@dataclass(slots=True)
class Bindings:
    """All that is bound at a place of a chapter; copied cheaply."""

    lets: dict[str, Let] = field(default_factory=dict)
    families: dict[Skeleton, list[Let]] = field(default_factory=dict)
    scripted: dict[Skeleton, list[str]] = field(default_factory=dict)
    rows: dict[str, Row] = field(default_factory=dict)
    patterns: dict[Skeleton, list[Row]] = field(default_factory=dict)
    derivatives: list[Row] = field(default_factory=list)
    explained: set[str] = field(default_factory=set)
    tables: dict[str, list[Row]] = field(default_factory=dict)
    replaced: dict[str, tuple[int, Text]] = field(default_factory=dict)
    count: int = 0
    noting: Noting = field(default_factory=Noting)

    def copy(self) -> Bindings:
        return Bindings(
            dict(self.lets),
            {k: list(v) for k, v in self.families.items()},
            {k: list(v) for k, v in self.scripted.items()},
            dict(self.rows),
            {k: list(v) for k, v in self.patterns.items()},
            list(self.derivatives),
            set(self.explained),
            {k: list(v) for k, v in self.tables.items()},
            dict(self.replaced),
            self.count,
            self.noting,
        )

    def serial(self) -> int:
        self.count += 1
        return self.count

    def has_own(self, key: str) -> bool:
        """Whether the symbol has a let or a row with a value."""
        return key in self.lets or key in self.rows

    def before(self, target: Symbol) -> Text | None:
        """Where the symbol has been let already."""
        key = show_node(target)
        if key in self.lets:
            return self.lets[key].text
        for let in self.families.get(skeleton(target), ()):
            if show_node(let.target) == key:
                return let.text
        return None

    def add_let(
        self, definition: Definition, text: Text, owner: str = ""
    ) -> None:
        target = definition.target
        key = show_node(target)
        serial = self.serial()
        indices = self._family_letters(definition)
        uses = frozenset(
            show_node(node)
            for node in walk(definition.body)
            if isinstance(node, Symbol)
        ) - {show_node(param) for param in definition.params}
        if self.before(target) is not None or key in self.replaced:
            self.replaced[key] = (serial, text)
            self._forget(target, key)
        let = Let(definition, text, serial, indices, uses, owner)
        if indices:
            self.families.setdefault(skeleton(target), []).insert(0, let)
            return
        self.lets[key] = let
        if any(isinstance(item, Node) for item in scripts(target)):
            self.scripted.setdefault(skeleton(target), []).append(key)

    def _forget(self, target: Symbol, key: str) -> None:
        self.lets.pop(key, None)
        kind = skeleton(target)
        if kind in self.families:
            self.families[kind] = [
                let
                for let in self.families[kind]
                if show_node(let.target) != key
            ]

    def _family_letters(self, definition: Definition) -> tuple[str, ...]:
        letters = [
            show_node(item)
            for item in scripts(definition.target)
            if isinstance(item, Symbol) and item == Symbol(item.base)
        ]
        inside = {
            show_node(node)
            for node in walk(definition.body)
            if isinstance(node, Symbol)
        }
        return tuple(
            letter
            for letter in letters
            if letter in inside and not self.has_own(letter)
        )

    def add_row(
        self,
        symbol: Symbol | Derivative,
        value: Text,
        table: str = "",
        shape: Shape | None = None,
    ) -> Row:
        """Bind a symbol to the Python expression in `value`."""
        source = value.text.strip()
        key = show_node(symbol)
        serial = self.serial()
        if isinstance(symbol, Derivative):
            letters = [
                item
                for node in walk(symbol)
                if isinstance(node, Symbol)
                for item in scripts(node)
            ]
        else:
            letters = list(scripts(symbol))
        indices = self._row_indices(letters, source)
        owner = f"{table}:{key}"
        row = Row(symbol, source, value, serial, indices, owner, shape)
        if isinstance(symbol, Derivative):
            self.derivatives.insert(0, row)
        elif indices:
            if key in self.rows:
                del self.rows[key]
            self.patterns.setdefault(skeleton(symbol), []).insert(0, row)
        else:
            if key in self.rows:
                self.replaced[key] = (serial, value)
            self.rows[key] = row
            if scripts(symbol):
                self.scripted.setdefault(skeleton(symbol), []).append(key)
        return row

    def _row_indices(self, letters: list[Node], source: str) -> dict[str, str]:
        found = {}
        only = names_in_brackets(source)
        for item in letters:
            if not isinstance(item, Symbol):
                continue
            name = python_name(item)
            key = show_node(item)
            if name in only and name and not self.has_own(key):
                found[key] = name
        return found

    def row_of(self, key: str) -> Row | None:
        """The row with a value for the symbol as it is written."""
        patterns = (row for rows in self.patterns.values() for row in rows)
        same = (row for row in patterns if show_node(row.symbol) == key)
        return self.rows.get(key) or next(same, None)


def names_in_brackets(source: str) -> set[str]:
    """Names that occur solely inside [...] or as arguments of a call."""
    try:
        tree = python.parse(source, mode="eval")
    except SyntaxError:
        return set()
    inside: set[str] = set()
    outside: set[str] = set()

    def visit(node: ast.AST, bracket: bool) -> None:
        if isinstance(node, ast.Name):
            (inside if bracket else outside).add(node.id)
        elif isinstance(node, ast.Subscript):
            visit(node.value, bracket)
            visit(node.slice, True)
        elif isinstance(node, ast.Call):
            visit(node.func, bracket)
            for arg in (*node.args, *(k.value for k in node.keywords)):
                visit(arg, True)
        else:
            for child in ast.iter_child_nodes(node):
                visit(child, bracket)

    visit(tree, False)
    return inside - outside


def guarded(source: str) -> str:
    """The expression with every `a[b]` checked for negative indices."""
    tree = python.parse(source, mode="eval")
    return ast.unparse(ast.fix_missing_locations(_Guard().visit(tree)))


class _Guard(ast.NodeTransformer):
    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        return ast.Call(
            ast.Name(ITEM, ast.Load()), [node.value, _index(node.slice)], []
        )


def _index(node: ast.expr) -> ast.expr:
    """A slice as an expression that can be an argument."""
    if isinstance(node, ast.Slice):
        parts = [
            part or ast.Constant(None)
            for part in (node.lower, node.upper, node.step)
        ]
        return ast.Call(ast.Name("slice", ast.Load()), parts, [])
    if isinstance(node, ast.Tuple):
        return ast.Tuple([_index(item) for item in node.elts], ast.Load())
    return node


ITEM = "_checked_item"


def checked_item(sequence: object, index: object) -> object:
    """`sequence[index]`, but a negative index is an error."""
    indices = index if isinstance(index, tuple) else (index,)
    if not isinstance(sequence, dict):
        for one in indices:
            if isinstance(one, int) and one < 0:
                raise IndexError(f"the index {one} is negative")
    return sequence[index]  # type: ignore[index]


def numbered(symbol: Symbol, values: Sequence[int | None]) -> str:
    """The key of the symbol with its scripts replaced where known."""
    items = zip(scripts(symbol), values, strict=True)
    return show_symbol(
        symbol, [show_node(x) if n is None else str(n) for x, n in items]
    )


def with_numbers(symbol: Symbol, values: list[int | None]) -> Symbol:
    """The symbol with its scripts replaced where their value is known."""
    items = [
        item if value is None else _number(value)
        for item, value in zip(scripts(symbol), values, strict=True)
    ]
    count = len(symbol.label)
    return Symbol(
        symbol.base,
        symbol.accents,
        symbol.primes,
        symbol.marks,
        tuple(items[:count]),
        tuple(items[count:]),
        symbol.square,
        at=symbol.at,
        end=symbol.end,
    )


def _number(value: int) -> Node:
    if value < 0:
        return Negative(Number(str(-value)))
    return Number(str(value))
