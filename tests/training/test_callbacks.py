"""Callbacks do what Keras's do, at the same epochs and in the same words."""

from __future__ import annotations

import numpy as np
import pytest

from annette import callbacks as cb


class Optimizer:
    name = "sgd"

    def __init__(self, rate=0.01):
        self.rate = np.float32(rate)

    @property
    def learning_rate(self):
        return self.rate

    @learning_rate.setter
    def learning_rate(self, value):
        self.rate = np.float32(value)


class Metric:
    def __init__(self, name, direction=None):
        self.name = name
        if direction:
            self._direction = direction


class Model:
    def __init__(self, metrics=()):
        self.optimizer = Optimizer()
        self.stop_training = False
        self.metrics = list(metrics)
        self.weights = ["start"]

    def get_weights(self):
        return list(self.weights)

    def set_weights(self, weights):
        self.weights = list(weights)


def train(callback, logs, model=None):
    """Run epochs with these logs (numbers are val_loss); return the model and the history."""
    model = model or Model()
    calls = cb.CallbackList(
        [callback], add_history=True, model=model, verbose=0, epochs=len(logs), steps=1
    )
    calls.on_train_begin()
    for epoch, entry in enumerate(logs):
        calls.on_epoch_begin(epoch)
        model.weights = [epoch]
        calls.on_epoch_end(epoch, dict(entry) if isinstance(entry, dict) else {"val_loss": entry})
        if model.stop_training:
            break
    calls.on_train_end({})
    return model, model.history


# --- EarlyStopping ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "losses", "epochs", "weights"),
    [
        ({}, [3, 2, 2, 1], 3, [2]),
        ({"patience": 2}, [3, 2, 2, 1, 1, 1, 1], 6, [5]),
        ({"patience": 2}, [3, 3, 3, 3], 3, [2]),
        ({"patience": 1, "restore_best_weights": True}, [3, 2, 5, 5], 3, [1]),
        ({"patience": 9, "restore_best_weights": True}, [3, 2, 5, 5], 4, [1]),
        ({"min_delta": 0.5}, [3, 2.8, 2], 2, [1]),
        ({"min_delta": -0.5}, [3, 2.8, 2], 2, [1]),
        ({"mode": "max"}, [1, 2, 3, 2], 4, [3]),
        ({"baseline": 1.5, "patience": 2}, [3, 2, 1.9, 1.8], 4, [3]),
        ({"baseline": 1.5, "patience": 2}, [3, 4, 1, 4, 4], 2, [1]),
        ({"baseline": 0, "patience": 1, "restore_best_weights": True}, [3, 4], 2, [0]),
        ({"start_from_epoch": 3}, [1, 2, 3, 4, 3, 5], 6, [5]),
        ({"start_from_epoch": 3}, [1, 2, 3, 4, 5], 5, [4]),
        ({"patience": 1}, [float("nan"), 1, 2], 2, [1]),
        ({"patience": 1}, [2, float("nan"), 1], 2, [1]),
    ],
)
def test_early_stopping_stops_when_nothing_improves(options, losses, epochs, weights):
    model, history = train(cb.EarlyStopping(**options), losses)
    assert len(history.epoch) == epochs
    assert model.weights == weights


def test_early_stopping_says_what_it_does(capsys):
    train(cb.EarlyStopping(verbose=1, restore_best_weights=True), [2, 1, 3])
    assert capsys.readouterr().out == (
        "Epoch 3: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    )


def test_early_stopping_can_be_used_again():
    callback = cb.EarlyStopping(patience=1)
    for _ in range(2):
        _, history = train(callback, [1, 0.5, 2, 2, 2])
        assert len(history.epoch) == 3


def test_early_stopping_warns_of_a_metric_that_is_not_there():
    with pytest.warns(UserWarning, match="`nothing` which is not available.*: val_loss"):
        train(cb.EarlyStopping(monitor="nothing", mode="min"), [1])


# --- which way is better ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("monitor", "metrics", "more"),
    [
        ("val_loss", [], False),
        ("loss", [], False),
        ("accuracy", [Metric("accuracy", "up")], True),
        ("val_mae", [Metric("mae", "down")], False),
        ("strange", [Metric("strange", "up")], True),
        ("val_accuracy", [], True),
        ("val_acc", [], True),
        ("out_loss", [], False),
        ("val_mean_squared_error", [], False),
    ],
)
def test_the_metric_tells_whether_more_is_better(monitor, metrics, more):
    logs = [{monitor: value} for value in (1.0, 2.0, 3.0)]
    _, history = train(cb.EarlyStopping(monitor=monitor), logs, Model(metrics))
    assert len(history.epoch) == (3 if more else 2)


