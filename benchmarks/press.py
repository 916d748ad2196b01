"""Time the press on books of 10 to 10 000 claims, and draw the curve.

    python benchmarks/press.py [--sizes 10,100,1000,10000] [--json FILE]

Each book is one chapter: a definition, a cell, a heading and three sentences
for every ten claims. Every command is a process of its own, start-up included;
what is printed is processor time (user and system, workers included), because
wall-clock time says more about the neighbours, and the most memory that the
command or its worker held. Nothing is asserted. The numbers go to
docs/press.json, from which the guide draws its page on speed, and the curve to
benchmarks/press.svg.
"""

from __future__ import annotations

import argparse
import gc
import json
import multiprocessing
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bookproof.config import Project
from bookproof.judging.claims import Scope
from bookproof.prose.lint import lint_chapter
from bookproof.reading.chapter import read_chapter
from bookproof.reading.elements import Marker

ROOT = Path(__file__).parents[1]
SIZES = (10, 100, 1000, 10_000)
FRONT = """\
---
jupytext: {text_representation: {extension: .md, format_name: myst}}
kernelspec: {name: python3, display_name: Python 3}
---

# A synthetic chapter
"""
SETTINGS = "[tool.bookproof]\nchapter_seconds = 3600\n"
INDEX = "# The book\n\n```{toctree}\nch\n```\n"


@dataclass(frozen=True)
class Cost:
    """What a command took: processor seconds, seconds, megabytes."""

    cpu: float
    wall: float
    memory: float


