"""Residual blocks, held to their Jacobian and to sums over paths."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import chainrule as cr

rng = np.random.default_rng


def close(a, b, rtol=1e-12, atol=1e-14):
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


class Branch(cr.nn.Module):
    """A branch made of any function."""

    def __init__(self, f):
        self.f = f

    def forward(self, x):
        return self.f(x)


def tanh_branch(A):
    return Branch(lambda x: np.tanh(x @ A.T))


def test_a_branch_of_zeros_makes_the_identity():
    x = rng(0).normal(size=(5, 4))
    block = cr.nn.Residual(Branch(lambda x: 0 * x))
    np.testing.assert_array_equal(block(x), x)


def test_the_gradient_takes_the_transposed_jacobian_and_the_identity():
    A, x, g = rng(1).normal(size=(4, 4)), *rng(2).normal(size=(2, 5, 4))
    _, pull = cr.vjp(cr.nn.Residual(tanh_branch(A)), x)
    (back,) = pull(g)
    # Row by row, J from the formula of tanh.
    for row, gradient, found in zip(x, g, back, strict=True):
        J = (1 - np.tanh(A @ row) ** 2)[:, None] * A
        close(found, J.T @ gradient + gradient)
        for wrong in (J @ gradient + gradient, J.T @ gradient):
            assert np.abs(found - wrong).max() > 1e-2


def test_gradients_by_differences_also_for_the_parameters():
    block = cr.nn.Residual(
        cr.nn.Sequential(
            cr.nn.Linear(4, 7, rng=rng(3)),
            cr.nn.Tanh(),
            cr.nn.Linear(7, 3, rng=rng(4)),
        ),
        shortcut=cr.nn.Linear(4, 3, bias=False, rng=rng(5)),
    )
    x, g = rng(6).normal(size=(5, 4)), rng(7).normal(size=(5, 3))
    assert cr.gradcheck(lambda x: np.sum(g * block(x)), (x,))
    (g * block(x)).sum().backward()
    names = dict(block.named_parameters())
    assert list(names) == [
        *("inner.0.weight", "inner.0.bias"),
        *("inner.2.weight", "inner.2.bias"),
        "shortcut.weight",
    ]
    for parameter in names.values():
        index = tuple(np.array(parameter.shape) - 1)
        loss = []
        for step in (1e-6, -2e-6):
            parameter.data[index] += step
            loss.append(float(np.sum(g * block(x).data)))
        parameter.data[index] += 1e-6
        slope = (loss[0] - loss[1]) / 2e-6
        assert slope == pytest.approx(parameter.grad[index], rel=1e-6)


def test_both_uses_get_the_whole_gradient():
    def spread(a, b):
        return np.add(a, b)

    g = rng(8).normal(size=(3, 2))
    _, pull = cr.vjp(spread, 0 * g, 0 * g)
    for share in pull(g):
        np.testing.assert_array_equal(share, g)


def test_a_chain_of_blocks_is_the_sum_over_all_paths():
    matrices = 0.3 * rng(9).normal(size=(6, 3, 3))
    net = cr.nn.Sequential(
        *(cr.nn.Residual(Branch(lambda x, A=A: x @ A.T)) for A in matrices)
    )
    x, g = rng(10).normal(size=(2, 2, 3))
    (back,) = cr.vjp(net, x)[1](g)
    paths = np.zeros((3, 3))
    for length in range(7):
        for chosen in itertools.combinations(matrices, length):
            path = np.eye(3)
            for A in chosen:
                path = A @ path
            paths += path
    close(back, g @ paths)


@pytest.mark.parametrize(("rate", "factor"), [(-1.0, 0.0), (-0.5, 2.0**-50)])
def test_identity_can_be_cancelled(rate, factor):
    net = cr.nn.Sequential(
        *(cr.nn.Residual(Branch(lambda x: rate * x)) for _ in range(50))
    )
    x, g = rng(11).normal(size=(2, 2, 3))
    np.testing.assert_array_equal(cr.vjp(net, x)[1](g)[0], factor * g)


def test_tangents_go_forward_too():
    A, x, t = rng(12).normal(size=(4, 4)), *rng(13).normal(size=(2, 4))
    _, out = cr.jvp(cr.nn.Residual(tanh_branch(A)), (x,), (t,))
    close(out, t + (1 - np.tanh(A @ x) ** 2) * (A @ t))


@pytest.mark.parametrize("width", [1, 3, 5])
def test_shapes_that_differ_are_refused_with_a_remedy(width):
    block = cr.nn.Residual(cr.nn.Linear(4, width))
    words = (
        rf"Residual\(Linear\(4, {width}\)\).*shortcut=cr.nn.Linear\(4, {width}"
    )
    with pytest.raises(cr.ShapeError, match=words) as caught:
        block(np.ones((5, 4)))
    assert caught.value.shapes == ((5, 4), (5, width))
    assert caught.value.layer == f"Residual(Linear(4, {width}))"


def test_the_remedy_helps():
    layer = cr.nn.Linear(4, 3, bias=False)
    block = cr.nn.Residual(cr.nn.Linear(4, 3), shortcut=layer)
    assert block(np.ones((5, 4))).shape == (5, 3)


def test_other_axes_that_differ_have_another_remedy():
    block = cr.nn.Residual(Branch(lambda x: x[:1]))
    with pytest.raises(cr.ShapeError, match="shortcut=a module"):
        block(np.ones((5, 4)))


def test_the_place_of_a_block_is_named():
    net = cr.nn.Sequential(cr.nn.Tanh(), cr.nn.Residual(cr.nn.Linear(4, 3)))
    with pytest.raises(cr.ShapeError, match=r"layer 1, Residual\(Linear"):
        net(np.ones((5, 4)))


@pytest.mark.parametrize("args", [(np.tanh,), (cr.nn.Tanh(), np.tanh)])
def test_a_branch_is_a_module(args):
    with pytest.raises(TypeError, match="a branch is a Module"):
        cr.nn.Residual(*args)


def test_modes_and_saved_parameters_reach_the_branch():
    block = cr.nn.Residual(cr.nn.BatchNorm1d(3))
    assert not block.eval().inner.training
    assert "inner.running_mean" in block.state_dict()
    assert repr(block) == "Residual(BatchNorm1d(3))"


def test_dtype_is_kept():
    layer = cr.nn.Linear(3, 3, dtype=np.float32)
    out = cr.nn.Residual(layer)(np.ones((2, 3), np.float32))
    assert out.dtype == np.float32
