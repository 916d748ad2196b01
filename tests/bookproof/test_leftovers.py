"""What a cell leaves running is ended, even while it shows nothing."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
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
    return ") Z " in Path("/proc", str(process), "stat").read_text()


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
