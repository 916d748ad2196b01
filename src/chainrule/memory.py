# Edit the book, or edit here and stitch.
"""Count what waits for the way back, and let less of it wait."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from functools import partial
from math import comb
from typing import Any, Protocol

import numpy as np

from chainrule.changes import memory
from chainrule.checkpoint import checkpoint
from chainrule.engine import Array


# Watch arrays live and die
class LiveBuffers:
    """How many arrays are kept at a time, found by watching them die.

    An array counts from `keep(array)` until nothing refers to it any more;
    its views count as one with it. `live` and `peak` are numbers of arrays,
    `live_size` and `peak_size` of their entries; `history` has the value of
    `live` at each `tick()`. See "Training keeps what inference forgets".
    """

    def __init__(self) -> None:
        self.live = self.peak = 0
        self.live_size = self.peak_size = 0
        self.history: list[int] = []
        self.watched: dict[int, weakref.ref[Any]] = {}

    def keep(self, array: np.ndarray) -> np.ndarray:
        """Count the array while it lives; returns it."""
        owner = memory(array)
        key, size = id(owner), int(owner.size)
        if key not in self.watched:
            forget = partial(self.forget, key, size)
            self.watched[key] = weakref.ref(owner, forget)
            self.live, self.live_size = self.live + 1, self.live_size + size
            self.peak = max(self.peak, self.live)
            self.peak_size = max(self.peak_size, self.live_size)
        return array

    def forget(self, key: int, size: int, _: object) -> None:
        """Count an array no longer."""
        del self.watched[key]
        self.live, self.live_size = self.live - 1, self.live_size - size

    def tick(self) -> None:
        """Write down how many are alive now."""
        self.history.append(self.live)


# Say what a layer of a chain can do
class ChainLayer(Protocol):
    """A layer of a chain, in plain NumPy.

    `backward(h, out, g)` is given the input h of the layer, its output out
    (None unless `reads_output`) and the gradient g of the output. It returns
    the gradient of the input, and keeps those of parameters to itself.
    """

    reads_output: bool

    def forward(self, h: np.ndarray) -> np.ndarray: ...

    def backward(
        self, h: np.ndarray, out: np.ndarray | None, g: np.ndarray
    ) -> np.ndarray: ...


# Go back stretch by stretch
Slope = Callable[[np.ndarray], np.ndarray]


def reverse_in_segments(
    layers: Sequence[ChainLayer],
    x: np.ndarray,
    slope: Slope,
    k: int,
    buffers: LiveBuffers | None = None,
) -> np.ndarray:
    """The gradient at x, with only every k-th layer input kept.

    `slope(output)` is the gradient of the loss at the output of the chain.
    ceil(L/k) + k - 1 arrays wait at most, with the output one more if a layer
    reads it; a segment of m layers is run again but for its last. Raises
    ValueError for k < 1 or no layer. See "A few stations are enough".
    """
    if k < 1 or not layers:
        raise ValueError(f"{len(layers)} layers in segments of {k}")
    buffers = LiveBuffers() if buffers is None else buffers
    # Keep the stations on the way out
    stations: list[np.ndarray] = []
    h = x
    for i, layer in enumerate(layers):
        if i % k == 0:
            stations.append(buffers.keep(h))
        h = layer.forward(h)
        buffers.tick()
    g, reads = slope(h), any(layer.reads_output for layer in layers)
    out = buffers.keep(h) if reads else None
    del h
    # Go back from station to station
    while stations:
        states = [stations.pop()]
        segment = layers[len(stations) * k :][:k]
        for layer in segment[:-1]:
            states.append(buffers.keep(layer.forward(states[-1])))
            buffers.tick()
        for layer in reversed(segment):
            g = layer.backward(states[-1], out, g)
            out = states[-1] if reads else None
            del states[-1]
            buffers.tick()
    return g


# Checkpoint a sequence of functions
def checkpoint_sequential(
    functions: Sequence[Callable[[Any], Any]], segments: int, input: Any
) -> Any:
    """The functions, applied one after the other, in checkpointed segments.

    All segments have len(functions) // segments functions, but the last has
    what remains, and is not run again. Value and gradients are those of the
    plain sequence. Raises ValueError unless 1 <= segments <= len(functions).
    See "Forgetting changes no bit".
    """
    if not 1 <= segments <= len(functions):
        raise ValueError(f"{len(functions)} functions in {segments} segments")
    size = len(functions) // segments
    for i in range(segments - 1):
        part = functions[i * size : (i + 1) * size]
        input = checkpoint(partial(in_turn, part))(input)
    return in_turn(functions[(segments - 1) * size :], input)


def in_turn(functions: Sequence[Callable[[Any], Any]], x: Any) -> Any:
    """The last result, each function being given that of the one before."""
    for f in functions:
        x = f(x)
    return x


# Count the moves of the best schedule
def repeats(L: int, s: int) -> int:
    """The least r for which s states reverse L layers: comb(s+r, s) >= L."""
    if L < 1 or s < 1:
        raise ValueError(f"{L} layers cannot be reversed with {s} states")
    r = 0
    while comb(s + r, s) < L:
        r += 1
    return r


def revolve_cost(L: int, s: int) -> int:
    """The fewest moves that reverse L layers with s states.

    A move is the evaluation of one layer; the input of the chain is one of
    the states. Formula: r L - comb(s + r, r - 1). Raises ValueError unless
    both are positive. See "With few states, binomially many layers can be
    reversed".
    """
    r = repeats(L, s)
    return r * L - comb(s + r, r - 1) if r else 0


def revolve_split(L: int, s: int) -> int:
    """The first station of a best schedule, for L > 1 layers and s states."""
    r = repeats(L, s)
    behind = comb(s + r - 1, s - 1)  # the most that s - 1 states reverse
    return max(1, comb(s + r - 2, s), L - behind)


# Go back with few states
def revolve(
    layers: Sequence[ChainLayer],
    x: np.ndarray,
    slope: Slope,
    states: int,
    buffers: LiveBuffers | None = None,
) -> np.ndarray:
    """The gradient at x, with at most `states` layer inputs kept.

    The input x is one of them; the one that is moved forward is not. Layers
    are evaluated revolve_cost(L, states) + 1 times, and once more each if they
    read their outputs. `slope(output)` is the gradient of the loss. Raises
    ValueError for states < 1 or no layer. See "With few states, binomially
    many layers can be reversed".
    """
    repeats(len(layers), states)
    buffers = LiveBuffers() if buffers is None else buffers

    def back(start: int, end: int, h: Array, states: int, g: Array) -> Array:
        """From the gradient behind layer `end` to that of h, before `start`."""
        if states:
            buffers.keep(h)
        while end - start > 1:
            # Move the state to a station, and go back from there
            station, top = start + revolve_split(end - start, states), h
            for layer in layers[start:station]:
                top = layer.forward(top)
            g = back(station, end, top, states - 1, g)
            end = station
            del top
        layer = layers[start]
        out: Array = None
        if g is None or layer.reads_output:
            out = layer.forward(h)
        g = slope(out) if g is None else g
        return layer.backward(h, out if layer.reads_output else None, g)

    found: np.ndarray = back(0, len(layers), x, states, None)
    return found
