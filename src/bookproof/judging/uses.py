"""What the verdict on an element rests on: noted while it is reached.

Nothing here is typed by an author. The evaluator says which definitions and
rows it looked up, Python's code which names it reads, the namespace which
cell bound them, the profiler which functions of the library ran.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import CodeType
from typing import Any

from bookproof.judging.prints import fingerprint
from bookproof.judging.reads import bound_in, closure, fixed, names_in
from bookproof.latex.noting import Noting
from bookproof.running.ran import Recorder


class Uses(Noting):
    """Who used what in a running chapter (the terms are those of `Used`)."""

    def __init__(
        self, namespace: Mapping[str, Any], recorder: Recorder
    ) -> None:
        self.namespace = namespace
        self.recorder = recorder
        self.owner = ""
        self.raised: Exception | None = None
        self._things: dict[str, dict[str, None]] = {}
        self._code: dict[str, list[str]] = {}
        # The cells that bound a name or may have changed what it stands for.
        self._makers: dict[str, dict[str, None]] = {}
        self._prints: dict[str, int | None] = {}

    def note(self, thing: str, user: str = "") -> None:
        """`user` (by default, whoever is at work) used `thing`."""
        user = user or self.owner
        if thing != user:
            self._things.setdefault(user, {})[thing] = None

    def note_names(self, code: CodeType, own: Mapping[str, object]) -> None:
        """Whoever is at work evaluates this code, with names of its own."""
        names = names_in(code) - own.keys()
        for name in closure(names, self.namespace):
            for maker in self._makers.get(name, ()):
                self.note(maker)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Meanwhile, Python of the chapter runs; what it raises is kept."""
        try:
            yield
        except Exception as error:
            self.raised = error
            raise

    @contextmanager
    def by(self, owner: str) -> Iterator[None]:
        """Meanwhile, `owner` is at work."""
        saved, self.owner = self.owner, owner
        try:
            yield
        finally:
            self.owner = saved

    @contextmanager
    def verdict(self, owner: str) -> Iterator[None]:
        """Meanwhile, the verdict on an element is reached."""
        self.raised = None
        with self.by(owner):
            yield
        self._ran(owner)

    @contextmanager
    def cell(self, owner: str, source: str) -> Iterator[None]:
        """A cell runs: what it reads, and which names it binds."""
        code = _compiled(source)
        names = names_in(code)
        # Not the values: a cell may show that dropping one frees it.
        before = {name: id(value) for name, value in self.namespace.items()}
        read = closure(names, self.namespace)
        with self.by(owner):
            yield
        self._ran(owner)
        read = sorted({*read, *closure(names, self.namespace)})
        for name in read:
            for maker in self._makers.get(name, ()):
                self.note(maker, owner)
        self._wrote(owner, code, frozenset(read), before)

    def _wrote(
        self,
        owner: str,
        code: CodeType,
        read: frozenset[str],
        before: Mapping[str, int],
    ) -> None:
        """Note which names the cell has bound, or may have changed."""
        bound = bound_in(code)
        for name, value in self.namespace.items():
            if before.get(name) != id(value):
                self._makers[name] = {owner: None}
                self._prints.pop(name, None)
            if fixed(value):
                if name in bound:
                    self._makers.setdefault(name, {})[owner] = None
                continue
            known = self._prints.get(name)
            self._prints[name] = now = fingerprint(value)
            changed = known is not None and now is not None and known != now
            if changed or name in bound or name in read:
                self._makers.setdefault(name, {})[owner] = None

    def take(self) -> dict[str, Any]:
        """What is new since the last time, as an event for the parent."""
        things, self._things = self._things, {}
        code, self._code = self._code, {}
        return {
            "event": "uses",
            "things": {user: list(each) for user, each in things.items()},
            "code": code,
        }

    def _ran(self, owner: str) -> None:
        ran = self.recorder.take()
        if ran:
            self._code.setdefault(owner, []).extend(ran)


def _compiled(source: str) -> CodeType:
    try:
        return compile(source, "<cell>", "exec")
    except SyntaxError:
        return compile("", "<cell>", "exec")
