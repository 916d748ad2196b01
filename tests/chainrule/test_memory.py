"""What waits for the way back is counted, and less of it changes nothing."""

from __future__ import annotations

import gc
import math
import weakref
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.memory import (
    LiveBuffers,
    checkpoint_sequential,
    reverse_in_segments,
    revolve,
    revolve_cost,
    revolve_split,
)

Array = np.ndarray
B, N = 7, 4


class TanhLayer:
    """tanh(h W^T + b); reads its input and its output."""

    reads_output = True

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.W, self.b = rng.normal(size=(N, N)), rng.normal(size=N)
        self.calls = 0

    def forward(self, h: Array) -> Array:
        self.calls += 1
        return np.tanh(h @ self.W.T + self.b)

    def backward(self, h: Array, out: Array | None, g: Array) -> Array:
        assert out is not None
        d = g * (1 - out * out)
        self.grads = d.T @ h, d.sum(axis=0)
        return d @ self.W


class SineLayer(TanhLayer):
    """sin(h W^T + b); reads its input alone and weighs once more."""

    reads_output = False

    def forward(self, h: Array) -> Array:
        self.calls += 1
        return np.sin(h @ self.W.T + self.b)

    def backward(self, h: Array, out: Array | None, g: Array) -> Array:
        assert out is None
        d = g * np.cos(h @ self.W.T + self.b)
        self.grads = d.T @ h, d.sum(axis=0)
        return d @ self.W


rng = np.random.default_rng(3)
START, TARGET = rng.normal(size=(2, B, N))
Run = Callable[..., Array]


def ran(run: Run, kind: type[TanhLayer], L: int, k: int) -> tuple[Any, ...]:
    """All gradients, evaluations, and the counter."""
    layers = [kind(seed) for seed in range(L)]
    buffers = LiveBuffers()
    g = run(layers, START.copy(), lambda h: h - TARGET, k, buffers)
    grads = [g, *(x for layer in layers for x in layer.grads)]
    return grads, sum(layer.calls for layer in layers), buffers


def engine(kind: type[TanhLayer], L: int) -> list[Array]:
    """The gradients that the engine finds for the same chain."""
    bend = np.tanh if kind is TanhLayer else np.sin
    params = [(layer.W, layer.b) for layer in map(kind, range(L))]

    def loss(x: Any, params: Any) -> Any:
        for W, b in params:
            x = bend(x @ W.T + b)
        return np.sum((x - TARGET) ** 2) / 2

    g, pairs = cr.grad(loss, argnums=(0, 1))(START, params)
    return [g, *(x for pair in pairs for x in pair)]


def close(a: list[Array], b: list[Array]) -> bool:
    return all(
        np.allclose(x, y, rtol=1e-11, atol=1e-13 * np.abs(y).max())
        for x, y in zip(a, b, strict=True)
    )


def simulated(L: int, k: int) -> tuple[int, int]:
    """Peak of stored layer inputs, and evaluations, without arrays."""
    stored, calls = set(range(0, L, k)), L
    peak = len(stored)
    for layer in reversed(range(L)):
        if layer not in stored:
            near = max(i for i in stored if i < layer)
            stored |= set(range(near, layer + 1))
            calls += layer - near
        peak = max(peak, len(stored))
        stored.remove(layer)
    return peak, calls


def test_buffers_count_memory_once_and_see_it_die() -> None:
    buffers = LiveBuffers()
    a, b = np.ones((3, 5)), np.ones(4)
    for x in (a, a[1:], a.T, b, a):
        assert buffers.keep(x) is x
    assert (buffers.live, buffers.live_size) == (2, 19)
    buffers.tick()
    view = a[0]
    del a, x
    assert buffers.live == 2  # the view holds the memory
    del view
    buffers.tick()
    assert (buffers.live, buffers.live_size) == (1, 4)
    assert (buffers.peak, buffers.peak_size) == (2, 19)
    assert buffers.history == [2, 1]
    buffers.keep(np.zeros(100))  # dies at once
    assert (buffers.live, buffers.peak_size) == (1, 104)


@pytest.mark.parametrize("kind", [TanhLayer, SineLayer])
@pytest.mark.parametrize(("L", "k"), [(1, 1), (5, 2), (10, 4), (12, 3), (9, 9)])
def test_segments_give_the_gradients(
    kind: type[TanhLayer], L: int, k: int
) -> None:
    grads, calls, _ = ran(reverse_in_segments, kind, L, k)
    whole, once, _ = ran(reverse_in_segments, kind, L, 1)
    assert once == L
    assert calls == 2 * L - math.ceil(L / k)
    for a, b in zip(grads, whole, strict=True):
        assert np.array_equal(a, b)
        assert a.any()
    assert close(grads, engine(kind, L))


