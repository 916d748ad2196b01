r"""A normal form of formulas: two that share it say the same.

Only steps that hold for numbers, columns and matrices alike are taken: terms
commute, numbers are worked out and pulled out of products, a sign is dropped
where squares, bars, norms and cosines lose it. Whether two formulas are the
same beyond that is not decided here. A side that is a printed number keeps its
digits: they say how exact it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from bookproof.latex import tree as t
from bookproof.latex.relations import printed_unit
from bookproof.latex.statements import Definition, Formula, Loop

Key = Any
"""A normal form: nested tuples that can be compared."""

_ONE: Key = ("product",)
_EVEN = {"cos", "cosh"}
_PLAIN = {"", r"\cdot", r"\times"}
_BIG = 64


def normal_formula(formula: Formula) -> Key:
    """The normal form of what a claim says, its ranges apart."""
    return tuple(map(_chain, formula.chains)), tuple(map(normal, formula.loose))


def normal_definitions(definitions: tuple[Definition, ...]) -> Key:
    """The normal form of a let."""
    return tuple(
        (each.target, each.params, normal(each.body)) for each in definitions
    )


def within(new: Loop, old: Loop) -> bool:
    """Whether a range holds no value that the other does not hold."""
    if new.symbols != old.symbols:
        return False
    a, b = new.domain, old.domain
    if isinstance(a, t.Span) and isinstance(b, t.Span):
        return _rises(b.low, a.low) and _rises(a.high, b.high)
    if isinstance(a, t.SetOf) and isinstance(b, t.SetOf):
        return set(map(normal, a.items)) <= set(map(normal, b.items))
    return bool(normal(a) == normal(b))


def normal(node: t.Node) -> Key:
    """The normal form of an expression."""
    terms = _terms(node)
    if len(terms) == 1:
        (rest, factor), *_ = terms.items()
        if factor == 1:
            return rest
    # repr: keys of all sorts, in one order that depends on nothing else.
    return ("sum", tuple(sorted(terms.items(), key=repr)))


def _chain(chain: t.Chain) -> Key:
    return tuple(map(_side, chain.sides)), chain.relations


def _side(node: t.Node) -> Key:
    unit = printed_unit(node)
    if unit is None or isinstance(node, t.Matrix):
        return normal(node)
    return ("printed", normal(node), unit)


def _rises(low: t.Node, high: t.Node) -> bool:
    """Whether `high` is `low` and a number from zero up."""
    terms = dict(_terms(high))
    for rest, factor in _terms(low).items():
        terms[rest] = terms.get(rest, Fraction(0)) - factor
    more = terms.pop(_ONE, Fraction(0))
    return more >= 0 and not any(terms.values())


def _terms(node: t.Node) -> Mapping[Key, Fraction]:
    """A sum as the number before each of its terms. A term that cancels
    stays, with zero: it says what shape the sum has."""
    found: dict[Key, Fraction] = {}
    if isinstance(node, t.Negative):
        return {rest: -factor for rest, factor in _terms(node.operand).items()}
    if isinstance(node, t.Add):
        for term, sign in zip(node.terms, node.signs, strict=True):
            for rest, factor in _terms(term).items():
                found[rest] = found.get(rest, Fraction(0)) + sign * factor
        return found
    rest, factor = _factored(node)
    return {rest: factor}


def _factored(node: t.Node) -> tuple[Key, Fraction]:
    """An expression as something times a number."""
    if isinstance(node, t.Number):
        return _ONE, Fraction(node.value)
    if isinstance(node, t.Product) and set(node.ops) <= _PLAIN:
        return _product(node)
    if isinstance(node, t.Ratio):
        bottom = number(node.bottom)
        top, factor = _lone(node.top)
        if bottom:
            return top, factor / bottom
    if isinstance(node, t.Power):
        return _power(node)
    return _other(node), Fraction(1)


def number(node: t.Node) -> Fraction | None:
    """The value of an expression in which only numbers stand."""
    terms = _terms(node)
    return terms[_ONE] if set(terms) == {_ONE} else None


def _lone(node: t.Node) -> tuple[Key, Fraction]:
    """As `_factored`, of a sum too if it has a single term."""
    terms = _terms(node)
    if len(terms) == 1:
        return next(iter(terms.items()))
    return normal(node), Fraction(1)


def _product(node: t.Product) -> tuple[Key, Fraction]:
    rests, factor = [], Fraction(1)
    for each in node.factors:
        rest, its = _lone(each)
        factor *= its
        if rest != _ONE:
            rests.append(rest)
    if len(rests) == 1:
        return rests[0], factor
    return ("product", *rests), factor


def _power(node: t.Power) -> tuple[Key, Fraction]:
    base, exponent = number(node.base), number(node.exponent)
    whole = exponent is not None and exponent.denominator == 1
    if base and exponent is not None and whole and abs(exponent) <= _BIG:
        return _ONE, base ** int(exponent)
    if base == -1:
        return ("power", -1, _odd(node.exponent)), Fraction(1)
    inner = normal(node.base)
    if exponent is not None and whole and exponent % 2 == 0:
        inner = _signless(node.base)
    entries = node.entries
    return ("power", inner, normal(node.exponent), entries), Fraction(1)


def _odd(exponent: t.Node) -> Key:
    """What decides the sign of a power of minus one."""
    terms = _terms(exponent)
    if all(factor.denominator == 1 for factor in terms.values()):
        terms = {rest: factor % 2 for rest, factor in terms.items()}
    return tuple(sorted(terms.items(), key=repr))


def _signless(node: t.Node) -> Key:
    """The same for an expression and its negative."""
    one, two = normal(node), normal(t.Negative(node))
    return min(one, two, key=repr)


def _other(node: t.Node) -> Key:
    if isinstance(node, t.Bars) and node.kind == "abs":
        return ("abs", _signless(node.operand))
    if isinstance(node, t.Norm):
        return ("norm", _signless(node.operand), _inside(node.order))
    if isinstance(node, t.Apply) and node.name in _EVEN and not node.primes:
        return (node.name, *map(_signless, node.args))
    if isinstance(node, t.Chain):
        return _chain(node)
    parts = (_inside(getattr(node, name)) for name in t.inside(type(node)))
    return (type(node).__name__, *parts)


def _inside(value: object) -> Key:
    if isinstance(value, t.Node):
        return normal(value)
    if isinstance(value, tuple):
        return tuple(map(_inside, value))
    return value
