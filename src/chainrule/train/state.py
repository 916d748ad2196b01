# Edit the book, or edit here and stitch.
"""Saving a run to one file, and resuming it."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import IO, Any, TypeAlias

import numpy as np

from chainrule.engine import plain
from chainrule.nn.module import Module
from chainrule.optim.optimizer import Optimizer
from chainrule.saved import check_names

FORMAT = "chainrule state 1"
OUTLINE = "outline.json"
Path: TypeAlias = "str | os.PathLike[str]"
Names: TypeAlias = "tuple[str, ...]"


# Save the parts of a run to one file
def save(path: Path, /, **parts: Any) -> None:
    """Write the states of all parts to one file.

    A part is anything with `state_dict` and `load_state_dict` (a model, an
    optimizer, a schedule, a scaler), a numpy.random.Generator, or a plain
    value: numbers, strings, None, arrays; dicts, lists and tuples of such.
    Generators inside a model, as those of its Dropouts, are saved with it.
    The file is a .npz without pickle, and it takes its name only when it is
    complete: who is killed while saving leaves the old file as it was, and
    perhaps a fragment that ends in .tmp. Raises TypeError for what cannot be
    saved. See "A run is all that its next step reads".
    """
    arrays: dict[str, np.ndarray] = {}
    states = {
        name: encoded(name, state_of(part), arrays)
        for name, part in parts.items()
        if not isinstance(part, np.random.Generator)
    }
    drawn = [
        (names, encoded(names[0], generator.bit_generator.state, arrays))
        for names, generator in generators(parts).items()
    ]
    needed = [name for name, part in parts.items() if not is_plain(part)]
    outline: dict[str, Any] = {"format": FORMAT, "needed": needed}
    outline |= {"parts": states, "generators": drawn}
    replace_file(path, lambda file: write_npz(file, outline, arrays))


def is_plain(part: Any) -> bool:
    """Whether a part is a value, which cannot take a state back."""
    generator = isinstance(part, np.random.Generator)
    return not generator and not hasattr(part, "load_state_dict")


def state_of(part: Any) -> Any:
    """The state of a part, or the part itself if it is a plain value."""
    return part if is_plain(part) else part.state_dict()


# Give every part its state back
def load(path: Path, /, **parts: Any) -> dict[str, Any]:
    """Read what `save` wrote, and give the parts that are named their states.

    Returns all states and plain values by name; arrays keep their dtype.
    Without parts nothing else is done: `model.load_state_dict(load(path)
    ["model"])` takes the weights alone. With parts, everything in the file
    that has a state must be named, since a run that goes on without it is
    another run, and generators must be shared as they were. All or nothing:
    after an error every part is what it was. Raises KeyError for parts that
    are missing or unknown, ValueError for a damaged file or other generators,
    and whatever a part says to a state that does not fit it.
    """
    outline = read_npz(path)
    states: dict[str, Any] = outline["parts"]
    if parts:
        needed = outline["needed"]
        check_names("parts of a run", parts, needed, error=KeyError)
        put_back(parts, states, outline["generators"])
    return states


# Put all states back, or none
def put_back(
    parts: Mapping[str, Any],
    states: Mapping[str, Any],
    drawn: Mapping[Names, Any],
) -> None:
    """Give each part and each generator its state; undo it after an error."""
    here = generators(parts)
    if here.keys() != drawn.keys():
        raise ValueError(
            f"generators in the file: {[*drawn]}, and here: {[*here]}"
        )
    # An optimizer comes last: its rate may differ from its schedule's
    order = [n for n in states if n in parts]
    order.sort(key=lambda n: isinstance(parts[n], Optimizer))
    before = {name: parts[name].state_dict() for name in order}
    then = {n: g.bit_generator.state for n, g in here.items()}
    try:
        restore(parts, states, order, here, drawn)
    except BaseException:
        restore(parts, before, order, here, then)
        raise


def restore(
    parts: Mapping[str, Any],
    states: Mapping[str, Any],
    order: Iterable[str],
    here: Mapping[Names, np.random.Generator],
    drawn: Mapping[Names, Any],
) -> None:
    """Load each state, in this order, then those of the generators."""
    for name in order:
        parts[name].load_state_dict(states[name])
    for names, generator in here.items():
        generator.bit_generator.state = drawn[names]


# Find the generators, and who shares one
def generators(parts: Mapping[str, Any]) -> dict[Names, np.random.Generator]:
    """Each generator of the parts, under all its names, sorted."""
    names: dict[int, list[str]] = {}
    found: dict[int, np.random.Generator] = {}
    for part, value in parts.items():
        if isinstance(value, np.random.Generator | Module):
            for name, generator in search(part, value, set()):
                key = id(generator.bit_generator)
                names.setdefault(key, []).append(name)
                found[key] = generator
    return {tuple(sorted(names[key])): found[key] for key in found}


def search(
    name: str, value: Any, seen: set[int]
) -> Iterator[tuple[str, np.random.Generator]]:
    """The generators in a module or a container, with dotted names."""
    if isinstance(value, np.random.Generator):
        yield name, value
        return
    items: Iterable[tuple[Any, Any]] = ()
    if id(value) in seen:
        return
    if isinstance(value, Module):
        items = vars(value).items()
    elif isinstance(value, Mapping):
        items = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    seen.add(id(value))
    for key, item in items:
        yield from search(f"{name}.{key}", item, seen)


# Write down what is no array
def encoded(name: str, value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The value as JSON can hold it; its arrays are put aside, by name."""
    value = plain(value)
    if isinstance(value, np.integer | np.bool_):
        value = value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, np.ndarray | np.generic) and not value.dtype.hasobject:
        while name in arrays:
            name += "'"
        arrays[name] = np.asarray(value)
        return {"array": name}
    if isinstance(value, list | tuple):
        row = [encoded(f"{name}/{i}", x, arrays) for i, x in enumerate(value)]
        return row if isinstance(value, list) else {"tuple": row}
    if isinstance(value, Mapping) and all(isinstance(k, str) for k in value):
        items = {k: encoded(f"{name}/{k}", x, arrays) for k, x in value.items()}
        return {"dict": items}
    raise TypeError(f"{name}: cannot save {value!r}")


