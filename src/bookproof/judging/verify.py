"""The state of a running chapter, and the verdict on one element in it.

`verify_element` is apart from the loop (`forward.py`), so that a changed
element can be verified again in the same state.
"""

from __future__ import annotations

import builtins
import functools
import resource
import traceback
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from bookproof.diagnostics import Finding
from bookproof.judging import exercises
from bookproof.judging.claims import Scope, Verdict
from bookproof.judging.facts import TRUE, say_so, verify_fact
from bookproof.judging.purity import Snapshot
from bookproof.judging.reads import needed
from bookproof.judging.uses import Uses
from bookproof.latex.errors import MissingName
from bookproof.outcome import Outcome, blank
from bookproof.prose.held import Said
from bookproof.reading import python
from bookproof.reading.elements import (
    Element,
    Exercise,
    Marker,
    PlainMath,
    Solution,
    Symbols,
)
from bookproof.request import Request
from bookproof.running.guard import Guard, of_patch
from bookproof.running.ran import Recorder
from bookproof.running.shell import Shell, make_shell
from bookproof.running.traces import Frames, describe

MEMORY = 4 * 2**30
"""Bytes of address space that a chapter may use."""

WAITING = "waiting"
NO_CELL = "a cell"


class State:
    """A running chapter: its namespace, its mathematics, what must wait."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.chapter = request.chapter
        self.shell: Shell = make_shell(request.chapter.path)
        self.namespace: dict[str, Any] = self.shell.user_ns
        recorder = Recorder(Path(request.source))
        self.uses = Uses(self.namespace, recorder)
        self.scope = Scope(self.evaluate, request.macros)
        self.scope.bindings.noting = self.uses
        self.frames = Frames(
            Path(request.root), lambda *at: request.lines.get(at)
        )
        self.room = exercises.Room(self.namespace, self.frames, recorder)
        self.exercises = {
            element.label: element
            for element in request.chapter.elements
            if isinstance(element, Exercise)
        }
        self.lost: set[str] = set()
        self.before: Snapshot | None = None
        self.guard = Guard()
        self.said = Said(request.chapter)
        self.spent: dict[int, float] = defaultdict(float)

    @contextmanager
    def spending(self, index: int) -> Iterator[None]:
        """Meanwhile, time is spent on this element of the chapter."""
        start = spent()
        try:
            yield
        finally:
            self.spent[index] += spent() - start

    def evaluate(self, source: str, extra: Mapping[str, object]) -> object:
        """The value of a Python expression where the chapter stands."""
        if self.request.bare:
            raise NameError("no cell has run", name=NO_CELL)
        names = {"ref": self.ref} | self.namespace | dict(extra)
        code = _compiled(source.strip())
        for name in needed(code):
            if name not in names and not hasattr(builtins, name):
                # So nothing has run, and nothing can have been changed.
                message = f"name {name!r} is not defined"
                raise NameError(message, name=name)
        self.before = self.before or Snapshot(self.namespace)
        self.uses.note_names(code, extra)
        with self.uses.running():
            return eval(code, names)

    def ref(self, name: str) -> float:
        """The value of another chapter's labelled fact."""
        self.uses.note(name)
        value = self.request.facts.get(name)
        if value is None:
            raise LookupError(
                f"ref({name!r}): no such fact has been verified; check that "
                "chapter first (write ref('chapter/label') in full)"
            )
        return value


def spent() -> float:
    """The seconds that processors have spent on this process."""
    used = map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return sum(each.ru_utime + each.ru_stime for each in used)


@functools.lru_cache(maxsize=4096)
def _compiled(source: str) -> Any:
    # Parenthesised, so that an expression may go over several lines.
    tree = python.parse(f"(\n{source}\n)", "eval")
    return compile(tree, "<expression>", "eval")


def verify_element(
    state: State, index: int, element: Element, scope: Scope | None = None
) -> tuple[Outcome, str | None]:
    """The verdict on one element in this state of the chapter; with the
    name that it waits for. Leaves names and generators as they were."""
    return _purely(
        state, index, element, lambda: _verify(state, index, element, scope)
    )


def verify_shapes(
    state: State, index: int, table: Symbols, whole: bool
) -> tuple[Outcome, str | None]:
    """The verdict on a table of symbols once the chapter has run: have the
    values the printed shapes? `whole`: no claim was left out."""

    def verdict() -> tuple[Outcome, str | None]:
        outcome = blank(index, table)
        try:
            found = state.scope.shapes(table, whole=whole)
        except MissingName as missing:
            return outcome, missing.name
        return _from(outcome, found), None

    return _purely(state, index, table, verdict)


