"""Gradient descent, held to exact fractions and to what it promises."""

from __future__ import annotations

import copy
import pickle
from fractions import Fraction

import numpy as np
import pytest

import chainrule as cr


def parameter(values, dtype=np.float64):
    return cr.Tensor(np.array(values, dtype), requires_grad=True)


def exact(start, slope, steps, lr, momentum, nesterov, weight_decay):
    """The textbook recursion in fractions, for one number."""
    theta, m = Fraction(start), None
    path = []
    for _ in range(steps):
        g = slope(theta) + weight_decay * theta
        m = g if m is None else momentum * m + g
        theta -= lr * (g + momentum * m if nesterov else m)
        path.append(theta)
    return path


SETTINGS = [
    (Fraction(1, 4), Fraction(0), False, Fraction(0)),
    (Fraction(1, 4), Fraction(0), False, Fraction(1, 8)),
    (Fraction(1, 8), Fraction(3, 4), False, Fraction(0)),
    (Fraction(1, 8), Fraction(3, 4), True, Fraction(0)),
    (Fraction(1, 8), Fraction(1, 2), True, Fraction(1, 16)),
]


@pytest.mark.parametrize(("lr", "momentum", "nesterov", "decay"), SETTINGS)
def test_sgd_takes_the_exact_path(lr, momentum, nesterov, decay):
    """The loss 3 a^2 - 2 a + b^2 / 2, started at a = 2, b = -5.

    All settings are powers of two, so four steps fit in float64 exactly.
    """
    theta = parameter([2.0, -5.0])
    optimizer = cr.optim.SGD(
        [theta], float(lr), float(momentum), nesterov, float(decay)
    )
    a = exact(2, lambda a: 6 * a - 2, 4, lr, momentum, nesterov, decay)
    b = exact(-5, lambda b: b, 4, lr, momentum, nesterov, decay)
    for step in range(4):
        optimizer.zero_grad()
        (3 * theta[0] ** 2 - 2 * theta[0] + theta[1] ** 2 / 2).backward()
        optimizer.step()
        assert theta.data.tolist() == [a[step], b[step]]


def test_frozen_steps():
    """Three steps of momentum by hand: gradients 1, 1, -2, rate 1/2, 1/2."""
    theta = parameter([0.0])
    optimizer = cr.optim.SGD([theta], lr=0.5, momentum=0.5)
    path = []
    for g in (1.0, 1.0, -2.0):
        theta.grad = np.array([g])
        optimizer.step()
        path.append(theta.data.item())
    # m is 1, 1.5, -1.25
    assert path == [-0.5, -1.25, -0.625]


def test_frozen_nesterov_steps():
    """The same gradients; the steps are 1.5, 1.75, -2.625 halves."""
    theta = parameter([0.0])
    optimizer = cr.optim.SGD([theta], lr=0.5, momentum=0.5, nesterov=True)
    path = []
    for g in (1.0, 1.0, -2.0):
        theta.grad = np.array([g])
        optimizer.step()
        path.append(theta.data.item())
    assert path == [-0.75, -1.625, -0.3125]


def test_the_rate_can_be_read_and_set():
    theta = parameter([1.0])
    optimizer = cr.optim.SGD([theta], lr=0.5)
    assert optimizer.lr == 0.5
    optimizer.lr = 0.25
    theta.grad = np.array([1.0])
    optimizer.step()
    assert theta.data.tolist() == [0.75]


def test_each_parameter_has_its_own_memory():
    one, other = parameter([0.0, 0.0]), parameter([[0.0], [0.0], [0.0]])
    optimizer = cr.optim.SGD([one, other], lr=1.0, momentum=0.5)
    for g in (1.0, 3.0):
        one.grad, other.grad = np.full(2, g), np.full((3, 1), -g)
        optimizer.step()
    assert one.data.tolist() == [-4.5, -4.5]
    assert other.data.tolist() == [[4.5], [4.5], [4.5]]


def test_without_a_gradient_nothing_moves():
    still, moving = parameter([1.0]), parameter([1.0])
    optimizer = cr.optim.SGD([still, moving], lr=0.5, weight_decay=0.5)
    moving.grad = np.array([1.0])
    optimizer.step()
    assert still.data.tolist() == [1.0]
    assert moving.data.tolist() == [0.25]
    optimizer.zero_grad()
    assert moving.grad is None


