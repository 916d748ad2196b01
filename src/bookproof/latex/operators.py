r"""Sums, products, expectations, cases, indicators."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import product as pairs
from typing import Any

import numpy as np

from bookproof.latex import norms
from bookproof.latex import tree as t
from bookproof.latex import values as va
from bookproof.latex.bindings import scripts, skeleton
from bookproof.latex.comparing import compare, holds, tie
from bookproof.latex.conversion import from_python
from bookproof.latex.entries import two_indices
from bookproof.latex.errors import FormulaError, ShapeMismatch, Undefined
from bookproof.latex.limits import MAX_TERMS
from bookproof.latex.lookup import Lookup, Meaning, without_sub
from bookproof.latex.printing import show_node
from bookproof.latex.values import Thing, Value


class Operators(Lookup):
    """Nodes that bind a letter or choose between formulas."""

    def over(self, node: t.Over) -> Value:
        node = self._with_all(node)
        names = [show_node(index) for index in node.indices]
        domains = self._domains(node)
        size = math.prod(len(domain) for domain in domains)
        if size > MAX_TERMS:
            self.error("more than a million terms", node, "limit")
        total: Value | None = None
        for values in pairs(*domains):
            bound = {
                name: from_python(value)
                for name, value in zip(names, values, strict=True)
            }
            with self.scope(bound):
                if node.condition is not None and not self.true(node.condition):
                    continue
                term = self.value(node.body)
            total = term if total is None else self._join(node, total, term)
        return self._empty(node) if total is None else total

    def _with_all(self, node: t.Over) -> t.Over:
        r"""In `\sum_{i<j}` both letters are indices, unless j is bound."""
        if node.condition is None or node.domain or node.low:
            return node
        more = tuple(
            side
            for side in node.condition.sides
            if isinstance(side, t.Symbol)
            and side == t.Symbol(side.base)
            and side not in node.indices
            and self.find(side) is None
        )
        return replace(node, indices=(*node.indices, *more)) if more else node

    def _join(self, node: t.Over, total: Value, term: Value) -> Value:
        if node.kind == r"\sum":
            return va.add(total, term)
        if node.kind == r"\prod":
            return va.times(total, term)
        return norms.choose([total, term], 1 if node.kind == r"\max" else -1)

    def _empty(self, node: t.Over) -> Value:
        if node.kind == r"\sum":
            return va.ZERO
        if node.kind == r"\prod":
            return va.ONE
        raise self.failure(f"{node.kind} over nothing", node, "undefined")

    def _domains(self, node: t.Over) -> list[list[Any]]:
        if node.low is not None and node.high is not None:
            domain = list(self.integers(node.low, node.high))
            return [domain] * len(node.indices)
        if node.domain is not None:
            domain = self.members(node.domain)
            return [domain] * len(node.indices)
        return [self._inferred(index, node) for index in node.indices]

    def integers(
        self, low: t.Node, high: t.Node, *, either: bool = False
    ) -> range:
        """The whole numbers from `low` to `high`, both included."""
        ends = []
        for end in (low, high):
            if isinstance(end, t.Infinity):
                self.error(
                    "an infinite sum is not evaluated; say it as a limit",
                    end,
                    "undefined",
                )
            number = va.as_int(self.value(end))
            if number is None:
                self.error("a limit must be a whole number", end, "shape")
            ends.append(number)
        if abs(ends[1] - ends[0]) >= MAX_TERMS:
            self.error("more than a million terms", high, "limit")
        if either and ends[1] < ends[0]:
            return range(ends[0], ends[1] - 1, -1)
        return range(ends[0], ends[1] + 1)

    def members(self, node: t.Node) -> list[Any]:
        """The members of a finite set."""
        if isinstance(node, t.Matrix):
            self.error(
                r"a set stands between \{ and \}; that x lies in an interval "
                r"is written a \le x \le b",
                node,
                "latex",
            )
        meaning = self.meaning(node)
        if isinstance(meaning, Thing) and isinstance(meaning.value, Iterable):
            out = list(meaning.value)
            if isinstance(meaning.value, set | frozenset):
                out.sort()
            return out
        if isinstance(meaning, Value) and meaning.kind == "c":
            return list(meaning.v)
        raise self.failure(f"{va.describe(meaning)} is no set", node, "shape")

    def _inferred(self, index: t.Symbol, node: t.Over) -> list[int]:
        sizes = set(self._sizes(show_node(index), node.body, 0))
        if len(sizes) == 1:
            return list(range(1, sizes.pop() + 1))
        name = show_node(index)
        if not sizes:
            self.error(
                f"which values does {name} take? Write its limits, as in "
                rf"{node.kind}_{{{name}=1}}^{{n}}",
                node,
                "latex",
            )
        found = " and ".join(map(str, sorted(sizes)))
        raise self.failure(
            f"{name} counts entries of arrays of different sizes: {found}",
            node,
            "shape",
        )

    def _sizes(self, name: str, node: t.Node, depth: int) -> Iterable[int]:
        """Sizes of the axes that the letter `name` counts inside `node`."""
        if isinstance(node, t.Entry):
            whole = self.value(node.operand)
            yield from _axes(name, node.indices, whole.shape)
        if isinstance(node, t.Symbol) and any(
            show_node(item) == name for item in _letters(node)
        ):
            yield from self._symbol_sizes(name, node, depth)
        for child in t.children(node):
            yield from self._sizes(name, child, depth)

    def _symbol_sizes(
        self, name: str, node: t.Symbol, depth: int
    ) -> Iterable[int]:
        for let in self.bindings.families.get(skeleton(node), ()):
            for theirs, ours in zip(
                scripts(let.target), scripts(node), strict=True
            ):
                if show_node(ours) == name and depth < 10:
                    inner = show_node(theirs)
                    yield from self._sizes(
                        inner, let.definition.body, depth + 1
                    )
            return
        whole = self.find(without_sub(node)) if node.sub else None
        if isinstance(whole, Value) and whole.kind != "s":
            shape = whole.shape[1:] if whole.kind == "r" else whole.shape
            yield from _axes(name, node.sub, shape)
        elif isinstance(whole, Thing) and hasattr(whole.value, "__len__"):
            yield len(whole.value)

    # Expectations

    def expectation(self, node: t.Expectation) -> Value:
        pairs_ = self._law(node.law)
        name = show_node(node.variable)
        mean = self._mean(name, pairs_, node.body)
        if node.kind == "E":
            return mean
        if mean.kind != "s":
            raise ShapeMismatch("the variance of an array: take an entry")
        total: Value = va.ZERO
        for value, weight in pairs_:
            with self.scope({name: value}):
                off = va.add(self.value(node.body), mean, -1)
            total = va.add(total, va.times(weight, va.times(off, off)))
        return total

    def _mean(
        self, name: str, law: list[tuple[Meaning, Value]], body: t.Node
    ) -> Value:
        total: Value | None = None
        for value, weight in law:
            with self.scope({name: value}):
                term = va.times(weight, self.value(body))
            total = term if total is None else va.add(total, term)
        assert total is not None
        return total

    def _law(self, node: t.Node) -> list[tuple[Meaning, Value]]:
        meaning = self.meaning(node)
        law = meaning.value if isinstance(meaning, Thing) else None
        if isinstance(law, Mapping):
            items = list(law.items())
        elif isinstance(law, list | tuple) and all(
            isinstance(x, tuple) and len(x) == 2 for x in law
        ):
            items = list(law)
        elif isinstance(meaning, Value) and meaning.shape[1:] == (2,):
            items = [(float(x), float(p)) for x, p in meaning.v]
        else:
            self.error(
                "a distribution is bound to a dict from value to "
                "probability, or to a list of such pairs",
                node,
                "shape",
            )
        out: list[tuple[Meaning, Value]] = []
        total: Value = va.ZERO
        for value, weight in items:
            probability = from_python(weight)
            if not isinstance(probability, Value):
                self.error("a probability must be a number", node, "shape")
            out.append((from_python(value), probability))
            total = va.add(total, probability)
        if not out or not holds("=", total, va.ONE):
            self.error("the probabilities do not add to one", node, "shape")
        return out

    # Conditions

    def true(self, chain: t.Chain) -> bool:
        """Whether a condition on numbers holds."""
        found = self.truth(chain)
        if np.ndim(found):
            raise ShapeMismatch("a condition on an array")
        return bool(found)

    def truth(self, chain: t.Chain) -> Any:
        """Whether a condition holds, entry by entry."""
        out: Any = True
        left: Meaning = self.meaning(chain.sides[0])
        for relation, side in zip(
            chain.relations, chain.sides[1:], strict=True
        ):
            if relation == r"\in":
                members = self.members(side)
                assert isinstance(left, Value)
                return out & any(
                    holds("=", left, _as_value(member)) for member in members
                )
            if relation not in ("=", r"\ne", "<", ">", r"\le", r"\ge"):
                self.error(f"{relation} is no condition", side, "latex")
            right = self.value(side)
            assert isinstance(left, Value)
            out = out & self._compared(relation, left, right, side)
            left = right
        return out

    def _compared(
        self, relation: str, left: Value, right: Value, node: t.Node
    ) -> Any:
        alike = left.kind == right.kind and left.shape == right.shape
        if left.kind != "s" and right.kind != "s" and not alike:
            raise ShapeMismatch(
                f"{va.describe(left)} against {va.describe(right)}"
            )
        if tie(left, right):
            raise Undefined(
                "a derivative just where a condition turns: it has two sides"
            )
        return compare(relation, left, right)

    def cases(self, node: t.Cases) -> Value:
        chosen: Value | None = None
        left: Any = True
        for branch in node.branches:
            here: Any = True
            for condition in branch.conditions:
                here = here & self.truth(condition)
            take = left & here
            if np.ndim(take) == 0:
                if bool(take):
                    value = self.value(branch.value)
                    if chosen is None:
                        return value
                    chosen = _where(take, value, chosen)
                    left = left & np.logical_not(here)
                continue
            if np.any(take):
                value = self._masked(branch.value, take)
                chosen = _where(take, value, chosen)
            left = left & np.logical_not(here)
        if chosen is None or np.any(left):
            self.error("no case applies", node, "undefined")
        return chosen

    def _masked(self, node: t.Node, mask: Any) -> Value:
        """A branch is evaluated whole; it must be defined where it counts."""
        return self.value(node)

    def indicator(self, node: t.Indicator) -> Value:
        found = self.truth(node.condition)
        if np.ndim(found) == 0:
            return va.ONE if found else va.ZERO
        v = np.asarray(found, dtype=np.float64)
        kind = self._kind_of(node.condition, v)
        return Value(v, v.copy(), kind)

    def _kind_of(self, chain: t.Chain, v: Any) -> str:
        for side in chain.sides:
            value = self.value(side)
            if value.kind != "s" or np.ndim(value.v):
                return value.kind
        return "s"


def _as_value(member: Any) -> Value:
    value = from_python(member)
    if not isinstance(value, Value):
        raise ShapeMismatch("a set of things that are no numbers")
    return value


def _where(mask: Any, value: Value, other: Value | None) -> Value:
    """`value` where the mask is true, `other` elsewhere."""
    value = va.floating(value)
    kind = value.kind
    if other is None:
        zero = np.zeros(np.shape(mask))
        other = Value(zero, zero, kind)
    other = va.floating(other)
    kind = other.kind if kind == "s" else kind
    v = np.where(mask, value.v, other.v)
    m = np.where(mask, value.m, other.m)
    if kind == "s" and np.ndim(v) == 1 and np.ndim(value.v) == 0:
        kind = "s"
    return Value(v, m, kind)


def _letters(node: t.Symbol) -> Iterable[t.Node]:
    for item in scripts(node):
        if isinstance(item, t.Product):
            yield from item.factors
        else:
            yield item


def _axes(
    name: str, items: tuple[t.Node, ...], shape: tuple[int, ...]
) -> Iterable[int]:
    if len(shape) == 2:
        items = two_indices(items)
    for item, size in zip(items, shape, strict=False):
        if show_node(item) == name:
            yield size


__all__ = ["FormulaError", "Operators"]