def test_metrics_inside_of_collections_tell_too():
    collection = Metric("compile_metrics")
    collection.metrics = [Metric("strange", "up")]
    logs = [{"strange": 1.0}, {"strange": 2.0}]
    assert len(train(cb.EarlyStopping(monitor="strange"), logs, Model([collection]))[1].epoch) == 2


def test_a_metric_that_does_not_tell_needs_the_mode():
    with pytest.raises(ValueError, match="Pass mode='max' or mode='min'"):
        train(cb.EarlyStopping(monitor="strange"), [{"strange": 1}])
    with pytest.warns(UserWarning, match="mode 'up' is unknown"):
        assert cb.EarlyStopping(mode="up").mode == "auto"


# --- learning rates ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "losses", "rates"),
    [
        ({"patience": 1}, [1, 1, 1], [0.01, 0.001, 0.0001]),
        ({"patience": 2, "factor": 0.5}, [1, 1, 1, 1, 1], [0.01, 0.01, 0.005, 0.005, 0.0025]),
        ({"patience": 1, "cooldown": 2}, [1, 1, 1, 1, 1], [0.01, 1e-3, 1e-3, 1e-4, 1e-4]),
        ({"patience": 1, "min_lr": 0.004}, [1, 1, 1], [0.01, 0.004, 0.004]),
        ({"patience": 1, "min_delta": 0.5}, [1, 0.8, 0.2], [0.01, 0.001, 0.001]),
        ({"patience": 1, "epsilon": 0.5}, [1, 0.8, 0.2], [0.01, 0.001, 0.001]),
        ({"patience": 1, "mode": "max"}, [1, 2, 3, 3], [0.01, 0.01, 0.01, 0.001]),
    ],
)
def test_a_plateau_reduces_the_learning_rate(options, losses, rates):
    model = Model()
    after = cb.LambdaCallback(on_epoch_end=lambda e, logs: seen.append(model.optimizer.rate))
    seen: list[float] = []
    callback = cb.ReduceLROnPlateau(**options)
    calls = cb.CallbackList([callback, after], model=model, epochs=9, steps=1, verbose=0)
    calls.on_train_begin()
    for epoch, loss in enumerate(losses):
        calls.on_epoch_end(epoch, {"val_loss": loss})
    np.testing.assert_allclose(seen, rates, rtol=1e-6)


def test_the_rate_of_an_epoch_is_in_its_logs(capsys):
    _, history = train(cb.ReduceLROnPlateau(patience=1, factor=0.5, verbose=1), [1, 1, 1])
    np.testing.assert_allclose(history.history["learning_rate"], [0.01, 0.01, 0.005], rtol=1e-6)
    assert capsys.readouterr().out.splitlines()[1] == (
        "Epoch 2: ReduceLROnPlateau reducing learning rate to 0.004999999888241291."
    )


def test_wrong_plateau_arguments_are_explained():
    with pytest.raises(ValueError, match=r"factor >= 1.0; it got factor=1.5"):
        cb.ReduceLROnPlateau(factor=1.5)
    with pytest.raises(TypeError, match="no argument 'patient'"):
        cb.ReduceLROnPlateau(patient=3)
    with pytest.warns(UserWarning, match="`val_loss` which is not available"):
        train(cb.ReduceLROnPlateau(), [{"loss": 1}])


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (lambda epoch: 0.1 / (epoch + 1), [0.1, 0.05]),
        (lambda epoch, rate: rate / 2, [0.005, 0.0025]),
        (lambda epoch, rate=1.0: rate * 2, [0.02, 0.04]),
        (lambda epoch: np.float64(0.3), [0.3, 0.3]),
        (lambda epoch: np.array(0.3), [0.3, 0.3]),
        (lambda epoch: 1, [1, 1]),
    ],
)
def test_a_schedule_sets_the_rate(schedule, rates):
    _, history = train(cb.LearningRateScheduler(schedule), [1, 1])
    np.testing.assert_allclose(history.history["learning_rate"], rates, rtol=1e-6)


def test_a_schedule_says_what_it_sets(capsys):
    train(cb.LearningRateScheduler(lambda epoch: 0.5, verbose=1), [1])
    out = capsys.readouterr().out
    assert out == "\nEpoch 1: LearningRateScheduler setting learning rate to 0.5.\n"


def test_an_error_inside_of_a_schedule_is_not_hidden():
    def schedule(epoch, rate):
        return rate + "0.1"

    with pytest.raises(TypeError, match=r"unsupported operand"):
        train(cb.LearningRateScheduler(schedule), [1])


@pytest.mark.parametrize("result", ["0.1", None, [0.1], True])
def test_a_schedule_must_give_a_number(result):
    with pytest.raises(ValueError, match="should be a float"):
        train(cb.LearningRateScheduler(lambda epoch: result), [1])


