"""The example project holds, is woven, and nothing in it escapes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from test_guide import run, weave

EXAMPLE = Path(__file__).parents[1] / "examples" / "two-pages"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy far from this repository, so that nothing of it is found."""
    folder = tmp_path_factory.mktemp("books") / "two-pages"
    ignored = shutil.ignore_patterns("build", "__pycache__", "_mutants")
    shutil.copytree(EXAMPLE, folder, ignore=ignored)
    run(folder, "bookproof", "tangle", "--check")
    assert "all holds" in run(folder, "bookproof", "check")
    return folder


def test_it_is_woven_without_a_warning(project: Path) -> None:
    weave(project, "book")
    page = (project / "build/html/loan.html").read_text(encoding="utf-8")
    assert "Find the payment that leaves nothing" in page


def test_its_chapter_runs_away_from_the_book(
    project: Path, tmp_path: Path
) -> None:
    weave(project, "book")
    taken = project / "build/html/downloads"
    notebook = nbformat.read(taken / "loan.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [c.source for c in notebook.cells if c.cell_type == "code"]
    assert cells
    as_code = tmp_path / "cells.py"
    as_code.write_text("\n\n".join(cells))
    for file in (taken / "loan.py", as_code):
        done = subprocess.run(
            [sys.executable, "-W", "error", file],
            env={**os.environ, "PYTHONPATH": str(project / "src")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_nothing_in_it_can_change_unnoticed(project: Path) -> None:
    said = run(project, "bookproof", "mutate")
    assert said.count("(100.00%)") == 2
    assert "survives" not in said


def test_its_package_is_what_the_pages_print(project: Path) -> None:
    names: dict = {}
    source = project / "src/loans/__init__.py"
    exec(compile(source.read_text(encoding="utf-8"), source, "exec"), names)
    paid = names["payment"](1000, 0.1, 3)
    assert abs(paid - 133100 / 331) < 1e-9
    assert abs(names["account"](1000, 0.1, paid, 3)[-1]) < 1e-9
