"""Reading a directive: its name, argument, options and body."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from docutils.parsers.rst import Directive as DocutilsDirective
from docutils.parsers.rst.states import MarkupError
from markdown_it.token import Token
from myst_parser.parsers.directives import parse_directive_text

from bookproof.diagnostics import Finding, Text
from bookproof.reading import texts
from bookproof.reading.table import Row, plain

_LABEL = re.compile(r"[a-z][a-z0-9-]+")
_OPTION_LIKE = re.compile(r"\s*:[A-Za-z][\w-]*:(\s|$)")


def is_label(text: str) -> bool:
    """Whether `text` may name a marker, a chunk or an exercise."""
    return _LABEL.fullmatch(text) is not None


@dataclass(frozen=True)
class Directive:
    """A fence that is a directive, in parts that know their places."""

    name: str
    opening: Text
    argument: Text
    options: Mapping[str, Text]
    body: Text
    raw: Text
    row: Row | None
    metadata: Mapping[str, Any] = field(default_factory=dict)


def info_parts(token: Token, opening: Text) -> tuple[str, Text]:
    """The name on a fence's first line, and the rest of that line."""
    start = opening.text.index(token.markup) + len(token.markup)
    info = opening.text[start:]
    name = info.split(maxsplit=1)[0] if info.strip() else ""
    after = start + info.index(name) + len(name)
    return name, texts.strip(texts.cut(opening, after))


def read_directive(
    token: Token, source: list[Text], table: Mapping[str, Row]
) -> tuple[Directive, list[Finding]]:
    """The directive that a fence token is, and what is wrong with it."""
    assert token.map is not None
    first, last = token.map
    opening = source[first]
    braced, argument = info_parts(token, opening)
    name = braced[1:-1]
    row = table.get(name)
    count = len(token.content.split("\n")) - 1
    content = texts.lines(texts.lift(token.content, source, first + 1))
    raw = texts.join(source[first:last], opening.file)
    if row is None:
        body = texts.join(content[:count], opening.file)
        return Directive(name, opening, argument, {}, body, raw, None), []
    parse = _parse_cell if name == "code-cell" else _parse
    return parse(name, opening, argument, token.content, content, raw, row)


def _parse_cell(
    name: str,
    opening: Text,
    argument: Text,
    content: str,
    lines: list[Text],
    raw: Text,
    row: Row,
) -> tuple[Directive, list[Finding]]:
    """A cell's options are full YAML, as MyST-NB reads them."""
    result = parse_directive_text(
        _class_of(Row("literal", "plain", options=plain("options"))),
        "",
        content,
        validate_options=False,
    )
    findings = [
        Finding("directive-option", warning.msg, opening.place())
        for warning in result.warnings
    ]
    body = _body_text(result.body, result.body_offset, argument, lines)
    block = texts.join(lines[: max(result.body_offset, 0)], opening.file)
    findings += _repeated(block, opening)
    metadata = dict(result.options)
    options = {"": block}
    return (
        Directive(name, opening, argument, options, body, raw, row, metadata),
        findings,
    )


def _parse(
    name: str,
    opening: Text,
    argument: Text,
    content: str,
    lines: list[Text],
    raw: Text,
    row: Row,
) -> tuple[Directive, list[Finding]]:
    empty = texts.cut(opening, len(opening.text))
    findings: list[Finding] = []
    try:
        result = parse_directive_text(_class_of(row), argument.text, content)
    except MarkupError as error:
        text = f"{{{name}}}: {error}"
        finding = Finding("directive", text, opening.place())
        body = texts.join(lines, opening.file)
        return (
            Directive(name, opening, argument, {}, body, raw, row),
            [finding],
        )
    for warning in result.warnings:
        findings.append(
            Finding("directive-option", warning.msg, opening.place())
        )
    block = texts.join(lines[: max(result.body_offset, 0)], opening.file)
    findings += _repeated(block, opening)
    options = {}
    for key, value in result.options.items():
        found = _option_text(key, value or "", block)
        if found is None:
            found = texts.with_text(empty, "")
            findings.append(
                Finding(
                    "directive-option",
                    f"the option :{key}: is not read as it is written",
                    opening.place(),
                    notes=("write its value on one line, without YAML quotes",),
                )
            )
        options[key] = found
    body = _body_text(result.body, result.body_offset, argument, lines)
    findings += _stray_options(body, every_line=row.body in ("marker", "math"))
    if result.body_offset < 0:
        argument = empty
    return (
        Directive(name, opening, argument, options, body, raw, row),
        findings,
    )


