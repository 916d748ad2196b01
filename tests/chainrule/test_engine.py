"""Recording, sweeping, levels, leaks, limits and errors."""

from __future__ import annotations

import copy
import gc
import pickle
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import changes, engine, sweeping
from chainrule.rules import elementwise, fused

A = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])
B = np.array([[2.0, 1.0], [-1.0, 3.0], [0.5, 2.0]])


def test_the_two_derivatives_are_kept_apart() -> None:
    D = cr.grad
    assert D(lambda x: x * D(lambda y: x + y)(1.0))(1.0) == 1
    assert D(lambda x: x * D(lambda y: x * y * y)(3.0))(2.0) == 24


def forward(f: Any) -> Any:
    return lambda x: cr.jvp(f, (x,), (np.ones(()),))[1]


@pytest.mark.parametrize("outer", [cr.grad, forward])
@pytest.mark.parametrize("inner", [cr.grad, forward])
def test_levels_mix_modes(outer: Any, inner: Any) -> None:
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(1.0) == 1
    third = outer(inner(cr.grad(lambda x: x**4)))(2.0)
    np.testing.assert_allclose(third, 48)


def test_a_tensor_inside_a_transformation_is_recorded_below() -> None:
    w = cr.Tensor(2.0, requires_grad=True)
    slope = cr.grad(lambda x: w * w * x**3)(np.array(1.0))
    assert isinstance(slope, cr.Tensor)
    slope.backward()
    assert w.grad == 12


def test_hessians_agree_and_are_symmetric() -> None:
    def f(x: Any) -> Any:
        return np.sum(np.tanh(A @ x) ** 3) + np.prod(x)

    x = np.array([0.3, -0.7, 1.1])
    reverse = cr.jacobian(cr.grad(f))(x)
    both = cr.hessian(f)(x)
    np.testing.assert_allclose(both, reverse, rtol=1e-12)
    np.testing.assert_allclose(both, both.T, rtol=1e-12)
    v = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(cr.hvp(f, x, v), both @ v, rtol=1e-12)
    assert cr.gradcheck(cr.grad(f), x)


def test_jacobian_by_rows_and_by_columns() -> None:
    def f(x: Any, y: Any) -> Any:
        return np.sin(x @ B) * y

    args = A, np.array([3.0, -1.0])
    rows = cr.jacobian(f, (0, 1))(*args)
    columns = cr.jacobian(f, (0, 1), mode="forward")(*args)
    for one, other, x in zip(rows, columns, args, strict=True):
        assert one.shape == (2, 2, *x.shape)
        np.testing.assert_allclose(one, other, rtol=1e-14)


def test_containers_come_back_as_they_went_in() -> None:
    def f(parameters: Any) -> Any:
        layer, (a, b) = parameters["layer"], parameters["rest"]
        return np.sum(layer[0] @ B) * a + b * b

    given = {"layer": [A], "rest": (2.0, np.array(3.0, np.float32))}
    found = cr.grad(f)(given)
    np.testing.assert_allclose(found["layer"][0], 2 * np.ones((2, 2)) @ B.T)
    assert isinstance(found["rest"], tuple)
    assert found["rest"][0] == np.sum(A @ B)
    assert found["rest"][1] == 6
    assert found["rest"][1].dtype == np.float32


def test_vjp_pulls_back_as_often_as_asked() -> None:
    out, pullback = cr.vjp(lambda x, y: {"a": x @ y, "b": [x[0]]}, A, B)
    np.testing.assert_array_equal(out["a"], A @ B)
    g = {"a": np.ones((2, 2)), "b": [np.array([1.0, 0, 0])]}
    first, second = pullback(g), pullback(g)
    expected = np.ones((2, 2)) @ B.T
    expected[0, 0] += 1
    for x, y in (first, second):
        np.testing.assert_allclose(x, expected)
        np.testing.assert_allclose(y, A.T @ np.ones((2, 2)))


def test_gradients_belong_to_the_caller() -> None:
    """Scaling one gradient in place leaves the others as they were."""
    x = cr.Tensor(np.ones(3), requires_grad=True)
    y = cr.Tensor(np.ones(3), requires_grad=True)
    seed = np.array([1.0, 2.0, 3.0])
    (x + y).backward(seed)
    assert x.grad is not None
    x.grad *= 10
    np.testing.assert_array_equal(y.grad, [1, 2, 3])
    np.testing.assert_array_equal(seed, [1, 2, 3])
    g = cr.grad(lambda x: np.sum(x))(np.ones(3))
    g *= 2
    np.testing.assert_array_equal(g, [2, 2, 2])


