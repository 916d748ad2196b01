"""Does a verdict still stand, with no need to reach it again?

It does if nothing has changed that its Python can have read: the names it
looks up and, through the functions and classes of the chapter, theirs; all
data behind them, to the last entry of an array; the library's own names and
data; the settings and the random numbers of the whole process. Where there is
no telling (a generator that has begun, a file, the clock, a module that is not
known here), the verdict has to be reached again.
"""

from __future__ import annotations

import decimal
import dis
import functools
import itertools
import operator
import os
import random
import sys
import types
import warnings
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from bookproof.guard import FREE
from bookproof.prints import READERS, Unknown, Walk
from bookproof.reads import names_in

KNOWN = frozenset(
    {
        *("__future__", "builtins", "cmath", "collections", "copy", "decimal"),
        *("dataclasses", "fractions", "functools", "itertools", "math"),
        *("numpy", "operator", "random", "statistics", "string", "types"),
        "typing",
    }
)
"""Modules that read nothing but what they are given, or what is compared here:
whoever opens a file is told apart."""

LOOKS = frozenset(
    {
        *("__import__", "compile", "dir", "eval", "exec", "get_ipython"),
        *("globals", "input", "locals", "open", "vars"),
    }
)
"""Names that read what no name in the code tells of."""

ABSENT = 0
"""The fingerprint of a name that is not bound."""


@dataclass(frozen=True)
class Stamp:
    """What a verdict rests on, and how it was: fingerprints by name."""

    names: Mapping[str, int]
    surroundings: int


class Watched:
    """Parts of programs, which are known by their identity: each is kept, so
    that no other can come to have it."""

    def __init__(self) -> None:
        self.kept: dict[int, object] = {}
        self.lists: dict[str, tuple[int, list[object]]] = {}
        self.notes: dict[int, list[object]] = {}
        """What the library has noted of an object that it does not hold."""

    def one(self, thing: object) -> int:
        """What stands for one of them."""
        self.kept[id(thing)] = thing
        return id(thing)

    def all(self, name: str, things: list[object]) -> int:
        """What stands for the things under a name; another number as soon as
        one of them is another."""
        version, before = self.lists.get(name, (0, []))
        same = len(before) == len(things)
        if not (same and all(map(operator.is_, before, things))):
            version += 1
            self.lists[name] = version, things
        return version


@dataclass
class Reader:
    """Takes the stamps of the verdicts that are reached between two cells."""

    namespace: Mapping[str, Any]
    source: Path
    looking: dict[CodeType, frozenset[str]] | None = None
    known: dict[str, tuple[int, frozenset[str]] | None] = field(
        default_factory=dict
    )
    around: int | None = None
    watched: Watched = field(default_factory=Watched)

    def begin(self) -> None:
        """From here on it is noted which code is evaluated. (A claim sets
        NumPy's errors aside, so what is set is looked at first.)"""
        self._surroundings()
        self.looking = {}

    def end(self) -> frozenset[str]:
        """The names that the code looks up which was evaluated since."""
        found, self.looking = self.looking or {}, None
        return frozenset[str]().union(*found.values())

    def forget(self) -> None:
        """What was may have changed."""
        self.known.clear()
        self.around = None

    def note(self, code: CodeType, own: Iterable[str]) -> None:
        """This code is about to be evaluated, with names of its own. What it
        can read is looked at before it may change it."""
        if self.looking is None or code in self.looking:
            return
        self.looking[code] = names = names_in(code) - frozenset(own)
        self.stamp(names)

    def stamp(self, names: Iterable[str]) -> Stamp | None:
        """How it all is; None if that cannot be told."""
        around = self._surroundings()
        found = None if around is None else self._names(names)
        if found is None or around is None:
            return None
        return Stamp(found, around)

    def stands(self, stamp: Stamp | None) -> bool:
        """Whether all is as it was."""
        return stamp is not None and self.stamp(stamp.names) == stamp

    def _names(self, names: Iterable[str]) -> dict[str, int] | None:
        """The fingerprints of these names and of all that theirs look up."""
        found: dict[str, int] = {}
        left, whole = list(names), True
        while left:
            name = left.pop()
            if name in found:
                continue
            if name not in self.known:
                self.known[name] = self._name(name)
            known = self.known[name]
            whole &= known is not None
            found[name], more = known or (ABSENT, frozenset[str]())
            left += more
        return found if whole else None

    def _name(self, name: str) -> tuple[int, frozenset[str]] | None:
        if name in LOOKS:
            return None
        if name not in self.namespace:
            return ABSENT, frozenset()
        walk = _Everything(self.namespace, self.source, self.watched)
        printed = walk.print(self.namespace[name])
        if printed is None:
            return None
        return hash((name, printed)), frozenset(walk.names)

    def _surroundings(self) -> int | None:
        if self.around is None:
            self.watched.notes.clear()
            walk = _Everything(self.namespace, self.source, self.watched)
            self.around = walk.print(_surroundings(self.source, self.watched))
        return self.around


