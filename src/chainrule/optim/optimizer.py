# Edit the book, or edit here and stitch.
"""What all optimizers share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from chainrule.changes import changed
from chainrule.engine import Leaf
from chainrule.errors import ShapeError
from chainrule.saved import check_dtype, check_names
from chainrule.settings import at_least_zero
from chainrule.tensor import Tensor

BLOCK = 1 << 15  # entries of a block: six such arrays stay in the cache
SMALL = BLOCK >> 3  # parameters up to here share blocks
LINE = 64  # bytes of a line of the cache; so many entries fill whole lines


# Show an update a piece of everything
class Block:
    """A piece of the parameters, as `update` meets it; all arrays are flat.

    theta: the parameters, to be changed in place; g: their gradient, to be
    left as it is; t: the number of this step, from one; scratch: two arrays
    to write in. `memory(name)` is what is remembered under that name.
    """

    __slots__ = ("_at", "_row", "g", "scratch", "t", "theta")

    theta: np.ndarray
    g: np.ndarray
    t: int

    def __init__(self, row: Row, at: slice) -> None:
        self._row, self._at = row, at
        size = at.stop - at.start
        self.scratch = row.scratch[0][:size], row.scratch[1][:size]

    def memory(self, name: str, start: float = 0.0) -> np.ndarray:
        """What is remembered under a name; `start` in all entries at first."""
        array = self._row.memory(name)[self._at]
        if self.t == 1:
            array.fill(start)
        return array


# Give each parameter a place in a long row
class Row:
    """All parameters of one dtype: places, memories, and room to compute."""

    def __init__(self, params: Sequence[Tensor], mine: Sequence[int]) -> None:
        self.dtype = params[mine[0]].dtype
        self.order = sorted(mine, key=lambda i: params[i].size > SMALL)
        self.at: dict[int, slice] = {}
        self.shapes = {i: params[i].shape for i in mine}
        self.size = 0
        for i in self.order:
            if params[i].size > SMALL:
                self.size += -self.size % LINE
            self.at[i] = slice(self.size, self.size + params[i].size)
            self.size += params[i].size
        self.memories: dict[str, np.ndarray] = {}
        width = min(self.size, BLOCK)
        width += -width % LINE
        room = aligned(4 * width, self.dtype).reshape(4, width)
        self.scratch, self.packed = room[:2], room[2:]

    def memory(self, name: str) -> np.ndarray:
        """The whole row of what is remembered under a name."""
        if name not in self.memories:
            self.memories[name] = aligned(self.size, self.dtype)
        return self.memories[name]

    def packs(self, moving: Sequence[bool], t: Sequence[int]) -> list[Pack]:
        """The moving parameters, small neighbours of equal t together."""
        runs: list[list[int]] = []
        end, steps = -1, -1
        for i in self.order:
            at = self.at[i]
            if not moving[i]:
                continue
            small = at.stop - at.start <= SMALL
            together = end == at.start and small and steps == t[i]
            if together and at.stop - self.at[runs[-1][0]].start <= BLOCK:
                runs[-1].append(i)
            else:
                runs.append([i])
            end, steps = at.stop if small else -1, t[i]
        return [Pack(self, run) for run in runs]


def aligned(n: int, dtype: Any) -> np.ndarray:
    """n zeros, the first of them at the start of a line of the cache."""
    size = n * np.dtype(dtype).itemsize
    room = np.zeros(size + LINE, np.uint8)
    start = -room.__array_interface__["data"][0] % LINE
    return room[start : start + size].view(dtype)


# Cut a large parameter, and join small ones
class Pack:
    """Parameters that are updated together: one large, or many small ones."""

    def __init__(self, row: Row, members: list[int]) -> None:
        self.members = members
        start, stop = row.at[members[0]].start, row.at[members[-1]].stop
        self.blocks = [
            Block(row, slice(at, min(at + BLOCK, stop)))
            for at in range(start, stop, BLOCK)
        ]
        self.theta, self.g = row.packed[:, : stop - start]
        self.parts: list[tuple[np.ndarray, np.ndarray]] = []
        for i in members if len(members) > 1 else ():
            at = slice(row.at[i].start - start, row.at[i].stop - start)
            theta, g = self.theta[at], self.g[at]
            shape = row.shapes[i]
            self.parts.append((theta.reshape(shape), g.reshape(shape)))

    def filled(
        self, values: list[np.ndarray], gradients: list[np.ndarray], t: int
    ) -> Iterator[Block]:
        """Each block, to be updated; at the end the values have moved."""
        theta, g = self.theta, self.g
        if len(values) > 1:
            parts = zip(self.parts, values, gradients, strict=True)
            for (own, own_g), value, gradient in parts:
                own[...], own_g[...] = value, gradient
        else:
            theta, g = values[0].reshape(-1), gradients[0].reshape(-1)
        at = 0
        for block in self.blocks:
            size = len(block.scratch[0])
            block.theta, block.g = theta[at : at + size], g[at : at + size]
            block.t = t
            yield block
            at += size
        if len(values) > 1:
            for value, (own, _) in zip(values, self.parts, strict=True):
                value[...] = own
        elif not values[0].flags.c_contiguous:
            values[0][...] = theta.reshape(values[0].shape)


# Move every parameter that has a gradient
class Optimizer:
    """Moves parameters by their gradients; a subclass says how, in `update`.

    `params` are tensors that require grad, each once. `lr` can be read and
    set. Raises ValueError for no parameters, one that comes twice, or a
    learning rate that is negative or not finite; TypeError for anything that
    is no parameter.

    A subclass lists in `settings` the arguments of its constructor, which it
    keeps under their names, and in `remembers` its memories, each with the
    setting that turns it on, "" if none does; None for any memories.
    """

    settings: ClassVar[tuple[str, ...]] = ("lr",)
    remembers: ClassVar[Mapping[str, str] | None] = None

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        self.params = checked_parameters(params)
        self.lr = lr
        self.t = [0] * len(self.params)
        kinds: dict[Any, list[int]] = {}
        for i, parameter in enumerate(self.params):
            kinds.setdefault(parameter.dtype, []).append(i)
        self._rows = [Row(self.params, mine) for mine in kinds.values()]
        self._shapes = [parameter.shape for parameter in self.params]
        self._moving: list[bool] = []
        self._packs: list[Pack] = []

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        return self._lr

    @lr.setter
    def lr(self, value: float) -> None:
        self._lr = at_least_zero("lr", value)

    def update(self, block: Block) -> None:
        """Change `block.theta` in place, given `block.g`."""
        raise NotImplementedError

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for leaf in self.leaves():
            leaf.grad = None

    def leaves(self) -> list[Leaf]:
        """The nodes at which the gradients of the parameters arrive."""
        return [parameter.node for parameter in self.params]  # type: ignore

    def __getstate__(self) -> dict[str, Any]:
        # The views inside the packs would be copied apart
        return vars(self) | {"_moving": [], "_packs": []}

    # Take a step
    def step(self) -> None:
        """Move each parameter; one without a gradient stays where it is."""
        values = [parameter.value for parameter in self.params]
        gradients = [leaf.grad for leaf in self.leaves()]
        moving = [g is not None for g in gradients]
        if moving != self._moving:
            self._moving = moving
            self._packs = [
                pack for row in self._rows for pack in row.packs(moving, self.t)
            ]
        rows = zip(values, gradients, self._shapes, strict=True)
        for value, g, shape in rows:
            if g is not None and not value.shape == g.shape == shape:
                raise ShapeError("step", [shape, value.shape, g.shape])
        for pack in self._packs:
            mine: list[Any] = []
            theirs: list[Any] = []
            for i in pack.members:
                self.t[i] += 1
                mine.append(values[i])
                theirs.append(gradients[i])
            for block in pack.filled(mine, theirs, self.t[i]):
                self.update(block)
            changed.note(*mine)  # a graph that kept them is out of date

    # Save and restore what an optimizer remembers
    @property
    def memories(self) -> list[dict[str, Any]]:
        """For each parameter that has moved: its t, and memories like it."""
        found: list[dict[str, Any]] = [{} for _ in self.params]
        for row in self._rows:
            if any(self.t[i] for i in row.at):
                for name in self.needed():
                    row.memory(name)  # zeros, if it was turned on just now
            for i, at in row.at.items():
                if self.t[i]:
                    found[i]["t"] = self.t[i]
                for name, array in row.memories.items() if self.t[i] else ():
                    found[i][name] = array[at].reshape(self._shapes[i])
        return found

    def needed(self) -> list[str]:
        """Names of the memories that a step with these settings will read."""
        pairs = (self.remembers or {}).items()
        return [name for name, on in pairs if not on or getattr(self, on)]

    def state_dict(self) -> dict[str, Any]:
        """The settings, and a copy of the memory of each parameter."""
        memories = [
            {name: np.copy(value) for name, value in memory.items()}
            for memory in self.memories
        ]
        settings = {name: getattr(self, name) for name in self.settings}
        return {"settings": settings, "memories": memories}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave, all or nothing.

        Raises ValueError for names that are missing or unknown, for another
        number of parameters, for a count of steps that is none and for settings
        that the constructor refuses; ShapeError or TypeError for a memory that
        has not the shape of its parameter, or cannot have its dtype.
        """
        kind = type(self).__name__
        check_names(f"state of {kind}", state, ["settings", "memories"])
        settings, memories = state["settings"], state["memories"]
        check_names(f"settings of {kind}", settings, self.settings)
        other = type(self)(self.params, **settings)  # refuses what is senseless
        if len(memories) != len(self.params):
            numbers = f"{len(memories)}, not {len(self.params)}"
            raise ValueError(f"memories of {numbers} parameters")
        for i, memory in enumerate(memories):
            if memory:
                other.check_memory(f"memory of parameter {i}", memory, i)
        for name in self.settings:
            setattr(self, name, getattr(other, name))
        # Put each memory in its place
        self.t = [int(memory.get("t", 0)) for memory in memories]
        self._moving = []
        for row in self._rows:
            row.memories.clear()
            for i, at in row.at.items():
                for name, value in memories[i].items():
                    if name != "t":
                        row.memory(name)[at] = np.reshape(value, -1)

    # Refuse a memory that does not fit
    def check_memory(
        self, what: str, memory: Mapping[str, Any], i: int
    ) -> None:
        """Complain unless this can be the memory of parameter i."""
        if self.remembers is not None:
            needed = ["t", *self.needed()]
            check_names(what, memory, needed, allowed=self.remembers)
        t = np.asarray(memory.get("t"))
        if t.shape or t.dtype.kind not in "iu" or t < 1:
            raise ValueError(f"{what}: t should count steps from 1, not {t}")
        shape, dtype = self._shapes[i], self.params[i].dtype
        for name in memory.keys() - {"t"}:
            array = np.asarray(memory[name])
            if array.shape != shape:
                raise ShapeError(f"{what}, {name}", [array.shape, shape])
            check_dtype(f"{what}, {name}", array.dtype, dtype)


# Refuse parameters that make no sense
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


# Pull towards zero through the gradient
def with_decay(block: Block, weight_decay: float) -> np.ndarray:
    """g + weight_decay * theta, in the second scratch; g itself for none."""
    if not weight_decay:
        return block.g
    room: np.ndarray = block.scratch[1]
    np.multiply(block.theta, weight_decay, out=room)
    np.add(room, block.g, out=room)
    return room


# Collect what comes in, and let it fade
def collected(total: np.ndarray, new: np.ndarray, keep: float) -> np.ndarray:
    """total = keep * total + new, in place."""
    np.multiply(total, keep, out=total)
    np.add(total, new, out=total)
    return total
