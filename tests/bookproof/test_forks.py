"""Jobs in forked copies: none of them can harm the others, or this process."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from bookproof.mutating.forks import DIED, LATE, Failed, in_copies


def hang() -> None:
    while True:
        time.sleep(60)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def results(
    jobs: list[Callable[[], Any]], copies: int, seconds: float = 60
) -> list[Any]:
    out = dict(in_copies(jobs, copies, seconds))
    return [out[number] for number in range(len(jobs))]


@pytest.mark.parametrize("copies", [1, 2, 5])
def test_all_results_come_once(copies: int) -> None:
    jobs = [lambda number=number: [number, "é\n"] for number in range(12)]
    ended = list(in_copies(jobs, copies, 60))
    assert sorted(number for number, _ in ended) == list(range(12))
    assert results(jobs, copies) == [[n, "é\n"] for n in range(12)]


def test_no_jobs_no_copies() -> None:
    assert results([], 3) == []


@pytest.mark.parametrize("copies", [1, 2])
def test_one_that_raises_dies_or_hangs_costs_itself_alone(copies: int) -> None:
    jobs = [lambda: 1, lambda: 1 / 0, die, lambda: 2, hang, lambda: 3]
    said = results(jobs, copies, seconds=2)
    assert said[1] == Failed("ZeroDivisionError: division by zero")
    assert said[2] == Failed(DIED)
    assert said[4] == Failed(LATE)
    assert [said[0], said[3], said[5]] == [1, 2, 3]


def test_nothing_of_a_job_remains() -> None:
    seen: list[int] = []

    def job() -> int:
        seen.append(1)
        return len(seen)

    assert results([job, job], 2) == [1, 1]
    assert seen == []


def test_copies_end_with_their_caller() -> None:
    ended = in_copies([lambda: os.getpid(), hang], 2, 60)
    _, process = next(ended)
    ended.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
