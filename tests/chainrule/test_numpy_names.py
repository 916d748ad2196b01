"""Every function of NumPy is differentiated, constant, or refused by name."""

from __future__ import annotations

import copy
import inspect
import pickle
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

import chainrule as cr
from chainrule.protocols import FLAT
from chainrule.rules.table import functions, ufuncs

X = np.array([0.3, -0.7, 0.45])
A = np.array([[1.5, 0.2, 0.3], [0.4, 1.8, 0.1], [0.2, 0.6, 2.1]])
HOLES = np.array([[0.5, np.nan, -1.5], [np.nan, np.nan, np.nan]])


def public() -> list[Any]:
    """All public functions of NumPy that ask their arguments first."""
    spaces = (np, np.linalg, np.fft, np.emath, np.lib.stride_tricks)
    found = {
        id(f): f
        for space in spaces
        for name, f in vars(space).items()
        if not name.startswith("_")
        and (isinstance(f, np.ufunc) or hasattr(f, "_implementation"))
    }
    return list(found.values())


def unruled() -> list[Any]:
    ruled = {f for f, method in ufuncs if method == "__call__"} | {*functions}
    return [f for f in public() if f not in ruled and f not in FLAT]


def asked(f: Any, traced: Any) -> Any:
    """What NumPy does when f meets a traced array, whatever else f needs."""
    if isinstance(f, np.ufunc):
        return traced.__array_ufunc__(f, "__call__", traced)
    return traced.__array_function__(f, (), (traced,), {})


@pytest.mark.parametrize("f", unruled(), ids=lambda f: f.__name__)
def test_a_function_without_a_rule_is_refused_by_its_name(f: Any) -> None:
    traced = cr.Tensor(X, requires_grad=True)
    with pytest.raises(cr.NotDifferentiable, match="has no rule; ") as caught:
        asked(f, traced)
    name, _, instead = str(caught.value).partition(" has no rule; ")
    assert reduce(getattr, name.split(".")[1:], np) is f
    assert len(instead.split()) > 1


@pytest.mark.parametrize(
    ("f", "instead"),
    [
        (lambda x: np.fft.rfft(x), "complex"),
        (lambda x: np.linalg.eigvals(x * A), "complex"),
        (lambda x: np.copyto(np.zeros(3), x), "np.where"),
        (lambda x: np.full_like(X, x[0]), "np.where"),
        (lambda x: np.add.at(np.zeros(3), [0, 1, 1], x), "np.where"),
        (lambda x: np.emath.sqrt(x), "same name in np"),
        (lambda x: np.nextafter(x, 1), r"np\.spacing"),
        (lambda x: np.logaddexp.accumulate(x), r"np\.stack"),
        (lambda x: np.linalg.lstsq(x * A, X), "pinv"),
        (lambda x: np.i0(x), r"cr\.primitive"),
    ],
)
def test_the_error_says_what_to_write(f: Any, instead: str) -> None:
    with pytest.raises(cr.NotDifferentiable, match=instead):
        cr.grad(lambda x: np.sum(f(x)))(X)


def test_a_function_of_somebody_else_is_not_said_to_be_numpy_s() -> None:
    add = np.frompyfunc(lambda x, y: x + y, 2, 1)
    for f in (lambda x: add(x, x)), (lambda x: add.reduce(x)):
        with pytest.raises(cr.NotDifferentiable, match=r"^<lambda> .*no rule"):
            cr.grad(lambda x, f=f: np.sum(f(x)))(X)


def order(f: Any) -> list[str]:
    """The names of its arguments by position, "" for one without a name."""
    found = inspect.signature(f).parameters.values()
    names = {p.POSITIONAL_ONLY: "" for p in found}
    return [
        names.get(p.kind, p.name)
        for p in found
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
    ]


def says_what_it_takes(f: Any) -> bool:
    """Some functions of NumPy that are written in C have no signature."""
    try:
        return bool(order(f))
    except ValueError:
        return False


@pytest.mark.parametrize(
    "f", [*filter(says_what_it_takes, functions)], ids=lambda f: f.__name__
)
def test_stand_ins_take_arguments_in_the_order_of_numpy(f: Any) -> None:
    theirs = order(f)
    named = [
        (one, other)
        for one, other in zip(theirs, order(functions[f]), strict=False)
        if one and other
    ]
    assert [one for one, _ in named] == [other for _, other in named]


