"""Beginning a chapter: `new`."""

from __future__ import annotations

import argparse

from bookproof.cli.common import HOLDS, Commands, UsageError, project_of
from bookproof.diagnostics import BookError
from bookproof.report import render, say


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    new = commands.add_parser(
        "new",
        help="begin a chapter: a skeleton that holds, listed in the index",
        description="Writes a chapter with everything that one needs (a "
        "question, symbols, a claim, an exercise), so small that it holds, "
        "and lists it in the table of contents of index.md: chNN-... before "
        "the first with a higher number, any other name last. Nothing that "
        "exists is overwritten.",
    )
    new.add_argument(
        "name",
        metavar="CHAPTER",
        help="its name: small letters, digits, hyphens",
    )
    new.add_argument("--title", help="its title (default: made from the name)")
    new.set_defaults(run=_new)


def _new(options: argparse.Namespace) -> int:
    from bookproof import newborn

    project = project_of(options)
    if not project.book.is_dir():
        raise UsageError(f"there is no folder {project.book} for a chapter")
    try:
        done = newborn.create(project, options.name, options.title)
    except BookError as error:
        findings = render(error.findings, project.root)
        raise UsageError(f"no chapter was made\n{findings}") from error
    for line in done:
        say(line)
    say(f"next: bookproof check {options.name}")
    return HOLDS
