"""A progress bar on standard error, when somebody looks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence

from tqdm import tqdm  # type: ignore[import-untyped]

from bookproof.outcome import Outcome, runnable
from bookproof.reading.elements import Chapter


@contextlib.contextmanager
def bar(chapters: Sequence[Chapter]) -> Iterator[Callable[[Outcome], None]]:
    """A bar over all elements that will have a verdict."""
    total = sum(len(runnable(chapter)) for chapter in chapters)
    lock, seen = threading.Lock(), set()
    with tqdm(total=total, unit="", leave=False, disable=None) as shown:

        def advance(outcome: Outcome) -> None:
            place = (outcome.place.file, outcome.index)
            with lock:
                if place not in seen:
                    seen.add(place)
                    shown.set_description(outcome.place.file, refresh=False)
                    shown.update()

        yield advance


@contextlib.contextmanager
def count(total: int, unit: str) -> Iterator[Callable[[], None]]:
    """A bar over so many things of one sort; call it when one is done."""
    lock = threading.Lock()
    with tqdm(total=total, unit=f" {unit}", leave=False, disable=None) as shown:

        def advance() -> None:
            with lock:
                shown.update()

        yield advance