def chapter(claims: int) -> str:
    """A chapter of so many claims, none of them like another."""
    parts = [FRONT]
    for block in range(-(-claims // 10)):
        name = f"a_{{{block + 1}}}"
        parts.append(f"\n## Block {_word(block)}\n\n")
        parts.append(
            f"```{{code-cell}} ipython3\nn_{block} = {block}\n```\n\n"
            f"Here {{let}}`{name} = {block} + 1` is a number of its own. "
            "What follows is words, as a book has them between its\n"
            "claims, so that a reader of Markdown has something to read:\n\n"
        )
        for number in range(min(10, claims - 10 * block)):
            k = 10 * block + number
            value = (block + 1) * (k % 7 + 2) + k
            parts.append(
                f"- then {{claim}}`{name} \\cdot {k % 7 + 2} + {k} = {value}`,"
                " of which each side is evaluated;\n"
            )
        fact = f"{{fact}}`{block} <n_{block}>`"
        parts.append(f"\nand the cell's number is {fact}.\n")
    return "".join(parts)


def _word(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def book(folder: Path, claims: int) -> Path:
    """Write a book; its one chapter."""
    (folder / "book").mkdir(parents=True)
    (folder / "src").mkdir()
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "book/index.md").write_text(INDEX)
    path = folder / "book/ch.md"
    path.write_text(chapter(claims), encoding="utf-8")
    return path


def cost(folder: Path, *arguments: str) -> Cost:
    """Run a command of the press, which may find something."""
    command = [sys.executable, "-m", "bookproof", "--root", str(folder)]
    start = time.perf_counter()
    process = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(said)
    cpu = used.ru_utime + used.ru_stime
    return Cost(cpu, wall, used.ru_maxrss / 1024)


EDITS = (
    ("a word", "Here {let}", "There {let}"),
    ("a claim", "\\cdot 2 + 0 = 2`", "\\cdot 2 + 1 - 1 = 2`"),
    ("a cell", "n_0 = 0", "n_0 = 0 + 0"),
)
COLUMNS = ("lint", "check", "unchanged", *(what for what, _, _ in EDITS))


def measure(claims: int) -> tuple[int, dict[str, Cost]]:
    """The chapter's bytes, and what each command takes on it."""
    with tempfile.TemporaryDirectory(prefix="press-") as name:
        folder = Path(name)
        path = book(folder, claims)
        cost(folder, "check")  # compiles what a worker imports
        found = {
            "lint": cost(folder, "lint"),
            "check": cost(folder, "check", "--force"),
            "unchanged": cost(folder, "check"),
        }
        for what, old, new in EDITS:
            text = path.read_text(encoding="utf-8")
            changed = text.replace(old, new, 1)
            assert changed != text, what
            path.write_text(changed, encoding="utf-8")
            found[what] = cost(folder, "check")
        return path.stat().st_size, found


def mutants(claims: int) -> dict[str, float]:
    """What it takes to try all changes of a chapter, and how many there are."""
    from bookproof.mutating.mutate import mutants

    with tempfile.TemporaryDirectory(prefix="press-") as name:
        path = book(Path(name), claims)
        tried = len(list(mutants(read_chapter(path, Project.find(path)))))
        seconds = cost(Path(name), "mutate").cpu
    return {"claims": claims, "tried": tried, "seconds": round(seconds, 1)}


def speeds(claims: int) -> tuple[int, float, float]:
    """Start-up aside: the bytes of the chapter, the seconds that reading and
    linting it takes, and how many of its relations are checked a second.

    Medians of five processes, each forked with the press imported and nothing
    read yet, so that no run finds what an earlier one kept.
    """
    with tempfile.TemporaryDirectory(prefix="press-") as name:
        path = book(Path(name), claims)
        fork = multiprocessing.get_context("fork")
        with fork.Pool(1, maxtasksperchild=1) as pool:
            pairs = pool.map(_read_and_check, [path] * 5, chunksize=1)
        reading, checking = (
            statistics.median(each) for each in zip(*pairs, strict=True)
        )
        return path.stat().st_size, reading, claims / checking


def _read_and_check(path: Path) -> tuple[float, float]:
    """The seconds of processor time for reading and for checking, once."""
    project = Project.find(path)
    gc.set_threshold(50_000, 20, 20)  # as the command does
    start = time.process_time()
    read = read_chapter(path, project)
    lint_chapter(read, project)
    reading = time.process_time() - start
    scope = Scope(lambda source, names: None)
    markers = [each for each in read.elements if isinstance(each, Marker)]
    start = time.process_time()
    for marker in markers:
        if marker.kind == "let":
            assert not scope.let(marker)
        elif marker.kind == "claim":
            assert scope.check(marker).status == "holds"
    return reading, time.process_time() - start


def processor() -> str:
    """What the machine calls its processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line for line in lines if line.startswith("model name")]
    return names[0].partition(":")[2].strip() if names else platform.machine()


def draw(rows: Sequence[tuple[int, dict[str, Cost]]], path: Path) -> None:
    """The curve, on logarithmic axes, with a line of slope one."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot as plt

    plt.rcParams["svg.hashsalt"] = "press"
    sizes = [claims for claims, _ in rows]
    figure, axes = plt.subplots(figsize=(6.4, 4.2), layout="constrained")
    for name in COLUMNS:
        seconds = [found[name].cpu for _, found in rows]
        axes.loglog(sizes, seconds, marker="o", markersize=4, label=name)
    last = rows[-1][1]["check"].cpu
    axes.loglog(
        sizes,
        [last * size / sizes[-1] for size in sizes],
        color="gray",
        linestyle=":",
        label="proportional",
    )
    axes.set(xlabel="claims", ylabel="processor time, s")
    axes.legend(fontsize="small")
    figure.savefig(path, metadata={"Date": None, "Creator": None})


def main() -> None:
    """Parse the command line, measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--json", type=Path, default=ROOT / "docs/press.json")
    options = parser.parse_args()
    machine = (
        f"{processor()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.0f}, Python {platform.python_version()}"
    )
    print(f"{machine}\n")
    print("| claims | kB | " + " | ".join(COLUMNS) + " | MB |")
    print("|---" * (len(COLUMNS) + 3) + "|")
    rows = []
    for claims in map(int, options.sizes.split(",")):
        size, found = measure(claims)
        rows.append((claims, found))
        seconds = " | ".join(f"{found[name].cpu:.2f}" for name in COLUMNS)
        memory = max(each.memory for each in found.values())
        print(f"| {claims} | {size / 1000:.0f} | {seconds} | {memory:.0f} |")
    size, reading, rate = speeds(SIZES[-1])
    print(f"\nReading and linting {SIZES[-1]} claims: {reading:.2f} s")
    print(f"Scalar relations checked a second: {rate:.0f}")
    changes = mutants(1000)
    print(f"All {changes['tried']} changes of 1000: {changes['seconds']} s")
    record = {
        "machine": machine,
        "books": [
            {
                "claims": claims,
                "seconds": {n: round(found[n].cpu, 2) for n in COLUMNS},
                "megabytes": round(max(c.memory for c in found.values())),
            }
            for claims, found in rows
        ],
        "read": {"bytes": size, "seconds": round(reading, 2)},
        "relations a second": round(rate),
        "mutants": changes,
    }
    options.json.write_text(json.dumps(record, indent=1) + "\n")
    draw(rows, ROOT / "benchmarks/press.svg")


if __name__ == "__main__":
    main()
