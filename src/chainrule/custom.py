# Edit the book, or edit here and stitch.
"""Rules that users add: for a primitive, or for a whole function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import update_wrapper
from typing import Any

import numpy as np

from chainrule.engine import (
    NOTHING,
    Array,
    Each,
    Node,
    Primitive,
    Recorder,
    Rule,
    Traced,
    mode,
    running,
)
from chainrule.errors import LeakedTracer, NotDifferentiable, ShapeError
from chainrule.nested import leaves, mapped, rebuilt

Function = Callable[..., Any]


# Take a function as a primitive
class Rules(Sequence[Rule | None]):
    """The rules of the first arguments; those after them have none."""

    def __init__(self, rules: Sequence[Rule | None]) -> None:
        self.rules = tuple(rules)

    def __getitem__(self, i: Any) -> Any:
        return self.rules[i] if i < len(self.rules) else None

    def __len__(self) -> int:
        return len(self.rules)


def primitive(f: Function) -> Primitive:
    """A primitive that computes f, for which rules can then be given.

    f takes arrays, and options as keywords, and returns one array. On traced
    arrays it is called with what they stand for.
    """
    made = Primitive(f, getattr(f, "__name__", repr(f)))
    made.vjps = made.jvps = Rules(())
    return made


def defvjp(prim: Primitive, *rules: Rule | None) -> None:
    """Give a primitive its reverse rules, one for each argument, or None.

    Rule i is called as `rule(g, ans, *args, **kwargs)` and returns the
    gradient of argument i, of its shape, where g is that of the result.
    """
    prim.vjps = Rules(rules)


def defjvp(prim: Primitive, *rules: Rule | None) -> None:
    """Give a primitive its forward rules, one for each argument, or None.

    Rule i is called as `rule(t, ans, *args, **kwargs)` and returns the tangent
    of the result, of its shape, where t is that of argument i.
    """
    prim.jvps = Rules(rules)


# Take a whole function out of the record
class custom_vjp:
    """A function whose way back is given by hand; works as a decorator.

    `f.defvjp(fwd, bwd)`: `fwd(*args)` returns the result of f and whatever
    `bwd` will need; `bwd(residuals, g)` returns the gradients of all
    arguments, in a tuple, None for one that has none. Arguments and results
    may be containers of arrays. Second derivatives go through the operations
    of fwd and bwd; forward mode has no rule and says so.
    """

    def __init__(self, f: Function) -> None:
        update_wrapper(self, f)
        self.f = f
        self.name = getattr(f, "__name__", repr(f))
        self.rules: tuple[Function, Function] | None = None

    def defvjp(self, fwd: Function, bwd: Function) -> None:
        """Say how to go forward, keeping what is needed, and how back."""
        self.rules = fwd, bwd

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.rules is None:
            raise NotDifferentiable(
                f"{self.name} has no rule yet: call "
                f"{self.name}.defvjp(fwd, bwd)"
            )
        bound = inspect.signature(self.f).bind(*args, **kwargs)
        bound.apply_defaults()
        if bound.kwargs:
            names = ", ".join(bound.kwargs)
            raise TypeError(f"{self.name}: {names} cannot be keyword-only")
        return self.run(bound.args)

    def run(self, args: tuple[Any, ...]) -> Any:
        """Call f, or fwd where there is something to record."""
        top = highest(self.name, args)
        if top is None:
            return self.f(*args)
        if not isinstance(top, Recorder):
            raise NotDifferentiable(
                f"{self.name} has a rule for the way back only"
            )
        values, parents = lowered(top.level, args)
        given = rebuilt(args, iter(values))
        if silent(top.level, parents):
            return mapped(lambda x: top.like(x, None), self.run(given))
        assert self.rules is not None
        fwd, bwd = self.rules
        out, residuals = fwd(*given)

        def back(g: Any) -> list[Array | None]:
            return spread(self.name, args, bwd(residuals, g))

        return attach(top, self.name, values, parents, out, back)


# Find the level to record at, and what lies below it
def highest(name: str, args: Any) -> Traced | None:
    """An argument of the highest level, if any is traced."""
    traced = [x for x in leaves(args) if isinstance(x, Traced)]
    if not traced:
        return None
    top = max(traced, key=lambda x: x.level)
    if top.level not in running:
        raise LeakedTracer(
            f"{name} was given an array traced by a transformation that has "
            "ended; return it from the function instead"
        )
    return top


def lowered(level: int, tree: Any) -> tuple[list[Any], list[Node | None]]:
    """The arrays of a container with this level taken off, and nodes."""
    values: list[Any] = []
    nodes: list[Node | None] = []
    for x in leaves(tree):
        mine = isinstance(x, Recorder) and x.level == level
        values.append(x.value if mine else x)
        nodes.append(x.node if mine else None)
    return values, nodes


def silent(level: int, parents: Sequence[Node | None]) -> bool:
    """Whether nothing is to be recorded; who is listening is told."""
    if level == mode.muted:
        mode.witness += [node for node in parents if node]
        return True
    return level < mode.quiet or not any(parents)


# Read what a way back returned
def spread(name: str, args: tuple[Any, ...], found: Any) -> list[Array | None]:
    """The gradient of every array in the arguments, in order."""
    if not isinstance(found, tuple) or len(found) != len(args):
        raise ShapeError(
            f"the rule of {name}",
            [(len(args),)],
            f"bwd returns a tuple of {len(args)} gradients, one an argument",
        )
    shares: list[Array | None] = []
    for x, g in zip(args, found, strict=True):
        own = len(leaves(x))
        parts = [None] * own if g is None else leaves(g)
        if len(parts) != own:
            raise ShapeError(
                f"the rule of {name}", [(own,), (len(parts),)],
                "a gradient has the containers of its argument",
            )  # fmt: skip
        shares += parts
    return shares


# Record a result together with its way back
def attach(
    top: Recorder,
    name: str,
    values: Sequence[Any],
    parents: Sequence[Node | None],
    out: Any,
    back: Callable[[Any], Sequence[Array | None]],
) -> Any:
    """`out`, so that gradients go back to the parents through `back`.

    `back` takes gradients in containers like `out` and returns one for each
    value. Several results are recorded as one array and cut up again.
    """
    results: list[Array] = [
        np.asarray(x) if not isinstance(x, Traced) else x for x in leaves(out)
    ]
    smooth = [np.issubdtype(x.dtype, np.floating) for x in results]
    packed = join([x for x, s in zip(results, smooth, strict=True) if s])
    known: list[Any] = [None, ()]

    def share(i: int, g: Array, *_: Any) -> Array:
        if known[0] is not g:
            pieces = cut(g, results, smooth)
            known[:] = g, back(rebuilt(out, iter(pieces)))
        found = known[1][i]
        return np.zeros_like(values[i]) if found is None else found

    by_hand = Primitive(back, name)
    by_hand.vjps = Each(share)
    node = Node(by_hand, values, NOTHING, packed, parents)
    pieces = cut(top.like(packed, node), results, smooth)
    return rebuilt(out, iter(pieces))


# Make one array of several
def join(results: Sequence[Array]) -> Array:
    """The array itself, or all of them in a row."""
    if len(results) == 1:
        return results[0]
    return np.concatenate([x.reshape(-1) for x in results])


def cut(
    packed: Array, results: Sequence[Array], smooth: Sequence[bool]
) -> list[Array]:
    """What was joined, apart again; whole numbers stay as they are."""
    if sum(smooth) == 1:
        return [
            packed if s else x for x, s in zip(results, smooth, strict=True)
        ]
    pieces, start = [], 0
    for x, s in zip(results, smooth, strict=True):
        if s:
            piece = packed[start : start + x.size].reshape(x.shape)
            pieces.append(
                piece if piece.dtype == x.dtype else piece.astype(x.dtype)
            )
            start += x.size
        else:
            pieces.append(x)
    return pieces
