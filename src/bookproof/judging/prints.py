"""Fingerprints of values: has a cell changed what a name stands for, though
it never spoke of the name (`opt.step()` changes the arrays of `net`)?

Only data is looked at, and nothing of it is called: numbers, texts, arrays,
containers, attributes. What has no such parts (a generator, a function) counts
as unchanged; what has too many has no fingerprint. Python's own pickler walks
through the data, for it does so quickly; what it writes is not kept.
"""

from __future__ import annotations

import collections
import decimal
import pickle
import random
import sys
import threading
import weakref
from collections.abc import Callable
from functools import lru_cache
from types import MemberDescriptorType
from typing import Any, NoReturn

MOST = 5_000
"""So many objects a value may consist of, numbers and texts aside."""

LONGEST = 250_000
"""So many bytes its numbers and texts may take, arrays aside."""

DEEPEST = 6_000
"""So many calls may be nested within one another: no stack is too small."""

Reader = Callable[[Any], Any]

_BASES = (
    *(dict, list, tuple, set, frozenset, collections.OrderedDict),
    *(collections.defaultdict, collections.deque),
)


class Unknown(Exception):
    """There is no telling all that an object consists of."""


def fingerprint(value: object) -> int | None:
    """Stands for all data that can be reached from a value."""
    return Walk().print(value)


class _Sink:
    """Takes what the pickler writes, and leaves but its hash."""

    def __init__(self) -> None:
        self.length = 0
        self.digest = 0

    def write(self, data: Any) -> int:
        """Take in a piece of it."""
        self.length += len(data)
        if self.length > LONGEST:
            raise Unknown("too long")
        self.digest = hash((self.digest, bytes(data)))
        return len(data)


class Walk:
    """Walks through a value."""

    def __init__(self) -> None:
        self.readers: dict[type, Reader | None] = {}

    def print(self, value: object) -> int | None:
        """The fingerprint of a value, None if there is none."""
        sink, limit = _Sink(), sys.getrecursionlimit()
        try:
            sys.setrecursionlimit(DEEPEST)
            _Pickler(sink, self).dump(value)
        except Exception:  # a class of the chapter may do as it likes
            return None
        finally:
            sys.setrecursionlimit(limit)
        return hash((sink.length, sink.digest))

    def parts(self, one: Any) -> Any:
        """What an object consists of."""
        kind = type(one)
        try:
            reader = self.readers[kind]
        except KeyError:
            self.readers[kind] = reader = _reader(kind)
        return kind.__name__ if reader is None else reader(one)


class _Pickler(pickle.Pickler):
    def __init__(self, sink: Any, walk: Walk) -> None:
        super().__init__(sink, protocol=5)
        self.walk = walk
        self.left = MOST

    def reducer_override(self, one: Any) -> Any:
        """Instead of asking the object how it wants to be pickled."""
        if one is _made:
            return NotImplemented
        self.left -= 1
        if self.left < 0:
            raise Unknown("too many parts")
        # As a state, not as arguments: it may lead back to the object.
        return _made, (), (self.walk.parts(one),)


def _made() -> NoReturn:
    """Stands where a pickle says how to make an object; nothing is made."""
    raise NotImplementedError


def _reader(kind: Any) -> Reader | None:
    """What says all that objects of a class consist of, if they are data."""
    if kind in READERS:
        return READERS[kind]
    name = kind.__name__
    numpy: Any = sys.modules.get("numpy")
    if numpy is not None:
        if issubclass(kind, numpy.generic):
            return lambda one: (name, one.tobytes())
        if issubclass(kind, numpy.ndarray):
            return lambda one: (name, _array(one), _attributes(one))
    there: Any = sys.modules.get("numpy.random")
    if there is not None and kind is there.Generator:
        return lambda one: one.bit_generator.state
    if there is not None and kind is there.RandomState:
        return lambda one: one.get_state(legacy=False)
    if issubclass(kind, _BASES):
        return lambda one: (name, _content(one), _attributes(one))
    if issubclass(kind, threading.local) or _open(kind):
        return lambda one: (name, _attributes(one))
    return None


def _array(one: Any) -> tuple[object, ...]:
    entries = one.tolist() if one.dtype.hasobject else hash(one.tobytes())
    return one.shape, one.dtype.str, entries


def _content(one: Any) -> list[object]:
    """What a container holds, whatever its class says of it."""
    if isinstance(one, dict):
        return list(dict.items(one))
    base: Any = next(base for base in _BASES if isinstance(one, base))
    extra = [one.maxlen] if base is collections.deque else []
    return [*base.__iter__(one), *extra]


def _attributes(one: Any) -> list[object]:
    own = getattr(one, "__dict__", None)
    parts: list[object] = [own] if type(own) is dict else []
    kind: Any = type(one)
    for member in _slots(kind):
        try:
            parts.append(member.__get__(one))
        except AttributeError:  # it has not been set
            parts.append(None)
    return parts


@lru_cache(maxsize=1000)
def _open(kind: type) -> bool:
    """Whether attributes are all that an object of the class consists of:
    then it takes no more room than they do."""
    own = len(_slots(kind)) + (kind.__weakrefoffset__ > 0)
    own += kind.__dictoffset__ > 0
    room = object.__basicsize__ + own * tuple.__itemsize__
    return kind.__itemsize__ == 0 and kind.__basicsize__ <= room


@lru_cache(maxsize=1000)
def _slots(kind: type) -> tuple[MemberDescriptorType, ...]:
    return tuple(
        member
        for each in kind.__mro__
        for member in vars(each).values()
        if isinstance(member, MemberDescriptorType)
    )


READERS: dict[type, Reader] = {
    complex: repr,
    range: repr,
    slice: lambda one: (one.start, one.stop, one.step),
    type(...): repr,
    bytearray: bytes,
    decimal.Decimal: str,
    random.Random: lambda one: one.getstate(),
    weakref.ref: lambda one: one(),
}
"""Other data, and what tells all of it (a reference: what it refers to)."""