class _Everything(Walk):
    """Knows all that an object consists of, or says that it does not."""

    def __init__(
        self, namespace: Mapping[str, Any], source: Path, watched: Watched
    ) -> None:
        super().__init__()
        self.namespace = namespace
        self.source = source
        self.watched = watched
        self.names: set[str] = set()

    def parts(self, one: Any) -> Any:
        """With the class of each object, which tells what its methods do."""
        if isinstance(one, FunctionType | type):
            return self.opaque(one)
        noted = self.watched.notes.get(id(_owner(one)))
        if type(one) in READERS:
            return noted, super().parts(one)
        return type(one), noted, super().parts(one)

    def opaque(self, one: Any) -> Any:
        """Functions, classes, modules; nothing else is known."""
        if isinstance(one, ModuleType):
            return self._part(one.__name__, one)
        if isinstance(one, type):
            return self._class(one)
        if isinstance(one, FunctionType):
            return self._function(one)
        if isinstance(one, types.MethodType):
            return one.__func__, one.__self__
        if isinstance(one, types.BuiltinFunctionType):
            owner = one.__self__
            if owner is None or isinstance(owner, ModuleType | type):
                return self._part(one.__module__, one)
            return one.__name__, owner
        if isinstance(one, property):
            return one.fget, one.fset, one.fdel
        if isinstance(one, staticmethod | classmethod):
            return one.__func__
        if isinstance(one, functools._lru_cache_wrapper):
            return one.__wrapped__
        if isinstance(one, types.MappingProxyType):
            return dict(one)
        if isinstance(one, _still()):
            return self.watched.one(one)
        raise Unknown(type(one).__name__)

    def _part(self, module: str | None, one: object) -> int:
        """A part of a program that is not the chapter."""
        root = (module or "builtins").partition(".")[0]
        known = root in KNOWN or root.removeprefix("_") in KNOWN
        if not (known or _ours(root, self.source)):
            raise Unknown(root)
        return self.watched.one(one)

    def _function(self, one: FunctionType) -> Any:
        if one.__globals__ is self.namespace:
            self.names |= names_in(one.__code__)
            for module in _imports(one.__code__):
                self._part(module, None)
        else:
            self._part(one.__globals__.get("__name__"), one)
        cells = [_content(cell) for cell in one.__closure__ or ()]
        own = (one.__defaults__, one.__kwdefaults__, one.__dict__)
        return self.watched.one(one.__code__), cells, own

    def _class(self, one: type) -> Any:
        if one.__module__ != self.namespace.get("__name__"):
            return self._part(one.__module__, one)
        own = {
            name: value
            for name, value in vars(one).items()
            if not isinstance(value, _LAYOUT)
        }
        return self.watched.one(one), one.__mro__[1:], own


_LAYOUT = (types.GetSetDescriptorType, types.MemberDescriptorType)
_STILL = (
    *(types.WrapperDescriptorType, types.MethodDescriptorType),
    *(types.ClassMethodDescriptorType, types.MethodWrapperType),
    *(types.GenericAlias, types.UnionType, type(NotImplemented)),
)


