"""Mathematics set by KaTeX when the book is built: no script in the page."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from typing import Literal

from sphinx.errors import ExtensionError

Output = Literal["htmlAndMathml", "mathml"]

# With `trust: false` KaTeX prints a refused command (\\href, \\htmlId, ...) in
# red instead of raising.
_REFUSED = "#cc0000"

_LINE_END = re.compile(r"\\\\[ \t]*\n")


class BadFormula(ValueError):
    """KaTeX cannot set the formula; the message says why."""


class Katex:
    """A KaTeX engine, started when first used and once a process."""

    def __init__(self, macros: Mapping[str, str]) -> None:
        self._macros = dict(macros)
        self._engine: subprocess.Popen[str] | None = None
        self._owner = 0
        self._known: dict[tuple[str, bool, str], str] = {}

    def html(
        self, tex: str, *, display: bool, output: Output = "htmlAndMathml"
    ) -> str:
        """The formula as HTML; raises `BadFormula`."""
        key = tex, display, output
        if key not in self._known:
            self._known[key] = self._render(tex, display, output)
        return self._known[key]

    def close(self) -> None:
        """Stop the engine."""
        if self._engine is not None and self._owner == os.getpid():
            self._engine.communicate()
        self._engine = None

    def _render(self, tex: str, display: bool, output: Output) -> str:
        options = {
            "displayMode": display,
            "throwOnError": True,
            "strict": "error",
            "trust": False,
            "macros": self._macros,
            "output": output,
        }
        answer = self._ask(json.dumps({"tex": airy(tex), "options": options}))
        if "error" in answer:
            raise BadFormula(_reason(answer["error"]))
        if _REFUSED in answer["html"]:
            raise BadFormula("a command that is not allowed in this book")
        return answer["html"]

    def _ask(self, question: str) -> dict[str, str]:
        engine = self._running()
        assert engine.stdin is not None
        assert engine.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            engine.stdin.write(question + "\n")
            engine.stdin.flush()
        line = engine.stdout.readline()
        if not line:
            raise ExtensionError(
                f"the process that sets formulas ended ({engine.wait()}); "
                "it reserves much address space: lift ulimit -v, if it is set"
            )
        answer: dict[str, str] = json.loads(line)
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._engine is None or self._owner != os.getpid():
            # A forked process does not share its parent's engine: their
            # questions and answers would mix.
            self._owner = os.getpid()
            self._engine = subprocess.Popen(
                [sys.executable, "-m", "bookproof.weave.katex.serve"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                encoding="utf-8",
            )
        return self._engine


def airy(tex: str) -> str:
    """Fractions on neighbouring lines of a derivation must not touch.

    KaTeX makes a row at least this deep; a fraction is 0.7em deep already,
    counted from the strut, so less would change nothing.
    """
    if "\\frac" in tex and "aligned" in tex:
        return _LINE_END.sub(r"\\\\[0.7em]\n", tex)
    return tex


def _reason(message: str) -> str:
    """The first line of a JavaScript error that says something."""
    for line in message.splitlines():
        if "Error:" in line:
            return line.split("Error:", 1)[1].strip()
    return message.strip()
