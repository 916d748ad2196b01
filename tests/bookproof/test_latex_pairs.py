r"""Formulas of the field, each with a wrong twin: `formulas/*.toml`.

The right one must hold; the wrong one must be judged false, or refused by the
rule that its file names. Between the two stands one mistake that a book could
print: a transpose, a sign, an index, a factor, an end of a range.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from latex_scope import Bench, shown

FILES = sorted((Path(__file__).parent / "formulas").glob("*.toml"))


@dataclass(frozen=True)
class Pair:
    """A formula, its wrong twin, and how the twin is found out."""

    file: str
    right: str
    wrong: str
    refused: str | None = None  # by this rule; None: judged false
    options: Mapping[str, str] = field(default_factory=dict)


@cache
def bench(file: str) -> Bench:
    """The symbols and definitions that the pairs of a file share."""
    content = tomllib.loads(_path(file).read_text())
    names = {"rng": np.random.default_rng(7)}
    made = Bench(**names)
    exec(content.get("python", ""), made.namespace)
    made.table(list(content.get("symbols", {}).items()))
    return made.let(*content.get("let", []))


def _path(file: str) -> Path:
    return next(path for path in FILES if path.stem == file)


def _pairs(path: Path) -> list[Pair]:
    content = tomllib.loads(path.read_text())
    return [
        Pair(
            path.stem,
            pair["right"],
            pair["wrong"],
            pair.get("refused"),
            pair.get("options", {}),
        )
        for pair in content["pair"]
    ]


PAIRS = [pair for path in FILES for pair in _pairs(path)]
NAMES = [f"{pair.file}-{number}" for number, pair in enumerate(PAIRS)]


def test_there_are_three_hundred_different_pairs() -> None:
    assert len({(pair.file, pair.right) for pair in PAIRS}) == len(PAIRS)
    assert len(PAIRS) >= 300


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_the_right_formula_holds(pair: Pair) -> None:
    verdict = bench(pair.file).check(pair.right, **pair.options)
    # A bound may be true and could be tighter: what is tested is its truth.
    rules = {finding.rule for finding in verdict.findings}
    assert rules <= {"loose-bound"}, shown(verdict)
    assert (verdict.status == "holds") is (not rules), shown(verdict)
    assert verdict.relations >= 1


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_the_wrong_twin_does_not(pair: Pair) -> None:
    verdict = bench(pair.file).check(pair.wrong, **pair.options)
    rules = {finding.rule for finding in verdict.findings}
    assert rules == {pair.refused or "claim"}, shown(verdict)
    assert verdict.status == ("error" if pair.refused else "fails")
    assert verdict.findings[0].place.file == "chapter.md"
