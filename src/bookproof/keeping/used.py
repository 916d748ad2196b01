"""The dependencies of a chapter's verdicts, as they were noted in its run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Used:
    """What each user used, and which functions of the library ran for it.

    A user is the id of a marker or of a cell (`cell-3`), or a row of a table
    of symbols (`symbols-1:w`). What it used is one of these, or a fact of
    another chapter (`chapter/label`). A function is `file:line:name`.
    """

    things: dict[str, list[str]] = field(default_factory=dict)
    code: dict[str, list[str]] = field(default_factory=dict)

    def add(self, event: Mapping[str, Any]) -> None:
        """Take in an event of the worker."""
        for mine, new in (
            (self.things, event["things"]),
            (self.code, event["code"]),
        ):
            for user, found in new.items():
                known = mine.setdefault(user, [])
                known += [each for each in found if each not in known]

    def to_json(self) -> dict[str, Any]:
        """As a record of the ledger; each function is written once."""
        every = sorted({each for ran in self.code.values() for each in ran})
        number = {each: at for at, each in enumerate(every)}
        return {
            "things": self.things,
            "functions": every,
            "ran": {
                user: [number[each] for each in ran]
                for user, ran in self.code.items()
            },
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Used:
        """The inverse of `to_json`."""
        every = record["functions"]
        code = {
            user: [every[at] for at in ran]
            for user, ran in record["ran"].items()
        }
        return cls(dict(record["things"]), code)

    def replaced(self, other: Used, users: set[str]) -> Used:
        """With what `other` says of these users, and adds of the others."""
        things = {k: v for k, v in self.things.items() if k not in users}
        code = {k: v for k, v in self.code.items() if k not in users}
        joined = Used(
            {k: list(v) for k, v in things.items()},
            {k: list(v) for k, v in code.items()},
        )
        joined.add({"things": other.things, "code": other.code})
        return joined

    def only(self, users: set[str]) -> Used:
        """What it says of these users, and of the rows of tables."""

        def known(user: str) -> bool:
            return user in users or ":" in user

        return Used(
            {k: v for k, v in self.things.items() if known(k)},
            {k: v for k, v in self.code.items() if known(k)},
        )

    def behind(self, user: str) -> list[str]:
        """Everything that a verdict rests on, directly or not."""
        return reached([user], self.things)

    def functions_of(self, user: str) -> list[str]:
        """The functions that ran for a verdict or for what it rests on."""
        users = [user, *self.behind(user)]
        found = {each for one in users for each in self.code.get(one, ())}
        return sorted(found)


def reached(
    start: Iterable[str], edges: Mapping[str, Iterable[str]]
) -> list[str]:
    """What can be reached from `start`, without it, in order of finding."""
    first = list(start)
    found: dict[str, None] = {}
    left = list(first)
    while left:
        for each in edges.get(left.pop(0), ()):
            if each not in found and each not in first:
                found[each] = None
                left.append(each)
    return list(found)
