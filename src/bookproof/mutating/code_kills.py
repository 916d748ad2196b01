"""What became of changes of the printed code, as the book keeps it.

To try one runs chapters, so only a sample is tried: `mutate --code` adds to
`_mutants/_code.json` in the book's folder. An entry is found by the code that
it is about, so that a changed function has none; what chapters say of it may
have changed since, which only another try can tell.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bookproof.config import Project
from bookproof.mutating.code_mutants import CodeMutant, code_mutants
from bookproof.mutating.kills import FOLDER, Count
from bookproof.mutating.reasons import code_reasons, unreadable
from bookproof.reading.elements import Chapter
from bookproof.tangling.replace import write_whole
from bookproof.tangling.tangle import Tangled

FILE = "_code.json"
"""No chapter has this name."""


@dataclass(frozen=True, slots=True)
class Where:
    """A change of the code, as it is kept: by what the code around it says,
    and as people find it (the file and the function)."""

    key: str
    name: str


@dataclass
class CodeKills:
    """Of the changes of the code that a chapter prints: how many there are,
    what became of those that were tried, and which were not noticed, with
    the reason that the book gives."""

    every: int = 0
    count: Count = field(default_factory=Count)
    left: list[tuple[CodeMutant, str]] = field(default_factory=list)


def where(tangled: Tangled, mutants: Iterable[CodeMutant]) -> dict[
    CodeMutant, Where
]:  # fmt: skip
    """How each mutant is found again."""
    trees = {
        target: ast.parse(text)
        for target, text in tangled.files.items()
        if target.endswith(".py")
    }
    seen: Counter[str] = Counter()
    out = {}
    for mutant in mutants:
        text = tangled.files[mutant.target]
        names, around = _around(trees[mutant.target], text, mutant)
        said = [mutant.target, names, around, mutant.change[0]]
        said += mutant.change[2:]
        digest = hashlib.sha256(repr(said).encode()).hexdigest()[:12]
        seen[digest] += 1  # the like changes of a function, in their order
        name = "::".join(filter(None, (mutant.target, names)))
        out[mutant] = Where(f"{digest}-{seen[digest]}", name)
    return out


def _around(tree: ast.Module, text: str, mutant: CodeMutant) -> tuple[str, str]:
    """The function of a changed character, or the statement outside of any:
    its name and its text."""
    line = text.count("\n", 0, mutant.change.offset) + 1
    names: list[str] = []
    here: Sequence[ast.stmt] = tree.body
    found: ast.stmt | None = None
    while inner := next((each for each in here if spans(each, line)), None):
        found = inner
        if isinstance(inner, ast.ClassDef):
            names.append(inner.name)
            here = inner.body
            continue
        if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
            names.append(inner.name)
        break
    around = ast.get_source_segment(text, found) if found else None
    return ".".join(names), around or ""


def spans(statement: ast.stmt, line: int) -> bool:
    """Whether a statement stands on a line."""
    return statement.lineno <= line <= (statement.end_lineno or line)


def load(
    project: Project, chapters: Sequence[Chapter], tangled: Tangled
) -> dict[str, CodeKills]:
    """What is known of the code of each chapter, by the chapter's path."""
    record, reasons = read(project), code_reasons(project)
    every = list(code_mutants(tangled, chapters))
    out: dict[str, CodeKills] = {}
    for mutant, its in where(tangled, every).items():
        found = out.setdefault(mutant.place.file, CodeKills())
        found.every += 1
        red = record.get(its.key)
        if red is not None:
            found.count += Count(1, bool(red))
            if not red:
                reason = reasons.get((its.name, words(mutant)), "")
                found.left.append((mutant, reason))
    return out


def words(mutant: CodeMutant) -> str:
    """What becomes of what."""
    kind, _, before, after = mutant.change
    return f"{kind} `{before}` -> `{after}`"


def save(
    project: Project,
    known: Mapping[CodeMutant, Where],
    tried: Iterable[tuple[CodeMutant, str]],
) -> None:
    """Add what was found: the chapter that noticed it, or that none did. What
    is about code that is no more goes."""
    record = read(project)
    record |= {known[mutant].key: red for mutant, red in tried}
    here = {each.key for each in known.values()}
    lines = [
        f"{json.dumps(key)}: {json.dumps(record[key])}"
        for key in sorted(here & record.keys())
    ]
    write_whole(_path(project), "{\n" + ",\n".join(lines) + "\n}\n")


def read(project: Project) -> dict[str, str]:
    """The record: by a mutant's key, the chapter that noticed it, if any."""
    path = _path(project)
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        return {str(key): str(red) for key, red in data.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, AttributeError) as error:
        raise unreadable(project, path, error) from error


def _path(project: Project) -> Path:
    return project.book / FOLDER / FILE
