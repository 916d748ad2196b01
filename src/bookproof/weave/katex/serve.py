"""KaTeX in a process of its own: a formula a line in, its HTML a line out.

V8 does not survive a fork, and Sphinx forks to write pages; so V8 never runs
in the process that Sphinx runs in.
"""

from __future__ import annotations

import json
import sys
from importlib.resources import files

from py_mini_racer import JSEvalException, MiniRacer


def main() -> None:
    """Answer until the input ends."""
    script = files("bookproof.weave.katex").joinpath("katex.min.js")
    engine = MiniRacer()
    try:
        engine.eval(script.read_text(encoding="utf-8"))
        for line in sys.stdin:
            print(json.dumps(_answer(engine, json.loads(line))), flush=True)
    finally:
        engine.close()


def _answer(engine: MiniRacer, question: dict[str, object]) -> dict[str, str]:
    try:
        html = engine.call(
            "katex.renderToString", question["tex"], question["options"]
        )
    except JSEvalException as error:
        return {"error": str(error)}
    return {"html": str(html)}


if __name__ == "__main__":
    main()
