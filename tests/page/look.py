"""Looks at the built pages with a real browser: `make browser`.

Takes screenshots at desktop and phone width, by day and by night, and fails
when a page asks for anything that is not a local file, is wider than the
phone, logs an error, moves while it loads, has words too pale to be read, or
a slider that answers neither the arrow keys (at the desktop) nor the pointer
(on the phone).
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "build" / "html"
SCREENS = ROOT / "build" / "screens"
WIDTHS = {"desktop": 1440, "phone": 390}
SCHEMES = ("light", "dark")
TALLEST = 9000  # pixels of a page in one picture
ARROWS = {"ArrowLeft": 37, "ArrowRight": 39}
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)

PROBE = """
(() => {
  const wide = [];
  const limit = document.documentElement.clientWidth + 1;
  for (const e of document.querySelectorAll('article *')) {
    const box = e.getBoundingClientRect();
    if (box.right <= limit || box.width === 0) continue;
    let inside = e.parentElement, scrolls = false;
    while (inside && inside.tagName !== 'ARTICLE') {
      const flow = getComputedStyle(inside).overflowX;
      if (flow !== 'visible') { scrolls = true; break; }
      inside = inside.parentElement;
    }
    if (!scrolls) wide.push(e.tagName + '.' + e.className + ' ' +
                            e.textContent.slice(0, 40));
  }
  return {
    height: document.documentElement.scrollHeight,
    overflow: document.documentElement.scrollWidth > limit,
    wide: wide.slice(0, 5),
    shift: window.__shift || 0,
    moved: (window.__moved || []).slice(0, 5),
    broken: [...document.images].filter(i => !i.naturalWidth)
                                .map(i => i.src),
  };
})()
"""

CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")

# Where a slider is in the window, and what its figure shows: its words and its
# curves.
SLIDER = """
(() => {
  const input = document.querySelectorAll('.live input')[%d];
  if (!input) return null;
  input.scrollIntoView({block: 'center', behavior: 'instant'});
  input.focus({preventScroll: true});
  const panel = input.closest('.live'), box = input.getBoundingClientRect();
  return [input.name, input.value,
          panel.querySelector('output').textContent + panel.querySelector(
            'svg > g:last-of-type').innerHTML,
          [box.left, box.right, (box.top + box.bottom) / 2]];
})()
"""

WATCH = """
window.__shift = 0;
window.__moved = [];
new PerformanceObserver(list => {
  for (const e of list.getEntries()) {
    window.__shift += e.value;
    for (const s of e.sources) {
      const n = s.node || {};
      window.__moved.push((n.tagName || n.textContent || '') + '.' +
                          (n.className || ''));
    }
  }
}).observe({type: 'layout-shift', buffered: true});
"""


class Browser:
    """Chromium, spoken to through a pipe."""

    def __init__(self, profile: str) -> None:
        to_read, self._out = os.pipe()
        self._in, to_write = os.pipe()

        def arrange() -> None:
            # The browser reads commands from 3 and answers on 4; the copies
            # keep the pipes from being overwritten by each other.
            low, high = os.dup(to_read), os.dup(to_write)
            os.dup2(low, 3)
            os.dup2(high, 4)

        command = ["chromium", *FLAGS, f"--user-data-dir={profile}"]
        self._process = subprocess.Popen(
            command,
            preexec_fn=arrange,
            close_fds=False,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_read)
        os.close(to_write)
        self._number = 0
        self._buffer = b""
        self.events: list[dict[str, Any]] = []
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")
        session = self.call(
            "Target.attachToTarget", targetId=target["targetId"], flatten=True
        )
        self._session = session["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")
        self.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        self._number += 1
        message: dict[str, Any] = {
            "id": self._number,
            "method": method,
            "params": parameters,
        }
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._receive()
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                result: dict[str, Any] = answer["result"]
                return result
            self.events.append(answer)

    def wait_for(self, method: str) -> None:
        """Wait until the browser reports this event."""
        while not any(e.get("method") == method for e in self.events):
            self.events.append(self._receive())

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives on the present page."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True
        )
        return answer["result"]["value"]

    def press(self, key: str) -> None:
        """Press and release a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=ARROWS[key],
            )

    def click(self, x: float, y: float) -> None:
        """Press and release the left button of the pointer at a place."""
        for kind in ("mousePressed", "mouseReleased"):
            self.call(
                "Input.dispatchMouseEvent",
                type=kind,
                x=x,
                y=y,
                button="left",
                clickCount=1,
            )

    def close(self) -> None:
        """End the browser."""
        self._session = None
        self.call("Browser.close")
        self._process.wait(timeout=20)

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            more = os.read(self._in, 1 << 20)
            if not more:
                raise RuntimeError("the browser is gone")
            self._buffer += more
        message, _, self._buffer = self._buffer.partition(b"\0")
        answer: dict[str, Any] = json.loads(message)
        return answer


