"""The watch: what makes it act, what it serves, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bookproof import cli
from bookproof.live import watch
from bookproof.live.rounds import Rounds
from bookproof.live.server import EVENTS, SCRIPT, Server

CONF = """\
extensions = ["myst_nb", "bookproof.weave"]
nb_execution_mode = "off"
"""

CHAPTER = "# A chapter\n\nWords.\n"


def pauses(*steps: Callable[[], object]) -> Callable[[], None]:
    """Does one of the steps at each pause; then Ctrl-C."""
    left = iter(steps)

    def pause() -> None:
        step = next(left, None)
        if step is None:
            raise KeyboardInterrupt
        step()

    return pause


def nothing() -> None:
    pass


def acted(book: Any, *steps: Callable[[], object]) -> list[str]:
    """What the chapter held each time the watch acted."""
    path = book.root / "book/ch.md"
    texts: list[str] = []

    def tangle() -> None:
        texts.append(path.read_text())
        (book.root / "src/tool.py").write_text(f"made = {len(texts)}\n")

    assert watch.watch(book.project, tangle, nothing, pauses(*steps)) == 0
    return texts


def test_a_save_is_a_reason_and_its_own_writing_is_none(book) -> None:
    path = book.write("ch", CHAPTER, front="")
    texts = acted(book, nothing, lambda: path.write_text("More.\n"), nothing)
    assert texts == [CHAPTER, "More.\n"]


def test_a_save_of_the_same_text_is_no_reason(book) -> None:
    path = book.write("ch", CHAPTER, front="")
    assert len(acted(book, lambda: path.write_text(CHAPTER), nothing)) == 1


@pytest.mark.parametrize(
    ("name", "times"), [("book/ch.md", 2), ("book/data.csv", 1)]
)
def test_what_was_gone_for_a_while_is_woven_again(
    book, name: str, times: int
) -> None:
    """The weaving may have met a page that is missing; but a cell writes its
    data again whenever it runs."""
    book.write("ch", CHAPTER, front="")
    path = book.root / name
    path.write_text(CHAPTER)
    texts: list[str] = []

    def weave() -> None:
        texts.append(path.read_text())
        if len(texts) == 1:
            path.unlink()
            path.write_text(CHAPTER)

    steps = pauses(nothing, nothing)
    assert watch.watch(book.project, nothing, weave, steps) == 0
    assert len(texts) == times


@pytest.mark.parametrize(
    ("name", "times"),
    [
        ("book/_static/book.css", 2),
        ("book/data.csv", 2),
        ("conf.py", 2),
        ("src/tool.py", 2),
        ("book/.ch.md.swp", 1),
        ("book/ch.md~", 1),
        ("src/__pycache__/tool.pyc", 1),
    ],
)
def test_which_files_matter(book, name: str, times: int) -> None:
    book.write("ch", CHAPTER, front="")
    path = book.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    assert len(acted(book, lambda: path.write_text("x"), nothing)) == times


def test_a_save_during_the_work_is_not_lost(book) -> None:
    path = book.write("ch", CHAPTER, front="")
    texts: list[str] = []

    def then() -> None:
        texts.append(path.read_text())
        if len(texts) == 1:
            path.write_text("Saved meanwhile.\n")

    watch.watch(book.project, nothing, then, pauses(nothing, nothing))
    assert texts == [CHAPTER, "Saved meanwhile.\n"]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Server]:
    (tmp_path / "index.html").write_text("<body><p>Hello</p></body>")
    (tmp_path / "style.css").write_text("p { color: red }")
    with Server(tmp_path, 0) as server:
        yield server


def get(server: Server, path: str) -> Any:
    return urllib.request.urlopen(server.address.rstrip("/") + path)


def told(stream: Any) -> Any:
    """The next state that the server tells of."""
    for line in stream:
        if line.startswith(b"data: "):
            return json.loads(line[6:])
    raise AssertionError("the server has ended")


def test_a_page_is_served_with_the_script_and_a_file_without(served) -> None:
    tag = f'<script src="{SCRIPT}" data-weaving="0"></script>'
    page = get(served, "/").read().decode()
    assert page == f"<body><p>Hello</p>{tag}</body>"
    style = get(served, "/style.css")
    assert style.read() == b"p { color: red }"
    assert style.headers["Cache-Control"] == "no-store"
    assert b"EventSource" in get(served, SCRIPT).read()


def test_a_page_that_is_not_there_yet_waits_for_it(served) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        get(served, "/%3Cb%3E.html")
    words = raised.value.read().decode()
    assert raised.value.code == 404
    assert "&lt;b&gt;" in words
    assert SCRIPT in words


@pytest.mark.parametrize("path", ["/../secret.html", "/..%2fsecret.html"])
def test_nothing_beside_the_pages_is_served(
    served, tmp_path: Path, path: str
) -> None:
    (tmp_path.parent / "secret.html").write_text("for no eyes")
    with pytest.raises(urllib.error.HTTPError) as raised:
        get(served, path)
    assert raised.value.code == 404
    assert b"for no eyes" not in raised.value.read()


def test_pages_are_told_what_is_new(served) -> None:
    with get(served, EVENTS) as stream:
        start = {"weaving": 0, "busy": False, "problems": ""}
        assert told(stream) == start
        served.working()
        assert told(stream) == {**start, "busy": True}
        served.woven("<script>it</script> does not hold")
        state = told(stream)
    assert (state["weaving"], state["busy"]) == (1, False)
    assert state["problems"] == "<script>it</script> does not hold"
    assert b'data-weaving="1"' in get(served, "/").read()


def test_a_port_that_is_taken_is_told(book, capsys) -> None:
    book.write("ch", CHAPTER)
    (book.root / "conf.py").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        root = ["--root", str(book.root)]
        assert cli.main([*root, "watch", "--port", port]) == 2
    assert "give another with --port" in capsys.readouterr().err


def test_a_save_reaches_the_open_page(book) -> None:
    claim = "Here {claim}`1 + 1 = 3`."
    path = book.write("ch", f"# A chapter\n\n{claim}\n")
    line = path.read_text().splitlines().index(claim) + 1
    (book.root / "conf.py").write_text(CONF)
    command = [sys.executable, "-m", "bookproof", "watch", "--port", "0"]
    # What a shell starts in the background ignores Ctrl-C at first.
    command = ["sh", "-c", "trap '' INT; exec \"$@\"", "sh", *command]
    with subprocess.Popen(
        command,
        cwd=book.root,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    ) as watching:
        try:
            said = watching.stdout
            address = until(said, "the pages: ")
            with urllib.request.urlopen(address + EVENTS[1:]) as events:
                # A broken chapter is told, woven, and does not end the watch.
                assert woven(events, 1).startswith(f"book/ch.md:{line}:20: ")
                assert "Here" in page(address)
                path.write_text(
                    path.read_text()
                    .replace("Here", "There")
                    .replace("= 3", "= 2")
                )
                assert woven(events, 2) == ""
                assert "There" in page(address)
            until(said, "watching; stop")
            os.killpg(watching.pid, signal.SIGINT)
            assert watching.wait(timeout=120) == 0  # a hang is a failure
        finally:
            if watching.poll() is None:
                os.killpg(watching.pid, signal.SIGKILL)
    for each in (book.root / "build").rglob("*.html"):
        assert "bookproof-live" not in each.read_text()


def test_the_page_of_a_chapter_that_is_gone_goes_too(book) -> None:
    (book.root / "conf.py").write_text(CONF)
    path = book.write("ch", CHAPTER, front="")
    rounds = Rounds(book.project)
    rounds.check()
    assert rounds.weave() == ""
    page = rounds.pages / "ch.html"
    download = rounds.pages / "downloads/ch.py"
    download.parent.mkdir()
    download.touch()
    source = rounds.pages / "_sources/ch.md.txt"
    assert page.exists()
    assert source.exists()
    text = path.read_text()
    path.unlink()
    # Still in the table of contents: no page can be woven, and this is gone.
    assert "there is no ch.md here" in rounds.weave()
    assert not page.exists()
    assert not source.exists()
    assert not download.exists()
    assert (rounds.pages / "index.html").exists()
    book.write("new", text, front="")
    rounds.check()
    assert rounds.weave() == ""
    assert not page.exists()
    assert (rounds.pages / "new.html").exists()


def test_a_check_that_cannot_be_made_is_told(book) -> None:
    book.write("ch", CHAPTER, front="")
    (book.root / "build").touch()
    said = Rounds(book.project).check()
    assert str(book.root / "build") in said
    assert "bookproof: " in said


def page(address: str) -> str:
    """The chapter's page as it is served."""
    data: bytes = urllib.request.urlopen(f"{address}ch.html").read()
    return data.decode()


def woven(events: Any, weaving: int) -> str:
    """Waits for a weaving; what is then wrong with the book."""
    while (state := told(events))["weaving"] < weaving:
        pass
    return str(state["problems"])


def until(said: Any, words: str) -> str:
    """What follows these words in what the watch says."""
    for line in said:
        if words in line:
            return str(line.partition(words)[2].strip())
    raise AssertionError(f"the watch ended before it said {words!r}")
