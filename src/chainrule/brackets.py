# Edit the book, or edit here and stitch.
"""Products of a chain of matrices: what an order costs, and the best one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, Union

Order: TypeAlias = Union[int, "tuple[Order, Order]"]


# Add up what an order costs
def matrix_chain_cost(widths: Sequence[int], order: Order) -> int:
    """Multiply-adds of a chain of matrices, multiplied in this order.

    Matrix i has widths[i] rows and widths[i + 1] columns. An order is the
    number of a matrix, or a pair of orders: ((0, 1), 2). Raises ValueError
    unless it names every matrix once, from left to right. See "The order is
    best from the loss, unless a width is one".
    """

    def visit(order: Order) -> tuple[int, int, int]:
        if isinstance(order, int):
            return order, order + 1, 0
        (i, j, left), (then, k, right) = map(visit, order)
        if then != j:
            raise ValueError(f"matrix {j} was expected, not matrix {then}")
        return i, k, left + right + widths[i] * widths[j] * widths[k]

    start, stop, cost = visit(order)
    if (start, stop) != (0, len(widths) - 1):
        raise ValueError(f"{order} is no order of {len(widths) - 1} matrices")
    return cost


# Name the two orders that walk through the chain
def from_the_left(n: int) -> Order:
    """Reverse mode, where the loss is on the left: ((0, 1), 2) for three."""
    order: Order = 0
    for i in range(1, n):
        order = (order, i)
    return order


def from_the_right(n: int) -> Order:
    """Forward mode: (0, (1, 2)) for three."""
    order: Order = n - 1
    for i in reversed(range(n - 1)):
        order = (i, order)
    return order


# Find the best order, from short parts to long ones
def optimal_bracketing(widths: Sequence[int]) -> tuple[int, Order]:
    """The least cost of a chain of matrices, and an order that has it.

    widths as in `matrix_chain_cost`. Of equal orders, that which splits last
    is taken, so that the order from the left wins a tie. Takes about n³/6
    steps for n matrices. Raises ValueError if there is no matrix.
    """
    n = len(widths) - 1
    if n < 1:
        raise ValueError("a chain of one matrix has two widths")
    best: dict[tuple[int, int], tuple[int, Order]] = {
        (i, i + 1): (0, i) for i in range(n)
    }
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            k = i + length
            found: list[tuple[int, Order]] = []
            for j in reversed(range(i + 1, k)):
                (left, first), (right, second) = best[i, j], best[j, k]
                work = widths[i] * widths[j] * widths[k]
                found.append((left + right + work, (first, second)))
            best[i, k] = min(found, key=lambda option: option[0])
    return best[0, n]
