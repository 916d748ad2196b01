# Edit the book, or edit here and stitch.
"""Settings that make no sense, refused where they are given."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


# Read a setting
def read(value: Any) -> float:
    """The number as a float; NaN for anything that is no number."""
    if isinstance(value, bool | np.bool_ | str | bytes) or np.ndim(value):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def number(name: str, value: Any) -> float:
    """The number as a float, or ValueError unless it is finite."""
    found = read(value)
    if not math.isfinite(found):
        raise ValueError(f"{name} should be a finite number, not {value!r}")
    return found


def at_least_zero(name: str, value: Any, *, most: float = math.inf) -> float:
    """The number as a float, or ValueError unless 0 <= number < most."""
    found = read(value)
    if not 0 <= found < most:
        limit = "finite" if most == math.inf else f"below {most}"
        wanted = f"at least 0 and {limit}"
        raise ValueError(f"{name} should be {wanted}, not {value!r}")
    return found


def above_zero(name: str, value: Any) -> float:
    """The number as a float, or ValueError unless above zero and finite."""
    found = read(value)
    if not 0 < found < math.inf:
        wanted = "above 0 and finite"
        raise ValueError(f"{name} should be {wanted}, not {value!r}")
    return found


def bound(name: str, value: Any) -> float:
    """The number as a float, from 0 up; infinity bounds nothing."""
    found = read(value)
    if not found >= 0:
        raise ValueError(f"{name} should be at least 0, not {value!r}")
    return found


def share(name: str, value: Any) -> float:
    """The number as a float, or ValueError unless 0 <= number <= 1."""
    found = read(value)
    if not 0 <= found <= 1:
        wanted = "a share, from 0 to 1"
        raise ValueError(f"{name} should be {wanted}, not {value!r}")
    return found


def whole(name: str, value: Any, least: int = 1) -> int:
    """The number as an int, or ValueError unless whole and large enough."""
    found = read(value)
    if not (math.isfinite(found) and found == int(found) and found >= least):
        wanted = f"a whole number, at least {least}"
        raise ValueError(f"{name} should be {wanted}, not {value!r}")
    return int(found)
