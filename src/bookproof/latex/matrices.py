"""Named functions of arrays: diag, tr, det, mean and the like."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from bookproof.latex.errors import NotAnalytic, ShapeMismatch
from bookproof.latex.functions import (
    absolute,
    is_complex,
    sign,
)
from bookproof.latex.limits import affordable
from bookproof.latex.values import (
    Value,
    describe,
    mag,
)


def diag(a: Value) -> Value:
    if a.kind == "c":
        affordable(a.v.size**2, 0)
        return Value(np.diag(a.v), np.diag(a.m), "m")
    if a.kind == "m":
        return Value(np.diag(a.v).copy(), np.diag(a.m).copy(), "c")
    raise ShapeMismatch(f"diag of {describe(a)}")


def trace(a: Value) -> Value:
    _square(a, "tr")
    return Value(np.trace(a.v)[()], np.trace(a.m)[()])


def determinant(a: Value) -> Value:
    if a.kind == "s":
        return a
    _square(a, "det")
    affordable(1, 3 * a.shape[0] ** 3)
    v = np.linalg.det(a.v)[()]
    try:
        m = mag(v) + np.sum(mag(v * np.linalg.inv(a.v).T) * a.m)
    except np.linalg.LinAlgError:
        m = np.prod(np.sum(a.m, axis=1))
    return Value(v, m)


def _square(a: Value, name: str) -> None:
    if a.kind not in ("m", "b") or a.shape[0] != a.shape[1]:
        raise ShapeMismatch(f"{name} of {describe(a)}")


def rank(a: Value) -> Value:
    if is_complex(a.v):
        raise NotAnalytic
    if a.kind not in ("m", "b"):
        raise ShapeMismatch(f"rank of {describe(a)}")
    affordable(1, 20 * min(a.shape) * a.v.size)
    return Value(int(np.linalg.matrix_rank(a.v)))


def vec(a: Value) -> Value:
    """The columns of a matrix, one under the other."""
    if a.kind not in ("m", "b"):
        raise ShapeMismatch(f"vec of {describe(a)}")
    return Value(a.v.T.ravel(), a.m.T.ravel(), "c")


def mean(a: Value) -> Value:
    if a.kind == "s":
        raise ShapeMismatch("the mean of a scalar")
    return Value(np.mean(a.v)[()], np.mean(a.m)[()])


def variance(a: Value) -> Value:
    """Of the entries of a column, over their number."""
    if a.kind not in ("c", "r"):
        raise ShapeMismatch(f"the variance of {describe(a)}")
    centre = np.mean(a.v)
    off = a.v - centre
    m = np.mean(2 * mag(off) * (a.m + np.mean(a.m)) + mag(off * off))
    return Value(np.mean(off * off)[()], m[()])


ARRAY_FUNCTIONS: dict[str, Callable[[Value], Value]] = {
    "diag": diag,
    "tr": trace,
    "det": determinant,
    "rank": rank,
    "vec": vec,
    "sign": sign,
    "sgn": sign,
    "abs": absolute,
    "mean": mean,
    "Var": variance,
}
