"""What a reader is told about a marker: its state, and the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bookproof.reading.elements import Marker
from bookproof.weave.book import Page

State = Literal["holds", "cited", "unchecked", "unverified"]

_LONGEST = 160  # characters of a value that a tooltip can carry


@dataclass(frozen=True)
class Mark:
    """How a marker shows on the page: `id` is unique in the book."""

    id: str
    kind: str
    state: State
    note: str


def full_id(page: Page, marker: Marker) -> str:
    """The marker's id in the whole book."""
    return f"{page.chapter.name}::{marker.id}"


def mark_of(page: Page, marker: Marker) -> Mark:
    """The mark of one marker, given what the ledger holds of it."""
    state, note = _judge(page, marker)
    return Mark(full_id(page, marker), marker.kind, state, note)


def _judge(page: Page, marker: Marker) -> tuple[State, str]:
    if marker.kind == "unchecked":
        reason = f": {marker.expression}" if marker.expression else ""
        return "unchecked", f"not checked{reason}"
    if marker.kind == "cited":
        return "cited", "from the literature, not checked here"
    entry = page.entries.get(marker.id)
    if not page.fresh or entry is None:
        return "unverified", "not verified"
    if entry["status"] != "holds":
        return "unverified", f"not verified: {entry['status']}"
    return "holds", evidence(entry)


def evidence(entry: Mapping[str, Any]) -> str:
    """The verdict on one entry of the ledger, in a line."""
    if entry["kind"] == "let":
        return "a definition"
    said = _computed if entry["kind"] == "fact" else _compared
    values = entry.get("values") or ()
    pairs = [said(left, right) for left, right in values if left or right]
    draws = entry.get("draws") or 0
    random = f"in {draws} random draws" if draws > 1 else ""
    shown = "; ".join(dict.fromkeys(pairs))
    if len(shown) > _LONGEST:
        shown = ""
    if random and shown:
        return f"checked {random}, the first: {shown}"
    if shown:
        return f"checked: {shown}"
    return f"checked {random}".strip()


def _compared(left: str, right: str) -> str:
    if left == right:
        return f"{left} = {right}"
    return f"left {left}, right {right}"


def _computed(printed: str, value: str) -> str:
    if value == "True":
        return "true"
    if value == printed:
        return f"the program gives {value}"
    return f"printed {printed}, the program gives {value}"