def test_grad_accumulates() -> None:
    x = cr.Tensor([3.0, 4.0], requires_grad=True)
    for _ in range(2):
        (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad, [12, 16])
    x.grad = None
    (x * 1).sum().backward()
    np.testing.assert_array_equal(x.grad, [1, 1])


def test_diamonds_share_their_work() -> None:
    """Sixty diamonds hold 2**60 paths; one sweep adds them all."""
    calls = 0
    before = sweeping.pull

    def counted(node: Any, g: Any) -> Any:
        nonlocal calls
        calls += 1
        return before(node, g)

    x = cr.Tensor(1.0, requires_grad=True)
    y = x
    for _ in range(60):
        y = y + y
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sweeping, "pull", counted)
        y.backward()
    assert x.grad == 2.0**60
    assert calls == 60


def test_a_million_nodes_in_a_small_stack() -> None:
    """Build, sweep and free a chain no recursion could follow.

    Python 3.13 frees up to ten thousand nested objects by recursion, its own
    tuples too, and for that it needs up to a megabyte.
    """

    def chain() -> cr.Tensor:
        y = x
        for _ in range(10**6):
            y = y + 1.0
        return y

    x = cr.Tensor(0.0, requires_grad=True)
    done = []

    def work() -> None:
        y = chain()
        y.backward()
        done.append(x.grad)
        y = chain()
        del y
        done.append(True)

    size = threading.stack_size(1024 * 1024)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        threading.stack_size(size)
    assert done == [1.0, True]


def test_dropped_results_free_themselves() -> None:
    gc.disable()
    try:
        x = cr.Tensor(A, requires_grad=True)
        y = np.exp(x)
        kept = weakref.ref(y.data)
        z = (y * y).sum()
        del y
        assert kept() is not None
        del z
        assert kept() is None
        y = np.exp(x)
        kept = weakref.ref(y.data)
        z = (y * y).sum()
        del y
        z.backward()
        assert kept() is None
    finally:
        gc.enable()


def test_a_transformation_leaves_nothing_behind() -> None:
    gc.disable()
    try:
        seen: list[Any] = []

        def f(x: Any) -> Any:
            y = np.exp(x)
            seen.append(weakref.ref(y.value))
            return np.sum(y * y)

        cr.grad(f)(A)
        assert seen[0]() is None
        assert engine.running == {0}
    finally:
        gc.enable()


def test_leaked_tracers_are_found() -> None:
    kept: list[Any] = []
    cr.grad(lambda x: kept.append(x) or np.sum(x))(A)
    with pytest.raises(cr.LeakedTracer, match="ended"):
        kept[0] * 2
    with pytest.raises(cr.LeakedTracer):
        cr.grad(lambda y: np.sum(y * kept[0]))(A)
    with pytest.raises(ZeroDivisionError):
        cr.grad(lambda x: 1 // 0)(1.0)
    assert engine.running == {0}


def test_no_grad_records_nothing_but_what_starts_inside() -> None:
    x = cr.Tensor(A, requires_grad=True)
    with cr.no_grad():
        y = x * x
        slope = cr.grad(lambda t: t**3)(2.0)
    assert not y.requires_grad
    assert slope == 12
    assert (x * x).requires_grad

    @cr.no_grad()
    def double(t: Any) -> Any:
        return t * 2

    assert not double(x).requires_grad
    g = cr.grad(lambda t: t * double(t))(3.0)
    assert g == 6


def test_one_no_grad_may_be_entered_twice() -> None:
    quiet = cr.no_grad()
    with quiet, quiet:
        pass
    assert (cr.Tensor(1.0, requires_grad=True) * 2).requires_grad


def test_conventions_at_kinks() -> None:
    def slope(f: Any, *x: Any) -> Any:
        return cr.jacobian(f)(np.array(x)).tolist()

    assert slope(lambda x: np.max(x), 2.0, 1.0, 2.0) == [0.5, 0, 0.5]
    assert slope(lambda x: np.maximum(x[0], x[1]), 3.0, 3.0) == [0.5, 0.5]
    assert slope(lambda x: np.sum(np.abs(x)), 0.0, -2.0) == [0, -1]
    assert slope(lambda x: np.sum(np.clip(x, 0, 1)), 0.0, 1.0, 2.0) == [1, 1, 0]
    assert slope(lambda x: np.sum(fused.relu(x)), 0.0, 2.0) == [0, 1]


def test_an_untaken_branch_sends_no_nan() -> None:
    x = np.array([0.0, 4.0])
    root = cr.grad(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)))(x)
    np.testing.assert_array_equal(root, [0, 0.25])
    with np.errstate(divide="ignore"):
        log = cr.grad(lambda x: np.sum(np.where(x > 0, np.log(x), 0.0)))(x)
    np.testing.assert_array_equal(log, [0, 0.25])


