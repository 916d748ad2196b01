"""Every figure that answers hangs on a still one and draws at every setting.

Whether its numbers are right is asked beside the code that they copy: by
`tests/test_live_*.py`, against Python.
"""

from __future__ import annotations

import itertools
import json
import math
from typing import Any

import pytest
from live_figures import BOOK, SCRIPTS, Page
from py_mini_racer import MiniRacer

PAGES = sorted(path.stem for path in SCRIPTS.glob("*.js"))


@pytest.mark.parametrize("name", PAGES)
def test_each_hangs_on_a_figure_of_its_page(name: str) -> None:
    page = Page(name)
    text = (BOOK / f"{name}.md").read_text(encoding="utf-8")
    assert page.names()
    for figure in page.names():
        assert f"figure: {{name: {figure}," in text


@pytest.mark.parametrize("name", PAGES)
def test_each_draws_wherever_its_sliders_stand(name: str) -> None:
    page = Page(name)
    for figure in page.names():
        sliders = page.sliders(figure)
        starts = [s["min"] <= s["value"] <= s["max"] for s in sliders]
        assert starts
        assert all(starts)
        for values in itertools.product(*map(stands, sliders)):
            names = (slider["name"] for slider in sliders)
            setting = dict(zip(names, values, strict=True))
            lines = page.lines(figure, **setting)
            assert lines
            assert all(numbers(line) for line in lines), setting
            assert page.says(figure, **setting)


def stands(slider: dict[str, Any]) -> tuple[float, float, float]:
    """The least, the first and the greatest value."""
    return slider["min"], slider["value"], slider["max"]


def numbers(line: dict[str, Any]) -> bool:
    """Whether a curve begins with a point of two numbers, and has a kind.

    What has grown beyond all numbers later arrives as None.
    """
    first = line["points"][0]
    known = line["kind"] in ("ink", "accent", "faint")
    return known and len(first) == 2 and all(map(math.isfinite, first))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (0.1 + 0.2, "0.3"),
        (-12.345, "−12.3"),
        (1797, "1800"),
        (2.0**-40, "9.09 × 10^−13"),
        (1.5e9, "1.50 × 10^9"),
    ],
)
def test_numbers_are_written_with_three_digits(
    value: float, words: str
) -> None:
    js = MiniRacer()
    js.eval((BOOK / "_static/live.js").read_text(encoding="utf-8"))
    assert js.eval(f"live.number({value!r})") == words


@pytest.mark.parametrize(
    ("axis", "values"),
    [
        ({"from": 0, "to": 1}, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        ({"from": -3, "to": 3}, [-3, -2, -1, 0, 1, 2, 3]),
        ({"from": 1e-3, "to": 1, "log": True}, [1e-3, 0.01, 0.1, 1]),
    ],
)
def test_ticks_are_round(axis: dict[str, Any], values: list[float]) -> None:
    js = MiniRacer()
    js.eval((BOOK / "_static/live.js").read_text(encoding="utf-8"))
    made = js.eval(f"JSON.stringify(live.ticks({json.dumps(axis)}))")
    assert json.loads(str(made)) == pytest.approx(values)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1e-24, "10^−24"),
        (0.001, "0.001"),
        (0, "0"),
        (1e4, "10000"),
        (1e5, "10^5"),
        (2e7, "2.00 × 10^7"),
    ],
)
def test_a_tick_at_a_power_of_ten_is_short(value: float, words: str) -> None:
    js = MiniRacer()
    js.eval((BOOK / "_static/live.js").read_text(encoding="utf-8"))
    assert js.eval(f"live.tick({value!r})") == words


def test_exponents_are_raised_and_nothing_else() -> None:
    js = MiniRacer()
    js.eval((BOOK / "_static/live.js").read_text(encoding="utf-8"))
    said = "At most 3.81 × 10^−6 of 10 can arrive; −0.5 or 2 × 10^7 does."
    pieces = js.eval(
        f"JSON.stringify(live.raised({json.dumps(said)}, (p) => [p]))"
    )
    assert json.loads(str(pieces)) == [
        "At most 3.81 × 10",
        ["−6"],
        " of 10 can arrive; −0.5 or 2 × 10",
        ["7"],
        " does.",
    ]
