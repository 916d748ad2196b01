"""Other versions of an element, tried where it stands: does a check fail?

Each runs in a forked copy of the chapter, so that nothing of it remains. A
changed definition is followed to the first later check that it breaks.
"""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING, Any

from bookproof.elements import Element, Marker, Symbols
from bookproof.outcome import GOOD, NOT_REACHED

if TYPE_CHECKING:
    from bookproof.forward import Runner


def try_variant(runner: Runner, index: int, element: Element) -> str | None:
    """The first finding that this version leads to; None if it survives."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _child(runner, writing, index, element)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        text = pipe.read()
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    verdict = json.loads(text) if text else "the process died"
    return None if verdict is None else str(verdict)


def _child(runner: Runner, writing: int, index: int, element: Element) -> None:
    """Go on from here in the forked copy; never returns."""

    def answer(verdict: str | None) -> None:
        os.write(writing, json.dumps(verdict).encode())
        os._exit(0)

    def watch(event: dict[str, Any]) -> None:
        outcome = event.get("outcome")
        if outcome is None:
            return
        status, findings = outcome["status"], outcome["findings"]
        if findings:
            place = f"{outcome['file']}:{outcome['line']}"
            answer(f"{place}: {findings[0]['message']}")
        elif status not in GOOD and status != NOT_REACHED:
            answer(f"{outcome['id']}: {status}")

    try:
        runner.emit = watch
        runner.wanted = None
        runner.waiting = []
        runner.settled = []
        runner.verify(index, element)
        binds = isinstance(element, Symbols) or (
            isinstance(element, Marker) and element.kind == "let"
        )
        if binds or runner.waiting:
            runner.follow(index)
        answer(None)
    except BaseException as error:
        answer(f"{type(error).__name__}: {error}")
