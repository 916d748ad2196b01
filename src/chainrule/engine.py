# Edit the book, or edit here and stitch.
"""Recording: primitives, levels and nodes.

The engine knows that a primitive has rules; it does not know which
primitives there are, and it never looks inside an array.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ContextDecorator
from functools import partial
from typing import Any, Protocol, Self

import numpy as np

from chainrule.errors import LeakedTracer, NotDifferentiable, ShapeError

# Name what stands for an array
Array = Any  # an ndarray, or a traced array that stands for one
Rule = Callable[..., Array]
NOTHING: dict[str, Any] = {}


# Join a function to its rules
class Primitive:
    """A function on arrays and the rules of its derivative.

    `vjps[i](g, ans, *args, **kwargs)` is the gradient of argument i when g is
    the gradient of the result ans; `jvps[i](t, ans, *args, **kwargs)` is the
    tangent of the result when t is the tangent of argument i.
    """

    __slots__ = ("broadcasts", "fun", "jvps", "name", "tuned", "vjps")

    def __init__(self, fun: Callable[..., Any], name: str = "") -> None:
        self.fun = fun
        self.name = name or fun.__name__
        self.vjps: Sequence[Rule | None] = ()
        self.jvps: Sequence[Rule | None] = ()
        self.tuned: Tuned | None = None
        self.broadcasts = False

    def __call__(self, *args: Any, **kwargs: Any) -> Array:
        return apply(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<primitive {self.name}>"


# Sum over the axes along which an array was repeated
def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum g over the axes along which an array of `shape` was repeated."""
    extra = g.ndim - len(shape)
    axes = tuple(range(extra)) + tuple(
        extra + axis
        for axis, n in enumerate(shape)
        if n == 1 and g.shape[extra + axis] != 1
    )
    if axes:
        g = np.add.reduce(g, axis=axes, keepdims=True)
    return g.reshape(shape) if g.shape != shape else g


# Give a gradient the shape and the dtype of its argument
def fitted(share: Array, x: Array, primitive: Primitive) -> Array:
    """A gradient with the shape and the dtype of what it belongs to."""
    if share.__class__ is not np.ndarray and not isinstance(share, Traced):
        share = np.asarray(share)
    if share.shape != x.shape:
        if not primitive.broadcasts:
            raise ShapeError(
                f"the rule of {primitive.name}",
                [share.shape, x.shape],
                "a gradient has the shape of its argument",
            )
        share = unbroadcast(share, x.shape)
    return share if share.dtype == x.dtype else real(share).astype(x.dtype)


def real(x: Array) -> Array:
    """x itself, unless it is complex: complex numbers have no rules here."""
    if np.issubdtype(x.dtype, np.complexfloating):
        raise NotDifferentiable(
            "a complex number came in between; the rules are those of real "
            "functions of real numbers"
        )
    return x


# Draw a number for everything that happens
clock = itertools.count(1)


# Keep what the way back will need
Rare = tuple[Mapping[str, Any], Any, Sequence[Any]]  # options, residual, others
USUAL: Rare = NOTHING, None, ()
GONE = (None,)


class Node:
    """One application of a primitive, as the way back needs it."""

    __slots__ = ("birth", "first", "kept", "primitive", "rare", "second")

    def __init__(
        self,
        primitive: Primitive | None,
        kept: tuple[Any, ...],
        first: Node | None = None,
        second: Node | None = None,
        rare: Rare = USUAL,
    ) -> None:
        self.primitive = primitive
        self.kept = kept
        self.first = first
        self.second = second
        self.rare = rare
        self.birth = next(clock)

    @property
    def ans(self) -> Array:
        """The result."""
        return self.kept[0]

    @property
    def args(self) -> tuple[Any, ...]:
        """The bare arguments."""
        return self.kept[1:]

    @property
    def parents(self) -> tuple[Node | None, ...]:
        """For each argument the node that made it, None for a constant."""
        parents = self.first, self.second, *self.rare[2]
        return parents[: len(self.kept) - 1]

    @property
    def kwargs(self) -> Mapping[str, Any]:
        """The options."""
        return self.rare[0]

    @property
    def residual(self) -> Any:
        """What a tuned rule left for the way back, None if none ran."""
        return self.rare[1]

    @property
    def name(self) -> str:
        """The name of the primitive, "" for a leaf."""
        return self.primitive.name if self.primitive else ""

    def free(self) -> None:
        """Give back what was kept for the way back."""
        self.primitive = self.first = self.second = None
        self.kept, self.rare = GONE, USUAL


# Mark where gradients are asked for
class Leaf(Node):
    """A node without parents: where gradients are asked for."""

    __slots__ = ("grad",)

    def __init__(self, value: Array) -> None:
        super().__init__(None, (value,))
        self.grad: np.ndarray | None = None


