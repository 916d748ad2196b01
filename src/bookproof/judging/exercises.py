"""Exercises: the starter must fail its check, the solution must pass it.

Each runs in a forked copy of the worker, after the cells before it, so that
no name leaks out and nothing of it can harm the chapter.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bookproof.diagnostics import Finding, Text
from bookproof.reading.elements import Exercise, Solution
from bookproof.running import leftovers
from bookproof.running.patience import Clock
from bookproof.running.ran import Recorder
from bookproof.running.traces import Frames, describe


@dataclass(frozen=True, slots=True)
class Room:
    """What an attempt finds: the chapter's names and their frames; and who
    takes down which functions it runs."""

    namespace: Mapping[str, Any]
    frames: Frames
    recorder: Recorder


@dataclass(frozen=True, slots=True)
class Attempt:
    """How a piece of code and its check ended: the exception's class names
    (empty: it passed), the exception in words, and where it arose."""

    raised: tuple[str, ...] = ()
    message: str = ""
    trace: tuple[str, ...] = ()
    timed_out: bool = False


def verify_exercise(
    exercise: Exercise,
    room: Room,
    seconds: float,
) -> list[Finding]:
    """The starter must fail, by AssertionError or NotImplementedError."""
    if exercise.starter is None or exercise.check is None:
        return []
    attempt = _attempt(
        ("starter", exercise.starter), exercise.check, room, seconds
    )
    where = exercise.starter
    if attempt.timed_out:
        return [_late(exercise.label, "starter", where, seconds)]
    if not attempt.raised:
        message = "the starter passes its check already"
        note = "leave the work to the reader, or make the check stricter"
        return [_finding(exercise.label, message, where, (note,))]
    if {"AssertionError", "NotImplementedError"} & set(attempt.raised):
        return []
    message = f"the starter must fail its check, but raises {attempt.message}"
    note = "a starter ends in NotImplementedError or a failing assert"
    return [_finding(exercise.label, message, where, (*attempt.trace, note))]


def verify_solution(
    solution: Solution,
    exercise: Exercise | None,
    room: Room,
    seconds: float,
) -> list[Finding]:
    """The solution must pass the check of its exercise."""
    if exercise is None:
        message = f"no exercise is called {solution.label!r}"
        note = "a solution bears the label of its exercise"
        place = solution.place
        return [Finding("exercise", message, place, notes=(note,))]
    if solution.code is None or exercise.check is None:
        return []
    attempt = _attempt(("code", solution.code), exercise.check, room, seconds)
    if attempt.timed_out:
        return [_late(solution.label, "solution", solution.code, seconds)]
    if not attempt.raised:
        return []
    message = f"the solution does not pass its check: {attempt.message}"
    return [_finding(solution.label, message, solution.code, attempt.trace)]


def _attempt(
    code: tuple[str, Text], check: Text, room: Room, seconds: float
) -> Attempt:
    reading, writing = os.pipe()
    parent = os.getpid()
    with room.recorder.pausing():
        child = os.fork()
    if child == 0:
        leftovers.end_with_parent(parent)
        os.close(reading)
        _child(writing, (code, ("check", check)), room)
    os.close(writing)
    try:
        text = _read(reading, Clock(child, seconds))
    finally:
        os.close(reading)
        os.kill(child, signal.SIGKILL)  # it has nothing left to say
        os.waitpid(child, 0)
    if text is None:
        return Attempt(timed_out=True)
    if not text:
        return Attempt(("Died",), "the process died")
    record = json.loads(text)
    room.recorder.note(record.pop("report"))
    raised, trace = (tuple(record.pop(key, ())) for key in ("raised", "trace"))
    return Attempt(raised, trace=trace, **record)


def _child(writing: int, codes: Sequence[tuple[str, Text]], room: Room) -> None:
    """Run in the forked copy; never returns."""
    record: dict[str, Any] = {"raised": []}
    frames, namespace = room.frames, dict(room.namespace)
    try:
        sink = open(os.devnull, "w")  # noqa: SIM115
        sys.stdout = sys.stderr = sink
        for name, text in codes:
            filename = f"<{name}>"
            frames.codes[filename] = text
            exec(compile(text.text, filename, "exec"), namespace)
    except BaseException as error:
        names = [each.__name__ for each in type(error).__mro__]
        record = {"raised": names, "message": describe(error)}
        record["trace"] = frames.notes(error)
    finally:
        record["report"] = room.recorder.report()
        # Closed by the end: until then the parent waits for us.
        with open(writing, "wb", closefd=False) as pipe:
            pipe.write(json.dumps(record).encode())
        os._exit(0)


def _read(reading: int, clock: Clock) -> bytes | None:
    """All that the child writes; None when the time is over."""
    parts: list[bytes] = []
    while True:
        ready = select.select([reading], [], [], clock.nap())[0]
        if not ready and clock.late:
            return None
        if not ready:
            continue
        part = os.read(reading, 65536)
        if not part:
            return b"".join(parts)
        parts.append(part)


def _late(label: str, what: str, where: Text, seconds: float) -> Finding:
    message = f"the {what} ran past its limit of {seconds:g} s"
    note = "make it smaller, or raise cell_seconds in [tool.bookproof]"
    return _finding(label, message, where, (note,))


def _finding(
    label: str, message: str, where: Text, notes: tuple[str, ...]
) -> Finding:
    return Finding(
        "exercise", f"{label}: {message}", where.place(), notes=notes
    )
