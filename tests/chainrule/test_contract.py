"""The contract of the transformations: containers, dtypes, what is refused."""

from __future__ import annotations

import collections
import itertools
import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.array([[1.0, -2.0, 0.5], [3.0, 0.25, -1.5]])
P = {"w": X, "rest": [np.array(2.0), (np.array([1.0, -1.0]),)]}


def net(p: Any) -> Any:
    """A curved function of all parts of P, in a way that tells them apart."""
    scale, (shift,) = p["rest"]
    return {"sum": np.sum(p["w"] ** 3) * scale, "rows": [p["w"] @ X[0] * shift]}


def number(p: Any) -> Any:
    out = net(p)
    return out["sum"] + np.sum(out["rows"][0] ** 2)


def turned_round(tree: Any) -> Any:
    """The same container, its keys put in in the other order."""
    if isinstance(tree, dict):
        return {k: turned_round(tree[k]) for k in reversed(tree)}
    if isinstance(tree, list | tuple):
        return type(tree)(map(turned_round, tree))
    return tree


def test_gradients_and_tangents_are_matched_by_key() -> None:
    g = {"sum": np.array(3.0), "rows": [np.array([5.0, 7.0])]}
    _, pullback = cr.vjp(net, P)
    (one,), (other,) = pullback(g), pullback(turned_round(g))
    np.testing.assert_array_equal(one["w"], other["w"])
    np.testing.assert_array_equal(one["rest"][1][0], other["rest"][1][0])
    v = {"w": X[::-1], "rest": [np.array(0.5), (np.array([2.0, 3.0]),)]}
    _, slope = cr.jvp(net, (P,), (v,))
    _, again = cr.jvp(net, (P,), (turned_round(v),))
    np.testing.assert_array_equal(slope["sum"], again["sum"])
    once, twice = cr.hvp(number, P, v), cr.hvp(number, P, turned_round(v))
    np.testing.assert_array_equal(once["w"], twice["w"])
    left = slope["sum"] * 3 + slope["rows"][0] @ np.array([5.0, 7.0])
    right = np.sum(one["w"] * v["w"]) + one["rest"][0] * v["rest"][0]
    right += one["rest"][1][0] @ v["rest"][1][0]
    np.testing.assert_allclose(left, right, rtol=1e-13)


def test_nothing_stands_for_zeros() -> None:
    _, pullback = cr.vjp(net, P)
    (one,) = pullback({"sum": np.array(1.0), "rows": None})
    np.testing.assert_allclose(one["w"], 6 * X**2, rtol=1e-15)
    _, slope = cr.jvp(net, (P,), ({"w": None, "rest": [1.0, None]},))
    np.testing.assert_allclose(slope["sum"], np.sum(X**3), rtol=1e-15)
    assert slope["rows"][0].tolist() == [0, 0]


@pytest.mark.parametrize(
    "g",
    [
        {"sum": 1.0},
        {"sum": 1.0, "row": [np.ones(2)]},
        {"sum": 1.0, "rows": [np.ones(2), np.ones(2)]},
        {"sum": [1.0], "rows": [np.ones(2)]},
        {"sum": 1.0, "rows": np.ones(2)},
        {"sum": 1.0, "rows": [np.ones(3)]},
        {"sum": np.ones(1), "rows": [np.ones(2)]},
    ],
)
def test_other_containers_or_shapes_are_refused(g: Any) -> None:
    with pytest.raises(cr.ShapeError, match="pullback"):
        cr.vjp(net, P)[1](g)


