"""What a cell leaves running is ended, even while it shows nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bookproof.running import leftovers

SETTING = f"BOOKPROOF_TEST_OF_LEFTOVERS={os.getpid()}"


@pytest.fixture
def left() -> Iterator[subprocess.Popen[bytes]]:
    name, value = SETTING.split("=")
    process = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(600)"],
        env={**os.environ, name: value},
        start_new_session=True,
    )
    yield process
    process.kill()
    process.wait()


def is_dead(process: int) -> bool:
    try:
        return ") Z " in Path("/proc", str(process), "stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True


def hide_at_first(
    monkeypatch: pytest.MonkeyPatch,
    process: int,
    looks: int,
    denied: bool = False,
) -> list[str]:
    """Show no environment of the process at its first looks, as the kernel
    does while a program is being replaced by another; or deny that there is
    such a process, as it does of one that has lost its memory, but not died.
    """
    path = f"/proc/{process}/environ"
    seen: list[str] = []
    read = Path.read_bytes

    def hiding(self: Path) -> bytes:
        if str(self) != path:
            return read(self)
        seen.append(path)
        if denied and len(seen) <= looks:
            raise ProcessLookupError
        return b"" if len(seen) <= looks else read(self)

    monkeypatch.setattr(Path, "read_bytes", hiding)
    return seen


def test_a_process_is_dead_when_its_end_was_asked_for(
    left: subprocess.Popen[bytes],
) -> None:
    leftovers.end(SETTING)
    assert is_dead(left.pid)


@pytest.mark.parametrize("denied", [False, True])
def test_a_process_that_shows_nothing_yet_is_waited_for(
    left: subprocess.Popen[bytes],
    monkeypatch: pytest.MonkeyPatch,
    denied: bool,
) -> None:
    seen = hide_at_first(monkeypatch, left.pid, looks=3, denied=denied)
    leftovers.end(SETTING)
    assert len(seen) > 3
    assert is_dead(left.pid)


ENDLESS = """\
```{code-cell} ipython3
import os
from pathlib import Path

Path("{file}").write_text(str(os.getpid()))
while True:
    pass
```
"""

ENDLESS_EXERCISE = """\
````{{exercise}} ever
Go on.

```{{starter}}
import os
from pathlib import Path

Path("{file}").write_text(str(os.getpid()))
while True:
    pass
```
```{{check}}
assert True
```
````
````{{solution}} ever
```{{code}}
x = 1
```
````
"""


def test_one_whose_parent_died_before_it_asked_ends_at_once() -> None:
    code = (
        "import os\n"
        "from bookproof.running import leftovers\n"
        "leftovers.end_with_parent({parent})\n"
        "print('alive')\n"
    )
    parents = ("os.getppid()", "os.getpid()")  # the second never was one
    ended = [
        subprocess.run(
            [sys.executable, "-c", code.format(parent=parent)],
            stdout=subprocess.PIPE,
            text=True,
            check=False,
        )
        for parent in parents
    ]
    assert [(e.returncode, e.stdout) for e in ended] == [
        (0, "alive\n"),
        (-signal.SIGKILL, ""),
    ]


@pytest.mark.parametrize(
    ("body", "command"),
    [
        (ENDLESS, ["check"]),
        (ENDLESS_EXERCISE, ["check"]),
        (ENDLESS, ["watch", "--no-pages"]),
    ],
)
def test_a_worker_does_not_outlive_a_press_that_is_killed(
    book,
    tmp_path_factory: pytest.TempPathFactory,
    body: str,
    command: list[str],
) -> None:
    file = tmp_path_factory.mktemp("told") / "pid"
    body = body.replace("{{", "{").replace("}}", "}")
    book.write("ch", f"# A chapter\n\n{body}".replace("{file}", str(file)))
    press = subprocess.Popen(
        [sys.executable, "-m", "bookproof", *command],
        cwd=book.root,
        stdout=subprocess.DEVNULL,
    )
    wait_until(lambda: file.exists() and bool(file.read_text()))
    press.kill()
    press.wait()
    wait_until(lambda: is_dead(int(file.read_text())))


def wait_until(true: Callable[[], bool]) -> None:
    """Look again and again, for half a minute at most."""
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_other_processes_live_on(left: subprocess.Popen[bytes]) -> None:
    leftovers.end(SETTING + "0")
    time.sleep(0.01)
    assert left.poll() is None


def test_what_shows_nothing_for_good_does_not_hold_the_press_up(
    left: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A living process without any environment: it is nobody's to kill."""
    seen = hide_at_first(monkeypatch, left.pid, looks=10**6)
    leftovers.end(SETTING)
    assert len(seen) == leftovers._ROUNDS
    assert left.poll() is None
