# Edit the book, or edit here and stitch.
"""How a row of the table is written, and how NumPy's functions find it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import numpy as np

from chainrule.engine import Array, Each, Primitive, Rule

# Keep the rows, and what NumPy's functions become
F = TypeVar("F", bound=Callable[..., Any])
primitives: list[Primitive] = []
ufuncs: dict[tuple[Any, str], Callable[..., Array]] = {}
functions: dict[Any, Callable[..., Array]] = {}


# Enter a row
def enter(primitive: Primitive, *vjps: Rule | None) -> Primitive:
    """Put a primitive and its reverse rules into the table."""
    primitive.vjps = vjps
    primitives.append(primitive)
    return primitive


# Enter a function that works entry by entry
def elementwise(fun: Any, *vjps: Rule | None, name: str = "") -> Primitive:
    """Enter a function that works entry by entry, with broadcasting.

    Its Jacobian is diagonal, and a diagonal matrix is its own transpose: one
    rule serves both directions.
    """
    primitive = enter(Primitive(fun, name), *vjps)
    primitive.broadcasts = True
    primitive.jvps = [rule and partial(spread, rule) for rule in vjps]
    if isinstance(fun, np.ufunc):
        ufuncs[fun, "__call__"] = primitive
    return primitive


# Enter a function that is linear in its arguments
def linear(
    fun: Callable[..., Any], *vjps: Rule | None, name: str = ""
) -> Primitive:
    """Enter a function that is linear in each argument that has a rule.

    The tangent of a linear function is the function of the tangent.
    """
    primitive = enter(Primitive(fun, name), *vjps)
    primitive.jvps = [
        rule and partial(replaced, primitive, i) for i, rule in enumerate(vjps)
    ]
    return primitive


def replaced(
    primitive: Primitive, i: int, t: Array, ans: Array, *args: Any, **kw: Any
) -> Array:
    """The function itself, with the tangent in place of argument i."""
    return primitive(*args[:i], t, *args[i + 1 :], **kw)


# Let a function stand in for NumPy's
def implements(*numpy_functions: Any) -> Callable[[F], F]:
    """Let a function of ours stand in when NumPy's meets a traced array."""

    def register(f: F) -> F:
        for function in numpy_functions:
            functions[function] = f
        return f

    return register


# Use an elementwise rule forwards
def spread(rule: Rule, t: Array, ans: Array, *args: Any, **kw: Any) -> Array:
    """Use an elementwise rule forwards: repeat the tangent like the value."""
    share = rule(t, ans, *args, **kw)
    if share.shape == ans.shape:
        return share
    return np.broadcast_to(share, ans.shape)


# Enter a linear function of any number of arrays
def linear_in_all(fun: Callable[..., Any], vjp: Rule, name: str) -> Primitive:
    """Enter a linear map of any number of arrays; `vjp` is told which one."""
    primitive = enter(Primitive(fun, name))
    primitive.vjps = Each(vjp)
    primitive.jvps = Each(partial(alone, primitive))
    return primitive


def alone(
    primitive: Primitive, i: int, t: Array, ans: Array, *args: Any, **kw: Any
) -> Array:
    """The map of the tangent of argument i, the others at rest."""
    rest = [np.zeros(np.shape(x), t.dtype) for x in args]
    return primitive(*rest[:i], t, *rest[i + 1 :], **kw)
