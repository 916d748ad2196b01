# Edit the book, or edit here and stitch.
"""Gradients held against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.differences import numerical_jacobian
from chainrule.engine import plain
from chainrule.errors import GradientError
from chainrule.nested import leaves, rebuilt
from chainrule.transforms import jacobian


# Compare every entry of every Jacobian
def gradcheck(
    f: Callable[..., Any],
    args: Any,
    eps: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-8,
) -> bool:
    """True, or GradientError at the entry where f's Jacobian is most wrong.

    Compares reverse mode with central differences of step `eps`, in float64,
    for every entry of every array in `args` (one array, or a list or tuple of
    arrays and containers of them). The default step is the one that
    `numerical_jacobian` chooses.
    """
    args = args if isinstance(args, list | tuple) else [args]
    flat = [np.asarray(plain(x), dtype=np.float64) for x in leaves(args)]

    def flattened(*arrays: Any) -> Any:
        return f(*rebuilt(args, iter(arrays)))

    for k, x in enumerate(flat):

        def along(moved: np.ndarray, k: int = k) -> Any:
            return plain(flattened(*flat[:k], moved, *flat[k + 1 :]))

        analytic = np.asarray(plain(jacobian(flattened, k)(*flat)))
        numeric = numerical_jacobian(along, x, eps)
        compare(k, x, analytic, numeric, rtol, atol)
    return True


# Name the worst entry
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
