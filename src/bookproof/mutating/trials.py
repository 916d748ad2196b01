"""Other versions of elements, tried where they stand: does a check fail?

A changed claim is verified in a forked copy of the chapter. A changed
definition becomes a scope of its own, beside the chapter's, in which every
later definition is made too and every later claim that can see the change is
verified; the cells, which no definition reaches, run once for all.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from bookproof.diagnostics import Finding
from bookproof.judging.claims import Scope
from bookproof.judging.verify import (
    WAITING,
    State,
    verify_element,
    verify_shapes,
)
from bookproof.keeping.reach import Letters, letters, rebound, sees, targets
from bookproof.latex.checking import Haste
from bookproof.latex.limits import limited
from bookproof.mutating.forks import Failed, in_copies
from bookproof.outcome import GOOD
from bookproof.reading.elements import Element, Marker, PlainMath, Symbols

if TYPE_CHECKING:
    from bookproof.running.forward import Runner


@dataclass
class World:
    """The scope in which a changed definition (the element of that index)
    holds, and the symbols through which the change can be seen."""

    scope: Scope
    touched: set[Letters]
    index: int
    element: Element


@dataclass(frozen=True)
class Trial:
    """One version of one element in one scope; `missing` is the name that it
    waits for, `last` that nothing comes after it. Versions of one claim share
    their `haste`."""

    name: str
    index: int
    element: Element
    scope: Scope
    haste: Haste = field(default_factory=Haste)
    missing: str | None = None
    last: bool = False


class Trials:
    """Tries the variants of a request while its chapter runs."""

    def __init__(self, runner: Runner) -> None:
        self.state = runner.state
        self.request = runner.state.request
        self.emit = runner.emit
        self.worlds: dict[str, World] = {}
        self.waiting: list[Trial] = []
        self.settled: list[Trial] = []
        self.found: dict[str, str | None] = {
            name: None
            for each in self.request.variants.values()
            for name, _ in each
        }
        self.letters: dict[int, Letters] = {}

    def at(self, index: int, element: Element) -> None:
        """Try all that is to be tried here, before the element itself."""
        if not self.found:
            return
        own = self.request.variants.get(index, ())
        if isinstance(element, Symbols) or _defines(element):
            self._follow(index, element)
            for name, other in own:
                self._open(name, index, element, other)
        elif isinstance(element, Marker | PlainMath):
            scope, haste = self.state.scope, Haste()
            self._try(
                [Trial(name, index, other, scope, haste) for name, other in own]
                + [
                    Trial(name, index, element, world.scope)
                    for name, world in self.worlds.items()
                    if self._sees(index, element, world)
                ]
            )

    def _sees(self, index: int, element: Element, world: World) -> bool:
        return sees(self._letters(index, element), world.touched)

    def _letters(self, index: int, element: Element) -> Letters:
        if index not in self.letters:
            self.letters[index] = letters(element, self.request.macros)
        return self.letters[index]

    def _open(self, name: str, index: int, old: Element, new: Element) -> None:
        """A changed definition: from here on there is a world of its own."""
        touched = rebound(old, new, self.request.macros)
        self._look_back(index, touched)
        world = World(self.state.scope.fork(), touched, index, new)
        self.worlds[name] = world
        self._define(name, world, new)

    def _look_back(self, index: int, touched: set[Letters]) -> None:
        """Definitions are evaluated when they are used, so one that stands
        above the changed one may see it too."""
        macros = self.request.macros
        above = [
            (self._letters(at, element), targets(element, macros))
            for at, element in enumerate(self.state.chapter.elements[:index])
            if _defines(element)
        ]
        for _ in above:
            seen = [own for used, own in above if sees(used, touched)]
            more = touched.union(*seen)
            if more == touched:
                return
            touched |= more

    def _follow(self, index: int, element: Element) -> None:
        """Make the chapter's definition in every world too."""
        for name, world in [*self.worlds.items()]:
            if self._sees(index, element, world):
                world.touched |= targets(element, self.request.macros)
            self._define(name, world, element)

    def _define(self, name: str, world: World, element: Element) -> None:
        findings: list[Finding] = []
        try:
            with limited():
                if isinstance(element, Symbols):
                    findings = world.scope.symbols(element)
                elif isinstance(element, Marker):
                    findings = world.scope.let(element)
        except Exception as error:
            self._kill(name, f"{element.place}: {error}")
        if findings:
            self._kill(name, _say(findings[0]))

    def _kill(self, name: str, why: str) -> None:
        self.found[name] = why
        self.worlds.pop(name, None)
        self.emit({"event": "variant", "name": name, "found": why})

    def _try(self, trials: Iterable[Trial]) -> list[Trial]:
        """Verify them in copies of the process; those that hold."""
        batch = [each for each in trials if self.found[each.name] is None]
        if not batch:
            return []
        request, first = self.request, batch[0].index
        grace = request.cell_seconds * len(batch)
        self.emit({"event": "begin", "index": first, "grace": grace})
        jobs = [partial(_verify, self.state, each) for each in batch]
        ended = in_copies(jobs, request.copies, request.cell_seconds)
        held = []
        for number, result in ended:
            trial = batch[number]
            if self.found[trial.name] is not None:
                continue
            if isinstance(result, Failed):
                self._kill(trial.name, f"{trial.element.place}: {result.why}")
            elif result["found"]:
                self._kill(trial.name, result["found"])
            elif result["waits"]:
                scope, name = trial.scope, result["missing"]
                # Mathematics in prose sees what is introduced further down.
                scope = scope.fork() if name is not None else scope
                waits = replace(trial, scope=scope, missing=name)
                self.waiting.append(waits)
            else:
                held.append(trial)
        return held

    def retry(self) -> None:
        """After a cell: try what it has made possible."""
        names = self.state.namespace
        ready = [each for each in self.waiting if each.missing in names]
        if ready:
            self.waiting = [e for e in self.waiting if e.missing not in names]
            self.settled += self._try(ready)

    def end(self) -> None:
        """What was tried late must hold at the end too; the rest survives."""
        late = [each for each in self.waiting if each.missing is not None]
        for trial in late:
            if self.found[trial.name] is None:
                why = f"no cell binds {trial.missing!r}"
                self._kill(trial.name, f"{trial.element.place}: {why}")
        prose = [each for each in self.waiting if each.missing is None]
        self._try(replace(each, last=True) for each in prose)
        self._try(replace(each, last=True) for each in self.settled)
        self._try(
            Trial(name, world.index, world.element, world.scope, last=True)
            for name, world in self.worlds.items()
            if isinstance(world.element, Symbols)
        )
        for name, found in self.found.items():
            if found is None:
                self.emit({"event": "variant", "name": name, "found": None})


def _defines(element: Element) -> bool:
    return isinstance(element, Marker) and element.kind == "let"


def _verify(state: State, trial: Trial) -> dict[str, Any]:
    """In the copy: what is found, or whether it has to wait."""
    index, element, scope = trial.index, trial.element, trial.scope
    scope.haste = trial.haste
    if isinstance(element, Symbols):
        state.scope = scope
        outcome, missing = verify_shapes(state, index, element, whole=False)
    else:
        outcome, missing = verify_element(state, index, element, scope)
    unread = isinstance(element, PlainMath) and not outcome.good
    waits = (outcome.status == WAITING or unread) and not trial.last
    found = None
    if not waits and outcome.findings:
        found = _say(outcome.findings[0])
    elif not waits and outcome.status not in GOOD:
        found = f"{outcome.place}: {outcome.status}"
    return {"found": found, "waits": waits, "missing": missing}


def _say(finding: Finding) -> str:
    return f"{finding.place}: {finding.message}"