def test_gradients_are_left_as_they_were():
    theta = parameter([2.0])
    g = theta.grad = np.array([1.0])
    optimizer = cr.optim.SGD([theta], 0.5, momentum=0.5, weight_decay=0.5)
    optimizer.step()
    optimizer.step()
    assert g.tolist() == [1.0]


def test_memory_is_not_the_gradient_itself():
    theta = parameter([0.0])
    theta.grad = np.array([1.0])
    optimizer = cr.optim.SGD([theta], lr=1.0, momentum=0.5)
    optimizer.step()
    theta.grad *= 0
    optimizer.step()
    assert theta.data.tolist() == [-1.5]


def test_a_step_is_seen_by_backward():
    theta = parameter([3.0])
    loss = (theta**2).sum()
    theta.grad = np.array([1.0])
    cr.optim.SGD([theta], lr=0.5).step()
    with pytest.raises(cr.InPlaceError):
        loss.backward()


def test_the_array_of_a_parameter_stays_the_same():
    theta = parameter([3.0])
    array = theta.data
    theta.grad = np.array([2.0])
    cr.optim.SGD([theta], lr=0.5).step()
    assert theta.data is array
    assert array.tolist() == [2.0]


@pytest.mark.parametrize("rate", [0.5, np.float64(0.5)])
def test_float32_stays_float32(rate):
    theta = parameter([1.0], np.float32)
    optimizer = cr.optim.SGD(
        [theta], rate, momentum=rate, nesterov=True, weight_decay=rate
    )
    theta.grad = np.ones(1, np.float32)
    optimizer.step()
    assert theta.dtype == np.float32
    assert optimizer.memories[0]["m"].dtype == np.float32


def run(optimizer, theta, gradients):
    for g in gradients:
        theta.grad = np.array([g])
        optimizer.step()
    return theta.data.item()


def test_a_run_can_be_resumed():
    gradients = [1.0, -2.0, 0.5, 3.0]
    theta = parameter([0.0])
    whole = run(cr.optim.SGD([theta], 0.1, 0.9), theta, gradients)

    theta = parameter([0.0])
    first = cr.optim.SGD([theta], 0.1, 0.9)
    half = run(first, theta, gradients[:2])
    state = first.state_dict()
    run(first, theta, [5.0])  # a saved state does not move on

    theta = parameter([half])
    second = cr.optim.SGD([theta], 0.7, nesterov=False)
    second.load_state_dict(state)
    assert second.lr == 0.1
    assert run(second, theta, gradients[2:]) == whole


def test_a_saved_state_is_a_copy_both_ways():
    theta = parameter([0.0])
    optimizer = cr.optim.SGD([theta], 0.5, 0.5)
    run(optimizer, theta, [1.0])
    state = optimizer.state_dict()
    state["memories"][0]["m"][:] = 9
    assert optimizer.memories[0]["m"].tolist() == [1.0]
    optimizer.load_state_dict(state)
    state["memories"][0]["m"][:] = 7
    assert optimizer.memories[0]["m"].tolist() == [9.0]


def test_a_state_that_does_not_fit_is_refused():
    optimizer = cr.optim.SGD([parameter([0.0, 0.0])], 0.1, 0.9)
    optimizer.params[0].grad = np.ones(2)
    optimizer.step()
    state = optimizer.state_dict()
    two = cr.optim.SGD([parameter([0.0]), parameter([0.0])], 0.1)
    with pytest.raises(ValueError, match="1, not 2"):
        two.load_state_dict(state)
    longer = cr.optim.SGD([parameter([0.0] * 3)], 0.1)
    with pytest.raises(cr.ShapeError, match=r"\(2,\) and \(3,\)"):
        longer.load_state_dict(state)
    del state["settings"]["momentum"]
    with pytest.raises(ValueError, match="settings"):
        optimizer.load_state_dict(state)


@pytest.mark.parametrize(
    "settings",
    [
        {"lr": -0.1},
        {"lr": float("nan")},
        {"lr": float("inf")},
        {"lr": 0.1, "momentum": -0.5},
        {"lr": 0.1, "momentum": float("nan")},
        {"lr": 0.1, "weight_decay": -1.0},
        {"lr": 0.1, "nesterov": True},
    ],
)
def test_bad_settings_are_value_errors(settings):
    with pytest.raises(ValueError, match=r"lr|momentum|weight_decay|nesterov"):
        cr.optim.SGD([parameter([1.0])], **settings)


