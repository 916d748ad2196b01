"""Limits of time do not count what a process stands in the queue."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time

import pytest

from bookproof.running import patience
from bookproof.running.patience import Clock


def test_the_time_that_a_process_waits_for_a_processor_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = itertools.count(104.0, 4.0)
    queues = [{7: 2.0}, {7: 5.0, 8: 1.0}, {7: 5.0, 8: 6.0}, {7: 5.0, 8: 6.0}]
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    monkeypatch.setattr(patience, "_queues", lambda _: queues.pop(0))
    clock = Clock(7, 6.0, begun=100.0)  # it has waited for two seconds
    assert clock.left() == 2.0  # at 104: nobody looks at queues yet
    assert clock.left() == 1.0  # at 108, two late: it has waited three more
    assert clock.left() == 0.0  # at 112, six late: a child has waited six
    assert clock.late  # at 116, ten late


@pytest.mark.skipif(
    not os.path.exists("/proc/self/schedstat"), reason="Linux tells"
)
@pytest.mark.parametrize("code", ["import time; time.sleep(99)", "while 1: 1"])
def test_a_process_that_sleeps_or_hangs_is_late(code: str) -> None:
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        clock = Clock(process.pid, 0.1)
        while not clock.late:
            assert patience.NAP <= clock.nap() < 60
            time.sleep(clock.nap())
        assert clock.left() <= 0
        process.kill()


def test_a_process_that_is_gone_counts_every_second() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    clock = Clock(process.pid, 0.0)
    assert clock.queued == {}
    assert clock.late