def test_threads_do_not_share_no_grad() -> None:
    seen: list[bool] = []
    x = cr.Tensor(1.0, requires_grad=True)
    with cr.no_grad():
        thread = threading.Thread(
            target=lambda: seen.append((x * x).requires_grad)
        )
        thread.start()
        thread.join()
    assert seen == [True]


def test_float32_stays_and_numbers_are_weak() -> None:
    x = cr.Tensor(np.ones(3, np.float32), requires_grad=True)
    y = (2 * x + 1.5) ** 2 / 3.0 - np.tanh(x) * 0.1
    y = np.where(y > 0, y, 0.0) + np.maximum(y, 0) + np.clip(y, 0, 1)
    assert y.dtype == np.float32
    y.mean().backward()
    assert x.grad is not None
    assert x.grad.dtype == np.float32
    z = x * np.ones(3)
    assert z.dtype == np.float64
    z.sum().backward()
    assert x.grad.dtype == np.float32


@pytest.mark.parametrize("bad", [np.arange(3), [1, 2], True, 1j])
def test_only_floats_have_gradients(bad: Any) -> None:
    with pytest.raises(TypeError, match="float"):
        cr.Tensor(bad, requires_grad=True)
    if not isinstance(bad, list):
        with pytest.raises(TypeError, match="float"):
            cr.grad(lambda x: x)(bad)


def test_a_second_backward_is_refused() -> None:
    x = cr.Tensor(A, requires_grad=True)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_array_equal(x.grad, 4 * A)
    with pytest.raises(RuntimeError, match="retain_graph"):
        y.backward()


def test_backward_says_what_to_pass() -> None:
    x = cr.Tensor(A, requires_grad=True)
    with pytest.raises(cr.ShapeError, match=r"pass backward\(grad\)"):
        (x * x).backward()
    with pytest.raises(cr.ShapeError, match=r"\(2, 3\) and \(3,\)"):
        (x * x).backward(np.ones(3))
    with pytest.raises(TypeError, match="nothing to go back to"):
        cr.Tensor(A).sum().backward()
    with pytest.raises(ValueError, match=r"of shape \(\)"):
        cr.grad(lambda x: x * x)(A)


def test_shape_errors_name_operation_and_shapes() -> None:
    x = cr.Tensor(A, requires_grad=True)
    with pytest.raises(cr.ShapeError, match="matmul") as caught:
        x @ A
    assert caught.value.shapes == ((2, 3), (2, 3))
    with pytest.raises(ValueError, match=r"add: shapes \(2, 3\) and \(2,\)"):
        x + np.ones(2)
    with pytest.raises(cr.ShapeError, match="reshape"):
        x.reshape(4, 2)


def test_escapes_are_refused() -> None:
    def escapes(f: Any) -> None:
        with pytest.raises(cr.NotDifferentiable):
            cr.grad(f)(A)

    escapes(lambda x: np.array([x[0, 0], x[0, 1]]))
    escapes(lambda x: float(x[0, 0]))
    escapes(lambda x: int(x[0, 0]))
    escapes(lambda x: np.ones(3)[x[0, 0]])
    escapes(lambda x: x[x])
    escapes(lambda x: np.linalg.svd(x))
    escapes(lambda x: np.sum(x, where=A > 0))
    escapes(lambda x: np.sum(x, initial=x[0, 0]))
    escapes(lambda x: np.subtract.accumulate(x))
    escapes(lambda x: np.add.reduceat(x, [0, 1]))
    escapes(lambda x: np.nextafter(x, 0.5))
    with pytest.raises(cr.NotDifferentiable, match=r"np\.linalg\.svd"):
        cr.grad(np.linalg.svd)(A)
    with pytest.raises(cr.NotDifferentiable, match=r"np.stack"):
        np.asarray(cr.Tensor(A, requires_grad=True))
    assert np.asarray(cr.Tensor(A)).dtype == np.float64


