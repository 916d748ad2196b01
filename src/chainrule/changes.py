# Edit the book, or edit here and stitch.
"""Changes in place: what was overwritten, and when."""

from __future__ import annotations

import weakref
from bisect import bisect_right
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from chainrule.engine import Node, Rule, clock, plain
from chainrule.errors import InPlaceError


# Note what was changed, and when
class Changes:
    """When arrays were last written to through a Tensor.

    `results` has the times of writes to what a recorded operation returned.
    """

    def __init__(self) -> None:
        self.latest = 0
        self.when: dict[int, int] = {}
        self.results: dict[int, list[int]] = {}
        self.what: dict[int, weakref.ref[Any]] = {}

    def note(self, *arrays: np.ndarray) -> None:
        """Remember that the memory behind these has just changed."""
        self.latest = now = next(clock)
        for array in arrays:
            owner = array if array.base is None else memory(array)
            key = id(owner)
            known = self.what.get(key)
            if known is None or known() is not owner:
                self.what[key] = weakref.ref(owner, partial(self.forget, key))
            self.when[key] = now

    def forget(self, key: int, ref: weakref.ref[Any]) -> None:
        if self.what.get(key) is ref:
            del self.what[key], self.when[key]
            self.results.pop(key, None)

    # Note that a result has another maker
    def note_result(self, array: np.ndarray, maker: Node | None) -> None:
        """Remember a write to a result: by this operation, or by nobody."""
        self.note(array)
        now = maker.birth if maker is not None else next(clock)
        self.results.setdefault(id(memory(array)), []).append(now)

    # Refuse to go back through what was changed
    def check(self, node: Node) -> None:
        """Refuse to go back through a node whose arrays have changed."""
        primitive = node.primitive
        assert primitive is not None
        for i, parent in enumerate(node.parents):
            if parent is None:
                continue
            for x in wanted(primitive.vjps[i], (node.ans, *node.args)):
                if self.when.get(id(memory(plain(x))), 0) > node.birth:
                    raise InPlaceError(
                        f"an array of shape {np.shape(x)} that "
                        f"{primitive.name} kept for the backward pass was "
                        "changed in place; write x = x + y for x += y, or "
                        "change a copy"
                    )
            writes = self.results.get(id(memory(plain(node.args[i]))), ())
            first = bisect_right(writes, parent.birth)
            if first < len(writes) and writes[first] < node.birth:
                raise InPlaceError(
                    f"what {parent.name} returned was changed in place, or a "
                    f"view of it was, before {primitive.name} was given it, "
                    "which would send gradients past the change; write x = x + "
                    "y for x += y, np.where or np.concatenate for x[i] = y"
                )


changed = Changes()


# Find the memory behind a view
def memory(array: Any) -> Any:
    """The array that owns the memory which `array` may only be viewing."""
    while isinstance(array, np.ndarray) and isinstance(array.base, np.ndarray):
        array = array.base
    return array


# See which values a rule reads
def wanted(rule: Rule | None, values: Sequence[Any]) -> Sequence[Any]:
    """The values that a rule reads: all it does not call by a name with _."""
    code = getattr(rule, "__code__", None)
    if code is None or code.co_flags & VARARGS:
        return values
    names = code.co_varnames[1 : code.co_argcount]
    return [
        x
        for x, name in zip(values, names, strict=False)
        if not name.startswith("_")
    ]


VARARGS = 0x04  # the flag of a function with *args
