"""Files of runs: resumed to the bit, whole or refused, never half."""

from __future__ import annotations

import json
import math
import os
import signal
import stat
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.optim import lr_scheduler
from chainrule.train import GradScaler, load, save

F = cr.nn.functional


class Run:
    """A small run with all that a run can have."""

    def __init__(self, seed: int, dtype: Any = np.float32) -> None:
        rng = np.random.default_rng(seed)
        self.model = cr.nn.Sequential(
            cr.nn.Linear(5, 4, rng=rng, dtype=dtype),
            cr.nn.BatchNorm1d(4, dtype=dtype),
            cr.nn.Tanh(),
            cr.nn.Dropout(0.25, rng=rng),
            cr.nn.Linear(4, 3, rng=rng, dtype=dtype),
        )
        self.rng = np.random.default_rng(seed + 100)
        self.optimizer = cr.optim.Adam(self.model.parameters(), 0.05)
        self.schedule = lr_scheduler.CosineAnnealingLR(self.optimizer, 40)
        self.scaler = GradScaler(2.0**4, growth_interval=3)
        self.losses: list[float] = []

    def parts(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "scaler": self.scaler,
            "rng": self.rng,
        }

    def go(self, steps: int) -> None:
        dtype = self.model[0].weight.dtype
        for _ in range(steps):
            x = self.rng.normal(size=(8, 5)).astype(dtype)
            y = (x[:, 0] > 0).astype(int) + (x[:, 1] > 0)
            loss = F.cross_entropy(self.model(x), y)
            self.model.zero_grad()
            self.scaler.scale(loss).backward()
            if len(self.losses) == 4:  # one step overflows
                grad = self.model[0].weight.grad
                assert grad is not None
                grad[0, 0] = np.inf
            self.scaler.step(self.optimizer)
            self.scaler.update()
            self.schedule.step()
            self.losses.append(loss.item())

    def everything(self) -> Any:
        parts = self.parts()
        generators = self.rng, self.model[3].rng
        drawn = [g.bit_generator.state for g in generators]
        return [{n: parts[n].state_dict() for n in list(parts)[:-1]}, drawn]


def same(a: Any, b: Any) -> bool:
    """Equal in every bit, type and dtype."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        whole = a.dtype == b.dtype and a.shape == b.shape
        return bool(whole and a.tobytes() == b.tobytes())
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b) or (a != a and b != b)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "run.npz"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("stop", [0, 3, 5, 6])
def test_a_run_goes_on_to_the_bit(path: Path, stop: int, dtype: Any) -> None:
    whole = Run(0, dtype)
    whole.go(12)
    first = Run(0, dtype)
    first.go(stop)
    save(path, step=stop, **first.parts())
    after = first.everything()
    first.go(2)  # what is saved does not move on
    second = Run(7, dtype)
    second.go(5)
    state = load(path, **second.parts())
    assert state["step"] == stop
    assert same(second.everything(), after)
    second.losses = first.losses[:stop]
    second.go(12 - stop)
    assert same(second.everything(), whole.everything())
    assert second.losses == whole.losses


PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from test_state import Run, load, save
run = Run(int(sys.argv[3]))
if sys.argv[4] == "resume":
    run.losses = load(sys.argv[2], **run.parts())["losses"]
run.go(6)
save(sys.argv[2], losses=run.losses, **run.parts())
"""


def test_another_process_goes_on_to_the_bit(path: Path) -> None:
    for seed, how in ((0, "start"), (3, "resume")):
        here = str(Path(__file__).parent)
        command = [sys.executable, "-c", PROGRAM, here, str(path), str(seed)]
        subprocess.run([*command, how], check=True)
    whole, again = Run(0), Run(1)
    whole.go(12)
    assert load(path, **again.parts())["losses"] == whole.losses
    assert same(again.everything(), whole.everything())


@pytest.mark.parametrize("without", ["optimizer", "schedule", "scaler", "rng"])
def test_a_part_that_is_left_out_is_asked_for(path: Path, without: str) -> None:
    first = Run(0)
    first.go(3)
    save(path, **first.parts())
    second = Run(1)
    before = second.everything()
    parts = second.parts()
    del parts[without]
    with pytest.raises(KeyError, match=rf"missing: \['{without}'\]"):
        load(path, **parts)
    with pytest.raises(KeyError, match=r"unknown: \['schedules'\]"):
        load(path, schedules=None, **second.parts())
    assert same(second.everything(), before)


def test_weights_alone_can_be_taken(path: Path) -> None:
    first, second = Run(0), Run(1)
    first.go(3)
    save(path, **first.parts())
    second.model.load_state_dict(load(path)["model"])
    assert same(second.model.state_dict(), first.model.state_dict())


