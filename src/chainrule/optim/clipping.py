# Edit the book, or edit here and stitch.
"""Gradient clipping: what is done to gradients before an optimizer's step."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from chainrule.errors import GradientError
from chainrule.optim.optimizer import checked_parameters
from chainrule.settings import bound
from chainrule.tensor import Tensor


# Take the norm of all gradients as of one long column
def total_norm(params: Iterable[Tensor]) -> float:
    """The Euclidean norm of all gradients, as of one long column.

    params: tensors that require grad; one whose gradient is None adds
    nothing. Formula: m sqrt(Σ (g / m)²) with the largest size m of an entry,
    so that no square overflows. An entry that is nan or inf makes it that.
    Raises ValueError for no parameters or one that comes twice, TypeError for
    what is none. See "Clipping keeps the direction and bounds the step".
    """
    params = checked_parameters(params)
    gradients = [p.grad for p in params if p.grad is not None]
    sizes = [np.max(np.abs(g), initial=0.0) for g in gradients]
    m = float(np.max(sizes, initial=0.0))
    if m == 0.0 or not math.isfinite(m):
        return m
    ratios = (np.asarray(g, np.float64) / m for g in gradients)
    return m * math.sqrt(sum(float(np.vdot(r, r)) for r in ratios))


# Shorten the gradients to a largest norm
def clip_grad_norm_(
    params: Iterable[Tensor],
    max_norm: float,
    *,
    error_if_nonfinite: bool = True,
) -> float:
    """Scale all gradients, in place, by min(1, max_norm / total norm).

    Returns the total norm before. Gradients within max_norm keep every bit;
    longer ones keep their direction. Raises GradientError if the norm is inf
    or nan, which no factor repairs, before anything is changed; with
    error_if_nonfinite=False the formula is followed: an infinite norm makes
    finite entries 0 and infinite ones nan, a nan makes all entries nan.
    ValueError for max_norm below 0, and as in `total_norm`. See "Clipping
    keeps the direction and bounds the step".
    """
    params = checked_parameters(params)
    max_norm = bound("max_norm", max_norm)
    norm = total_norm(params)
    if error_if_nonfinite and not math.isfinite(norm):
        raise not_finite(params, norm)
    if not norm <= max_norm:
        with np.errstate(invalid="ignore"):  # inf times 0
            for parameter in params:
                if parameter.grad is not None:
                    parameter.grad *= max_norm / norm
    return norm


# Say which entry is not finite
def not_finite(params: list[Tensor], norm: float) -> GradientError:
    """The complaint about a norm that is inf or nan, with the first cause."""
    where, place, entry = "no entry, their sum is too large", None, None
    for i, parameter in enumerate(params):
        g = np.zeros(0) if parameter.grad is None else parameter.grad
        found = np.argwhere(~np.isfinite(g))
        if len(found):
            place, entry = i, tuple(found[0].tolist())
            where = f"entry {entry} of parameter {i}, shape {g.shape}"
            break
    return GradientError(
        f"the norm of the gradients is {norm} (first cause: {where}); look "
        "for the source under cr.detect_anomaly(), leave this step out, or "
        "pass error_if_nonfinite=False",
        argument=place,
        index=entry,
        analytic=norm,
    )


# Cut each entry off
def clip_grad_value_(params: Iterable[Tensor], clip_value: float) -> None:
    """Cut each entry of all gradients off at ±clip_value, in place.

    This turns the gradient as a whole. inf becomes clip_value, nan stays.
    Raises ValueError for a clip_value below 0, and as in `total_norm`. See
    "Clipping keeps the direction and bounds the step".
    """
    params = checked_parameters(params)
    clip_value = bound("clip_value", clip_value)
    for parameter in params:
        if parameter.grad is not None:
            np.clip(parameter.grad, -clip_value, clip_value, parameter.grad)
