"""A training step of each library: `step()` runs one, `loss()` reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from workloads import Workload

BETA1, BETA2, EPS = 0.9, 0.999, 1e-8  # Adam's, the same for all


@dataclass(frozen=True)
class Contestant:
    """`step` runs forward, backward and update once and returns the loss;
    `gradients` are those of the last step, in the order W, b, W, b, ..."""

    step: Callable[[], float]
    gradients: Callable[[], list[np.ndarray]]


def chainrule(workload: Workload) -> Contestant:
    """The step as a user of this library writes it."""
    import chainrule as cr

    x, y = workload.data()
    layers: list[Any] = []
    for w, b in workload.weights():
        linear = cr.nn.Linear(w.shape[1], w.shape[0], dtype=w.dtype)
        linear.load_state_dict({"weight": w, "bias": b})
        layers += [linear, cr.nn.ReLU()]
    model = cr.nn.Sequential(*layers[:-1])
    loss_of = (
        cr.nn.functional.cross_entropy
        if workload.classes
        else cr.nn.functional.mse_loss
    )
    parameters = list(model.parameters())
    if workload.momentum is None:
        optimizer: cr.optim.Optimizer = cr.optim.Adam(
            parameters, lr=workload.lr
        )
    else:
        optimizer = cr.optim.SGD(
            parameters, lr=workload.lr, momentum=workload.momentum
        )

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return Contestant(step, lambda: [np.array(p.grad) for p in parameters])


def by_hand(workload: Workload) -> Contestant:
    """The step in plain NumPy, derived by hand: what a library could reach."""
    x, y = workload.data()
    pairs, dtype = workload.weights(), workload.dtype
    shapes = [p.shape for pair in pairs for p in pair]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    flat = np.concatenate([p.ravel() for pair in pairs for p in pair])
    flat_g, m, v, room = np.zeros((4, len(flat)), dtype)

    def views(row: np.ndarray) -> list[np.ndarray]:
        parts = np.split(row, ends[:-1])
        return [a.reshape(s) for a, s in zip(parts, shapes, strict=True)]

    theta, g = views(flat), views(flat_g)
    n, last, ones = len(x), len(pairs) - 1, np.ones(len(x), dtype)
    at, count = (np.arange(n), y), [0]

    def gradient() -> float:
        h = [x]
        for i in range(last + 1):
            z = np.dot(h[-1], theta[2 * i].T)
            z += theta[2 * i + 1]
            h.append(np.maximum(z, 0, out=z) if i < last else z)
        if workload.classes:
            d = z - z.max(axis=1, keepdims=True)
            hit = d[at]
            np.exp(d, out=d)
            total = d.sum(axis=1)
            loss = np.mean(np.log(total) - hit)
            d /= (n * total)[:, None]
            d[at] -= np.asarray(1 / n, dtype)
        else:
            d = z - y
            loss = np.mean(d * d)
            d *= 2 / d.size
        for i in range(last, -1, -1):
            np.dot(d.T, h[i], out=g[2 * i])
            np.dot(ones, d, out=g[2 * i + 1])
            if i:
                d = np.dot(d, theta[2 * i])
                d *= h[i] > 0
        return float(loss)

    def update(part: slice) -> None:
        w, a, g, b = flat[part], m[part], flat_g[part], room[part]
        if workload.momentum is not None:
            a *= workload.momentum
            a += g
            w -= np.multiply(a, workload.lr, out=b)
            return
        c = v[part]
        a *= BETA1
        a += g
        c *= BETA2
        c += np.square(g, out=b)
        sums = 1 - BETA1 ** count[0], (1 - BETA2 ** count[0]) / (1 - BETA2)
        root = np.sqrt(sums[1])
        np.sqrt(c, out=b)
        b += float(EPS * root)
        np.divide(a, b, out=b)
        b *= float(workload.lr * (1 - BETA1) * root / sums[0])
        w -= b

    def step() -> float:
        loss = gradient()
        count[0] += 1
        for start in range(0, len(flat), 1 << 15):
            update(slice(start, start + (1 << 15)))
        return loss

    return Contestant(step, lambda: [a.copy() for a in g])


def pytorch(workload: Workload, **how: bool) -> Contestant:
    """The same step in PyTorch, eager."""
    import torch

    x, y = (torch.from_numpy(a) for a in workload.data())
    layers: list[Any] = []
    for w, b in workload.weights():
        dtype = getattr(torch, workload.dtype)
        linear = torch.nn.Linear(w.shape[1], w.shape[0], dtype=dtype)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w))
            linear.bias.copy_(torch.from_numpy(b))
        layers += [linear, torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    loss_of = (
        torch.nn.functional.cross_entropy
        if workload.classes
        else torch.nn.functional.mse_loss
    )
    parameters = list(model.parameters())
    if workload.momentum is None:
        optimizer: Any = torch.optim.Adam(parameters, lr=workload.lr, **how)
    else:
        optimizer = torch.optim.SGD(
            parameters, lr=workload.lr, momentum=workload.momentum, **how
        )

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return Contestant(step, lambda: [p.grad.numpy().copy() for p in parameters])


def traced_step(
    workload: Workload, np: Any, value_and_grad: Any, **wrap: Any
) -> Contestant:
    """The step for libraries that transform functions: loss, then updates.

    `np` is the library's NumPy; `wrap` may hold `jit` and `ready`, which
    compiles the step and waits for its results.
    """
    x, y = workload.data()

    def loss_of(theta: Any) -> Any:
        h = x
        for w, b in zip(theta[::2], theta[1::2], strict=True):
            h = np.maximum(h, 0) if h is not x else h
            h = h @ w.T + b
        if not workload.classes:
            return np.mean((h - y) ** 2)
        h = h - np.max(h, axis=1, keepdims=True)
        total = np.log(np.sum(np.exp(h), axis=1))
        return np.mean(total - h[np.arange(len(y)), y])

    both = value_and_grad(loss_of)

    def update(t: Any, theta: Any, m: Any, v: Any) -> Any:
        loss, g = both(theta)
        if workload.momentum is not None:
            m = [workload.momentum * a + b for a, b in zip(m, g, strict=True)]
            step = m
        else:
            m = [BETA1 * a + (1 - BETA1) * b for a, b in zip(m, g, strict=True)]
            v = [
                BETA2 * a + (1 - BETA2) * b * b
                for a, b in zip(v, g, strict=True)
            ]
            step = [
                a
                / (1 - BETA1**t)
                / (np.sqrt(b / (1 - BETA2**t)) + np.asarray(EPS, b.dtype))
                for a, b in zip(m, v, strict=True)
            ]
        theta = [a - workload.lr * b for a, b in zip(theta, step, strict=True)]
        return loss, g, theta, m, v

    run = wrap.get("jit", lambda f: f)(update)
    theta = [np.asarray(p) for pair in workload.weights() for p in pair]
    zeros = [np.zeros(p.shape, p.dtype) for p in theta]
    state: list[Any] = [0, None, theta, zeros, zeros]

    def step() -> float:
        state[0] += 1
        t = np.asarray(state[0], workload.dtype)
        loss, *state[1:] = run(t, *state[2:])
        wrap.get("ready", lambda x: x)(state[2])
        return float(loss)

    # In a list of arrays autograd returns a list, and so does JAX.
    return Contestant(step, lambda: [onp_array(g) for g in state[1]])


onp_array = partial(np.array, copy=True)


def jax_jit(workload: Workload) -> Contestant:
    """The step compiled by JAX."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_default_matmul_precision", "highest")
    return traced_step(
        workload,
        jax.numpy,
        jax.value_and_grad,
        jit=jax.jit,
        ready=jax.block_until_ready,
    )


def autograd(workload: Workload) -> Contestant:
    """The step in HIPS autograd."""
    import autograd as ag
    import autograd.numpy as anp

    return traced_step(workload, anp, ag.value_and_grad)
