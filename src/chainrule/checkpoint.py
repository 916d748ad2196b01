# Edit the book, or edit here and stitch.
"""Recompute what would have to be remembered."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any, TypeAlias

import numpy as np

from chainrule.custom import (
    attach,
    highest,
    lowered,
    silent,
    smooth,
    unrecorded,
)
from chainrule.engine import (
    Array,
    Leaf,
    Node,
    Recorder,
    Traced,
    mode,
    plain,
    running,
)
from chainrule.errors import NotDifferentiable
from chainrule.nested import leaves, rebuilt
from chainrule.sweeping import sweep

Function = Callable[..., Any]


# Keep the inputs only
def checkpoint(f: Function) -> Function:
    """f, which keeps only its inputs and runs again on the way back.

    Value and gradient are those of f; the memory for what f computes inside
    is needed for one such function at a time, for the price of a second run.
    Arrays that f reads without being given them, as a layer reads its
    weights, get their gradients too. The random generators that f can reach
    (arguments and defaults, closures, attributes, globals) draw the same
    numbers again. Whatever else f changes, it changes twice. Raises
    NotDifferentiable on the way back where f returns something else then. See
    "A rule may forget, and compute again".
    """

    @functools.wraps(f)
    def forgetful(*args: Any, **kwargs: Any) -> Any:
        top = highest("checkpoint", args)
        if top is not None and not isinstance(top, Recorder):
            return f(*args, **kwargs)  # forward mode remembers nothing anyway
        run = Run(f, args, kwargs, top)
        if mode.muted not in (-1, run.level):
            return f(*args, **kwargs)  # one level at a time can be muted
        return run.result()

    return forgetful


# Remember one call
class Run:
    """One call of f: what it was given, what it read, and how to repeat it."""

    def __init__(
        self, f: Function, args: Any, kwargs: Any, top: Recorder | None
    ) -> None:
        self.f, self.args, self.kwargs = f, args, kwargs
        self.states = states([f, args, kwargs])
        self.top = top
        self.level = 0 if top is None else top.level
        self.values, self.parents = lowered(self.level, args)

    def given(self, nodes: Sequence[Node | None]) -> Any:
        """The arguments, those of this level with other nodes."""
        rows = zip(leaves(self.args), self.values, nodes, strict=True)
        return rebuilt(
            self.args, (x if x is v else x.like(v, n) for x, v, n in rows)
        )

    # Run it without a record
    def result(self) -> Any:
        """What f returns, with a way back that runs f again."""
        with muted(self.level) as read:
            out = self.f(*self.given([None] * len(self.values)), **self.kwargs)
        found = leaves(out)
        if any(isinstance(x, Traced) and x.level > self.level for x in found):
            restore(self.states)
            return self.f(*self.args, **self.kwargs)
        bare, nodes = lowered(self.level, out)
        read += [node for node in nodes if node]
        mine = (x for x in found if isinstance(x, Recorder) and not x.level)
        top = next(mine, None) if self.top is None else self.top
        if top is None:
            return out
        self.first, self.captured = bare, list(dict.fromkeys(read))
        parents = [*self.parents, *self.captured]
        if silent(self.level, parents):
            return unrecorded(top, rebuilt(out, iter(bare)))
        values = [*self.values, *(node.ans for node in self.captured)]
        name = getattr(self.f, "__name__", type(self.f).__name__)
        result = rebuilt(out, iter(bare))
        return attach(top, name, values, parents, result, self.back)

    # Run it again, recorded, and go back through that
    def back(self, gradients: Any) -> Sequence[Array | None]:
        """The gradients of the arguments and of what f read besides."""
        starts = [
            Leaf(x) if node else None
            for x, node in zip(self.values, self.parents, strict=True)
        ]
        with recording(self.level), replayed(self.states):
            out = self.f(*self.given(starts), **self.kwargs)
            again, nodes = lowered(self.level, out)
            self.compare(again)
            seeds: dict[Node, Array] = {}
            for node, g in zip(nodes, leaves(gradients), strict=True):
                if node:
                    seeds[node] = seeds[node] + g if node in seeds else g
            found = sweep(seeds, retain=False, stop=set(self.captured))
        asked = [*starts, *self.captured]
        return [found.get(node) if node else None for node in asked]

    # Compare the second run with the first
    def compare(self, again: Sequence[Any]) -> None:
        """Refuse to go back through a run that was another one."""
        as_many = len(again) == len(self.first)
        if not (as_many and all(map(alike, again, self.first))):
            raise NotDifferentiable(
                "a checkpointed function returned something else when it was "
                "run again; let it draw from a Generator that it holds, and "
                "change nothing that it reads"
            )


# Tell whether two results are the same
def alike(a: Any, b: Any) -> bool:
    """Whether two results are equal but for rounding."""
    if not smooth(a):
        return True
    a, b = plain(a), plain(b)
    same = np.shape(a) == np.shape(b)
    return same and np.allclose(a, b, rtol=1e-4, equal_nan=True)


# Record nothing at one level, but hear what it reads
@contextmanager
def muted(level: int) -> Iterator[list[Node]]:
    """Record nothing at this level; list the nodes that are read there."""
    before = mode.muted, mode.witness
    read: list[Node] = []
    mode.muted, mode.witness = level, read
    try:
        yield read
    finally:
        mode.muted, mode.witness = before
        if level == mode.muted:
            mode.witness += read


# Record at one level again
@contextmanager
def recording(level: int) -> Iterator[None]:
    """Record at this level, though its transformation may have ended."""
    before, ended = (mode.quiet, mode.muted), level not in running
    mode.quiet = min(mode.quiet, level)
    mode.muted = -1 if mode.muted == level else mode.muted
    running.add(level)
    try:
        yield
    finally:
        mode.quiet, mode.muted = before
        if ended:
            running.discard(level)


# Draw the same random numbers again
State: TypeAlias = "tuple[np.random.Generator, Any]"


def states(root: Any) -> list[State]:
    """The random generators that `root` can reach, and their states."""
    seen: set[int] = set()
    found: list[State] = []
    stack = [root]
    while stack:
        x = stack.pop()
        if id(x) in seen:
            continue
        seen.add(id(x))
        if isinstance(x, np.random.Generator):
            found.append((x, x.bit_generator.state))
        else:
            stack += inside(x)
    return found


# Look where a generator may be
def inside(x: Any) -> list[Any]:
    """What a container, a function or an object holds."""
    if isinstance(x, dict):
        return list(x.values())
    if isinstance(x, list | tuple | set | frozenset):
        return list(x)
    if isinstance(x, functools.partial):
        return [x.func, x.args, x.keywords]
    if isinstance(x, MethodType):
        return [x.__self__, x.__func__]
    if isinstance(x, FunctionType):
        read = [x.__globals__.get(name) for name in named(x.__code__)]
        return [*closed(x), x.__defaults__, x.__kwdefaults__, *read]
    if isinstance(x, type | ModuleType | Traced | np.ndarray):
        return []
    return [getattr(x, "__dict__", None)]


def closed(f: FunctionType) -> Iterator[Any]:
    """What a function closes over, as far as it has a value yet."""
    for cell in f.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:
            continue


def named(code: CodeType) -> list[str]:
    """The names that code reads, functions inside it included."""
    inner = [c for c in code.co_consts if isinstance(c, CodeType)]
    return [*code.co_names, *(name for c in inner for name in named(c))]


# Go back to a state, and return
def restore(saved: list[State]) -> None:
    """Put every generator back where it was."""
    for generator, state in saved:
        generator.bit_generator.state = state


@contextmanager
def replayed(saved: list[State]) -> Iterator[None]:
    """Draw again what was drawn then; afterwards go on from now."""
    now = [(generator, generator.bit_generator.state) for generator, _ in saved]
    restore(saved)
    try:
        yield
    finally:
        restore(now)
