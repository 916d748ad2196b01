# Edit the book, or edit here and stitch.
"""What all optimizers share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np

from chainrule.engine import Leaf
from chainrule.errors import ShapeError
from chainrule.tensor import Tensor

Memory: TypeAlias = dict[str, Any]


# Move every parameter that has a gradient
class Optimizer:
    """Moves parameters by their gradients; a subclass says how, in `move`.

    `params` are tensors that require grad, each once. `lr` can be read and
    set. Raises ValueError for no parameters, one that comes twice, or a
    learning rate that is negative or not finite; TypeError for anything that
    is no parameter.
    """

    settings: ClassVar[tuple[str, ...]] = ("lr",)

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        self.params = checked_parameters(params)
        self.lr = lr
        self.memories: list[Memory] = [{} for _ in self.params]

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        self._lr = at_least_zero("lr", value)

    def step(self) -> None:
        """Move each parameter; one without a gradient stays where it is."""
        for parameter, memory in zip(self.params, self.memories, strict=True):
            if parameter.grad is not None:
                theta = parameter.data
                self.move(theta, parameter.grad, memory)
                parameter.data = theta  # tell the engine that it changed

    def move(self, theta: np.ndarray, g: np.ndarray, memory: Memory) -> None:
        """Change theta in place, given its gradient and its own memory."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.params:
            parameter.grad = None

    # Save and restore what an optimizer remembers
    def state_dict(self) -> dict[str, Any]:
        """The settings, and a copy of the memory of each parameter."""
        memories = [
            {name: np.copy(value) for name, value in memory.items()}
            for memory in self.memories
        ]
        settings = {name: getattr(self, name) for name in self.settings}
        return {"settings": settings, "memories": memories}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; ValueError if it does not fit."""
        memories = state["memories"]
        if len(memories) != len(self.params):
            numbers = f"{len(memories)}, not {len(self.params)}"
            raise ValueError(f"memories of {numbers} parameters")
        for memory, parameter in zip(memories, self.params, strict=True):
            for name, value in memory.items():
                if np.shape(value) not in ((), parameter.shape):
                    shapes = [np.shape(value), parameter.shape]
                    raise ShapeError(f"load_state_dict, {name}", shapes)
        if state["settings"].keys() != set(self.settings):
            raise ValueError(f"other settings: {sorted(state['settings'])}")
        for name, value in state["settings"].items():
            setattr(self, name, value)
        self.memories = [
            {name: np.copy(value) for name, value in memory.items()}
            for memory in memories
        ]


# Refuse settings and parameters that make no sense
def at_least_zero(name: str, value: float) -> float:
    """The number as a float, or ValueError if negative or not finite."""
    number = float(value)
    if not (math.isfinite(number) and number >= 0):
        raise ValueError(f"{name} should be at least 0 and finite, not {value}")
    return number


def checked_parameters(params: Iterable[Tensor]) -> list[Tensor]:
    """The parameters as a list, or the reason why they cannot be moved."""
    checked = list(params)
    for parameter in checked:
        if not isinstance(parameter, Tensor):
            raise TypeError(f"a parameter is a Tensor, not {parameter!r}")
        if not isinstance(parameter.node, Leaf):
            raise TypeError("a parameter is a Tensor(..., requires_grad=True)")
    if not checked:
        raise ValueError("no parameters to move")
    if len({id(parameter) for parameter in checked}) != len(checked):
        raise ValueError("a parameter stands in the list twice")
    return checked
