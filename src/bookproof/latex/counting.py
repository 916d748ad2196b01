"""Factorials, binomials, remainders."""

from __future__ import annotations

import math

from bookproof.latex.errors import TooLarge, Undefined
from bookproof.latex.values import (
    Value,
    rational,
)


def factorial(a: Value) -> Value:
    if not (a.exact and isinstance(a.v, int) and a.v >= 0):
        raise Undefined("the factorial of a number that is not whole")
    if a.v > 500:
        raise TooLarge("a factorial beyond 4096 bits")
    return Value(math.factorial(a.v))


def binomial(n: Value, k: Value) -> Value:
    for a in (n, k):
        if not (a.exact and isinstance(a.v, int) and a.v >= 0):
            raise Undefined("a binomial of numbers that are not whole")
        if a.v > 4000:
            raise TooLarge("a binomial of numbers beyond 4000")
    return rational(math.comb(n.v, k.v))


def remainder(a: Value, b: Value) -> Value:
    if b.exact and b.v == 0:
        raise Undefined("division by zero")
    if not (a.exact and b.exact):
        raise Undefined("a remainder of numbers that are not rational")
    return rational(a.v % b.v)
