r"""Sums of terms; the identity and the column of ones among them."""

from __future__ import annotations

import numpy as np

from bookproof.latex import tree as t
from bookproof.latex import values as va
from bookproof.latex.limits import affordable
from bookproof.latex.lookup import Meaning
from bookproof.latex.products import ONES, Products
from bookproof.latex.values import Value

_IDENTITY = t.Symbol("I")
_SIZED = {ONES.base, _IDENTITY.base}


class Sums(Products):
    """Evaluates sums."""

    def add(self, node: t.Add) -> Value:
        total, *values = self._terms(node)
        if node.signs[0] < 0:
            total = va.negative(total)
        rest = zip(node.terms[1:], node.signs[1:], values, strict=True)
        for term, sign, value in rest:
            total = self._joined(term, va.add, total, value, sign)
        return total

    def pair(self, nodes: tuple[t.Node, t.Node]) -> tuple[Value, Value]:
        r"""Both sides of a relation; in `S^{-1} S = I` one sizes the other."""
        one, two = nodes
        if self.unsized(one) and not self.unsized(two):
            return self.pair((two, one))[::-1]
        value = self.value(one)
        if not self.unsized(two):
            return value, self.value(two)
        with self.scope(self._sizes_from(value)):
            return value, self.value(two)

    def _sizes_from(self, value: Value) -> dict[str, Meaning]:
        r"""`I` and `\mathbf{1}` in the size of a value."""
        names: dict[str, Meaning] = {}
        if value.kind in ("c", "m", "b"):
            names[ONES.base] = va.array(np.ones(value.shape[0]))
        if value.kind == "m" and value.shape[0] == value.shape[1]:
            names[_IDENTITY.base] = va.array(np.eye(value.shape[0]))
        return names

    def _terms(self, node: t.Add) -> list[Value]:
        r"""The terms; `I` and `\mathbf{1}` take their size from the others."""
        waiting = [term for term in node.terms if self.unsized(term)]
        if not waiting:
            return [self.value(term) for term in node.terms]
        known = [self.value(x) for x in node.terms if x not in waiting]
        arrays = [value for value in known if value.kind in ("m", "b")]
        if not arrays:
            return [self.value(term) for term in node.terms]
        with self.scope(self._sizes_from(arrays[0])):
            return [
                self.value(term) if term in waiting else known.pop(0)
                for term in node.terms
            ]

    def unsized(self, term: t.Node) -> bool:
        r"""Whether `I` or `\mathbf{1}` stands in it without its size."""
        factors = term.factors if isinstance(term, t.Product) else (term,)
        return any(
            isinstance(factor, t.Symbol)
            and factor.base in _SIZED
            and factor in (ONES, _IDENTITY)
            and self.find(factor) is None
            for factor in factors
        )

    def ones_or_identity(self, node: t.Symbol) -> Value | None:
        r"""`I_n` and `\mathbf{1}_n`, whatever n is."""
        if len(node.sub) != 1 or t.Symbol(node.base, sub=node.sub) != node:
            return None
        if node.base not in (ONES.base, _IDENTITY.base):
            return None
        size = va.as_int(self.value(node.sub[0]))
        if size is None or size <= 0:
            return None
        square = node.base == _IDENTITY.base
        affordable(size * size if square else size, 0)
        if square:
            return va.array(np.eye(size))
        return va.array(np.ones(size))
