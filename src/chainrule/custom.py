# Edit the book, or edit here and stitch.
"""Rules that users add: for a primitive, or for a whole function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import update_wrapper
from itertools import compress
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
from chainrule.nested import leaves, mapped, matched, rebuilt

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

    f takes arrays by position, and options, and returns one array. On traced
    arrays it is called with what they stand for. Raises NotDifferentiable
    where a rule is wanted that was not given (`defvjp`, `defjvp`), and for
    traced arrays that come by name or in containers. See "Two lines make a
    primitive".
    """
    made = ByPosition(f, getattr(f, "__name__", repr(f)))
    made.vjps = made.jvps = Rules(())
    return made


# Take traced arrays by position
class ByPosition(Primitive):
    """A primitive that refuses traced arrays for which it finds no rule."""

    def __call__(self, *args: Any, **kwargs: Any) -> Array:
        others = [x for x in args if not isinstance(x, Traced)]
        if any(isinstance(x, Traced) for x in leaves([others, kwargs])):
            raise NotDifferentiable(
                f"{self.name} finds its rules by position; pass traced "
                "arrays one by one and without a name"
            )
        return super().__call__(*args, **kwargs)


# Give the rules
def defvjp(prim: Primitive, *rules: Rule | None) -> None:
    """Give a primitive its reverse rules, one for each argument, or None.

    Rule i is called as `rule(g, ans, *args, **kwargs)` and returns the
    gradient of argument i, of its shape (ShapeError when it is used
    otherwise), where g is that of the result. See "Two lines make a
    primitive".
    """
    prim.vjps = Rules(rules)


def defjvp(prim: Primitive, *rules: Rule | None) -> None:
    """Give a primitive its forward rules, one for each argument, or None.

    Rule i is called as `rule(t, ans, *args, **kwargs)` and returns the tangent
    of the result, of its shape, where t is that of argument i. See "Two lines
    make a primitive".
    """
    prim.jvps = Rules(rules)


# Take a whole function out of the record
class custom_vjp:
    """A function whose way back is given by hand; works as a decorator.

    `f.defvjp(fwd, bwd)`: `fwd(*args)` returns the result of f and whatever
    `bwd` will need; `bwd(residuals, g)` returns the gradients of all
    arguments, in a tuple, None for one that has none. Arguments and results
    may be containers of arrays. Traced arrays come in as arguments only: one
    that f reads from outside would get no gradient, and is refused. Second
    derivatives go through the operations of fwd and bwd; forward mode has no
    rule and says so (NotDifferentiable). Raises ShapeError for gradients that
    are no tuple of one for each argument. See "A function can bring its own
    way back".
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

    # Run it, or the function that goes forward
    def run(self, args: tuple[Any, ...]) -> Any:
        """Call f, or fwd where there is something to record."""
        top = highest(self.name, args)
        if top is None:
            return stripped(self.name, 0, self.f(*args))
        if not isinstance(top, Recorder):
            raise NotDifferentiable(
                f"{self.name} has a rule for the way back only"
            )
        level = top.level
        values, parents = lowered(level, args)
        given = rebuilt(args, iter(values))
        if silent(level, parents):
            return unrecorded(top, self.run(given))
        assert self.rules is not None
        fwd, bwd = self.rules
        out, residuals = fwd(*given)

        def back(g: Any) -> list[Array | None]:
            return spread(self.name, level, args, bwd(residuals, g))

        out = stripped(self.name, level, out)
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
    if level < mode.quiet:
        return True
    if level == mode.muted:
        mode.witness += [node for node in parents if node]
        return True
    return not any(parents)


# Take the level off a result, or put it on
def stripped(name: str, level: int, out: Any) -> Any:
    """`out` with this level taken off, if only arguments led to it."""
    for x in leaves(out):
        mine = isinstance(x, Traced) and x.level >= level
        if mine and getattr(x, "node", x) is not None:
            raise NotDifferentiable(
                f"{name} read a traced array from outside, of which its "
                "rule knows nothing; pass it as an argument"
            )
    return rebuilt(out, iter(lowered(level, out)[0]))


def smooth(x: Any) -> bool:
    """Whether x can have a gradient: an array or a number of floats."""
    return np.issubdtype(array(x).dtype, np.floating)


def array(x: Any) -> Array:
    """x as an array, if it is not one or stands for one."""
    return x if isinstance(x, Traced) else np.asarray(x)


def unrecorded(top: Recorder, out: Any) -> Any:
    """The result at the level of `top`, without a way back."""
    return mapped(lambda x: top.like(array(x), None) if smooth(x) else x, out)


# Read what a way back returned
def spread(
    name: str, level: int, args: tuple[Any, ...], found: Any
) -> list[Array | None]:
    """The gradient of every array in the arguments, in order."""
    if not isinstance(found, tuple) or len(found) != len(args):
        raise ShapeError(
            f"the rule of {name}",
            [(len(args),)],
            f"bwd returns a tuple of {len(args)} gradients, one an argument",
        )
    return [
        None if g is None else own(name, level, g)
        for g in matched(f"the rule of {name}", args, found)
    ]


# Find the gradient of each array
def own(name: str, level: int, g: Array) -> Array:
    """A gradient with this level taken off, if it was not recorded there."""
    (bare,), (node,) = lowered(level, [g])
    if node is not None:
        raise NotDifferentiable(
            f"bwd of {name} read a traced array from outside, which gets no "
            "gradient; pass it as an argument"
        )
    return bare


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
    moves = [smooth(x) for x in leaves(out)]
    if not any(moves):
        return out
    pairs = zip(leaves(out), moves, strict=True)
    results = [array(x) if m else x for x, m in pairs]
    packed = join(list(compress(results, moves)))
    asked = [i for i, parent in enumerate(parents) if parent is not None]
    found: list[Any] = []

    def share(i: int, g: Array, *_: Any) -> Array:
        if i == asked[0]:
            found[:] = back(rebuilt(out, iter(cut(g, results, moves))))
        mine = found[i]
        if i == asked[-1]:
            found.clear()
        return np.zeros_like(values[i]) if mine is None else mine

    by_hand = Primitive(back, name)
    by_hand.vjps = Each(share)
    first, second, *others = *parents, None
    rare = NOTHING, None, others
    node = Node(by_hand, (packed, *values), first, second, rare)
    if mode.watch is not None:
        mode.watch.forward(by_hand, values, packed, node)
    return rebuilt(out, iter(cut(top.like(packed, node), results, moves)))


# Make one array of several
def join(results: Sequence[Array]) -> Array:
    """The array itself, or all of them in a row."""
    if len(results) == 1:
        return results[0]
    return np.concatenate([x.reshape(-1) for x in results])


def cut(
    packed: Array, results: Sequence[Any], moves: Sequence[bool]
) -> list[Any]:
    """What was joined, apart again; what does not move stays as it is."""
    if sum(moves) == 1:
        return [packed if m else x for x, m in zip(results, moves, strict=True)]
    pieces, start = [], 0
    for x, m in zip(results, moves, strict=True):
        if m:
            part = packed[start : start + x.size].reshape(x.shape)
            start += x.size
            x = part if part.dtype == x.dtype else part.astype(x.dtype)
        pieces.append(x)
    return pieces
