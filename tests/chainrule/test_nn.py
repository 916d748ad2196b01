"""Layers and losses, held to closed forms and finite differences."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

import chainrule as cr
from chainrule.rules import fused

F = cr.nn.functional


def rng(seed=0):
    return np.random.default_rng(seed)


def slopes(f, x, step=1e-6):
    """The gradient of f at x by central differences, entry by entry."""
    out = np.empty_like(x)
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += step
        down[index] -= step
        out[index] = (float(f(up)) - float(f(down))) / (2 * step)
    return out


# Functions


def test_linear_is_the_dictionary_row_by_row():
    H, W, b = (
        rng().normal(size=(5, 4)),
        rng(1).normal(size=(3, 4)),
        np.arange(3.0),
    )
    Z = F.linear(H, W, b)
    assert Z.shape == (5, 3)
    for i in range(5):
        for j in range(3):
            by_hand = sum(W[j, k] * H[i, k] for k in range(4)) + b[j]
            assert math.isclose(Z[i, j], by_hand, rel_tol=1e-13)
    np.testing.assert_allclose(F.linear(H, W), Z - b, rtol=1e-12)


@pytest.mark.parametrize("bias", [True, False])
def test_linear_gradients(bias):
    H, W = rng().normal(size=(5, 4)), rng(1).normal(size=(3, 4))
    b, D = rng(2).normal(size=3), rng(3).normal(size=(5, 3))

    def loss(H, W, b):
        return np.sum(D * F.linear(H, W, b if bias else None))

    g_H, g_W, g_b = cr.grad(loss, argnums=(0, 1, 2))(H, W, b)
    np.testing.assert_allclose(
        g_H, slopes(lambda x: loss(x, W, b), H), rtol=1e-7
    )
    np.testing.assert_allclose(
        g_W, slopes(lambda x: loss(H, x, b), W), rtol=1e-7
    )
    np.testing.assert_allclose(g_b, D.sum(axis=0) if bias else np.zeros(3))


def test_linear_refuses_what_matmul_would_take():
    with pytest.raises(cr.ShapeError) as caught:
        F.linear(np.ones((5, 3)), np.ones((3, 4)), np.ones(3))
    assert caught.value.operation == "linear"
    assert caught.value.shapes == ((5, 3), (3, 4))


@pytest.mark.parametrize(
    ("function", "closed_form"),
    [
        (F.relu, lambda x: (x + abs(x)) / 2),
        (F.sigmoid, lambda x: 1 / (1 + math.exp(-x))),
        (F.tanh, lambda x: 1 - 2 / (math.exp(2 * x) + 1)),
    ],
)
def test_activations(function, closed_form):
    x = np.array([[-3.0, -0.4, 0.7], [2.5, 1e-3, -1e-3]])
    expected = np.vectorize(closed_form)(x)
    np.testing.assert_allclose(function(x), expected, rtol=1e-12)
    gradient = cr.grad(lambda x: np.sum(function(x)))(x)
    exact = slopes(lambda x: np.vectorize(closed_form)(x).sum(), x, 1e-5)
    np.testing.assert_allclose(gradient, exact, rtol=1e-6)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sigmoid_keeps_its_digits_on_both_sides(dtype):
    half = np.array([0.25, 3, 20, 36.5, 38, 60, 80], dtype)
    x = np.concatenate([-half, half])
    exact = [1 / (1 + Decimal(-float(entry)).exp()) for entry in x]
    opposite = [1 / (1 + Decimal(float(entry)).exp()) for entry in x]
    slope = [float(p * q) for p, q in zip(exact, opposite, strict=True)]
    rtol = 4 * np.finfo(dtype).eps
    value = F.sigmoid(x)
    gradient = cr.grad(lambda x: np.sum(F.sigmoid(x)))(x)
    assert value.dtype == gradient.dtype == dtype
    np.testing.assert_allclose(value, np.array(exact, float), rtol=rtol)
    np.testing.assert_allclose(gradient, slope, rtol=rtol)


@pytest.mark.filterwarnings("error")
def test_sigmoid_at_the_ends():
    x = np.array([-np.inf, -1e4, 0.0, 1e4, np.inf])
    assert F.sigmoid(x).tolist() == [0, 0, 0.5, 1, 1]
    gradient = cr.grad(lambda x: np.sum(F.sigmoid(x)))
    assert gradient(x).tolist() == [0, 0, 0.25, 0, 0]
    assert np.isnan(F.sigmoid(np.array([np.nan])))


def test_relu_has_slope_zero_at_zero():
    assert cr.grad(lambda x: np.sum(F.relu(x)))(np.zeros(2)).tolist() == [0, 0]


def test_softmax_of_odds():
    z = np.log([[2.0, 3.0, 7.0], [1.0, 4.0, 3.0]])
    expected = [[1 / 6, 1 / 4, 7 / 12], [1 / 8, 1 / 2, 3 / 8]]
    np.testing.assert_allclose(F.softmax(z), expected, rtol=1e-14)
    np.testing.assert_allclose(F.softmax(z.T, axis=0).T, expected, rtol=1e-14)
    np.testing.assert_allclose(F.log_softmax(z), np.log(expected), rtol=1e-13)


def test_log_softmax_survives_large_logits():
    z = np.array([[1000.0, 0.0, -1000.0]])
    assert F.log_softmax(z).tolist() == [[0.0, -1000.0, -2000.0]]
    assert F.softmax(z).tolist() == [[1.0, 0.0, 0.0]]


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_softmax_gradients(axis):
    z, D = rng().normal(size=(2, 3)), rng(1).normal(size=(2, 3))
    for function in (F.softmax, F.log_softmax):

        def loss(z, function=function):
            return np.sum(D * function(z, axis))

        np.testing.assert_allclose(
            cr.grad(loss)(z), slopes(loss, z), rtol=1e-6, atol=1e-9
        )


def test_cross_entropy_by_hand():
    z = np.log([[2.0, 3.0, 7.0], [1.0, 4.0, 3.0]])
    surprise = np.array([math.log(4), math.log(8)])
    labels = np.array([1, 0])
    losses = F.cross_entropy(z, labels, reduction="none")
    np.testing.assert_allclose(losses, surprise, rtol=1e-14)
    assert math.isclose(F.cross_entropy(z, labels), surprise.sum() / 2)
    assert math.isclose(F.cross_entropy(z, labels, "sum"), surprise.sum())


def test_cross_entropy_gradient_by_hand():
    z = np.log([[2.0, 3.0, 7.0], [1.0, 4.0, 3.0]])
    labels = np.array([1, 0])
    pushes = np.array([[1 / 6, -3 / 4, 7 / 12], [-7 / 8, 1 / 2, 3 / 8]])
    for reduction, factor in (("mean", 0.5), ("sum", 1.0)):
        gradient = cr.grad(F.cross_entropy)(z, labels, reduction)
        np.testing.assert_allclose(gradient, factor * pushes, rtol=1e-13)


def test_labels_and_one_hot_weights_agree():
    z, labels = rng().normal(size=(5, 3)), np.array([2, 0, 1, 1, 2])
    weights = np.eye(3)[labels]
    for f in (F.cross_entropy, cr.grad(F.cross_entropy)):
        np.testing.assert_allclose(f(z, labels), f(z, weights), rtol=1e-12)


def test_cross_entropy_of_weights_that_do_not_add_to_one():
    z, y = rng().normal(size=(4, 3)), rng(1).uniform(0, 2, (4, 3))

    def loss(z):
        return F.cross_entropy(z, y)

    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    expected = (y.sum(axis=1, keepdims=True) * p - y) / 4
    np.testing.assert_allclose(cr.grad(loss)(z), expected, rtol=1e-12)
    np.testing.assert_allclose(cr.grad(loss)(z), slopes(loss, z), rtol=1e-6)


@pytest.mark.parametrize("kind", ["float16", "float32", "float64"])
@pytest.mark.parametrize("k", [3, 40])
@pytest.mark.parametrize("times", [0.1, 0.99, 1.01, 6.0])
def test_cross_entropy_of_small_and_of_large_scores(kind, k, times):
    limit = -np.log(fused.root_of_least(np.dtype(kind))) - np.log(k)
    z = rng().uniform(-1, 1, (7, k))
    z[2], z[5, :2], z[6] = -1, [-1, 1], 1
    z, labels = (
        (times * limit * z).astype(kind),
        np.array([0, 2, 1, 2, 1, 0, 1]),
    )
    exact = z.astype(np.longdouble)
    exact = exact - exact.max(axis=1, keepdims=True)
    p = np.exp(exact) / np.exp(exact).sum(axis=1, keepdims=True)
    eps = np.finfo(kind).eps
    losses = F.cross_entropy(cr.Tensor(z, requires_grad=True), labels, "none")
    assert np.all(losses.data >= 0)
    np.testing.assert_allclose(
        losses.data, -np.log(p)[range(7), labels], rtol=4 * eps, atol=k * eps
    )
    for upstream in (1.0, -3.0):
        x = cr.Tensor(z, requires_grad=True)
        loss = F.cross_entropy(x, labels)
        for sweeps in (1, 2):
            loss.backward(np.asarray(upstream, kind), retain_graph=True)
            expected = sweeps * upstream / 7 * (p - np.eye(k)[labels])
            np.testing.assert_allclose(x.grad, expected, atol=8 * eps)


def test_scores_that_are_small_but_for_one_label_keep_their_loss():
    z = np.array([[0.0, -60.0, 0.5], [0.0, 1.0, -0.5]], "float32")
    x = cr.Tensor(z, requires_grad=True)
    losses = F.cross_entropy(x, np.array([1, 0]), "none")
    p = np.exp(z.astype(float))
    p /= p.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(losses.data, -np.log(p)[[0, 1], [1, 0]], 1e-6)
    losses.backward(np.array([1, -2], "float32"))
    expected = np.array([[1], [-2]]) * (p - [[0, 1, 0], [1, 0, 0]])
    np.testing.assert_allclose(x.grad, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", ["uint8", "int32", "uint64"])
@pytest.mark.parametrize("k", [3, 40])
def test_labels_may_be_any_integers(kind, k):
    z = rng().normal(size=(4, k))
    labels = np.array([0, 2, 1, 2])
    x = cr.Tensor(z, requires_grad=True)
    F.cross_entropy(x, labels.astype(kind)).backward()
    np.testing.assert_allclose(
        x.grad, cr.grad(F.cross_entropy)(z, np.eye(k)[labels]), rtol=1e-12
    )


def test_a_scaled_loss_saves_small_probabilities_in_half_precision():
    z, labels = np.array([[0.0, -13.0], [-11.0, 0.0]]), np.array([0, 1])
    x = cr.Tensor(z.astype("float16"), requires_grad=True)
    F.cross_entropy(x, labels).backward(np.float16(2048))
    p = F.softmax(z)[[0, 1], [1, 0]]
    np.testing.assert_allclose(x.grad[[0, 1], [1, 0]], 1024 * p, rtol=3e-3)


def test_weights_have_gradients_too():
    z, y = rng().normal(size=(4, 3)), rng(1).uniform(0, 2, (4, 3))
    for kind in ("mean", "sum"):
        g = cr.grad(F.cross_entropy, 1)(z, y, kind)
        count = 4 if kind == "mean" else 1
        np.testing.assert_allclose(g, -F.log_softmax(z) / count, rtol=1e-14)
    taught = cr.Tensor(y, requires_grad=True)
    F.cross_entropy(cr.Tensor(z), taught).backward()
    np.testing.assert_allclose(taught.grad, -F.log_softmax(z) / 4, rtol=1e-14)


def test_second_derivative_of_cross_entropy():
    z, labels = rng().normal(size=(1, 3)), np.array([2])
    p = F.softmax(z)[0]
    found = cr.hessian(lambda z: F.cross_entropy(z, labels))(z)
    expected = np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose(found.reshape(3, 3), expected, atol=1e-14)


@pytest.mark.parametrize(
    ("shape", "labels"),
    [
        ((4, 3), np.zeros((4, 1), int)),
        ((4, 3), np.zeros(3, int)),
        ((4, 3), np.zeros((3, 4))),
        ((3,), np.zeros(3, int)),
        ((2, 4, 3), np.zeros((2, 4), int)),
    ],
)
def test_cross_entropy_refuses_shapes(shape, labels):
    with pytest.raises(cr.ShapeError, match="cross_entropy") as caught:
        F.cross_entropy(np.zeros(shape), labels)
    assert caught.value.shapes == (shape, labels.shape)


def test_cross_entropy_refuses_what_is_no_label():
    with pytest.raises(TypeError, match="float64"):
        F.cross_entropy(np.zeros((2, 3)), np.array([0.0, 1.0]))
    for label in (-1, 3):
        with pytest.raises(ValueError, match=f"no class {label} among 3"):
            F.cross_entropy(np.zeros((2, 3)), np.array([0, label]))


def test_mse_loss():
    x, y = np.array([[1.0, 2.0, 4.0]]), np.array([[2.0, 0.0, 7.0]])
    assert math.isclose(F.mse_loss(x, y), 14 / 3)
    assert math.isclose(F.mse_loss(x, y, "sum"), 14)
    assert F.mse_loss(x, y, "none").tolist() == [[1, 4, 9]]
    gradient = cr.grad(F.mse_loss)(x, y)
    np.testing.assert_allclose(gradient, [[-2 / 3, 4 / 3, -2]], rtol=1e-14)


@pytest.mark.parametrize(
    ("one", "other"),
    [((3,), (3, 1)), ((3, 1), (3,)), ((1, 3), (3,)), ((3,), ())],
)
def test_mse_loss_refuses_to_broadcast(one, other):
    prediction = cr.Tensor(np.ones(one), requires_grad=True)
    with pytest.raises(cr.ShapeError, match="mse_loss") as caught:
        F.mse_loss(prediction, np.ones(other))
    assert caught.value.shapes == (one, other)


def test_an_unknown_reduction_is_named():
    for loss, target in (
        (F.mse_loss, np.ones((2, 3))),
        (F.cross_entropy, [0, 1]),
    ):
        with pytest.raises(ValueError, match="'average'"):
            loss(np.ones((2, 3)), target, "average")


def test_float32_stays_float32():
    model = cr.nn.Sequential(
        cr.nn.Linear(4, 3, dtype=np.float32), cr.nn.Sigmoid(), cr.nn.Tanh()
    )
    x = rng().normal(size=(5, 4)).astype(np.float32)
    loss = F.cross_entropy(model(x), np.array([0, 1, 2, 1, 0]))
    loss.backward()
    assert loss.dtype == np.float32
    assert all(p.grad.dtype == np.float32 for p in model.parameters())


# First values


def test_linear_starts_as_in_pytorch():
    layer = cr.nn.Linear(100, 400, rng=rng())
    assert layer.weight.shape == (400, 100)
    assert layer.bias.shape == (400,)
    for parameter in layer.parameters():
        size = np.abs(parameter.data)
        assert 0.0995 < size.max() <= 0.1
        # A uniform number up to a has variance a^2 / 3; 400 draws or more.
        assert math.isclose(parameter.data.var(), 0.01 / 3, rel_tol=0.15)
    assert (
        abs(np.corrcoef(layer.weight.data[:, 0], layer.bias.data)[0, 1]) < 0.2
    )


def test_the_generator_decides_everything():
    one, other = (cr.nn.Linear(3, 2, rng=rng(7)) for _ in range(2))
    assert np.array_equal(one.weight.data, other.weight.data)
    assert np.array_equal(one.bias.data, other.bias.data)
    third = cr.nn.Linear(3, 2, rng=rng(8))
    assert not np.array_equal(one.weight.data, third.weight.data)


def test_kaiming_bound_counts_all_axes_but_the_first():
    kernel = cr.Tensor(np.zeros((8, 6, 5, 5)), requires_grad=True)
    assert cr.nn.init.kaiming_uniform_(kernel, rng=rng()) is kernel
    bound = math.sqrt(6 / 150)
    assert 0.99 * bound < np.abs(kernel.data).max() <= bound
    with pytest.raises(ValueError, match=r"\(3,\)"):
        cr.nn.init.kaiming_uniform_(cr.Tensor(np.zeros(3), requires_grad=True))


@pytest.mark.parametrize("sizes", [(0, 3), (3, 0), (-1, 2)])
def test_a_layer_has_a_width(sizes):
    with pytest.raises(ValueError, match="at least 1, not"):
        cr.nn.Linear(*sizes)


# Modules


class Tangled(cr.nn.Module):
    """Parameters as attributes, in lists, in dicts, and one shared."""

    def __init__(self):
        self.scale = cr.Tensor(np.ones(1), requires_grad=True)
        self.constant = cr.Tensor(np.ones(1))
        self.stack = [cr.nn.Linear(4, 3, rng=rng(1)), cr.nn.Tanh()]
        self.named = {"out": cr.nn.Linear(3, 2, bias=False, rng=rng(2))}
        self.again = self.named["out"]

    def forward(self, x):
        for layer in self.stack:
            x = layer(x)
        return self.scale * self.named["out"](x)


def test_parameters_are_found_wherever_they_stand():
    names = [name for name, _ in Tangled().named_parameters()]
    assert names == [
        "scale",
        "stack.0.weight",
        "stack.0.bias",
        "named.out.weight",
    ]
    assert [p.shape for p in Tangled().parameters()] == [
        (1,),
        (3, 4),
        (3,),
        (2, 3),
    ]


def test_results_kept_as_attributes_are_no_parameters():
    model = Tangled()
    model.last = model(np.ones((5, 4)))
    assert "last" not in dict(model.named_parameters())


def test_every_parameter_gets_its_gradient():
    model, x = Tangled(), rng().normal(size=(5, 4))
    model(x).sum().backward()
    here = model.state_dict()
    for name, parameter in model.named_parameters():

        def loss(value, name=name):
            model.load_state_dict(
                here
                | {name: value}
                | (
                    {"again.weight": value}
                    if name == "named.out.weight"
                    else {}
                )
            )
            return model(x).sum().item()

        expected = slopes(loss, here[name])
        np.testing.assert_allclose(parameter.grad, expected, rtol=1e-6)
    model.zero_grad()
    assert all(p.grad is None for p in model.parameters())


def test_state_is_a_copy_and_comes_back():
    model, x = Tangled(), rng().normal(size=(5, 4))
    before, state = model(x).data, model.state_dict()
    with cr.no_grad():
        for p in model.parameters():
            p += 1.0
    assert not np.allclose(model(x).data, before)
    model.load_state_dict(state)
    assert np.array_equal(model(x).data, before)
    state["scale"][:] = 7
    assert model.scale.data.tolist() == [1.0]


def test_loading_is_all_or_nothing():
    model = cr.nn.Sequential(cr.nn.Linear(4, 3), cr.nn.Linear(3, 2))
    before = model.state_dict()
    changed = {name: value + 1 for name, value in before.items()}
    changed["1.weight"] = np.ones((3, 2))
    with pytest.raises(
        cr.ShapeError, match=r"1\.weight.*\(3, 2\) and \(2, 3\)"
    ):
        model.load_state_dict(changed)
    del changed["1.weight"]
    with pytest.raises(KeyError, match=r"missing: \['1\.weight'\]"):
        model.load_state_dict(changed)
    with pytest.raises(KeyError, match=r"unknown: \['2\.bias'\]"):
        model.load_state_dict(before | {"2.bias": np.ones(3)})
    assert all(
        np.array_equal(model.state_dict()[k], v) for k, v in before.items()
    )


def test_loading_keeps_the_dtype_and_the_tensor():
    layer = cr.nn.Linear(3, 2, dtype=np.float32)
    weight = layer.weight
    layer.load_state_dict({"weight": np.ones((2, 3)), "bias": np.zeros(2)})
    assert layer.weight is weight
    assert weight.dtype == np.float32


def test_names_and_shapes_are_pytorchs():
    model = cr.nn.Sequential(
        cr.nn.Linear(4, 3), cr.nn.ReLU(), cr.nn.Linear(3, 2)
    )
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    assert shapes == {
        "0.weight": (3, 4), "0.bias": (3,), "2.weight": (2, 3), "2.bias": (2,),
    }  # fmt: skip


def test_train_and_eval_reach_everything():
    model = Tangled()
    assert model.training
    assert model.eval() is model
    assert not any(m.training for m in (model, *model.stack, model.again))
    model.train()
    assert all(m.training for m in (model, *model.stack, model.again))


def test_a_module_must_say_what_it_computes():
    class Silent(cr.nn.Module):
        pass

    with pytest.raises(NotImplementedError, match="Silent"):
        Silent()(np.ones(2))


# Sequences


def test_sequential_is_composition():
    layers = [
        cr.nn.Linear(4, 3, rng=rng(1)),
        cr.nn.Tanh(),
        cr.nn.Linear(3, 2, rng=rng(2)),
    ]
    model, x = cr.nn.Sequential(*layers), rng().normal(size=(5, 4))
    by_hand = np.tanh(x @ layers[0].weight.data.T + layers[0].bias.data)
    by_hand = by_hand @ layers[2].weight.data.T + layers[2].bias.data
    np.testing.assert_allclose(model(x).data, by_hand, rtol=1e-13)
    assert len(model) == 3
    assert list(model) == layers
    assert model[0] is layers[0]
    assert model[-1] is layers[2]
    assert list(model[:2]) == layers[:2]
    assert np.array_equal(model[2:](model[:2](x)).data, model(x).data)
    with pytest.raises(IndexError):
        model[3]


def test_a_layer_is_a_module():
    with pytest.raises(TypeError, match="tanh"):
        cr.nn.Sequential(cr.nn.Linear(4, 3), np.tanh)


def test_a_shape_error_names_operation_shapes_and_layer():
    narrow = cr.nn.Sequential(
        cr.nn.Linear(4, 3), cr.nn.ReLU(), cr.nn.Linear(5, 2)
    )
    with pytest.raises(cr.ShapeError) as caught:
        narrow(np.ones((6, 4)))
    assert caught.value.operation == "linear"
    assert caught.value.shapes == ((6, 3), (2, 5))
    assert caught.value.layer == "layer 2, Linear(5, 2)"
    assert "layer 2, Linear(5, 2): linear: shapes (6, 3) and (2, 5)" in str(
        caught.value
    )
    with pytest.raises(cr.ShapeError, match=r"^layer 1, layer 2, Linear"):
        cr.nn.Sequential(cr.nn.ReLU(), narrow)(np.ones((6, 4)))
    with pytest.raises(cr.ShapeError, match=r"^Linear\(4, 3\): linear"):
        narrow[0](np.ones((6, 5)))


def test_representations():
    model = cr.nn.Sequential(cr.nn.Linear(4, 3), cr.nn.ReLU())
    assert repr(model) == "Sequential(Linear(4, 3), ReLU())"
    assert repr(Tangled()).startswith("Tangled(Linear(4, 3), Tanh(), Linear")


def test_a_network_learns_exclusive_or():
    """Four points that no linear model separates, from one seed."""
    x = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    labels = np.array([0, 1, 1, 0])
    generator = rng(0)
    model = cr.nn.Sequential(
        cr.nn.Linear(2, 8, rng=generator),
        cr.nn.Tanh(),
        cr.nn.Linear(8, 2, rng=generator),
    )
    optimizer = cr.optim.SGD(model.parameters(), lr=0.3, momentum=0.9)
    losses = []
    for _ in range(150):
        loss = F.cross_entropy(model(x), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 20
    assert model(x).data.argmax(axis=1).tolist() == labels.tolist()
    smooth = [sum(losses[k : k + 50]) for k in (0, 50, 100)]
    assert all(late < early for early, late in pairwise(smooth))


def test_a_layer_and_its_relu_are_one_node() -> None:
    """Joined or one by one: the same values and gradients, fewer nodes."""
    rng = np.random.default_rng(8)
    x = rng.normal(size=(6, 3))
    joined = cr.nn.Sequential(
        cr.nn.Linear(3, 4, rng=rng), cr.nn.ReLU(), cr.nn.Linear(4, 2, rng=rng)
    )

    class Own(cr.nn.ReLU):
        """Somebody's own class is not joined."""

    apart = cr.nn.Sequential(joined[0], Own(), joined[2])
    sizes, gradients = [], []
    for model in (joined, apart):
        model.zero_grad()
        out = model(x)
        names, node = [], out.node
        while node is not None and node.name:
            names.append(node.name)
            node = node.first
        sizes.append(names)
        (out * out).sum().backward()
        gradients.append([p.grad for p in model.parameters()])
    assert sizes == [["linear", "linear_relu"], ["linear", "relu", "linear"]]
    for one, other in zip(*gradients, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_a_replaced_forward_is_called() -> None:
    model = cr.nn.Sequential(cr.nn.Linear(2, 2), cr.nn.ReLU())
    called = []
    relu = model[1]
    relu.forward = lambda x: called.append(x) or x
    model(np.ones((1, 2)))
    assert len(called) == 1


def test_the_layer_of_a_joined_pair_is_named() -> None:
    model = cr.nn.Sequential(cr.nn.Linear(2, 3), cr.nn.ReLU())
    with pytest.raises(cr.ShapeError, match=r"layer 0, Linear\(2, 3\)"):
        model(np.ones((4, 5)))