def test_flat_functions_return_plain_arrays() -> None:
    x = cr.Tensor(A, requires_grad=True)
    for y in (x > 0, x == x, np.sign(x), np.floor(x), np.argmax(x), x.argmin()):
        assert not isinstance(y, engine.Traced)
    assert sum([x[0], x[1]]).shape == (3,)


def test_changes_in_place_are_found() -> None:
    x = cr.Tensor(A, requires_grad=True)
    y = x * 2
    z = y * y
    y += 1
    with pytest.raises(cr.InPlaceError, match="multiply"):
        z.sum().backward()
    with pytest.raises(cr.InPlaceError, match="no_grad"):
        x += 1
    acc = np.zeros(A.shape)
    with pytest.raises(cr.InPlaceError, match="acc = acc"):
        acc += x
    with pytest.raises(cr.InPlaceError, match=r"np\.where"):
        cr.grad(lambda t: t.__setitem__(0, 1.0))(A)
    y = np.exp(x)
    y[0, 0] = 7.0
    with pytest.raises(cr.InPlaceError, match="exp"):
        y.sum().backward()
    z = (x * x).sum()
    with cr.no_grad():
        x -= 1
    with pytest.raises(cr.InPlaceError):
        z.backward()
    z = (x[0] * x[0]).sum()
    x.data -= 1
    with pytest.raises(cr.InPlaceError):
        z.backward()


def test_changes_in_place_that_do_no_harm() -> None:
    x = cr.Tensor(A, requires_grad=True)
    total = cr.Tensor(0.0)
    for _ in range(3):
        total += (x * x).sum()
    total *= 0.5
    total.backward()
    np.testing.assert_array_equal(x.grad, 3 * A)
    for _ in range(3):
        (x * x).sum().backward()
        with cr.no_grad():
            x -= 0.1 * x.grad


def set_an_entry(x: Any) -> Any:
    h = x * 2
    h[0] = 5.0
    return h


def set_an_entry_of_a_view(x: Any) -> Any:
    h = x * 2
    h.T[1:][0] = 5.0
    return h


def scale_a_view(x: Any) -> Any:
    h = x * 2
    part = h[:1]
    part *= 3
    return h


def scale_what_is_viewed(x: Any) -> Any:
    h = x * 2
    part = h[:1]
    h *= 3
    return part


def scale_twice(x: Any) -> Any:
    h = x * 2
    part = h[:1]
    h *= 3
    late = part + 0
    h *= 3
    return late


@pytest.mark.parametrize(
    "f",
    [
        set_an_entry,
        set_an_entry_of_a_view,
        scale_a_view,
        scale_what_is_viewed,
        scale_twice,
    ],
)
def test_a_result_that_changed_is_not_used_with_its_old_history(f: Any) -> None:
    """No rule reads the entries, but the slopes would be those before."""
    x = cr.Tensor(A, requires_grad=True)
    with pytest.raises(cr.InPlaceError, match="before"):
        f(x).sum().backward()


def test_a_view_of_a_leaf_is_as_the_leaf() -> None:
    x = cr.Tensor(A, requires_grad=True)
    for view in (x[:1], x.T[1:], x.reshape(-1)[::2], x.reshape(3, 2).T):
        with pytest.raises(cr.InPlaceError, match="no_grad"):
            view += 1
        with pytest.raises(cr.InPlaceError, match="no_grad"):
            view[0] = 1.0
    np.testing.assert_array_equal(x.data, A)
    with cr.no_grad():
        row = x[:1]
        row += 1
    np.testing.assert_array_equal(x.data, A + np.array([[1.0], [0.0]]))


