"""Collects chapters for pytest: one item for each thing that is verified.

Only files in the book folder of a project that has `[tool.bookproof]` in its
pyproject.toml are collected; elsewhere the plugin does nothing and imports
nothing.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from bookproof.config import Project
    from bookproof.diagnostics import Finding
    from bookproof.mutating.survivors import Trial
    from bookproof.outcome import Outcome
    from bookproof.reading.elements import Chapter
    from bookproof.running.run import ChapterRun
    from bookproof.statements import Statement


SAMPLE = 20
"""How many mutants of a chapter are tried again."""


class DoesNotHold(Exception):
    """What an item verifies does not hold."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.text = text


@functools.cache
def _project_of(folder: Path) -> Project | None:
    """The configured project whose book holds this folder, if there is."""
    for root in (folder, *folder.parents):
        path = root / "pyproject.toml"
        if path.is_file():
            text = path.read_text(encoding="utf-8", errors="replace")
            if "bookproof" in text and _configures(text):
                from bookproof.config import Project

                project = Project.find(root)
                book = project.book.resolve()
                return project if folder.is_relative_to(book) else None
    return None


def _configures(text: str) -> bool:
    try:
        return "bookproof" in tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError:
        return False


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """A chapter's items share one run, so keep a file on one worker."""
    if getattr(config.option, "dist", None) == "load":
        path = config.rootpath / "pyproject.toml"
        if path.is_file() and _configures(path.read_text(encoding="utf-8")):
            config.option.dist = "loadfile"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under the traceback of a test: the book's lines of the source's."""
    report = yield
    add = getattr(report.longrepr, "addsection", None)
    if report.failed and call.excinfo is not None and add is not None:
        project = _project_at(item.config.rootpath)
        if project is not None:
            from bookproof.pytest_traces import in_the_book

            told = in_the_book(project, call.excinfo.value)
            if told:
                add("in the book", "\n".join(told))
    return report


@functools.cache
def _project_at(root: Path) -> Project | None:
    """The configured project in this folder, if there is one."""
    path = root / "pyproject.toml"
    if not path.is_file() or not _configures(path.read_text(encoding="utf-8")):
        return None
    from bookproof.config import Project

    return Project.find(root)


@functools.cache
def _statements(root: Path) -> dict[str, Statement]:
    """What the project's claims.toml states, read once for all chapters."""
    from bookproof import statements
    from bookproof.config import Project

    return statements.load(Project.find(root))


def pytest_collect_file(
    file_path: Path, parent: pytest.Collector
) -> pytest.Collector | None:
    """A chapter of a project."""
    if file_path.suffix != ".md":
        return None
    path = file_path.resolve()
    project = _project_of(path.parent)
    if project is None:
        return None
    inside = path.relative_to(project.book.resolve()).parts
    if any(part[0] in "._" for part in inside):
        return None
    collected: ChapterFile = ChapterFile.from_parent(
        parent, path=file_path, project=project
    )
    return collected


