"""What a formula says: plain immutable nodes.

Two nodes are equal when they say the same; where they stand (`at`, `end`)
does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from fractions import Fraction
from functools import lru_cache

from bookproof.diagnostics import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything that has a place in a formula."""

    at: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
    # What printing has made of the node: looked up at every evaluation.
    shown: str | None = field(
        default=None, init=False, compare=False, repr=False
    )

    @property
    def width(self) -> int:
        return max(1, self.end - self.at)


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A printed number, its digits as printed (groups removed)."""

    digits: str
    percent: bool = False

    @property
    def value(self) -> Fraction | int:
        return _number(self.digits, self.percent)


@lru_cache(maxsize=10_000)
def _number(digits: str, percent: bool) -> Fraction | int:
    if percent:
        return Fraction(digits) / 100
    return Fraction(digits) if "." in digits else int(digits)


@dataclass(frozen=True, slots=True)
class Symbol(Node):
    r"""A letter with its dress: `\hat m'^{(\ell)}_{i,j}`.

    `base` is a letter, a command, or a font with its letter; `marks` are
    superscripts that are part of the name, like a star.
    """

    base: str
    accents: tuple[str, ...] = ()
    primes: int = 0
    marks: tuple[str, ...] = ()
    label: tuple[Node, ...] = ()
    sub: tuple[Node, ...] = ()
    square: bool = False  # the label stands in [ ] rather than ( )


@dataclass(frozen=True, slots=True)
class Infinity(Node):
    pass


@dataclass(frozen=True, slots=True)
class Negative(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Add(Node):
    """Terms with their signs, +1 or -1."""

    terms: tuple[Node, ...]
    signs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Product(Node):
    r"""Factors; `ops[i]` stands before factor i + 1: "" for juxtaposition,
    `\cdot`, `\times`, `/` or `\bmod`."""

    factors: tuple[Node, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Elementwise(Node):
    r"""Factors joined by `\odot` or `\oslash`."""

    factors: tuple[Node, ...]
    ops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ratio(Node):
    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Power(Node):
    base: Node
    exponent: Node
    entries: bool = False  # elementwise whatever the base: ^{\odot k}


@dataclass(frozen=True, slots=True)
class Transpose(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Root(Node):
    operand: Node
    degree: Node | None = None


@dataclass(frozen=True, slots=True)
class Factorial(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Binomial(Node):
    top: Node
    bottom: Node


@dataclass(frozen=True, slots=True)
class Apply(Node):
    r"""A function that needs no binding: `exp`, `log` (to a base), `diag`."""

    name: str
    args: tuple[Node, ...]
    base: Node | None = None
    primes: int = 0


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A symbol before brackets: a call, or a product if it is no function."""

    function: Symbol
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Entry(Node):
    """An entry of something that is not a symbol: `(W x)_i`."""

    operand: Node
    indices: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Norm(Node):
    operand: Node
    order: Node | None = None


@dataclass(frozen=True, slots=True)
class Bars(Node):
    """`kind` is abs, floor or ceil."""

    kind: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Inner(Node):
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """Sides with relations between them; `spots` are the relations' offsets
    and widths."""

    sides: tuple[Node, ...]
    relations: tuple[str, ...]
    spots: tuple[tuple[int, int], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Over(Node):
    r"""`\sum`, `\prod`, `\max`, `\min` over indices.

    Either `low` and `high` are given, or `domain` (a set), or neither: then
    the entries that the indices count say the range. Letters of the condition
    that nothing binds are indices too.
    """

    kind: str
    indices: tuple[Symbol, ...]
    body: Node
    low: Node | None = None
    high: Node | None = None
    domain: Node | None = None
    condition: Chain | None = None


@dataclass(frozen=True, slots=True)
class Expectation(Node):
    """`kind` is E or Var; `variable` is distributed as `law`."""

    kind: str
    variable: Symbol
    law: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Branch(Node):
    value: Node
    conditions: tuple[Chain, ...]  # none: otherwise


@dataclass(frozen=True, slots=True)
class Cases(Node):
    branches: tuple[Branch, ...]


@dataclass(frozen=True, slots=True)
class Indicator(Node):
    condition: Chain


@dataclass(frozen=True, slots=True)
class Matrix(Node):
    rows: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True, slots=True)
class SetOf(Node):
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Span(Node):
    r"""`\{a, \dots, b\}`: the integers from `low` to `high`."""

    low: Node
    high: Node


@dataclass(frozen=True, slots=True)
class Space(Node):
    r"""`\mathbb{R}^{n \times m}`; `letter` is R, N or Z."""

    letter: str
    dims: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class BigO(Node):
    operand: Node


@dataclass(frozen=True, slots=True)
class Derivative(Node):
    r"""Of `of` by each of `by` in turn; `direct` is `\partial^{+}`, which
    holds fixed all that stands between. `nabla` and `plain` (written with a
    bare d) are spellings."""

    of: Node
    by: tuple[Node, ...]
    direct: bool = False
    nabla: bool = field(default=False, compare=False)
    plain: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class At(Node):
    r"""`\left. body \right|_{x = a}`."""

    body: Node
    where: tuple[tuple[Symbol, Node], ...]


@dataclass(frozen=True, slots=True)
class Bound(Node):
    """What a Python expression gives; never read from LaTeX."""

    expression: Text


def children(node: Node) -> Iterator[Node]:
    """The nodes directly inside `node`, in reading order."""
    for name in inside(type(node)):
        yield from _nodes(getattr(node, name))


def inside(kind: type) -> tuple[str, ...]:
    """The fields of a kind of node that say something."""
    names = _INSIDE.get(kind)
    if names is None:
        own = {item.name for item in fields(Node)}
        every = (item.name for item in fields(kind))
        names = _INSIDE[kind] = tuple(name for name in every if name not in own)
    return names


_INSIDE: dict[type, tuple[str, ...]] = {}


def walk(node: Node) -> Iterator[Node]:
    """`node` and all below it."""
    yield node
    for child in children(node):
        yield from walk(child)


def _nodes(value: object) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _nodes(item)
