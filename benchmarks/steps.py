"""Time a training step beside PyTorch, in pairs.

    python benchmarks/steps.py [--threads 1] [--rounds 15] [WORKLOAD ...]

The two libraries take turns (A B A B ...), so that a slow moment of the
machine hits both; a figure is the median over the rounds, with the least and
the greatest. Before anything is timed, both must compute the same losses and
the same gradients. PyTorch is optional: without it only our own times are
printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def main() -> None:
    """Parse the command line, agree, time, print one row a workload."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    # BLAS reads these when NumPy is imported, hence the late imports below.
    for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ[variable] = str(options.threads)

    from contestants import chainrule, pytorch
    from workloads import WORKLOADS

    peers = {"chainrule": chainrule}
    if find_spec("torch"):
        import torch

        torch.set_num_threads(options.threads)
        peers["PyTorch"] = pytorch
    print(describe(options.threads), end="\n\n")
    print("| step | " + " | ".join(f"{p}, µs" for p in peers) + " | ratio |")
    print("|---" * (len(peers) + 2) + "|")
    for name in options.workloads or WORKLOADS:
        workload = WORKLOADS[name]
        exact = replace(workload, dtype="float64")
        agree(name, [make(exact) for make in peers.values()])
        runners = {p: make(workload) for p, make in peers.items()}
        times = duel({p: r.step for p, r in runners.items()}, options.rounds)
        print(row(name, times), flush=True)


def describe(threads: int) -> str:
    """What the figures depend on."""
    import numpy as np

    kernel = os.environ.get("OPENBLAS_CORETYPE") or "OpenBLAS's own choice"
    parts = [
        platform.processor() or platform.machine(),
        f"{threads} thread(s)",
        f"BLAS kernel: {kernel}",
        f"NumPy {np.__version__}",
    ]
    if "torch" in sys.modules:
        parts.append(f"PyTorch {sys.modules['torch'].__version__}")
    return ", ".join(parts) + "; ratio above one: we are faster"


def agree(name: str, runners: list) -> None:
    """All must take the same three steps before they are compared.

    In float64: in float32 a pre-activation within rounding of zero falls on
    either side of ReLU's kink, and a gradient then differs for a good reason.
    """
    import numpy as np

    for _ in range(3):
        losses = [runner.step() for runner in runners]
        np.testing.assert_allclose(losses, losses[0], rtol=1e-12, err_msg=name)
        ours, *peers = [runner.gradients() for runner in runners]
        for theirs in peers:
            for a, b in zip(ours, theirs, strict=True):
                error = np.linalg.norm(a - b) / np.linalg.norm(b)
                assert error < 1e-12, f"{name}: gradients differ by {error:.1e}"


def duel(
    steps: dict[str, Callable[[], float]], rounds: int
) -> dict[str, list[float]]:
    """Seconds a step, for each contestant, in rounds that alternate."""
    start = time.perf_counter()
    for _ in range(5):
        next(iter(steps.values()))()
    each = (time.perf_counter() - start) / 5
    repeats = max(3, int(0.1 / each))
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            for _ in range(repeats):
                step()
            times[name].append((time.perf_counter() - start) / repeats)
    return times


def row(name: str, times: dict[str, list[float]]) -> str:
    """A line of the table: medians with their ranges, and the ratio."""
    cells = [
        f"{statistics.median(t) * 1e6:.0f} "
        f"({min(t) * 1e6:.0f}–{max(t) * 1e6:.0f})"
        for t in times.values()
    ]
    ratio = "–"
    if "PyTorch" in times:
        pairs = zip(times["PyTorch"], times["chainrule"], strict=True)
        ratio = f"{statistics.median(a / b for a, b in pairs):.2f}"
    return f"| {name} | " + " | ".join(cells) + f" | {ratio} |"


if __name__ == "__main__":
    main()