class ChapterFile(pytest.File):
    """One chapter; it runs once, whatever is selected of it."""

    def __init__(self, *, project: Project, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.project = project

    @functools.cached_property
    def chapter(self) -> Chapter:
        """The chapter as read."""
        from bookproof.reading.chapter import read_chapter

        return read_chapter(self.path, self.project)

    def collect(self) -> Iterator[pytest.Item]:
        """The lint, its findings, and each thing that has a verdict."""
        from bookproof.check import chapter_findings
        from bookproof.mutating import kills
        from bookproof.mutating.mutate import mutants
        from bookproof.outcome import blank, runnable
        from bookproof.reading.elements import PlainMath

        known = _statements(self.project.root)
        found = chapter_findings(self.chapter, self.project, known)
        if kills.kept(self.project) and any(mutants(self.chapter)):
            yield MutantsItem.from_parent(self, name="mutants")
        yield LintItem.from_parent(self, name="lint", findings=found)
        for number, finding in enumerate(found, 1):
            name = f"lint-{number}-{finding.rule}"
            yield FindingItem.from_parent(self, name=name, finding=finding)
        mathematics, taken = [], {"lint"}
        for index, element in runnable(self.chapter):
            if isinstance(element, PlainMath):
                mathematics.append(index)
                continue
            name = _unique(blank(index, element).id, taken)
            yield VerdictItem.from_parent(
                self, name=name, indices=[index], line=element.place.line
            )
        if mathematics:
            name = _unique("mathematics-in-prose", taken)
            yield VerdictItem.from_parent(
                self, name=name, indices=mathematics, line=1
            )

    def outcomes(self, indices: Iterable[int]) -> list[Outcome]:
        """The verdicts on some elements."""
        return [self.run.outcomes[index] for index in indices]

    @functools.cached_property
    def trial(self) -> Trial:
        """The mutants that are tried on the way."""
        from bookproof.mutating import kills
        from bookproof.mutating.survivors import Trial

        chosen = kills.sample(self.project, self.chapter, SAMPLE)
        return Trial(self.chapter, self.project, chosen)

    @functools.cached_property
    def run(self) -> ChapterRun:
        """The chapter's one run, as far as the selected items need it."""
        from bookproof.keeping import ledger
        from bookproof.outcome import runnable
        from bookproof.pytest_traces import book_lines
        from bookproof.running.run import run_chapter

        own = [item for item in self.session.items if item.parent is self]
        wanted = frozenset(
            index
            for item in own
            if isinstance(item, VerdictItem)
            for index in item.indices
        )
        tries = any(isinstance(item, MutantsItem) for item in own)
        whole = tries or len(wanted) == len(runnable(self.chapter))
        return run_chapter(
            self.chapter,
            self.project,
            wanted=None if whole else wanted,
            lines=book_lines(self.project),
            facts=ledger.references(self.project, self.chapter),
            variants=self.trial.variants if tries else None,
        )


def _unique(name: str, taken: set[str]) -> str:
    out, number = name, 2
    while out in taken:
        out, number = f"{name}-{number}", number + 1
    taken.add(out)
    return out


class _Item(pytest.Item):
    parent: ChapterFile
    line = 1

    def repr_failure(  # type: ignore[override]
        self, excinfo: pytest.ExceptionInfo[BaseException]
    ) -> Any:
        """The finding alone: how the press got there helps no author."""
        if isinstance(excinfo.value, DoesNotHold):
            return excinfo.value.text
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The place in the book."""
        return self.path, self.line - 1, self.name

    def fail(self, findings: Iterable[Finding]) -> None:
        """Fail with these findings, if there are any."""
        root = self.parent.project.root
        text = "\n\n".join(finding.render(root) for finding in findings)
        if text:
            raise DoesNotHold(text)


class MutantsItem(_Item):
    """Passes when it is known of every mutant what becomes of it, and a few,
    tried again, are killed again."""

    def runtest(self) -> None:
        """Look into the record; try the sample in the chapter's run."""
        from bookproof.mutating import kills

        parent = self.parent
        self.fail(kills.complaints(parent.project, parent.chapter))
        if parent.run.findings:
            raise DoesNotHold("the chapter itself does not hold")
        tried = parent.trial.judge(parent.run)
        alive = [str(each.mutant) for each in tried if each.fate != "killed"]
        if alive:
            what = "no check notices any more:"
            raise DoesNotHold("\n".join([what, *alive]))


class LintItem(_Item):
    """Passes when reading the chapter finds nothing wrong."""

    def __init__(self, *, findings: list[Finding], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.findings = findings

    def runtest(self) -> None:
        """Say how much is wrong; each finding has an item of its own."""
        if self.findings:
            number = len(self.findings)
            words = "finding" if number == 1 else "findings"
            raise DoesNotHold(f"{number} {words}; see the items lint-...")


class FindingItem(_Item):
    """One finding of reading; always fails."""

    def __init__(self, *, finding: Finding, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.finding = finding
        self.line = finding.place.line

    def runtest(self) -> None:
        """Show the finding."""
        self.fail([self.finding])


class VerdictItem(_Item):
    """The verdict on one element (or on all mathematics in prose)."""

    def __init__(self, *, indices: list[int], line: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.indices = indices
        self.line = line

    def runtest(self) -> None:
        """Ask for the verdict recorded at this place."""
        outcomes = self.parent.outcomes(self.indices)
        self.fail(f for each in outcomes for f in each.findings)
        bad = [each for each in outcomes if not each.good]
        if bad:
            raise DoesNotHold(f"{bad[0].place}: {bad[0].status}: "
                              "see what failed before it")  # fmt: skip
