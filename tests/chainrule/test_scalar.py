"""The graph of numbers, against hands, brute force, differences, and abuse."""

import cmath
import gc
import math
import operator
import random
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from chainrule import scalar
from chainrule.scalar import Value, backward, topological_order

Program = list[tuple[str, int, int]]

ARITHMETIC = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "over": lambda a, b: a / (1 + b * b),
}
FUNCTIONS = ("exp", "sin", "tanh", "sigmoid")


def random_program(seed: int, steps: int, names: list[str]) -> Program:
    """Each step reads the last value; the last reads an early one again."""
    draw = random.Random(seed)
    program = [
        (draw.choice(names), k + 2, draw.randrange(k + 3))
        for k in range(steps - 1)
    ]
    return [*program, ("mul", steps + 1, 3)]


def run(
    program: Program,
    inputs: list[Any],
    functions: Callable[[str], Callable[[Any], Any]],
) -> list[Any]:
    made = list(inputs)
    for name, i, j in program:
        if name in ARITHMETIC:
            made.append(ARITHMETIC[name](made[i], made[j]))
        else:
            made.append(functions(name)(made[i]))
    return made


def recorded(name: str) -> Callable[[Any], Any]:
    function: Callable[[Any], Any] = getattr(scalar, name)
    return function


def plain_complex(name: str) -> Callable[[complex], complex]:
    if name == "sigmoid":
        return lambda x: 1 / (1 + cmath.exp(-x))
    function: Callable[[complex], complex] = getattr(cmath, name)
    return function


def paths(root: Value, leaf: Value) -> Iterator[Any]:
    """The product of slopes of every path, one after the other."""
    if root is leaf:
        yield 1
    for source, slope in root.edges:
        for rest in paths(source, leaf):
            yield slope * rest


def test_the_worked_example_by_hand() -> None:
    x, y, w = Value(2), Value(3), Value(4)
    s = x + y
    z = s * w
    loss = z**2
    assert (s.value, z.value, loss.value) == (5, 20, 400)
    table = backward(loss)
    assert table == {loss: 1, z: 40, s: 160, w: 200, x: 160, y: 160}
    assert all(isinstance(g, int) for g in table.values())


def test_fractions_stay_exact() -> None:
    """A rational function, differentiated by hand with the quotient rule."""
    a, b = Fraction(2, 3), Fraction(-5, 7)
    x, y = Value(a), Value(b)
    table = backward((x * x - 3 * y) / (y**3 + 1) - 2 / x)
    top, bottom = a * a - 3 * b, b**3 + 1
    assert table[x] == 2 * a / bottom + 2 / a**2
    assert table[y] == (-3 * bottom - top * 3 * b * b) / bottom**2


@pytest.mark.parametrize("seed", range(40))
def test_all_paths_of_random_graphs(seed: int) -> None:
    """Exact, on whole numbers: brute force over every path, every node."""
    program = random_program(seed, 9, ["add", "sub", "mul"])
    made = run(program, [Value(2), Value(-3), Value(5)], recorded)
    reads = [x for v in topological_order(made[-1]) for x, _ in v.edges]
    assert len(set(reads)) < len(reads)
    table = backward(made[-1])
    for node in made:
        assert table.get(node, 0) == sum(paths(made[-1], node))


@pytest.mark.parametrize("seed", range(40))
def test_complex_step_on_random_programs(seed: int) -> None:
    program = random_program(seed, 10, [*ARITHMETIC, *FUNCTIONS])
    at = [0.7, -1.3, 0.4]
    made = run(program, [Value(x) for x in at], recorded)
    table = backward(made[-1])
    for k in range(3):
        inputs = [complex(x, 1e-200 * (i == k)) for i, x in enumerate(at)]
        slope = run(program, inputs, plain_complex)[-1].imag / 1e-200
        assert table.get(made[k], 0.0) == pytest.approx(slope, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "at", "derivative"),
    [
        ("exp", -0.3, math.exp(-0.3)),
        ("log", 2.5, 0.4),
        ("sqrt", 6.25, 0.2),
        ("sin", 0.9, math.cos(0.9)),
        ("tanh", -0.8, 1 / math.cosh(0.8) ** 2),
        ("sigmoid", 1.1, 1 / (2 + 2 * math.cosh(1.1))),
        ("relu", 1.7, 1),
        ("relu", -1.7, 0),
        ("relu", 0.0, 0),
    ],
)
def test_slopes_against_other_formulas(
    name: str, at: float, derivative: float
) -> None:
    x = Value(at)
    y = recorded(name)(x)
    assert backward(3 * y)[x] == pytest.approx(3 * derivative, rel=1e-14)
    assert y.op == name


