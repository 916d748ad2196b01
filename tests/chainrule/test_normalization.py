"""Normalization, held to elementary formulas, differences and PyTorch."""

from __future__ import annotations

import re

import numpy as np
import pytest

import chainrule as cr
from chainrule.rules.normalizing import normalize

F = cr.nn.functional
rng = np.random.default_rng

# Made once by PyTorch 2.13 in float64; scales (2, -1/2), shifts (1, 3).
Z = np.array([[2, -1], [8, 0.5], [-4, 3], [5, -2.5], [4, 1]])
U = np.array([[3, -1], [2, 2], [-1, 0.5], [5, -3], [-4, 1.5]])
TRAINED = [
    [0.5000001562499, 3.322561532213],
    [3.49999921875, 2.919359616947],
    [-2.499998906251, 2.247356424836],
    [1.9999996875, 3.72576344748],
    [1.49999984375, 2.784958978525],
]
BACK = [
    [1.124999570313, 0.03573725953427],
    [-0.1249995703129, -0.4793365493612],
    [-0.125000507812, 0.409415401968],
    [1.749999609375, 0.2820097915854],
    [-2.624999101563, -0.2478259037265],
]
USED = [
    [2.996545304033, 3.441809385642],
    [10.04317578886, 2.792089700874],
    [-4.050085180791, 1.709223559594],
    [6.519860546445, 4.091529070411],
    [5.345422132308, 2.575516472618],
]


def close(a, b, rtol=1e-11, atol=1e-14):
    np.testing.assert_allclose(a, b, rtol=rtol, atol=atol)


def batch_norm_of_two(**settings):
    layer = cr.nn.BatchNorm1d(2, **settings)
    with cr.no_grad():
        layer.weight[...], layer.bias[...] = (2, -0.5), (1, 3)
    return layer


def elementary(x, w, b, axes, eps, center=True):
    """The formula in single operations of the table."""
    if center:
        x = x - x.mean(axes, keepdims=True)
    return x / np.sqrt((x**2).mean(axes, keepdims=True) + eps) * w + b


VARIANTS = [
    pytest.param((0,), (7, 3), (3,), 1e-5, True, id="batch"),
    pytest.param((0, 2), (4, 3, 2), (3, 1), 0.5, True, id="channels"),
    pytest.param((-1,), (4, 6), (6,), 0.1, True, id="layer"),
    pytest.param((-2, -1), (2, 3, 2), (3, 2), 0.0, True, id="two axes"),
    pytest.param((-1,), (4, 6), (6,), 0.1, False, id="root mean square"),
    pytest.param((0,), (5, 3), (), 0.0, True, id="one scale"),
]


def drawn(shape, parameters):
    r = rng(1)
    x = r.normal(size=shape) * 2 + 0.5
    return x, r.normal(size=parameters), r.normal(size=parameters)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(("axes", "shape", "ps", "eps", "center"), VARIANTS)
def test_value_and_gradients_are_the_elementary_ones(
    axes, shape, ps, eps, center, dtype
):
    args = [a.astype(dtype) for a in drawn(shape, ps)]
    how = {"axes": axes, "eps": eps, "center": center}
    out, pull = cr.vjp(lambda x, w, b: normalize(x, w, b, **how), *args)
    other, pull_other = cr.vjp(
        lambda x, w, b: elementary(x, w, b, axes, eps, center), *args
    )
    g = rng(2).normal(size=shape).astype(dtype)
    rtol = 1e-12 if dtype == np.float64 else 2e-4
    for a, b in zip((out, *pull(g)), (other, *pull_other(g)), strict=True):
        assert a.dtype == b.dtype == dtype
        assert a.shape == b.shape
        close(a, b, rtol, rtol / 10)


