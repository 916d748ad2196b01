"""The page that says what each construct means, held against the press."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from latex_scope import Bench, shown
from subset import GRAMMAR

PAGE = Path(__file__).parents[2] / "docs" / "formulas.md"
TEXT = PAGE.read_text()
ROWS = re.findall(r"^\| .* \| \{claim\}`([^`]+)` \| `([^`]+)` \|$", TEXT, re.M)
REFUSED = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|$", TEXT, re.M)


@pytest.fixture(scope="module")
def bench() -> Bench:
    """The bindings of the page: its cell, its symbols, its definitions."""
    made = Bench()
    for cell in re.findall(r"```\{code-cell\}.*?\n(.*?)```", TEXT, re.S):
        exec(cell, made.namespace)
    rows = re.findall(r"^\| \$([^$]+)\$ \|.*\| `([^`]+)` \|$", TEXT, re.M)
    made.table(rows)
    return made.let(*re.findall(r"\{let\}`([^`]+)`", TEXT))


def test_the_page_has_a_table_of_every_kind() -> None:
    assert len(ROWS) >= 60
    assert len(REFUSED) >= 15
    assert TEXT.count("{claim}`") == len(ROWS) + 1


@pytest.mark.parametrize(("right", "wrong"), ROWS)
def test_one_holds_and_the_other_does_not(
    bench: Bench, right: str, wrong: str
) -> None:
    verdict = bench.check(right)
    assert verdict.status == "holds", shown(verdict)
    assert bench.check(wrong).status in ("fails", "error")


@pytest.mark.parametrize(("text", "message"), REFUSED)
def test_the_page_quotes_the_refusal(
    bench: Bench, text: str, message: str
) -> None:
    verdict = bench.check(text)
    assert verdict.status == "error"
    assert [finding.message for finding in verdict.findings] == [message]


def test_the_page_prints_the_grammar() -> None:
    assert f"```text\n{GRAMMAR}```\n" in TEXT


def test_the_page_is_proved(tmp_path: Path) -> None:
    (tmp_path / PAGE.name).write_text(TEXT)
    done = subprocess.run(
        [sys.executable, "-m", "bookproof", "check", PAGE.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
