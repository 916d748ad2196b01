"""The ledger's script in a page of straw, and what its stylesheet draws."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from py_mini_racer import MiniRacer

from bookproof import weave
from bookproof.weave.arcs import Dot, draw
from bookproof.weave.things import Shown

STATIC = Path(weave.__file__).parent / "static"

PAGE = """
var row = (id, kind) => ({
  id, textContent: id, dataset: { kind, verdict: "holds", source: "" },
  scrollIntoView() { seen.push(id); },
});
var seen = [], heard = {}, links = [{}, {}];
var rows = [row("one", "claim"), row("two", "fact"), row("three", "claim")];
var drawing = { id: "drawing-a", tagName: "DETAILS", scrollIntoView() {} };
var table = { tBodies: [{ rows }], parentElement: { before() {} } };
class Straw {
  constructor() { this.value = ""; this.options = [""]; }
  append() {}
  setAttribute() {}
  add(option) { this.options.push(option); }
  addEventListener(type, act) { heard[type] = act; }
}
var Option = class { constructor(words, value) { return value; } };
var fields = [];
var document = {
  querySelector: () => table,
  querySelectorAll: (of) => (of.startsWith("nav") ? links : []),
  createElement(name) {
    const made = new Straw();
    if (name === "select" || name === "input") fields.push(made);
    return made;
  },
  getElementById: (id) =>
    [...rows, drawing].find((each) => each.id === id) ?? null,
};
var location = { hash: "", pathname: "", search: "" };
var history = { replaceState(_, __, to) { location.hash = to; } };
var addEventListener = (type, act) => { heard[type] = act; };
var URLSearchParams = class {
  constructor(text = "") {
    this.pairs = new Map(text.split("&").filter(Boolean)
      .map((pair) => pair.split("=")));
  }
  get size() { return this.pairs.size; }
  get(name) { return this.pairs.get(name) ?? null; }
  set(name, value) { this.pairs.set(name, value); }
  toString() { return [...this.pairs].map((p) => p.join("=")).join("&"); }
};
function told() {
  return JSON.stringify({
    shown: rows.filter((each) => !each.hidden).map((each) => each.id),
    links: links.map((link) => link.hash), seen, hash: location.hash,
  });
}
"""


def opened(address: str) -> MiniRacer:
    """The page, opened at an address."""
    made = MiniRacer()
    made.eval(PAGE)
    made.eval(f"location.hash = {json.dumps(address)}")
    made.eval((STATIC / "ledger.js").read_text(encoding="utf-8"))
    return made


def told(page: MiniRacer) -> dict[str, list[str]]:
    told: dict[str, list[str]] = json.loads(str(page.eval("told()")))
    return told


def test_a_filter_is_in_the_address_and_goes_along_to_other_chapters() -> None:
    page = opened("")
    assert told(page)["links"] == ["", ""]
    page.eval("fields[0].value = 'claim'; heard.input()")
    assert told(page)["shown"] == ["one", "three"]
    assert told(page)["hash"] == "#kind=claim"
    assert told(page)["links"] == ["#kind=claim"] * 2


def test_a_filter_that_came_along_goes_on_from_there() -> None:
    page = told(opened("#kind=claim"))
    assert page["shown"] == ["one", "three"]
    assert page["links"] == ["#kind=claim"] * 2


@pytest.mark.parametrize("address", ["#two", "#%", "#%E0%A4%A"])
def test_any_other_address_shows_all(address: str) -> None:
    page = told(opened(address))
    assert page["shown"] == ["one", "two", "three"]
    assert page["seen"] == (["two"] if address == "#two" else [])


def test_a_drawing_that_is_asked_for_opens() -> None:
    assert opened("#drawing-a").eval("drawing.open") is True
    assert not opened("#drawing-b").eval("drawing.open")


def test_a_drawing_shows_without_a_stylesheet_of_the_book() -> None:
    """A path without a stroke is not seen at all, and a dot is black."""
    style = (STATIC / "marks.css").read_text(encoding="utf-8")
    assert re.search(r"svg\.arcs path\) \{\s*stroke: var\(--\w+, #", style)
    assert re.search(r"\(\.table-wrapper\) \{\s*overflow-x: auto", style)
    assert re.search(r"svg\.arcs circle\) \{\s*fill: var\(--\w+, #", style)


def test_what_does_not_hold_is_told_apart_in_a_drawing() -> None:
    shown = Shown("#x", "x")
    drawn = draw([Dot("a", "claim", shown), Dot("b", "claim", shown, True)], {})
    assert re.findall(r'circle class="([^"]*)"', drawn) == [
        *("claim", "claim unverified")
    ]
    style = (STATIC / "marks.css").read_text(encoding="utf-8")
    assert "circle.unverified" in style
