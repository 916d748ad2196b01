# Edit the book, or edit here and stitch.
"""What NumPy and Python ask of a traced array."""

from __future__ import annotations

from inspect import signature
from typing import Any, Never

import numpy as np

from chainrule.engine import Primitive, Traced, plain
from chainrule.errors import InPlaceError, NotDifferentiable
from chainrule.rules.remedies import unruled
from chainrule.rules.table import functions, ufuncs


# Answer for a traced array
class Protocols(Traced):
    """A traced array that NumPy's functions and Python's ask what to do."""

    __slots__ = ()

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
        name = ufunc.__name__
        if getattr(np, name, None) is ufunc:  # else it is not one of NumPy's
            name = f"np.{name}"
        stand_in = ufuncs.get((ufunc, method))
        if stand_in is None:
            raise unruled(name if method == "__call__" else f"{name}.{method}")
        return called(stand_in, name, inputs, kwargs)

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
