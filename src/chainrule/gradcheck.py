# Edit the book, or edit here and stitch.
"""Gradients held against differences.

The steps, the tolerances and what a verdict is worth are derived in the
chapter "Gradient checking".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule.differences import Array, difference_step, real_array
from chainrule.engine import plain
from chainrule.errors import GradientError, relative_error
from chainrule.nested import leaves, paths, rebuilt
from chainrule.settings import at_least_zero
from chainrule.transforms import vjp


# Draw numbers of which none is zero and no two are equal
def weights(rng: np.random.Generator, shape: Any) -> Array:
    """Numbers of either sign, with sizes between a half and three halves."""
    numbers: Array = rng.uniform(0.5, 1.5, shape) * rng.choice([-1, 1], shape)
    return numbers


@dataclass(frozen=True)
class Line:
    """A line through the point on which the entries `where` move by `by`."""

    where: Array
    by: Array


# Look at a function near a point
class Probe:
    """A function near one point, whose results are weighted and added."""

    def __init__(
        self, f: Callable[..., Any], args: Any, rng: np.random.Generator
    ) -> None:
        arrays = [real_array(plain(x)) for x in leaves(args)]
        self.f, self.args = f, args
        self.shapes = [x.shape for x in arrays]
        self.x = flat(arrays)
        self.here = self.steady()
        alone = sum(y.size for y in self.here) == 1
        self.weights = [
            np.ones(y.shape) if alone else weights(rng, y.shape)
            for y in self.here
        ]
        self.out, self.pullback = vjp(self.traced, *self.arrays(self.x))
        self.gradient = self.pulled(rebuilt(self.out, iter(self.weights)))
        self.kind = coarsest(self.here)

    # Call the function at a point
    def arrays(self, x: Array) -> list[Array]:
        """The arguments at x, in arrays of their own."""
        return apart(x, self.shapes)

    def traced(self, *arrays: Any) -> Any:
        return self.f(*rebuilt(self.args, iter(arrays)))

    def __call__(self, x: Array) -> list[Array]:
        """The results at x, without the graph that made them."""
        out = self.traced(*self.arrays(x))
        return [np.asarray(plain(y)) for y in leaves(out)]

    def steady(self) -> list[Array]:
        """The results at the point, or GradientError if they change."""
        first, second = self(self.x), self(self.x)
        for a, b in zip(first, second, strict=True):
            if not np.array_equal(a, b, equal_nan=True):
                gap = float(np.nanmax(np.abs(a.astype(float) - b)))
                raise GradientError(
                    "the function is not deterministic: called twice with the "
                    f"same arguments, it gave results that differ by {gap:.1e}",
                    cause="random",
                )
        return first

    # Pull the weights back
    def pulled(self, cotangent: Any) -> Array:
        """The gradient of all arguments in one column, by the rules."""
        return flat(leaves(self.pullback(cotangent)))

    def analytic(self, line: Line) -> float:
        """The slope along a line, by the rules."""
        return float(self.gradient[line.where] @ line.by)

    # Measure slopes along a line
    def moved(self, line: Line, t: float) -> list[Array]:
        """The results where the line has been followed by t."""
        x = self.x.copy()
        x[line.where] += t * line.by
        return self(x)

    def weighted(self, high: list[Array], low: list[Array]) -> float:
        """The difference of two results, entry times weight, summed."""
        triples = zip(self.weights, high, low, strict=True)
        return float(sum(np.sum(w * (a - b)) for w, a, b in triples))

    def slope(self, line: Line, t: float) -> float:
        """The central difference along a line."""
        high, low = self.moved(line, t), self.moved(line, -t)
        return self.weighted(high, low) / (2 * t)

    def sides(self, line: Line, t: float) -> tuple[float, float]:
        """The differences to the left and to the right."""
        high, low = self.moved(line, t), self.moved(line, -t)
        left = self.weighted(self.here, low) / t
        return left, self.weighted(high, self.here) / t


# Lay arrays out in one column
def flat(arrays: Iterable[Any]) -> Array:
    """All entries in one column of float64."""
    columns = [np.ravel(plain(x)).astype(np.float64) for x in arrays]
    return np.concatenate([np.zeros(0), *columns])


def apart(column: Array, shapes: Sequence[tuple[int, ...]]) -> list[Array]:
    """The arrays of these shapes that a column was made of."""
    ends = np.cumsum([math.prod(shape) for shape in shapes], dtype=int)
    pieces = zip(np.split(column, ends[:-1]), shapes, strict=False)
    return [piece.reshape(shape).copy() for piece, shape in pieces]


def coarsest(results: list[Array]) -> Any:
    """The floating-point type with the largest gaps among the results."""
    kinds = [y.dtype for y in results if y.dtype.kind == "f" and y.size]
    return max(kinds, key=lambda kind: np.finfo(kind).eps, default=np.float64)


# Choose the step and the tolerance
@dataclass(frozen=True)
class Standard:
    """How far to go, and what gap to allow."""

    eps: float | None
    rtol: float
    atol: float

    def reach(self, probe: Probe, line: Line) -> float:
        """The step along a line: eps, or as far as every entry may move."""
        at = probe.x[line.where]
        step = difference_step(at.astype(probe.kind), self.eps)
        if self.eps is not None:
            return self.eps
        return float(np.min(step / np.abs(line.by)))

    def allowed(self, probe: Probe, a: float, n: float) -> float:
        """The gap that is no reason to complain."""
        rtol, atol = self.rtol, self.atol
        if probe.kind != np.float64:
            least = 4 * np.cbrt(1.5 * np.finfo(probe.kind).eps) ** 2
            pairs = zip(probe.weights, probe.here, strict=True)
            size = math.hypot(*(float(np.linalg.norm(w * y)) for w, y in pairs))
            rtol, atol = max(rtol, least), max(atol, least * size)
        return float(atol + rtol * max(abs(a), abs(n)))

    def gap(self, probe: Probe, line: Line) -> tuple[float, float]:
        """How far apart both slopes are, and how far they may be."""
        a, n = probe.analytic(line), probe.slope(line, self.reach(probe, line))
        if not math.isfinite(a - n):
            return math.inf, self.atol
        return abs(a - n), self.allowed(probe, a, n)


# Hold a gradient against differences
def gradcheck(
    f: Callable[..., Any],
    args: Any,
    eps: float | None = None,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    *,
    directional: bool | int = False,
    rng: np.random.Generator | None = None,
) -> bool:
    """True, or GradientError at the entry where f's gradient is most wrong.

    `args` is one array, or a list or tuple of arrays and containers of them;
    f returns an array or a container of arrays, whose entries are weighted at
    random and added. All is computed in float64. For each entry, reverse mode
    a is compared with a central difference n, two calls of f; they agree if
    |a - n| <= atol + rtol max(|a|, |n|). With `directional`, a number of
    random unit directions (True: one) takes the place of the entries: two
    calls each, whatever the size. `eps` is the step; by default it suits the
    type of the result, (3u)^(1/3) max(1, |x|).

    Raises ValueError if eps moves nothing or a tolerance is no finite number
    from 0 up, TypeError for complex arguments.
    Derived in the chapter "Gradient checking".
    """
    args = args if isinstance(args, list | tuple) else [args]
    rng = rng or np.random.default_rng(0)
    rtol, atol = at_least_zero("rtol", rtol), at_least_zero("atol", atol)
    probe, standard = Probe(f, args, rng), Standard(eps, rtol, atol)
    suspects = []
    for line in directions(probe, int(directional), rng):
        gap, allowed = standard.gap(probe, line)
        if gap > allowed:
            suspects.append((gap / max(allowed, 1e-300), line))
    suspects.sort(key=lambda suspect: -suspect[0])
    if suspects:
        raise accusation(probe, standard, [line for _, line in suspects])
    return True


# Move one entry at a time, or all at random
def directions(
    probe: Probe, count: int, rng: np.random.Generator
) -> Iterator[Line]:
    """Each entry alone or, if count is not 0, random unit directions."""
    size = probe.x.size
    if not count:
        yield from (Line(np.array([k]), np.ones(1)) for k in range(size))
    for _ in range(count if size else 0):
        by = weights(rng, size)
        yield Line(np.arange(size), by / np.linalg.norm(by))


# Look for what makes a right rule fail
KINK = (
    "a kink explains it: the slopes to the left and to the right differ; "
    "move the point away from it"
)


def excuse(probe: Probe, standard: Standard, line: Line) -> tuple[str, str]:
    """Why a right rule may disagree on a line, in a word and in a sentence."""
    a, step = probe.analytic(line), standard.reach(probe, line)
    n = probe.slope(line, step)
    gap, allowed = abs(a - n), standard.allowed(probe, a, n)
    if not math.isfinite(gap):
        return "", ""
    # Compare the sides, and try a shorter step
    left, right = probe.sides(line, step)
    jump = abs(right - left)
    kinked = jump / 8 < gap <= jump / 2 + allowed
    shorter = [(abs(probe.slope(line, step / k) - a), k) for k in (32, 64)]
    if all(left_over <= max(allowed, 2 * gap / k) for left_over, k in shorter):
        if kinked:
            return "kink", KINK
        return "step", "the step explains it: with a shorter one both agree"
    # Try a longer step
    finer = [step * 0.618**k for k in range(1, 8)]  # no common multiple
    scatter = max(t * abs(probe.slope(line, t) - n) for t in finer)
    if 8 * scatter >= gap * step or n == 0:  # at 0 nothing has moved
        noise = max(scatter, gap * step)
        natural = Standard(None, 0, 0).reach(probe, line)
        grain = np.finfo(probe.kind).eps / 2
        longer = max(step, natural * float(np.cbrt(noise / grain)))
        still = abs(probe.slope(line, longer) - a)
        if still <= allowed + 8 * noise / longer:
            return "rounding", (
                f"rounding explains it: the values are off by {noise:.0e}, and "
                f"with a step of {longer:.0e} both agree; compute in float64"
            )
    # See whether the kink stays
    before = probe.sides(line, step / 8)
    stays = jump / 2 < abs(before[1] - before[0]) < 2 * jump
    if kinked and stays and jump > 8 * scatter / step:
        return "kink", KINK
    return "", ""


# Halve a direction until one entry is left
def narrowed(probe: Probe, standard: Standard, line: Line) -> Line:
    """One entry on which the slopes disagree, or the line if none is found."""
    whole = line
    while line.where.size > 1:
        halves = zip(
            np.array_split(line.where, 2),
            np.array_split(line.by, 2),
            strict=True,
        )
        line = max(
            (Line(*half) for half in halves),
            key=lambda half: standard.gap(probe, half)[0],
        )
    entry = Line(line.where, np.ones(1))
    gap, allowed = standard.gap(probe, entry)
    return entry if gap > allowed else whole


# Accuse the worst that has no excuse
def accusation(
    probe: Probe, standard: Standard, suspects: list[Line]
) -> GradientError:
    """What to raise about lines that disagree, the worst of them first."""
    cases = []
    for suspect in suspects:
        line = narrowed(probe, standard, suspect)
        cause, remark = excuse(probe, standard, line)
        if not cause:
            return report(probe, standard, line)
        cases.append((line, cause, remark))
    return report(probe, standard, *cases[0])


# Say what the slopes are, and where
def report(
    probe: Probe,
    standard: Standard,
    line: Line,
    cause: str = "",
    remark: str = "",
) -> GradientError:
    """The error that says where the slopes disagree, and perhaps why."""
    step = standard.reach(probe, line)
    a, n = probe.analytic(line), probe.slope(line, step)
    place: dict[str, Any] = {}
    text = "along a random direction the gradient"
    if line.where.size == 1:
        place, text = address(probe, int(line.where[0]))
        place["output"], a, n = worst_output(probe, standard, line)
        if place["output"]:
            text += f" of output {place['output']}"
    text += f" is {a!r}, differences give {n!r}"
    text += f" (relative error {relative_error(a, n):.1e})"
    text += f"; {remark}" if remark else ""
    return GradientError(text, analytic=a, numeric=n, cause=cause, **place)


# Find the array and the entry
def located(
    tree: Any, shapes: Sequence[tuple[int, ...]], k: int
) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """The keys and the index of entry k of all arrays in one column."""
    sizes = [math.prod(shape) for shape in shapes]
    leaf = int(np.searchsorted(np.cumsum(sizes), k, side="right"))
    found = np.unravel_index(k - sum(sizes[:leaf]), shapes[leaf])
    return paths(tree)[leaf], tuple(int(i) for i in found)


def address(probe: Probe, k: int) -> tuple[dict[str, Any], str]:
    """Argument, path and index of entry k of the arguments, and in words."""
    (argument, *path), index = located(probe.args, probe.shapes, k)
    keys = "".join(f"[{key!r}]" for key in path)
    place = {"argument": argument, "path": tuple(path), "index": index}
    entry = f", entry {index}" if index else ""
    return place, f"argument {argument}{keys}{entry}: the gradient"


# Find the entry of the result that is most wrong
def worst_output(
    probe: Probe, standard: Standard, line: Line
) -> tuple[tuple[Any, ...], float, float]:
    """The entry of the result that is wrong on a line, and both its slopes."""
    step, k = standard.reach(probe, line), int(line.where[0])
    high, low = probe.moved(line, step), probe.moved(line, -step)
    rise = (flat(high) - flat(low)) / (2 * step)
    shapes = [y.shape for y in high]

    def slopes(chosen: Array, by: Any) -> tuple[float, float]:
        seed = np.zeros(rise.size)
        seed[chosen] = by
        cotangent = rebuilt(probe.out, iter(apart(seed, shapes)))
        n = float(np.sum(rise[chosen] * by))
        return float(probe.pulled(cotangent)[k]), n

    # Halve the results until one is left
    by, chosen = flat(probe.weights), np.arange(rise.size)
    while chosen.size > 1:
        gaps = []
        for half in np.array_split(chosen, 2):
            a, n = slopes(half, by[half])
            gaps.append(abs(a - n) if math.isfinite(a - n) else math.inf)
        chosen = np.array_split(chosen, 2)[int(np.argmax(gaps))]
    path, index = located(probe.out, shapes, int(chosen[0]))
    return (*path, *index), *slopes(chosen, 1.0)
