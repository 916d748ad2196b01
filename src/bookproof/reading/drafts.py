"""Markers while they are being read: what stands with them comes later."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, cast

from bookproof.diagnostics import Finding, Place, Text
from bookproof.reading import texts
from bookproof.reading.directives import Directive, is_label
from bookproof.reading.elements import Marker, MarkerKind
from bookproof.reading.expressions import parse

_ROLE_LABEL = re.compile(r"\s*([a-z][a-z0-9-]+): ")


@dataclass
class Draft:
    """A marker to which roles may still be attached."""

    kind: MarkerKind
    form: Literal["role", "directive"]
    body: Text
    raw: Text
    place: Place
    section: str
    label: str | None = None
    expression: Text | None = None
    options: Mapping[str, Text] = field(default_factory=dict)
    when: list[Text] = field(default_factory=list)
    range: Text | None = None
    sources: list[str] = field(default_factory=list)
    redefine: bool = False
    id: str = ""

    def marker(self) -> Marker:
        """The finished record."""
        return Marker(
            kind=self.kind,
            form=self.form,
            id=self.id,
            body=self.body,
            raw=self.raw,
            place=self.place,
            section=self.section,
            label=self.label,
            expression=self.expression,
            options=self.options,
            when=tuple(self.when),
            range=self.range,
            sources=tuple(self.sources),
            redefine=self.redefine,
        )

    def takes(self, role: str) -> bool:
        """Whether a role of this name may stand with the marker."""
        return role == "source" or self.kind == "claim"

    def attach(self, role: str, text: Text) -> list[Finding]:
        """Take in a `{when}`, `{range}` or `{source}` that stands with it."""
        if role == "when":
            self.when.append(text)
        elif role == "source":
            self.sources += source_ids(text)
        elif self.range is not None:
            return [
                Finding(
                    "unattached",
                    "a second {range} for one marker",
                    text.place(),
                    width=len(text.text),
                )
            ]
        else:
            self.range = text
        return []


def source_ids(text: Text) -> list[str]:
    """The ids in a `{source}` role or a `:source:` option."""
    return [name.strip() for name in text.text.split(",") if name.strip()]


def draft_role(
    name: str, body: Text, raw: Text, section: str
) -> tuple[Draft, list[Finding]]:
    """The draft of a marker that is a role."""
    label = None
    found = _ROLE_LABEL.match(body.text)
    if found:
        label = found.group(1)
        body = texts.cut(body, found.end())
    kind = cast(MarkerKind, "let" if name == "redefine" else name)
    draft = Draft(
        kind=kind,
        form="role",
        body=texts.strip(body),
        raw=raw,
        place=raw.place(),
        section=section,
        label=label,
        redefine=name == "redefine",
    )
    return draft, _split(draft)


def draft_directive(
    directive: Directive, section: str
) -> tuple[Draft, list[Finding]]:
    """The draft of a marker that is a directive."""
    findings = []
    label = directive.argument.text or None
    if label is not None and not is_label(label):
        findings.append(
            Finding(
                "label",
                f"{label!r} is no label: small letters, digits and hyphens",
                directive.argument.place(),
                width=len(label),
            )
        )
        label = None
    options = dict(directive.options)
    redefine = options.pop("redefine", None) is not None
    source = options.pop("source", None)
    draft = Draft(
        kind=cast(MarkerKind, directive.name),
        form="directive",
        body=_without_blank_lines(directive.body),
        raw=directive.raw,
        place=texts.strip(directive.opening).place(),
        section=section,
        label=label,
        options=options,
        sources=source_ids(source) if source else [],
        redefine=redefine,
    )
    return draft, findings + _split(draft)


def _without_blank_lines(body: Text) -> Text:
    stripped = body.text.rstrip()
    start = len(stripped) - len(stripped.lstrip("\n"))
    return texts.cut(body, start, len(stripped))


def _split(draft: Draft) -> list[Finding]:
    """Take words and `<expression>` apart (RULES 3)."""
    if not draft.body.text.strip():
        return [_finding(draft, f"an empty {{{draft.kind}}}")]
    text = draft.body.text
    if draft.kind == "let" or (draft.kind == "claim" and text[-1] != ">"):
        return []
    start, end = text.find("<"), text.rfind(">")
    if start < 0 or end < start:
        return [
            _finding(
                draft,
                f"a {{{draft.kind}}} ends with <…>",
                {
                    "claim": "write: the term <a Python expression>",
                    "fact": "write: the words <a Python expression>",
                    "cited": "write: the words <keys of the bibliography>",
                    "unchecked": "write: the words <the reason>",
                }[draft.kind],
            )
        ]
    if text[end + 1 :].strip():
        return [_finding(draft, "words after the closing >")]
    expression = texts.strip(texts.cut(draft.body, start + 1, end))
    draft.body = texts.strip(texts.cut(draft.body, 0, start))
    draft.expression = expression
    if not draft.body.text:
        what = "a term" if draft.kind == "claim" else "words"
        return [_finding(draft, f"a {{{draft.kind}}} without {what}")]
    if not expression.text:
        return [_finding(draft, "nothing between < and >")]
    if draft.kind in ("claim", "fact"):
        return list(_python(draft.kind, expression))
    return []


def _python(kind: MarkerKind, expression: Text) -> Iterable[Finding]:
    try:
        parse(expression.text)
    except SyntaxError as error:
        yield Finding(
            kind,
            f"not one Python expression: {error.msg}",
            expression.place(),
            width=len(expression.text),
        )


def _finding(draft: Draft, message: str, *notes: str) -> Finding:
    return Finding(
        draft.kind,
        message,
        draft.place,
        width=len(draft.raw.text.split("\n")[0]),
        notes=notes,
    )


def number_markers(drafts: Iterable[Draft]) -> list[Finding]:
    """Give every draft its id: its label, or its section and a counter."""
    drafts = list(drafts)
    findings = []
    taken: dict[str, Draft] = {}
    for draft in drafts:
        if draft.label is None:
            continue
        if draft.label in taken:
            first = taken[draft.label].place
            findings.append(
                Finding(
                    "duplicate-label",
                    f"the label {draft.label} is taken",
                    draft.place,
                    width=len(draft.raw.text.split("\n")[0]),
                    notes=(f"first used at {first}",),
                )
            )
            draft.label = None
        else:
            taken[draft.label] = draft
            draft.id = draft.label
    counts: dict[str, int] = {}
    for draft in drafts:
        section = draft.section or "start"
        counts[section] = counts.get(section, 0) + 1
        if draft.label is None:
            draft.id = _free(f"{section}-{counts[section]}", taken)
            taken[draft.id] = draft
    return findings


def _free(name: str, taken: Mapping[str, Draft]) -> str:
    while name in taken:
        name += "x"
    return name
