# Edit the book, or edit here and stitch.
"""What an array can do beside arithmetic: entries, comparisons, methods."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import numpy as np

from chainrule.engine import NOTHING, Array, apply, plain
from chainrule.errors import InPlaceError
from chainrule.protocols import Protocols
from chainrule.rules import elementwise as ew
from chainrule.rules import (
    indexing,
    products,
    rearranging,
    reductions,
    shapes,
)


# Have the methods of an array
class Methods(Protocols):
    """A traced array with the methods of a plain one."""

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

    def conj(self) -> Array:
        return apply(ew.conjugate, (self,), NOTHING)

    conjugate = conj

    def astype(self, dtype: Any) -> Array:
        kind = np.dtype(dtype).kind
        if kind == "f":
            return apply(shapes.cast, (self,), {"dtype": dtype})
        if kind in "biu":  # whole numbers have no slope
            return plain(self).astype(dtype)
        return self.only(f"an array of {np.dtype(dtype)}").astype(dtype)
