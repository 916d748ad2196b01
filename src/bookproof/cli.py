"""The command line: `bookproof`, or `python -m bookproof`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bookproof.arguments import make_parser
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
    options = make_parser(_COMMANDS).parse_args(arguments)
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
    from bookproof import check, stitch, tangle

    project = _project(options)
    if not options.check:
        stitch.resume(project)
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


def _stitch(options: argparse.Namespace) -> int:
    from bookproof import check, stitch

    project = _project(options)
    if not options.check:
        for line in stitch.resume(project):
            say(line)
    paths, findings = check.paths_of(project)
    if not findings:
        chapters = check.read(project, paths)
        stitched = stitch.stitch(chapters, project)
        if options.check:
            findings = stitch.changed(stitched)
        else:
            for line in stitch.write(stitched, project):
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
    jobs = _jobs(options)
    paths, findings = _paths(options, project)
    chapters = check.read(project, paths)
    lines: dict[tuple[str, int], str] = {}
    if _configured(project):
        others = _all_chapters(project, paths, chapters)
        found, lines = check.source(project, others)
        findings += found
    plan = check.Plan(project, chapters, options.force, jobs, lines)
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
    chosen = survivors.choose(
        check.read(project, paths), options.sample, options.seed
    )
    with ThreadPoolExecutor(_jobs(options)) as pool:
        left = pool.map(
            lambda each: survivors.survivors(each[0], project, each[1]), chosen
        )
        every = [mutant for its in left for mutant in its]
    for mutant in every:
        say(f"survives: {mutant}")
    tried = sum(len(its) for _, its in chosen)
    say(f"{tried - len(every)} of {tried} mutants are noticed")
    return FAILS if every else HOLDS


def _jobs(options: argparse.Namespace) -> int:
    jobs: int = options.jobs
    if jobs < 1:
        raise UsageError("-j takes a number from one up")
    return jobs


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


_COMMANDS = {
    "tangle": _tangle,
    "stitch": _stitch,
    "lint": _lint,
    "check": _check,
    "sources": _sources,
    "watch": _watch,
    "mutate": _mutate,
    "where": _where,
}


if __name__ == "__main__":
    sys.exit(main())
