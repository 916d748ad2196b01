"""Time the library beside PyTorch, JAX and autograd.

    python benchmarks/run.py [--rounds 60] [--name MACHINE]

Contestants take turns (A B A B ...) on one core, so that a slow moment of the
machine hits all, and processor time is counted; before anything is timed they
must compute the same losses and the same gradients. The other libraries are
optional. On a processor with AVX-512 everything is measured in three settings,
each in a process of its own. The numbers go to machines/MACHINE.json beside it,
from which the book's page "How fast it is" draws its tables and its charts; no
test asserts a time.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MACHINES = HERE / "machines"
sys.path.insert(0, str(HERE))
from settings import SETTINGS, in_effect, processor, wide  # noqa: E402
from timing import Times, duel, one_thread, ratios, versions  # noqa: E402

SIZES = (10**3, 10**4, 10**5, 10**6)
PRODUCTS = "products of "
GRAPHS = ("chains", "fan", "import")
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
        "steps": {name: summary(times) for name, times in whole.items()},
        "products": {name: summary(times) for name, times in alone.items()},
        "operations": {
            name: summary(times) for name, times in operations(rounds).items()
        },
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
def summary(times: Times) -> dict[str, dict[str, float]]:
    """Of each contestant: its times, and how they compare with PyTorch's."""
    found = {}
    for name, own in times.items():
        found[name] = {
            "median": statistics.median(own),
            "least": min(own),
            "greatest": max(own),
        }
        if "PyTorch" in times:
            found[name]["ratio"] = statistics.median(ratios(times, name))
            found[name]["of the least"] = min(times["PyTorch"]) / min(own)
    return found


def rounded(found: Any) -> Any:
    """The same, with four digits of every number: more is noise."""
    if isinstance(found, dict):
        return {name: rounded(each) for name, each in found.items()}
    if isinstance(found, list):
        return [rounded(each) for each in found]
    return float(f"{found:.4g}") if isinstance(found, float) else found


def write(found: dict[str, Any], name: str) -> Path:
    """The numbers of this machine, where the book's page looks for them."""
    text = json.dumps(rounded(found), indent=1, ensure_ascii=False)
    # A row of numbers on a line of its own.
    text = re.sub(r"\[[^][{}]*\]", lambda row: " ".join(row[0].split()), text)
    MACHINES.mkdir(exist_ok=True)
    path = MACHINES / f"{name}.json"
    path.write_text(text + "\n", encoding="utf-8")
    return path


def said(found: dict[str, Any]) -> list[str]:
    """What was found in one setting, a line each."""
    lines = ["", found["in effect"]]
    for workload, times in {**found["steps"], **found["operations"]}.items():
        cells = [
            f"{name} {1e3 * each['median']:.3g} ms"
            + (f" ({each['ratio']:.2f})" if "ratio" in each else "")
            for name, each in times.items()
        ]
        lines.append(f"{workload}: " + ", ".join(cells))
    return lines


def main() -> None:
    """Measure in all settings and write; with --to, measure in one."""
    slug = re.sub(r"[^a-z0-9]+", "-", processor().lower()).strip("-")
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--name", default=slug, help="how to call this machine")
    parser.add_argument("--setting", choices=SETTINGS, default="own")
    parser.add_argument("--to", type=Path, help="measure one setting only")
    options = parser.parse_args()
    if options.to:
        one = measure(options.setting, options.rounds)
        options.to.write_text(json.dumps(one), encoding="utf-8")
        return
    from workloads import WORKLOADS

    found: dict[str, Any] = {
        "machine": processor(),
        "versions": versions(),
        "rounds": options.rounds,
        "workloads": {name: asdict(each) for name, each in WORKLOADS.items()},
        "settings": {},
    }
    for setting in SETTINGS if wide() else ["own"]:
        one = in_a_process(setting, options.rounds)
        found |= {key: one.pop(key) for key in GRAPHS if key in one}
        found["settings"][setting] = one
        print(*said(one), sep="\n", flush=True)
    print(f"\n{write(found, options.name)} is written; now `make html`")


if __name__ == "__main__":
    main()
