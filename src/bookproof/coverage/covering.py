"""Runs the chapters, and tests, while coverage.py looks on.

Every process that starts meanwhile is watched, the chapters' workers, the
copies that they fork for exercises, and the tests' own: coverage.py starts
itself in each when the environment says so.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from bookproof.config import Project
from bookproof.diagnostics import Finding
from bookproof.keeping import ledger
from bookproof.keeping.verdicts import Progress
from bookproof.reading.elements import Chapter
from bookproof.running.run import ChapterRun, run_chapter
from bookproof.tangling.tangle import Tangled
from bookproof.tangling.where import book_lines

SLOWER = 10
"""How many times longer a chapter may take when it is watched."""

_SETTINGS = """\
[run]
parallel = true
patch = _exit, fork
disable_warnings = no-data-collected, module-not-imported
data_file = {data}
include =
    {files}
"""


@dataclass
class Measured:
    """The lines of each file that are code, and those of them that ran;
    what went wrong meanwhile (the figures may then be too low)."""

    code: dict[str, set[int]] = field(default_factory=dict)
    ran: dict[str, set[int]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def measure(
    project: Project,
    chapters: Sequence[Chapter],
    tangled: Tangled,
    tests: Sequence[str] = (),
    jobs: int = 1,
    progress: Progress | None = None,
) -> Measured:
    """Run the chapters and then the tests; count for each of the files."""
    measured = Measured()
    source, lines = project.source.resolve(), book_lines(tangled)
    files = {target: source / target for target in tangled.files}
    with tempfile.TemporaryDirectory(prefix="bookproof-") as scratch:
        settings = Path(scratch, "settings")
        names = "\n    ".join(map(str, files.values()))
        settings.write_text(
            _SETTINGS.format(data=Path(scratch, "data"), files=names),
            encoding="utf-8",
        )
        with _environment({"COVERAGE_PROCESS_START": str(settings)}):
            for run in _run(project, chapters, lines, jobs, progress):
                measured.findings += run.findings
            measured.failed += _test(project, tests)
        _count(settings, files, measured)
    return measured


@contextlib.contextmanager
def _environment(more: Mapping[str, str]) -> Iterator[None]:
    """Variables for the processes that start meanwhile."""
    before = dict(os.environ)
    os.environ.update(more)
    try:
        yield
    finally:
        for name in more:
            os.environ.pop(name)
        os.environ.update(before)


def _run(
    project: Project,
    chapters: Sequence[Chapter],
    lines: Mapping[tuple[str, int], str],
    jobs: int,
    progress: Progress | None,
) -> list[ChapterRun]:
    patient = replace(
        project,
        cell_seconds=SLOWER * project.cell_seconds,
        chapter_seconds=SLOWER * project.chapter_seconds,
    )

    def run(chapter: Chapter) -> ChapterRun:
        facts = ledger.references(project, chapter)
        return run_chapter(
            chapter, patient, lines=lines, facts=facts, on_outcome=progress
        )

    with ThreadPoolExecutor(jobs) as pool:
        return list(pool.map(run, chapters))


def _test(project: Project, tests: Sequence[str]) -> list[str]:
    """Run tests with pytest; the last words of a run that failed."""
    if not tests:
        return []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    paths = [str(project.source), os.environ.get("PYTHONPATH", "")]
    ended = subprocess.run(
        [*command, *tests],
        cwd=project.root,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode == 0:
        return []
    words = (ended.stdout + ended.stderr).strip().splitlines()
    return [f"the tests failed: {line}" for line in words[-3:]]


def _count(
    settings: Path, files: Mapping[str, Path], measured: Measured
) -> None:
    import coverage

    data = coverage.Coverage(config_file=str(settings))
    data.combine()
    for target, path in files.items():
        _, code, _, missing, _ = data.analysis2(str(path))
        measured.code[target] = set(code)
        measured.ran[target] = set(code) - set(missing)
