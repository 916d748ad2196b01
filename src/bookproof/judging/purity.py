"""Expressions must leave the chapter as it was: its names, and the state of
its random generators (RULES 23)."""

from __future__ import annotations

import operator
import random
import sys
from typing import Any


class Snapshot:
    """The names bound in a namespace, and the state of every generator."""

    def __init__(self, namespace: dict[str, Any]) -> None:
        self.namespace = namespace
        self.names = dict(namespace)
        kinds = {kind for kind in set(map(type, namespace.values()))
                 if issubclass(kind, _generators())}  # fmt: skip
        self.states = {
            name: (value, _state(value))
            for name, value in (namespace.items() if kinds else ())
            if type(value) in kinds
        }
        self.random = random.getstate()
        self.numpy = _numpy_state()

    def restore(self) -> list[str]:
        """Put everything back; what had been changed, in words."""
        changes = self._names()
        for name, (value, state) in self.states.items():
            if _state(value) != state:
                _set_state(value, state)
                changes.append(f"the state of the generator {name!r}")
        if random.getstate() != self.random:
            random.setstate(self.random)
            changes.append("the state of the module 'random'")
        if self.numpy is not None and _numpy_state() != self.numpy:
            sys.modules["numpy.random"].set_state(self.numpy)
            changes.append("the state of NumPy's global generator")
        return changes

    def _names(self) -> list[str]:
        now, changes = self.namespace, list[str]()
        if len(now) == len(self.names) and all(
            map(operator.is_, now.values(), self.names.values())
        ):
            return changes
        for name in [*now]:
            if name not in self.names:
                changes.append(f"the new name {name!r}")
                del now[name]
        for name, value in self.names.items():
            if name not in now or now[name] is not value:
                changes.append(f"what {name!r} stands for")
                now[name] = value
        return changes


def _state(value: object) -> Any:
    """The state of a generator in a comparable form."""
    generator: Any = value
    if isinstance(value, random.Random):
        return value.getstate()
    if hasattr(value, "bit_generator"):
        return _plain(generator.bit_generator.state)
    return _plain(generator.get_state(legacy=False))


def _generators() -> tuple[type, ...]:
    """The kinds of generators that there are."""
    there = sys.modules.get("numpy.random")
    if there is None:
        return (random.Random,)
    return random.Random, there.Generator, there.RandomState


def _set_state(value: Any, state: Any) -> None:
    if isinstance(value, random.Random):
        value.setstate(state)
    elif hasattr(value, "bit_generator"):
        value.bit_generator.state = state
    else:
        value.set_state(state)


def _numpy_state() -> Any:
    numpy_random = sys.modules.get("numpy.random")
    if numpy_random is None:
        return None
    return _plain(numpy_random.get_state(legacy=False))


def _plain(state: Any) -> Any:
    """Arrays within a state as lists, so that `==` is one truth value."""
    if isinstance(state, dict):
        return {key: _plain(value) for key, value in state.items()}
    return state.tolist() if hasattr(state, "tolist") else state