# Stand for an array
class Traced:
    """An array that remembers: what stands for an array under a level."""

    __slots__ = ("value",)

    level: int
    value: Array

    def run(
        self, primitive: Primitive, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Array:
        """Apply `primitive` at this level."""
        raise NotImplementedError


# See through all levels
def plain(x: Any) -> Any:
    """The array under all levels, or x itself if it is not traced."""
    while isinstance(x, Traced):
        x = x.value
    return x


# Run a primitive and record it
class Recorder(Traced):
    """A traced array of reverse mode: a value, a level and a node."""

    __slots__ = ("node",)

    node: Node | None

    def like(self, value: Array, node: Node | None) -> Array:
        """Another array of this kind and level."""
        raise NotImplementedError

    def run(
        self, primitive: Primitive, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Array:
        # Take this level off the arguments
        level, usual = self.level, mode.usual
        values: list[Any] = []
        parents: list[Node | None] = []
        for x in args:
            node = None
            if isinstance(x, Traced):
                if x.level == level:
                    node = x.node  # type: ignore[attr-defined]
                    x = x.value
            elif x.__class__ is list or x.__class__ is tuple:
                x = np.asarray(x)
            values.append(x)
            parents.append(node)
        bare = not (level and any(isinstance(x, Traced) for x in values))
        silent = not any(parents)
        if not (usual or silent):
            silent = level < mode.quiet
            if level == mode.muted and not silent:
                mode.witness += [node for node in parents if node]
                silent = True
        # Run the primitive one level down
        residual = None
        try:
            if not bare:
                ans = apply(primitive, values, kwargs)
            elif primitive.tuned is None:
                ans = primitive.fun(*values, **kwargs)
            else:
                ans, residual = primitive.tuned.forward(*values, **kwargs)
        except ValueError as error:
            raise misfit(primitive, values, error) from error
        if bare and ans.__class__ is not np.ndarray:
            ans = np.asarray(ans)
        node = None
        if not silent:
            first, second, *others = *parents, None
            rare = kwargs, residual, others
            node = Node(primitive, (ans, *values), first, second, rare)
        if not usual and mode.watch is not None:
            mode.watch.forward(primitive, values, ans, node)
        return self.like(ans, node)


# Say which operation had which shapes
def misfit(
    primitive: Primitive, values: Sequence[Any], error: ValueError
) -> ValueError:
    """NumPy's complaint about shapes, with the operation and all shapes."""
    known = ShapeError, np.exceptions.AxisError, np.linalg.LinAlgError
    if isinstance(error, known):
        return error
    return ShapeError(primitive.name, [np.shape(x) for x in values], str(error))


# Let a block of code go unrecorded
class Mode(threading.local):
    """What holds in this thread.

    Levels below `quiet` record nothing. The level `muted` records nothing
    either, but puts the nodes that it was given on the list `witness`.
    `watch` is told of every operation and every share. While none of these
    is set, the mode is `usual`.
    """

    quiet = -1
    muted = -1
    watch: Watch | None = None
    usual = True

    def __init__(self) -> None:
        self.witness: list[Node] = []

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        usual = self.quiet == self.muted == -1 and self.watch is None
        super().__setattr__("usual", usual)


class Watch(Protocol):
    """Someone who looks at every value and every gradient."""

    def forward(
        self,
        primitive: Primitive,
        values: Sequence[Any],
        ans: Array,
        node: Node | None,
    ) -> None:
        """An operation had these arguments and this result."""

    def before(self, node: Node) -> None:
        """A node is about to send its shares."""

    def backward(self, node: Node, i: int, g: Array, share: Array) -> None:
        """A node with gradient g sends this share to its argument i."""


mode = Mode()


class no_grad(ContextDecorator):
    """Record nothing inside, neither for `backward` nor for outer levels.

    A transformation that starts inside records as usual. Works as a context
    manager (`with cr.no_grad():`) and as a decorator (`@cr.no_grad()`), in
    the thread where it is entered. See "A result is born after its
    arguments".
    """

    def __init__(self) -> None:
        self.before: list[int] = []

    def _recreate_cm(self) -> Self:
        return type(self)()

    def __enter__(self) -> Self:
        self.before.append(mode.quiet)
        mode.quiet = next(clock)
        return self

    def __exit__(self, *exc: object) -> None:
        mode.quiet = self.before.pop()


# Know which levels are running
running = {0}


# Run a primitive at the highest level among its arguments
def apply(
    primitive: Primitive, args: Sequence[Any], kwargs: dict[str, Any]
) -> Array:
    """Run `primitive` at the highest level among its arguments."""
    level = -1
    for x in args:
        if isinstance(x, Traced) and x.level > level:
            top, level = x, x.level
    if level < 0:
        return primitive.fun(*args, **kwargs)
    if level not in running:
        raise LeakedTracer(
            f"{primitive.name} was given an array traced by a transformation "
            "that has ended; return it from the function instead"
        )
    return top.run(primitive, args, kwargs)


# Keep a faster pair of rules for plain arrays
class Tuned:
    """A faster pair of rules for plain arrays.

    `forward(*args, **kwargs)` returns the result and whatever the way back
    will want, which is not None; `backward(g, residual, needs, *args,
    **kwargs)` returns the gradients of all arguments. Those for which `needs`
    has None are not asked for.
    """

    __slots__ = ("backward", "forward")

    def __init__(
        self,
        forward: Callable[..., tuple[Any, Any]],
        backward: Callable[..., Sequence[Array]],
    ) -> None:
        self.forward, self.backward = forward, backward


# Give one rule to any number of arguments
class Each(Sequence[Rule]):
    """Rules of a function of any number of arrays: one rule, told which."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule

    def __getitem__(self, i: Any) -> Any:
        return partial(self.rule, i)

    def __len__(self) -> int:
        raise TypeError("as many rules as there are arguments")