def test_an_optimizer_without_a_rate_is_told():
    model = Model()
    model.optimizer = object()
    with pytest.raises(ValueError, match='"learning_rate" attribute'):
        train(cb.LearningRateScheduler(lambda epoch: 0.1), [1], model)


def test_several_optimizers_are_all_set():
    model = Model()
    several = Optimizer()
    several.optimizers = [Optimizer(0.1), Optimizer(0.2)]
    several.optimizers[1].name = "adam"
    model.optimizer = several
    _, history = train(cb.LearningRateScheduler(lambda e, rate: rate / 2), [1], model)
    np.testing.assert_allclose(history.history["learning_rate_sgd"], [0.05], rtol=1e-6)
    np.testing.assert_allclose(history.history["learning_rate_adam"], [0.1], rtol=1e-6)


# --- History, CSVLogger, TerminateOnNaN, LambdaCallback ---------------------------------------


def test_history_has_every_metric_of_every_epoch():
    model, history = train(cb.Callback(), [{"loss": np.float32(1)}, {"loss": 0.5, "val_loss": 2}])
    assert history.history == {"loss": [1.0, 0.5], "val_loss": [2.0]}
    assert history.epoch == [0, 1]
    assert model.history is history
    assert type(history.history["loss"][0]) is float


def test_csv_logger_writes_a_row_an_epoch(tmp_path):
    path = tmp_path / "log.csv"
    train(cb.CSVLogger(path), [{"loss": 0.5, "acc": 1}, {"loss": 0.25, "val_loss": 1}])
    assert path.read_bytes().decode() == (
        "epoch,acc,loss,val_acc,val_loss\r\n0,1.0,0.5,NA,NA\r\n1,NA,0.25,NA,1.0\r\n"
    )


def test_csv_logger_can_go_on_with_a_file(tmp_path):
    path = str(tmp_path / "log.csv")
    for _ in range(2):
        logs = [{"loss": 0.5, "val_loss": np.array([1, 2])}]
        train(cb.CSVLogger(path, separator=";", append=True), logs)
    with open(path) as file:
        assert file.read().splitlines() == ["epoch;loss;val_loss"] + ['0;0.5;"""[1, 2]"""'] * 2
    train(cb.CSVLogger(path), [{"loss": 1}])
    with open(path) as file:
        assert len(file.readlines()) == 2


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_no_number_ends_training(loss, capsys):
    model = Model()
    calls = cb.CallbackList([cb.TerminateOnNaN()], model=model)
    calls.on_train_batch_end(6, {"loss": 1.0})
    assert not model.stop_training
    calls.on_train_batch_end(7, {"loss": loss})
    assert model.stop_training
    assert capsys.readouterr().out == "Batch 7: Invalid loss, terminating training\n"
    with pytest.raises(RuntimeError, match="NaN or Inf loss encountered at batch 7"):
        cb.TerminateOnNaN(raise_error=True).on_batch_end(7, {"loss": loss})


def test_functions_become_a_callback():
    events = []
    names = "epoch_begin epoch_end train_begin train_end train_batch_end test_begin".split()

    def note(name):
        return lambda *arguments: events.append((name, *arguments))

    callback = cb.LambdaCallback(**{f"on_{n}": note(n) for n in names}, extra=5)
    assert callback.extra == 5
    calls = cb.CallbackList([callback], model=Model())
    calls.on_train_begin()
    calls.on_epoch_begin(0)
    calls.on_train_batch_end(3, {"loss": 1})
    calls.on_test_begin()
    calls.on_epoch_end(0, {"loss": 2})
    calls.on_train_end({})
    assert events == [
        ("train_begin", {}),
        ("epoch_begin", 0, {}),
        ("train_batch_end", 3, {"loss": 1.0}),
        ("test_begin", {}),
        ("epoch_end", 0, {"loss": 2.0}),
        ("train_end", {}),
    ]


# --- CallbackList -----------------------------------------------------------------------------


class EachBatch(cb.Callback):
    def on_batch_end(self, batch, logs=None):
        pass


class EachTestBatch(cb.Callback):
    def on_test_batch_begin(self, batch, logs=None):
        pass


@pytest.mark.parametrize(
    ("callbacks", "train_hooks", "test_hooks"),
    [
        ([], False, False),
        ([cb.EarlyStopping(), cb.ReduceLROnPlateau(), cb.Callback()], False, False),
        ([cb.LambdaCallback(on_epoch_end=print)], False, False),
        ([cb.LambdaCallback(on_train_batch_end=print)], True, False),
        ([EachBatch()], True, False),
        ([EachTestBatch()], False, True),
        ([cb.TerminateOnNaN()], True, False),
    ],
)
def test_it_is_known_whether_anyone_wants_every_batch(callbacks, train_hooks, test_hooks):
    calls = cb.CallbackList(
        callbacks, add_history=True, add_progbar=True, model=Model(), verbose=1, epochs=1, steps=1
    )
    assert calls.uses_hooks("train") is train_hooks
    assert calls.uses_hooks("test") is test_hooks
    assert calls.uses_batch_hooks is (train_hooks or test_hooks)