@pytest.mark.parametrize(
    ("k", "peak", "calls"),
    [(1, 64, 64), (2, 33, 96), (8, 15, 120), (32, 33, 126), (64, 64, 127)],
)
def test_sixty_four_layers(k: int, peak: int, calls: int) -> None:
    _, counted, buffers = ran(reverse_in_segments, SineLayer, 64, k)
    assert (buffers.peak, counted) == (peak, calls)
    _, counted, buffers = ran(reverse_in_segments, TanhLayer, 64, k)
    assert (buffers.peak, counted) == (peak + 1, calls)


def test_segments_agree_with_a_simulator() -> None:
    for L in range(1, 20):
        for k in range(1, L + 2):
            _, calls, buffers = ran(reverse_in_segments, SineLayer, L, k)
            assert (buffers.peak, calls) == simulated(L, k)


@pytest.mark.parametrize("run", [reverse_in_segments, revolve])
def test_nothing_is_left_and_nothing_is_kept_in_secret(run: Run) -> None:
    L, size = 16, 4
    alive: set[int] = set()
    most = 0

    class Watched(SineLayer):
        def forward(self, h: Array) -> Array:
            nonlocal most
            out = super().forward(h)
            key = id(out)
            refs.append(weakref.ref(out, lambda _: alive.discard(key)))
            alive.add(key)
            most = max(most, len(alive))
            return out

    refs: list[weakref.ref[Array]] = []
    gc.disable()  # nothing may wait for the collector of cycles
    try:
        _, _, buffers = ran(run, Watched, L, size)
        assert not alive
    finally:
        gc.enable()
    assert len(refs) > L
    # the outputs kept, and the two of the layer at work
    assert most <= buffers.peak + 1
    assert buffers.live == 0


@cache
def fewest(L: int, s: int) -> int:
    """The least number of moves, by trying every first station."""
    if L == 1:
        return 0
    if s == 1:
        return L * (L - 1) // 2
    return min(m + fewest(L - m, s - 1) + fewest(m, s) for m in range(1, L))


def test_revolve_cost_is_the_optimum() -> None:
    for s in range(1, 6):
        for L in range(1, 40):
            assert revolve_cost(L, s) == fewest(L, s)
            if s > 1 and L > 1:
                m = revolve_split(L, s)
                rest = fewest(L - m, s - 1) + fewest(m, s)
                assert m + rest == fewest(L, s)
    assert revolve_cost(64, 15) == 111
    assert revolve_cost(10, 3) == 15


@pytest.mark.parametrize("L", [1, 2, 7, 10, 23])
@pytest.mark.parametrize("s", [1, 2, 3, 5, 30])
def test_revolve_gives_the_gradients(L: int, s: int) -> None:
    grads, calls, buffers = ran(revolve, SineLayer, L, s)
    assert calls == fewest(L, s) + 1
    assert buffers.peak == min(s, L)
    whole = ran(reverse_in_segments, SineLayer, L, 1)[0]
    assert all(map(np.array_equal, grads, whole))
    grads, calls, _ = ran(revolve, TanhLayer, L, s)
    assert calls == fewest(L, s) + L
    whole = ran(reverse_in_segments, TanhLayer, L, 1)[0]
    assert all(map(np.array_equal, grads, whole))


def test_bad_arguments() -> None:
    slope = np.negative
    with pytest.raises(ValueError, match="0 layers"):
        reverse_in_segments([], START, slope, 2)
    with pytest.raises(ValueError, match="segments of 0"):
        reverse_in_segments([TanhLayer(0)], START, slope, 0)
    with pytest.raises(ValueError, match="with 0 states"):
        revolve([TanhLayer(0)], START, slope, 0)
    with pytest.raises(ValueError, match="0 layers"):
        revolve_cost(0, 3)
    for segments in (0, 3):
        with pytest.raises(ValueError, match="2 functions"):
            checkpoint_sequential([np.tanh, np.sin], segments, START)


@pytest.mark.parametrize("segments", [1, 2, 3, 5, 7])
def test_a_sequence_in_segments(segments: int) -> None:
    scales = np.linspace(0.5, 1.5, 7)
    calls: list[float] = []

    def step(scale: float) -> Any:
        def f(h: Any) -> Any:
            calls.append(scale)
            return np.tanh(scale * h + 0.1)

        return f

    steps = [step(scale) for scale in scales]

    def loss(h: Any, wrapped: bool) -> Any:
        if wrapped:
            h = checkpoint_sequential(steps, segments, h)
        else:
            for f in steps:
                h = f(h)
        return np.sum(h * TARGET)

    plain = cr.grad(loss)(START, False)
    assert calls == scales.tolist()
    calls.clear()
    assert np.array_equal(cr.grad(loss)(START, True), plain)
    last = 7 - (segments - 1) * (7 // segments)
    assert len(calls) == 14 - last
