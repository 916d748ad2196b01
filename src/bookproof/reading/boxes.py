"""Reading the directives: each kind of body has a function of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from markdown_it.token import Token

from bookproof.diagnostics import Place, Text
from bookproof.latex.shapes import FORMULA
from bookproof.reading import markup, texts
from bookproof.reading.directives import Directive, is_label, yaml_text
from bookproof.reading.drafts import draft_directive
from bookproof.reading.elements import (
    Cell,
    Chunk,
    Exercise,
    Figure,
    PlainMath,
    Solution,
    SymbolRow,
    Symbols,
)
from bookproof.reading.table import MARKERS

if TYPE_CHECKING:
    from bookproof.reading.blocks import BlockReader

_HEADER = ["symbol", "meaning", "shape", "value"]


def marker(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """A marker that is displayed."""
    draft, findings = draft_directive(directive, reader.section)
    reader.findings += findings
    reader.elements.append(draft)
    for role, text in tuple(reader.waiting):
        if draft.takes(role):
            reader.findings += draft.attach(role, text)
            reader.waiting.remove((role, text))
    reader.settle_waiting()
    reader.above = draft


def box(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """A directive that prints a title, a body in MyST, or mathematics."""
    row = directive.row
    assert row is not None
    labels(reader, directive)
    if row.argument == "title":
        reader.printed_markdown(directive.argument, "title")
    for name, is_printed in row.options.items():
        if is_printed and name in directive.options:
            reader.printed(directive.options[name], "title")
    if row.body == "myst":
        reader.walk(directive.body, (*inside, directive.name))
    elif row.body == "math":
        reader.plain_math(texts.strip(directive.body), display=True)
    elif row.body == "names":
        for line in texts.lines(directive.body):
            reader.printed(texts.cut(line, 0, line.text.find("<")), "title")
    reader.between_blocks()


def labels(reader: BlockReader, directive: Directive) -> None:
    """The names by which others may refer to this directive."""
    for name in ("name", "label"):
        reader.label(directive.options.get(name))


def chunk(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """Code that is tangled."""
    name = directive.options.get("name")
    label = directive.options.get("label")
    if name is not None:
        reader.printed(name, "title")
    reader.elements.append(
        Chunk(
            place=texts.strip(directive.opening).place(),
            section=reader.section,
            target=directive.argument.text or None,
            name=name.text if name else None,
            body=directive.body,
            label=label.text if label else None,
        )
    )


def code_cell(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """Code that is run."""
    place = texts.strip(directive.opening).place()
    reader.elements.append(
        Cell(
            place=place,
            section=reader.section,
            number=reader.cells,
            body=directive.body,
            language=directive.argument.text or "ipython3",
            options=directive.metadata,
        )
    )
    reader.cells += 1
    if "load" in directive.metadata:
        reader.find(
            markup.REFUSED_RULE,
            "a cell that is loaded from a file cannot be read here",
            place,
            width=len(directive.opening.text.strip()),
        )
    if not _are_tags(directive.metadata.get("tags", [])):
        reader.find(
            "directive-option",
            "a cell's tags are a list of different words without commas",
            place,
            width=len(directive.opening.text.strip()),
        )
    cell_figure(reader, directive, place)


def _are_tags(tags: object) -> bool:
    """Whether a notebook can hold these tags."""
    if not isinstance(tags, list):
        return False
    good = all(isinstance(tag, str) and tag and "," not in tag for tag in tags)
    return good and len(set(tags)) == len(tags)


def cell_figure(
    reader: BlockReader, directive: Directive, place: Place
) -> None:
    """The caption and the words for the blind of a cell's picture."""
    block = directive.options[""]
    settings = directive.metadata.get("mystnb")
    if not isinstance(settings, dict) or not (
        {"image", "figure"} & set(settings)
    ):
        return
    alt = yaml_text(block, "mystnb", "image", "alt")
    name = yaml_text(block, "mystnb", "figure", "name")
    reader.label(name)
    reader.elements.append(
        Figure(
            place=place,
            section=reader.section,
            alt=alt.text if alt and alt.text.strip() else None,
            target=name.text if name else "",
        )
    )
    if alt is not None:
        reader.printed(alt, "alt")
    caption = yaml_text(block, "mystnb", "figure", "caption")
    if caption is not None:
        reader.printed_markdown(caption, "caption")


