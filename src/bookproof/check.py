"""`bookproof check`: everything that can be said of the chapters at once."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookproof import statements
from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding
from bookproof.judging import refs
from bookproof.keeping.inputs import Inputs
from bookproof.keeping.verdicts import Progress, Verdicts, verdicts
from bookproof.outcome import Outcome
from bookproof.prose.lint import lint_book, lint_chapter
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter


@dataclass
class Report:
    """What a check found: by chapter, in reading order."""

    findings: list[Finding] = field(default_factory=list)
    outcomes: dict[str, list[Outcome]] = field(default_factory=dict)
    ran: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)  # of each that ran
    each: dict[Outcome, float] = field(default_factory=dict)  # of its elements
    checked: int = 0  # verdicts that are new; the others were kept
    complete: bool = True
    read: set[str] = field(default_factory=set)

    def note(self, data: Mapping[str, Any]) -> None:
        """Note what a chapter's ledger says of its run."""
        if not data["complete"]:
            self.complete = False
        else:
            self.read |= set(data["noted"]["read"])


@dataclass
class Plan:
    """The chapters to check, and what to do with them."""

    project: Project
    chapters: list[Chapter]
    force: bool = False
    jobs: int = 1
    lines: dict[tuple[str, int], str] = field(default_factory=dict)

    @functools.cached_property
    def inputs(self) -> Inputs:
        """What the chapters depend on, as it is now."""
        return Inputs(self.project)


def paths_of(project: Project) -> tuple[list[Path], list[Finding]]:
    """The book's files in reading order, as far as there is one."""
    try:
        return list(project.chapters()), []
    except BookError as error:
        every = sorted(project.book.glob("*.md"))
        return every, list(error.findings)


def static(plan: Plan) -> list[Finding]:
    """All findings that need no run, chapter by chapter."""
    findings: list[Finding] = []
    try:
        known = statements.load(plan.project)
    except BookError as error:
        known = {}
        findings += error.findings
    for chapter in plan.chapters:
        findings += chapter_findings(chapter, plan.project, known)
    findings += lint_book(plan.chapters)
    graph = {each.name: refs.chapters(each) for each in plan.chapters}
    circle = refs.cycle(graph)
    if circle:
        first = next(each for each in plan.chapters if each.name == circle[0])
        findings.append(_circular(first, circle))
    return findings


def chapter_findings(
    chapter: Chapter,
    project: Project,
    known: dict[str, statements.Statement] | None = None,
) -> list[Finding]:
    """All findings on one chapter that need no run."""
    if known is None:
        known = statements.load(project)
    return once(
        [
            *chapter.findings,
            *lint_chapter(chapter, project),
            *statements.check(chapter, known),
            *statements.check_citations(chapter, project),
            *statements.check_exercises(chapter),
        ]
    )


def _circular(chapter: Chapter, circle: Sequence[str]) -> Finding:
    place = next(iter(statements.markers(chapter))).place
    message = "chapters refer to one another in a circle: "
    note = "break it: state one of the facts where it is first needed"
    return Finding("ref", message + " -> ".join(circle), place, notes=(note,))


def check(plan: Plan, progress: Progress | None = None) -> Report:
    """Check the chapters; run those whose verdicts are not known."""
    report = Report()
    found = static(plan)
    with ThreadPoolExecutor(max_workers=max(plan.jobs, 1)) as pool:
        jobs: dict[str, Future[Verdicts]] = {}
        for chapter in _in_order(plan.chapters):
            before = [jobs[name] for name in refs.chapters(chapter)
                      if name in jobs]  # fmt: skip
            jobs[chapter.name] = pool.submit(
                _one, plan, chapter, before, progress
            )
    for chapter in plan.chapters:
        its = jobs[chapter.name].result()
        report.outcomes[chapter.name] = its.outcomes
        report.checked += its.checked
        if its.ran:
            report.ran.append(chapter.name)
            report.seconds[chapter.name] = its.seconds
            report.each |= {
                outcome: its.each[outcome.index]
                for outcome in its.outcomes
                if outcome.index in its.each
            }
        found += [f for each in its.outcomes for f in each.findings]
        found += _silent(its.outcomes)
        report.note(its.data)
    report.findings = _sorted(once(found), plan.chapters)
    return report


def _silent(outcomes: list[Outcome]) -> list[Finding]:
    """Nothing may pass that was not found to hold."""
    if any(outcome.findings for outcome in outcomes):
        return []
    return [
        Finding(
            "no-verdict",
            f"{outcome.id} has no verdict: {outcome.status}",
            outcome.place,
            id=outcome.id,
        )
        for outcome in outcomes
        if not outcome.good
    ]


def _in_order(chapters: Sequence[Chapter]) -> list[Chapter]:
    """Those that others refer to first; a circle is reported elsewhere."""
    by_name = {each.name: each for each in chapters}
    done: dict[str, Chapter] = {}

    def visit(chapter: Chapter, path: tuple[str, ...]) -> None:
        if chapter.name in done or chapter.name in path:
            return
        for name in refs.chapters(chapter):
            if name in by_name:
                visit(by_name[name], (*path, chapter.name))
        done[chapter.name] = chapter

    for chapter in chapters:
        visit(chapter, ())
    return list(done.values())


def _one(
    plan: Plan,
    chapter: Chapter,
    before: Iterable[Future[Verdicts]],
    progress: Progress | None,
) -> Verdicts:
    for other in before:
        other.result()
    return verdicts(
        plan.inputs,
        chapter,
        force=plan.force,
        lines=plan.lines,
        progress=progress,
    )


def once(findings: Iterable[Finding]) -> list[Finding]:
    """Each finding once: two gates may have seen the same thing."""
    return list(dict.fromkeys(findings))


def _sorted(
    findings: list[Finding], chapters: Sequence[Chapter]
) -> list[Finding]:
    order = {each.path: number for number, each in enumerate(chapters)}
    last = len(order)
    return sorted(
        findings,
        key=lambda each: (
            order.get(each.place.file, last),
            each.place.file,
            each.place.line,
            each.place.column,
        ),
    )


def read(project: Project, paths: Iterable[Path]) -> list[Chapter]:
    """Read the chapters at these paths.

    Raises BookError for all that cannot be read at all.
    """
    chapters, findings = [], []
    for path in paths:
        try:
            chapters.append(read_chapter(path, project))
        except BookError as error:
            findings += error.findings
    if findings:
        raise BookError(findings)
    return chapters


def source(
    project: Project, chapters: Sequence[Chapter]
) -> tuple[list[Finding], dict[tuple[str, int], str]]:
    """How the source differs from the book; and the book's line of each
    line of the source."""
    from bookproof.tangling import tangle
    from bookproof.tangling.where import book_lines

    tangled = tangle.tangle(chapters, project)
    return tangle.check(tangled, project), dict(book_lines(tangled))