def _class_of(row: Row) -> type[DocutilsDirective]:
    """A docutils directive that takes what the row allows."""
    return type(
        "Row",
        (DocutilsDirective,),
        {
            "required_arguments": int(row.required),
            "optional_arguments": int(
                row.argument != "none" and not row.required
            ),
            "final_argument_whitespace": True,
            "has_content": row.body != "none",
            "option_spec": dict.fromkeys(row.options, _unchanged),
        },
    )


def _unchanged(value: str | None) -> str:
    return value or ""


def _body_text(
    body: list[str], offset: int, argument: Text, lines: list[Text]
) -> Text:
    """The body's lines at their places (-1 is the line of the opening)."""
    parts = [
        argument if offset + number < 0 else lines[offset + number]
        for number in range(len(body))
    ]
    if not parts:
        end = lines[0] if lines else argument
        return texts.cut(end, 0, 0)
    return texts.join(parts, argument.file)


def _keys(block: Text) -> list[tuple[str, Text]]:
    """The `key` and the rest of each line of an options block."""
    found = []
    colons = block.text.lstrip().startswith(":")
    for line in texts.lines(block):
        body = line.text.strip()
        if colons:
            body = body.removeprefix(":")
        elif line.text[:1].isspace():
            continue  # deeper in a YAML value
        key, mark, _ = body.partition(":")
        if mark and key and not key.startswith(("-", "#")):
            start = line.text.index(key) + len(key) + 1
            found.append((key.strip(), texts.strip(texts.cut(line, start))))
    return found


def _option_text(key: str, value: str, block: Text) -> Text | None:
    for name, rest in _keys(block):
        if name == key and rest.text == value.strip():
            return rest
    return None


def _repeated(block: Text, opening: Text) -> list[Finding]:
    seen: set[str] = set()
    findings = []
    for key, rest in _keys(block):
        if key in seen:
            findings.append(
                Finding(
                    "directive-option",
                    f"the option :{key}: stands here twice",
                    rest.place(),
                    notes=("only one of them would be read",),
                )
            )
        seen.add(key)
    return findings


def _stray_options(body: Text, every_line: bool) -> list[Finding]:
    """Lines that look like options but stand in the body."""
    lines = texts.lines(body)
    if not every_line:
        lines = next(([line] for line in lines if line.text.strip()), [])
    return [
        Finding(
            "directive-option",
            "this line looks like an option, but is part of the body",
            texts.strip(line).place(),
            width=len(line.text.strip()),
        )
        for line in lines
        if _OPTION_LIKE.match(line.text)
    ]


def yaml_text(block: Text, *path: str) -> Text | None:
    """The scalar at `path` of a cell's YAML options, at its place.

    Where the YAML is not the value verbatim (quotes with escapes, folded
    lines) every character is placed at the start of the scalar.
    """
    source = block.text
    inner = block
    if source.startswith(":"):
        bare = "\n".join(
            line.replace(":", " ", 1) for line in source.split("\n")
        )
        inner = texts.with_text(block, bare)
    elif source.startswith("---"):
        inner = texts.cut(block, source.index("\n") + 1)
        inner = texts.cut(inner, 0, inner.text.rfind("---"))
    try:
        node: Any = yaml.compose(inner.text)
    except yaml.YAMLError:
        return None
    for key in path:
        if not isinstance(node, yaml.MappingNode):
            return None
        node = next((v for k, v in node.value if k.value == key), None)
    if not isinstance(node, yaml.ScalarNode):
        return None
    value: str = node.value
    start, end = node.start_mark.index, node.end_mark.index
    at = inner.text.find(value, start, end)
    if at >= 0 and value:
        return texts.cut(inner, at, at + len(value))
    place = inner.place(start)
    return Text(value, block.file, ((0, place.line, place.column),))
