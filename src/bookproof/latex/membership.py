r"""`x \in \mathbb{R}^{n \times m}` checks a shape; `i \in S` a set."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from bookproof.latex import tree as t
from bookproof.latex.comparing import holds
from bookproof.latex.conversion import from_python
from bookproof.latex.evaluate import Evaluator
from bookproof.latex.relations import Failure
from bookproof.latex.values import Value, as_int, describe, floating


def judge_membership(
    nodes: tuple[t.Node, t.Node], env: Evaluator, at: int
) -> Failure | None:
    """Whether the left side is a member of the right side."""
    left, right = nodes
    value = env.value(left)
    if not isinstance(right, t.Space):
        members = [env_value(member) for member in env.members(right)]
        for member in members:
            if member.shape == value.shape and _equal(value, member):
                return None
        return Failure("the left side is no member of the set")
    shape = tuple(_size(dim, env) for dim in right.dims)
    if value.shape != shape and not (value.kind == "r" and shape == ()):
        return Failure(
            f"the left side is {describe(value)}, its space says "
            f"{_named(shape)}"
        )
    if right.letter == "R":
        return None
    whole = as_int(value) if value.kind == "s" else _whole(value)
    if whole is None or (right.letter == "N" and whole < 0):
        return Failure(f"the left side is not in {right.letter}")
    return None


def env_value(member: object) -> Value:
    value = from_python(member)
    return value if isinstance(value, Value) else Value(Fraction(0))


def _equal(a: Value, b: Value) -> bool:
    return holds("=", a, b)


def _whole(value: Value) -> int | None:
    entries = floating(value).v
    if np.all(entries == np.round(entries)):
        return int(np.min(entries))
    return None


def _size(node: t.Node, env: Evaluator) -> int:
    size = as_int(env.value(node))
    if size is None or size < 0:
        env.error("a dimension must be a whole number", node, "shape")
    return size


def _named(shape: tuple[int, ...]) -> str:
    if not shape:
        return "a scalar"
    if len(shape) == 1:
        return f"a column of {shape[0]}"
    return f"a matrix {shape}"
