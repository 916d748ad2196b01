"""The command line: `bookproof`, or `python -m bookproof`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bookproof.config import Project
from bookproof.diagnostics import BookError, Finding
from bookproof.elements import Chapter
from bookproof.report import as_json, render, say, summary

HOLDS, FAILS, UNABLE = 0, 1, 2
"""Exit statuses: all holds; something in the text does not; the command
itself could not run."""


class UsageError(Exception):
    """The command cannot do what it was asked; says what would help."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the press; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.run(options)
    except UsageError as error:
        print(f"bookproof: {error}", file=sys.stderr)
        return UNABLE
    except BookError as error:
        _tell(error.findings, _project(options), False)
        return FAILS
    except KeyboardInterrupt:
        print("bookproof: interrupted", file=sys.stderr)
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
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
    commands = parser.add_subparsers(
        title="commands", required=True, metavar="COMMAND"
    )

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

    lint = commands.add_parser("lint", help="read the chapters and run nothing")
    _takes_chapters(lint)
    lint.set_defaults(run=_lint)

    check = commands.add_parser(
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
    check.add_argument(
        "-j",
        "--jobs",
        type=int,
        default=min(2, os.cpu_count() or 1),
        metavar="N",
        help="chapters to run at a time (default: %(default)s)",
    )
    check.set_defaults(run=_check)

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

    watch = commands.add_parser(
        "watch", help="tangle and check again whenever a file is saved"
    )
    _takes_chapters(watch)
    watch.set_defaults(run=_watch)

    mutate = commands.add_parser(
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
    mutate.set_defaults(run=_mutate)

    where = commands.add_parser(
        "where", help="the book's line of a source line, and back"
    )
    where.add_argument("place", metavar="FILE:LINE")
    where.set_defaults(run=_where)
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


def _project(options: argparse.Namespace) -> Project:
    """The project of the chapters named, else of the folder we are in."""
    start = options.root
    if not start.is_dir():
        raise UsageError(f"{start} is no folder; give --root FOLDER")
    for name in getattr(options, "chapters", ()):
        if (start / name).is_file():
            start = start / name
            break
    try:
        return Project.find(start)
    except BookError as error:
        raise UsageError(f"the project cannot be read:\n{error}") from error


def _paths(
    options: argparse.Namespace, project: Project
) -> tuple[list[Path], list[Finding]]:
    """The chapters asked for, in reading order; what is wrong with it."""
    from bookproof.check import paths_of

    every: list[Path] = []
    findings: list[Finding] = []
    if project.book.is_dir() and _configured(project):
        every, findings = paths_of(project)
    if not options.chapters:
        if not every:
            raise UsageError(
                "there is no book here; name a chapter, or set book = "
                f'"folder" in [tool.bookproof] of {project.root}/pyproject.toml'
            )
        return every, findings
    chosen = {_path(name, options.root, every) for name in options.chapters}
    ordered = [path for path in every if path.resolve() in chosen]
    ordered += sorted(chosen - {path.resolve() for path in ordered})
    return ordered, []


def _path(name: str, root: Path, every: Sequence[Path]) -> Path:
    path = root / name
    if path.is_file():
        if path.suffix != ".md":
            raise UsageError(f"{name} is no chapter; chapters end in .md")
        return path.resolve()
    for each in every:
        if each.stem == name:
            return each.resolve()
    known = ", ".join(each.stem for each in every) or "none"
    raise UsageError(f"there is no chapter {name!r}; the chapters: {known}")


def _configured(project: Project) -> bool:
    return project.book != project.root


def _tell(findings: Sequence[Finding], project: Project, json: bool) -> None:
    if json:
        say(as_json(findings))
    elif findings:
        say(render(findings, project.root))


def _tangle(options: argparse.Namespace) -> int:
    from bookproof import check, tangle

    project = _project(options)
    paths, findings = check.paths_of(project)
    tangled = tangle.tangle(check.read(project, paths), project)
    findings = check.once([*findings, *tangled.findings])
    if not findings and options.check:
        findings = tangle.check(tangled, project)
    elif not findings:
        for line in tangle.write(tangled, project, force=options.force):
            say(line)
    _tell(findings, project, False)
    return FAILS if findings else HOLDS


def _lint(options: argparse.Namespace) -> int:
    from bookproof import check

    project = _project(options)
    paths, findings = _paths(options, project)
    for chapter in check.read(project, paths):
        findings += check.chapter_findings(chapter, project)
    _tell(findings, project, options.json)
    return FAILS if findings else HOLDS


def _check(options: argparse.Namespace) -> int:
    from bookproof import check, progress

    project = _project(options)
    if options.jobs < 1:
        raise UsageError("-j takes a number from one up")
    paths, findings = _paths(options, project)
    chapters = check.read(project, paths)
    lines: dict[tuple[str, int], str] = {}
    if _configured(project):
        others = _all_chapters(project, paths, chapters)
        found, lines = check.source(project, others)
        findings += found
    plan = check.Plan(project, chapters, options.force, options.jobs, lines)
    with progress.bar(chapters) as advance:
        report = check.check(plan, advance)
    report.findings = check.once([*findings, *report.findings])
    outcomes = [each for its in report.outcomes.values() for each in its]
    _tell(report.findings, project, options.json)
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
    from bookproof import coverage

    project = _project(options)
    if project.statements is None:
        raise UsageError(
            f"{project.root} has no list of statements; put claims.toml "
            "into the book's folder"
        )
    return coverage.tell(project, options.chapter, options.missing)


def _watch(options: argparse.Namespace) -> int:
    from bookproof import watch

    project = _project(options)
    names = [str(path) for path in _paths(options, project)[0]]
    chosen = names if options.chapters else []
    return watch.watch(project, lambda: _again(options, project, chosen))


def _again(
    options: argparse.Namespace, project: Project, chosen: list[str]
) -> None:
    root = ["--root", str(project.root)]
    if _configured(project):
        main([*root, "tangle"])
    main([*root, "check", *chosen])


def _mutate(options: argparse.Namespace) -> int:
    from bookproof import check, survivors

    project = _project(options)
    paths, _ = _paths(options, project)
    chapters = check.read(project, paths)
    tried, left = 0, 0
    for chapter, chosen in survivors.choose(
        chapters, options.sample, options.seed
    ):
        tried += len(chosen)
        for mutant in survivors.survivors(chapter, project, chosen):
            left += 1
            say(f"survives: {mutant}")
    say(f"{tried - left} of {tried} mutants are noticed")
    return FAILS if left else HOLDS


def _where(options: argparse.Namespace) -> int:
    from bookproof import where

    project = _project(options)
    file, _, line = options.place.rpartition(":")
    if not file or not line.isdigit():
        raise UsageError(f"{options.place!r} is no place; write FILE:LINE")
    found = where.where(project, file, int(line))
    if found is None:
        raise UsageError(
            f"{options.place} is neither a line of a chunk nor of a tangled "
            "file"
        )
    say(str(found))
    return HOLDS


if __name__ == "__main__":
    sys.exit(main())
