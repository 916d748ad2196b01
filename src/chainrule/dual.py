# Edit the book, or edit here and stitch.
"""Forward mode: every number carries its rate of change along."""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

# Name what may be differentiated, and number the derivatives
Number: TypeAlias = "Dual | float"
Program: TypeAlias = Callable[..., Sequence[Number]]
levels = itertools.count(1)


# Pair a value with its rate of change
class Dual:
    """A number and its rate of change, the tangent.

    `value` and `tangent` are any numbers: int, float, Fraction, or pairs of a
    lower level. The level says for which derivative the tangent is kept.
    Derived in "A pair carries a column forwards".
    """

    __slots__ = ("level", "tangent", "value")
    __array_ufunc__ = None  # NumPy's numbers leave the operators to us

    def __init__(self, value: Number, tangent: Number, level: int = 0) -> None:
        self.value = value
        self.tangent = tangent
        self.level = level

    def __repr__(self) -> str:
        return f"Dual({self.value!r}, {self.tangent!r})"

    # Do arithmetic with pairs
    def __add__(self, other: Number) -> "Dual":
        level, a, b = opened(self, other)
        return carry(level, a + b, (self, 1), (other, 1))

    def __mul__(self, other: Number) -> "Dual":
        level, a, b = opened(self, other)
        return carry(level, a * b, (self, b), (other, a))

    __radd__ = __add__
    __rmul__ = __mul__

    # Subtract, divide and raise pairs
    def __neg__(self) -> "Dual":
        return carry(self.level, -self.value, (self, -1))

    def __sub__(self, other: Number) -> "Dual":
        return subtract(self, other)

    def __rsub__(self, other: float) -> "Dual":
        return subtract(other, self)

    def __truediv__(self, other: Number) -> "Dual":
        return divide(self, other)

    def __rtruediv__(self, other: float) -> "Dual":
        return divide(other, self)

    def __pow__(self, n: float) -> "Dual":
        if isinstance(n, Dual):
            raise TypeError("the exponent is a constant; or exp(n * log(x))")
        slope = n * self.value ** (n - 1) if n else 0
        return carry(self.level, self.value**n, (self, slope))

    # Compare the values of pairs
    def __lt__(self, other: Number) -> bool:
        return plain(self) < plain(other)

    def __le__(self, other: Number) -> bool:
        return plain(self) <= plain(other)

    def __gt__(self, other: Number) -> bool:
        return plain(self) > plain(other)

    def __ge__(self, other: Number) -> bool:
        return plain(self) >= plain(other)


# Add slope times tangent over what was read
def carry(level: int, value: Number, *uses: tuple[Number, Number]) -> Dual:
    """A new pair; `uses` holds (input, slope), constants are left out."""
    shares = [
        slope * x.tangent
        for x, slope in uses
        if isinstance(x, Dual) and x.level == level
    ]
    return Dual(value, sum(shares[1:], shares[0]), level)


# See two numbers as the higher level sees them
def opened(x: Number, y: Number) -> tuple[int, Number, Number]:
    """The highest level of the two, and both values as it sees them."""
    level = max(z.level for z in (x, y) if isinstance(z, Dual))
    return level, below(x, level), below(y, level)


def below(x: Number, level: int) -> Number:
    """The value of a pair of this level; anything else is a constant."""
    return x.value if isinstance(x, Dual) and x.level == level else x


# Carry a difference and a quotient
def subtract(x: Number, y: Number) -> Dual:
    """The difference x - y; at least one of the two is a pair."""
    level, a, b = opened(x, y)
    return carry(level, a - b, (x, 1), (y, -1))


def divide(x: Number, y: Number) -> Dual:
    """The quotient x / y; at least one of the two is a pair."""
    level, a, b = opened(x, y)
    q = a / b
    return carry(level, q, (x, 1 / b), (y, -q / b))


# See through all tangents
def plain(x: Number) -> float:
    """The number under all tangents."""
    while isinstance(x, Dual):
        x = x.value
    return x


# Carry a pair through functions of one number
def exp(x: Number) -> Number:
    """The exponential, its own slope."""
    if not isinstance(x, Dual):
        return math.exp(x)
    y = exp(x.value)
    return carry(x.level, y, (x, y))


def log(x: Number) -> Number:
    """The natural logarithm."""
    if not isinstance(x, Dual):
        return math.log(x)
    return carry(x.level, log(x.value), (x, 1 / x.value))


def sqrt(x: Number) -> Number:
    """The square root; its slope at zero is infinite, an error here."""
    if not isinstance(x, Dual):
        return math.sqrt(x)
    y = sqrt(x.value)
    return carry(x.level, y, (x, 0.5 / y))


# Carry a pair through waves and bends
def sin(x: Number) -> Number:
    """The sine."""
    if not isinstance(x, Dual):
        return math.sin(x)
    return carry(x.level, sin(x.value), (x, cos(x.value)))


def cos(x: Number) -> Number:
    """The cosine."""
    if not isinstance(x, Dual):
        return math.cos(x)
    return carry(x.level, cos(x.value), (x, -sin(x.value)))


def tanh(x: Number) -> Number:
    """The hyperbolic tangent."""
    if not isinstance(x, Dual):
        return math.tanh(x)
    y = tanh(x.value)
    return carry(x.level, y, (x, 1 - y * y))


def relu(x: Number) -> Number:
    """The larger of x and zero; the slope at zero is taken as zero."""
    if not isinstance(x, Dual):
        return max(x, 0)
    return carry(x.level, relu(x.value), (x, 1 if plain(x) > 0 else 0))


# Run a program along a direction
def jvp(
    f: Program, xs: Sequence[Number], along: Sequence[Number]
) -> tuple[list[Number], list[Number]]:
    """The outputs of f(*xs) and their rates of change: J times `along`.

    f returns a sequence of numbers. ValueError if `along` is not as long as
    xs. Derived in "A pair carries a column forwards".
    """
    level = next(levels)
    given = zip(xs, along, strict=True)
    ys = f(*(Dual(x, t, level) for x, t in given))
    return [below(y, level) for y in ys], [tangent(y, level) for y in ys]


def tangent(y: Number, level: int) -> Number:
    """The rate of change kept for this level; a constant has none: 0."""
    return y.tangent if isinstance(y, Dual) and y.level == level else 0


# Fill a Jacobian by columns, one pass each
def jacobian(f: Program, xs: Sequence[Number]) -> list[list[Number]]:
    """The Jacobian of f at xs, as rows: outputs down, inputs across."""
    n = len(xs)
    columns = [jvp(f, xs, [int(i == k) for i in range(n)])[1] for k in range(n)]
    return [list(row) for row in zip(*columns, strict=True)]


def derivative(f: Callable[[Number], Number]) -> Callable[[Number], Number]:
    """The function that returns the slope of f; it nests to any order."""

    def slope(x: Number) -> Number:
        level = next(levels)
        return tangent(f(Dual(x, 1, level)), level)

    return slope
