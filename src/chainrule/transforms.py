# Edit the book, or edit here and stitch.
"""Transformations: from a function to its derivative."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from operator import index
from typing import Any, Literal

import numpy as np

from chainrule.engine import (
    Array,
    Leaf,
    Node,
    Primitive,
    Recorder,
    Traced,
    apply,
    clock,
    mode,
    real,
    running,
)
from chainrule.errors import NotDifferentiable, ShapeError
from chainrule.nested import leaves, mapped, matched, rebuilt
from chainrule.sweeping import owned, sweep
from chainrule.tensor import Operators, checked

# Trace an argument at a level of its own
Function = Callable[..., Any]


class Tracer(Operators, Recorder):
    """What a function is called with while it is being differentiated."""

    __slots__ = ("level",)

    def __init__(self, value: Array, level: int, node: Node | None) -> None:
        self.value, self.level, self.node = value, level, node

    def like(self, value: Array, node: Node | None) -> Tracer:
        return Tracer(value, self.level, node)


@contextmanager
def new_level() -> Iterator[int]:
    """A level above all that are running, until the block is left."""
    level = next(clock)
    running.add(level)
    try:
        yield level
    finally:
        running.discard(level)


# Say what can go in and what may come out
def argument(x: Any) -> Array:
    """What can be differentiated with respect to: floats, or a traced array."""
    if isinstance(x, Traced):
        return x
    if x.__class__ is int:
        x = float(x)
    return checked(np.asarray(x))


def result(x: Any) -> Array:
    """What a function may return: an array of numbers, or a traced array."""
    x = x if isinstance(x, Traced) else np.asarray(x)
    if x.dtype == object:
        raise NotDifferentiable("the function returned something not an array")
    return real(x)


# Run a function so that gradients can be pulled back
class Recording:
    """A run of f from which gradients can be pulled back."""

    # Run it once at a new level
    def __init__(self, f: Function, args: Any, wrt: Sequence[int], kw: Any):
        self.primals = [args[i] for i in wrt]
        self.inputs = [Leaf(argument(x)) for x in leaves(self.primals)]
        with new_level() as level:
            tracers = rebuilt(
                self.primals,
                (Tracer(leaf.ans, level, leaf) for leaf in self.inputs),
            )
            given = list(args)
            for i, tracer in zip(wrt, tracers, strict=True):
                given[i] = tracer
            self.out = f(*given, **kw)
        self.nodes: list[Node | None] = []
        self.values: list[Array] = []
        for x in map(result, leaves(self.out)):
            mine = isinstance(x, Tracer) and x.level == level
            self.nodes.append(x.node if mine else None)
            self.values.append(x.value if mine else x)

    def output(self) -> Any:
        """What f returned, with this level taken off."""
        return rebuilt(self.out, iter(self.values))

    # Pull gradients back
    def pull(
        self, gradients: Sequence[Array | None], *, retain: bool
    ) -> list[Any]:
        """The gradients of the arguments, given those of the results."""
        seeds: dict[Node, Array] = {}
        for node, g in zip(self.nodes, gradients, strict=True):
            if node is not None and g is not None:
                seeds[node] = seeds[node] + g if node in seeds else g
        found = sweep(seeds, retain=retain)
        shares = [
            found[leaf]
            if leaf in found
            else np.zeros(leaf.ans.shape, leaf.ans.dtype)
            for leaf in self.inputs
        ]
        return list(rebuilt(self.primals, iter(owned(shares, *gradients))))


# Count arguments from the first
def positions(argnums: Any, args: Any) -> tuple[int, ...]:
    """The arguments meant by `argnums`, counted from the first."""
    wrt = tuple(argnums) if several(argnums) else (argnums,)
    for i in map(index, wrt):
        if not -len(args) <= i < len(args):
            raise ValueError(
                f"argnums names argument {i}, but there are {len(args)}"
            )
    found = tuple(i % len(args) for i in wrt)
    if len(set(found)) < len(found):
        raise ValueError(f"argnums={argnums} names an argument twice")
    return found


def several(argnums: Any) -> bool:
    """Whether gradients come in a tuple: one for each position asked for."""
    return isinstance(argnums, tuple | list)


# Return the value and the gradient
def value_and_grad(f: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """The function that returns f's value and its gradient.

    f must return one number, an array of shape (). The gradient has the
    shapes, dtypes and containers of the arguments at `argnums`: a tuple of
    them where `argnums` is a tuple. Raises ShapeError if f returns more than
    one number, NotDifferentiable for arguments or results that are not of
    floats, and for functions without a rule; ValueError where `argnums` names
    an argument that there is not, or one twice. See "A transformation takes a
    function to its derivative".
    """

    @wraps(f)
    def valued(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        run = Recording(f, args, positions(argnums, args), kwargs)
        if len(run.values) != 1 or run.values[0].shape != ():
            raise ShapeError(
                "grad",
                [v.shape for v in run.values] or [()],
                "the function must return one number, of shape (); for more "
                "take cr.jacobian or cr.vjp",
            )
        value = checked(run.values[0])
        found = run.pull([np.ones((), value.dtype)], retain=False)
        gradients = tuple(found) if several(argnums) else found[0]
        return run.output(), gradients

    return valued


# Return the gradient alone
def grad(f: Function, argnums: int | tuple[int, ...] = 0) -> Function:
    """The gradient of f, as a function: see `value_and_grad`.

    `cr.grad(f)(x)` has the shape and dtype of x, and nests to any order;
    errors are those of `value_and_grad`. See "A transformation takes a
    function to its derivative".
    """
    both = value_and_grad(f, argnums)

    @wraps(f)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


# Return the value and a way back
def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """f's value, and the pullback: v ↦ vᵀ J, one gradient per primal.

    The pullback takes an array like f's value, or a container with the same
    keys or places (None for a zero), may be called any number of times, and
    always returns a tuple. Raises ShapeError where shapes or keys differ. See
    "A transformation takes a function to its derivative".
    """
    run = Recording(f, primals, range(len(primals)), {})

    def pullback(g: Any) -> tuple[Any, ...]:
        found = matched("pullback", run.out, g)
        gradients = list(map(like, found, run.values))
        return tuple(run.pull(gradients, retain=True))

    return run.output(), pullback


def like(x: Any, value: Array, operation: str = "pullback") -> Array:
    """A gradient or tangent, refused unless it is shaped like the value."""
    if x is None:
        return np.zeros(value.shape, value.dtype)
    x = result(x)
    if x.shape != value.shape:
        raise ShapeError(operation, [value.shape, x.shape])
    return x if x.dtype == value.dtype else x.astype(value.dtype)


# Carry a tangent beside each value
ROWS = (list, tuple)  # a list of numbers is as good as an array


class Dual(Operators):
    """A traced array of forward mode: a value and its tangent."""

    __slots__ = ("level", "tangent")

    def __init__(self, value: Array, level: int, tangent: Array | None):
        self.value, self.level, self.tangent = value, level, tangent

    def run(
        self, primitive: Primitive, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> Dual:
        level = self.level
        mine = [isinstance(x, Dual) and x.level == level for x in args]
        values = [
            x.value if own else np.asarray(x) if x.__class__ in ROWS else x
            for x, own in zip(args, mine, strict=True)
        ]
        ans = result(apply(primitive, values, kwargs))
        tangent = None
        for i, x in enumerate(args):
            if not mine[i] or x.tangent is None or level < mode.quiet:
                continue
            rule = primitive.jvps[i]
            if rule is None:
                raise NotDifferentiable(
                    f"{primitive.name} has no derivative with respect to "
                    f"its argument {i}"
                )
            part = result(rule(x.tangent, ans, *values, **kwargs))
            tangent = part if tangent is None else tangent + part
        if tangent is not None and tangent.dtype != ans.dtype:
            tangent = real(tangent).astype(ans.dtype)
        return Dual(ans, level, tangent)


# Return the value and its derivative along a direction
def jvp(f: Function, primals: Any, tangents: Any) -> tuple[Any, Any]:
    """f's value at the primals and its derivative J v along the tangents.

    `primals` and `tangents` are tuples or lists of arrays, or of containers
    with the same keys or places; None is a tangent of zeros. Raises
    ShapeError where shapes or keys differ. See "Forward mode comes along".
    """
    flat = [argument(x) for x in leaves(list(primals))]
    moves = matched("jvp", list(primals), list(tangents))
    along = [like(t, x, "jvp") for t, x in zip(moves, flat, strict=True)]
    with new_level() as level:
        duals = (Dual(x, level, t) for x, t in zip(flat, along, strict=True))
        out = f(*rebuilt(list(primals), duals))
    values: list[Array] = []
    slopes: list[Array] = []
    for x in map(result, leaves(out)):
        mine = isinstance(x, Dual) and x.level == level
        value = x.value if mine else x
        slope = x.tangent if mine else None
        values.append(value)
        slopes.append(
            np.zeros(value.shape, value.dtype) if slope is None else slope
        )
    return (
        rebuilt(out, iter(values)),
        rebuilt(out, iter(owned(slopes, *along))),
    )


# Fill a Jacobian by rows or by columns
def jacobian(
    f: Function,
    argnums: int | tuple[int, ...] = 0,
    mode: Literal["reverse", "forward"] = "reverse",
) -> Function:
    """The Jacobian of f: shape of the result, then shape of the argument.

    Reverse mode sweeps once for each entry of the result, forward mode runs f
    once for each entry of the argument; both give the same array, of the
    dtype of the argument. A container of results gives a container of
    Jacobians, each in the containers of the arguments. Raises ValueError for
    another mode and as `grad` does. See "Forward mode comes along".
    """
    if mode not in ("reverse", "forward"):
        raise ValueError(f'mode is "reverse" or "forward", not {mode!r}')
    fill = by_rows if mode == "reverse" else by_columns

    @wraps(f)
    def jacobians(*args: Any, **kwargs: Any) -> Any:
        wrt = positions(argnums, args)
        primals = [mapped(argument, args[i]) for i in wrt]
        out, table = fill(f, args, wrt, primals, kwargs)
        cells = (tuple(rebuilt(primals, iter(row))) for row in table)
        if several(argnums):
            return rebuilt(out, cells)
        return rebuilt(out, (cell[0] for cell in cells))

    return jacobians


# List the arrays that hold a single one
def basis(shape: tuple[int, ...], dtype: Any) -> Iterator[np.ndarray]:
    """The arrays of `shape` that hold a single one, in order."""
    size = int(np.prod(shape))
    for i in range(size):
        unit = np.zeros(size, dtype)
        unit[i] = 1
        yield unit.reshape(shape)


# Fill it by rows
Table = list[list[Array]]


def by_rows(
    f: Function, args: Any, wrt: Sequence[int], primals: list[Any], kwargs: Any
) -> tuple[Any, Table]:
    """Fill Jacobians by rows: one sweep for each entry of the result."""
    run = Recording(f, args, wrt, kwargs)
    table = []
    for k, out in enumerate(run.values):
        rows = []
        for unit in basis(out.shape, out.dtype):
            g = [unit if i == k else None for i in range(len(run.values))]
            rows.append(leaves(run.pull(g, retain=True)))
        table.append(
            [
                filled([row[i] for row in rows], 0, out, leaf.ans)
                for i, leaf in enumerate(run.inputs)
            ]
        )
    return run.out, table


def filled(parts: list[Array], axis: int, out: Array, x: Array) -> Array:
    """The Jacobian of out by x, made of its rows or its columns."""
    if not parts:
        return np.zeros(out.shape + x.shape, x.dtype)
    whole = np.stack(parts, axis).reshape(out.shape + x.shape)
    return whole if whole.dtype == x.dtype else whole.astype(x.dtype)


# Fill it by columns
def by_columns(
    f: Function, args: Any, wrt: Sequence[int], primals: list[Any], kwargs: Any
) -> tuple[Any, Table]:
    """Fill Jacobians by columns: one run for each entry of the argument."""

    def pinned(*chosen: Any) -> Any:
        given = list(args)
        for i, x in zip(wrt, chosen, strict=True):
            given[i] = x
        return f(*given, **kwargs)

    flat, out = leaves(primals), None
    found: list[list[list[Array]]] = []
    for k, x in enumerate(flat):
        found.append([])
        for unit in basis(x.shape, x.dtype):
            along = (unit if i == k else None for i in range(len(flat)))
            out, slope = jvp(pinned, primals, rebuilt(primals, along))
            found[k].append(leaves(slope))
    if not any(found):
        out = mapped(result, pinned(*primals))
    table = [
        [
            filled([column[i] for column in columns], -1, y, x)
            for columns, x in zip(found, flat, strict=True)
        ]
        for i, y in enumerate(leaves(out))
    ]
    return out, table


# Differentiate twice
def hessian(f: Function, argnums: int = 0) -> Function:
    """The matrix of second derivatives of f, which returns one number.

    Its shape is that of the argument, twice. Raises what `grad` raises. See
    "Forward mode comes along".
    """
    return jacobian(grad(f, argnums), argnums, mode="forward")


def hvp(f: Function, x: Any, v: Any) -> Any:
    """The product of f's Hessian at x with v, without the Hessian.

    x, v and the product have the same shape, or the same containers:
    ShapeError otherwise. Costs a few runs of f, whatever the size of x. See
    "Forward mode comes along".
    """
    return jvp(grad(f), (x,), (v,))[1]