def both(f: Callable[[Any], Any], x: np.ndarray) -> np.ndarray:
    """The gradient of sum(f(x) * weights), against central differences."""

    def total(x: Any) -> Any:
        out = f(x)
        return np.sum(out * np.cos(np.arange(np.size(out))).reshape(out.shape))

    found: np.ndarray = cr.grad(total)(x)
    measured = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        step = np.zeros(x.shape)
        step[place] = 1e-6
        measured[place] = (total(x + step) - total(x - step)) / 2e-6
    np.testing.assert_allclose(found, measured, rtol=1e-6, atol=1e-8)
    return found


def test_arguments_by_name() -> None:
    both(lambda a: np.linalg.inv(a=a), A)
    both(lambda a: np.linalg.det(a=a), A)
    both(lambda a: np.linalg.solve(b=X, a=a), A)
    both(lambda x: np.reshape(x, copy=True, shape=(3, 1)), X)
    both(lambda x: np.add(x, x, subok=False), X)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.exp(x, signature="d->d"),
        lambda x: np.exp(x, casting="unsafe"),
        lambda x: np.exp(x, where=X > 0),
        lambda x: np.add(x, 1, dtype=np.float32),
        lambda x: np.matmul(x * A, A, axes=[(0, 1), (0, 1), (0, 1)]),
        lambda x: np.sum(x, 0, np.float32),
        lambda x: np.max(x, initial=0.4),
        lambda x: np.nan_to_num(x, copy=False),
        lambda x: np.quantile(x, 0.2, 0, None, False, "lower"),
    ],
)
@pytest.mark.parametrize("way", ["back", "ahead"])
def test_options_without_rules_are_refused_at_once(f: Any, way: str) -> None:
    run = cr.vjp if way == "back" else (lambda f, x: cr.jvp(f, (x,), (x,)))
    with pytest.raises(cr.NotDifferentiable, match=r"^np\.\w+ has no rule for"):
        run(f, X)


@pytest.mark.parametrize(
    "leave",
    [
        lambda x: np.abs(x.astype(complex)),
        lambda x: x.astype(object) * 1.0,
        lambda x: np.array(x.astype(str), float),
        lambda x: cr.Tensor(x).data,
        lambda x: copy.copy(x),
        lambda x: copy.deepcopy(x),
        lambda x: pickle.loads(pickle.dumps(x)),
        lambda x: np.array([x[0], 1.0]),
    ],
)
@pytest.mark.parametrize("way", ["back", "ahead"])
def test_no_way_out_of_the_record_is_silent(leave: Any, way: str) -> None:
    def f(x: Any) -> Any:
        return np.sum(leave(x)) + np.sum(x)

    run = cr.grad(f) if way == "back" else (lambda x: cr.jvp(f, (x,), (x,)))
    with pytest.raises(cr.NotDifferentiable, match="lose its derivative"):
        run(X)


def test_tensors_without_gradient_leave_as_they_are() -> None:
    plain = cr.Tensor(X)
    assert plain.astype(complex).dtype == complex
    np.testing.assert_array_equal(cr.Tensor(plain).data, X)
    np.testing.assert_array_equal(copy.deepcopy(plain).data, X)
    whole = cr.Tensor([6, 4])
    assert np.gcd(whole, 4).tolist() == [2, 4]
    assert np.bitwise_xor(whole, 1).tolist() == [7, 5]
    assert np.array_repr(whole) == "array([6, 4])"


def test_booleans_are_numbers_to_take() -> None:
    """A mask chooses in x[mask], but not in np.take(x, mask)."""
    mask = [True, False, True]
    tensor = cr.Tensor(X, requires_grad=True)
    np.testing.assert_array_equal(np.take(tensor, mask).data, X[[1, 0, 1]])
    np.testing.assert_array_equal(np.take(X, mask), X[[1, 0, 1]])
    both(lambda x: np.take(x, mask), X)


def test_a_copy_that_was_asked_for_is_one() -> None:
    tensor = cr.Tensor(X)
    copied = np.reshape(tensor, (3, 1), copy=True)
    assert not np.shares_memory(copied.data, tensor.data)
    assert np.shares_memory(tensor.reshape(3, 1, copy=False).data, tensor.data)
    with pytest.raises(ValueError, match="copy"):
        cr.Tensor(A).T.reshape(9, copy=False)


