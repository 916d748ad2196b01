"""What the watch's script makes of the server's events, in a page of straw."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from py_mini_racer import MiniRacer

from bookproof import live

PAGE = """
var root, source, reloads = 0;
class Straw {
  constructor(name) {
    Object.assign(this, { name, children: [], textContent: "" });
  }
  append(...more) { this.children.push(...more); }
  replaceChildren(...all) { this.children = all; }
  setAttribute() {}
  attachShadow() { return root = new Straw("root"); }
}
var document = {
  currentScript: { dataset: { weaving: "3" } },
  createElement: (name) => new Straw(name),
  body: new Straw("body"),
};
var location = { reload() { reloads += 1; } };
var EventSource = class {
  constructor(url) { source = this; this.url = url; }
  close() { this.closed = true; }
};
function every(node) {
  return [node, ...node.children.flatMap(every)];
}
function shown() {
  const found = every(root).filter((each) => each.name !== "style");
  return JSON.stringify(found.map((e) => e.textContent).filter(Boolean));
}
function tell(state) { source.onmessage({ data: JSON.stringify(state) }); }
function hide() {
  every(root).find((each) => each.name === "button").onclick();
}
"""


@pytest.fixture
def page() -> MiniRacer:
    script = Path(live.__file__).with_name("live.js")
    made = MiniRacer()
    made.eval(PAGE)
    made.eval(script.read_text(encoding="utf-8"))
    return made


def told(page: MiniRacer, weaving: int, busy: bool, problems: str) -> list[str]:
    """What the banner says when the server has told this."""
    state = {"weaving": weaving, "busy": busy, "problems": problems}
    page.eval(f"tell({json.dumps(state)})")
    return shown(page)


def shown(page: MiniRacer) -> list[str]:
    words: list[str] = json.loads(str(page.eval("shown()")))
    return words


def test_a_new_weaving_reloads_the_page_once(page: MiniRacer) -> None:
    assert told(page, 3, False, "") == []
    assert page.eval("reloads") == 0
    told(page, 4, False, "")
    assert page.eval("reloads") == 1
    assert page.eval("source.closed") is True


def test_work_and_problems_are_said_as_words(page: MiniRacer) -> None:
    assert told(page, 3, True, "") == ["checking the book …"]
    broken = "<script>alert(1)</script>"
    assert told(page, 3, False, broken) == [
        *("not everything holds", "hide", broken)
    ]
    assert told(page, 3, True, broken)[0] == "checking the book …"
    assert told(page, 3, False, "") == []


def test_what_was_put_away_comes_back_when_it_differs(page: MiniRacer) -> None:
    told(page, 3, False, "one")
    page.eval("hide()")
    assert shown(page) == []
    assert told(page, 3, False, "one") == []
    assert "two" in told(page, 3, False, "two")
    assert told(page, 3, True, "") == ["checking the book …"]


def test_the_end_of_the_watch_is_said(page: MiniRacer) -> None:
    page.eval("source.onerror()")
    assert shown(page) == ["bookproof watch has ended"]
