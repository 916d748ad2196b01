"""One IPython shell that records what its cells print.

Outputs are kept in the order in which they came, as plain nbformat records, so
that the page shows what a notebook would have shown. Nothing is written to
disk: no history, no profile.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Type
from traitlets.config import Config

from bookproof.reading import python
from bookproof.running.displays import SHOWN

Output = dict[str, Any]

INLINE = "module://matplotlib_inline.backend_inline"


class Stream:
    """A text stream that records what is written to it."""

    encoding = "utf-8"
    errors = "strict"

    def __init__(self, name: str, outputs: list[Output]) -> None:
        self.name = name
        self.outputs = outputs

    def write(self, text: str) -> int:
        """Append to the last output when it is of this stream."""
        last = self.outputs[-1] if self.outputs else None
        if last is not None and last.get("name") == self.name:
            last["text"] += text
        elif text:
            self.outputs.append(
                {"output_type": "stream", "name": self.name, "text": text}
            )
        return len(text)

    def writelines(self, lines: list[str]) -> None:
        """Write each line."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        """A page is no terminal."""
        return False


class _Publisher(DisplayPublisher):
    def publish(self, data, metadata=None, *args, **kwargs):  # type: ignore[no-untyped-def]
        if kwargs.get("update"):
            return
        cast(Any, self.shell).recorded.append(
            {
                "output_type": "display_data",
                "data": dict(data),
                "metadata": dict(metadata or {}),
            }
        )

    def clear_output(self, wait=False):  # type: ignore[no-untyped-def]
        cast(Any, self.shell).recorded.clear()


class _Hook(DisplayHook):
    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict, md_dict=None):  # type: ignore[no-untyped-def]
        cast(Any, self.shell).recorded.append(
            {
                "output_type": "execute_result",
                "data": dict(format_dict),
                "metadata": dict(md_dict or {}),
                "execution_count": cast(Any, self.shell).execution_count,
            }
        )

    def finish_displayhook(self) -> None:
        self._is_active = False


class _Compiler(CachingCompiler):
    """Names a cell's code after the chapter and the cell, not a temporary
    file, so that warnings and tracebacks are the same on every machine."""

    chapter = "chapter"
    cell = 0

    def get_code_name(self, raw_code, transformed_code, number):  # type: ignore[no-untyped-def]
        return f"<cell {self.cell} of {self.chapter}>"


class Shell(InteractiveShell):
    """IPython without a terminal, a history or a profile."""

    displayhook_class = Type(_Hook)
    display_pub_class = Type(_Publisher)
    compiler_class = Type(_Compiler)

    def __init__(self, **kwargs: Any) -> None:
        self.recorded: list[Output] = []
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]

    def _showtraceback(self, etype, evalue, stb):  # type: ignore[no-untyped-def]
        pass  # the worker reports the exception itself

    def enable_gui(self, gui=None):  # type: ignore[no-untyped-def]
        pass

    def run(self, source: str, number: int) -> BaseException | None:
        """Run one cell; its outputs are in `recorded`; its exception, if
        it ended by one, is returned."""
        self.recorded.clear()
        cast(Any, self.compile).cell = number
        with self.recording():
            run: Any = self.run_cell
            result = run(source, store_history=True)
        _close_figures()
        error: BaseException | None = (
            result.error_before_exec or result.error_in_exec
        )
        return error

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Record what is printed meanwhile."""
        old = sys.stdout, sys.stderr
        sys.stdout = cast(Any, Stream("stdout", self.recorded))
        sys.stderr = cast(Any, Stream("stderr", self.recorded))
        try:
            yield
        finally:
            sys.stdout, sys.stderr = old


def make_shell(chapter: str) -> Shell:
    """The shell of one chapter. Only one can live in a process."""
    os.environ["MPLBACKEND"] = INLINE
    os.environ.setdefault("SOURCE_DATE_EPOCH", "0")
    config = Config()
    config.HistoryManager.enabled = False
    config.HistoryManager.hist_file = ":memory:"
    config.InlineBackend.figure_formats = {"svg"}
    config.InlineBackend.print_figure_kwargs = {
        "bbox_inches": "tight",
        "metadata": {"Date": None, "Creator": None},
    }
    config.InlineBackend.rc = {"svg.hashsalt": chapter}
    config.InteractiveShell.display_page = True
    config.InteractiveShell.colors = "nocolor"
    shell: Shell = Shell.instance(config=config)
    cast(Any, shell.compile).chapter = chapter
    # What else a value could be shown as (HTML, LaTeX) is not asked for.
    cast(Any, shell.display_formatter).active_types = list(SHOWN)
    return shell


def _close_figures() -> None:
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")


def magic_line(source: str) -> int | None:
    """The line (from 0) of the first magic or shell escape of a cell, None
    when the cell is plain Python or has an ordinary syntax error."""
    try:
        python.parse(source)
    except SyntaxError:
        pass
    else:
        return None
    lines = source.split("\n")
    manager: Any = TransformerManager
    changed = manager().transform_cell(source).split("\n")
    if changed == lines or changed == [*lines, ""]:
        return None
    for number, line in enumerate(lines):
        if re.match(r"\s*(%|!|\?)|.*[^\s#]\?\s*$|\s*\w+\s*=\s*[%!]", line):
            return number
    return None


def unstable(outputs: list[Output]) -> str | None:
    """What, in the outputs, differs from run to run: a memory address."""
    for output in outputs:
        texts = [output.get("text", "")]
        texts += [
            value
            for kind, value in output.get("data", {}).items()
            if kind.startswith("text/") and isinstance(value, str)
        ]
        for text in texts:
            found = re.search(r"<[^<>]*\bat 0x[0-9a-fA-F]+>?", str(text))
            if found:
                return found.group()
    return None