class Named(dict[str, Any]):
    """A dict whose entries are attributes."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


def test_kinds_of_dicts_are_kept() -> None:
    def f(p: Any) -> Any:
        return np.sum(p["w"] ** 2)

    w = np.array([1.0, -2.0])
    g = cr.grad(lambda p: np.sum(p.w**2))(Named(w=w))
    assert type(g) is Named
    np.testing.assert_array_equal(g.w, 2 * w)
    ordered = cr.grad(f)(collections.OrderedDict(w=w))
    assert type(ordered) is collections.OrderedDict
    missing = cr.grad(f)(collections.defaultdict(list, w=w))
    assert missing["v"] == []


def test_arguments_are_counted_by_any_whole_number_once() -> None:
    def f(x: Any, y: Any) -> Any:
        return x * y * y

    assert cr.grad(f, np.int64(1))(2.0, 3.0) == 12.0
    assert cr.grad(f, (np.int64(1), 0))(2.0, 3.0) == (12.0, 9.0)
    assert cr.jacobian(f, [-1])(2.0, 3.0) == (12.0,)
    for twice in ((0, 0), (0, -2)):
        with pytest.raises(ValueError, match="twice"):
            cr.grad(f, twice)(2.0, 3.0)
    with pytest.raises(TypeError):
        cr.grad(f, 0.5)(2.0, 3.0)


def test_other_tangents_are_refused() -> None:
    with pytest.raises(cr.ShapeError, match="jvp"):
        cr.jvp(np.add, (X, X), (X,))
    with pytest.raises(cr.ShapeError, match="jvp"):
        cr.jvp(np.sin, (X,), (X[0],))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_answer_is_an_array_of_the_right_dtype(dtype: Any) -> None:
    """0-d arrays stay arrays, and float32 stays float32, at every order."""
    x = np.array(1.5, dtype)

    def f(x: Any) -> Any:
        return x * x * 3 + x + 2.5 * np.sin(x) - x**4 / 7

    leaf = cr.Tensor(x, requires_grad=True)
    f(leaf).backward()
    f(leaf).backward()
    slope, curve = cr.grad(f), cr.grad(cr.grad(f))
    found = [
        *cr.value_and_grad(f)(x), slope(x), curve(x), cr.grad(curve)(x),
        *cr.jvp(f, (x,), (x,)), *cr.jvp(slope, (x,), (1,)), cr.hvp(f, x, 2),
        cr.vjp(f, x)[0], *cr.vjp(f, x)[1](1.0), cr.jacobian(f)(x),
        cr.jacobian(f, mode="forward")(x), cr.hessian(f)(x), leaf.grad,
    ]  # fmt: skip
    for answer in found:
        assert type(answer) is np.ndarray
        assert (answer.dtype, answer.shape) == (dtype, ())


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x > 0,
        lambda x: np.argmax(x),
        lambda x: x * 1j,
        lambda x: np.abs(x * 1j),
        lambda x: np.allclose(x, x),
    ],
)
def test_a_result_that_is_no_float_has_no_gradient(f: Any) -> None:
    with pytest.raises(cr.NotDifferentiable, match=r"complex|of floats"):
        cr.grad(f)(1.5)


def test_complex_numbers_are_refused_on_every_way() -> None:
    f = lambda x: np.abs(x * 1j)  # noqa: E731
    for run in (
        lambda: cr.jvp(f, (1.5,), (1.0,)),
        lambda: cr.jacobian(f)(X),
        lambda: cr.vjp(f, X)[1](X),
        lambda: cr.vjp(lambda x: x * 1j, X),
        lambda: f(cr.Tensor(1.5, requires_grad=True)).backward(),
        lambda: (cr.Tensor(1.5, requires_grad=True) * 1j).backward(),
    ):
        with pytest.raises(cr.NotDifferentiable, match="complex"):
            run()


def test_jacobians_and_hessians_of_containers() -> None:
    """Each block has the keys of the result, then those of the argument."""
    rows = cr.jacobian(net)(P)
    columns = cr.jacobian(net, mode="forward")(P)
    for found in (rows, columns):
        assert found["sum"]["w"].shape == (2, 3)
        assert found["rows"][0]["rest"][1][0].shape == (2, 2)
        np.testing.assert_allclose(found["sum"]["w"], 6 * X**2, rtol=1e-15)
        shift = found["rows"][0]["rest"][1][0]
        np.testing.assert_allclose(shift, np.diag(X @ X[0]), rtol=1e-15)
    whole = cr.hessian(number)(P)
    v = {"w": X * 2 - 1, "rest": [np.array(0.7), (np.array([2.0, -3.0]),)]}
    product = cr.hvp(number, P, v)["w"]
    block = whole["w"]
    by_hand = np.tensordot(block["w"], v["w"])
    by_hand = by_hand + block["rest"][0] * v["rest"][0]
    by_hand = by_hand + block["rest"][1][0] @ v["rest"][1][0]
    np.testing.assert_allclose(product, by_hand, rtol=1e-13)
    turned = np.moveaxis(whole["rest"][1][0]["w"], 0, -1)
    np.testing.assert_allclose(block["rest"][1][0], turned, rtol=1e-13)


def test_jacobians_have_the_dtype_of_the_argument() -> None:
    def f(x: Any, y: Any) -> Any:
        return x[:2] * y

    args = np.array([1, 2, 3], np.float32), np.array([0.5, 2.0])
    for mode in ("reverse", "forward"):
        jx, jy = cr.jacobian(f, (0, 1), mode)(*args)
        assert (jx.dtype, jy.dtype) == (np.float32, np.float64)
        np.testing.assert_array_equal(jx, [[0.5, 0, 0], [0, 2, 0]])
        np.testing.assert_array_equal(jy, np.diag([1.0, 2.0]))


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_jacobians_of_nothing(mode: Any) -> None:
    empty = np.zeros((0, 2), np.float32)
    found = cr.jacobian(lambda x: x[:, None] * 2, mode=mode)(empty)
    assert (found.shape, found.dtype) == ((0, 1, 2, 0, 2), np.float32)
    found = cr.jacobian(lambda x: np.sum(x), mode=mode)(empty)
    assert (found.shape, found.dtype) == ((0, 2), np.float32)
    constant = cr.jacobian(lambda x: np.ones((3,)), mode=mode)(X)
    np.testing.assert_array_equal(constant, np.zeros((3, 2, 3)))


def test_every_order_of_nesting() -> None:
    """Third derivatives of a quartic, by all eight mixtures of the modes."""

    def forward(f: Any) -> Any:
        return cr.jacobian(f, mode="forward")

    def f(x: Any) -> Any:
        return np.sum(x[0] * x[1] ** 3)

    expected = np.zeros((2, 2, 2))
    expected[1, 1, 1] = 6 * 2.0
    for place in ((0, 1, 1), (1, 0, 1), (1, 1, 0)):
        expected[place] = 6 * 1.5
    at = np.array([2.0, 1.5])
    for a in (cr.jacobian, forward):
        for b in (cr.jacobian, forward):
            for c in (cr.grad, cr.jacobian, forward):
                np.testing.assert_allclose(a(b(c(f)))(at), expected, rtol=1e-14)
    tensor = cr.Tensor(at, requires_grad=True)
    cr.hessian(f)(tensor)[1, 1].backward()
    np.testing.assert_allclose(tensor.grad, expected[1, 1], rtol=1e-14)


def test_a_drawing_of_many_nodes_is_shortened() -> None:
    def chain(x: Any, n: int) -> Any:
        for _ in range(n):
            x = np.sin(x)
        return x

    for n in (59, 60, 500):
        graph = cr.trace(lambda x, n=n: chain(x, n), 1.0)
        assert len(graph.nodes) == n + 1
        svg = graph.to_svg()
        boxes = svg.count("<rect") - (svg.count("<g ") - 1)
        assert boxes == min(n + 1, 60)
        assert (f">{n + 1 - 59} more<" in svg) == (n >= 60)
        value = f"{graph.values[f'v{n}'].item():.4g}"
        assert f">{value}<" in svg


def test_a_wide_drawing_is_broken_into_lines() -> None:
    """No line is wider than a page, and what goes on below has its name."""

    def f(x: Any, w: Any) -> Any:
        first = np.exp(x)
        for _ in range(20):
            x = np.tanh(x * w)
        return x + first

    svg = cr.trace(f, 0.5, 1.1).to_svg()
    width = float(re.findall(r'viewBox="0 0 (\d+) ', svg)[0])
    assert width < 1000
    lines = svg.split("<g ")[1:]
    assert len(lines) > 3
    for above, line in itertools.pairwise(lines):
        guest = re.findall(r">(v\d+)</text>", line)[0]
        assert f">{guest}<" in above + lines[0]
    assert svg.count(">v1<") == 2  # under its box, and where it is read
    assert svg.count(">w<") > 3  # once in each line that reads it
    narrow = cr.trace(lambda x: np.tanh(x) + x, 0.5).to_svg()
    assert narrow.count("<g ") == 1
    assert ">v1<" not in narrow