def test_a_bad_rate_is_refused_later_too():
    optimizer = cr.optim.SGD([parameter([1.0])], lr=0.1)
    with pytest.raises(ValueError, match="lr"):
        optimizer.lr = -1.0
    assert optimizer.lr == 0.1


def test_bad_parameters():
    theta = parameter([1.0])
    with pytest.raises(ValueError, match="no parameters"):
        cr.optim.SGD([], lr=0.1)
    with pytest.raises(ValueError, match="twice"):
        cr.optim.SGD([theta, theta], lr=0.1)
    for wrong in (np.ones(2), cr.Tensor([1.0]), theta * 2):
        with pytest.raises(TypeError, match="Tensor"):
            cr.optim.SGD([wrong], lr=0.1)


def test_a_generator_of_parameters_lasts():
    layer = cr.nn.Linear(2, 1, rng=np.random.default_rng(0))
    optimizer = cr.optim.SGD(layer.parameters(), lr=0.1)
    for _ in range(2):
        before = layer.weight.data.copy()
        optimizer.zero_grad()
        layer(np.ones((3, 2))).sum().backward()
        optimizer.step()
        np.testing.assert_allclose(layer.weight.data, before - 0.3)


def by_the_page(theta, gradients, lr, momentum, nesterov, decay):
    """The printed recursion, one array at a time, without any blocks."""
    m = np.zeros_like(theta)
    for g in gradients:
        g = g + decay * theta
        m = momentum * m + g
        theta = theta - lr * (g + momentum * m if nesterov else m)
    return theta


# Small ones that share blocks, large ones of several blocks, one that fills
# its block exactly, and one without an entry.
SHAPES = [(3,), (200, 400), (), (128, 256), (0, 2), (4096,), (4097,), (5, 7)]


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_blocks_move_as_the_page_does(nesterov, dtype):
    """Multiples of small powers of two: every intermediate is exact."""
    rng = np.random.default_rng(3)

    def small(shape):
        return (rng.integers(-8, 9, shape) / 4).astype(dtype)

    starts = [small(shape) for shape in SHAPES]
    gradients = [[small(shape) for shape in SHAPES] for _ in range(3)]
    params = [parameter(start, dtype) for start in starts]
    optimizer = cr.optim.SGD(params, 0.5, 0.5, nesterov, 0.25)
    for row in gradients:
        for theta, g in zip(params, row, strict=True):
            theta.grad = g
        optimizer.step()
    for i, theta in enumerate(params):
        sent = [row[i] for row in gradients]
        expected = by_the_page(starts[i], sent, 0.5, 0.5, nesterov, 0.25)
        np.testing.assert_array_equal(theta.data, expected)
        assert theta.dtype == dtype
        assert optimizer.memories[i]["t"] == 3


def test_parameters_come_and_go():
    """Who has a gradient changes from step to step, and so do the blocks."""
    rng = np.random.default_rng(4)
    shapes = [(2,), (3, 2), (5000,), (7,), (4,)]
    starts = [rng.integers(-4, 5, s) / 2 for s in shapes]
    params = [parameter(start) for start in starts]
    optimizer = cr.optim.SGD(params, 0.5, momentum=0.5)
    sent = [[] for _ in shapes]
    for moving in ({0, 1, 2, 3, 4}, {1, 3, 4}, {0, 2, 4}, {0, 1, 2, 3, 4}, {2}):
        for i, theta in enumerate(params):
            g = rng.integers(-4, 5, shapes[i]) / 2
            theta.grad = g if i in moving else None
            if i in moving:
                sent[i].append(g)
        optimizer.step()
    for i, theta in enumerate(params):
        expected = by_the_page(starts[i], sent[i], 0.5, 0.5, False, 0.0)
        np.testing.assert_array_equal(theta.data, expected)
        assert optimizer.memories[i]["t"] == len(sent[i])


def test_dtypes_and_layouts_do_not_mix():
    one, other = parameter([1.0, 2.0], np.float32), parameter([3.0, 4.0])
    turned = cr.Tensor(np.ones((90, 70)), requires_grad=True)
    turned.data = np.arange(6300.0).reshape(70, 90).T
    optimizer = cr.optim.SGD([one, other, turned], 0.5)
    one.grad = np.array([1.0, 2.0])  # of the wider dtype
    other.grad = np.array([1.0, 2.0])
    turned.grad = np.ones((70, 90)).T
    optimizer.step()
    assert one.dtype == np.float32
    assert one.data.tolist() == [0.5, 1.0]
    assert other.data.tolist() == [2.5, 3.0]
    np.testing.assert_array_equal(
        turned.data, np.arange(6300.0).reshape(70, 90).T - 0.5
    )