@pytest.mark.parametrize(("axes", "shape", "ps", "eps", "center"), VARIANTS)
def test_differences_and_both_orders(axes, shape, ps, eps, center):
    args = drawn(shape, ps)
    g = rng(3).normal(size=shape)
    how = {"axes": axes, "eps": eps, "center": center}

    def loss(x, w, b):
        return np.sum(g * normalize(x, w, b, **how) ** 3)

    def same(x, w, b):
        return np.sum(g * elementary(x, w, b, axes, eps, center) ** 3)

    assert cr.gradcheck(loss, args)
    along = tuple(rng(4).normal(size=a.shape) for a in args)

    def turned(f):
        """The slope, along a direction, of the gradient's own length."""

        def slope(x, w, b):
            parts = cr.grad(f, (0, 1, 2))(x, w, b)
            return sum(np.sum(p * p) for p in parts)

        return cr.grad(slope, (0, 1, 2))(*args), cr.jvp(slope, args, along)[1]

    (mine, tangent), (others, tangent_other) = turned(loss), turned(same)
    for a, b in zip(mine, others, strict=True):
        close(a, b, 1e-9, 1e-9 * abs(b).max())
    close(tangent, tangent_other, 1e-9)


@pytest.mark.parametrize("i", range(3))
def test_one_gradient_alone_is_the_same(i):
    args = drawn((7, 3), (3,))

    def loss(*args):
        return np.sum(normalize(*args, axes=(0,), eps=0.1, center=True) ** 2)

    def of_one(a):
        return loss(*args[:i], a, *args[i + 1 :])

    every = cr.grad(loss, (0, 1, 2))(*args)
    close(cr.grad(of_one)(args[i]), every[i])


def test_the_values_are_those_of_pytorch():
    layer = batch_norm_of_two()
    x = cr.Tensor(Z, requires_grad=True)
    out = layer(x)
    (out * U).sum().backward()
    close(out.data, TRAINED)
    close(x.grad, BACK)
    close(layer.weight.grad, [4.999998437501, 6.720031921109])
    close(layer.bias.grad, [5, 0])
    close(layer.running_mean, [0.3, 0.02])
    close(layer.running_var, [2.9, 1.3325])
    assert layer.num_batches_tracked == 1
    layer.eval()
    x.grad = None
    out = layer(x)
    (out * U).sum().backward()
    close(out.data, USED)
    close(
        x.grad[3:],
        [[5.872192070687, 1.299439369537], [-4.697753656549, -0.6497196847683]],
    )
    assert layer.num_batches_tracked == 1
    close(layer.running_mean, [0.3, 0.02])


def test_no_momentum_is_the_average_of_all_batches():
    layer = cr.nn.BatchNorm1d(2, momentum=None)
    layer(Z)
    layer(2 * Z)
    close(layer.running_mean, [4.5, 0.3])
    close(layer.running_var, [50, 10.8125])


def test_images_are_those_of_pytorch():
    x = np.sin(np.arange(24.0)).reshape(2, 3, 2, 2)
    w = np.cos(np.arange(24.0)).reshape(2, 3, 2, 2)
    layer = cr.nn.BatchNorm2d(3, eps=0.1, momentum=0.3)
    leaf = cr.Tensor(x, requires_grad=True)
    out = layer(leaf)
    (out * w).sum().backward()
    close(
        out.data.ravel()[:3],
        [-0.7264636462227, 0.7049894947201, 0.8203712193645],
    )
    close(
        leaf.grad.ravel()[:3],
        [1.161295346608, 0.914014987228, -0.6699297801134],
    )
    close(
        layer.running_mean,
        [0.1281141650389, -0.1195712443164, 0.02819979713337],
    )
    close(layer.running_var, [0.7841921511045, 0.799631676582, 0.8981522625059])
    long = cr.nn.BatchNorm1d(3)(x[:, :, 0])
    assert long.shape == (2, 3, 2)


