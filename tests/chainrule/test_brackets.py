"""The best order is the best of all orders, and costs what it executes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise, product

import numpy as np
import pytest

from chainrule.brackets import (
    Order,
    from_the_left,
    from_the_right,
    matrix_chain_cost,
    optimal_bracketing,
)


def orders(i: int, k: int) -> Iterator[Order]:
    if k == i + 1:
        yield i
    for j in range(i + 1, k):
        yield from product(orders(i, j), orders(j, k))


def executed(widths: tuple[int, ...], order: Order) -> int:
    """Multiplications of the products, from the shapes that arise."""
    chain = [np.ones(size) for size in pairwise(widths)]
    spent = 0

    def done(order: Order) -> np.ndarray:
        nonlocal spent
        if isinstance(order, int):
            return chain[order]
        left, right = done(order[0]), done(order[1])
        spent += left.size * right.shape[1]
        out: np.ndarray = left @ right
        return out

    out = done(order)
    assert out.shape == (widths[0], widths[-1])
    assert np.all(out == np.prod(widths[1:-1]))
    return spent


@pytest.mark.parametrize("seed", range(40))
def test_against_all_orders(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 7))
    widths = tuple(int(d) for d in rng.integers(1, 10, n + 1))
    costs = {order: executed(widths, order) for order in orders(0, n)}
    for order, cost in costs.items():
        assert matrix_chain_cost(widths, order) == cost
    cost, best = optimal_bracketing(widths)
    assert cost == min(costs.values()) == costs[best]


def test_named_orders() -> None:
    assert from_the_left(4) == (((0, 1), 2), 3)
    assert from_the_right(4) == (0, (1, (2, 3)))
    assert from_the_left(1) == from_the_right(1) == 0
    widths = (1, 100, 1, 100, 1)
    assert matrix_chain_cost(widths, from_the_left(4)) == 300
    assert optimal_bracketing(widths) == (201, ((0, 1), (2, 3)))


def test_a_tie_goes_to_the_left() -> None:
    assert optimal_bracketing((1, 5, 5, 1))[1] == from_the_left(3)
    assert optimal_bracketing((2, 2, 2, 2, 2))[1] == from_the_left(4)


@pytest.mark.parametrize(
    "order", [((0, 2), 1), (0, 2), (1, 2), (0, 1), ((0, 1), (1, 2)), 0]
)
def test_what_is_no_order(order: Order) -> None:
    with pytest.raises(ValueError, match=r"matrix|order"):
        matrix_chain_cost((2, 3, 4, 5), order)


@pytest.mark.parametrize("widths", [(), (3,)])
def test_what_is_no_chain(widths: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two widths"):
        optimal_bracketing(widths)
