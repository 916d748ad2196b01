# Edit the book, or edit here and stitch.
"""What can be wrong with a state that is loaded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np


# Compare names, and kinds of numbers
def check_names(
    what: str,
    given: Mapping[str, Any],
    needed: Iterable[str],
    allowed: Iterable[str] = (),
    error: type[Exception] = ValueError,
) -> None:
    """Complain if a name that is needed is missing, or one is unknown."""
    if not isinstance(given, Mapping):
        raise TypeError(f"{what}: names with values, not {given!r}")
    known = set(needed)
    missing = sorted(known - given.keys())
    unknown = sorted(given.keys() - known - set(allowed))
    if missing or unknown:
        raise error(f"{what}, missing: {missing}, unknown: {unknown}")


def check_dtype(what: str, found: np.dtype[Any], wanted: np.dtype[Any]) -> None:
    """Complain about numbers that would lose more than digits."""
    if not np.can_cast(found, wanted, "same_kind"):
        raise TypeError(f"{what}: {found} cannot become {wanted}")
