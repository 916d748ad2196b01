"""Which of a chapter's names a piece of its Python reads."""

from __future__ import annotations

import dis
import functools
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, ModuleType
from typing import Any

_STORE = frozenset({"STORE_NAME", "STORE_GLOBAL", "DELETE_NAME"})
_GLOBAL = frozenset({"LOAD_NAME", "LOAD_GLOBAL"}) | _STORE

_FIXED = (
    *(int, float, complex, str, bytes, type(None), type),
    *(FunctionType, ModuleType),
)


@functools.lru_cache(maxsize=4096)
def names_in(code: CodeType) -> frozenset[str]:
    """The global names that some code looks up or binds, in what it
    defines too."""
    return _argument_names(code, _GLOBAL)


@functools.lru_cache(maxsize=4096)
def bound_in(code: CodeType) -> frozenset[str]:
    """The global names that some code binds."""
    return _argument_names(code, _STORE)


@functools.lru_cache(maxsize=4096)
def needed(code: CodeType) -> tuple[str, ...]:
    """The names that an expression itself speaks of, and does not bind: with
    one of them missing it has no value yet."""
    spoken = {
        step.argval: None
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_NAME", "LOAD_GLOBAL")
    }
    return tuple(name for name in spoken if name not in bound_in(code))


def _argument_names(code: CodeType, opnames: frozenset[str]) -> frozenset[str]:
    found = {
        step.argval
        for step in dis.get_instructions(code)
        if step.opname in opnames
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _argument_names(constant, opnames)
    return frozenset(found)


def closure(names: frozenset[str], namespace: Mapping[str, Any]) -> list[str]:
    """These names and those that the chapter's own functions among their
    values look up when they are called, as far as they are bound."""
    found: dict[str, None] = {}
    left = sorted(names)
    while left:
        name = left.pop()
        if name in found or name not in namespace:
            continue
        found[name] = None
        for code in _codes(namespace[name], namespace, set()):
            left += sorted(names_in(code))
    return sorted(found)


def _codes(
    value: object, namespace: Mapping[str, Any], seen: set[int]
) -> Iterator[CodeType]:
    """The code of functions that the chapter itself defines."""
    value = getattr(value, "__func__", value)
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, FunctionType):
        if value.__globals__ is namespace:
            yield value.__code__
        for cell in value.__closure__ or ():
            inner = _content(cell)
            if isinstance(inner, FunctionType):
                yield from _codes(inner, namespace, seen)
        return
    kind = value if isinstance(value, type) else type(value)
    if kind.__module__ == namespace.get("__name__"):
        for member in vars(kind).values():
            function = getattr(member, "fget", member)
            if isinstance(function, FunctionType | staticmethod | classmethod):
                yield from _codes(function, namespace, seen)


def _content(cell: Any) -> object:
    try:
        return cell.cell_contents
    except ValueError:  # not yet filled
        return None


def fixed(value: object) -> bool:
    """Whether nobody can change the value without binding its name anew."""
    if isinstance(value, tuple | frozenset):
        return all(map(fixed, value))
    return isinstance(value, _FIXED)
