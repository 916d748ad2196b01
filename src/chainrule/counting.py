# Edit the book, or edit here and stitch.
"""Counting what a program does: operations, never seconds.

A level under all others hands every primitive arrays that report what NumPy
does to them: in a program, in the rules of its derivative, in forward mode.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import prod
from typing import Any, Never

import numpy as np

from chainrule.engine import Primitive, Traced
from chainrule.errors import NotCounted
from chainrule.nested import mapped
from chainrule.tensor import Operators
from chainrule.transforms import new_level, vjp

# Tell multiply-adds from the rest
PRODUCTS = "multiply-add"


class Work(Counter[str]):
    """Operations by name: NumPy's names, and "multiply-add" for products."""

    @property
    def multiply_adds(self) -> int:
        """Terms of all products of matrices: m k n for (m, k) @ (k, n)."""
        return self[PRODUCTS]

    @property
    def elementwise(self) -> int:
        """All else: entries computed, terms added up by a reduction."""
        return self.total() - self[PRODUCTS]


# Let an array report what is done to it
class Counted(np.ndarray):
    """An array that notes in `work` what NumPy's functions do to it."""

    work: Work

    def __array_finalize__(self, parent: Any) -> None:
        if isinstance(parent, Counted):
            self.work = parent.work

    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        bare = [uncounted(x) for x in inputs]
        if "out" in kwargs:
            kwargs["out"] = tuple(map(uncounted, kwargs["out"]))
        found = getattr(ufunc, method)(*bare, **kwargs)
        axis = kwargs.get("axis", 0)
        note(self.work, ufunc, effort(ufunc, method, bare, found, axis))
        return None if found is None else counted(found, self.work)

    # Answer NumPy's other functions
    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> Any:
        if function in UNSEEN or function.__module__ == "numpy.linalg":
            raise NotCounted(f"np.{function.__name__} runs in compiled code")
        if function is np.einsum:
            self.work[PRODUCTS] += terms(*args)
        return super().__array_function__(function, types, args, kwargs)

    def unseen(self, *_: Any, **__: Any) -> Never:
        raise NotCounted("a method of arrays that runs in compiled code")

    dot = cumsum = cumprod = trace = unseen


# Put a table under an array, and take it away
def counted(x: Any, work: Work) -> Any:
    """The same array, or each of a tuple, noting what is done to it."""
    if isinstance(x, tuple):
        return tuple(counted(part, work) for part in x)
    array = np.asarray(x).view(Counted)
    array.work = work
    return array


def uncounted(x: Any) -> Any:
    """The same array without its table."""
    return x.view(np.ndarray) if isinstance(x, Counted) else x


# Say how much one call did
def effort(
    ufunc: np.ufunc, method: str, inputs: Sequence[Any], found: Any, axis: Any
) -> int:
    """Operations of one call, from the sizes of what went in and came out."""
    if ufunc.signature is not None:
        return int(np.size(found) * inputs[0].shape[-1])
    if method == "at":
        return np.size(inputs[-1])
    if method == "reduce":
        return np.size(inputs[0]) - np.size(found)
    if method == "accumulate":
        return np.size(found) - np.size(np.take(found, 0, axis))
    results = found if isinstance(found, tuple) else (found,)
    return sum(map(np.size, results))


def note(work: Work, ufunc: np.ufunc, n: int) -> None:
    """Add n operations to the table."""
    if n:
        work[PRODUCTS if ufunc.signature else ufunc.__name__] += n


# Count the terms of a sum over letters
UNSEEN = {np.dot, np.inner, np.vdot, np.convolve, np.correlate}
UNSEEN |= {np.cumsum, np.cumprod, np.trace, np.interp}


def terms(subscripts: str, *operands: Any) -> int:
    """Multiply-adds of einsum as NumPy runs it: one loop over all letters."""
    inputs = subscripts.partition("->")[0].split(",")
    sizes = {
        letter: n
        for letters, x in zip(inputs, operands, strict=True)
        for letter, n in zip(letters, np.shape(x), strict=True)
    }
    return int(prod(sizes.values())) * max(len(operands) - 1, 1)


# Count under everything else that traces
class Metered(Operators):
    """A traced array that has no derivative: it is there to be counted."""

    __slots__ = ("level", "work")

    def __init__(self, value: Any, level: int, work: Work) -> None:
        self.value, self.level, self.work = np.asarray(value), level, work

    def run(
        self, primitive: Primitive, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Metered:
        values = [self.reporting(x) for x in args]
        found = primitive.fun(*values, **kwargs)
        return Metered(uncounted(found), self.level, self.work)

    def reporting(self, x: Any) -> Any:
        """An argument as the array that reports."""
        if isinstance(x, Metered) and x.level == self.level:
            x = x.value
        if isinstance(x, Traced):
            raise NotCounted("a Tensor is not counted: pass arrays instead")
        return counted(x, self.work) if isinstance(x, np.ndarray) else x


# Count all that a function does
@contextmanager
def metering(args: Any) -> Iterator[tuple[Any, Callable[[Any], Metered], Work]]:
    """The arguments metered, what meters one more array, and the table."""
    work = Work()
    with new_level() as level:

        def metered(x: Any) -> Any:
            if isinstance(x, Traced):
                raise NotCounted("a traced array is not counted: pass arrays")
            floats = np.issubdtype(np.asarray(x).dtype, np.floating)
            return Metered(x, level, work) if floats else x

        yield mapped(metered, args), metered, work


def count(f: Callable[..., Any], *args: Any) -> tuple[Any, Work]:
    """What f returns for these arrays, and the operations it took.

    f may be any function of arrays, a gradient too: count(cr.grad(f), x).
    Arguments are arrays, or nested containers of them. Arrays that f reads
    without being given them are counted where they meet an argument. Raises
    NotCounted where compiled code hides its arithmetic. See "Seconds belong
    to the machine, operations to the program".
    """
    with metering(args) as (given, _, work):
        out = f(*given)
    return mapped(lambda x: x.value if isinstance(x, Metered) else x, out), work


# Count the way out and the way back
def passes(
    f: Callable[..., Any], *args: Any, argnums: int = 0
) -> tuple[Work, Work]:
    """Operations of computing f, and of the sweep back from f to one argument.

    The sweep starts from ones at f's result, and asks for the gradient of
    argument `argnums`, an array or a container; no other one is computed.
    """
    with metering(args) as (given, metered, work):
        before, after = given[:argnums], given[argnums + 1 :]
        out, pullback = vjp(lambda x: f(*before, x, *after), given[argnums])
        forward = Work(work)
        pullback(mapped(lambda x: metered(np.ones(x.shape, x.dtype)), out))
    return forward, Work(work - forward)
