"""Working on the book while it is open: `watch`."""

from __future__ import annotations

import argparse

from bookproof.cli.common import (
    Commands,
    configured,
    paths_of,
    project_of,
    takes_chapters,
)
from bookproof.config import Project


def add(commands: Commands) -> None:
    """Add the command to the parser."""
    watch = commands.add_parser(
        "watch", help="tangle and check again whenever a file is saved"
    )
    takes_chapters(watch)
    watch.set_defaults(run=_watch)


def _watch(options: argparse.Namespace) -> int:
    from bookproof import watch

    project = project_of(options)
    names = [str(path) for path in paths_of(options, project)[0]]
    chosen = names if options.chapters else []
    return watch.watch(project, lambda: _again(options, project, chosen))


def _again(
    options: argparse.Namespace, project: Project, chosen: list[str]
) -> None:
    from bookproof.cli import main

    root = ["--root", str(project.root)]
    if configured(project):
        main([*root, "tangle"])
    main([*root, "check", *chosen])
