"""Gradients held against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.errors import GradientError
from chainrule.nested import leaves, rebuilt
from chainrule.transforms import jacobian

UNIT = float(np.finfo(np.float64).eps)


def differences(
    f: Callable[[np.ndarray], Any], x: np.ndarray, eps: float | None
) -> np.ndarray:
    """The Jacobian of f at x by central differences, columns last."""
    columns = []
    for index in np.ndindex(x.shape):
        step = eps or UNIT ** (1 / 3) * max(1.0, abs(float(x[index])))
        right, left = x.copy(), x.copy()
        right[index] += step
        left[index] -= step
        rise = np.asarray(f(right)) - np.asarray(f(left))
        columns.append(rise / (right[index] - left[index]))
    if not columns:
        return np.zeros(np.shape(f(x)) + x.shape)
    return np.stack(columns, axis=-1).reshape(columns[0].shape + x.shape)


def gradcheck(
    f: Callable[..., Any],
    args: Any,
    eps: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> bool:
    """True, or GradientError at the entry where f's Jacobian is most wrong.

    Compares reverse mode with central differences of step `eps`, in float64,
    for every entry of every array in `args` (one array, or a tuple of arrays
    and containers of them). The default step is the cube root of the
    unit roundoff, times the size of the entry where that is above one.
    """
    args = args if isinstance(args, tuple) else (args,)
    flat = [np.asarray(x, dtype=np.float64) for x in leaves(args)]

    def flattened(*arrays: Any) -> Any:
        return f(*rebuilt(args, iter(arrays)))

    for k, x in enumerate(flat):

        def along(moved: np.ndarray, k: int = k) -> Any:
            return flattened(*flat[:k], moved, *flat[k + 1 :])

        analytic = np.asarray(jacobian(flattened, k)(*flat), np.float64)
        compare(k, x, analytic, differences(along, x, eps), rtol, atol)
    return True


def compare(
    argument: int,
    x: np.ndarray,
    analytic: np.ndarray,
    numeric: np.ndarray,
    rtol: float,
    atol: float,
) -> None:
    """Raise GradientError at the worst entry beyond the tolerance."""
    gap = np.abs(analytic - numeric)
    allowed = atol + rtol * np.maximum(np.abs(analytic), np.abs(numeric))
    excess = np.where(np.isnan(gap), np.inf, gap / allowed)
    if excess.size == 0 or excess.max() <= 1:
        return
    worst = np.unravel_index(int(excess.argmax()), excess.shape)
    place = tuple(int(i) for i in worst)
    rows = excess.ndim - x.ndim
    raise GradientError(
        argument,
        place[rows:],
        place[:rows],
        float(analytic[worst]),
        float(numeric[worst]),
    )