def test_a_state_that_does_not_fit_changes_no_part(path: Path) -> None:
    first = Run(0)
    first.go(3)
    other = lr_scheduler.StepLR(first.optimizer, 3)
    save(path, **first.parts() | {"schedule": other})
    second = Run(1)
    second.go(2)
    before = second.everything()
    with pytest.raises(ValueError, match="CosineAnnealingLR"):
        load(path, **second.parts())
    wide = cr.nn.Linear(6, 4)
    save(path, **first.parts() | {"model": wide})
    with pytest.raises((KeyError, ValueError)):
        load(path, **second.parts())
    assert same(second.everything(), before)


class Grumpy:
    """A part that refuses states, after it has been asked for its own."""

    def state_dict(self) -> dict[str, int]:
        return {"mood": 1}

    def load_state_dict(self, state: dict[str, int]) -> None:
        if state["mood"] == 2:
            raise RuntimeError("not today")


def test_the_last_part_may_spoil_it_for_all(path: Path) -> None:
    class Sad(Grumpy):
        def state_dict(self) -> dict[str, int]:
            return {"mood": 2}

    first, second = Run(0), Run(1)
    first.go(3)
    save(path, **first.parts(), zz=Sad())
    before = second.everything()
    with pytest.raises(RuntimeError, match="not today"):
        load(path, **second.parts(), zz=Grumpy())
    assert same(second.everything(), before)


def test_the_rate_is_that_of_the_optimizer(path: Path) -> None:
    """A schedule sets the rate when it is loaded; someone may have since."""
    theta = cr.Tensor([1.0], requires_grad=True)
    optimizer = cr.optim.SGD([theta], 0.5)
    schedule = lr_scheduler.StepLR(optimizer, 3)
    schedule.step()
    optimizer.lr = 0.125
    for order in (["optimizer", "schedule"], ["schedule", "optimizer"]):
        parts = {"optimizer": optimizer, "schedule": schedule}
        save(path, **{name: parts[name] for name in order})
        again = cr.optim.SGD([theta], 0.5)
        later = lr_scheduler.StepLR(again, 3)
        load(path, optimizer=again, schedule=later)
        assert (again.lr, later.t, later.lr) == (0.125, 1, 0.5)


# Generators
def test_generators_of_all_kinds_come_back(path: Path) -> None:
    kinds = ["PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64"]
    for kind in kinds:
        bits = getattr(np.random, kind)
        rng = np.random.Generator(bits(1))
        rng.random(3)
        rng.integers(5, size=3, dtype=np.int32)  # leaves half a draw behind
        save(path, rng=rng)
        draws = rng.integers(1000, size=5, dtype=np.int32)
        again = np.random.Generator(bits(2))
        load(path, rng=again)
        assert np.array_equal(
            again.integers(1000, size=5, dtype=np.int32), draws
        )
    other = np.random.Generator(np.random.PCG64(3))
    before = other.bit_generator.state
    with pytest.raises((ValueError, TypeError)):
        load(path, rng=other)
    assert other.bit_generator.state == before


def test_who_shares_a_generator_must_share_it_again(path: Path) -> None:
    def pair(shared: bool) -> dict[str, Any]:
        rng = np.random.default_rng(1)
        inside = rng if shared else np.random.default_rng(2)
        model = cr.nn.Sequential(cr.nn.Dropout(rng=inside), cr.nn.Tanh())
        return {"model": model, "rng": rng}

    for shared in (True, False):
        parts = pair(shared)
        parts["model"](np.ones((3, 4)))
        save(path, **parts)
        again = pair(shared)
        load(path, rng=again["rng"], model=again["model"])  # in any order
        for one, other in ((parts, again),):
            assert one["rng"].random() == other["rng"].random()
            x = np.ones((5, 6))
            assert np.array_equal(one["model"](x), other["model"](x))
        with pytest.raises(ValueError, match="generators in the file"):
            load(path, **pair(not shared))
    # Two that draw from one stream of bits are one
    bits = np.random.PCG64(5)
    both = {name: np.random.Generator(bits) for name in ("a", "b")}
    odd = {"a b": np.random.default_rng(6), "c.d": np.random.default_rng(7)}
    save(path, **odd)
    load(path, **odd)
    save(path, **both)
    with pytest.raises(ValueError, match="'a', 'b'"):
        load(path, a=np.random.default_rng(), b=np.random.default_rng())


def test_generators_are_found_deep_inside(path: Path) -> None:
    class Odd(cr.nn.Module):
        def __init__(self, seed: int) -> None:
            self.rngs = {"here": [np.random.default_rng(seed)]}
            self.inner = cr.nn.Sequential(
                cr.nn.Sequential(cr.nn.Dropout(rng=np.random.default_rng(seed)))
            )
            self.twice = [self.inner]

        def forward(self, x: Any) -> Any:
            return self.inner(x) + self.rngs["here"][0].random()

    first, second = Odd(1), Odd(2)
    first(np.ones(4))
    save(path, model=first)
    load(path, model=second)
    assert np.array_equal(first(np.ones(9)), second(np.ones(9)))