def test_the_batch_hooks_of_keras_and_of_old_are_called_once():
    counts = {"new": 0, "old": 0}

    class Both(cb.Callback):
        def on_train_batch_end(self, batch, logs=None):
            counts["new"] += 1
            super().on_train_batch_end(batch, logs)

        def on_batch_end(self, batch, logs=None):
            counts["old"] += 1

    cb.CallbackList([Both()]).on_train_batch_end(0, {})
    assert counts == {"new": 1, "old": 1}


def test_logs_are_sorted_plain_numbers():
    seen = []
    callback = cb.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs))
    cb.CallbackList(callback).on_epoch_end(
        0, {"loss": np.float32(0.5), "acc": np.array(1), "name": "x", "more": {"b": 1}}
    )
    assert list(seen[0].items()) == [("acc", 1.0), ("loss", 0.5), ("b", 1.0), ("name", "x")]


def test_given_history_and_progress_bar_are_used():
    history, bar = cb.History(), cb.ProgbarLogger()
    calls = cb.CallbackList([[bar], history], add_history=True, add_progbar=True, model=Model())
    assert calls.callbacks == [bar, history]
    assert calls.history is history


def test_a_callback_can_be_added_later():
    model = Model()
    calls = cb.CallbackList([], model=model, epochs=2, steps=1, verbose=0)
    callback = cb.Callback()
    calls.append(callback)
    assert callback.model is model
    assert callback.params["epochs"] == 2


@pytest.mark.parametrize(
    ("callback", "text"),
    [
        (cb.EarlyStopping, r"the class EarlyStopping.*EarlyStopping\(...\)"),
        (print, "must be Callback objects.*LambdaCallback"),
        ("early", "it got 'early' of type str"),
    ],
)
def test_what_is_no_callback_is_told(callback, text):
    with pytest.raises(ValueError, match=text):
        cb.CallbackList([callback])


def test_a_callback_may_set_model_itself():
    class Old(cb.Callback):
        def set_model(self, model):
            self.model = model

    callback = Old()
    model = Model()
    cb.CallbackList([callback], model=model)
    assert callback.model is model


# --- ProgbarLogger ----------------------------------------------------------------------------


def run_bar(verbose, epochs=1, steps=3, batches=(0, 2)):
    calls = cb.CallbackList(
        [], add_progbar=verbose != 0, model=Model(), verbose=verbose, epochs=epochs, steps=steps
    )
    calls.on_train_begin()
    for epoch in range(epochs):
        calls.on_epoch_begin(epoch)
        for batch in batches:
            calls.on_train_batch_end(batch, {"loss": 1.0})
        calls.on_test_begin()
        calls.on_test_batch_end(0, {"loss": 9.0})
        calls.on_test_end({"loss": 9.0})
        calls.on_epoch_end(epoch, {"loss": 0.5, "val_loss": 2.0})


@pytest.mark.parametrize("verbose", [1, "auto"])
def test_an_epoch_is_a_line(capsys, verbose):
    run_bar(verbose, epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0::2] == ["Epoch 1/2", "Epoch 2/2"]
    assert lines[1].startswith("3/3 ━━━━━━━━━━━━━━━━━━━━ 0s ")
    assert lines[1].endswith("/step - loss: 0.5000 - val_loss: 2.0000")
    assert len(lines) == 4


def test_one_line_an_epoch_without_a_bar(capsys):
    run_bar(2)
    out = capsys.readouterr().out
    assert out.startswith("3/3 - 0s - ")
    assert out.endswith("/step - loss: 0.5000 - val_loss: 2.0000\n")


def test_silence(capsys):
    run_bar(0)
    assert capsys.readouterr().out == ""


def test_the_number_of_steps_is_learned_in_the_first_epoch(capsys):
    run_bar(1, epochs=2, steps=None)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("3/3 ━")
    assert lines[3].startswith("3/3 ━")


def test_evaluation_and_prediction_have_bars_of_their_own(capsys):
    for kind in ("test", "predict"):
        calls = cb.CallbackList([], add_progbar=True, model=Model(), verbose=1, epochs=1, steps=2)
        getattr(calls, f"on_{kind}_begin")()
        getattr(calls, f"on_{kind}_batch_end")(1, {"loss": 3.0, "outputs": np.zeros((2, 2))})
        getattr(calls, f"on_{kind}_end")({"loss": 3.0} if kind == "test" else None)
    tested, predicted = capsys.readouterr().out.splitlines()
    assert tested.endswith("loss: 3.0000 - outputs: 0.0000e+00")
    assert predicted.endswith("/step")
