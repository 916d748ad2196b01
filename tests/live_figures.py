"""Runs the scripts of figures that answer, without a browser."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from py_mini_racer import MiniRacer

BOOK = Path(__file__).parents[1] / "book"
SCRIPTS = BOOK / "_static" / "live"


class Page:
    """The live figures of one page, such as `ch12-momentum`."""

    def __init__(self, name: str) -> None:
        self._js = MiniRacer()
        for path in (BOOK / "_static/live.js", SCRIPTS / f"{name}.js"):
            self._js.eval(path.read_text(encoding="utf-8"))

    def ask(self, expression: str) -> Any:
        """What a JavaScript expression gives, through JSON."""
        made = self._js.eval(f"JSON.stringify({expression})")
        return json.loads(str(made))

    def names(self) -> list[str]:
        """The ids of the figures."""
        names: list[str] = self.ask("Object.keys(live.figures)")
        return names

    def sliders(self, figure: str) -> list[dict[str, Any]]:
        """The sliders of a figure: name, min, max, step, value, a label."""
        sliders: list[dict[str, Any]] = self.ask(
            f"live.figures[{json.dumps(figure)}].sliders"
        )
        return sliders

    def lines(self, figure: str, **values: float) -> list[dict[str, Any]]:
        """The curves that are drawn when the sliders stand so."""
        lines: list[dict[str, Any]] = self._call("lines", figure, values)
        return lines

    def says(self, figure: str, **values: float) -> str:
        """The words below them."""
        return str(self._call("says", figure, values))

    def _call(self, what: str, figure: str, values: dict[str, float]) -> Any:
        name, given = json.dumps(figure), json.dumps(values)
        return self.ask(f"live.figures[{name}].{what}({given})")
