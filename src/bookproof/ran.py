"""Which functions of the library ran: noted by Python's own profiler.

A profiler belongs to a process, so there is one recorder in it: the worker
switches it on where code of the chapter runs, and nowhere else.
"""

from __future__ import annotations

import cProfile
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType

import bookproof

PRESS = Path(bookproof.__file__).parent


class Recorder:
    """Notes the functions under `source` that run within `running`."""

    def __init__(self, source: Path) -> None:
        self._source = source.resolve()
        self._profile = cProfile.Profile(builtins=False)
        self._inside = False
        self._names: dict[CodeType, str | None] = {}

    @contextmanager
    def running(self) -> Iterator[None]:
        """Code of the chapter runs here."""
        if self._inside:
            yield
            return
        self._inside = True
        on = self._switched_on()
        try:
            yield
        finally:
            self._inside = False
            if on:
                self._profile.disable()

    def _switched_on(self) -> bool:
        try:
            self._profile.enable()
        except ValueError:  # somebody profiles the press itself
            return False
        return True

    def take(self) -> list[str]:
        """What ran since the last time: `file:line:name`, in order.

        What the library does while it is imported is not the chapter's.
        """
        calls = {
            row.code: [
                each.code
                for each in row.calls or ()
                if isinstance(each.code, CodeType)
            ]
            for row in self._profile.getstats()
            if isinstance(row.code, CodeType)
        }
        self._profile.clear()
        left = [code for code in calls if _is_chapters(code)]
        seen = set(left)
        while left:
            for code in calls.get(left.pop(), ()):
                if code not in seen and not self._is_imported(code):
                    seen.add(code)
                    left.append(code)
        names = {self._name(code) for code in seen}
        return sorted(name for name in names if name is not None)

    def _is_imported(self, code: CodeType) -> bool:
        """Whether it is the body of a module or a class of the library."""
        if code.co_flags & inspect.CO_OPTIMIZED:
            return False
        return self._source in Path(code.co_filename).parents

    def _name(self, code: CodeType) -> str | None:
        if code not in self._names:
            self._names[code] = self._named(code)
        return self._names[code]

    def _named(self, code: CodeType) -> str | None:
        if not code.co_flags & inspect.CO_OPTIMIZED:
            return None
        path = Path(code.co_filename)
        if PRESS in path.parents or self._source not in path.parents:
            return None
        file = path.relative_to(self._source).as_posix()
        return f"{file}:{code.co_firstlineno}:{code.co_qualname}"


def _is_chapters(code: CodeType) -> bool:
    """Whether it is Python of the chapter, or the press that calls it."""
    name = code.co_filename
    return name.startswith(("<cell", "<expression")) or (
        PRESS in Path(name).parents
    )
