"""Derivatives by central differences, extrapolated, with an error estimate.

The step starts at a fraction of the variable's scale and is halved; Neville's
scheme extrapolates to step zero (Ridders, 1982); of the table's entries the
one with the smallest estimated error is returned.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from bookproof.latex.errors import Undefined

_SHRINK = 2.0
_ROWS = 9
_FEWEST = 3
_UNIT = 2.0**-53


def differentiate(
    f: Callable[[float], tuple[Any, Any]], scale: float
) -> tuple[Any, Any]:
    """The derivative of f at 0 and its estimated absolute error.

    `f(step)` gives a value and its magnitude (both arrays or numbers). Two
    sequences of steps that share none: on a function that is not smooth,
    entries of one table may agree by chance.
    """
    one, error = _extrapolated(f, scale / 8)
    two, other = _extrapolated(f, scale / 11.3)
    return one, np.maximum(error, other) + np.abs(one - two)


def _extrapolated(
    f: Callable[[float], tuple[Any, Any]], step: float
) -> tuple[Any, Any]:
    table: list[list[Any]] = []
    middle, size = f(0.0)
    best: Any = None
    error: Any = None
    bends: list[Any] = []
    last = step
    before: Any = np.inf
    for row in range(_ROWS):
        last = step
        above, size_above = f(step)
        below, size_below = f(-step)
        noise = 4 * _UNIT * (size_above + size_below) / (2 * step)
        bends.append(above - 2 * middle + below)
        entries = [(above - below) / (2 * step)]
        factor = 1.0
        for column in range(1, row + 1):
            factor *= _SHRINK**2
            entries.append(
                (factor * entries[column - 1] - table[-1][column - 1])
                / (factor - 1)
            )
            guess = np.maximum(
                np.abs(entries[column] - entries[column - 1]),
                np.abs(entries[column] - table[-1][column - 1]),
            )
            guess = guess + noise
            if best is None:
                best, error = entries[column], guess
            else:
                better = guess < error
                best = np.where(better, entries[column], best)
                error = np.where(better, guess, error)
        table.append(entries)
        step /= _SHRINK
        # Rounding alone is left of the error, and grows with every row; where
        # it shrinks, as at a zero of the function, later rows are better.
        if row >= _FEWEST and np.all((error <= 4 * noise) & (noise > before)):
            break
        before = noise
    _check_kink(bends, best, last, size)
    return best, error


def _check_kink(bends: list[Any], slope: Any, step: float, size: Any) -> None:
    """At a kink the second difference shrinks like the step, not its square.

    A central difference alone would return the mean of the two slopes with a
    clear conscience.
    """
    last, before = np.abs(bends[-1]), np.abs(bends[-2])
    noise = 64 * _UNIT * np.abs(size)
    big = np.maximum(np.abs(slope), np.abs(last) / step) * step
    kink = (last > 0.4 * before) & (last > 1e-4 * big) & (last > noise)
    if np.any(kink):
        raise Undefined("no derivative here: the two sides have two slopes")
