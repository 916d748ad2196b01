"""Single operations on ten million numbers: a loss, an optimizer, a chain."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np
from workloads import Workload

import chainrule as cr

Steps = dict[str, Callable[[], Any]]


def losses(n: int, k: int) -> Steps:
    """Softmax-cross-entropy of n rows of k logits, and its gradient."""
    rng = np.random.default_rng(0)
    z = rng.standard_normal((n, k)).astype(np.float32)
    labels = rng.integers(0, k, n)
    ours = cr.Tensor(z, requires_grad=True)

    def chainrule() -> Any:
        ours.grad = None
        cr.nn.functional.cross_entropy(ours, labels).backward()
        return ours.grad

    steps: Steps = {"chainrule": chainrule}
    if find_spec("torch"):
        import torch

        theirs = torch.from_numpy(z).requires_grad_()
        which = torch.from_numpy(labels)

        def pytorch() -> Any:
            theirs.grad = None
            torch.nn.functional.cross_entropy(theirs, which).backward()
            return theirs.grad

        steps["PyTorch"] = pytorch
    if find_spec("jax"):
        import jax

        def loss(z: Any, labels: Any) -> Any:
            p = jax.nn.log_softmax(z)
            return -jax.numpy.mean(
                jax.numpy.take_along_axis(p, labels[:, None], axis=1)
            )

        compiled = jax.jit(jax.grad(loss))
        given = jax.numpy.asarray(z), jax.numpy.asarray(labels)
        steps["JAX jit"] = lambda: jax.block_until_ready(compiled(*given))
    copy = np.empty_like(z)
    steps["a copy"] = lambda: np.copyto(copy, z)
    return steps


def products(workload: Workload) -> Steps:
    """The matrix products of a training step, and nothing else."""
    rng = np.random.default_rng(0)
    layers = []
    for w, _ in workload.weights():
        d, x = (rng.standard_normal((workload.batch, n)) for n in w.shape)
        layers.append((x.astype(w.dtype), w, d.astype(w.dtype)))

    def multiply(dot: Callable[[Any, Any], Any], layers: Any) -> None:
        for i, (x, w, d) in enumerate(layers):
            dot(x, w.T)
            dot(d.T, x)
            if i:
                dot(d, w)

    steps: Steps = {"chainrule": lambda: multiply(np.dot, layers)}
    if find_spec("torch"):
        import torch

        tensors = [tuple(map(torch.from_numpy, layer)) for layer in layers]
        steps["PyTorch"] = lambda: multiply(torch.mm, tensors)
    return steps


def updates(n: int) -> Steps:
    """One update of Adam for n parameters."""
    g = np.random.default_rng(0).standard_normal(n).astype(np.float32)
    theta = cr.Tensor(np.ones(n, np.float32), requires_grad=True)
    theta.grad = g
    steps: Steps = {"chainrule": cr.optim.Adam([theta], 1e-3).step}
    if find_spec("torch"):
        import torch

        for name, how in (("PyTorch", {}), ("PyTorch fused", {"fused": True})):
            p = torch.nn.Parameter(torch.ones(n))
            p.grad = torch.from_numpy(g)
            steps[name] = torch.optim.Adam([p], lr=1e-3, **how).step
    return steps


def chain(n: int, x: Any) -> Any:
    """n additions, one after the other."""
    y = x
    for _ in range(n):
        y = y + 1.0
    return y


def fan(n: int, x: Any) -> Any:
    """A number that is used n times."""
    total = x
    for _ in range(n - 1):
        total = total + x
    return total


def graph(
    make: Callable[[int, Any], Any], n: int, leaf: Callable[[], Any]
) -> tuple[float, float, float]:
    """Microseconds a node to build a graph, to go back, and to free it.

    Python's collector looks at all objects again and again while a graph
    grows. Those of the other libraries here are set aside: a program that
    has not imported them would not have them.
    """
    x = leaf()
    gc.collect()
    gc.freeze()
    start = time.process_time()
    y = make(n, x)
    built = time.process_time()
    y.backward()
    back = time.process_time()
    y = make(n, x)
    gc.collect()
    before = time.process_time()
    del y
    freed = time.process_time() - before
    gc.unfreeze()
    scale = 1e6 / n
    return (built - start) * scale, (back - built) * scale, freed * scale


def ours() -> Any:
    """A number of ours that requires a gradient."""
    return cr.Tensor(0.0, requires_grad=True)


def theirs() -> Any:
    """The same in PyTorch."""
    import torch

    return torch.tensor(0.0, dtype=torch.float64, requires_grad=True)


def bytes_a_node(n: int) -> float:
    """What Python's allocator and NumPy's say that a node holds."""
    x = ours()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    y = chain(n, x)
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    del y
    return held / n


def import_time(module: str, rounds: int = 15) -> float:
    """Processor milliseconds of an import where NumPy is there already."""
    code = (
        "import time, numpy\nstart = time.process_time()\n"
        f"import {module}\nprint(time.process_time() - start)"
    )
    command = [sys.executable, "-c", code]
    with tempfile.TemporaryDirectory() as compiled:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        found = [
            float(subprocess.check_output(command, env=environment))
            for _ in range(1 + rounds)
        ]
    return min(found[1:]) * 1e3
