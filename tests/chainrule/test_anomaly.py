"""The first NaN is named, and the line that made it."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr


def here(offset: int = 0) -> str:
    """This file and the line of the call, as a message gives them."""
    frame = inspect.currentframe()
    assert frame is not None
    assert frame.f_back is not None
    return f"{__file__}:{frame.f_back.f_lineno + offset}:"


def message(f: Callable[[], Any]) -> str:
    with pytest.raises(cr.AnomalyError) as caught, cr.detect_anomaly():
        f()
    return str(caught.value)


X = np.array([1.0, 0.0, -2.0])


def test_forward_names_operation_entry_and_line() -> None:
    x = cr.Tensor(X, requires_grad=True)
    line = here(2)
    found = message(
        lambda: np.log(x) + 1,
    )
    assert "log gives the first NaN, at entry (2,)" in found
    assert line in found
    assert "np.log(x) + 1" in found


def test_backward_names_the_line_of_the_forward_pass() -> None:
    x = cr.Tensor(X, requires_grad=True)

    def f() -> None:
        y = np.arccos(1 - np.abs(x) / 4)
        np.sum(y).backward()

    found = message(f)
    assert "backward pass of arccos gives the first infinity" in found
    assert "argument 0 at entry (1,)" in found
    assert "y = np.arccos(1 - np.abs(x) / 4)" in found


def test_transformations_are_watched_too() -> None:
    found = message(lambda: cr.grad(lambda x: np.sum(1 / x))(X))
    assert "divide gives the first infinity, at entry (1,)" in found


def test_a_nan_that_comes_in_is_told_apart() -> None:
    bad = cr.Tensor(np.array([1.0, np.nan]), requires_grad=True)
    assert "argument 0 of multiply holds a NaN already" in message(
        lambda: bad * 2
    )


def test_a_mask_of_infinities_may_pass() -> None:
    scores = cr.Tensor(X, requires_grad=True)
    with cr.detect_anomaly():
        kept = np.exp(scores + np.array([0.0, -np.inf, 0.0]))
        np.sum(kept).backward()
    np.testing.assert_allclose(scores.grad, [np.e, 0, np.exp(-2)])


def test_the_same_without_watching_raises_nothing() -> None:
    x = cr.Tensor(X, requires_grad=True)
    with np.errstate(all="ignore"):
        np.sum(np.arccos(1 - np.abs(x) / 4)).backward()
    assert x.grad is not None
    assert not np.isfinite(x.grad).all()


def test_writes_behind_the_engines_back_are_found() -> None:
    w = cr.Tensor(np.array([1.0, 2.0]), requires_grad=True)
    with cr.detect_anomaly():
        h = np.exp(w)
        loss = np.sum(h * h)
        h.data[0] = 0
        with pytest.raises(
            cr.InPlaceError, match=r"multiply kept .* written to"
        ):
            loss.backward()


def test_an_index_that_is_written_to_is_found() -> None:
    x, index = cr.Tensor([1.0, 2.0, 3.0], requires_grad=True), np.array([0, 2])
    with cr.detect_anomaly():
        picked = x[index, ...]
        index[:] = 1
        with pytest.raises(cr.InPlaceError, match="getitem"):
            picked.sum().backward()


def test_writes_that_no_rule_reads_are_let_pass() -> None:
    w = cr.Tensor(np.array([1.0, 2.0]), requires_grad=True)
    with cr.detect_anomaly():
        h = w + 1
        loss = np.sum(h)
        h.data[0] = 0
        loss.backward()
    assert w.grad is not None
    assert w.grad.tolist() == [1, 1]


def test_it_ends_with_its_block_and_works_as_a_decorator() -> None:
    @cr.detect_anomaly()
    def f(x: Any) -> Any:
        return cr.grad(lambda x: np.sum(np.log(x)))(x)

    with pytest.raises(cr.AnomalyError):
        f(-np.ones(2))
    with np.errstate(invalid="ignore"):
        assert cr.grad(lambda x: np.sum(np.log(x)))(-np.ones(2)).tolist() == [
            -1,
            -1,
        ]


def test_nested_blocks_share_what_they_remember() -> None:
    w = cr.Tensor(np.array([1.0, 2.0]), requires_grad=True)
    with cr.detect_anomaly():
        with cr.detect_anomaly():
            h = np.exp(w)
            loss = np.sum(h * h)
        h.data[0] = 7
        with pytest.raises(cr.InPlaceError, match="multiply kept"):
            loss.backward()


def test_an_error_inside_ends_the_watch() -> None:
    with pytest.raises(KeyError), cr.detect_anomaly():
        raise KeyError("on purpose")
    with np.errstate(invalid="ignore"):
        assert np.isnan(np.sqrt(cr.Tensor(-X))[0].item())


def test_a_nan_that_is_sent_in_is_told_apart() -> None:
    x = cr.Tensor(X, requires_grad=True)
    assert "reaches multiply holds a NaN already, at entry (1,)" in message(
        lambda: (x * 2).backward(np.array([1.0, np.nan, 1.0]))
    )


def test_rules_by_hand_are_watched() -> None:
    logarithm = cr.custom_vjp(lambda x: np.log(x))
    logarithm.defvjp(lambda x: (np.log(x), x), lambda x, g: (g / (x - 1),))
    bad = cr.Tensor(-X, requires_grad=True)
    assert "<lambda> gives the first NaN, at entry (0,)" in message(
        lambda: logarithm(bad)
    )
    x = cr.Tensor(X * X + 1, requires_grad=True)

    def f() -> None:
        y = logarithm(x)
        np.sum(y).backward()

    found = message(f)
    assert "backward pass of <lambda> gives the first infinity" in found
    assert "y = logarithm(x)" in found


def test_a_checkpointed_function_is_watched() -> None:
    def f(x: Any) -> Any:
        y = np.sqrt(x) + 1
        return y * 2

    bad = cr.Tensor(X, requires_grad=True)
    assert "sqrt gives the first NaN, at entry (2,)" in message(
        lambda: cr.checkpoint(f)(bad)
    )
