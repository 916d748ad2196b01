"""What the text claims: `lint`, `check`, `sources`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bookproof.cli.common import (
    FAILS,
    HOLDS,
    Commands,
    UsageError,
    jobs_of,
    paths_of,
    project_of,
    takes_chapters,
    takes_jobs,
    tell,
)
from bookproof.config import Project, real
from bookproof.reading.elements import Chapter
from bookproof.report import say, summary

if TYPE_CHECKING:
    from bookproof.check import Report
    from bookproof.keeping.unchanged import Memory, Result


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    lint = commands.add_parser("lint", help="read the chapters and run nothing")
    takes_chapters(lint)
    lint.set_defaults(run=_lint)
    _add_check(commands)
    _add_sources(commands)


def _add_check(commands: Commands) -> None:
    check = commands.add_parser(
        "check",
        help="run the chapters and verify every claim",
        description="Lints, compares the source with the book, runs the "
        "cells of the chapters (so it executes the book's code) and verifies "
        "every claim. A chapter that has not changed, nor anything it uses, "
        "is not run again.",
    )
    takes_chapters(check)
    check.add_argument(
        "--force", action="store_true", help="run unchanged chapters too"
    )
    check.add_argument(
        "--times",
        action="store_true",
        help="print how long each chapter ran, in seconds of a processor; of "
        "one alone, its slowest elements too",
    )
    takes_jobs(check)
    check.set_defaults(run=_check)


def _add_sources(commands: Commands) -> None:
    sources = commands.add_parser(
        "sources",
        help="list the statements of claims.toml that are settled or missing",
    )
    sources.add_argument(
        "--chapter",
        metavar="NAME",
        help="only those that claims.toml puts into this chapter",
    )
    sources.add_argument(
        "--missing", action="store_true", help="only those that are missing"
    )
    sources.set_defaults(run=_sources)


def _lint(options: argparse.Namespace) -> int:
    from bookproof import check

    project = project_of(options)
    paths, findings = paths_of(options, project)
    plan = check.Plan(project, check.read(project, paths))
    findings += check.static(plan)
    tell(findings, project, options.json)
    return FAILS if findings else HOLDS


def _check(options: argparse.Namespace) -> int:
    project = project_of(options)
    jobs = jobs_of(options)
    memory = None
    if project.configured:
        from bookproof.keeping.unchanged import Memory

        memory = Memory(project, options.chapters)
    known = memory.recall() if memory and not options.force else None
    report = None
    if known is not None:
        result = known
    else:
        result, report = _checked(options, project, jobs, memory)
    tell(result.findings, project, options.json)
    if options.json:
        print(result.summary, file=sys.stderr)
    else:
        say(("\n" if result.findings else "") + result.summary)
    if options.times:
        _tell_times(report)
    return FAILS if result.findings else HOLDS


MOST = 12
"""So many of a chapter's elements are told, the slowest first."""


def _tell_times(report: Report | None) -> None:
    """The chapters that ran, the longest first; of one, its elements too."""
    ran = report.seconds if report else {}
    if report and len(ran) == 1:
        slowest = sorted(report.each.items(), key=lambda its: -its[1])
        for outcome, seconds in slowest[:MOST]:
            what = f"{outcome.place}  {outcome.kind} {outcome.id}"
            print(f"{seconds:7.1f} s  {what}", file=sys.stderr)
    for name, seconds in sorted(ran.items(), key=lambda its: -its[1]):
        print(f"{seconds:7.1f} s  {name}", file=sys.stderr)
    total = sum(ran.values())
    print(f"{total:7.1f} s of processor time to run them", file=sys.stderr)


def _checked(
    options: argparse.Namespace,
    project: Project,
    jobs: int,
    memory: Memory | None,
) -> tuple[Result, Report]:
    """Read, lint and run what has to be run; and what is known of that."""
    from bookproof import check, progress
    from bookproof.keeping.unchanged import Result

    paths, findings = paths_of(options, project)
    chapters = check.read(project, paths)
    lines: dict[tuple[str, int], str] = {}
    if project.configured:
        others = _all_chapters(project, paths, chapters)
        found, lines = check.source(project, others)
        findings += found
    plan = check.Plan(project, chapters, options.force, jobs, lines)
    with progress.bar(chapters) as advance:
        report = check.check(plan, advance)
    findings = check.once([*findings, *report.findings])
    outcomes = [each for its in report.outcomes.values() for each in its]

    def result(ran: int, checked: int) -> Result:
        line = summary(len(chapters), ran, checked, outcomes, findings)
        return Result(tuple(findings), line)

    if memory is not None and report.complete:
        memory.keep(result(0, 0), report.read)
    return result(len(report.ran), report.checked), report


def _all_chapters(
    project: Project, paths: Sequence[Path], chapters: Sequence[Chapter]
) -> list[Chapter]:
    """The whole book; those already read are not read again."""
    from bookproof import check

    whole = [real(path) for path in check.paths_of(project)[0]]
    known = {
        real(path): chapter
        for path, chapter in zip(paths, chapters, strict=True)
    }
    rest = [path for path in whole if path not in known]
    known |= dict(zip(rest, check.read(project, rest), strict=True))
    return [known[path] for path in whole]


def _sources(options: argparse.Namespace) -> int:
    from bookproof import settled

    project = project_of(options)
    if project.statements is None:
        raise UsageError(
            f"{project.root} has no list of statements; put claims.toml "
            "into the book's folder"
        )
    return settled.tell(project, options.chapter, options.missing)