def test_a_result_may_change_while_nobody_looks_back() -> None:
    x, known = cr.Tensor(A, requires_grad=True), len(changes.changed.results)
    h = x * 2
    before = h.sum()
    h[h < 0] = 0.0
    np.testing.assert_array_equal(h.data, np.maximum(2 * A, 0))
    before.backward()
    np.testing.assert_array_equal(x.grad, np.full(A.shape, 2.0))
    x.grad = None
    # A part of what was scaled may be taken afterwards
    h = x * 2
    h *= 3
    h += x
    (h[:1] + h.T.reshape(2, 3)).sum().backward()
    np.testing.assert_array_equal(x.grad, 7 * np.array([[3.0] * 3, [1.0] * 3]))
    del h, before
    gc.collect()
    assert len(changes.changed.results) == known


def test_plus_makes_a_copy_as_in_numpy() -> None:
    x = cr.Tensor(A, requires_grad=True)
    h = x * 2
    twin = +h
    twin *= 3
    np.testing.assert_array_equal(h.data, 2 * A)
    (h + twin).sum().backward()
    np.testing.assert_array_equal(x.grad, np.full(A.shape, 8.0))


def test_a_traced_number_is_not_taken_out_unseen() -> None:
    with pytest.raises(cr.NotDifferentiable, match="lose its derivative"):
        cr.grad(lambda x: x * x.item())(2.0)
    assert cr.Tensor(2.0, requires_grad=True).item() == 2.0


def test_a_gradient_that_is_set_fits_its_tensor() -> None:
    x = cr.Tensor(A.astype(np.float32), requires_grad=True)
    for wrong in (np.ones(3), 1.0, [[1.0, 2.0]]):
        with pytest.raises(cr.ShapeError, match="grad"):
            x.grad = wrong
    assert x.grad is None
    x.grad = A.tolist()
    assert isinstance(x.grad, np.ndarray)
    assert x.grad.dtype == np.float32
    mine = np.ones(A.shape, np.float32)
    x.grad = mine
    assert x.grad is mine


def test_leaves_are_copied_and_results_are_not() -> None:
    x = cr.Tensor(A, requires_grad=True)
    x.grad = 2 * A
    for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        np.testing.assert_array_equal(twin.data, A)
        np.testing.assert_array_equal(twin.grad, 2 * A)
        (twin * twin).sum().backward()
        np.testing.assert_array_equal(twin.grad, 4 * A)
        np.testing.assert_array_equal(x.grad, 2 * A)
        with cr.no_grad():
            twin -= 1
        np.testing.assert_array_equal(x.data, A)
    plain = copy.deepcopy(cr.Tensor([1, 2]))
    assert plain.data.tolist() == [1, 2]
    assert not plain.requires_grad
    long = x
    for _ in range(3000):
        long = long + 1
    for twin in (copy.deepcopy, pickle.dumps):
        with pytest.raises(cr.NotDifferentiable, match="detach"):
            twin(long)
        twin(long.detach())


@pytest.mark.parametrize("order", ["C", "F", "A", "K"])
@pytest.mark.parametrize("stored", ["C", "F"])
def test_orders_of_entries_are_numpys(order: Any, stored: Any) -> None:
    x = np.array(A, order=stored)
    x[0, 0] = 7.0
    functions = [lambda t: t.ravel(order), lambda t: np.ravel(t, order=order)]
    if order != "K":
        functions.append(lambda t: np.reshape(t, (3, 2), order=order))
    for f in functions:
        t = cr.Tensor(0.0).like(x, engine.Leaf(x))
        np.testing.assert_array_equal(f(t).data, f(x))
    with pytest.raises(cr.NotDifferentiable, match="order"):
        np.ravel(cr.Tensor(0.0).like(x[:, ::2], None), order="K")


def test_lists_stand_for_arrays_in_both_modes() -> None:
    x, row = np.array([0.5, 2.0]), [2.0, 3.0]
    for f in (
        lambda x: x**row,
        lambda x: np.arctan2(x, row),
        lambda x: np.arctan2(row, x),
        lambda x: x / row,
        lambda x: x @ row,
    ):
        there = cr.jacobian(f, mode="forward")(x)
        np.testing.assert_allclose(there, cr.jacobian(f)(x), rtol=1e-14)


def test_errors_survive_a_process() -> None:
    error = cr.ShapeError("matmul", [(2, 3), (4,)], "they differ", "layer 1")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(twin) is cr.ShapeError
        assert (str(twin), vars(twin)) == (str(error), vars(error))


