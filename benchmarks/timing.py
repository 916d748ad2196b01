"""Taking turns: processor time of each contestant, in alternating rounds."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from typing import Any

Times = dict[str, list[float]]


def one_thread() -> None:
    """Hold every library to one thread; to be called before any is imported.

    JAX has no thread setting of its own on the CPU, so where the system
    allows it the whole process keeps to one core.
    """
    for variable in ("OPENBLAS", "OMP", "MKL"):
        os.environ[f"{variable}_NUM_THREADS"] = "1"
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def versions() -> str:
    """What the figures depend on."""
    parts = [f"Python {platform.python_version()}"]
    for name in ("numpy", "torch", "jax", "autograd"):
        with suppress(PackageNotFoundError):
            parts.append(f"{name} {version(name)}")
    return ", ".join(parts)


def duel(
    steps: Mapping[str, Callable[[], Any]], rounds: int, seconds: float = 0.02
) -> Times:
    """Processor seconds a step, for each contestant, in alternating rounds.

    A turn lasts about `seconds`: short, so that some turns fall between the
    moments in which a shared machine is busy with others. Time in which
    another process has the core is not counted.
    """
    repeats = {}
    for name, step in steps.items():
        for _ in range(3):
            start = time.process_time()
            step()
            each = time.process_time() - start
        repeats[name] = max(1, int(seconds / each))
    times: Times = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.process_time()
            for _ in range(repeats[name]):
                step()
            spent = time.process_time() - start
            times[name].append(spent / repeats[name])
    return times


def ratios(times: Times, name: str, base: str = "PyTorch") -> list[float]:
    """How many times as fast as PyTorch, round by round."""
    pairs = zip(times[base], times[name], strict=True)
    return [theirs / ours for theirs, ours in pairs]
