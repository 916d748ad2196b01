"""First values: their spread, their shape, and who draws them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.nn import init


def empty(*shape: int, dtype: Any = np.float64) -> cr.Tensor:
    return cr.Tensor(np.full(shape, np.nan, dtype), requires_grad=True)


# The shapes have fan_in 300 and fan_out 50, and 90 and 120 with a kernel.
SHAPES = [((50, 300), 300, 50), ((40, 30, 3, 1), 90, 120)]
VARIANCES = [
    (init.xavier_normal_, {}, lambda i, o: 2 / (i + o)),
    (init.xavier_uniform_, {"gain": 1.5}, lambda i, o: 4.5 / (i + o)),
    (init.xavier_normal_, {"gain": 0.5}, lambda i, o: 0.5 / (i + o)),
    (init.xavier_uniform_, {}, lambda i, o: 2 / (i + o)),
    (init.kaiming_normal_, {}, lambda i, o: 2 / i),
    (init.kaiming_uniform_, {}, lambda i, o: 2 / i),
    (init.kaiming_normal_, {"mode": "fan_out"}, lambda i, o: 2 / o),
    (init.kaiming_uniform_, {"mode": "fan_out"}, lambda i, o: 2 / o),
    (init.kaiming_normal_, {"a": 3}, lambda i, o: 0.2 / i),
    (init.kaiming_uniform_, {"a": 3}, lambda i, o: 0.2 / i),
    (
        init.kaiming_normal_,
        {"a": 3, "nonlinearity": "relu"},
        lambda i, o: 2 / i,
    ),
    (
        init.kaiming_uniform_,
        {"nonlinearity": "tanh", "mode": "fan_out"},
        lambda i, o: 25 / 9 / o,
    ),
    (init.lecun_normal_, {}, lambda i, o: 1 / i),
]


@pytest.mark.parametrize(("shape", "fan_in", "fan_out"), SHAPES)
@pytest.mark.parametrize(("fill", "settings", "variance"), VARIANCES)
def test_moments(
    fill: Any,
    settings: Any,
    variance: Any,
    shape: Any,
    fan_in: int,
    fan_out: int,
) -> None:
    tensor = empty(*shape)
    assert fill(tensor, **settings, rng=np.random.default_rng(4)) is tensor
    v, n = variance(fan_in, fan_out), tensor.size
    x = tensor.data.ravel()
    uniform = "uniform" in fill.__name__
    fourth = (9 / 5 if uniform else 3) * v**2
    assert abs(x.mean()) < 4 * math.sqrt(v / n)
    assert abs(np.mean(x**2) - v) < 4 * math.sqrt((fourth - v**2) / n)
    assert 0.9 < np.mean(x**4) / fourth < 1.1
    if uniform:
        assert 0.99 * math.sqrt(3 * v) < abs(x).max() <= math.sqrt(3 * v)
    else:
        assert abs(x).max() > 3 * math.sqrt(v)


@pytest.mark.parametrize(
    "shape", [(7, 4), (4, 7), (5, 5), (6, 2, 3), (3, 2, 4)]
)
def test_orthonormal_rows_or_columns(shape: tuple[int, ...]) -> None:
    tensor = empty(*shape)
    init.orthogonal_(tensor, gain=1.5, rng=np.random.default_rng(5))
    matrix = tensor.data.reshape(shape[0], -1)
    small = (
        matrix @ matrix.T if shape[0] <= matrix.shape[1] else matrix.T @ matrix
    )
    np.testing.assert_allclose(small, 2.25 * np.eye(len(small)), atol=1e-14)


def test_rotations_have_no_preferred_direction() -> None:
    """The entries of many have mean 0 and variance 1/n, on the diagonal too.

    Without the correction of signs the diagonal of the first columns leans
    to one side.
    """
    rng = np.random.default_rng(6)
    drawn = np.array(
        [init.orthogonal_(empty(3, 3), rng=rng).data for _ in range(4000)]
    )
    error = math.sqrt(1 / 3 / 4000)
    assert abs(drawn.mean(0)).max() < 4 * error
    assert abs((drawn**2).mean(0) - 1 / 3).max() < 4 * error
    assert 0.45 < np.mean(np.linalg.det(drawn) > 0) < 0.55


def test_zeros_and_normal() -> None:
    bias = init.zeros_(empty(40))
    assert (bias.data == 0).all()
    x = init.normal_(empty(100, 100), 3.0, 0.5, rng=np.random.default_rng(7))
    assert abs(x.data.mean() - 3) < 4 * 0.005
    assert abs(x.data.std() - 0.5) < 4 * 0.005


ALL = [
    init.uniform_, init.normal_, init.xavier_normal_, init.xavier_uniform_,
    init.kaiming_normal_, init.kaiming_uniform_, init.lecun_normal_,
    init.orthogonal_,
]  # fmt: skip


@pytest.mark.parametrize("fill", ALL)
def test_dtype_generator_and_gradient(fill: Any) -> None:
    """float32 stays, the generator decides, and the leaf stays a leaf."""
    one = fill(empty(3, 4, dtype=np.float32), rng=np.random.default_rng(8))
    two = fill(empty(3, 4, dtype=np.float32), rng=np.random.default_rng(8))
    other = fill(empty(3, 4, dtype=np.float32))
    assert one.dtype == np.float32
    np.testing.assert_array_equal(one.data, two.data)
    assert not np.array_equal(one.data, other.data)
    (one * one).sum().backward()
    np.testing.assert_allclose(one.grad, 2 * one.data)


@pytest.mark.parametrize("fill", ALL[2:])
@pytest.mark.parametrize("shape", [(3,), (), (0, 4), (4, 0)])
def test_shapes_without_fans(fill: Any, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="two axes"):
        fill(empty(*shape))


def test_gains() -> None:
    gain = init.calculate_gain
    assert gain("linear") == gain("sigmoid") == 1
    assert gain("tanh") == 5 / 3
    assert gain("relu") == math.sqrt(2)
    assert gain("leaky_relu", 2) == math.sqrt(2 / 5)
    assert gain("leaky_relu") == gain("leaky_relu", 0.01) < gain("relu")
    assert gain("selu") == 0.75
    with pytest.raises(ValueError, match="softmax"):
        gain("softmax")
    for fill in (init.kaiming_normal_, init.kaiming_uniform_):
        with pytest.raises(ValueError, match="fan_in"):
            fill(empty(2, 3), mode="fan_avg")
        with pytest.raises(ValueError, match="swish"):
            fill(empty(2, 3), nonlinearity="swish")


def test_a_fresh_linear_layer_is_uniform_up_to_the_root_of_its_inputs() -> None:
    layer = cr.nn.Linear(64, 500, rng=np.random.default_rng(9))
    for p in layer.parameters():
        assert 0.99 / 8 < abs(p.data).max() <= 1 / 8
