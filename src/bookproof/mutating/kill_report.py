"""How the fate of mutants is told: for people, and for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bookproof.mutating.code_mutants import CodeMutant
from bookproof.mutating.exercised import Fate
from bookproof.mutating.kills import Count, Kills, Left


def as_text(found: Mapping[str, Kills]) -> str:
    """What was left, in reading order, then a line for each chapter."""
    lines = [_line(left) for its in found.values() for left in its.left]
    lines += [f"{name}: {_summary(its)}" for name, its in found.items()]
    return "\n".join(lines or ["nothing to change"])


def as_json(found: Mapping[str, Kills]) -> str:
    """The same as one JSON object, by chapter."""
    data = {name: _record(its) for name, its in found.items()}
    return json.dumps(data, indent=1, ensure_ascii=False)


def code_text(tried: Sequence[Fate], reasons: Mapping[CodeMutant, str]) -> str:
    """Which mutants of the code were not noticed, and how many were."""
    alive = [fate.mutant for fate in tried if not fate.red]
    lines = []
    for mutant in alive:
        because = f" ({reasons[mutant]})" if reasons.get(mutant) else ""
        lines.append(f"survives: {mutant}{because}")
    killed = len(tried) - len(lines)
    said = f"code: {killed} of {len(tried)} mutants are noticed (a sample)"
    return "\n".join([*lines, said])


def code_json(tried: Sequence[Fate], reasons: Mapping[CodeMutant, str]) -> str:
    """The same as a JSON list."""
    data = [
        {
            "target": fate.mutant.target,
            "kind": fate.mutant.change.kind,
            "before": fate.mutant.change.before,
            "after": fate.mutant.change.after,
            "file": fate.mutant.place.file,
            "line": fate.mutant.place.line,
            "column": fate.mutant.place.column,
            "red": fate.red,
            "reason": reasons.get(fate.mutant, ""),
        }
        for fate in tried
    ]
    return json.dumps(data, indent=1, ensure_ascii=False)


def _line(left: Left) -> str:
    because = f" ({left.reason})" if left.reason else ""
    return f"{left.fate}: {left.mutant}{because}"


def _summary(its: Kills) -> str:
    total = its.total
    said = f"{total.killed} of {total.asked} mutants are noticed"
    said += f" ({total.rate:.2%})"
    if total.apart:
        said += f", {total.apart} apart"
    kinds = ", ".join(
        f"{kind} {count.killed}/{count.asked}"
        for kind, count in sorted(its.kinds.items())
    )
    return f"{said}: {kinds}"


def _record(its: Kills) -> dict[str, Any]:
    return {
        **_numbers(its.total),
        "kinds": {k: _numbers(n) for k, n in sorted(its.kinds.items())},
        "claims": {k: _numbers(n) for k, n in its.claims.items()},
        "left": [
            {
                "id": left.mutant.id,
                "fate": left.fate,
                "change": left.mutant.words,
                "file": left.mutant.place.file,
                "line": left.mutant.place.line,
                "column": left.mutant.place.column,
                "reason": left.reason,
            }
            for left in its.left
        ],
    }


def _numbers(count: Count) -> dict[str, int]:
    return {
        "tried": count.tried,
        "killed": count.killed,
        "apart": count.apart,
    }