def test_numbers_are_taken_apart_at_their_ends() -> None:
    big = np.array([0.5, -0.75])
    np.testing.assert_array_equal(
        np.ldexp(cr.Tensor(big), 1024).data, np.ldexp(big, 1024)
    )
    part, whole = np.modf(cr.Tensor([np.inf, -2.5, np.nan]))
    np.testing.assert_array_equal(part.data, [0, -0.5, np.nan])
    np.testing.assert_array_equal(whole, [np.inf, -2, np.nan])
    signed = np.copysign(cr.Tensor([0.0, np.nan, 2.0]), [-1.0, 1.0, -0.0])
    assert np.signbit(signed.data).tolist() == [True, False, True]
    jump = cr.grad(lambda s: np.sum(np.copysign(X, s)) + np.sum(s))(X)
    np.testing.assert_array_equal(jump, np.ones(3))
    count, rest = divmod(cr.Tensor([7.5, -7.5]), 2)
    np.testing.assert_array_equal(count, [3, -4])
    np.testing.assert_array_equal(rest.data, [1.5, 0.5])
    count, rest = divmod(7.5, cr.Tensor([2.0, -2.0]))
    np.testing.assert_array_equal(count, [3, -4])
    np.testing.assert_array_equal(rest.data, [1.5, -0.5])