def figure(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """A picture with its words and its caption."""
    labels(reader, directive)
    alt = directive.options.get("alt")
    reader.elements.append(
        Figure(
            place=texts.strip(directive.opening).place(),
            section=reader.section,
            alt=alt.text if alt and alt.text.strip() else None,
            target=directive.argument.text,
        )
    )
    if alt is not None:
        reader.printed(alt, "alt")
    if directive.name == "figure":
        reader.walk(directive.body, (*inside, directive.name))
        reader.between_blocks()


def read_exercise(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """An exercise with its starter and its check."""
    at = len(reader.elements)
    title = directive.options.get("title")
    grade = directive.options.get("grade")
    if title is not None:
        reader.printed_markdown(title, "title")
    parts = exercise_body(reader, directive, inside)
    reader.elements.insert(
        at,
        Exercise(
            place=texts.strip(directive.opening).place(),
            section=reader.section,
            label=label_of(reader, directive),
            starter=parts.get("starter"),
            check=parts.get("check"),
            title=title.text if title else "",
            grade=grade.text if grade else "",
        ),
    )


def solution(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """A solution with its code."""
    at = len(reader.elements)
    parts = exercise_body(reader, directive, inside)
    reader.elements.insert(
        at,
        Solution(
            place=texts.strip(directive.opening).place(),
            section=reader.section,
            label=label_of(reader, directive),
            code=parts.get("code"),
        ),
    )


def exercise_body(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> dict[str, Text]:
    """Read the prose; return the pieces of code by name."""
    outer, reader.exercise = reader.exercise, {}
    reader.walk(directive.body, (*inside, directive.name))
    reader.between_blocks()
    parts, reader.exercise = reader.exercise, outer
    return parts


def exercise_part(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """A piece of code of an exercise or of a solution."""
    owner = "solution" if directive.name == "code" else "exercise"
    place = texts.strip(directive.opening).place()
    if reader.exercise is None or inside[-1:] != (owner,):
        reader.find(
            "exercise",
            f"a {{{directive.name}}} outside an {{{owner}}}",
            place,
            "code that is only shown stands in a fence with a language",
        )
    elif directive.name in reader.exercise:
        reader.find("exercise", f"a second {{{directive.name}}}", place)
    else:
        reader.exercise[directive.name] = directive.body


def label_of(reader: BlockReader, directive: Directive) -> str:
    """The label on the first line, which must be one."""
    label = directive.argument
    if not is_label(label.text):
        reader.find(
            "label",
            f"{label.text!r} is no label: small letters, digits, hyphens",
            label.place(),
            width=max(len(label.text), 1),
        )
    return label.text


def symbols(
    reader: BlockReader, directive: Directive, inside: tuple[str, ...]
) -> None:
    """The table of symbols: its cells are printed, its values bound."""
    place = texts.strip(directive.opening).place()
    reader.symbol_tables += 1
    at = len(reader.elements)
    lines = texts.lines(directive.body)
    tokens = reader.lexer.blocks(directive.body.text + "\n")
    table: list[list[tuple[Token, Text]]] = []
    cells: list[Text] = []
    for token in tokens:
        if token.type == "table_open":
            reader.findings += markup.table_findings(token, lines)
        elif token.type == "tr_open" and token.map:
            cells = markup.row_cells(lines[token.map[0]])
            table.append([])
        elif token.type == "inline" and table:
            table[-1].append((token, reader.cell_text(token, cells, lines)))
    header = [text.text.lower() for _, text in table[0]] if table else []
    if header != _HEADER:
        reader.find(
            "symbols",
            "the table's header is | symbol | meaning | shape | value |",
            place,
            width=len(directive.opening.text.strip()),
        )
        return
    rows = [row for cells in table[1:] if (row := symbol_row(reader, cells))]
    reader.elements.insert(
        at,
        Symbols(
            place=place,
            section=reader.section,
            rows=tuple(rows),
            redefine="redefine" in directive.options,
            id=f"symbols-{reader.symbol_tables}",
        ),
    )


def symbol_row(
    reader: BlockReader, cells: list[tuple[Token, Text]]
) -> SymbolRow | None:
    """A row of the table; None when it has no symbol."""
    if len(cells) != len(_HEADER):
        reader.find(
            "symbols",
            f"a row of {len(cells)} cells",
            cells[0][1].place(),
            "there is one table here, of four columns",
        )
        return None
    (symbol, symbol_text), meaning, shape, (value, value_text) = cells
    formula = only(reader, symbol, symbol_text, "math_inline")
    code = only(reader, value, value_text, "code_inline")
    if formula is None:
        reader.find(
            "symbols",
            "a row's first cell is one symbol, in dollars",
            symbol_text.place(),
            width=max(len(symbol_text.text), 1),
        )
        return None
    if code is None and value_text.text:
        reader.find(
            "symbols",
            "a row's value is one Python expression in backticks, or empty",
            value_text.place(),
            width=len(value_text.text),
        )
    reader.inline(*meaning, "table-cell")
    at = len(reader.elements)
    reader.inline(*shape, "table-cell")
    if code is not None and FORMULA.fullmatch(shape[1].text):
        reader.elements[at:] = [
            replace(each, checked=True) if isinstance(each, PlainMath) else each
            for each in reader.elements[at:]
        ]
    return SymbolRow(
        symbol=formula,
        meaning=meaning[1].text,
        shape=shape[1],
        value=code,
    )


def only(
    reader: BlockReader, token: Token, content: Text, kind: str
) -> Text | None:
    """The inside of a cell that holds one piece of this kind."""
    pieces = reader.lexer.pieces(token)
    if len(pieces) != 1 or pieces[0].token is None:
        return None
    if pieces[0].token.type != kind:
        return None
    width = len(pieces[0].token.markup)
    return texts.strip(texts.cut(content, width, len(content.text) - width))


#: What reads a directive; `box` reads those that are not named here.
READERS: Mapping[
    str, Callable[[BlockReader, Directive, tuple[str, ...]], None]
] = {
    **dict.fromkeys(MARKERS, marker),
    "symbols": symbols,
    "chunk": chunk,
    "code-cell": code_cell,
    "exercise": read_exercise,
    "solution": solution,
    **dict.fromkeys(("starter", "check", "code"), exercise_part),
    "figure": figure,
    "image": figure,
}
