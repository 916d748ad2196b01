# Edit the book, or edit here and stitch.
"""Stop at the first NaN or infinity, and name where it came from."""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Sequence
from contextlib import ContextDecorator
from typing import Any, Self
from zlib import crc32

import numpy as np

from chainrule.changes import wanted
from chainrule.engine import Array, Node, Primitive, mode, plain
from chainrule.errors import AnomalyError, InPlaceError
from chainrule.nested import leaves

OURS = tuple(os.path.dirname(file) + os.sep for file in (np.__file__, __file__))


# Watch every value and every gradient
class detect_anomaly(ContextDecorator):
    """Raise at the first NaN or infinity, forward or backward.

    `AnomalyError` names the operation, the entry, and the line that called
    the operation. Arrays that were written to behind the engine's back, as
    by `w.data[0] = 1`, are found on the way back (InPlaceError). Infinities
    that go in, as in a mask of scores, may go through; a NaN may not. Looks
    at traced arrays of reverse mode only. For looking, not for training:
    every array is read once more, and once more for a checksum. See "Find the
    line that made the first NaN".
    """

    def __init__(self) -> None:
        self.before: list[Any] = []

    def _recreate_cm(self) -> Self:
        return type(self)()

    def __enter__(self) -> Self:
        quiet = np.errstate(all="ignore")
        quiet.__enter__()
        self.before.append((mode.watch, quiet))
        mode.watch = mode.watch or Inspector()
        return self

    def __exit__(self, *exc: object) -> None:
        mode.watch, quiet = self.before.pop()
        quiet.__exit__(None, None, None)


# Look at what goes in and what comes out
class Inspector:
    """Remembers where each node was made, and what its arrays held."""

    def __init__(self) -> None:
        self.lines: dict[Node, str] = {}
        self.prints: dict[Node, list[int]] = {}

    def forward(
        self,
        primitive: Primitive,
        values: Sequence[Any],
        ans: Array,
        node: Node | None,
    ) -> None:
        """Look at the result of an operation, and remember its line."""
        line = calling_line()
        given = [plain(x) for x in values]
        for i, x in enumerate(given):
            if kind(x) == "NaN":
                raise AnomalyError(
                    f"argument {i} of {primitive.name} holds a NaN already, "
                    f"at {place(x)}\n{line}"
                )
        found = kind(plain(ans))
        if found == "NaN" or (found and not any(map(kind, given))):
            raise AnomalyError(
                f"{primitive.name} gives the first {found}, at "
                f"{place(plain(ans))}\n{line}"
            )
        if node is not None:
            self.lines[node] = line
            self.prints[node] = fingerprints(node)

    # Look at a node on the way back
    def before(self, node: Node) -> None:
        """Compare what a node kept with what it was."""
        if node in self.prints and self.prints[node] != fingerprints(node):
            assert node.primitive is not None
            raise InPlaceError(
                f"an array that {node.primitive.name} kept for the backward "
                f"pass was written to\n{self.lines[node]}"
            )

    def backward(self, node: Node, i: int, g: Array, share: Array) -> None:
        """Look at a share that a node sends."""
        came, found = kind(plain(g)), kind(plain(share))
        assert node.primitive is not None
        name, line = node.primitive.name, self.lines.get(node, "")
        if came == "NaN":
            raise AnomalyError(
                f"the gradient that reaches {name} holds a NaN already, at "
                f"{place(plain(g))}\n{line}"
            )
        if found == "NaN" or (found and not came):
            raise AnomalyError(
                f"the backward pass of {name} gives the first {found}, in the "
                f"gradient of argument {i} at {place(plain(share))}\n{line}"
            )


# Tell what is not finite, and where
def kind(x: Any) -> str:
    """'NaN', 'infinity', or '' if every entry is finite."""
    if not np.issubdtype(np.asarray(x).dtype, np.floating):
        return ""
    if np.isfinite(x).all():
        return ""
    return "NaN" if np.isnan(x).any() else "infinity"


def place(x: Any) -> str:
    """The index of the first entry that is worst."""
    bad = np.isnan(x) if np.isnan(x).any() else np.isinf(x)
    first = np.argwhere(bad)[0]
    return f"entry {tuple(int(i) for i in first)}"


# Find the line that called the operation
def calling_line() -> str:
    """The innermost line outside of NumPy and of this library."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename.startswith(OURS) and frame.f_back:
        frame = frame.f_back
    file, number = frame.f_code.co_filename, frame.f_lineno
    source = linecache.getline(file, number).strip()
    return f"  called in {file}:{number}: {source}"


# Know again what an array held
def fingerprints(node: Node) -> list[int]:
    """A checksum of each array that the rules of a node will read."""
    assert node.primitive is not None
    options = [x for x in leaves(node.kwargs) if isinstance(x, np.ndarray)]
    read = [
        x
        for i, parent in enumerate(node.parents)
        if parent is not None
        for x in wanted(node.primitive.vjps[i], (node.ans, *node.args))
    ]
    return [
        crc32(np.ascontiguousarray(plain(x)).tobytes())
        for x in (*read, *options)
    ]