def _purely(
    state: State,
    index: int,
    element: Element,
    verdict: Callable[[], tuple[Outcome, str | None]],
) -> tuple[Outcome, str | None]:
    # Nothing but Python can change the chapter: `evaluate` looks what there is.
    state.before = None
    if isinstance(element, Exercise | Solution):
        state.before = Snapshot(state.namespace)
    owner = blank(index, element).id
    with (
        state.spending(index),
        state.shell.recording(),
        state.uses.verdict(owner),
    ):
        try:
            outcome, missing = verdict()
        except Exception as error:
            # A fault of the press must not hide what else is wrong.
            outcome, missing = blank(index, element), None
            outcome = outcome.settle("error", _internal(outcome, error))
    state.shell.recorded.clear()
    changes = state.before.restore() if state.before else []
    patched = state.guard.undo() if state.before else []
    if patched:
        finding = of_patch(patched, element.place)
        outcome = outcome.settle("error", *outcome.findings, finding)
    if outcome.findings and state.uses.raised:
        outcome = _traced(outcome, state.frames, state.uses.raised)
    if changes:
        outcome = replace(
            outcome,
            status="error",
            findings=(*outcome.findings, _impure(outcome, changes)),
        )
    return outcome, missing


def _verify(
    state: State, index: int, element: Element, scope: Scope | None
) -> tuple[Outcome, str | None]:
    scope = scope or state.scope
    outcome = blank(index, element)
    seconds = state.request.cell_seconds
    match element:
        case Marker(kind="let"):
            return _from(outcome, scope.let(element)), None
        case Marker(kind="claim"):
            return _verdict(outcome, scope.check(element))
        case Marker(kind="fact"):
            verdict = verify_fact(element, state.evaluate)
            if verdict.values == TRUE:
                verdict = say_so(element, verdict, state.said)
            return _valued(state, element, *_verdict(outcome, verdict))
        case Marker():
            return outcome.settle(element.kind), None
        case Symbols():
            return _from(outcome, scope.symbols(element)), None
        case PlainMath():
            found = scope.read(element.body, relation_allowed=False)
            return _from(outcome, found), None
        case Exercise():
            found = exercises.verify_exercise(element, state.room, seconds)
            by_hand = element.check is None
            return _from(
                outcome, found, "by hand" if by_hand else "holds"
            ), None
        case Solution():
            found = exercises.verify_solution(
                element,
                state.exercises.get(element.label),
                state.room,
                seconds,
            )
            by_hand = element.code is None
            return _from(
                outcome, found, "by hand" if by_hand else "holds"
            ), None
        case _:
            raise TypeError(f"{type(element).__name__} has no verdict")


def _from(
    outcome: Outcome, findings: list[Finding], good: str = "holds"
) -> Outcome:
    return outcome.settle("error" if findings else good, *findings)


def _verdict(outcome: Outcome, verdict: Verdict) -> tuple[Outcome, str | None]:
    outcome = replace(
        outcome,
        status=verdict.status,
        findings=tuple(verdict.findings),
        values=tuple(verdict.values),
        draws=verdict.draws,
        relations=verdict.relations,
    )
    missing = verdict.missing if verdict.status == WAITING else None
    return outcome, missing


def _valued(
    state: State, marker: Marker, outcome: Outcome, missing: str | None
) -> tuple[Outcome, str | None]:
    """The outcome of a labelled fact keeps its value, for `ref`."""
    if marker.label and marker.expression and outcome.status == "holds":
        value = state.evaluate(marker.expression.text, {})
        number: Any = value.item() if hasattr(value, "item") else value
        if isinstance(number, int | float):
            outcome = replace(outcome, value=float(number))
    return outcome, missing


def _traced(outcome: Outcome, frames: Frames, error: Exception) -> Outcome:
    """The finding that tells of an error of Python tells where it arose."""
    what = describe(error)
    found = (
        replace(each, notes=(*frames.notes(error), *each.notes))
        if what in each.message
        else each
        for each in outcome.findings
    )
    return replace(outcome, findings=tuple(found))


def _internal(outcome: Outcome, error: Exception) -> Finding:
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    return Finding(
        "internal",
        f"the press itself fails here: {describe(error)} (at {where})",
        outcome.place,
        id=outcome.id,
        notes=("this is a fault of bookproof; please report it",),
    )


def _impure(outcome: Outcome, changes: list[str]) -> Finding:
    return Finding(
        "impure",
        "the expression changes the chapter: " + ", ".join(changes),
        outcome.place,
        id=outcome.id,
        notes=("do it in a cell, and let the expression only look",),
    )
