# Edit the book, or edit here and stitch.
"""`Tensor`, and the operators of all traced arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.changes import changed, memory
from chainrule.engine import (
    NOTHING,
    Array,
    Leaf,
    Node,
    Primitive,
    Recorder,
    apply,
    misfit,
    mode,
    plain,
)
from chainrule.errors import InPlaceError, NotDifferentiable, ShapeError
from chainrule.methods import Methods
from chainrule.rules import elementwise as ew
from chainrule.rules import products
from chainrule.sweeping import owned, sweep


# Do everything an array can, and be recorded
class Operators(Methods):
    """What a traced array can do: everything an array can, and be traced."""

    __slots__ = ()

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