def test_errors_are_what_a_python_user_expects() -> None:
    kinds = {
        cr.ShapeError: ValueError,
        cr.GradientError: ValueError,
        cr.NotDifferentiable: TypeError,
        cr.InPlaceError: RuntimeError,
        cr.LeakedTracer: RuntimeError,
        cr.FreedGraphError: RuntimeError,
    }
    for ours, theirs in kinds.items():
        assert issubclass(ours, cr.ChainRuleError)
        assert issubclass(ours, theirs)


def test_gradcheck_finds_the_wrong_entry() -> None:
    tanh = engine.Primitive(np.tanh, "tanh")
    tanh.vjps = (lambda g, ans, x: g * np.where(x > 2, 1.0, 1 - ans * ans),)
    x = np.array([0.5, -0.3, 2.5])
    assert cr.gradcheck(tanh, x[:2])
    with pytest.raises(cr.GradientError) as caught:
        cr.gradcheck(lambda y, x: tanh(x) * y, (np.ones(3), x))
    error = caught.value
    assert (error.argument, error.index, error.output) == (1, (2,), (2,))
    assert error.analytic == 1
    np.testing.assert_allclose(error.numeric, 1 - np.tanh(2.5) ** 2, rtol=1e-6)
    assert error.relative_error > 0.9


def test_gradcheck_takes_lists_and_functions_with_parameters() -> None:
    w = cr.Tensor(B, requires_grad=True)
    assert cr.gradcheck(lambda x, y: np.sum(x @ w) * y, [A, np.array(2.0)])
    assert cr.gradcheck(lambda x: np.tanh(x @ w), cr.Tensor(A, True))
    assert cr.gradcheck(lambda p: p["a"] * p["b"], ({"a": A, "b": 3 * A},))


def test_one_number_prints_like_a_number() -> None:
    loss = (cr.Tensor(A, requires_grad=True) * 2).sum()
    assert f"{loss:.2f}" == "11.00"


def test_a_rule_with_a_wrong_shape_is_named() -> None:
    bad = engine.Primitive(lambda x: x.sum(axis=0), "bad")
    bad.vjps = (lambda g, ans, x: g,)
    with pytest.raises(cr.ShapeError, match="rule of bad"):
        cr.grad(lambda x: bad(x).sum())(A)


def test_trace_draws_what_was_computed() -> None:
    graph = cr.trace(lambda x, y, w: ((x + y) * w) ** 2, 1.0, 3.0, 5.0)
    assert graph.values["v3"] == 400
    expected = {"x": 200, "y": 200, "w": 160, "v1": 200, "v2": 40, "v3": 1}
    assert graph.gradients == expected
    assert ("w", "v2") in graph.edges
    svg = graph.to_svg()
    assert svg.count("#c2410c") == len(graph.nodes)
    for number in ("400", "40", "200", "160"):
        assert f">{number}<" in svg
    assert graph.to_dot().count("->") == len(graph.edges)


def test_trace_names_unused_and_nested_arguments() -> None:
    graph = cr.trace(lambda p, q: np.sum(p["a"] * 2), {"a": A, "b": A}, 1.0)
    assert list(graph.nodes)[:3] == ["p.0", "p.1", "q"]
    assert not graph.gradients["p.1"].any()
    assert "2×3" in graph.to_svg()


def test_a_number_used_often_is_visited_once() -> None:
    """A hundred thousand uses of one result: as many sums, one rule."""
    asked = 0

    def counted(g: Any, _ans: Any, _x: Any) -> Any:
        nonlocal asked
        asked += 1
        return g * 3

    triple = engine.Primitive(lambda x: 3 * x, "triple")
    triple.vjps = (counted,)
    x = cr.Tensor(1.0, requires_grad=True)
    y = triple(x)
    total = y
    for _ in range(10**5 - 1):
        total = total + y
    total.backward()
    assert x.grad == 3e5
    assert asked == 1


