"""A verdict that was reached late is kept to the end, unless something that
its Python can have read has changed: each way in which it can is tried."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest

from bookproof import forward
from bookproof.chapter import read_chapter
from bookproof.config import Project
from bookproof.standing import Reader

START = """\
import collections
import functools
import itertools
import os
import random
import time

import tool
from tool import twice

CELL = [3]
array = np.arange(6.0)
view = array[2:4]
holder = {"deep": [array]}
rng = np.random.default_rng(0)
queue = collections.deque([1, 2], maxlen=2)
scale = 2
lines = iter([1, 2])

def plain(x=1):
    return scale * x

@functools.cache
def cached():
    return plain()

def made(cell):
    return lambda: cell[0]

closed = made(CELL)

class Base:
    step = 1

class Thing(Base):
    def __init__(self):
        self.w = np.ones(3)

    def value(self):
        return self.step * self.w.sum()

    @property
    def half(self):
        return self.w.sum() / scale

    @staticmethod
    def still():
        return scale

class Slotted:
    __slots__ = ("inner",)

thing, slotted = Thing(), Slotted()
slotted.inner = [thing]
bound = thing.value
part = functools.partial(plain, 4)

def imports():
    import time

    return time.time()
"""


@pytest.fixture
def names(tmp_path: Path, monkeypatch: Any) -> Iterator[dict[str, Any]]:
    (tmp_path / "tool.py").write_text(
        "import itertools\n\n"
        "class Config:\n    def __init__(self):\n        self.eps = 1\n\n"
        "class Layer:\n    bias = 1\n    def call(self):\n        return 1\n\n"
        "config, table, clock = Config(), {'a': [1]}, itertools.count()\n\n"
        "def twice(x):\n    next(clock)\n    return 2 * x\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    found: dict[str, Any] = {"__name__": "chapter", "np": np}
    exec(START, found)
    numpy_random: Any = np.random
    states = numpy_random.get_state(), random.getstate()
    yield found
    numpy_random.set_state(states[0])
    random.setstate(states[1])
    del sys.modules["tool"]


def _stands(
    names: dict[str, Any], source: Path, read: str, change: str
) -> bool:
    reader = Reader(names, source)
    stamp = reader.stamp({read})
    assert stamp is not None, read
    reader.forget()
    assert reader.stands(stamp), read
    exec(change, names)
    reader.forget()
    return reader.stands(stamp)


CHANGES = (
    ("array", "array[5] += 1e-9"),
    ("array", "array.shape = 2, 3"),
    ("view", "array[3] = 7"),
    ("holder", "array[0] = -0.0"),
    ("holder", "holder['deep'].append(1)"),
    ("queue", "queue.rotate(1)"),
    ("queue", "queue = collections.deque([1, 2], maxlen=3)"),
    ("rng", "rng.random()"),
    ("plain", "scale = 3"),
    ("plain", "scale = 2.0"),
    ("plain", "plain.__defaults__ = 2,"),
    ("plain", "plain.note = 1"),
    ("plain", "def plain(x=1):\n    return scale * x"),
    ("plain", "del scale"),
    ("cached", "scale = 3"),
    ("cached", "def plain(x=1):\n    return 5"),
    ("closed", "CELL[0] = 4"),
    ("thing", "thing.w[1] = 0"),
    ("thing", "thing.more = 0"),
    ("thing", "Base.step = 2"),
    ("thing", "Thing.value = lambda self: 1"),
    ("thing", "Thing.value.__defaults__ = 1,"),
    ("thing", "thing.__class__ = Base"),
    ("thing", "scale = 1"),
    ("Thing", "Thing.step = 1"),
    ("slotted", "thing.w[0] = 2"),
    ("slotted", "slotted.inner = 1"),
    ("bound", "thing.w[2] = 5"),
    ("part", "scale = 5"),
    ("part", "part.keywords['x'] = 5"),
    ("twice", "tool.config.eps = 2"),
    ("twice", "tool.table['a'][0] = 2"),
    ("twice", "tool.twice = None"),
    ("twice", "tool.Layer.call = None"),
    ("twice", "twice.__code__ = (lambda x: x).__code__"),
    ("np", "np.seterr(divide='ignore')"),
    ("np", "np.set_printoptions(precision=3)"),
    ("np", "np.random.random()"),
    ("np", "np.fft.fft = None"),
    ("scale", "random.random()"),
    ("scale", "os.environ['BOOKPROOF_TEST'] = '1'"),
    ("scale", "scale = True"),
    ("len", "len = max"),
)


@pytest.mark.parametrize(("read", "change"), CHANGES)
def test_what_can_have_been_read_has_changed(
    names: dict[str, Any],
    tmp_path: Path,
    monkeypatch: Any,
    read: str,
    change: str,
) -> None:
    monkeypatch.setattr(np.fft, "fft", np.fft.fft)
    monkeypatch.setenv("BOOKPROOF_TEST", "0")
    with np.errstate(), np.printoptions():
        assert not _stands(names, tmp_path, read, change)


def test_a_setting_of_matplotlib_counts(
    names: dict[str, Any], tmp_path: Path
) -> None:
    names["mpl"] = mpl
    with mpl.rc_context():
        change = "mpl.rcParams['lines.linewidth'] = 7.25"
        assert not _stands(names, tmp_path, "scale", change)


@pytest.mark.parametrize(
    ("read", "change"),
    [
        ("array", "scale, other = 3, 4"),
        ("plain", "array[0] = 9; CELL[0] = 1; rng.random()"),
        ("cached", "cached()"),
        ("thing", "thing.value(); thing.half; Thing.still()"),
        ("slotted", "queue.clear(); np.zeros(3)"),
        ("twice", "twice(3)"),
        ("part", "part(); closed()"),
    ],
)
def test_what_else_changes_does_not_count(
    names: dict[str, Any], tmp_path: Path, read: str, change: str
) -> None:
    assert _stands(names, tmp_path, read, change)


@pytest.mark.parametrize(
    ("read", "bind"),
    [
        ("lines", ""),
        ("number", "number = (i for i in [1])"),
        ("counts", "counts = itertools.count()"),
        ("time", ""),
        ("imports", ""),
        ("os", ""),
        ("open", ""),
        ("vars", "vars = dict"),
        ("path", "path = [os.stat]"),
        ("many", "many = [Thing() for _ in range(9000)]"),
    ],
)
def test_of_what_nobody_can_tell_there_is_no_stamp(
    names: dict[str, Any], tmp_path: Path, read: str, bind: str
) -> None:
    exec(bind, names)
    assert Reader(names, tmp_path).stamp({read}) is None


def test_a_note_on_an_object_counts_for_who_comes_across_it(
    names: dict[str, Any], tmp_path: Path
) -> None:
    """As an engine does that notes when an array was last written to."""
    exec(
        "import weakref\nclass Notes:\n    def __init__(self):\n"
        "        self.what, self.when, self.latest = {}, {}, 0\n"
        "    def note(self, x):\n        self.latest += 1\n"
        "        self.what[id(x)] = weakref.ref(x)\n"
        "        self.when[id(x)] = self.latest\n",
        names["tool"].__dict__,
    )
    exec("tool.notes = tool.Notes(); other = np.ones(2)", names)
    exec("tool.notes.note(other)", names)
    assert _stands(names, tmp_path, "array", "tool.notes.note(other)")
    assert not _stands(names, tmp_path, "other", "tool.notes.note(other)")
    assert not _stands(names, tmp_path, "view", "tool.notes.note(array)")
    exec("tool.notes = tool.Notes()", names)
    assert _stands(names, tmp_path, "array", "tool.notes.note(np.ones(3))")


def _runner(names: dict[str, Any], text: str, tmp_path: Path) -> Any:
    (tmp_path / "page.md").write_text(text)
    recorder = SimpleNamespace(touched=0)
    uses = SimpleNamespace(
        recorder=recorder,
        by=lambda owner: _Nothing(),
        note_names=lambda read: None,
    )
    chapter = read_chapter(
        tmp_path / "page.md", Project.find(tmp_path / "page.md")
    )
    request = SimpleNamespace(wanted=None, variants={}, bare=False)
    state: Any = SimpleNamespace(
        chapter=chapter,
        request=request,
        namespace=names,
        reader=Reader(names, tmp_path),
        uses=uses,
    )
    return forward.Runner(state, lambda event: None)


class _Nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *exception: object) -> None: ...


def test_the_runner_verifies_again_only_what_need_be(
    names: dict[str, Any], tmp_path: Path, monkeypatch: Any
) -> None:
    """Three facts wait for a name; what one of them reads changes then; the
    last one changes what it reads."""
    expressions = ("late + scale", "late * array.sum()", "CELL.append(late)")
    runner = _runner(names, "# A\n\nWords.\n", tmp_path)
    counted: list[str] = []

    def verify(state: Any, index: int, element: Any, scope: Any) -> Any:
        source = expressions[index]
        counted.append(source)
        code = compile(source, "<fact>", "eval")
        state.reader.note(code, ())
        eval(code, dict(names))
        return SimpleNamespace(status="holds", good=True, id=source), None

    monkeypatch.setattr(forward, "verify_element", verify)
    monkeypatch.setattr(runner, "tell", lambda outcome: None)
    element: Any = None
    outcome: Any = None
    runner.waiting = [
        forward.Waiting(index, element, None, outcome, "late")  # type: ignore[arg-type]
        for index in range(3)
    ]
    runner.retry()
    assert counted == []
    names["late"] = 2
    runner.retry()
    assert counted == list(expressions)
    names["array"][0] = 5.5
    runner.end()
    assert counted[3:] == list(expressions[1:])


BREAKS = """\
# A chapter