def test_layers_are_those_of_pytorch():
    x = np.sin(np.arange(12.0)).reshape(2, 3, 2)
    w = np.cos(np.arange(12.0)).reshape(2, 3, 2)
    leaf = cr.Tensor(x, requires_grad=True)
    out = cr.nn.LayerNorm((3, 2))(leaf)
    (out * w).sum().backward()
    close(
        out.data.ravel()[:3],
        [-0.04123417420141, 1.140544989232, 1.235801839859],
    )
    close(
        leaf.grad.ravel()[:3],
        [1.461870547674, 0.7517210950286, -0.5967380247353],
    )
    leaf.grad = None
    out = cr.nn.RMSNorm(2)(leaf)
    (out * w).sum().backward()
    close(out.data.ravel()[:3], [0, 1.414213562373, 1.397483781859])
    close(
        leaf.grad.ravel()[2:5],
        [0.2155361820164, -1.388793115801, -0.6259799951889],
    )


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept(dtype):
    x = rng().normal(size=(5, 4)).astype(dtype)
    for layer in (
        cr.nn.BatchNorm1d(4, dtype=dtype),
        cr.nn.LayerNorm(4, dtype=dtype),
        cr.nn.RMSNorm(4, dtype=dtype),
    ):
        leaf = cr.Tensor(x, requires_grad=True)
        for mode in (True, False):
            out = layer.train(mode)(leaf)
            (out * out * x).sum().backward()
            assert out.dtype == leaf.grad.dtype == dtype
        for value in layer.state_dict().values():
            assert value.dtype in (dtype, np.array(0).dtype)
        for parameter in layer.parameters():
            assert parameter.grad.dtype == dtype
    for out in (
        F.batch_norm(x, None, None, training=True),
        F.layer_norm(x, 4),
        F.rms_norm(x, (4,)),
    ):
        assert out.dtype == dtype


def test_saved_and_loaded_with_the_running_statistics():
    def model():
        return cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.BatchNorm1d(3))

    first, second = model(), model()
    for _ in range(3):
        first(Z)
    state = first.state_dict()
    assert list(state) == [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
        "1.running_mean",
        "1.running_var",
        "1.num_batches_tracked",
    ]
    first(Z)  # what was saved is a copy
    assert state["1.num_batches_tracked"] == 3
    kept = second[1].running_mean
    second.load_state_dict(state)
    assert second[1].running_mean is kept
    again = second.state_dict()
    assert all(np.array_equal(again[k], state[k]) for k in state)
    third = model()
    third.load_state_dict({k: v.tolist() for k, v in state.items()})
    close(third.eval()(Z).data, second.eval()(Z).data, 1e-15)
    assert len(list(first.parameters())) == 4


def test_a_state_that_does_not_fit_changes_nothing():
    layer = batch_norm_of_two()
    layer(Z)
    before = layer.state_dict()
    short = {k: v for k, v in before.items() if k != "running_var"}
    with pytest.raises(KeyError, match="running_var"):
        layer.load_state_dict(short)
    wrong = {k: np.ones_like(v) for k, v in before.items()}
    wrong["running_var"] = np.ones(3)
    with pytest.raises(cr.ShapeError) as caught:
        layer.load_state_dict(wrong)
    assert caught.value.layer == "running_var"
    after = layer.state_dict()
    assert all(np.array_equal(before[k], after[k]) for k in before)


@pytest.mark.parametrize(
    ("layer", "shape", "says"),
    [
        (cr.nn.BatchNorm1d(3), (5, 4), "BatchNorm1d(3)"),
        (cr.nn.BatchNorm1d(3), (3,), "BatchNorm1d(3)"),
        (cr.nn.BatchNorm1d(3), (2, 3, 4, 4), "BatchNorm1d(3)"),
        (cr.nn.BatchNorm2d(3), (5, 3), "BatchNorm2d(3)"),
        (cr.nn.LayerNorm((3, 2)), (5, 2, 3), "LayerNorm(3, 2)"),
        (cr.nn.LayerNorm(3), (), "LayerNorm(3)"),
        (cr.nn.RMSNorm(3), (5, 1), "RMSNorm(3)"),
    ],
)
def test_shapes_that_do_not_fit_name_the_layer(layer, shape, says):
    before = layer.state_dict()
    with pytest.raises(cr.ShapeError) as caught:
        layer(np.ones(shape))
    assert caught.value.layer == says
    assert shape in caught.value.shapes
    after = layer.state_dict()
    assert all(np.array_equal(before[k], after[k]) for k in before)


