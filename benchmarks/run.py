"""Time the library beside PyTorch, JAX and autograd; write tables and charts.

    python benchmarks/run.py [--rounds 60]

Contestants take turns (A B A B ...) on one core, so that a slow moment of the
machine hits all, and processor time is counted; before anything is timed they
must compute the same losses and the same gradients. The other libraries are
optional. On a processor with AVX-512 everything is measured in three settings,
each in a process of its own. Writes benchmarks/results.md, results.svg and
chains.svg; no test asserts a time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
NUMBERS = HERE.parent / "build/benchmarks.json"
sys.path.insert(0, str(HERE))
from settings import SETTINGS, in_effect, processor, wide  # noqa: E402
from timing import (  # noqa: E402
    Times,
    cell,
    duel,
    one_thread,
    ratio,
    ratios,
    versions,
)

FLOORS: dict[str, tuple[float, float]] = {
    "W1": (1.8, 2.2),
    "W2": (1.15, 1.25),
    "W3": (4, 6),
    "softmax–cross-entropy": (3, 4.5),
    "Adam": (3.5, 4.5),
}
LIMITS = {"build": 3, "back": 1, "bytes": 400, "import": 60}
SIZES = (10**3, 10**4, 10**5, 10**6)
PRODUCTS = "products of "
Found = dict[str, Times]


# Measure, in a process of one setting
def peers() -> dict[str, Any]:
    """The contestants that are installed."""
    from contestants import autograd, by_hand, chainrule, jax_jit, pytorch

    found: dict[str, Any] = {"chainrule": chainrule, "by hand": by_hand}
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


def agree(workload: Any, makers: dict[str, Any]) -> None:
    """All must take the same three steps before they are compared.

    In float64: in float32 a pre-activation within rounding of zero falls on
    either side of ReLU's kink, and a gradient then differs for a good reason.
    """
    import numpy as np

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


def steps(rounds: int) -> Found:
    """Times of whole training steps, and of their matrix products alone."""
    import kernels
    from workloads import WORKLOADS

    makers, found = peers(), {}
    for name, workload in WORKLOADS.items():
        agree(workload, makers)
        runners = {p: make(workload).step for p, make in makers.items()}
        for maker, multiply in kernels.products(workload).items():
            runners[PRODUCTS + maker] = multiply
        found[name] = duel(runners, rounds // 3 if name == "W2" else rounds)
    return found


def operations(rounds: int) -> Found:
    """Times of single operations on ten million numbers."""
    import kernels

    found = {}
    rounds = max(3, rounds // 6)
    for n, k in ((10**6, 10), (10**5, 100), (10**4, 1000)):
        name = f"softmax–cross-entropy, {n} × {k}"
        found[name] = duel(kernels.losses(n, k), rounds)
    found["Adam, 10⁷ parameters"] = duel(kernels.updates(10**7), rounds)
    return found


def graphs(rounds: int) -> list[list[float]]:
    """Size; build, back and free of ours and PyTorch's; bytes a node."""
    import kernels
    import numpy as np

    rows = []
    for n in SIZES:
        leaves = [kernels.ours]
        if find_spec("torch"):
            leaves.append(kernels.theirs)
        times = [
            [kernels.graph(kernels.chain, n, leaf) for leaf in leaves]
            for _ in range(max(3, min(rounds, 10**6 // n)))
        ]
        best = np.min(times, axis=0).ravel()
        rows.append([float(x) for x in (n, *best, kernels.bytes_a_node(n))])
    return rows


def measure(setting: str, rounds: int) -> dict[str, Any]:
    """Everything that is measured in one setting."""
    one_thread()
    import kernels

    whole = steps(rounds)
    alone = {
        name: {
            key.removeprefix(PRODUCTS): times.pop(key)
            for key in list(times)
            if key.startswith(PRODUCTS)
        }
        for name, times in whole.items()
    }
    found: dict[str, Any] = {
        "steps": whole,
        "products": alone,
        "operations": operations(rounds),
        "in effect": in_effect(),
    }
    if setting == "own":
        found["chains"] = graphs(rounds)
        found["fan"] = kernels.graph(kernels.fan, 10**5, kernels.ours)
        found["import"] = kernels.import_time("chainrule")
    return found


def in_a_process(setting: str, rounds: int) -> dict[str, Any]:
    """`measure`, in a process whose libraries keep to the setting."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.json"
        command = [sys.executable, __file__, "--rounds", str(rounds)]
        command += ["--setting", setting, "--to", str(path)]
        environment = {**os.environ, **SETTINGS[setting][1]}
        subprocess.run(command, check=True, env=environment)
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


# Write it down
def table(found: Found, unit: float) -> list[str]:
    """A row for each workload: our time, PyTorch's, and ratios of all."""
    names = list(dict.fromkeys(n for times in found.values() for n in times))
    others = [n for n in names if n not in ("chainrule", "PyTorch")]
    head = ["", "chainrule", "PyTorch", "we", *others]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, times in found.items():
        cells = [
            name,
            cell(times["chainrule"], unit),
            cell(times["PyTorch"], unit) if "PyTorch" in times else "–",
            ratio(times, "chainrule"),
            *(ratio(times, other) for other in others),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def middle(times: Times, name: str = "chainrule") -> float:
    """How many times as fast as PyTorch, by the median of the rounds."""
    return statistics.median(ratios(times, name))


def floors(found: dict[str, Any]) -> list[str]:
    """A row for each goal: floor, aim, and what each setting reaches."""
    head = ["", "floor", "aim", *(SETTINGS[s][0] for s in found)]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    names = [*found["own"]["steps"], *found["own"]["operations"]]
    for name in names:
        for key, (floor, aim) in FLOORS.items():
            if not name.startswith(key):
                continue
            cells = [name, f"{floor}", f"{aim}"]
            for one in found.values():
                reached = middle({**one["steps"], **one["operations"]}[name])
                mark = "**" if reached >= floor else ""
                cells.append(f"{mark}{reached:.2f}{mark}")
            lines.append("| " + " | ".join(cells) + " |")
    return lines


def reasons(found: dict[str, Any], setting: str) -> list[str]:
    """For each step: what products and Python leave to be gained."""
    head = ["", "our step", "our products", "by hand in NumPy"]
    head += ["PyTorch's step", "its products", "its step over our products"]
    head += ["floor"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, times in found[setting]["steps"].items():
        if name not in FLOORS or "PyTorch" not in times:
            continue
        alone = found[setting]["products"][name]
        ours, theirs, hand, mine, other = (
            1e6 * min(x)
            for x in (
                times["chainrule"],
                times["PyTorch"],
                times["by hand"],
                alone["chainrule"],
                alone["PyTorch"],
            )
        )
        cells = [
            name,
            f"{ours:.0f}",
            f"{mine:.0f} ({100 * mine / ours:.0f} %)",
            f"{hand:.0f}",
            f"{theirs:.0f}",
            f"{other:.0f} ({100 * other / theirs:.0f} %)",
            f"{theirs / mine:.2f}",
            f"{FLOORS[name][0]}",
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def why(own: dict[str, Any]) -> list[str]:
    """For each floor that is not met, what stands in the way."""
    lines = []
    for name, times in {**own["steps"], **own["operations"]}.items():
        floor = next((f[0] for k, f in FLOORS.items() if name.startswith(k)), 0)
        if "PyTorch" not in times or middle(times) >= floor:
            continue
        ours, theirs = (1e6 * min(times[k]) for k in ("chainrule", "PyTorch"))
        text = f"**{name}**: {middle(times):.2f}, not {floor}. "
        if name in own["steps"]:
            hand = 1e6 * min(times["by hand"])
            mine, other = (
                1e6 * min(own["products"][name][k])
                for k in ("chainrule", "PyTorch")
            )
            text += (
                f"At best PyTorch's step takes {theirs:.0f} µs, so ours should "
                f"take {theirs / floor:.0f} and takes {ours:.0f}. Its matrix "
                f"products alone take {mine:.0f} in OpenBLAS, {other:.0f} in "
                f"PyTorch's library; by hand, in plain NumPy without a tape, "
                f"the step takes {hand:.0f}. "
            )
            if theirs / mine < floor:
                text += "The products alone are more than the floor allows."
            elif theirs / hand < floor:
                text += (
                    "Beside the products, NumPy passes over the arrays once "
                    "for each operation, and that alone is too much."
                )
            else:
                text += "What is above the step by hand is the tape's."
        elif name.startswith("Adam"):
            text += (
                "Ten operations of NumPy pass over each block while it is in "
                "the cache, each at about a tenth to a quarter of a "
                "nanosecond a number, and memory once; PyTorch's fused update "
                "is one pass, and "
                f"{middle(times, 'PyTorch fused'):.1f} times its default."
            )
        else:
            text += (
                "Beside the exponentials, which are most of it, a pass each "
                "adds them up and multiplies them by a factor for each row, "
                "and the system clears a new array for the gradient."
            )
        lines += [text, ""]
    _, build, back, *_ = own["chains"][-1]
    if build > LIMITS["build"] or back > LIMITS["back"]:
        short = own["chains"][-2]
        lines += [
            f"**A chain of a million nodes**: {build:.2f} / {back:.2f} µs a "
            f"node, not {LIMITS['build']} / {LIMITS['back']}; of a tenth of "
            f"its length {short[1]:.2f} / {short[2]:.2f}. What is added with "
            "the length is Python's collector, which walks through all "
            "objects each time that they have grown by a quarter, and new "
            "memory, which the system clears. The rest is a dozen steps of "
            "Python for each node, with one operation of NumPy among them.",
            "",
        ]
    return lines


def chains(own: dict[str, Any]) -> list[str]:
    """A row for each length of chain."""
    lines = [
        "| nodes in a chain | chainrule | PyTorch | bytes a node |",
        "|---|---|---|---|",
    ]
    for n, *times, held in own["chains"]:
        parts = times[:3], times[3:]
        cells = [" / ".join(f"{t:.2f}" for t in part) for part in parts]
        lines.append(
            f"| {n:.0f} | {cells[0]} | {cells[1] or '–'} | {held:.0f} |"
        )
    return lines


def report(found: dict[str, Any]) -> str:
    """The page of results."""
    own = found["own"]
    lines = [
        "# Results",
        "",
        "Written by `python benchmarks/run.py`; what the columns mean is said",
        "in [the readme](README.md).",
        "",
        f"{processor()}. {versions()}. One thread on one core. Processor time,",
        "contestants taking turns, medians of the rounds.",
        "",
        "## Where the floors are met",
        "",
        "How many times as fast as PyTorch; bold where the floor is met.",
        "",
        *floors(found),
        "",
        f"A chain of a million nodes: the floor is {LIMITS['build']} µs a node",
        f"to build and {LIMITS['back']} to go back, we take",
        f"{own['chains'][-1][1]:.2f} and {own['chains'][-1][2]:.2f}; "
        f"{LIMITS['bytes']} bytes a node, we hold",
        f"{own['chains'][-1][-1]:.0f}. The import: {LIMITS['import']} ms, we "
        f"take {own['import']:.0f}.",
        "",
        "![Times as fast as PyTorch](results.svg)",
        "",
        "## Where they are not, and why",
        "",
        *why(own)[:-1],
    ]
    for setting, one in found.items():
        lines += [
            "",
            f"## With {SETTINGS[setting][0]}",
            "",
            f"{one['in effect']}.",
            "",
            "Microseconds a training step, median (least–greatest); then how",
            "many times as fast as PyTorch, by medians / by the least times:",
            "",
            *table(one["steps"], 1e6),
            "",
            "Microseconds, the least times: what the matrix products alone",
            "take, and what is left to gain:",
            "",
            *reasons(found, setting),
            "",
            "Milliseconds an operation:",
            "",
            *table(one["operations"], 1e3),
        ]
    lines += [
        "",
        "## Chains, a fan, the import",
        "",
        "Microseconds a node, the least of some rounds: build / back / free.",
        "",
        *chains(own),
        "",
        "![Time and memory of a chain against its length](chains.svg)",
        "",
        "A number that is used 100000 times: "
        + " / ".join(f"{t:.2f}" for t in own["fan"])
        + " µs a use. `import chainrule` after `import numpy`: "
        f"{own['import']:.0f} ms.",
    ]
    return "\n".join(lines) + "\n"


# Draw it
def pyplot(name: str) -> Any:
    """Matplotlib, set to draw the same file from the same numbers."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = name
    return plt


def draw_steps(found: dict[str, Any], path: Path) -> None:
    """A bar for each contestant and workload, a panel for each setting."""
    plt = pyplot("results")
    shown = ["chainrule", "PyTorch fused", "JAX jit", "autograd"]
    colours = ["#c2410c", "#222222", "#777777", "#bbbbbb"]
    panels = [s for s in ("own", "avx2") if s in found]
    figure, grid = plt.subplots(
        len(panels),
        1,
        figsize=(7, 2.9 * len(panels)),
        layout="constrained",
        squeeze=False,
        sharey=True,
    )
    for axes, setting in zip(grid[:, 0], panels, strict=True):
        rows = {**found[setting]["steps"], **found[setting]["operations"]}
        for i, (other, colour) in enumerate(zip(shown, colours, strict=True)):
            heights = [
                middle(times, other) if other in times else 0
                for times in rows.values()
            ]
            places = [j + 0.2 * (i - 1.5) for j in range(len(rows))]
            axes.bar(places, heights, 0.18, color=colour, label=other)
        for j, name in enumerate(rows):
            for key, (floor, _) in FLOORS.items():
                if name.startswith(key):
                    axes.hlines(floor, j - 0.42, j + 0.42, "#222222", lw=0.8)
        axes.axhline(1, color="#222222", lw=0.8, ls=":")
        labels = [
            name.replace(", ", "\n").replace("–cross", "–\ncross")
            for name in rows
        ]
        axes.set_xticks(range(len(rows)), labels, fontsize=7)
        axes.set(yscale="log", ylabel="times as fast as PyTorch")
        axes.set_ylim(0.3, 14)
        marks = [0.5, 1, 2, 4, 8]
        axes.set_yticks(marks, [f"{mark:g}" for mark in marks])
        axes.minorticks_off()
        axes.set_title(SETTINGS[setting][0], fontsize="medium", loc="left")
    grid[0, 0].legend(fontsize="small", frameon=False, ncols=4)
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def draw_chains(rows: list[list[float]], path: Path) -> None:
    """Seconds and bytes of a chain against its length: straight lines."""
    plt = pyplot("chains")
    figure, (left, right) = plt.subplots(
        1, 2, figsize=(7, 3), layout="constrained"
    )
    sizes = [row[0] for row in rows]
    for column, name, colour in (
        (1, "build", "#222222"),
        (2, "backward", "#c2410c"),
        (3, "free", "#777777"),
    ):
        seconds = [row[0] * row[column] / 1e6 for row in rows]
        left.loglog(sizes, seconds, "o-", ms=4, color=colour, label=name)
    left.loglog(
        sizes, [n / 1e6 for n in sizes], ":", color="gray", label="1 µs a node"
    )
    left.set(xlabel="nodes", ylabel="seconds")
    left.legend(fontsize="small", frameon=False)
    held = [row[0] * row[-1] / 1e6 for row in rows]
    right.loglog(sizes, held, "o-", ms=4, color="#222222")
    right.set(xlabel="nodes", ylabel="megabytes held")
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def main() -> None:
    """Measure in all settings and write; with --to, measure in one."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--setting", choices=SETTINGS, default="own")
    parser.add_argument("--to", type=Path, help="measure one setting only")
    parser.add_argument(
        "--again", action="store_true", help="write from the last numbers"
    )
    options = parser.parse_args()
    if options.to:
        found = measure(options.setting, options.rounds)
        options.to.write_text(json.dumps(found), encoding="utf-8")
        return
    if not options.again:
        found = {}
        NUMBERS.parent.mkdir(exist_ok=True)
        for setting in SETTINGS if wide() else ["own"]:
            found[setting] = in_a_process(setting, options.rounds)
            NUMBERS.write_text(json.dumps(found), encoding="utf-8")
    found = json.loads(NUMBERS.read_text(encoding="utf-8"))
    text = report(found)
    print(text)
    (HERE / "results.md").write_text(text, encoding="utf-8")
    if find_spec("matplotlib"):
        draw_steps(found, HERE / "results.svg")
        draw_chains(found["own"]["chains"], HERE / "chains.svg")


if __name__ == "__main__":
    main()
