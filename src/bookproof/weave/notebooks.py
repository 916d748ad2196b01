"""A chapter to take away: as a notebook with its outputs, as a script."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bookproof.tangling.gaps import inner_string_lines
from bookproof.weave.plain_text import Block

_HEADER = """\
# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---
"""
_HIDDEN = {"hide-input", "hide-cell", "remove-input", "remove-cell"}


def placed(blocks: Sequence[Block], cells: Sequence[int]) -> list[Block]:
    """The blocks with every cell among them: one that the page does not
    show stands before the next that it does."""
    out: list[Block] = []
    left = list(cells)
    for block in blocks:
        if isinstance(block, int):
            while left and left[0] < block:
                out.append(left.pop(0))
            if block in left:
                left.remove(block)
        out.append(block)
    return [*out, *left]


def _parts(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks, joined to texts that end at a heading or a cell."""
    text: list[str] = []
    for block in blocks:
        if text and (isinstance(block, int) or block.startswith("#")):
            yield "\n\n".join(text)
            text = []
        if isinstance(block, int):
            yield block
        else:
            text.append(block)
    if text:
        yield "\n\n".join(text)


def notebook(
    blocks: Sequence[Block], run: Any, macros: Mapping[str, str]
) -> str:
    """The text of an .ipynb file; `run` is the notebook that was run."""
    import nbformat
    from nbformat import v4

    made: Any = v4
    cells = [made.new_markdown_cell(_definitions(macros))] if macros else []
    for part in _parts(blocks):
        if isinstance(part, int):
            cells.append(_code_cell(run.cells[part]))
        else:
            cells.append(made.new_markdown_cell(part))
    for number, cell in enumerate(cells, 1):
        cell.id = f"cell-{number}"  # nbformat's own are drawn by lot
    kernel = {"display_name": "Python 3", "language": "python"}
    metadata = {
        "kernelspec": {**kernel, "name": "python3"},
        "language_info": {"name": "python"},
    }
    whole = made.new_notebook(cells=cells, metadata=metadata)
    checked: Any = nbformat
    checked.validate(whole)
    return str(checked.writes(whole)) + "\n"


def _code_cell(cell: Any) -> Any:
    from nbformat import v4

    made: Any = v4
    tags = set(cell.metadata.get("tags", ()))
    if "skip-execution" in tags:
        return made.new_markdown_cell(f"```python\n{cell.source}\n```")
    metadata: dict[str, Any] = {}
    if tags & _HIDDEN:
        metadata["jupyter"] = {"source_hidden": True}
    if "raises-exception" in tags:
        metadata["tags"] = ["raises-exception"]
    return made.new_code_cell(
        cell.source,
        execution_count=cell.execution_count,
        outputs=[] if "remove-output" in tags else cell.outputs,
        metadata=metadata,
    )


def _definitions(macros: Mapping[str, str]) -> str:
    """The book's macros, for those who set its mathematics anew."""
    out = []
    for name, meaning in macros.items():
        number = max(map(int, re.findall(r"#(\d)", meaning)), default=0)
        count = f"[{number}]" if number else ""
        out.append(rf"$\newcommand{{{name}}}{count}{{{meaning}}}$")
    return "\n".join(out)


def script(blocks: Sequence[Block], run: Any) -> str:
    """The text of a .py file, in which the words are comments."""
    out = [_HEADER]
    for part in _parts(blocks):
        if isinstance(part, str):
            out.append("# %% [markdown]\n" + _comment(part))
        else:
            out.append("# %%\n" + _code(run.cells[part]))
    return "\n".join(out)


def _comment(text: str) -> str:
    return textwrap.indent(text + "\n", "# ", lambda line: True).replace(
        "# \n", "#\n"
    )


def _code(cell: Any) -> str:
    tags = cell.metadata.get("tags", ())
    source: str = cell.source + "\n"
    if "skip-execution" in tags:
        return _comment(cell.source)
    if "raises-exception" in tags:
        return (
            f"try:\n{_indented(source)}except Exception as _raised:\n"
            '    print(f"{type(_raised).__name__}: {_raised}")\n'
        )
    return source


def _indented(code: str) -> str:
    """Code further in; lines within strings must stay where they are."""
    inner = inner_string_lines(code)
    return "".join(
        line if number in inner or not line.strip() else "    " + line
        for number, line in enumerate(code.splitlines(keepends=True))
    )