# Values
VALUES: list[Any] = [
    None,
    True,
    3,
    2**100,
    0.1,
    -0.0,
    math.inf,
    math.nan,
    5e-324,
    "ü/\"'\\\n",
    [],
    {},
    (),
    [1, (2.5, None), {"a b/c": [True]}],
    {"array": 1},
    {"tuple": [1]},
    {"dict": {}},
    np.arange(6.0).reshape(2, 3).T,
    np.array(7, np.int64),
    np.array([], np.float16),
    np.array([1 + 2j]),
    np.array(["a", "bc"]),
    np.array([True, False]),
    np.frombuffer(np.int64(0x7FF8_0000_0000_0001).tobytes(), np.float64),
    np.array([0.1, -0.0, np.inf]).astype(">f8"),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_was(path: Path, value: Any) -> None:
    save(path, value=value, other=[value, {"again": value}])
    state = load(path)
    assert list(state) == ["value", "other"]
    for found in (state["value"], state["other"][0]):
        assert same(found, value)
    assert same(state["other"][1]["again"], value)


def test_names_that_meet_are_kept_apart(path: Path) -> None:
    value = {"a/b": np.ones(2), "a": {"b": np.zeros(3)}, "": np.ones(1)}
    save(path, **{"x": value, "x/a": np.full(4, 7.0), "outline.json": 5})
    state = load(path)
    assert same(state["x"], value)
    assert same(state["x/a"], np.full(4, 7.0))
    assert state["outline.json"] == 5


def test_small_things(path: Path) -> None:
    save(path, a=np.float64(0.1), b=np.int32(3), c=np.float32(0.1), d=np.True_)
    state = load(path)
    assert (state["a"], state["b"], state["d"]) == (0.1, 3, True)
    assert state["c"] == np.float32(0.1)
    assert state["c"].dtype == np.float32
    save(path)
    assert load(path) == {}
    theta = cr.Tensor([1.0, 2.0], requires_grad=True)
    save(str(path), theta=theta)
    assert load(str(path))["theta"].tolist() == [1, 2]


@pytest.mark.parametrize(
    "value",
    [
        object(),
        lambda: 1,
        {1: 2},
        {"a": [object()]},
        1j,
        np.array([object()]),
        {1, 2},
        b"ab",
    ],
)
def test_what_cannot_be_saved_leaves_the_old_file(
    path: Path, value: Any
) -> None:
    save(path, a=1)
    before = path.read_bytes()
    with pytest.raises(TypeError, match=r"value.*cannot save"):
        save(path, b=2, value=value)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["run.npz"]


def test_numpy_can_read_it_and_equal_runs_write_equal_files(
    path: Path,
) -> None:
    run = Run(0)
    run.go(2)
    save(path, **run.parts())
    first = path.read_bytes()
    time.sleep(0.01)
    save(path, **run.parts())
    assert path.read_bytes() == first
    with np.load(path) as file:  # allow_pickle is False by default
        assert np.array_equal(file["model/0.weight"], run.model[0].weight.data)
        assert "optimizer/memories/0/m" in file.files


# Another dtype, another shape, another name
def test_numbers_of_another_dtype(path: Path) -> None:
    wide, narrow = Run(0, np.float64), Run(1, np.float32)
    wide.go(2)
    save(path, **wide.parts())
    load(path, **narrow.parts())
    for name, value in wide.model.state_dict().items():
        found = narrow.model.state_dict()[name]
        assert np.array_equal(found, value.astype(found.dtype))
    memory = narrow.optimizer.memories[0]["m"]
    assert memory.dtype == np.float32
    state = wide.model.state_dict()
    for name, wrong in (
        ("0.weight", np.ones((4, 5), complex)),
        ("0.weight", np.full((4, 5), "1")),
        ("1.num_batches_tracked", np.array(2.5)),
        ("0.weight", np.full((4, 5), None)),
    ):
        before = narrow.everything()
        with pytest.raises(TypeError, match=rf"{name}.*cannot become"):
            narrow.model.load_state_dict(state | {name: wrong})
        assert same(narrow.everything(), before)


# Damage
def test_every_truncation_is_noticed(path: Path) -> None:
    save(path, a=np.arange(5.0), n=3)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match="not a whole file"):
            load(path)