def test_the_order_is_that_of_births_wherever_a_node_waits() -> None:
    """Branches of unequal length, joined: no node speaks before it has heard.

    The gradient of each of 200 random graphs is that of forward mode.
    """
    rng = np.random.default_rng(6)

    def program(x: Any) -> Any:
        made = [x, np.sin(x)]
        for i, j, k in picks:
            a, b = made[i % len(made)], made[j % len(made)]
            made.append([a + b, a * b, np.sin(a), a - b, np.tanh(b)][k])
        return sum(made[::3])

    for _ in range(200):
        picks = np.stack(
            [*rng.integers(0, 99, (2, 12)), rng.integers(0, 5, 12)], axis=1
        ).tolist()
        found = cr.grad(program)(0.7)
        _, slope = cr.jvp(program, (np.array(0.7),), (np.ones(()),))
        np.testing.assert_allclose(found, slope, rtol=1e-9, atol=1e-12)
        x = cr.Tensor(0.7, requires_grad=True)
        program(x).backward()
        assert x.grad == found


def step_of_training() -> Any:
    """One step after another of a small network."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(8, 3)), rng.integers(0, 4, 8)
    model = cr.nn.Sequential(
        cr.nn.Linear(3, 5, rng=rng), cr.nn.ReLU(), cr.nn.Linear(5, 4, rng=rng)
    )
    optimizer = cr.optim.SGD(model.parameters(), 0.1, momentum=0.9)

    def step() -> None:
        optimizer.zero_grad()
        cr.nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()

    return step


def test_a_step_leaves_no_cycles() -> None:
    """All that a step makes goes by itself: the collector finds nothing."""
    step = step_of_training()
    step()
    gc.collect()
    gc.disable()
    try:
        step()
        cr.grad(lambda x: np.sum(np.tanh(x) * x))(A)
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_arrays_go_while_the_sweep_goes_on() -> None:
    """When a node speaks, the results after it are gone already."""
    alive: list[int] = []
    refs: list[Any] = []
    spy = engine.Primitive(lambda x: x + 0.0, "spy")

    def count(g: Any, _ans: Any, _x: Any) -> Any:
        alive.append(sum(ref() is not None for ref in refs))
        return g

    spy.vjps = (count,)
    y = cr.Tensor(A, requires_grad=True)
    for _ in range(5):
        y = spy(np.exp(-y))
        refs.append(weakref.ref(y.data))
    loss = y.sum()
    del y
    loss.backward()
    # The first to speak is the last made; its own result is still held.
    assert alive == [5, 4, 3, 2, 1]
    assert not any(ref() for ref in refs)


def test_a_node_is_one_object_to_the_collector() -> None:
    """Of what a node holds, only the node itself is ever looked at."""
    x = cr.Tensor(0.0, requires_grad=True)
    gc.collect()
    before = len(gc.get_objects())
    y = x
    for _ in range(1000):
        y = y + 1.0
    gc.collect()
    assert len(gc.get_objects()) - before <= 1010
    del y


def test_levels_belong_to_their_threads() -> None:
    """Two differentiations at a time, each in a thread, do not meet."""
    meet = threading.Barrier(2)
    found: dict[float, Any] = {}

    def work(c: float) -> None:
        def f(x: Any) -> Any:
            meet.wait()
            inner = cr.grad(lambda y: c * y * x)(x)
            meet.wait()
            return inner * x

        found[c] = cr.grad(f)(2.0)

    threads = [threading.Thread(target=work, args=(c,)) for c in (3.0, 5.0)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {3.0: 12.0, 5.0: 20.0}
    assert engine.running == {0}


@pytest.mark.parametrize(
    "other", [B.T, 2, 0.5, np.float32(3), np.ones(3, np.float32)]
)
def test_the_short_way_is_the_long_one(other: Any) -> None:
    """Operators give the same as `apply`: value, dtype, node and gradient."""
    for first in (True, False):
        results = []
        for way in (lambda p, *xs: p(*xs), lambda p, *xs: sign(*xs)):
            x = cr.Tensor(A, requires_grad=True)
            y = way(
                elementwise.subtract, *((x, other) if first else (other, x))
            )
            y.sum().backward()
            results.append((y.data, y.requires_grad, x.grad))
        (value, traced, g), (same, also, other_g) = results
        np.testing.assert_array_equal(value, same)
        np.testing.assert_array_equal(g, other_g)
        assert (value.dtype, traced) == (same.dtype, also)
    with cr.no_grad():
        assert not (cr.Tensor(A, requires_grad=True) - other).requires_grad


def sign(x: Any, y: Any) -> Any:
    return x - y