def decoded(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """What was encoded so."""
    if isinstance(value, list):
        return [decoded(x, arrays) for x in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        return arrays[content]
    if kind == "tuple":
        return tuple(decoded(content, arrays))
    return {k: decoded(x, arrays) for k, x in content.items()}


# Lay arrays and outline into a file
def write_npz(
    file: IO[bytes], outline: Any, arrays: Mapping[str, np.ndarray]
) -> None:
    """A zip of the arrays, as NumPy has it, and of the outline."""
    import zipfile  # here, for most programs save nothing

    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(OUTLINE), json.dumps(outline))
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")  # the same date always
            with archive.open(entry, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array, allow_pickle=False)


def read_npz(path: Path) -> dict[str, Any]:
    """The outline with its arrays, or a ValueError for a damaged file."""
    import zipfile

    with open(path, "rb") as file:
        try:
            with zipfile.ZipFile(file) as archive:
                whole = {n: archive.read(n) for n in archive.namelist()}
            outline = json.loads(whole.pop(OUTLINE))
            if outline["format"] != FORMAT:
                raise ValueError(f"its format is {outline['format']!r}")
            arrays = {
                name.removesuffix(".npy"): one_array(data)
                for name, data in whole.items()
            }
            outline["parts"] = decoded({"dict": outline["parts"]}, arrays)
            outline["generators"] = {
                tuple(names): decoded(state, arrays)
                for names, state in outline["generators"]
            }
        except Exception as error:  # a damaged zip raises almost anything
            text = f"{path} is not a whole file of chainrule.train.save"
            raise ValueError(f"{text}: {error!r}") from error
    return dict(outline)


def one_array(data: bytes) -> np.ndarray:
    """The array in the bytes of a .npy file."""
    array: np.ndarray = np.lib.format.read_array(
        io.BytesIO(data), allow_pickle=False
    )
    return array


# Let the new file take the place of the old one at once
def replace_file(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write beside the file, to the disk, then rename; clean up on errors."""
    target = os.path.realpath(path)
    fragment = f"{target}.{os.urandom(4).hex()}.tmp"
    try:
        with open(fragment, "xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fragment, target)
    except BaseException:
        with suppress(OSError):
            os.remove(fragment)
        raise
    # Have the folder written too, where a folder can be opened
    with suppress(OSError):
        folder = os.open(os.path.dirname(target), os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
