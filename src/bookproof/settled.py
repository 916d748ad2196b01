"""Which statements of `claims.toml` the book has settled so far."""

from __future__ import annotations

from bookproof import check, statements
from bookproof.config import Project
from bookproof.keeping import ledger
from bookproof.keeping.inputs import Inputs
from bookproof.outcome import Outcome
from bookproof.report import say


def tell(project: Project, chapter: str | None, only_missing: bool) -> int:
    """List them; the exit status: 1 when some are missing."""
    known = statements.load(project).values()
    chosen = [each for each in known if chapter in (None, each.chapter)]
    settled, stale = _settled(project)
    missing = [each for each in chosen if each.id not in settled]
    for each in chosen:
        marks = settled.get(each.id, [])
        if not (only_missing and marks):
            say(_line(each, marks))
    for name in stale:
        say(f"note: {name} has changed since it was verified; run bookproof "
            f"check {name}")  # fmt: skip
    done = len(chosen) - len(missing)
    say(f"{done} of {len(chosen)} statements settled")
    return 1 if missing else 0


def _line(statement: statements.Statement, marks: list[Outcome]) -> str:
    if not marks:
        words = statement.text
        if len(words) > 90:
            words = words[:87] + "..."
        return f"missing  {statement.id} ({statement.kind}): {words}"
    places = ", ".join(f"{each.id} at {each.place}" for each in marks)
    return f"settled  {statement.id}: {places}"


def _settled(
    project: Project,
) -> tuple[dict[str, list[Outcome]], list[str]]:
    """What the ledgers say, and the chapters whose ledger is stale."""
    settled: dict[str, list[Outcome]] = {}
    stale = []
    paths, _ = check.paths_of(project)
    inputs = Inputs(project)
    for chapter in check.read(project, paths):
        data = ledger.load(project, chapter.name)
        if data is None or not ledger.current(inputs, chapter, data):
            if any(each.sources for each in statements.markers(chapter)):
                stale.append(chapter.name)
            continue
        for name, marks in statements.settled(ledger.outcomes(data)).items():
            settled.setdefault(name, []).extend(marks)
    return settled, stale