@pytest.mark.parametrize("exponent", [3, 2, 1, 0, -1, -2, 0.5])
def test_powers(exponent: float) -> None:
    x = Value(1.5)
    slope = backward(x**exponent)[x]
    step = 1e-6
    rise = (1.5 + step) ** exponent - (1.5 - step) ** exponent
    assert slope == pytest.approx(rise / (2 * step), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize(("at", "value"), [(3, 3), (0, 0), (-3, 0)])
def test_the_rectifier_keeps_whole_numbers_whole(at: int, value: int) -> None:
    y = scalar.relu(Value(at))
    assert y.value == value
    assert isinstance(y.value, int)


def test_power_zero_of_zero_has_slope_zero() -> None:
    x = Value(0)
    y = x**0
    assert y.value == 1
    assert backward(y)[x] == 0


def test_sigmoid_never_overflows() -> None:
    assert scalar.sigmoid(Value(-1e4)).value == 0
    assert scalar.sigmoid(Value(1e4)).value == 1


def test_quotient_of_large_numbers_has_a_slope() -> None:
    x = Value(1e200)
    assert backward(1 / x)[x] == 0.0
    y = Value(1e-200)
    assert backward(1e-300 / y)[y] == pytest.approx(-1e100)


def test_one_value_in_both_places() -> None:
    x = Value(3)
    assert backward(x * x)[x] == 6
    assert backward(x + x)[x] == 2
    assert backward(x - x)[x] == 0
    assert backward(x / x)[x] == 0


def test_constants_are_no_nodes() -> None:
    x = Value(3)
    y = 2 * x - 1 + 5 / x - -x
    assert sum(not v.edges for v in topological_order(y)) == 1
    assert backward(y)[x] == pytest.approx(3 - 5 / 9)


def test_the_seed_scales_everything() -> None:
    made = run(
        random_program(5, 9, ["add", "mul"]),
        [Value(2), Value(3), Value(4)],
        recorded,
    )
    one, seven = backward(made[-1]), backward(made[-1], seed=7)
    assert seven == {node: 7 * g for node, g in one.items()}


def test_sweeps_do_not_mix() -> None:
    x = Value(2)
    y = x**3
    assert backward(y)[x] == backward(y)[x] == 12
    assert not hasattr(y, "grad")


def test_nodes_off_the_path_have_no_gradient() -> None:
    x, idle = Value(2), Value(3)
    other = idle * x
    table = backward(x**2)
    assert idle not in table
    assert other not in table


def test_inputs_stand_before_what_reads_them() -> None:
    made = run(
        random_program(11, 60, [*ARITHMETIC][:3]),
        [Value(0.1), Value(0.2), Value(-0.3)],
        recorded,
    )
    order = topological_order(made[-1])
    place = {node: k for k, node in enumerate(order)}
    assert len(place) == len(order)
    assert order[-1] is made[-1]
    for node in order:
        assert all(place[x] < place[node] for x, _ in node.edges)


def test_many_paths_cost_nothing() -> None:
    """Sixty doublings: 2**60 paths, and an answer."""
    node = first = Value(1)
    for _ in range(60):
        node = node + node
    assert backward(node)[first] == 2**60


def test_a_long_chain_is_swept_and_freed() -> None:
    node = first = Value(1.0)
    for _ in range(100_000):
        node = node * 1.0
    assert backward(node)[first] == 1.0
    del node
    gc.collect()


def test_a_cycle_is_found() -> None:
    x = Value(2)
    s = x + 1
    z = s * x
    s.edges = ((z, 1),)
    with pytest.raises(ValueError, match="cycle"):
        backward(z)
    x.edges = ((x, 1),)
    with pytest.raises(ValueError, match="depends on itself"):
        topological_order(x)


def test_sharing_is_no_cycle() -> None:
    x = Value(2)
    a = x + 1
    assert backward((a * x) * (a + x))[x] == 3 * 5 + 2 * 5 + 2 * (3 * 2)


@pytest.mark.parametrize(
    "bad", ["2", None, [1.0], (1,), {}, np.ones(3), np.ones((1, 1))]
)
def test_what_is_no_number_is_refused(bad: Any) -> None:
    x = Value(2.0)
    for attempt in (
        lambda: Value(bad),
        lambda: x + bad,
        lambda: bad + x,
        lambda: x * bad,
        lambda: bad * x,
        lambda: bad - x,
        lambda: x / bad,
        lambda: scalar.exp(bad),
    ):
        with pytest.raises(TypeError, match="a node holds one number"):
            attempt()


@pytest.mark.parametrize("bad", [400, [Value(1), Value(2)], None])
def test_the_sweep_starts_from_one_value(bad: Any) -> None:
    with pytest.raises(TypeError, match="the sweep starts from one Value"):
        backward(bad)


def test_an_exponent_on_the_graph_is_refused() -> None:
    with pytest.raises(TypeError, match="exponent"):
        Value(2.0) ** Value(3.0)  # type: ignore[operator]


def test_numpy_numbers_keep_out_of_the_way() -> None:
    x = Value(3.0)
    for y in (np.float64(2) * x, x * np.float32(2), np.float64(2) + x - 2):
        assert isinstance(y, Value)
        assert backward(y)[x] in (1, 2)


def test_comparisons_look_at_numbers() -> None:
    x, y = Value(2), Value(3)
    assert x < y
    assert x <= 2
    assert y > 2.5
    assert x >= 2
    assert not x > y
    assert not y <= x
    assert not x >= 3
    assert not x < 2
    assert not x > 2
    assert max(x, y) is y
    assert x != Value(2), "nodes are compared by identity"


def test_a_value_shows_itself() -> None:
    assert repr(Value(2) + 3) == "Value(5, 'add')"


def test_the_module_needs_nothing_but_mathematics() -> None:
    """So that it runs in a page and in the smallest Python."""
    source = scalar.__file__
    assert source is not None
    with open(source, encoding="utf-8") as file:
        lines = file.read().splitlines()
    imports = [line for line in lines if "import" in line.split()]
    assert imports == ["import math"]
