"""The table as a whole: no rule unused, in any mode, dtype or memory layout.

`test_rules.py` holds a sample for each primitive against differences, both
modes and second order; here it is shown that the samples reach every rule, and
that rules do not care how an array lies in memory, how large it is or which
precision it has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest
from test_rules import ALL, CASES, f_value

import chainrule as cr
from chainrule.differences import directional_difference
from chainrule.engine import Each, Primitive
from chainrule.rules.table import primitives

Calls = set[tuple[str, int]]


def noted(rule: Any, kind: str, i: int, calls: Calls) -> Any:
    def heard(*args: Any, **kwargs: Any) -> Any:
        calls.add((kind, i))
        return rule(*args, **kwargs)

    return rule and heard


class Heard(Each):
    """The rules of any number of arguments, noted where they are used."""

    def __init__(self, rules: Each, kind: str, calls: Calls) -> None:
        super().__init__(rules.rule)
        self.kind, self.calls = kind, calls

    def __getitem__(self, i: Any) -> Any:
        return noted(super().__getitem__(i), self.kind, i, self.calls)


@contextmanager
def listening(primitive: Primitive) -> Iterator[Calls]:
    """Note which rules of a primitive are called; only the pure ones."""
    before = primitive.vjps, primitive.jvps, primitive.tuned
    calls: Calls = set()
    primitive.tuned = None
    for kind in ("vjps", "jvps"):
        rules = getattr(primitive, kind)
        if isinstance(rules, Each):
            found: Any = Heard(rules, kind, calls)
        else:
            found = [noted(r, kind, i, calls) for i, r in enumerate(rules)]
        setattr(primitive, kind, found)
    try:
        yield calls
    finally:
        primitive.vjps, primitive.jvps, primitive.tuned = before


def wanted_rules(primitive: Primitive) -> Calls:
    found: Calls = set()
    for kind in ("vjps", "jvps"):
        rules = getattr(primitive, kind)
        if isinstance(rules, Each):
            found |= {(kind, 0), (kind, 1)}
        else:
            found |= {(kind, i) for i, rule in enumerate(rules) if rule}
    return found


@pytest.mark.parametrize("primitive", primitives, ids=lambda p: p.name)
def test_samples_reach_every_rule_in_both_modes(primitive: Primitive) -> None:
    wanted = wanted_rules(primitive)
    reverse = {i for kind, i in wanted if kind == "vjps"}
    assert reverse == {i for kind, i in wanted if kind == "jvps"}
    assert reverse
    with listening(primitive) as calls:
        for f, args in CASES[primitive.name]:
            out, pullback = cr.vjp(f, *args)
            pullback(np.ones_like(out))
            cr.jvp(f, args, args)
    assert calls >= wanted


@pytest.mark.parametrize(("f", "args"), ALL)
def test_forward_mode_against_differences(f: Any, args: Any) -> None:
    draw = np.random.default_rng(3)
    for i, x in enumerate(args):
        v = np.asarray(draw.normal(size=x.shape))

        def alone(x: Any, i: int = i) -> Any:
            return f_value(f, [*args[:i], x, *args[i + 1 :]])

        along = tuple(v if i == k else None for k in range(len(args)))
        _, slope = cr.jvp(f, args, along)
        expected = directional_difference(alone, x, v)
        np.testing.assert_allclose(slope, expected, rtol=1e-5, atol=1e-7)


def strided(x: np.ndarray) -> np.ndarray:
    """The same numbers, backwards and with gaps in memory."""
    wide = np.zeros(tuple(2 * n for n in x.shape))
    there = tuple(slice(None, None, -2) for _ in x.shape)
    wide[there] = x
    return wide[there]


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "strided": strided,
    "columns first": lambda x: np.array(x, order="F"),
    "read-only": lambda x: np.broadcast_to(x, x.shape),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("f", "args"), ALL)
def test_rules_do_not_see_the_memory(f: Any, args: Any, layout: str) -> None:
    laid = tuple(LAYOUTS[layout](x) for x in args)
    answers = []
    for xs in (args, laid):
        out, pullback = cr.vjp(f, *xs)
        slope = cr.jvp(f, xs, xs)[1]
        answers.append((out, *pullback(np.cos(out)), slope))
    for one, other in zip(*answers, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize(("f", "args"), ALL)
def test_single_precision_at_second_order(f: Any, args: Any) -> None:
    small = tuple(x.astype(np.float32) for x in args)
    n = tuple(range(len(args)))
    out, slope = cr.jvp(f, small, small)
    assert (slope.dtype, slope.shape) == (np.float32, out.shape)

    def curved(*xs: Any) -> Any:
        return np.sum(f(*xs) ** 2)

    gradient = cr.grad(curved, n)
    for found in (
        gradient(*small),
        cr.jvp(gradient, small, small)[1],
        cr.grad(lambda *xs: sum(map(np.sum, gradient(*xs))), n)(*small),
    ):
        for g, x in zip(found, small, strict=True):
            assert (type(g), g.dtype, g.shape) == (
                np.ndarray,
                np.float32,
                x.shape,
            )


ELEMENTWISE = [p for p in primitives if p.broadcasts]


@pytest.mark.parametrize("shape", [(), (0,), (2, 0, 3)])
@pytest.mark.parametrize("primitive", ELEMENTWISE, ids=lambda p: p.name)
def test_elementwise_rows_take_numbers_and_nothing(
    primitive: Primitive, shape: tuple[int, ...]
) -> None:
    flags = [True] if primitive.name == "where" else []
    n = len(primitive.vjps) - len(flags)
    numbers = (
        (1.2, 0.9, 1.7) if primitive.name == "arccosh" else (0.3, 0.2, 2.0)
    )
    args = tuple(np.full(shape, numbers[i]) for i in range(n))

    def f(*xs: Any) -> Any:
        return primitive(*flags, *xs)

    out, pullback = cr.vjp(f, *args)
    assert out.shape == shape
    gradients = pullback(np.ones(shape))
    assert [g.shape for g in gradients] == [shape] * n
    total = sum(map(np.sum, gradients))
    _, slope = cr.jvp(f, args, tuple(np.ones(shape) for _ in args))
    np.testing.assert_allclose(total, np.sum(slope), rtol=1e-13)
