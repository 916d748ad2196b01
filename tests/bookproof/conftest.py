"""Tiny projects on disk, for the tests of the press."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from bookproof.config import Project
from bookproof.outcome import Outcome
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Chapter
from bookproof.running.run import ChapterRun, run_chapter

FRONT = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---

"""


@dataclass(frozen=True)
class Book:
    """A project in a temporary folder."""

    root: Path

    @property
    def project(self) -> Project:
        return Project.find(self.root)

    def write(self, name: str, body: str, front: str = FRONT) -> Path:
        """Write one chapter; `body` may be indented as a whole."""
        path = self.root / "book" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(front + textwrap.dedent(body), encoding="utf-8")
        names = sorted(each.stem for each in path.parent.glob("*.md"))
        names = [each for each in names if each != "index"]
        index = "# The book\n\n```{toctree}\n" + "\n".join(names) + "\n```\n"
        (path.parent / "index.md").write_text(index, encoding="utf-8")
        return path

    def read(self, name: str) -> Chapter:
        return read_chapter(self.root / "book" / f"{name}.md", self.project)

    def run(self, body: str, **options: object) -> ChapterRun:
        """Write a chapter and run it."""
        self.write("ch", body)
        return run_chapter(self.read("ch"), self.project, **options)  # type: ignore[arg-type]

    def verdicts(self, body: str) -> dict[str, Outcome]:
        """The outcomes of a chapter by their ids."""
        run = self.run(body)
        return {each.id: each for each in run.outcomes.values()}

    def files(self) -> dict[str, bytes]:
        """Every file of the project but the caches, and what it holds."""
        return {
            path.relative_to(self.root).as_posix(): path.read_bytes()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
            and not {"build", "__pycache__", ".pytest_cache"}
            & set(path.relative_to(self.root).parts)
        }

    def pytest(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run pytest in the project, in a process of its own."""
        environment = dict(os.environ, PYTEST_ADDOPTS="", COLUMNS="100")
        command = [sys.executable, "-m", "pytest", *arguments]
        return subprocess.run(
            command,
            cwd=self.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def make_book(tmp_path: Path) -> Callable[..., Book]:
    """Makes a project; keywords are settings of [tool.bookproof]."""

    def make(folder: str = "project", **settings: object) -> Book:
        return new_book(tmp_path / folder, settings)

    return make


def new_book(root: Path, settings: Mapping[str, object]) -> Book:
    """A project with these settings."""
    root.mkdir(parents=True)
    lines = "".join(f"{key} = {value!r}\n" for key, value in settings.items())
    (root / "pyproject.toml").write_text(
        f'[tool.bookproof]\nbook = "book"\nsource = "src"\n{lines}'
        '[tool.pytest.ini_options]\nfilterwarnings = ["error"]\n',
        encoding="utf-8",
    )
    (root / "src").mkdir()
    return Book(root)


@pytest.fixture
def book(make_book: Callable[..., Book]) -> Book:
    """A project with the usual settings."""
    return make_book()
