"""Time the library beside PyTorch, JAX and autograd; write table and charts.

    python benchmarks/run.py [--rounds 60]

Contestants take turns (A B A B ...) on one core, so that a slow moment of the
machine hits all; before anything is timed they must compute the same losses
and the same gradients. The other libraries are optional. Writes
benchmarks/results.md, results.svg and chains.svg; no test asserts a time.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from timing import cell, describe, duel, one_thread, ratio  # noqa: E402

one_thread()

import kernels  # noqa: E402
import numpy as np  # noqa: E402
from contestants import autograd, chainrule, jax_jit, pytorch  # noqa: E402
from workloads import WORKLOADS, Workload  # noqa: E402

FLOORS = {
    "W1": (1.8, 2.2),
    "W2": (1.15, 1.25),
    "W3": (4, 6),
    "softmax–cross-entropy": (3, 4.5),
    "Adam": (3.5, 4.5),
}
SIZES = (10**3, 10**4, 10**5, 10**6)


def peers() -> dict[str, Any]:
    """The contestants that are installed."""
    found: dict[str, Any] = {"chainrule": chainrule}
    if find_spec("torch"):
        import torch

        torch.set_num_threads(1)
        found["PyTorch"] = pytorch
        found["PyTorch fused"] = lambda w: pytorch(w, fused=True)
    if find_spec("jax"):
        found["JAX jit"] = jax_jit
    if find_spec("autograd"):
        found["autograd"] = autograd
    return found


def agree(workload: Workload, makers: dict[str, Any]) -> None:
    """All must take the same three steps before they are compared.

    In float64: in float32 a pre-activation within rounding of zero falls on
    either side of ReLU's kink, and a gradient then differs for a good reason.
    """
    exact = replace(workload, dtype="float64")
    runners = [make(exact) for make in makers.values()]
    for _ in range(3):
        losses = [runner.step() for runner in runners]
        np.testing.assert_allclose(losses, losses[0], rtol=1e-12)
        mine, *others = [runner.gradients() for runner in runners]
        for theirs in others:
            for a, b in zip(mine, theirs, strict=True):
                error = np.linalg.norm(a - b) / np.linalg.norm(b)
                assert error < 1e-12, f"gradients differ by {error:.1e}"


def steps(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Times of whole training steps, by workload and contestant."""
    makers, found = peers(), {}
    for name, workload in WORKLOADS.items():
        agree(workload, makers)
        runners = {p: make(workload).step for p, make in makers.items()}
        slow = name == "W2"
        found[name] = duel(runners, rounds // 3 if slow else rounds)
    return found


def operations(rounds: int) -> dict[str, dict[str, list[float]]]:
    """Times of single operations on ten million numbers."""
    found = {}
    for n, k in ((10**6, 10), (10**5, 100), (10**4, 1000)):
        name = f"softmax–cross-entropy, {n} × {k}"
        found[name] = duel(kernels.losses(n, k), max(3, rounds // 6))
    found["Adam, 10⁷ parameters"] = duel(
        kernels.updates(10**7), max(3, rounds // 6)
    )
    return found


def table(found: dict[str, dict[str, list[float]]], unit: float) -> list[str]:
    """A row for each workload: our time, PyTorch's, and ratios of all."""
    names = list(dict.fromkeys(n for times in found.values() for n in times))
    others = [n for n in names if n not in ("chainrule", "PyTorch")]
    head = ["", "chainrule", "PyTorch", "we", *others, "floor, aim"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, times in found.items():
        goal = next(
            (g for key, g in FLOORS.items() if name.startswith(key)), ("–", "–")
        )
        cells = [
            name,
            cell(times["chainrule"], unit),
            cell(times["PyTorch"], unit) if "PyTorch" in times else "–",
            ratio(times, "chainrule"),
            *(ratio(times, other) for other in others),
            f"{goal[0]}, {goal[1]}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def graphs(rounds: int) -> list[tuple[Any, ...]]:
    """Size; build, back and free of ours and PyTorch's; bytes a node."""
    rows = []
    for n in SIZES:
        repeats = max(2, min(rounds, 10**6 // n))
        leaves = [kernels.ours]
        if find_spec("torch"):
            leaves.append(kernels.theirs)
        times = [
            [kernels.graph(kernels.chain, n, leaf) for leaf in leaves]
            for _ in range(repeats)
        ]
        best = np.min(times, axis=0)
        rows.append((n, *best.ravel(), kernels.bytes_a_node(n)))
    return rows


def draw_steps(found: dict[str, dict[str, list[float]]], path: Path) -> None:
    """A bar for each contestant and workload: PyTorch's time over its own."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = "results"
    shown = ["chainrule", "PyTorch fused", "JAX jit", "autograd"]
    colours = ["#c2410c", "#222222", "#777777", "#bbbbbb"]
    figure, axes = plt.subplots(figsize=(7, 3.4), layout="constrained")
    for i, (other, colour) in enumerate(zip(shown, colours, strict=True)):
        heights = [
            min(times["PyTorch"]) / min(times[other]) if other in times else 0
            for times in found.values()
        ]
        places = np.arange(len(found)) + 0.2 * (i - 1.5)
        axes.bar(places, heights, 0.18, color=colour, label=other)
    axes.axhline(1, color="#222222", lw=0.8, ls=":")
    labels = [name.replace(", ", ",\n") for name in found]
    axes.set_xticks(np.arange(len(found)), labels, fontsize=7)
    axes.set(yscale="log", ylabel="times as fast as PyTorch eager")
    axes.legend(fontsize="small", frameon=False)
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def draw_chains(rows: list[tuple[Any, ...]], path: Path) -> None:
    """Seconds and bytes of a chain against its length: straight lines."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = "chains"
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7, 3), layout="constrained"
    )
    sizes = np.array([row[0] for row in rows])
    for column, name, colour in (
        (1, "build", "#222222"),
        (2, "backward", "#c2410c"),
        (3, "free", "#777777"),
    ):
        seconds = sizes * np.array([row[column] for row in rows]) / 1e6
        left.loglog(sizes, seconds, "o-", ms=4, color=colour, label=name)
    left.loglog(sizes, sizes * 1e-6, ":", color="gray", label="1 µs a node")
    left.set(xlabel="nodes", ylabel="seconds")
    left.legend(fontsize="small", frameon=False)
    held = sizes * np.array([row[-1] for row in rows]) / 1e6
    right.loglog(sizes, held, "o-", ms=4, color="#222222")
    right.set(xlabel="nodes", ylabel="megabytes held")
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def report(rounds: int) -> None:
    """Measure everything, print it, and write it down."""
    whole = steps(rounds)
    single = operations(rounds)
    rows = graphs(rounds)
    fan = kernels.graph(kernels.fan, 10**5, kernels.ours)
    lines = [
        "# Results",
        "",
        "Written by `python benchmarks/run.py`; what the columns mean is said",
        "in [the readme](README.md).",
        "",
        describe() + ".",
        "",
        "Microseconds a training step, median (least–greatest):",
        "",
        *table(whole, 1e6),
        "",
        "Milliseconds an operation:",
        "",
        *table(single, 1e3),
        "",
        "Microseconds a node, the least of some rounds: build / back / free.",
        "",
        "| nodes in a chain | chainrule | PyTorch | bytes a node |",
        "|---|---|---|---|",
    ]
    for n, *times, held in rows:
        mine, other = times[:3], times[3:]
        cells = [" / ".join(f"{t:.2f}" for t in part) for part in (mine, other)]
        lines.append(f"| {n} | {cells[0]} | {cells[1] or '–'} | {held:.0f} |")
    lines += [
        "",
        "A number that is used 100000 times: "
        + " / ".join(f"{t:.2f}" for t in fan)
        + " µs a use. `import chainrule` after `import numpy`: "
        f"{kernels.import_time('chainrule'):.0f} ms.",
        "",
        "![Times as fast as PyTorch](results.svg)",
        "",
        "![Time and memory of a chain are linear in its length](chains.svg)",
    ]
    text = "\n".join(lines) + "\n"
    print(text)
    (HERE / "results.md").write_text(text, encoding="utf-8")
    if find_spec("matplotlib"):
        draw_steps({**whole, **single}, HERE / "results.svg")
        draw_chains(rows, HERE / "chains.svg")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    report(parser.parse_args().rounds)
