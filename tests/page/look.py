"""Looks at the built pages with a real browser: `make browser`.

Takes screenshots at desktop and phone width, by day and by night, and fails
when a page asks for anything that is not a local file, is wider than the
phone, logs an error, moves while it loads, has words too pale to be read, or
a slider that does not answer the arrow keys.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "build" / "html"
SCREENS = ROOT / "build" / "screens"
WIDTHS = {"desktop": 1440, "phone": 390}
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

# What the figure of a slider shows: its words and its curves.
SLIDER = """
(() => {
  const input = document.querySelectorAll('.live input')[%d];
  if (!input) return null;
  input.focus();
  const panel = input.closest('.live');
  return [input.name, input.value,
          panel.querySelector('output').textContent + panel.querySelector(
            'svg > g:last-of-type').innerHTML];
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
    browser: Browser, page: Path, size: str, scheme: str
) -> tuple[list[str], bytes]:
    """What is wrong with a page, and its picture."""
    width = WIDTHS[size]
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=900,
        deviceScaleFactor=1,
        mobile=size == "phone",
    )
    browser.call(
        "Emulation.setEmulatedMedia",
        features=[{"name": "prefers-color-scheme", "value": scheme}],
    )
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
    found["pale"] = browser.value(CONTRAST)
    found["deaf"] = list(deaf_sliders(browser))
    height = min(found["height"], TALLEST)
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width,
        height=height,
        deviceScaleFactor=1,
        mobile=size == "phone",
    )
    picture = browser.call("Page.captureScreenshot", format="png")["data"]
    return complaints(browser.events, found), base64.b64decode(picture)


def deaf_sliders(browser: Browser) -> Iterator[str]:
    """The sliders that ten presses of either arrow key do not move, or whose
    figure stays as it was when they move."""
    number = 0
    while before := browser.value(SLIDER % number):
        seen = []
        for key in ARROWS:
            for _ in range(10):
                browser.press(key)
                seen.append(browser.value(SLIDER % number))
        moved = {value for _, value, _ in seen} - {before[1]}
        if not moved or {shown for _, _, shown in seen} <= {before[2]}:
            yield before[0]
        number += 1


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
        # The first page of all also starts the browser's renderer; what
        # moves then says more about the machine than about the page.
        look(browser, PAGES / "index.html", "desktop", "light")
        for page in pages:
            for size in WIDTHS:
                for scheme in ("light", "dark"):
                    wrong, picture = look(browser, page, size, scheme)
                    name = page.relative_to(PAGES).with_suffix("").as_posix()
                    stem = f"{name.replace('/', '-')}-{size}-{scheme}"
                    (SCREENS / f"{stem}.png").write_bytes(picture)
                    for words in sorted(set(wrong)):
                        print(f"{stem}: {words[:300]}")
                    bad += bool(wrong)
        browser.close()
    print(f"{len(pages)} pages looked at, pictures in {SCREENS}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