def look(
    browser: Browser, page: Path, size: str
) -> Iterator[tuple[str, list[str], bytes]]:
    """What is wrong with a page by day and by night, and its pictures."""
    browser.call("Page.navigate", url="about:blank")  # cheap to resize
    resize(browser, size, 900)
    paint(browser, SCHEMES[0])
    browser.events.clear()
    browser.call("Page.navigate", url=page.as_uri())
    browser.wait_for("Page.loadEventFired")
    browser.call(
        "Runtime.evaluate",
        expression="document.fonts.ready.then(() => new Promise("
        "done => setTimeout(done, 150)))",
        awaitPromise=True,
    )
    found = browser.value(PROBE)
    found["deaf"] = list(deaf_sliders(browser, size))
    browser.value("scrollTo({top: 0, behavior: 'instant'}), true")
    resize(browser, size, min(found["height"], TALLEST))
    for scheme in SCHEMES:
        paint(browser, scheme)
        found["pale"] = browser.value(CONTRAST)
        picture = browser.call(
            "Page.captureScreenshot", format="png", optimizeForSpeed=True
        )["data"]
        wrong = complaints(browser.events, found)
        yield scheme, wrong, base64.b64decode(picture)


def resize(browser: Browser, size: str, height: int) -> None:
    """Give the window the width of a size, and this height."""
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=WIDTHS[size],
        height=height,
        deviceScaleFactor=1,
        mobile=size == "phone",
    )


def paint(browser: Browser, scheme: str) -> None:
    """Prefer light or dark."""
    scheme_wanted = {"name": "prefers-color-scheme", "value": scheme}
    browser.call("Emulation.setEmulatedMedia", features=[scheme_wanted])


def deaf_sliders(browser: Browser, size: str) -> Iterator[str]:
    """The sliders that do not move, or whose figure stays as it was."""
    number = 0
    while before := browser.value(SLIDER % number):
        seen = []
        for act in handlings(browser, size, *before[3]):
            act()
            seen.append(browser.value(SLIDER % number))
        moved = {value for _, value, *_ in seen} - {before[1]}
        if not moved or {shown for _, _, shown, _ in seen} <= {before[2]}:
            yield before[0]
        number += 1


def handlings(
    browser: Browser, size: str, left: float, right: float, y: float
) -> Iterator[Callable[[], None]]:
    """Ten presses of either arrow key; on the phone, touches of both ends."""
    if size == "phone":
        for share in (0.2, 0.8):
            yield partial(browser.click, left + share * (right - left), y)
    else:
        for key in ARROWS:
            yield from [partial(browser.press, key)] * 10


def complaints(
    events: list[dict[str, Any]], found: dict[str, Any]
) -> list[str]:
    """Everything that a reader would suffer from."""
    out = []
    for event in events:
        about = event.get("params", {})
        if event.get("method") == "Network.requestWillBeSent":
            url = about["request"]["url"]
            if not url.startswith(("file:", "data:", "about:")):
                out.append(f"asks the network for {url}")
        if event.get("method") == "Network.loadingFailed":
            out.append(f"cannot load something: {about.get('errorText')}")
        if event.get("method") == "Log.entryAdded":
            entry = about["entry"]
            if entry["level"] == "error":
                out.append(f"error: {entry['text']} {entry.get('url', '')}")
        if event.get("method") == "Runtime.exceptionThrown":
            out.append(f"exception: {about['exceptionDetails']['text']}")
    if found["overflow"] or found["wide"]:
        out.append(f"wider than the window: {found['wide']}")
    if found["shift"] > 0.1:
        out.append(
            f"moves while it loads: {found['shift']:.3f} {found['moved']}"
        )
    out += [f"image does not load: {src}" for src in found["broken"]]
    out += [f"too pale: {words}" for words in found["pale"]]
    out += [f"slider without an answer: {name}" for name in found["deaf"]]
    return out


def main(names: list[str]) -> int:
    """Look at the named pages (all, without names); 1 if any is wrong."""
    pages = sorted(
        page
        for page in PAGES.rglob("*.html")
        if not names or page.relative_to(PAGES).as_posix() in names
    )
    SCREENS.mkdir(parents=True, exist_ok=True)
    bad = 0
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = Browser(profile)
        for page, size in itertools.product(pages, WIDTHS):
            name = page.relative_to(PAGES).with_suffix("").as_posix()
            for scheme, wrong, picture in look(browser, page, size):
                stem = f"{name.replace('/', '-')}-{size}-{scheme}"
                (SCREENS / f"{stem}.png").write_bytes(picture)
                for words in sorted(set(wrong)):
                    print(f"{stem}: {words[:300]}", flush=True)
                bad += bool(wrong)
        browser.close()
    print(f"{len(pages)} pages looked at, pictures in {SCREENS}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
