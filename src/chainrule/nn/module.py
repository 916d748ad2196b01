# Edit the book, or edit here and stitch.
"""Modules: functions that own parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from chainrule.engine import Leaf, no_grad, plain
from chainrule.errors import ShapeError
from chainrule.saved import check_dtype, check_names
from chainrule.tensor import Tensor


# Let a module be a function that owns parameters
class Module:
    """A function with parameters: subclass, write `forward`, call it.

    Calling it calls `forward` with the same arguments; a ShapeError inside
    gets the layer's name. Every Tensor that requires grad and is an attribute
    is a parameter; an attribute that is a module brings its own. Lists,
    tuples and dicts of them are searched. `training` is what `train()` and
    `eval()` set. `buffers` names the attributes that are saved with the
    parameters though no gradient moves them: arrays, changed in place.
    """

    training: bool = True
    buffers: tuple[str, ...] = ()

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; each subclass writes its own."""
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The value of `forward`; a ShapeError learns the layer's name."""
        try:
            return self.forward(*args, **kwargs)
        except ShapeError as error:
            if error.layer is not None:
                raise
            raise in_layer(repr(self), error) from error

    # Walk through what a module owns
    def members(self) -> Iterator[tuple[str, Any]]:
        """Parameters and modules among the attributes, with their names."""
        for name, value in vars(self).items():
            yield from search(name, value)

    def modules(self) -> Iterator[Module]:
        """The modules among the attributes."""
        return (m for _, m in self.members() if isinstance(m, Module))

    def every_parameter(self) -> Iterator[tuple[str, Tensor]]:
        """Dotted names and parameters; one that is shared comes up twice."""
        for name, member in self.members():
            if isinstance(member, Module):
                for rest, parameter in member.every_parameter():
                    yield f"{name}.{rest}", parameter
            else:
                yield name, member

    def every_buffer(self) -> Iterator[tuple[str, np.ndarray]]:
        """Dotted names and buffers, of this module and of those inside."""
        for name in self.buffers:
            yield name, getattr(self, name)
        for name, member in self.members():
            if isinstance(member, Module):
                for rest, buffer in member.every_buffer():
                    yield f"{name}.{rest}", buffer

    # Name each parameter once
    def named_parameters(self) -> Iterator[tuple[str, Tensor]]:
        """Dotted names and parameters, each parameter once."""
        seen: set[int] = set()
        for name, parameter in self.every_parameter():
            if id(parameter) not in seen:
                seen.add(id(parameter))
                yield name, parameter

    def parameters(self) -> Iterator[Tensor]:
        """The parameters, in the order in which they were set."""
        return (parameter for _, parameter in self.named_parameters())

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def __repr__(self) -> str:
        """The class, and what is inside."""
        inside = ", ".join(map(repr, self.modules()))
        return f"{type(self).__name__}({inside})"

    # Switch modes and save the parameters
    def train(self, mode: bool = True) -> Self:
        """Set `training` here and in all modules inside; return self."""
        self.training = mode
        for module in self.modules():
            module.train(mode)
        return self

    def eval(self) -> Self:
        """`train(False)`."""
        return self.train(False)

    def state(self) -> dict[str, Any]:
        """All parameters and buffers, by name: the things themselves."""
        return dict([*self.every_parameter(), *self.every_buffer()])

    def state_dict(self) -> dict[str, np.ndarray]:
        """Copies of all parameters and buffers, by name."""
        return {name: plain(x).copy() for name, x in self.state().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Copy the arrays of `state` into parameters and buffers, all or none.

        Raises KeyError if names are missing or unknown, ShapeError if an array
        has not the shape of its parameter, TypeError if its numbers are of
        another kind, as complex ones. Each parameter keeps its dtype.
        """
        own, kind = self.state(), type(self).__name__
        check_names(f"state of {kind}", state, own, error=KeyError)
        arrays = {name: np.asarray(plain(state[name])) for name in own}
        for name, x in own.items():
            if arrays[name].shape != x.shape:
                shapes = [arrays[name].shape, x.shape]
                raise ShapeError("load_state_dict", shapes, layer=name)
            check_dtype(f"{name}: load_state_dict", arrays[name].dtype, x.dtype)
        with no_grad():
            for name, x in own.items():
                x[...] = arrays[name]


# Search an attribute for parameters and modules
def search(name: str, value: object) -> Iterator[tuple[str, Any]]:
    """Every parameter and module in value, with its dotted path."""
    if isinstance(value, Module):
        yield name, value
    elif isinstance(value, Tensor):
        if isinstance(value.node, Leaf):
            yield name, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from search(f"{name}.{key}", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from search(f"{name}.{index}", item)


# Say in which layer the shapes do not fit
def in_layer(layer: str, error: ShapeError) -> ShapeError:
    """The same complaint about shapes, with the layer where it arose."""
    path = f"{layer}, {error.layer}" if error.layer else layer
    return ShapeError(error.operation, error.shapes, error.reason, path)
