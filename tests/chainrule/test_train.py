"""Mini-batches: who is dealt, how often, with whom, and in which order."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.train import minibatches


def generator(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def dealt(size: int, **settings: Any) -> list[list[int]]:
    """The row numbers of every batch."""
    batches = minibatches(np.arange(size), **settings)
    return [batch.tolist() for (batch,) in batches]


@pytest.mark.parametrize(
    ("size", "batch_size", "drop_last", "lengths"),
    [
        (7, 3, False, [3, 3, 1]),
        (7, 3, True, [3, 3]),
        (6, 3, False, [3, 3]),
        (6, 3, True, [3, 3]),
        (5, 8, False, [5]),
        (4, 1, True, [1, 1, 1, 1]),
    ],
)
@pytest.mark.parametrize("how", ["shuffled", "in order", "put back"])
def test_lengths_of_batches(size, batch_size, drop_last, lengths, how):
    found = dealt(
        size,
        batch_size=batch_size,
        drop_last=drop_last,
        epochs=2,
        shuffle=how != "in order",
        replacement=how == "put back",
        rng=generator(),
    )
    assert [len(batch) for batch in found] == lengths * 2


def orders(size: int, epochs: int, **settings: Any) -> list[list[int]]:
    """The row numbers epoch by epoch."""
    rows = list(itertools.chain(*dealt(size, epochs=epochs, **settings)))
    return [rows[k * size : (k + 1) * size] for k in range(epochs)]


def test_an_epoch_deals_every_row_once():
    found = orders(7, 5, batch_size=3, rng=generator())
    assert all(sorted(order) == list(range(7)) for order in found)
    assert len({tuple(order) for order in found}) == 5


def test_without_shuffle_the_rows_come_as_they_are():
    found = orders(7, 2, batch_size=3, shuffle=False)
    assert found == [list(range(7))] * 2


def test_all_orders_are_as_likely():
    """Each of the 6 orders of 3 rows in 6000 epochs: 1000, 5 spreads wide."""
    found = Counter(map(tuple, orders(3, 6000, batch_size=2, rng=generator())))
    spread = (6000 / 6 * 5 / 6) ** 0.5
    assert len(found) == 6
    assert all(abs(times - 1000) < 5 * spread for times in found.values())


def test_all_samples_are_as_likely_when_rows_are_put_back():
    """Each of the 9 ordered samples of 2 of 3 rows; epochs hold 3 draws."""
    batches = dealt(
        3,
        batch_size=2,
        replacement=True,
        drop_last=True,
        epochs=9000,
        rng=generator(1),
    )
    found = Counter(map(tuple, batches))
    spread = (9000 / 9 * 8 / 9) ** 0.5
    assert len(found) == 9
    assert all(abs(times - 1000) < 5 * spread for times in found.values())


def test_the_draws_of_a_sample_differ_between_epochs():
    found = orders(50, 2, batch_size=50, replacement=True, rng=generator())
    assert found[0] != found[1]
    assert all(len(set(order)) < 50 for order in found)


def test_rows_stay_together():
    X = np.arange(21.0).reshape(7, 3)
    Y = 10 * np.arange(7)
    names = np.array(list("abcdefg"))
    for settings in ({}, {"replacement": True}, {"shuffle": False}):
        batches = minibatches(
            X, Y, names, batch_size=2, epochs=3, rng=generator(), **settings
        )
        for x, y, name in batches:
            assert x.shape == (len(y), 3)
            assert (x[:, 0] * 10 == y * 3).all()
            assert [ord(c) - ord("a") for c in name] == (y // 10).tolist()


def test_dtypes_are_kept_and_lists_are_taken():
    X = np.ones((3, 2), np.float32)
    (x, y), *_ = minibatches(X, [4, 5, 6], batch_size=2)
    assert x.dtype == np.float32
    assert sorted(y.tolist())[0] in (4, 5)


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_batch_is_a_copy(shuffle):
    X = np.zeros((4, 2))
    for (x,) in minibatches(X, batch_size=2, shuffle=shuffle):
        x += 1
    assert not X.any()


def test_a_seed_says_all():
    settings = {"batch_size": 3, "epochs": 3}
    one = dealt(8, rng=generator(5), **settings)
    assert dealt(8, rng=generator(5), **settings) == one
    assert dealt(8, rng=generator(6), **settings) != one


def test_the_global_generator_is_left_alone():
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    dealt(8, batch_size=3)
    assert (np.random.get_state()[1] == before).all()  # noqa: NPY002


def test_without_a_generator_two_runs_differ():
    assert dealt(40, batch_size=40) != dealt(40, batch_size=40)


def test_no_epochs_and_endless_ones():
    assert dealt(5, batch_size=2, epochs=0) == []
    endless = minibatches(np.arange(5), batch_size=2, epochs=None)
    rows = [batch for (batch,) in itertools.islice(endless, 30)]
    assert sum(map(len, rows)) == 50
    assert Counter(np.concatenate(rows).tolist()) == dict.fromkeys(range(5), 10)


def test_batches_come_one_at_a_time():
    rng = generator()
    batches = minibatches(np.arange(4), batch_size=2, epochs=2, rng=rng)
    assert rng.bit_generator.state == generator().bit_generator.state
    next(batches)
    later = rng.bit_generator.state
    assert later != generator().bit_generator.state
    next(batches)
    assert rng.bit_generator.state == later


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 0}, "at least 1, not 0"),
        ({"batch_size": -2}, "at least 1, not -2"),
        ({"batch_size": 4, "drop_last": True}, "no batch of 4 from 3"),
        ({"batch_size": 2, "epochs": -1}, "at least 0, not -1"),
        ({"batch_size": 2, "shuffle": False, "replacement": True}, "shuffle"),
    ],
)
def test_bad_settings_are_refused_at_once(settings, words):
    with pytest.raises(ValueError, match=words):
        minibatches(np.arange(3), **settings)


@pytest.mark.parametrize("settings", [{"batch_size": 1.5}, {"epochs": 1.5}])
def test_counts_are_whole_numbers(settings):
    with pytest.raises(ValueError, match="whole number"):
        minibatches(np.arange(3), **{"batch_size": 1, **settings})


@pytest.mark.parametrize(
    "arrays",
    [(), (np.zeros((3, 2)), np.zeros(4)), (np.zeros(()),), (np.zeros(3), 1.0)],
)
def test_arrays_without_common_rows_are_refused_at_once(arrays):
    with pytest.raises(cr.ShapeError, match="minibatches"):
        minibatches(*arrays, batch_size=1)


def test_no_rows():
    with pytest.raises(ValueError, match="no rows"):
        minibatches(np.zeros((0, 3)), batch_size=1)


def test_the_size_may_be_the_whole_and_drop_last_keeps_it():
    (batch,) = dealt(3, batch_size=3, drop_last=True)
    assert sorted(batch) == [0, 1, 2]


def test_the_mean_over_all_shuffles_is_the_full_gradient():
    """Estimates of the first batch, weighed by how often it was dealt.

    In 12 000 epochs the ten subsets of two of five come 1200 times each, so
    their mean is that of the five numbers, to five spreads.
    """
    g = np.array([1, 4, -2, 7, 5])
    firsts = [
        Fraction(int(batch.sum()), 2)
        for (batch,) in itertools.islice(
            minibatches(g, batch_size=2, epochs=None, rng=generator(3)),
            0,
            36_000,
            3,
        )
    ]
    spread = (15 / 4 / len(firsts)) ** 0.5
    assert len(firsts) == 12_000
    assert abs(float(sum(firsts) / len(firsts)) - 3) < 5 * spread
