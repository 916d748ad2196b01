"""The verdicts on a chapter: kept where they still stand, else reached anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bookproof.keeping import kept, ledger
from bookproof.keeping.inputs import Inputs, Noted
from bookproof.keeping.kept import Kept
from bookproof.keeping.used import Used
from bookproof.outcome import Outcome, blank, runnable
from bookproof.reading.elements import Chapter, Marker, PlainMath
from bookproof.running import outputs
from bookproof.running.run import ChapterRun, run_chapter

Progress = Callable[[Outcome], None]


@dataclass(frozen=True)
class Verdicts:
    """What became of a chapter's elements; what the ledger says of it now;
    how many verdicts are new; whether a worker had to run, and how many
    seconds of a processor that took, and `each` element by its index."""

    outcomes: list[Outcome]
    data: Mapping[str, Any]
    checked: int = 0
    ran: bool = False
    seconds: float = 0.0
    each: Mapping[int, float] = field(default_factory=dict)


def verdicts(
    inputs: Inputs,
    chapter: Chapter,
    *,
    force: bool = False,
    lines: Mapping[tuple[str, int], str] | None = None,
    progress: Progress | None = None,
) -> Verdicts:
    """The verdicts on a chapter; the ledger holds them afterwards."""
    job = _Job(inputs, chapter, lines or {}, progress or (lambda _: None))
    data = None if force else ledger.load(inputs.project, chapter.name)
    if data is None or not _usable(inputs, chapter, data):
        return job.whole()
    if ledger.current(inputs, chapter, data):
        return job.told(data)
    standing = kept.kept(chapter, inputs.project.macros, data)
    if standing is None:
        return job.whole()
    return job.rest(standing, data)


def _usable(inputs: Inputs, chapter: Chapter, data: Mapping[str, Any]) -> bool:
    """Whether the ledger and the outputs can be built upon."""
    return (
        bool(data.get("complete"))
        and ledger.about(inputs, chapter, data)
        and outputs.stored(inputs.project, chapter, data.get("page"))
    )


@dataclass
class _Job:
    inputs: Inputs
    chapter: Chapter
    lines: Mapping[tuple[str, int], str]
    progress: Progress

    def told(self, data: Mapping[str, Any]) -> Verdicts:
        """Nothing is new."""
        outcomes = ledger.outcomes(data)
        for outcome in outcomes:
            self.progress(outcome)
        return Verdicts(outcomes, data)

    def whole(self) -> Verdicts:
        """Run the chapter from its beginning to its end."""
        # What it depends on is what there was before it ran.
        ledger.base(self.inputs, self.chapter, Noted(unseen=True))
        project = self.inputs.project
        run = self._run()
        noted = Noted.of(run.report, project.root)
        page = {}
        if run.complete and runnable(self.chapter):
            notebook = outputs.store(project, run)
            cells = outputs.cells_of(self.chapter)
            page = {"cells": cells, "notebook": notebook}
        digests = kept.digests(self.chapter, project.macros)
        data = self._save(run, noted, ledger.Known(digests, page))
        outcomes = list(run.outcomes.values())
        seconds, each = run.report["seconds"], dict(run.report["each"])
        return Verdicts(outcomes, data, len(outcomes), True, seconds, each)

    def _save(
        self, run: ChapterRun, noted: Noted, known: ledger.Known
    ) -> Mapping[str, Any]:
        """Write the ledger; what it says."""
        data = ledger.record(run, self.inputs, noted, known)
        ledger.save(self.inputs.project, data)
        return data

    def rest(self, standing: Kept, data: Mapping[str, Any]) -> Verdicts:
        """Reach the verdicts that a change of the text can have changed."""
        for outcome in standing.outcomes.values():
            self.progress(outcome)
        new, wanted = self._without_python(standing.wanted)
        runs = [new]
        if wanted:
            runs.append(self._run(wanted=wanted))
        run = self._joined(standing, runs, data)
        noted = Noted.from_json(data["noted"])
        for each in runs:
            noted = noted.joined(
                Noted.of(each.report, self.inputs.project.root)
            )
        known = ledger.Known(standing.digests, data.get("page") or {})
        data = self._save(run, noted, known)
        outcomes = list(run.outcomes.values())
        ran = any(each.report["worker"] for each in runs)
        seconds = sum(each.report["seconds"] for each in runs)
        times = {k: v for run in runs for k, v in run.report["each"]}
        checked = len(standing.wanted)
        return Verdicts(outcomes, data, checked, ran, seconds, times)

    def _without_python(
        self, wanted: frozenset[int]
    ) -> tuple[ChapterRun, frozenset[int]]:
        """What can be said without running a cell; what cannot. A verdict
        reached without any Python is the same after the cells."""
        elements = {each: self.chapter.elements[each] for each in wanted}
        said = {
            index: blank(index, each).settle(each.kind)
            for index, each in elements.items()
            if isinstance(each, Marker) and each.kind in ("cited", "unchecked")
        }
        pure = frozenset(
            index
            for index, each in elements.items()
            if isinstance(each, PlainMath)
            or (isinstance(each, Marker) and each.kind in ("let", "claim"))
        )
        run = ChapterRun(self.chapter, {}, complete=True)
        if pure:
            run = self._run(wanted=pure, bare=True)
        good = {
            index: each
            for index, each in run.outcomes.items()
            if index in pure and each.good
        }
        run.outcomes = {**said, **good}
        return run, wanted - run.outcomes.keys()

    def _run(self, **options: Any) -> ChapterRun:
        project = self.inputs.project
        return run_chapter(
            self.chapter,
            project,
            lines=self.lines,
            facts=ledger.references(project, self.chapter),
            on_outcome=self.progress,
            **options,
        )

    def _joined(
        self,
        standing: Kept,
        runs: list[ChapterRun],
        data: Mapping[str, Any],
    ) -> ChapterRun:
        """One run, as if it had been from the beginning to the end."""
        found = dict(standing.outcomes)
        uses = Used.from_json(data["uses"])
        for run in runs:
            new = {k: v for k, v in run.outcomes.items() if k not in found}
            found |= new
            uses = uses.replaced(run.uses, {each.id for each in new.values()})
        uses = uses.only({each.id for each in found.values()})
        ended = all(run.complete for run in runs)
        outcomes = dict(sorted(found.items()))
        return ChapterRun(self.chapter, outcomes, complete=ended, uses=uses)
