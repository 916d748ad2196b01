# Edit the book, or edit here and stitch.
"""Traced arrays: operators, NumPy's protocols, and `Tensor`."""

from __future__ import annotations

from collections.abc import Iterator
from inspect import signature
from operator import attrgetter
from typing import Any, Never

import numpy as np

from chainrule.engine import (
    NOTHING,
    Array,
    Leaf,
    Node,
    Primitive,
    Recorder,
    Traced,
    apply,
    changed,
    memory,
    misfit,
    mode,
    owned,
    plain,
    sweep,
)
from chainrule.errors import InPlaceError, NotDifferentiable, ShapeError
from chainrule.rules import elementwise as ew
from chainrule.rules import (
    indexing,
    products,
    rearranging,
    reductions,
    shapes,
)
from chainrule.rules.remedies import unruled
from chainrule.rules.table import functions, ufuncs


# Do everything an array can, and be recorded
class Operators(Traced):
    """What a traced array can do: everything an array can, and be traced."""

    __slots__ = ()

    # Say what the array looks like
    shape = property(attrgetter("value.shape"))
    dtype = property(attrgetter("value.dtype"))
    ndim = property(attrgetter("value.ndim"))
    size = property(attrgetter("value.size"))

    def __len__(self) -> int:
        return len(self.value)

    def __bool__(self) -> bool:
        return bool(plain(self))

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.value!r})"

    def __format__(self, spec: str) -> str:
        value = plain(self)
        return format(value.item() if value.size == 1 else value, spec)

    # Do arithmetic
    def __neg__(self) -> Array:
        return unary(ew.negative, self)

    def __pos__(self) -> Array:
        return unary(ew.positive, self)

    def __abs__(self) -> Array:
        return unary(ew.absolute, self)

    def __add__(self, other: Any) -> Array:
        return binary(ew.add, self, other)

    def __radd__(self, other: Any) -> Array:
        return binary(ew.add, other, self)

    def __sub__(self, other: Any) -> Array:
        return binary(ew.subtract, self, other)

    def __rsub__(self, other: Any) -> Array:
        return binary(ew.subtract, other, self)

    def __mul__(self, other: Any) -> Array:
        return binary(ew.multiply, self, other)

    def __rmul__(self, other: Any) -> Array:
        return binary(ew.multiply, other, self)

    def __truediv__(self, other: Any) -> Array:
        return binary(ew.divide, self, other)

    def __rtruediv__(self, other: Any) -> Array:
        return binary(ew.divide, other, self)

    def __pow__(self, other: Any) -> Array:
        if other.__class__ is int and other == 2:
            return unary(ew.square, self)
        return binary(ew.power, self, other)

    def __rpow__(self, other: Any) -> Array:
        return binary(ew.power, other, self)

    def __mod__(self, other: Any) -> Array:
        return apply(ew.remainder, (self, other), NOTHING)

    def __rmod__(self, other: Any) -> Array:
        return apply(ew.remainder, (other, self), NOTHING)

    def __matmul__(self, other: Any) -> Array:
        return binary(products.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Array:
        return binary(products.matmul, other, self)

    # Pick entries
    def __getitem__(self, index: Any) -> Array:
        return indexing.take(self, index)

    def __setitem__(self, index: Any, value: Any) -> None:
        raise InPlaceError(
            "entries of a traced array cannot be set; use np.where, or join "
            "parts with np.concatenate"
        )

    def __iter__(self) -> Iterator[Array]:
        return (self[i] for i in range(len(self)))

    # Compare and count, which has no derivative
    def __lt__(self, other: Any) -> Any:
        return plain(self) < plain(other)

    def __le__(self, other: Any) -> Any:
        return plain(self) <= plain(other)

    def __gt__(self, other: Any) -> Any:
        return plain(self) > plain(other)

    def __ge__(self, other: Any) -> Any:
        return plain(self) >= plain(other)

    def __eq__(self, other: object) -> Any:
        return plain(self) == plain(other)

    def __ne__(self, other: object) -> Any:
        return plain(self) != plain(other)

    def __floordiv__(self, other: Any) -> Any:
        return plain(self) // plain(other)

    def __rfloordiv__(self, other: Any) -> Any:
        return plain(other) // plain(self)

    def __divmod__(self, other: Any) -> tuple[Any, Array]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Array]:
        return other // self, other % self

    # Offer the methods of arrays
    def sum(self, axis: Any = None, *, keepdims: bool = False) -> Array:
        return reductions.sum(self, axis, keepdims=keepdims)

    def mean(self, axis: Any = None, *, keepdims: bool = False) -> Array:
        return reductions.mean(self, axis, keepdims=keepdims)

    def max(self, axis: Any = None, *, keepdims: bool = False) -> Array:
        return reductions.max(self, axis, keepdims=keepdims)

    def min(self, axis: Any = None, *, keepdims: bool = False) -> Array:
        return reductions.min(self, axis, keepdims=keepdims)

    def prod(self, axis: Any = None, *, keepdims: bool = False) -> Array:
        return reductions.prod(self, axis, keepdims=keepdims)

    def var(
        self, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
    ) -> Array:
        return reductions.var(self, axis, ddof=ddof, keepdims=keepdims)

    def std(
        self, axis: Any = None, *, ddof: int = 0, keepdims: bool = False
    ) -> Array:
        return reductions.std(self, axis, ddof=ddof, keepdims=keepdims)

    def argmax(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return plain(self).argmax(axis, keepdims=keepdims)

    def argmin(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return plain(self).argmin(axis, keepdims=keepdims)

    def argsort(self, axis: Any = -1) -> Any:
        return plain(self).argsort(axis)

    def all(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return plain(self).all(axis, keepdims=keepdims)

    def any(self, axis: Any = None, *, keepdims: bool = False) -> Any:
        return plain(self).any(axis, keepdims=keepdims)

    def round(self, decimals: int = 0) -> Any:
        return plain(self).round(decimals)

    def cumsum(self, axis: Any = None) -> Array:
        return rearranging.cumsum(self, axis)

    def cumprod(self, axis: Any = None) -> Array:
        product: Array = np.cumprod(self, axis)
        return product

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Array:
        return rearranging.trace(self, offset, axis1, axis2)

    def reshape(
        self, *shape: Any, order: str = "C", copy: bool | None = None
    ) -> Array:
        whole = shape[0] if len(shape) == 1 else shape
        return shapes.reshape_(self, whole, order, copy=copy)

    def ravel(self, order: str = "C") -> Array:
        return shapes.reshape_(self, -1, order)

    flatten = ravel

    def transpose(self, *axes: Any) -> Array:
        order = axes[0] if len(axes) == 1 else axes or None
        return shapes.transpose_(self, order)

    @property
    def T(self) -> Array:
        return shapes.transpose_(self)

    @property
    def mT(self) -> Array:
        return shapes.swapaxes(self, -1, -2)

    def swapaxes(self, axis1: int, axis2: int) -> Array:
        return shapes.swapaxes(self, axis1, axis2)

    def squeeze(self, axis: Any = None) -> Array:
        return shapes.squeeze(self, axis)

    def dot(self, other: Any) -> Array:
        return products.dot(self, other)

    def clip(self, min: Any = None, max: Any = None) -> Array:
        return ew.clip_(self, min, max)

    def diagonal(
        self, offset: int = 0, axis1: int = 0, axis2: int = 1
    ) -> Array:
        return rearranging.diagonal(self, offset, axis1, axis2)

    def repeat(self, repeats: Any, axis: int | None = None) -> Array:
        return rearranging.repeat(self, repeats, axis)

    def take(self, indices: Any, axis: int | None = None) -> Array:
        return indexing.take_along(self, indices, axis)

    def copy(self) -> Array:
        return apply(ew.positive, (self,), NOTHING)

    def astype(self, dtype: Any) -> Array:
        kind = np.dtype(dtype).kind
        if kind == "f":
            return apply(shapes.cast, (self,), {"dtype": dtype})
        if kind in "biu":  # whole numbers have no slope
            return plain(self).astype(dtype)
        return self.only(f"an array of {np.dtype(dtype)}").astype(dtype)

    # Answer NumPy
    def __array_ufunc__(
        self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any
    ) -> Any:
        out = kwargs.pop("out", None)
        if out is not None:
            refuse_out(ufunc, out)
        if ufunc in FLAT and method == "__call__":
            return ufunc(*map(plain, inputs), **kwargs)
        if method == "outer":  # each entry of x with each entry of y
            x, y = inputs
            x = np.reshape(x, np.shape(x) + (1,) * np.ndim(y))
            return ufunc(x, y, **kwargs)
        stand_in = ufuncs.get((ufunc, method))
        if stand_in is None:
            name = f"np.{ufunc.__name__}"
            raise unruled(name if method == "__call__" else f"{name}.{method}")
        return called(stand_in, f"np.{ufunc.__name__}", inputs, kwargs)

    def __array_function__(
        self, function: Any, types: Any, args: Any, kwargs: Any
    ) -> Any:
        where = function.__module__.replace("numpy", "np", 1)
        name = f"{where}.{function.__name__}"
        if kwargs.get("out") is not None:
            refuse_out(function, kwargs["out"])
        stand_in = functions.get(function)
        if stand_in is not None:
            return called(stand_in, name, args, kwargs)
        if function in FLAT:
            return function(
                *map(plain, args), **{k: plain(v) for k, v in kwargs.items()}
            )
        raise unruled(name)

    # Refuse to leave the record
    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        return np.array(self.only("an array"), dtype=dtype, copy=copy)

    def __float__(self) -> float:
        return float(self.only("a Python number"))

    def __int__(self) -> int:
        return int(self.only("a Python number"))

    def __index__(self) -> int:
        return int(self.only("an index").__index__())

    def item(self) -> float:
        number: float = self.only("a Python number").item()
        return number

    def __reduce__(self) -> Any:  # for copies and pickles
        return self.only("a copy or a pickle")

    def only(self, what: str) -> Any:
        """The bare value, where taking it loses no derivative."""
        raise NotDifferentiable(
            f"making {what} of a traced array would lose its derivative; "
            "join traced arrays with np.stack, or take .detach() of a Tensor"
        )


# Hold data, and the gradient that comes back
class Tensor(Operators, Recorder):
    """An array that records what is done with it, for `backward()`.

    `data` is anything NumPy makes an array of; float32 and float64 are kept.
    With `requires_grad=True` it must be of floats, and `.grad` collects the
    gradient of whatever `backward()` was called on: an ndarray of the shape
    and dtype of the data, None before. Operators, indexing, methods and NumPy
    functions give further Tensors. Raises NotDifferentiable, a TypeError, for
    other numbers. See "A tensor is an array that records".
    """

    __slots__ = ("__weakref__",)

    level = 0

    # Copy the data, and start a leaf where a gradient is wanted
    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        if isinstance(data, Operators) and not isinstance(data, Tensor):
            data.only("a Tensor")
        self.value = np.array(plain(data))
        self.node = Leaf(checked(self.value)) if requires_grad else None

    def like(self, value: Array, node: Node | None) -> Tensor:
        tensor = new(Tensor)
        tensor.value, tensor.node = value, node
        return tensor

    # Give access to data and gradient
    @property
    def data(self) -> np.ndarray:
        """The array itself. Assigning to it is seen by `backward()`."""
        return self.numpy()

    @data.setter
    def data(self, value: Any) -> None:
        if value is self.value:
            changed.note(self.value)
        else:
            self.value = np.asarray(plain(value))

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient would flow to or through this tensor."""
        return self.node is not None

    @property
    def grad(self) -> np.ndarray | None:
        """What `backward()` has added up here, None before or for results."""
        return self.node.grad if isinstance(self.node, Leaf) else None

    @grad.setter
    def grad(self, g: np.ndarray | None) -> None:
        if not isinstance(self.node, Leaf):
            raise NotDifferentiable("only a leaf that requires grad has .grad")
        if g is not None:
            g = np.asarray(plain(g), self.dtype)
            if g.shape != self.shape:
                raise ShapeError("set .grad", [self.shape, g.shape])
        self.node.grad = g

    # Sweep from here
    def backward(self, grad: Any = None, *, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor to `.grad` of every leaf under it.

        `grad` is the gradient of the loss with respect to this tensor, of its
        shape; it may be left out where the tensor has one entry. The graph is
        freed on the way unless `retain_graph` is true. Raises ShapeError for
        another shape, FreedGraphError for a graph that is freed, InPlaceError
        for one whose arrays were changed, NotDifferentiable without a leaf.
        """
        if self.node is None:
            raise NotDifferentiable(
                "nothing to go back to: no tensor that requires grad led here"
            )
        seed = seed_for(self.value, grad)
        leaves: Any = sweep({self.node: seed}, retain=retain_graph)
        gradients = owned(leaves.values(), seed)
        for leaf, g in zip(leaves, gradients, strict=True):
            old = leaf.grad
            leaf.grad = g if old is None else np.asarray(old + g)

    # Hand out the bare array
    def detach(self) -> Tensor:
        """A tensor of the same data that remembers nothing."""
        return self.like(self.value, None)

    def item(self) -> float:
        """The one entry as a Python number."""
        entry: float = self.value.item()
        return entry

    def numpy(self) -> np.ndarray:
        """The array itself."""
        array: np.ndarray = self.value
        return array

    def only(self, what: str) -> Any:
        return super().only(what) if self.requires_grad else self.value

    def __reduce__(self) -> Any:  # for copies and pickles
        if not (self.node is None or isinstance(self.node, Leaf)):
            raise NotDifferentiable(
                "a result is not copied or pickled, since all that led to it "
                "would be copied too; take .detach() first"
            )
        return restored, (self.value, self.requires_grad, self.grad)

    # Change in place
    def __iadd__(self, other: Any) -> Tensor:
        return self.become(self + other)

    def __isub__(self, other: Any) -> Tensor:
        return self.become(self - other)

    def __imul__(self, other: Any) -> Tensor:
        return self.become(self * other)

    def __itruediv__(self, other: Any) -> Tensor:
        return self.become(self / other)

    def become(self, result: Tensor) -> Tensor:
        """Take over the value of a result, in place, and its history."""
        self.refuse_change()
        if result.shape != self.shape:
            raise ShapeError("in-place change", [self.shape, result.shape])
        np.copyto(self.value, result.value, casting="same_kind")
        if result.node is None:
            changed.note(self.value)
            return self
        changed.note_result(self.value, result.node)
        self.node = result.node
        return self

    def refuse_change(self) -> None:
        """A leaf, or a view of one, may change while nothing is recorded."""
        node, own = self.node, memory(self.value)
        while node is not None and node.__class__ is not Leaf:
            made = memory(node.ans) is own
            seen = (p for p in node.parents if p and memory(p.ans) is own)
            node = next(seen, None) if made else None
        if node is not None and mode.quiet < 0:
            raise InPlaceError(
                "a leaf that requires grad, or a view of it, cannot change "
                "while its use is recorded; do it in `with cr.no_grad():`"
            )

    def __setitem__(self, index: Any, value: Any) -> None:
        self.refuse_change()
        if isinstance(value, Tensor) and value.requires_grad:
            raise InPlaceError(
                "items cannot be set to a traced value; use np.where or "
                "np.concatenate"
            )
        self.value[index] = plain(value)
        if self.node is None or mode.quiet >= 0:
            changed.note(self.value)
        else:
            changed.note_result(self.value, None)


# Refuse gradients of whole numbers
def checked(value: np.ndarray) -> np.ndarray:
    """An array that may have a gradient: one of floating-point numbers."""
    if not np.issubdtype(value.dtype, np.floating):
        raise NotDifferentiable(
            f"an array of dtype {value.dtype} has no gradient; make it of "
            "floats, for instance with .astype(float)"
        )
    return value


# Start from one, or from what was given
def seed_for(value: np.ndarray, grad: Any) -> np.ndarray:
    """The gradient to start from: one for one entry, or what was given."""
    if grad is None:
        if value.size != 1:
            raise ShapeError(
                "backward",
                [value.shape, ()],
                "only one number has a gradient: pass backward(grad) an array "
                f"of shape {value.shape}, or call .sum() first",
            )
        return np.array(1, value.dtype).reshape(value.shape)
    seed = np.asarray(plain(grad), dtype=value.dtype)
    if seed.shape != value.shape:
        raise ShapeError("backward", [value.shape, seed.shape])
    return seed


# Make a copy a leaf again
def restored(
    value: np.ndarray, requires_grad: bool, grad: np.ndarray | None
) -> Tensor:
    """A tensor of this very array, with its gradient."""
    tensor = Tensor(0.0).like(value, Leaf(value) if requires_grad else None)
    if requires_grad:
        tensor.grad = grad
    return tensor


# Take the short way where all is as usual
BARE = frozenset([np.ndarray, float, int, np.float64, np.float32])
new = object.__new__  # an object of a class, before its __init__


def unary(primitive: Primitive, x: Any) -> Array:
    """`apply` for one argument, in fewer steps where x is a Tensor."""
    if x.__class__ is not Tensor or not mode.usual:
        return apply(primitive, (x,), NOTHING)
    value, node = x.value, x.node
    ans = primitive.fun(value)
    if ans.__class__ is not np.ndarray:
        ans = np.asarray(ans)
    result = new(Tensor)
    result.value, result.node = ans, node
    if node is not None:
        result.node = Node(primitive, (ans, value), node)
    return result


def binary(primitive: Primitive, x: Any, y: Any) -> Array:
    """`apply` for two arguments, in fewer steps for Tensors and numbers."""
    a, first, b, second = x, None, y, None
    if x.__class__ is Tensor:
        a, first = x.value, x.node
    elif x.__class__ not in BARE:
        return apply(primitive, (x, y), NOTHING)
    if y.__class__ is Tensor:
        b, second = y.value, y.node
    elif y.__class__ not in BARE:
        return apply(primitive, (x, y), NOTHING)
    if not mode.usual:
        return apply(primitive, (x, y), NOTHING)
    try:
        ans = primitive.fun(a, b)
    except ValueError as error:
        raise misfit(primitive, (a, b), error) from error
    if ans.__class__ is not np.ndarray:
        ans = np.asarray(ans)
    result = new(Tensor)
    result.value, result.node = ans, None
    if first is not None or second is not None:
        result.node = Node(primitive, (ans, a, b), first, second)
    return result


# List the functions whose derivative is zero or none
FLAT = frozenset(
    [
        np.all, np.allclose, np.angle, np.any, np.argmax, np.argmin,
        np.argpartition, np.argsort, np.argwhere, np.around, np.array2string,
        np.array_equal, np.array_equiv, np.array_repr, np.array_str,
        np.bitwise_and, np.bitwise_count, np.bitwise_or, np.bitwise_xor,
        np.can_cast, np.ceil, np.common_type, np.count_nonzero,
        np.diag_indices_from, np.digitize, np.einsum_path, np.empty_like,
        np.equal, np.fix, np.flatnonzero, np.floor, np.floor_divide, np.gcd,
        np.greater, np.greater_equal, np.imag, np.invert, np.isclose,
        np.iscomplex, np.iscomplexobj, np.isfinite, np.isin, np.isinf,
        np.isnan, np.isneginf, np.isposinf, np.isreal, np.isrealobj, np.ix_,
        np.lcm, np.left_shift, np.less, np.less_equal, np.lexsort,
        np.logical_and, np.logical_not, np.logical_or, np.logical_xor,
        np.linalg.matrix_rank, np.may_share_memory, np.min_scalar_type,
        np.nanargmax, np.nanargmin, np.ndim, np.nonzero, np.not_equal,
        np.ones_like, np.ravel_multi_index, np.result_type, np.right_shift,
        np.rint, np.round, np.searchsorted, np.shape, np.shares_memory,
        np.sign, np.signbit, np.size, np.spacing, np.tril_indices_from,
        np.triu_indices_from, np.trunc, np.unravel_index, np.zeros_like,
    ]
)  # fmt: skip


# Refuse what would write a result in place
def refuse_out(function: Any, out: Any) -> Never:
    """Say how to write what would have filled an array in place."""
    raise InPlaceError(
        f"np.{function.__name__} cannot write a traced result into an "
        "existing array; write acc = acc + t for acc += t"
    )


# Call a stand-in with what it has rules for
def called(f: Any, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
    """Call a stand-in; what it has no parameter for, it has no rule for."""
    kwargs.pop("subok", None)  # there are no subclasses
    for key in ("where", "initial", "dtype", "out", "order", "casting"):
        given = kwargs.get(key)
        if given is not None and key in signature(f).parameters:
            continue
        if not (given is None or usual(given)):
            raise NotDifferentiable(f"{name} has no rule for {key}=")
        kwargs.pop(key, None)
    if kwargs and isinstance(f, Primitive):
        raise NotDifferentiable(f"{name} has no rule for {', '.join(kwargs)}=")
    try:
        return f(*args, **kwargs)
    except TypeError as error:
        if "unexpected keyword" in str(error) or "positional" in str(error):
            text = f"{name} has no rule for these arguments: {error}"
            raise NotDifferentiable(text) from error
        raise


def usual(given: Any) -> bool:
    """Whether an option says what holds without it."""
    return given is True or (
        isinstance(given, str) and given in ("C", "K", "same_kind")
    )
