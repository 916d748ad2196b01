"""A training step of each library: `step()` runs one, `loss()` reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from adam import Adam
from workloads import Workload


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
        optimizer: cr.optim.Optimizer = Adam(parameters, workload.lr)
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


def pytorch(workload: Workload) -> Contestant:
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
        optimizer: Any = torch.optim.Adam(parameters, lr=workload.lr)
    else:
        optimizer = torch.optim.SGD(
            parameters, lr=workload.lr, momentum=workload.momentum
        )

    def step() -> float:
        optimizer.zero_grad()
        loss = loss_of(model(x), y)
        loss.backward()
        optimizer.step()
        return float(loss.item())

    return Contestant(step, lambda: [p.grad.numpy().copy() for p in parameters])
