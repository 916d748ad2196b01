"""The training loop: what it calls and when, what it records and refuses."""

from __future__ import annotations

import csv
import io
import math
import sys
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.optim.lr_scheduler import ExponentialLR, ReduceLROnPlateau
from chainrule.train import (
    CSVLog,
    EarlyStopping,
    GradientMonitor,
    History,
    evaluate,
    fit,
    minibatches,
)
from chainrule.train.progress import ProgressLine

F = cr.nn.functional


def problem(size: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(size=(size, 3)), rng.normal(size=(size, 2))


def network(seed: int = 0, norm: bool = False) -> cr.nn.Sequential:
    rng = np.random.default_rng(seed)
    layers: list[cr.nn.Module] = [cr.nn.Linear(3, 4, rng=rng)]
    if norm:
        layers.append(cr.nn.BatchNorm1d(4))
    return cr.nn.Sequential(*layers, cr.nn.Tanh(), cr.nn.Linear(4, 2, rng=rng))


def sgd(model: cr.nn.Module, lr: float = 0.1, **settings: Any) -> cr.optim.SGD:
    return cr.optim.SGD(model.parameters(), lr=lr, **settings)


def run(model: cr.nn.Module, **settings: Any) -> History:
    """Fit with defaults that the tests share."""
    defaults: dict[str, Any] = {
        "epochs": 3,
        "batch_size": 3,
        "rng": np.random.default_rng(5),
        "optimizer": sgd(model),
        "data": problem(),
        "loss": F.mse_loss,
    }
    return fit(model, **{**defaults, **settings})


def weights(model: cr.nn.Module) -> np.ndarray:
    return np.concatenate([p.data.ravel() for p in model.parameters()])


def by_hand(epochs: int = 3) -> tuple[np.ndarray, list[float]]:
    """The same training from functions alone: no .grad, no optimizer."""
    model = network()
    values = [p.data.copy() for p in model.parameters()]

    def loss(values: list[Any], x: np.ndarray, y: np.ndarray) -> Any:
        W, b, V, c = values
        return np.mean((np.tanh(x @ W.T + b) @ V.T + c - y) ** 2)

    means = []
    rng = np.random.default_rng(5)
    for _ in range(epochs):
        total = 0.0
        for x, y in minibatches(*problem(), batch_size=3, rng=rng):
            value, g = cr.value_and_grad(loss)(values, x, y)
            total += len(y) * float(value)
            values = [v - 0.1 * d for v, d in zip(values, g, strict=True)]
        means.append(total / 7)
    return np.concatenate([v.ravel() for v in values]), means


def test_the_steps_are_those_by_hand():
    model = network()
    history = run(model)
    expected, means = by_hand()
    np.testing.assert_allclose(weights(model), expected, rtol=1e-13)
    np.testing.assert_allclose(history["loss"], means, rtol=1e-13)
    assert history["epoch"] == [1, 2, 3]
    assert history["lr"] == [0.1] * 3
    assert len(history) == 3


def test_a_seed_says_all():
    one, two, other = network(), network(), network()
    rows = run(one).rows
    assert run(two).rows == rows
    assert run(other, rng=np.random.default_rng(6)).rows != rows
    np.testing.assert_array_equal(weights(one), weights(two))
    assert not np.array_equal(weights(one), weights(other))


def test_old_gradients_are_forgotten():
    clean, dirty = network(), network()
    for p in dirty.parameters():
        p.grad = np.ones(p.shape)
    run(clean), run(dirty)
    np.testing.assert_array_equal(weights(clean), weights(dirty))


def test_parameters_that_nobody_moves_do_not_pile_up():
    model = network()
    norms = []

    def watch() -> None:
        norms.append(float(np.abs(model[0].weight.grad).max()))

    optimizer = cr.optim.SGD(model[2].parameters(), lr=0.0)
    run(model, optimizer=optimizer, batch_size=7, watch=watch)
    assert len(norms) == 3
    assert max(norms) == pytest.approx(min(norms), rel=1e-12)


def test_parameters_of_the_loss_are_moved_and_cleared():
    model, scale = network(), cr.Tensor(1.0, requires_grad=True)
    seen = []

    def loss(output: Any, target: np.ndarray) -> Any:
        return F.mse_loss(output * scale, target)

    optimizer = cr.optim.SGD([*model.parameters(), scale], lr=0.0)
    data = problem(6)
    run(
        model,
        loss=loss,
        data=data,
        batch_size=6,
        optimizer=optimizer,
        watch=lambda: seen.append(scale.grad.item()),
    )
    assert np.ptp(seen) < 1e-12 * abs(seen[0]) != 0


def test_the_order_of_calls_in_a_step():
    calls: list[str] = []
    model = network()

    class Spy(cr.optim.SGD):
        def zero_grad(self) -> None:
            calls.append("zero")
            super().zero_grad()

        def step(self) -> None:
            assert any(p.grad is not None for p in self.params)
            calls.append("step")
            super().step()

    def loss(output: Any, target: np.ndarray) -> Any:
        calls.append("loss")
        return F.mse_loss(output, target)

    optimizer = Spy(model.parameters(), lr=0.1)
    run(
        model,
        loss=loss,
        optimizer=optimizer,
        batch_size=7,
        epochs=2,
        watch=lambda: calls.append("watch"),
        clip=lambda params: calls.append(f"clip {len(params)}"),
        callbacks=[lambda row: calls.append("row")],
    )
    assert calls == ["zero", "loss", "watch", "clip 4", "step", "row"] * 2


def test_what_clip_does_is_what_is_stepped():
    model = network()
    before = weights(model)

    def clip(params: Any) -> None:
        for p in params:
            p.grad = np.full(p.shape, 2.0)

    run(model, clip=clip, epochs=1)
    np.testing.assert_allclose(before - weights(model), 3 * 0.1 * 2.0)


@pytest.mark.parametrize("greatest", [0.01, 1])
def test_a_number_clips_the_norm(greatest):
    clipped, by_hand = network(), network()
    run(clipped, clip=greatest)
    run(
        by_hand,
        clip=lambda params: cr.optim.clip_grad_norm_(params, greatest),
    )
    np.testing.assert_array_equal(weights(clipped), weights(by_hand))
    free = network()
    run(free)
    assert not np.array_equal(weights(clipped), weights(free))


def test_validation_is_after_the_epoch_and_in_use():
    model = network(norm=True)
    validation = problem(5)
    metrics = {"worst": lambda out, y: float(np.abs(out - y).max())}
    found = []

    def record(row: Any) -> None:
        model.eval()
        out = model(validation[0]).data
        model.train()
        loss = float(np.mean((out - validation[1]) ** 2))
        found.append((loss, float(np.abs(out - validation[1]).max())))

    history = run(
        model,
        data=problem(8),
        batch_size=4,
        validation=validation,
        metrics=metrics,
        callbacks=[record],
    )
    names = ["epoch", "loss", "lr", "val_loss", "val_worst"]
    assert list(history.rows[0]) == names
    rows = zip(history["val_loss"], history["val_worst"], strict=True)
    # Two batches of 4 and 1 are evaluated: the mean is over the examples,
    # the metric, a maximum here, is averaged by the sizes of the batches.
    for (loss, worst), (expected, most) in zip(rows, found, strict=True):
        assert loss == pytest.approx(expected, rel=1e-12)
        assert worst <= most


def test_validation_changes_nothing():
    settings = {"data": problem(8), "batch_size": 4}
    with_one, without = network(norm=True), network(norm=True)
    run(with_one, validation=problem(5), **settings)
    run(without, **settings)
    one, other = with_one.state_dict(), without.state_dict()
    assert all(np.array_equal(one[name], other[name]) for name in other)


def test_schedules_by_epoch_and_by_batch():
    for per_batch, expected in (
        (False, [0.1, 0.05, 0.025]),
        (True, [0.1 / 4, 0.1 / 32, 0.1 / 256]),
    ):
        model = network()
        optimizer = sgd(model)
        history = run(
            model,
            optimizer=optimizer,
            scheduler=ExponentialLR(optimizer, 0.5),
            per_batch=per_batch,
        )
        assert history["lr"] == pytest.approx(expected)


@pytest.mark.parametrize("validated", [True, False])
def test_a_plateau_sees_the_validation_loss(validated):
    model = network()
    optimizer = sgd(model)
    plateau = ReduceLROnPlateau(optimizer, patience=0, threshold=0)
    seen: list[float] = []
    plateau.step = seen.append  # type: ignore[method-assign]
    history = run(
        model,
        optimizer=optimizer,
        scheduler=plateau,
        validation=problem(4) if validated else None,
    )
    assert seen == history["val_loss" if validated else "loss"]


@pytest.mark.parametrize("yes", [True, np.bool_(True)])
def test_a_callback_stops_and_all_are_called_and_finished(yes):
    calls: list[str] = []

    class Stop:
        def __call__(self, row: Any) -> Any:
            calls.append(f"stop {row['epoch']}")
            return yes if row["epoch"] == 2 else None

        def finish(self) -> None:
            calls.append("finish")

    history = run(
        network(),
        epochs=9,
        callbacks=[Stop(), lambda row: calls.append("other") or "words"],
    )
    assert calls == ["stop 1", "other", "stop 2", "other", "finish"]
    assert len(history) == 2


def test_early_stopping_gives_the_best_weights_back():
    model = network()
    kept = []
    stopper = EarlyStopping(model, patience=2)
    history = run(
        model,
        epochs=60,
        optimizer=sgd(model, lr=0.4),
        data=problem(4),
        validation=problem(5),
        callbacks=[stopper, lambda row: kept.append(weights(model))],
    )
    best = int(np.argmin(history["val_loss"]))
    assert len(history) == best + 3 < 60
    np.testing.assert_array_equal(weights(model), kept[best])
    found = evaluate(model, F.mse_loss, problem(5), batch_size=3)
    assert found["loss"] == min(history["val_loss"])


def test_a_monitor_sees_each_gradient():
    model = network()
    monitor = GradientMonitor(model)
    run(model, watch=monitor)
    assert {len(norms) for norms in monitor.norms.values()} == {9}
    assert all(norm > 0 for norms in monitor.norms.values() for norm in norms)


def test_several_inputs():
    class Sum(cr.nn.Module):
        def __init__(self) -> None:
            self.layer = cr.nn.Linear(3, 2, rng=np.random.default_rng(0))

        def forward(self, a: Any, b: Any) -> Any:
            return self.layer(a) + self.layer(b)

    X, y = problem()
    model, doubled = Sum(), Sum()
    data = (X, 2 * X, y)
    slow = sgd(model, lr=0.01)
    history = run(model, data=data, validation=data, optimizer=slow)
    assert history["val_loss"][-1] < history["val_loss"][0]
    whole = evaluate(doubled, F.mse_loss, data)
    parts = evaluate(doubled, F.mse_loss, data, batch_size=2)
    assert parts["loss"] == pytest.approx(whole["loss"], rel=1e-13)


def test_modes():
    model = network(norm=True)
    model[1].eval()
    run(model, data=problem(8), batch_size=4)
    assert model.training
    assert not model[1].training
    assert not model[1].running_mean.any()
    model.eval()
    run(model, data=problem(8), batch_size=4)
    assert model.training
    assert model[1].training
    assert model[1].running_mean.all()


def test_evaluate_is_a_mean_over_examples():
    """Seven examples by three: an unweighted mean counts the last thrice."""

    class Echo(cr.nn.Module):
        def forward(self, x: Any) -> Any:
            return x

    x = np.array([3, 1, 4, 1, 5, 9, 20])
    data = (x, np.zeros(7))
    for size in (1, 2, 3, 5, 7, 100, None):
        found = evaluate(
            Echo(),
            lambda out, y: np.mean(out - y),
            data,
            batch_size=size,
            metrics={"square": lambda out, y: float(np.mean(out**2))},
        )
        assert found["loss"] == pytest.approx(float(Fraction(43, 7)))
        assert found["square"] == pytest.approx(float(Fraction(533, 7)))


def test_evaluate_leaves_no_trace():
    model = network(norm=True)
    model[1].eval()
    model[0].train(False)
    modes = [m.training for m in (model, *model)]
    before = model.state_dict()
    seen = []

    def loss(output: Any, target: np.ndarray) -> Any:
        seen.append((type(output), model.training, model[2].training))
        return np.mean((output - target) ** 2)

    evaluate(model, loss, problem(), batch_size=3)
    assert seen == [(np.ndarray, False, False)] * 3
    assert [m.training for m in (model, *model)] == modes
    assert all(p.grad is None for p in model.parameters())
    after = model.state_dict()
    assert all(np.array_equal(after[name], before[name]) for name in before)


def test_evaluate_gives_the_modes_back_after_an_error():
    model = network()
    with pytest.raises(cr.ShapeError):
        evaluate(model, F.mse_loss, (problem()[0], np.zeros(7)))
    assert model.training
    assert F.mse_loss(model(problem()[0]), problem()[1]).requires_grad


def test_a_loss_that_is_not_finite():
    model = network()
    before = weights(model)
    calls = []

    def loss(output: Any, target: np.ndarray) -> Any:
        calls.append(1)
        factor = math.nan if len(calls) == 3 else 0.0
        return F.mse_loss(output, target) * factor

    words = "epoch 1, step 3: the loss is nan; .*detect_anomaly"
    with pytest.raises(cr.AnomalyError, match=words):
        run(model, loss=loss)
    np.testing.assert_array_equal(weights(model), before)


def test_a_loss_of_many_numbers():
    def loss(output: Any, target: np.ndarray) -> Any:
        return F.mse_loss(output, target, reduction="none")

    with pytest.raises(cr.ShapeError, match="take the mean over the batch"):
        run(network(), loss=loss)
    with pytest.raises(cr.ShapeError, match="take the mean over the batch"):
        evaluate(network(), loss, problem())


def test_an_optimizer_of_another_model():
    with pytest.raises(ValueError, match="no parameter of this model"):
        run(network(), optimizer=sgd(network()))


def test_a_scheduler_of_another_optimizer():
    model = network()
    with pytest.raises(ValueError, match="another optimizer"):
        run(model, scheduler=ExponentialLR(sgd(model), 0.5))
    with pytest.raises(ValueError, match="another optimizer"):
        run(model, scheduler=ExponentialLR(0.1, 0.5))


def test_other_refusals():
    model = network()
    optimizer = sgd(model)
    plateau = ReduceLROnPlateau(optimizer)
    with pytest.raises(ValueError, match="not of batches"):
        run(model, optimizer=optimizer, scheduler=plateau, per_batch=True)
    with pytest.raises(ValueError, match="about a scheduler"):
        run(model, per_batch=True)
    with pytest.raises(ValueError, match="of validation data"):
        run(model, metrics={"error": F.mse_loss})
    with pytest.raises(cr.ShapeError, match="one or more arrays"):
        run(model, data=())
    for loss in (lambda o, t: F.mse_loss(o, t).item(), lambda o, t: 1.0):
        with pytest.raises(cr.NotDifferentiable, match="no Tensor"):
            run(model, loss=loss)
    with pytest.raises(ValueError, match="at least 0, not -1"):
        run(model, epochs=-1)
    with pytest.raises(ValueError, match="at least 1, not 0"):
        run(model, batch_size=0)
    with pytest.raises(ValueError, match="no rows"):
        run(model, data=(np.zeros((0, 3)), np.zeros((0, 2))))
    with pytest.raises(cr.ShapeError, match="first axis"):
        run(model, data=(problem()[0], np.zeros((6, 2))))
    with pytest.raises(ValueError, match="at least 1, not 0"):
        evaluate(model, F.mse_loss, problem(), batch_size=0)


def test_a_short_batch_can_be_dropped():
    sizes = []

    def loss(output, target):
        sizes.append(len(target))
        return F.mse_loss(output, target)

    with pytest.raises(cr.ShapeError, match=r"layer 1, BatchNorm1d\(4\)"):
        run(network(norm=True), loss=loss)
    del sizes[:]
    history = run(network(norm=True), loss=loss, drop_last=True, epochs=2)
    assert sizes == [3, 3, 3, 3]
    assert len(history) == 2
    with pytest.raises(ValueError, match="no batch of 8"):
        run(network(), batch_size=8, drop_last=True)


def test_the_mean_is_over_the_rows_that_were_met():
    model, met = network(), []

    def loss(output, target):
        met.append(output.data - target)
        return F.mse_loss(output, target)

    settings = {"optimizer": sgd(model, 0.0), "drop_last": True, "epochs": 1}
    (mean,) = run(model, loss=loss, **settings)["loss"]
    assert mean == pytest.approx(np.mean(np.square(met)), rel=1e-14)


class Interrupted:
    """A loss that is interrupted at one of its calls."""

    def __init__(self, at, error):
        self.at, self.error, self.calls = at, error, 0

    def __call__(self, output, target):
        self.calls += 1
        if self.calls == self.at:
            raise self.error
        return F.mse_loss(output, target)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_a_run_that_breaks_off_ends_its_line(error, monkeypatch):
    model = network()
    stop = EarlyStopping(model, monitor="loss")
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with pytest.raises(error):
        run(
            model,
            loss=Interrupted(6, error),
            callbacks=[stop, lambda row: None],
            progress=True,
        )
    written = sys.stderr.getvalue()
    assert written.endswith("\n")
    assert "epoch 2/3 [" in written.splitlines()[-1]
    # Only who interrupts gets the best parameters back
    now, best = model.state_dict(), stop.best_state
    assert stop.best_call == 1
    back = all(np.array_equal(now[name], best[name]) for name in now)
    assert back == (error is KeyboardInterrupt)


def test_no_epochs():
    model = network()
    before = weights(model)
    assert run(model, epochs=0).rows == []
    np.testing.assert_array_equal(weights(model), before)


def test_history():
    history = History()
    assert repr(history) == "History(0 epochs: empty)"
    assert history["loss"] == []
    history.rows += [{"epoch": 1, "loss": 2.0}, {"epoch": 2, "loss": 1.5}]
    assert history["loss"] == [2.0, 1.5]
    assert repr(history) == "History(2 epochs: epoch, loss)"
    with pytest.raises(KeyError, match=r"no 'los' among \['epoch', 'loss'\]"):
        history["los"]


def rows_in(path: Any) -> list[dict[str, float]]:
    with open(path, newline="") as file:
        rows = csv.DictReader(file)
        return [{k: float(v) for k, v in row.items()} for row in rows]


def test_a_log_gives_the_same_numbers_back(tmp_path):
    path = tmp_path / "run.csv"
    path.write_text("an older run")
    history = run(network(), validation=problem(4), callbacks=[CSVLog(path)])
    assert rows_in(path) == history.rows
    more = run(
        network(1),
        validation=problem(4),
        callbacks=[CSVLog(path, append=True)],
    )
    assert rows_in(path) == history.rows + more.rows
    with pytest.raises(ValueError, match=r"run\.csv has .*val_loss"):
        run(network(), callbacks=[CSVLog(path, append=True)])
    assert rows_in(path) == history.rows + more.rows


def test_a_log_has_the_rows_of_a_run_that_breaks_off(tmp_path):
    path = tmp_path / "new.csv"

    def breaks(row: Any) -> None:
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    log = CSVLog(path, append=True)
    with pytest.raises(KeyboardInterrupt):
        run(network(), callbacks=[log, breaks])
    assert [row["epoch"] for row in rows_in(path)] == [1, 2]


def test_the_line_on_the_terminal():
    stream = io.StringIO()
    line = ProgressLine(2, 6, stream, width=3)
    for seen in (1, 2, 3, 4, 6):
        line.batch(1, seen, 0.5)
    line.epoch({"epoch": 1, "loss": 0.5, "lr": 0.1})
    drawn = stream.getvalue().split("\r")
    assert [text.rstrip(" ") for text in drawn] == [
        "",
        "epoch 1/2 [...] loss 0.5",
        "epoch 1/2 [#..] loss 0.5",
        "epoch 1/2 [##.] loss 0.5",
        "epoch 1/2 [###] loss 0.5",
        "epoch 1/2  loss 0.5  lr 0.1\n",
    ]
    line.batch(2, 2, 123.456)
    line.epoch({"epoch": 2, "loss": 1.0})
    long, short = stream.getvalue().split("\r")[-2:]
    assert len(short.rstrip("\n")) == len(long)
    assert short.startswith("epoch 2/2  loss 1 ")


def test_the_line_is_for_terminals(capsys, monkeypatch):
    run(network())
    assert capsys.readouterr().err == ""
    run(network(), epochs=1, progress=True)
    assert "epoch 1/1  loss " in capsys.readouterr().err
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    run(network(), epochs=1)
    assert "epoch 1/1  loss " in capsys.readouterr().err
    run(network(), epochs=1, progress=False)
    assert capsys.readouterr().err == ""
