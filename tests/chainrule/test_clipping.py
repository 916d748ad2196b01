"""Clipping, held to closed forms, and to what must not change."""

from __future__ import annotations

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.optim import clip_grad_norm_, clip_grad_value_, total_norm

rng = np.random.default_rng


def parameters(*gradients, dtype=np.float64):
    """Parameters with these gradients."""
    made = []
    for g in gradients:
        g = None if g is None else np.array(g, dtype)
        shape = (2,) if g is None else g.shape
        made.append(cr.Tensor(np.zeros(shape, dtype), requires_grad=True))
        made[-1].grad = g
    return made


def joined(params):
    return np.concatenate([np.ravel(p.grad) for p in params])


def three(seed=0, scale=1.0):
    draw = rng(seed).normal
    return parameters(
        *(scale * draw(size=shape) for shape in [(4, 3), (), (5,)])
    )


def test_three_four():
    (p,) = parameters([3.0, 4.0])
    assert clip_grad_norm_([p], 1.0) == 5.0
    np.testing.assert_allclose(p.grad, [0.6, 0.8], rtol=1e-15)


@pytest.mark.parametrize("bound", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("scale", [1e-200, 1e-3, 1.0, 1e200])
def test_norm_direction_and_returned_value(bound, scale):
    params = three(scale=scale)
    before = joined(params)
    size = np.abs(before).max()
    norm = size * np.linalg.norm(before / size)
    assert clip_grad_norm_(params, bound) == pytest.approx(norm, rel=1e-14)
    after = joined(params)
    size = np.abs(after).max()
    shortened = size * np.linalg.norm(after / size)
    assert shortened == pytest.approx(min(norm, bound), rel=1e-14)
    # One factor for all entries of all parameters.
    np.testing.assert_allclose(after / before, min(1, bound / norm), rtol=1e-14)


def test_within_the_bound_no_bit_changes():
    for bound in (5.0, 5.5, math.inf):
        (p,) = parameters([3.0, -4.0])
        kept = p.grad
        clip_grad_norm_([p], bound)
        assert p.grad is kept
        assert p.grad.tolist() == [3.0, -4.0]


def test_a_second_time_changes_nothing_but_rounding():
    params = three(scale=40)
    clip_grad_norm_(params, 2.0)
    once = joined(params)
    clip_grad_norm_(params, 2.0)
    np.testing.assert_allclose(joined(params), once, rtol=1e-15)


def test_together_is_not_one_by_one():
    together, alone = parameters([3.0], [4.0]), parameters([3.0], [4.0])
    clip_grad_norm_(together, 1.0)
    for p in alone:
        clip_grad_norm_([p], 1.0)
    a, b = joined(together), joined(alone)
    cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
    assert cosine == pytest.approx(7 / math.sqrt(50), rel=1e-14)
    np.testing.assert_array_equal(b, [1.0, 1.0])


def test_in_place():
    (p,) = parameters([30.0, 40.0])
    before = p.grad
    clip_grad_norm_([p], 1.0)
    assert p.grad is before
    clip_grad_value_([p], 0.7)
    assert p.grad is before


def test_zero_and_missing_gradients():
    params = parameters([0.0, 0.0], None)
    assert clip_grad_norm_(params, 1.0) == 0.0
    assert clip_grad_norm_(params, 0.0) == 0.0
    assert params[0].grad.tolist() == [0.0, 0.0]
    assert params[1].grad is None
    clip_grad_value_(params, 1.0)
    assert params[1].grad is None
    assert total_norm(parameters(None)) == 0.0
    params = parameters([6.0, 8.0], None)
    clip_grad_norm_(params, 0.0)
    assert params[0].grad.tolist() == [0.0, 0.0]


def test_a_norm_whose_squares_overflow_or_vanish():
    for g in ([3e19, 4e19], [3e-30, 4e-30]):
        (p,) = parameters(g, dtype=np.float32)
        assert total_norm([p]) == pytest.approx(5 * g[0] / 3, rel=1e-6)
        clip_grad_norm_([p], 1e-35)
        assert p.grad.dtype == np.float32
    (p,) = parameters([3e19, 4e19], dtype=np.float32)
    clip_grad_norm_([p], 1.0)
    np.testing.assert_allclose(p.grad, [0.6, 0.8], rtol=1e-6)
    assert total_norm(parameters([3e300, 4e300])) == pytest.approx(5e300)
    assert total_norm(parameters([3e-310], [4e-310])) == pytest.approx(5e-310)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_not_finite_is_an_error_that_names_the_entry(bad):
    params = parameters(None, [[3.0, 4.0], [bad, 1.0]], [2.0])
    before = params[1].grad.copy()
    words = r"entry \(1, 0\) of parameter 1, shape \(2, 2\)"
    with pytest.raises(cr.GradientError, match=words) as caught:
        clip_grad_norm_(params, 1.0)
    assert (caught.value.argument, caught.value.index) == (1, (1, 0))
    np.testing.assert_array_equal(params[1].grad, before)
    assert params[2].grad.tolist() == [2.0]


def test_a_sum_that_is_too_large():
    params = parameters([1.5e308, 1.5e308])
    with pytest.raises(cr.GradientError, match="their sum is too large"):
        clip_grad_norm_(params, 1.0)


@pytest.mark.parametrize(
    ("bad", "after"), [(np.inf, [np.nan, 0.0]), (np.nan, [np.nan, np.nan])]
)
def test_the_formula_followed_all_the_same(bad, after):
    (p,) = parameters([bad, 2.0])
    norm = clip_grad_norm_([p], 1.0, error_if_nonfinite=False)
    np.testing.assert_array_equal(norm, abs(bad))
    np.testing.assert_array_equal(p.grad, after)


def test_by_value_turns():
    (p,) = parameters([3.0, 0.5])
    clip_grad_value_([p], 1.0)
    assert p.grad.tolist() == [1.0, 0.5]
    cosine = 3.25 / math.hypot(3, 0.5) / math.hypot(1, 0.5)
    assert cosine == pytest.approx(0.95578, abs=5e-6)
    (p,) = parameters([-3.0, np.inf, -np.inf, np.nan, 0.25])
    clip_grad_value_([p], 0.5)
    np.testing.assert_array_equal(p.grad, [-0.5, 0.5, -0.5, np.nan, 0.25])


def test_the_step_of_plain_descent_is_bounded():
    params = three(seed=5, scale=1e6)
    optimizer = cr.optim.SGD(params, lr=0.25)
    clip_grad_norm_(params, 2.0)
    optimizer.step()
    moved = np.concatenate([np.ravel(p.data) for p in params])
    assert np.linalg.norm(moved) == pytest.approx(0.5, rel=1e-14)


def test_momentum_multiplies_the_bound():
    (p,) = parameters([0.0, 0.0])
    optimizer = cr.optim.SGD([p], lr=0.25, momentum=0.5)
    moves = []
    for _ in range(60):
        p.grad, before = np.array([30.0, 40.0]), p.data.copy()
        clip_grad_norm_([p], 2.0)
        optimizer.step()
        moves.append(np.linalg.norm(p.data - before))
    assert moves[-1] == pytest.approx(0.25 * 2 / (1 - 0.5), rel=1e-12)
    assert max(moves) <= 1.0 + 1e-12


@pytest.mark.parametrize("bound", [-1.0, np.nan])
def test_bounds_that_make_no_sense(bound):
    params = parameters([1.0])
    with pytest.raises(ValueError, match="should be at least 0"):
        clip_grad_norm_(params, bound)
    with pytest.raises(ValueError, match="should be at least 0"):
        clip_grad_value_(params, bound)


@pytest.mark.parametrize(
    "clip",
    [
        total_norm,
        lambda p: clip_grad_norm_(p, 1),
        lambda p: clip_grad_value_(p, 1),
    ],
)
def test_parameters_that_are_none(clip):
    (p,) = parameters([1.0])
    with pytest.raises(ValueError, match="no parameters"):
        clip([])
    with pytest.raises(ValueError, match="twice"):
        clip([p, p])
    with pytest.raises(TypeError, match="a parameter is a Tensor"):
        clip([np.ones(2)])
    clip(iter([p]))


def test_a_network_of_which_one_layer_was_not_used():
    net = cr.nn.Sequential(cr.nn.Linear(3, 4), cr.nn.Linear(4, 2))
    (10 * net[0](np.ones((5, 3)))).sum().backward()
    assert clip_grad_norm_(net.parameters(), 1.0) > 1
    assert total_norm(net.parameters()) == pytest.approx(1.0, rel=1e-14)
    assert net[1].weight.grad is None
