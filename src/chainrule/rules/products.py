# Edit the book, or edit here and stitch.
"""Products of matrices, and the sums that are products in disguise."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from string import ascii_letters
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from chainrule.engine import Array, Each, Primitive, unbroadcast
from chainrule.errors import ShapeError
from chainrule.rules.elementwise import multiply
from chainrule.rules.table import implements, linear, primitives, ufuncs


# Multiply by the other factor, transposed, on its side
def to_left(g: Array, _ans: Array, _x: Array, y: Array) -> Array:
    """The gradient of x in x @ y: g yᵀ, batches undone."""
    if y.ndim == 1:
        return unbroadcast(g[..., None] * y, _x.shape)
    if _x.ndim == 1:
        return unbroadcast((y @ g[..., None])[..., 0], _x.shape)
    return unbroadcast(g @ y.swapaxes(-1, -2), _x.shape)


def to_right(g: Array, _ans: Array, x: Array, _y: Array) -> Array:
    """The gradient of y in x @ y: xᵀ g, batches undone."""
    if x.ndim == _y.ndim == 1:
        return g * x
    if x.ndim == 1:
        return unbroadcast(x[:, None] * g[..., None, :], _y.shape)
    xt = x.swapaxes(-1, -2)
    if _y.ndim == 1:
        return unbroadcast((xt @ g[..., None])[..., 0], _y.shape)
    return unbroadcast(xt @ g, _y.shape)


# Enter the product
matmul = linear(np.matmul, to_left, to_right)
ufuncs[np.matmul, "__call__"] = matmul


# Reduce other products to this one
@implements(np.dot)
def dot(a: Array, b: Array) -> Array:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    if np.ndim(b) <= 2:
        return matmul(a, b)
    return tensordot(a, b, (-1, -2))


@implements(np.inner)
def inner(a: Array, b: Array) -> Array:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return multiply(a, b)
    return tensordot(a, b, (-1, -1))


@implements(np.vdot)
def vdot(a: Array, b: Array) -> Array:
    return matmul(np.ravel(a), np.ravel(b))


@implements(np.outer)
def outer(a: Array, b: Array) -> Array:
    return multiply(np.ravel(a)[:, None], np.ravel(b))


# Contract any axes
@implements(np.tensordot)
def tensordot(a: Array, b: Array, axes: Any = 2) -> Array:
    """Contract axes of a with axes of b, as one product of two matrices."""
    if isinstance(axes, int):
        axes = range(np.ndim(a) - axes, np.ndim(a)), range(axes)
    of_a = normalize_axis_tuple(axes[0], np.ndim(a))
    of_b = normalize_axis_tuple(axes[1], np.ndim(b))
    a_shape, b_shape = np.shape(a), np.shape(b)
    if [a_shape[i] for i in of_a] != [b_shape[i] for i in of_b]:
        raise ShapeError("tensordot", [a_shape, b_shape], f"axes {axes}")
    a_stay = [i for i in range(len(a_shape)) if i not in of_a]
    b_stay = [i for i in range(len(b_shape)) if i not in of_b]
    inside = prod(a_shape[i] for i in of_a)
    rows, columns = [a_shape[i] for i in a_stay], [b_shape[i] for i in b_stay]
    left = np.transpose(a, (*a_stay, *of_a)).reshape(prod(rows), inside)
    right = np.transpose(b, (*of_b, *b_stay)).reshape(inside, prod(columns))
    return matmul(left, right).reshape((*rows, *columns))


# Put the gradient in the operand's place
def to_operand(
    i: int,
    g: Array,
    _ans: Array,
    *operands: Array,
    inputs: Any,
    output: str,
    optimize: Any,
) -> Array:
    """The gradient of operand i: the same sum, with g in its place."""
    sizes = {
        letter: n
        for letters, x in zip(inputs, operands, strict=True)
        for letter, n in zip(letters, np.shape(x), strict=True)
    }
    letters, arrays = list(inputs), list(operands)
    wanted, letters[i], arrays[i] = letters[i], output, g
    for letter in wanted:
        if not any(letter in others for others in letters):
            letters.append(letter)
            arrays.append(np.ones(sizes[letter], g.dtype))
    return einsum(
        *arrays, inputs=tuple(letters), output=wanted, optimize=optimize
    )


# Enter the sum over letters
einsum = Primitive(
    lambda *operands, inputs, output, optimize: np.einsum(
        f"{','.join(inputs)}->{output}", *operands, optimize=optimize
    ),
    "einsum",
)
primitives.append(einsum)
einsum.vjps = Each(to_operand)
einsum.jvps = Each(
    lambda i, t, _ans, *operands, **kw: einsum(
        *operands[:i], t, *operands[i + 1 :], **kw
    )
)


# Read its letters
@implements(np.einsum)
def einsum_(*operands: Any, optimize: Any = False) -> Array:
    """Sum over the letters that the output does not name."""
    if not isinstance(operands[0], str):
        operands = by_letters(operands)
    subscripts, arrays = operands[0].replace(" ", ""), list(operands[1:])
    left, arrow, output = subscripts.partition("->")
    inputs = left.split(",")
    if len(inputs) != len(arrays):
        raise ShapeError("einsum", [np.shape(x) for x in arrays], subscripts)
    if not arrow:
        letters = left.replace(",", "").replace(".", "")
        once = sorted(x for x in set(letters) if letters.count(x) == 1)
        output = "..." * ("..." in left) + "".join(once)
    spare = iter(sorted(set(ascii_letters) - set(subscripts)))
    inputs, output = undotted(inputs, output, arrays, spare)
    thinned(inputs, arrays)
    parted(inputs, arrays, spare)
    return einsum(
        *arrays, inputs=tuple(inputs), output=output, optimize=optimize
    )


def by_letters(operands: Sequence[Any]) -> tuple[Any, ...]:
    """The form with lists of numbers, as the form with letters."""
    pairs = len(operands) // 2
    lists = [*operands[1 : 2 * pairs : 2], *operands[2 * pairs :]]
    words = [
        "".join("..." if i is Ellipsis else ascii_letters[i] for i in numbers)
        for numbers in lists
    ]
    output = "".join(f"->{word}" for word in words[pairs:])
    return ",".join(words[:pairs]) + output, *operands[: 2 * pairs : 2]


# Name the axes under dots
def undotted(
    inputs: Sequence[str],
    output: str,
    arrays: Sequence[Array],
    spare: Iterator[str],
) -> tuple[list[str], str]:
    """The same sum with a letter for each axis."""
    under = [
        np.ndim(x) - len(word.replace("...", "")) if "..." in word else 0
        for x, word in zip(arrays, inputs, strict=True)
    ]
    letters = "".join(next(spare) for _ in range(max(under, default=0)))
    if letters and "..." not in output:
        raise ShapeError(
            "einsum", [np.shape(x) for x in arrays], "the output needs dots"
        )
    named = [
        word.replace("...", letters[len(letters) - n :])
        for word, n in zip(inputs, under, strict=True)
    ]
    return named, output.replace("...", letters)


# Take repetition out of the factors
def thinned(inputs: list[str], arrays: list[Array]) -> None:
    """Drop the axes of length one where another factor is longer."""
    pairs = list(zip(inputs, arrays, strict=True))
    for word, x in pairs:
        if len(set(zip(word, np.shape(x), strict=True))) > len(set(word)):
            raise ShapeError("einsum", [np.shape(x)], f"{word} has two lengths")
    long = {
        letter
        for word, x in pairs
        for letter, n in zip(word, np.shape(x), strict=True)
        if n != 1
    }
    for i, (word, x) in enumerate(pairs):
        thin = [
            axis
            for axis, letter in enumerate(word)
            if letter in long and np.shape(x)[axis] == 1
        ]
        if thin:
            inputs[i] = "".join(np.delete(list(word), thin))
            arrays[i] = np.squeeze(x, tuple(thin))


def parted(
    inputs: list[str], arrays: list[Array], spare: Iterator[str]
) -> None:
    """Give a repeated letter a twin, tied to it by an identity matrix."""
    for i, (word, x) in enumerate(list(zip(inputs, arrays, strict=True))):
        fresh = ""
        for letter, n in zip(word, np.shape(x), strict=True):
            if letter in fresh:
                twin = next(spare)
                inputs.append(letter + twin)
                arrays.append(np.eye(n, dtype=x.dtype))
                letter = twin
            fresh += letter
        inputs[i] = fresh