@pytest.mark.parametrize("size", [1, 4])
def test_scales_of_another_length_are_not_broadcast(size):
    x, ones = np.ones((5, 3)), np.ones(size)
    for call in (
        lambda: F.batch_norm(x, None, None, ones, None, True),
        lambda: F.batch_norm(x, None, None, None, ones, True),
        lambda: F.batch_norm(x, ones, np.ones(3)),
        lambda: F.batch_norm(x, np.ones(3), ones),
        lambda: F.layer_norm(x, 3, ones),
        lambda: F.layer_norm(x, 3, None, ones),
        lambda: F.rms_norm(x, 3, ones),
    ):
        with pytest.raises(cr.ShapeError):
            call()


SIZES = "should be a whole number, at least 1"
EPS = "eps should be at least 0 and finite"
SHARE = "momentum should be a share, from 0 to 1"


@pytest.mark.parametrize(
    ("layer", "settings", "remedy"),
    [
        (cr.nn.BatchNorm1d, {"num_features": 0}, SIZES),
        (cr.nn.BatchNorm2d, {"num_features": -3}, SIZES),
        (cr.nn.BatchNorm1d, {"num_features": 3, "eps": -1e-5}, EPS),
        (cr.nn.BatchNorm1d, {"num_features": 3, "eps": np.nan}, EPS),
        (cr.nn.BatchNorm1d, {"num_features": 3, "eps": np.inf}, EPS),
        (cr.nn.BatchNorm1d, {"num_features": 3, "momentum": 1.5}, SHARE),
        (cr.nn.BatchNorm1d, {"num_features": 3, "momentum": np.nan}, SHARE),
        (cr.nn.LayerNorm, {"normalized_shape": ()}, "nothing"),
        (cr.nn.LayerNorm, {"normalized_shape": -1}, SIZES),
        (cr.nn.LayerNorm, {"normalized_shape": 3, "eps": -1.0}, EPS),
        (cr.nn.RMSNorm, {"normalized_shape": (3, 0)}, SIZES),
        (cr.nn.RMSNorm, {"normalized_shape": 3, "eps": -1.0}, EPS),
        (cr.nn.RMSNorm, {"normalized_shape": 3, "eps": np.nan}, EPS),
    ],
)
def test_settings_that_make_no_sense_are_refused(layer, settings, remedy):
    with pytest.raises(ValueError, match=re.escape(remedy)) as caught:
        layer(**settings)
    message = str(caught.value)
    assert message.startswith(f"{layer.__name__}: ")
    wrong = list(settings.values())[-1]
    assert str(wrong) in message


@pytest.mark.parametrize(
    ("sizes", "shape"), [(3, (3,)), ((3,), (3,)), ((2, 3), (2, 3))]
)
def test_sizes_are_one_number_or_several(sizes, shape):
    for layer in (cr.nn.LayerNorm(sizes, eps=0.0), cr.nn.RMSNorm(sizes)):
        assert layer.weight.shape == shape


def test_a_batch_of_one_is_refused_in_training_only():
    layer = batch_norm_of_two()
    with pytest.raises(ValueError, match=r"two values.*larger batch"):
        layer(Z[:1])
    assert layer.num_batches_tracked == 0
    layer.eval()
    close(layer(Z[:1]).data, layer(Z).data[:1], 0, 0)
    with pytest.raises(ValueError, match=r"running statistics.*training=True"):
        F.batch_norm(Z, None, None)
    one = cr.nn.BatchNorm1d(3)(rng().normal(size=(1, 3, 2)))
    assert one.shape == (1, 3, 2)