Words.

```{code-cell} ipython3
import functools
import numpy as np

ones, steps, rng = np.ones(3), [1], np.random.default_rng(1)

def slope(x=2):
    return x

@functools.cache
def kept(n):
    return n

def both():
    return slope() + kept(1)
```

Later {fact}`a1: 3 <ones.sum() * y>`, {fact}`b1: 1 <steps[0] * y>`,
{fact}`c1: 2 <slope() * y>`, {fact}`d1: 3 <both() * y>`,
{fact}`e1: 5.5 <y + 4.5 * np.float64(7 / 7)>`, and {fact}`f1: 1 <kept(1) * y>`;
{fact}`g1: about 0.5 <y * deviation()>`.

```{code-cell} ipython3
import copy

y = 1

def deviation():
    return copy.deepcopy(rng).random()
```

```{code-cell} ipython3
view = ones[1:]
view[0] = 2
steps[0] = 4
slope.__defaults__ = (3,)
rng.random(3);
```
"""


def test_whatever_changed_is_seen_at_the_end(book: Any) -> None:
    seen = book.verdicts(BREAKS)
    ended = {key: seen[f"{key}1"].status for key in "abcdefg"}
    fails = dict.fromkeys("abcdg", "fails")
    assert ended == fails | {"e": "holds", "f": "holds"}
