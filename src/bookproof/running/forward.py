"""The forward run of a chapter: every element in reading order, once."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bookproof.diagnostics import Finding
from bookproof.judging.claims import Scope
from bookproof.judging.verify import (
    WAITING,
    State,
    verify_element,
    verify_shapes,
)
from bookproof.mutating.trials import Trials
from bookproof.outcome import NOT_REACHED, Outcome, runnable
from bookproof.reading.elements import (
    Cell,
    Element,
    Exercise,
    Marker,
    PlainMath,
    Solution,
    Symbols,
)
from bookproof.running.cells import run_cell

GRACE = 10.0
"""Seconds that the parent waits longer for an exercise."""

Emit = Callable[[dict[str, Any]], None]


@dataclass
class Waiting:
    """An element that names what no cell has bound yet, with the bindings
    that are in force where it stands."""

    index: int
    element: Element
    scope: Scope
    outcome: Outcome
    missing: str | None = None


class Runner:
    """Runs the elements in order and says what became of each."""

    def __init__(self, state: State, emit: Emit) -> None:
        self.state = state
        self.emit = emit
        self.left = runnable(state.chapter)
        wanted = state.request.wanted
        self.wanted = None if wanted is None else set(wanted)
        self.waiting: list[Waiting] = []
        self.settled: list[Waiting] = []
        self.tables: list[Waiting] = []
        self.trials = Trials(self)

    def run(self) -> None:
        """From the first element to the last that is wanted."""
        for index, element in self.left:
            if self._beside(index, element):
                continue
            self.trials.at(index, element)
            # An exercise keeps its own time, so that the chapter goes on.
            grace = GRACE if isinstance(element, Exercise | Solution) else 0.0
            self.emit({"event": "begin", "index": index, "grace": grace})
            self.step(index, element)
            if self.wanted is not None and not self.wanted:
                break
        else:
            self.end()
        self.trials.end()

    def step(self, index: int, element: Element) -> None:
        """Run or verify one element."""
        if isinstance(element, Cell):
            self._run(index, element)
        else:
            self.verify(index, element)
        self.emit(self.state.uses.take())

    def _run(self, index: int, element: Cell) -> None:
        with self.state.spending(index):
            outcome, outputs = run_cell(self.state, index, element)
        number = element.number
        self.emit({"event": "outputs", "number": number, "outputs": outputs})
        self.tell(outcome)
        self.retry()
        self.trials.retry()

    def _beside(self, index: int, element: Element) -> bool:
        """Whether the element was not asked for and binds nothing."""
        if self.state.request.bare and isinstance(element, Cell):
            return True
        if self.wanted is None or index in self.wanted:
            return False
        if isinstance(element, Marker):
            return element.kind != "let"
        return not isinstance(element, Cell | Symbols)

    def tell(self, outcome: Outcome) -> None:
        """Report a verdict."""
        self.emit({"event": "outcome", "outcome": outcome.to_json()})
        if self.wanted is not None and not self._again(outcome.index):
            self.wanted.discard(outcome.index)

    def _again(self, index: int) -> bool:
        """Whether the element's verdict may still change."""
        later = [*self.waiting, *self.settled, *self.tables]
        return any(waiting.index == index for waiting in later)

    def verify(self, index: int, element: Element) -> None:
        """Verify one element, or note that it has to wait."""
        outcome, missing = verify_element(self.state, index, element)
        unread = isinstance(element, PlainMath) and outcome.findings
        if outcome.status == WAITING or unread:
            scope = self.state.scope
            # Mathematics in prose may use what is introduced further down.
            fork = scope if unread else scope.fork()
            waiting = Waiting(index, element, fork, outcome, missing)
            self.waiting.append(waiting)
            return
        if isinstance(element, Symbols) and outcome.good:
            # Its shapes are checked when the symbols are looked up.
            scope = self.state.scope
            self.tables.append(Waiting(index, element, scope, outcome))
            return
        self.tell(outcome)

    def retry(self) -> None:
        """After a cell: verify what it has made possible."""
        still = []
        for waiting in self.waiting:
            name = waiting.missing
            if name is None or name not in self.state.namespace:
                still.append(waiting)
                continue
            if self._verify_again(waiting):
                self.settled.append(waiting)
            else:
                still.append(waiting)
        self.waiting = still

    def _verify_again(self, waiting: Waiting) -> bool:
        waiting.outcome, waiting.missing = verify_element(
            self.state, waiting.index, waiting.element, waiting.scope
        )
        return waiting.outcome.status != WAITING

    def end(self) -> None:
        """What was verified late must still hold at the end."""
        late, self.settled = self.settled, []
        for waiting in late:
            if waiting.outcome.good:
                self._verify_again(waiting)
            self.tell(waiting.outcome)
        left, self.waiting = self.waiting, []
        for waiting in left:
            if isinstance(waiting.element, PlainMath):
                self._verify_again(waiting)
                self.tell(waiting.outcome)
            else:
                self.tell(self._unbound(waiting))
        tables, self.tables = self.tables, []
        for waiting in tables:
            self.tell(self._shapes(waiting))

    def _shapes(self, waiting: Waiting) -> Outcome:
        assert isinstance(waiting.element, Symbols)
        outcome, missing = verify_shapes(
            self.state, waiting.index, waiting.element, self.wanted is None
        )
        if missing is None:
            return outcome
        return self._unbound(replace(waiting, missing=missing))

    def _unbound(self, waiting: Waiting) -> Outcome:
        name = waiting.missing or "?"
        if name in self.state.lost:
            return waiting.outcome.settle(NOT_REACHED)
        known = [each for each in self.state.namespace if each[0] != "_"]
        close = difflib.get_close_matches(name, known, 1)
        note = "bind it in a cell of the chapter"
        if close:
            note += f" (did you mean {close[0]!r}?)"
        place, width = waiting.outcome.place, 1
        expression = getattr(waiting.element, "expression", None)
        if expression is not None and name in expression.text:
            place = expression.place(expression.text.index(name))
            width = len(name)
        finding = Finding(
            "unbound",
            f"no cell of the chapter binds {name!r}",
            place,
            width=width,
            id=waiting.outcome.id,
            notes=(note,),
        )
        return waiting.outcome.settle("error", finding)