def _still() -> tuple[type, ...]:
    """What is part of a program, and never changes."""
    numpy: Any = sys.modules.get("numpy")
    if numpy is None:
        return _STILL
    return (*_STILL, numpy.ufunc, numpy.dtype, type(numpy.sum))


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


@functools.lru_cache(maxsize=4096)
def _imports(code: CodeType) -> frozenset[str]:
    """The modules that some code imports when it runs."""
    found = {
        str(step.argval)
        for step in dis.get_instructions(code)
        if step.opname == "IMPORT_NAME"
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _imports(constant)
    return frozenset(found)


def _ours(root: str, source: Path) -> bool:
    """Whether a module is one of the library's."""
    file = getattr(sys.modules.get(root), "__file__", None)
    return file is not None and root != "bookproof" and _within(file, source)


@functools.lru_cache(maxsize=4096)
def _within(file: str, folder: Path) -> bool:
    return folder in Path(file).resolve().parents


def _surroundings(source: Path, watched: Watched) -> list[object]:
    """All that code can read without any name of the chapter."""
    said: list[object] = [
        dict(os.environ),
        os.getcwd(),
        sys.getrecursionlimit(),
        sys.path,
        str(warnings.filters),
        str(decimal.getcontext()),
        random.getstate(),
    ]
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        said += [numpy.geterr(), str(numpy.get_printoptions())]
        said.append(str(numpy.geterrcall()))
    generator: Any = sys.modules.get("numpy.random")
    if generator is not None:
        said.append(generator.get_state(legacy=False))
    matplotlib: Any = sys.modules.get("matplotlib")
    if matplotlib is not None:
        said.append(str(dict.items(matplotlib.rcParams)))
    for name, module in [*sys.modules.items()]:
        root = name.partition(".")[0]
        if root in KNOWN:
            parts = [v for k, v in vars(module).items() if k not in FREE]
            said.append(watched.all(name, parts))
        elif _ours(root, source):
            said += _library(name, module, watched)
    return said


def _library(
    name: str, module: ModuleType, watched: Watched
) -> Iterator[object]:
    """What stands for a module of the library: what each of its names is,
    what its classes hold, and all of its data."""
    parts: list[object] = []
    for key, value in [*vars(module).items()]:
        if isinstance(value, FunctionType):
            parts += (value, value.__code__)
        elif isinstance(value, type):
            parts.append(value)
            if value.__module__ == name:
                parts += vars(value).values()
        elif isinstance(value, ModuleType | types.BuiltinFunctionType):
            parts.append(value)
        elif not (
            key.startswith("__")
            # It tells calls apart, and goes on with each.
            or isinstance(value, itertools.count)
            or _take_notes(value, watched)
        ):
            yield key, value
    yield watched.all(name, parts)


def _take_notes(value: object, watched: Watched) -> bool:
    """Whether it notes something of objects that it knows by weak references.
    Each note then counts for its object alone: who does not come across the
    object cannot tell, nor how many notes there are."""
    own = getattr(value, "__dict__", {})
    tables = [each for each in own.values() if isinstance(each, dict)]
    weak = [t for t in tables if t and all(map(_is_weak, t.values()))]
    for table in weak:
        for key, reference in [*table.items()]:
            noted = [each.get(key) for each in tables if each is not table]
            watched.notes.setdefault(id(reference()), []).append(noted)
    return bool(weak or (not any(tables) and _refers_weakly(type(value))))


def _refers_weakly(kind: type) -> bool:
    """Whether its methods make weak references."""
    methods = [m for m in vars(kind).values() if isinstance(m, FunctionType)]
    return any("weakref" in names_in(each.__code__) for each in methods)


def _is_weak(value: object) -> bool:
    return isinstance(value, weakref.ref)


def _owner(one: Any) -> Any:
    """The array whose memory another may only be viewing."""
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        while isinstance(one, numpy.ndarray) and isinstance(
            one.base, numpy.ndarray
        ):
            one = one.base
    return one
