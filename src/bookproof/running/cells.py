"""Running one cell, and judging what it prints and raises."""

from __future__ import annotations

import ast

from bookproof.diagnostics import Finding
from bookproof.judging.verify import State
from bookproof.outcome import Outcome, blank
from bookproof.reading import python
from bookproof.reading.elements import Cell
from bookproof.rules import Rule
from bookproof.running.displays import framed, pictures, refused
from bookproof.running.guard import of_patch
from bookproof.running.shell import Output, magic_line, unstable
from bookproof.running.traces import Frames, describe, line_of, page_lines

LARGEST = 10_000_000
"""So many characters a cell may print or draw."""

_UNSEEN = frozenset(
    f"remove{between}{what}" for between in "-_" for what in ("cell", "output")
)
_PLAIN = "a page shows text and pictures: print it, or draw it"


def run_cell(
    state: State, index: int, cell: Cell
) -> tuple[Outcome, list[Output]]:
    """Run one cell: its verdict, and what the page shows below it."""
    outcome, source = blank(index, cell), cell.body.text
    if "skip-execution" in cell.tags:
        state.lost |= _bound_names(source)
        return outcome.settle("skipped", *_unexplained(cell)), []
    magic = magic_line(source)
    if magic is not None:
        state.lost |= _bound_names(source)
        return outcome.settle("error", _magic(cell, magic)), []
    name = _code_name(state, cell)
    state.frames.codes[name] = cell.body
    undo = state.guard.undo  # taken before the cell could replace it
    with state.uses.cell(outcome.id, source):
        error = state.shell.run(source, cell.number)
    patched = undo()
    if patched:
        finding = of_patch(patched, cell.place)
        return outcome.settle("error", finding), []
    outputs = [dict(output) for output in state.shell.recorded]
    size = sum(len(str(output)) for output in outputs)
    if size > LARGEST:
        return outcome.settle("error", _too_much(cell, size)), []
    for output in outputs:
        if output["output_type"] == "execute_result":
            output["execution_count"] = cell.number + 1
    if error is not None:
        before = set(state.lost)
        state.lost |= _bound_names(source) - set(state.namespace)
        if isinstance(error, NameError) and error.name in before:
            return outcome, outputs  # the fault is in an earlier cell
        outputs.append(_error_output(error, page_lines(error, {name: source})))
    findings = _judge(state.frames, cell, error, outputs)
    return outcome.settle("error" if findings else "ran", *findings), outputs


def _too_much(cell: Cell, size: int) -> Finding:
    message = f"the cell prints and draws {size:,} characters"
    note = f"a page takes {LARGEST:,} of one cell at most: show less of it"
    return _of_cell("output-kind", cell, message, note)


def _magic(cell: Cell, line: int) -> Finding:
    message = "magics and shell commands are refused in cells"
    note = "write it in Python, so that every reader can run it"
    place = line_of(cell.body, line + 1)
    return Finding("magic", message, place, width=120, notes=(note,))


def _judge(
    frames: Frames,
    cell: Cell,
    error: BaseException | None,
    outputs: list[Output],
) -> list[Finding]:
    shown = [
        _of_cell("output-kind", cell, message, _PLAIN)
        for message in dict.fromkeys(refused(outputs))
    ]
    if "raises-exception" in cell.tags:
        return [*shown, *_judge_raised(cell, error)]
    if error is not None:
        return [_raised(cell, frames, error)]
    if shown:
        return shown
    return [
        *_judge_addresses(cell, outputs),
        *_judge_noise(cell, outputs),
        *(_judge_pictures(cell, outputs) or _judge_figure(cell, outputs)),
    ]


def _judge_pictures(cell: Cell, outputs: list[Output]) -> list[Finding]:
    """Each picture on a page has words for those who do not see it."""
    count = pictures(outputs)
    if not count or _UNSEEN & set(cell.tags):
        return []
    if not cell.alt:
        message = "a figure without words for those who do not see it"
        note = "give the cell's options mystnb: image: alt: its conclusion"
        return [_of_cell("figure-alt", cell, message, note)]
    if count > 1:
        message = f"{count} pictures, for which there are the same words"
        note = "draw each in a cell of its own"
        return [_of_cell("figure-alt", cell, message, note)]
    return []


def _judge_figure(cell: Cell, outputs: list[Output]) -> list[Finding]:
    """The page gives caption and name to each thing that the cell shows."""
    if not cell.is_figure or _UNSEEN & set(cell.tags):
        return []
    count = framed(outputs)
    if count == 1:
        return []
    message = "the cell names a figure, and shows none"
    note = "draw it, or leave mystnb: figure: out"
    if count:
        message = f"the cell shows {count} things, all under one name"
        note = "show the figure alone: end the last line with ';'"
    return [_of_cell("figure-outputs", cell, message, note)]


def _judge_addresses(cell: Cell, outputs: list[Output]) -> list[Finding]:
    address = unstable(outputs)
    if address is None:
        return []
    message = f"the output differs from run to run: {address}"
    note = "print something else, or end the last line with ';'"
    return [_of_cell("unstable-output", cell, message, note)]


def _judge_noise(cell: Cell, outputs: list[Output]) -> list[Finding]:
    noise = [out["text"] for out in outputs if out.get("name") == "stderr"]
    if not noise:
        return []
    first = noise[0].strip().split("\n")[0]
    message = f"the cell writes to standard error: {first}"
    note = "a page shows no warnings: cure the cause"
    return [_of_cell("stderr", cell, message, note)]


def _raised(cell: Cell, frames: Frames, error: BaseException) -> Finding:
    place = frames.own(error) or cell.body.place()
    notes = frames.notes(error)
    return Finding(
        "cell",
        f"the cell raises {describe(error)}",
        place,
        width=120,
        notes=(
            *(() if notes == (f"at {place}",) else notes),
            "if the page is to show it: tag raises-exception, with "
            f":raises: {type(error).__name__}",
        ),
    )


def _judge_raised(cell: Cell, error: BaseException | None) -> list[Finding]:
    expected = str(cell.options.get("raises", "")).strip()
    if not expected:
        note = "add raises: NameOfTheException to the cell's options"
        message = "the cell is tagged raises-exception but not with which"
        return [_of_cell("cell", cell, message, note)]
    note = f"the cell promises raises: {expected}"
    if error is None:
        return [_of_cell("cell", cell, "the cell raises nothing", note)]
    names = [each.__name__ for each in type(error).__mro__]
    if expected not in names:
        message = f"the cell raises {describe(error)}"
        return [_of_cell("cell", cell, message, note)]
    return []


def _unexplained(cell: Cell) -> list[Finding]:
    if str(cell.options.get("reason", "")).strip():
        return []
    message = "the cell is skipped without a reason"
    return [_of_cell("cell", cell, message, "add reason: to its options")]


def _of_cell(rule: Rule, cell: Cell, message: str, note: str) -> Finding:
    return Finding(rule, message, cell.place, width=120, notes=(note,))


def _code_name(state: State, cell: Cell) -> str:
    return f"<cell {cell.number} of {state.chapter.path}>"


def _error_output(error: BaseException, lines: list[str]) -> Output:
    return {
        "output_type": "error",
        "ename": type(error).__name__,
        "evalue": str(error),
        "traceback": lines,
    }


def _bound_names(source: str) -> set[str]:
    """The names that a cell would have bound."""
    try:
        tree = python.parse(source)
    except SyntaxError:
        return set()
    names = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Store()):
                names.add(name)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                names.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                names |= {
                    (alias.asname or alias.name).split(".")[0]
                    for alias in aliases
                }
    return names
