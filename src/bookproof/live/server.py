"""Serves the woven pages to this machine, and tells them when to reload.

A page is sent with a script that the built page does not hold. The script
listens to the server's events: a new number means a new page, words mean
that something in the book does not hold.
"""

from __future__ import annotations

import contextlib
import functools
import html
import json
import threading
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SCRIPT = "/bookproof-live/live.js"
EVENTS = "/bookproof-live/events"
_BREATH = 15.0
"""Seconds between two signs of life to a page, so that one which has been
closed is noticed."""

_WAITING = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<body><p>{title}: it has not been woven yet, or there is no such page.</p>
</body></html>
"""


@dataclass(frozen=True)
class State:
    """What the pages are told: which weaving is the newest, whether work is
    going on, and what is wrong with the book."""

    weaving: int = 0
    busy: bool = False
    problems: str = ""


class Server:
    """Serves a folder on a port of this machine (0: any that is free)."""

    def __init__(self, folder: Path, port: int) -> None:
        self.state = State()
        self.closing = False
        self.news = threading.Condition()
        handler = functools.partial(_Handler, self, str(folder))
        self._http = ThreadingHTTPServer(("127.0.0.1", port), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever)

    @property
    def address(self) -> str:
        """Where to look."""
        return f"http://127.0.0.1:{self._http.server_port}/"

    def __enter__(self) -> Server:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self.news:
            self.closing = True
            self.news.notify_all()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def working(self) -> None:
        """Tell the pages that the book is being checked."""
        self._tell(replace(self.state, busy=True))

    def woven(self, problems: str) -> None:
        """Tell the pages to reload, and what to say of the book."""
        self._tell(State(self.state.weaving + 1, False, problems))

    def _tell(self, state: State) -> None:
        with self.news:
            self.state = state
            self.news.notify_all()


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def __init__(self, live: Server, folder: str, *rest: object) -> None:
        self.live = live
        # Answers the request, in the superclass' way: from here.
        super().__init__(*rest, directory=folder)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        """Answer with a page, a file, the script or the events."""
        path = self.path.partition("?")[0]
        if path == EVENTS:
            self._events()
        elif path == SCRIPT:
            script = Path(__file__).with_name("live.js").read_bytes()
            self._send(script, "text/javascript")
        else:
            page = Path(self.translate_path(self.path))
            if page.is_dir() and path.endswith("/"):
                page /= "index.html"
            if page.suffix == ".html":
                self._page(page)
            else:
                super().do_GET()

    def _page(self, page: Path) -> None:
        status = HTTPStatus.OK
        weaving = self.live.state.weaving
        try:
            text = page.read_text(encoding="utf-8")
        except OSError:
            status = HTTPStatus.NOT_FOUND
            text = _WAITING.format(title=html.escape(page.stem))
        tag = f'<script src="{SCRIPT}" data-weaving="{weaving}"></script>'
        before, end, after = text.rpartition("</body>")
        self._send((before + tag + end + after).encode(), "text/html", status)

    def _send(
        self, data: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK
    ) -> None:
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _events(self) -> None:
        """The newest state, again and again, until the page is closed."""
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        told: State | None = None
        live = self.live
        with contextlib.suppress(OSError):
            while not live.closing:
                state = live.state
                words = ": still here"
                if state != told:
                    words = f"data: {json.dumps(asdict(state))}"
                self.wfile.write(f"{words}\n\n".encode())
                self.wfile.flush()
                told = state
                with live.news:
                    live.news.wait_for(self._news(told), _BREATH)

    def _news(self, told: State) -> functools.partial[bool]:
        return functools.partial(_changed, self.live, told)

    def end_headers(self) -> None:
        """Nothing may be kept: the next look must see the next weaving."""
        self.send_header("Cache-Control", "no-store")
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the terminal is for what is wrong with the book."""


def _changed(live: Server, told: State) -> bool:
    return live.closing or live.state != told
