"""Who wants to know what the evaluator looks up, and when Python runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext


class Noting:
    """Told of each look-up; this one does not care."""

    def note(self, thing: str, user: str = "") -> None:
        """`user` (a let; empty: the claim itself) looked up `thing`."""

    @contextmanager
    def by(self, owner: str) -> Iterator[None]:
        """Meanwhile, the Python of `owner` is evaluated."""
        yield

    def running(self) -> AbstractContextManager[None]:
        """Meanwhile, Python of the chapter runs."""
        return nullcontext()
