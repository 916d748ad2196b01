"""Between the book and its source: `tangle`, `stitch`, `where`."""

from __future__ import annotations

import argparse
import re

from bookproof.cli.common import (
    FAILS,
    HOLDS,
    Commands,
    UsageError,
    no_book,
    project_of,
    tell,
)
from bookproof.report import say


def add(commands: Commands) -> None:
    """Add these commands to the parser."""
    _add_tangle(commands)
    _add_stitch(commands)
    _add_where(commands)


def _add_tangle(commands: Commands) -> None:
    tangle = commands.add_parser(
        "tangle", help="write the source that the book prints"
    )
    tangle.add_argument(
        "--check",
        action="store_true",
        help="write nothing; show how book and source differ",
    )
    tangle.add_argument(
        "--force",
        action="store_true",
        help="give up edits made by hand in the source",
    )
    tangle.set_defaults(run=_tangle)


def _add_stitch(commands: Commands) -> None:
    stitch = commands.add_parser(
        "stitch",
        help="bring edits made in the source back into the chapters",
        description="Brings edits made in the source (by an editor, or by a "
        "formatter) back into the chapters. Writes nothing unless the new "
        "book tangles to the edited source byte for byte.",
    )
    stitch.add_argument(
        "--check",
        action="store_true",
        help="write nothing; show how the chapters would change",
    )
    stitch.set_defaults(run=_stitch)


def _add_where(commands: Commands) -> None:
    where = commands.add_parser(
        "where",
        help="the book's lines of source lines, and back",
        description="Prints the line of the book that a line of the source "
        "was tangled from; of a line of the book, the line that it was "
        "tangled to. Of a range, all of them.",
    )
    where.add_argument("place", metavar="FILE:LINE[-LINE]")
    where.set_defaults(run=_where)


def _tangle(options: argparse.Namespace) -> int:
    from bookproof import check
    from bookproof.tangling import journal, tangle

    project = project_of(options)
    if not options.check:
        journal.resume(project)
    paths, findings = check.paths_of(project)
    if not paths:  # else its source would be taken for left over
        raise no_book(project)
    tangled = tangle.tangle(check.read(project, paths), project)
    findings = check.once([*findings, *tangled.findings])
    if not findings and options.check:
        findings = tangle.check(tangled, project)
    elif not findings:
        for line in tangle.write(tangled, project, force=options.force):
            say(line)
    tell(findings, project, False)
    return FAILS if findings else HOLDS


def _stitch(options: argparse.Namespace) -> int:
    from bookproof import check
    from bookproof.tangling import journal, stitch

    project = project_of(options)
    if not options.check:
        for line in journal.resume(project):
            say(line)
    paths, findings = check.paths_of(project)
    if not paths:  # else its source would be taken for left over
        raise no_book(project)
    if not findings:
        chapters = check.read(project, paths)
        stitched = stitch.stitch(chapters, project)
        if options.check:
            findings = stitch.changed(stitched)
        else:
            lines = stitch.write(stitched, project)
            for line in lines or ["nothing to bring back: no file was edited"]:
                say(line)
    tell(findings, project, False)
    return FAILS if findings else HOLDS


def _where(options: argparse.Namespace) -> int:
    from bookproof.tangling import where

    project = project_of(options)
    asked = re.fullmatch(r"(.+?):(\d+)(?:-(\d+))?(?::\d+)?", options.place)
    if asked is None:
        raise UsageError(
            f"{options.place!r} is no place; write FILE:LINE or FILE:FIRST-LAST"
        )
    first, last = int(asked[2]), int(asked[3] or asked[2])
    if first > last:
        raise UsageError(
            f"write the first line first: {asked[1]}:{last}-{first}"
        )
    try:
        found = where.where(project, asked[1], first, last)
    except where.Nowhere as error:
        raise UsageError(str(error)) from error
    if asked[3] is None:
        say(str(found[0][1]))
    else:
        say("\n".join(where.said(found)))
    return HOLDS