@pytest.mark.filterwarnings("ignore:All-NaN|Mean of empty|Degrees of freedom")
@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize(
    "f",
    [np.nanmax, np.nanmin, np.nanprod, np.nanvar, np.nanstd, np.nanmedian],
)
def test_a_row_with_nothing_in_it(f: Any) -> None:
    found = f(cr.Tensor(HOLES), axis=1)
    np.testing.assert_array_equal(found.data, f(HOLES, axis=1))


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.copysign(x, -1.0),
        lambda x: np.float_power(x, 2),
        lambda x: np.ldexp(x, 3),
        lambda x: np.frexp(x)[0],
        lambda x: np.modf(x)[0],
        lambda x: np.nanquantile(x, 0.3),
        lambda x: np.nanvar(x, ddof=1),
        lambda x: np.nanmax(x),
        lambda x: np.bincount([0, 1, 1], x),
        lambda x: np.cov(x),
        lambda x: np.corrcoef(x, x**2),
        lambda x: np.ediff1d(x, to_end=[1.0]),
        lambda x: np.unwrap(9 * x),
        lambda x: np.logspace(x[0], x[1], 3),
        lambda x: np.block([x, x]),
        lambda x: np.resize(x, 5),
        lambda x: np.apply_along_axis(lambda v: v * v, 0, x),
        lambda x: sliding_window_view(x, 2),
        lambda x: np.linalg.tensorinv(x[:, None] * np.float32(A), ind=1),
    ],
)
def test_single_precision_is_what_numpy_makes_of_it(f: Any) -> None:
    x = X.astype(np.float32)
    found, expected = f(cr.Tensor(x, requires_grad=True)), f(x)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found.data, expected, rtol=1e-5)
    assert cr.grad(lambda x: np.sum(f(x)))(x).dtype == np.float32


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.parametrize("axis", [None, 0, -1, (0, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_order_statistics_of_what_is_there(
    axis: Any, keepdims: bool, dtype: Any
) -> None:
    """NumPy's values; a gradient of weights that give the value again."""
    x = np.random.default_rng(3).normal(size=(3, 4, 5)).astype(dtype)
    x[0, 1, 2] = x[2, 2, :3] = x[:, 3, 4] = x[1, 0] = np.nan
    known = np.nan_to_num(x)
    options = {"axis": axis, "keepdims": keepdims}
    for f in (
        np.median, np.nanmedian, lambda x, **o: np.quantile(x, 0.3, **o),
        lambda x, **o: np.nanquantile(x, 0.3, **o),
        lambda x, **o: np.percentile(x, 85.0, **o),
        lambda x, **o: np.nanpercentile(x, 85.0, **o),
    ):  # fmt: skip
        expected = f(x, **options)
        found = np.asarray(f(cr.Tensor(x), **options).data)
        assert found.dtype == expected.dtype
        assert found.shape == expected.shape
        eps = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(found, expected, rtol=eps, atol=eps)
        g = cr.grad(lambda x, f=f: np.nansum(f(x, **options)))(x)
        np.testing.assert_allclose(
            np.sum(g * known), np.nansum(expected), rtol=0, atol=20 * eps
        )
        count = np.sum(~np.isnan(expected))
        np.testing.assert_allclose(g.sum(), count, rtol=eps)


@pytest.mark.parametrize("f", [np.quantile, np.nanquantile])
@pytest.mark.parametrize("q", [-0.1, 1.01, np.nan])
def test_a_quantile_lies_in_its_row(f: Any, q: float) -> None:
    """A place before the first entry must not be counted from the end."""
    with pytest.raises(ValueError, match="from 0 to 1"):
        f(cr.Tensor([3.0, 1.0, 2.0]), q)
    with pytest.raises(ValueError, match="from 0 to 1"):
        cr.grad(lambda q: f(np.array([3.0, 1.0, 2.0]), q))(np.array(q))


@pytest.mark.filterwarnings("ignore:Mean of empty", "ignore:invalid value")
@pytest.mark.parametrize("f", [np.median, np.nanmedian])
def test_what_has_no_entry_has_no_median(f: Any) -> None:
    x = np.zeros((2, 0), np.float32)
    for axis in (None, 0, 1):
        found, expected = f(cr.Tensor(x), axis), f(x, axis)
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found.data, expected)
        assert cr.grad(lambda x, a=axis: np.sum(f(x, a)))(x).shape == x.shape


def test_the_part_that_is_asked_for_moves_along_a_list() -> None:
    for f, whole in ((np.quantile, 1), (np.nanpercentile, 100)):
        slope = cr.grad(lambda q, f=f: f([4, 1, 9], q))(np.array(0.6 * whole))
        np.testing.assert_allclose(slope, 2 * (9 - 4) / whole, rtol=1e-14)


MATRICES_AND_VECTORS: list[Any] = []
if hasattr(np, "matvec"):  # new in NumPy 2.2
    MATRICES_AND_VECTORS += [
        (np.matvec, [(3,), (3,)]),
        (np.matvec, [(2, 3), ()]),
        (np.vecmat, [(2, 3), (3,)]),
        (np.vecmat, [(), (3, 2)]),
    ]


@pytest.mark.parametrize(
    ("f", "shapes"),
    [
        (np.vecdot, [(3,), (2, 1)]),
        (np.vecdot, [(), (3,)]),
        (lambda x, y: np.linalg.vecdot(x, y, axis=0), [(3, 2), (2, 3)]),
        (lambda x: np.linalg.matrix_power(x, 0), [(2, 1)]),
        (lambda x: np.linalg.matrix_power(x, 2), [(3,)]),
        (lambda x: np.einsum("ii->i", x), [(2, 1)]),
        (lambda x, y: np.einsum("ii,i->i", x, y), [(1, 3), (3,)]),
        *MATRICES_AND_VECTORS,
        (np.cov, [(2, 2, 2)]),
        (np.gradient, [(1, 3)]),
        (lambda x: np.vsplit(x, 1), [(3,)]),
        (lambda x: np.cumprod(x, 2), [()]),
        (lambda x: np.nancumprod(x, -2), [()]),
    ],
)
def test_what_numpy_refuses_is_refused(f: Any, shapes: Any) -> None:
    """A shape that NumPy does not take must not be spread to one it does."""
    given = [np.ones(shape) for shape in shapes]
    for wrap in (np.asarray, cr.Tensor):
        with pytest.raises(ValueError, match=r"."):
            f(*map(wrap, given))


def test_the_axis_of_vectors_is_counted_in_each_array() -> None:
    """Along the first axis a vector meets columns, not rows."""
    x, y = np.array([1.0, 2.0, 4.0]), np.arange(9.0).reshape(3, 3) ** 2
    found = np.linalg.vecdot(cr.Tensor(x), cr.Tensor(y), axis=0)
    np.testing.assert_array_equal(found.data, x @ y)
    g = cr.grad(lambda x: np.sum(np.linalg.vecdot(x, y, axis=0)))(x)
    np.testing.assert_array_equal(g, y.sum(1))


def test_weights_in_single_precision_are_added_up_in_double() -> None:
    x, w = np.linspace(1, 2, 3), np.array([0.1, 0.7, 0.3], np.float32)
    found = np.average(cr.Tensor(x), weights=w)
    np.testing.assert_allclose(found.data, np.average(x, weights=w), rtol=4e-16)


@pytest.mark.filterwarnings("ignore:Degrees", "ignore:divide", "ignore:invalid")
@pytest.mark.parametrize("ddof", [1, 2, 3])
def test_more_is_lost_than_there_is(ddof: int) -> None:
    """A covariance over nothing is no number, or infinite: never negative."""
    x = np.array([[1.0, 2.0], [3.0, 7.0]])
    found = np.cov(cr.Tensor(x), ddof=ddof).data
    np.testing.assert_array_equal(found, np.cov(x, ddof=ddof))


if hasattr(np, "cumulative_sum"):  # new in NumPy 2.1

    def test_what_begins_with_nothing_may_be_a_number() -> None:
        for f in (np.cumulative_sum, np.cumulative_prod):
            found = f(cr.Tensor(3.0), include_initial=True)
            expected = f(np.array(3.0), include_initial=True)
            np.testing.assert_array_equal(found.data, expected)


def test_weights_of_another_length_are_not_spread() -> None:
    with pytest.raises(cr.ShapeError, match="bincount"):
        np.bincount([0, 1, 1], cr.Tensor([2.0]))
