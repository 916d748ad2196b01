"""What the command line takes."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

Command = Callable[[argparse.Namespace], int]


def make_parser(commands: Mapping[str, Command]) -> argparse.ArgumentParser:
    """The parser; `commands` holds the function of each command."""
    parser = argparse.ArgumentParser(
        prog="bookproof",
        description="Tangle, lint and check a book whose every printed "
        "claim holds.",
        epilog="Exit status: 0 all holds; 1 something in the text does not; "
        "2 the command could not run.",
    )
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(),
        help="a folder of the project (default: the current one)",
    )
    adding = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND"
    )

    tangle = adding.add_parser(
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
    tangle.set_defaults(run=commands["tangle"])

    stitch = adding.add_parser(
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
    stitch.set_defaults(run=commands["stitch"])

    lint = adding.add_parser("lint", help="read the chapters and run nothing")
    _takes_chapters(lint)
    lint.set_defaults(run=commands["lint"])

    check = adding.add_parser(
        "check",
        help="run the chapters and verify every claim",
        description="Lints, compares the source with the book, runs the "
        "cells of the chapters (so it executes the book's code) and verifies "
        "every claim. A chapter that has not changed, nor anything it uses, "
        "is not run again.",
    )
    _takes_chapters(check)
    check.add_argument(
        "--force", action="store_true", help="run unchanged chapters too"
    )
    _takes_jobs(check)
    check.set_defaults(run=commands["check"])

    sources = adding.add_parser(
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
    sources.set_defaults(run=commands["sources"])

    watch = adding.add_parser(
        "watch", help="tangle and check again whenever a file is saved"
    )
    _takes_chapters(watch)
    watch.set_defaults(run=commands["watch"])

    mutate = adding.add_parser(
        "mutate",
        help="change one printed thing at a time; list what no check notices",
    )
    _takes_chapters(mutate)
    mutate.add_argument(
        "--sample", type=int, metavar="N", help="only so many, at random"
    )
    mutate.add_argument(
        "--seed", type=int, default=0, help="of the sample (default: 0)"
    )
    _takes_jobs(mutate)
    mutate.set_defaults(run=commands["mutate"])

    where = adding.add_parser(
        "where", help="the book's line of a source line, and back"
    )
    where.add_argument("place", metavar="FILE:LINE")
    where.set_defaults(run=commands["where"])
    return parser


def _takes_chapters(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "chapters",
        nargs="*",
        metavar="CHAPTER",
        help="a file, or a chapter's name (default: the whole book)",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the findings as JSON"
    )


def _takes_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-j",
        "--jobs",
        type=int,
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="chapters to run at a time (default: %(default)s)",
    )
