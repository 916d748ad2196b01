"""Mathematics set by KaTeX when the book is built: no script in the page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.resources import files
from typing import Literal

from py_mini_racer import JSEvalException, MiniRacer

Output = Literal["htmlAndMathml", "mathml"]

# With `trust: false` KaTeX prints a refused command (\\href, \\htmlId, ...) in
# red instead of raising.
_REFUSED = "#cc0000"


class BadFormula(ValueError):
    """KaTeX cannot set the formula; the message says why."""


class Katex:
    """A KaTeX engine, started when first used and once a process.

    A forked process must not use its parent's engine: V8's threads do not
    survive a fork.
    """

    def __init__(self, macros: Mapping[str, str]) -> None:
        self._macros = dict(macros)
        self._engine: MiniRacer | None = None
        self._process = 0
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
        """Stop the engine; without this the build hangs at its end."""
        if self._engine is not None and self._process == os.getpid():
            self._engine.close()
        self._engine = None

    def _render(self, tex: str, display: bool, output: Output) -> str:
        options = {
            "displayMode": display,
            "throwOnError": True,
            "strict": "error",
            "trust": False,
            "macros": {**_spacing(tex), **self._macros},
            "output": output,
        }
        try:
            result = self._running().call("katex.renderToString", tex, options)
        except JSEvalException as error:
            raise BadFormula(_reason(str(error))) from None
        if _REFUSED in result:
            raise BadFormula("a command that is not allowed in this book")
        return str(result)

    def _running(self) -> MiniRacer:
        if self._engine is None or self._process != os.getpid():
            script = files(__package__).joinpath("katex.min.js")
            self._engine = MiniRacer()
            self._process = os.getpid()
            self._engine.eval(script.read_text(encoding="utf-8"))
        return self._engine


def _spacing(tex: str) -> dict[str, str]:
    """Fractions on neighbouring lines of a derivation must not touch."""
    tall = "\\frac" in tex and "aligned" in tex
    return {"\\arraystretch": "1.35"} if tall else {}


def _reason(message: str) -> str:
    """The first line of a JavaScript error that says something."""
    for line in message.splitlines():
        if "Error:" in line:
            return line.split("Error:", 1)[1].strip()
    return message.strip()
