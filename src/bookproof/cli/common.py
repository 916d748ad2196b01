"""What several commands share: the project, the chapters, the verdict."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

from bookproof.config import Project, real
from bookproof.diagnostics import BookError, Finding
from bookproof.report import as_json, render, say

HOLDS, FAILS, UNABLE = 0, 1, 2
"""Exit statuses: all holds; something in the text does not; the command
itself could not run."""

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


class UsageError(Exception):
    """The command cannot do what it was asked; says what would help."""


def takes_chapters(parser: argparse.ArgumentParser, json: bool = True) -> None:
    """The arguments of a command that works on chapters."""
    parser.add_argument(
        "chapters",
        nargs="*",
        metavar="CHAPTER",
        help="a file, or a chapter's name (default: the whole book)",
    )
    if json:
        parser.add_argument(
            "--json", action="store_true", help="print the findings as JSON"
        )


def takes_jobs(parser: argparse.ArgumentParser) -> None:
    """The argument of a command that runs chapters."""
    parser.add_argument(
        "-j",
        "--jobs",
        type=int,
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="chapters to run at a time (default: %(default)s)",
    )


def jobs_of(options: argparse.Namespace) -> int:
    """How many chapters to run at a time."""
    jobs: int = options.jobs
    if jobs < 1:
        raise UsageError("-j takes a number from one up")
    return jobs


def project_of(options: argparse.Namespace) -> Project:
    """The project of the chapters named, else of the folder we are in."""
    start = options.root
    if not os.path.isdir(start):
        raise UsageError(f"{start} is no folder; give --root FOLDER")
    for name in getattr(options, "chapters", ()):
        if os.path.isfile(start / name):
            start = start / name
            break
    try:
        return Project.find(start)
    except BookError as error:
        raise UsageError(f"the project cannot be read:\n{error}") from error


def paths_of(
    options: argparse.Namespace, project: Project
) -> tuple[list[Path], list[Finding]]:
    """The chapters asked for, in reading order; what is wrong with it."""
    from bookproof import check

    every: list[Path] = []
    findings: list[Finding] = []
    if project.book.is_dir() and project.configured:
        every, findings = check.paths_of(project)
    if not options.chapters:
        if not every:
            raise no_book(project)
        return every, findings
    chosen = {_path(name, options.root, every) for name in options.chapters}
    ordered = [path for path in every if real(path) in chosen]
    ordered += sorted(chosen - {real(path) for path in ordered})
    return ordered, []


def no_book(project: Project) -> UsageError:
    """That there is not one chapter."""
    return UsageError(
        "there is no book here; name a chapter, or set book = "
        f'"folder" in [tool.bookproof] of {project.root}/pyproject.toml'
    )


def _path(name: str, root: Path, every: Sequence[Path]) -> Path:
    path = root / name
    if os.path.isfile(path):
        if path.suffix != ".md":
            raise UsageError(f"{name} is no chapter; chapters end in .md")
        return real(path)
    for each in every:
        if each.stem == name:
            return real(each)
    known = ", ".join(each.stem for each in every) or "none"
    raise UsageError(f"there is no chapter {name!r}; the chapters: {known}")


def tell(findings: Sequence[Finding], project: Project, json: bool) -> None:
    """Print what was found."""
    if json:
        say(as_json(findings))
    elif findings:
        say(render(findings, project.root))