def test_no_changed_byte_changes_the_state_unnoticed(path: Path) -> None:
    rng = np.random.default_rng(0)
    parts = {"a": rng.normal(size=5), "n": 3, "t": (1.5, None)}
    save(path, **parts)
    whole = bytearray(path.read_bytes())
    refused = noticed = 0
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= int(rng.integers(1, 256))
        path.write_bytes(changed)
        try:
            found = load(path)
        except ValueError as error:
            refused += "not a whole file" in str(error)
            noticed += 1
        else:
            assert same(found, parts)
    assert refused == noticed > len(whole) / 2


def test_other_files_are_refused(path: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load(path)
    np.savez(path, a=np.ones(2))
    with pytest.raises(ValueError, match="not a whole file"):
        load(path)
    save(path, a=1)
    with zipfile.ZipFile(path) as archive:
        outline = json.loads(archive.read("outline.json"))
    outline["format"] = "chainrule state 9"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("outline.json", json.dumps(outline))
    with pytest.raises(ValueError, match="chainrule state 9"):
        load(path)


class Bomb:
    def __reduce__(self) -> Any:
        return os.mkdir, ("exploded",)


def test_nothing_in_a_file_is_run(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    save(path, a=np.ones(1))
    with zipfile.ZipFile(path) as archive:
        outline = archive.read("outline.json")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("outline.json", outline)
        with archive.open("a.npy", "w") as member:
            array = np.array([Bomb()])
            np.lib.format.write_array(member, array, allow_pickle=True)
    with pytest.raises(ValueError, match="allow_pickle"):
        load(path)
    assert not Path("exploded").exists()


# Being killed
KILLED = """
import os, signal, sys
import numpy as np
from chainrule.train import load, save, state

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

path, when = sys.argv[1:]
save(path, step=1, a=np.full(50_000, 1.0))
if when == "in the middle":
    write = np.lib.format.write_array
    def half(file, array, **how):
        file.write(array.tobytes()[: array.nbytes // 2])
        die()
    np.lib.format.write_array = half
elif when == "before the rename":
    os.replace = die
elif when == "after the rename":
    replace = os.replace
    os.replace = lambda *names: (replace(*names), die())
save(path, step=2, a=np.full(50_000, 2.0))
"""


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
@pytest.mark.parametrize(
    ("when", "step"),
    [
        ("in the middle", 1),
        ("before the rename", 1),
        ("after the rename", 2),
        ("never", 2),
    ],
)
def test_a_killed_save_leaves_a_whole_file(
    path: Path, when: str, step: int
) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(path), when])
    assert done.returncode == (0 if when == "never" else -signal.SIGKILL)
    state = load(path)
    assert state["step"] == step
    assert np.array_equal(state["a"], np.full(50_000, float(step)))
    rest = [p.name for p in path.parent.iterdir() if p != path]
    fragments = 1 if "middle" in when or "before" in when else 0
    assert len(rest) == fragments
    assert all(name.endswith(".tmp") for name in rest)


LOOP = """
import sys
import numpy as np
from chainrule.train import save

step = 0
while True:
    step += 1
    save(sys.argv[1], step=step, a=np.full(300_000, float(step)))
    if step == 1:
        print("begun", flush=True)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
def test_killed_at_any_moment_the_file_is_whole(path: Path) -> None:
    steps = set()
    for delay in (0.0, 0.013, 0.031, 0.058):
        command = [sys.executable, "-c", LOOP, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(delay)
            process.kill()
        state = load(path)
        steps.add(state["step"])
        assert np.array_equal(
            state["a"], np.full(300_000, float(state["step"]))
        )
    assert min(steps) >= 1


def test_an_error_while_writing_cleans_up(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(path, a=1)
    before = path.read_bytes()

    def full(*_: Any) -> None:
        raise OSError("no space left")

    for name in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, name, full)
            with pytest.raises(OSError, match="no space"):
                save(path, a=2)
        assert path.read_bytes() == before
        assert os.listdir(path.parent) == ["run.npz"]
    with pytest.raises(FileNotFoundError):
        save(path.parent / "nowhere" / "run.npz", a=1)


@pytest.mark.skipif(os.name != "posix", reason="links and modes")
def test_links_and_modes_are_those_of_an_ordinary_file(
    path: Path, tmp_path: Path
) -> None:
    (tmp_path / "far").mkdir()
    target = tmp_path / "far" / "real.npz"
    target.write_bytes(b"")
    path.symlink_to(target)
    save(path, a=4)
    assert path.is_symlink()
    assert load(target) == {"a": 4}
    ordinary = tmp_path / "ordinary"
    ordinary.write_bytes(b"")
    assert stat.S_IMODE(target.stat().st_mode) == stat.S_IMODE(
        ordinary.stat().st_mode
    )
    assert os.listdir(tmp_path / "far") == ["real.npz"]
