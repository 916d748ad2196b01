"""What the text claims: `lint`, `check`, `sources`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from bookproof.cli.common import (
    FAILS,
    HOLDS,
    Commands,
    UsageError,
    configured,
    jobs_of,
    paths_of,
    project_of,
    takes_chapters,
    takes_jobs,
    tell,
)
from bookproof.config import Project
from bookproof.elements import Chapter
from bookproof.report import say, summary


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
    for chapter in check.read(project, paths):
        findings += check.chapter_findings(chapter, project)
    tell(findings, project, options.json)
    return FAILS if findings else HOLDS


def _check(options: argparse.Namespace) -> int:
    from bookproof import check, progress

    project = project_of(options)
    jobs = jobs_of(options)
    paths, findings = paths_of(options, project)
    chapters = check.read(project, paths)
    lines: dict[tuple[str, int], str] = {}
    if configured(project):
        others = _all_chapters(project, paths, chapters)
        found, lines = check.source(project, others)
        findings += found
    plan = check.Plan(project, chapters, options.force, jobs, lines)
    with progress.bar(chapters) as advance:
        report = check.check(plan, advance)
    report.findings = check.once([*findings, *report.findings])
    outcomes = [each for its in report.outcomes.values() for each in its]
    tell(report.findings, project, options.json)
    line = summary(len(chapters), len(report.ran), outcomes, report.findings)
    if options.json:
        print(line, file=sys.stderr)
    else:
        say(("\n" if report.findings else "") + line)
    return FAILS if report.findings else HOLDS


def _all_chapters(
    project: Project, paths: Sequence[Path], chapters: Sequence[Chapter]
) -> list[Chapter]:
    """The whole book; those already read are not read again."""
    from bookproof import check

    whole = [path.resolve() for path in check.paths_of(project)[0]]
    known = {
        path.resolve(): chapter
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
