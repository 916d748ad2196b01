"""Which code the book prints and nothing runs: `coverage`."""

from __future__ import annotations

import argparse
import importlib.util
import sys

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
from bookproof.report import render, say


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    coverage = commands.add_parser(
        "coverage",
        help="show which lines of the book's code are never run",
        description="Runs chapters, and tests if they are named, under "
        "coverage.py, and tells by chapter and line of the book which of the "
        "code that its chunks print was run. Without a chapter's name the "
        "whole book runs; the table is always about all chunks.",
        epilog="Exit status: 1 when a chapter or a test fails, or less is "
        "run than --fail-under asks for; 2 when the command could not run.",
    )
    takes_chapters(coverage)
    coverage.add_argument(
        "--tests",
        action="append",
        default=[],
        metavar="PATH",
        help="tests for pytest to run as well; may be given several times",
    )
    coverage.add_argument(
        "--fail-under",
        type=float,
        default=0.0,
        metavar="PERCENT",
        help="the least share of the lines that must run (default: 0)",
    )
    takes_jobs(coverage)
    coverage.set_defaults(run=_coverage)


def _coverage(options: argparse.Namespace) -> int:
    from bookproof import check, progress
    from bookproof.coverage import covered, covering
    from bookproof.tangling import tangle

    if importlib.util.find_spec("coverage") is None:
        raise UsageError("coverage.py is missing; pip install coverage")
    project = project_of(options)
    for test in options.tests:
        if not (project.root / test.partition("::")[0]).exists():
            raise UsageError(f"there are no tests {test!r}; give a path")
    whole = check.read(project, check.paths_of(project)[0])
    tangled = tangle.tangle(whole, project)
    if not tangled.files:
        raise UsageError("no chapter has a chunk, so there is nothing to cover")
    differences = tangle.check(tangled, project)
    if differences:
        tell(differences, project, options.json)
        return FAILS
    chapters = check.read(project, paths_of(options, project)[0])
    with progress.bar(chapters) as advance:
        measured = covering.measure(
            project,
            chapters,
            tangled,
            options.tests,
            jobs_of(options),
            advance,
        )
    rows = covered.rows(whole, tangled, measured)
    if options.json:
        say(covered.as_json(rows, measured))
    else:
        say("\n".join(covered.table(rows)))
        print(render(measured.findings, project.root), file=sys.stderr, end="")
        for line in measured.failed:
            print(line, file=sys.stderr)
    all_rows = covered.total(rows)
    enough = 100 * all_rows.run >= options.fail_under * all_rows.lines
    good = enough and not measured.findings and not measured.failed
    return HOLDS if good else FAILS