def test_new_data_moves_on():
    """`theta.data = other` puts other data there; its memory stays."""
    theta, beside = parameter([0.0, 0.0]), parameter([0.0])
    optimizer = cr.optim.SGD([theta, beside], 1.0, momentum=0.5)
    theta.grad, beside.grad = np.ones(2), np.ones(1)
    optimizer.step()
    before = theta.data
    theta.data = np.array([10.0, 20.0])
    optimizer.step()
    assert before.tolist() == [-1.0, -1.0]
    assert theta.data.tolist() == [8.5, 18.5]


def test_shapes_are_held_to():
    theta, beside = parameter([0.0, 0.0]), parameter([1.0])
    optimizer = cr.optim.SGD([beside, theta], 1.0)
    with pytest.raises(cr.ShapeError, match=r"\.grad: .*\(2,\).*\(1,\)"):
        theta.grad = np.ones(1)
    beside.grad, theta.grad = np.ones(1), np.ones(2)
    theta.data = np.zeros((1, 2))
    with pytest.raises(cr.ShapeError, match=r"step: .*\(2,\).*\(1, 2\)"):
        optimizer.step()
    assert beside.data.tolist() == [1.0]


class Counting(cr.optim.Optimizer):
    """Remembers under a name that starts at seven, and notes its blocks."""

    seen: list[tuple[int, int]]

    def update(self, block):
        count = block.memory("count", start=7.0)
        count += 1
        block.theta[:] = count
        self.seen.append((block.t, block.theta.size))


def test_a_subclass_writes_one_method():
    params = [parameter(np.zeros(n)) for n in (3, 5000, 4, 40000)]
    optimizer = Counting(params, 0.1)
    optimizer.seen = []
    for moving in ({0, 1}, {0, 1, 2, 3}):
        for i, theta in enumerate(params):
            theta.grad = np.zeros(theta.shape) if i in moving else None
        optimizer.step()
    assert [set(p.data.tolist()) for p in params] == [{9}, {9}, {8}, {8}]
    # 3 and 4 have taken different numbers of steps: no block holds both
    assert optimizer.seen[:2] == [(1, 3), (1, 5000)]
    assert sorted(optimizer.seen[2:]) == [
        (1, 4),
        (1, 40000 - 2**15),
        (1, 2**15),
        (2, 3),
        (2, 5000),
    ]


def test_small_parameters_share_a_block():
    params = [parameter(np.zeros(n)) for n in (3, 5, 4)]
    optimizer = Counting(params, 0.1)
    optimizer.seen = []
    for theta in params:
        theta.grad = np.zeros(theta.shape)
    optimizer.step()
    assert optimizer.seen == [(1, 12)]


def test_a_loaded_memory_starts_only_what_is_new():
    params = [parameter([0.0]), parameter([0.0])]
    first = Counting(params, 0.1)
    first.seen = []
    params[0].grad = np.zeros(1)
    first.step()
    second = Counting(params, 0.1)
    second.seen = []
    second.load_state_dict(first.state_dict())
    params[1].grad = np.zeros(1)
    second.step()
    assert [p.data.tolist() for p in params] == [[9.0], [8.0]]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(
    "twin", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))]
)
def test_an_optimizer_can_be_copied_with_its_model(twin, count):
    """Several small parameters share one block, of which each has a view."""
    params = [parameter([0.0]) for _ in range(count)]
    optimizer = cr.optim.SGD(params, 1.0, momentum=0.5)
    for theta in params:
        theta.grad = np.ones(1)
    optimizer.step()
    copies, again = twin((params, optimizer))
    again.zero_grad()
    assert [p.grad for p in copies] == count * [None]
    for theta in copies:
        (theta + 2).sum().backward()  # a new gradient, of one
    again.step()
    assert [p.data.tolist() for p in copies] == count * [[-2.5]]
    assert [p.data.tolist() for p in params] == count * [[-1.0]]
    optimizer.step()
    assert [p.data.tolist() for p in params] == count * [[-2.5]]
