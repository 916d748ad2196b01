"""Has Python of the chapter changed what judges the chapter?

Every name in the modules of the press, in its classes, in `builtins` and in
the few libraries that it reckons with is looked at, and the code of each of its
functions: they must be the very objects that they were. What is changed is put
back. This finds mistakes and shortcuts, not malice: a cell is a program, and
one that wants to deceive can reach objects that have no name.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import FunctionType, ModuleType

from bookproof.diagnostics import Finding, Place

_PRESS = "bookproof"
_TRUSTED = ("builtins", "math", "fractions", "json", "numpy", "numpy.linalg")
_FREE = frozenset({"_", "__warningregistry__"})
"""Names that the shell and the library of warnings bind anew."""


@dataclass(frozen=True)
class _Owner:
    """A module or a class, and what its names stood for."""

    name: str
    thing: object
    names: tuple[str, ...]
    values: tuple[object, ...]

    @classmethod
    def of(cls, name: str, thing: object) -> _Owner:
        known = {k: v for k, v in vars(thing).items() if k not in _FREE}
        return cls(name, thing, tuple(known), tuple(known.values()))

    def undo(self) -> Iterator[str]:
        """The names that have changed; they are put back."""
        now = vars(self.thing)
        if all(map(operator.is_, self.values, map(now.get, self.names))):
            return
        for name, value in zip(self.names, self.values, strict=True):
            if now.get(name) is not value:
                setattr(self.thing, name, value)
                yield f"{self.name}.{name}"


def of_patch(changed: list[str], place: Place) -> Finding:
    """What to say of names that have been changed."""
    more = f" and {len(changed) - 1} more" if changed[1:] else ""
    return Finding(
        "patched",
        f"this changes what judges the chapter: {changed[0]}{more}",
        place,
        width=120,
        notes=("it has been put back; a test that needs it is no cell",),
    )


class Guard:
    """What the press is made of, as it was before Python of a chapter ran."""

    def __init__(self) -> None:
        self.known = 0
        self.owners: list[_Owner] = []
        self.functions: list[FunctionType] = []
        self.codes: list[object] = []
        self.look()

    def look(self) -> None:
        """Take in the modules that have been imported meanwhile."""
        if len(sys.modules) == self.known:
            return
        self.known = len(sys.modules)
        seen = {id(owner.thing) for owner in self.owners}
        for name, module in [*sys.modules.items()]:
            ours = name.partition(".")[0] == _PRESS
            if (ours or name in _TRUSTED) and id(module) not in seen:
                self._take(name, module, ours)

    def _take(self, name: str, module: ModuleType, ours: bool) -> None:
        self.owners.append(_Owner.of(name, module))
        for value in list(vars(module).values()) if ours else ():
            if getattr(value, "__module__", None) != name:
                continue
            if isinstance(value, type):
                said = f"{name}.{value.__name__}"
                self.owners.append(_Owner.of(said, value))
                self._functions(vars(value))
            self._functions({"": value})

    def _functions(self, names: Mapping[str, object]) -> None:
        for value in names.values():
            bare = getattr(value, "fget", getattr(value, "__func__", value))
            if isinstance(bare, FunctionType):
                self.functions.append(bare)
                self.codes.append(bare.__code__)

    def undo(self) -> list[str]:
        """What has been changed, by name; it is put back."""
        changed = [name for each in self.owners for name in each.undo()]
        now = map(operator.attrgetter("__code__"), self.functions)
        if not all(map(operator.is_, self.codes, now)):
            pairs = zip(self.functions, self.codes, strict=True)
            for function, code in pairs:
                if function.__code__ is not code:
                    function.__code__ = code  # type: ignore[assignment]
                    changed.append(f"{function.__module__}.{function.__name__}")
        self.look()
        return changed
