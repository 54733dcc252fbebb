"""Training that was interrupted goes on as if it had not been: what it comes to, and what is refused."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette.callbacks import (
    BackupAndRestore,
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    SwapEMAWeights,
)
from annette.compat.dataset import Dataset
from annette.saving import files
from annette.saving.checkpoint import read_checkpoint, write_checkpoint
from annette.training import resume as resuming

X = np.random.default_rng(0).random((83, 5)).astype("float32")
Y = (X.sum(1, keepdims=True) > 2.5).astype("float32")
PROGRAM = Path(__file__).with_name("interrupted.py")


@pytest.fixture(autouse=True)
def nothing_waits_for_the_disk(monkeypatch):
    monkeypatch.setattr(files, "_fsync", lambda descriptor: None)


@pytest.fixture(scope="module", autouse=True)
def warmed_up():
    """JAX draws from NumPy's generator when a process compiles with it for the first time."""
    run(epochs=1, validation_split=0.2)


class Interrupted(Exception):
    """What ends a run before its time."""


class Interrupt(Callback):
    """Ends a run after so many batches."""

    def __init__(self, batches):
        super().__init__()
        self.left = batches

    def on_train_batch_end(self, batch, logs=None):
        self.left -= 1
        if self.left < 0:
            raise Interrupted


def network(optimizer=None, units=8):
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(units, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(optimizer or keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["auc"])
    return model


def everything(model, history):
    """All that a run came to."""
    variables = [*model.variables, *model.optimizer.variables]
    drawn = [float(keras.random.uniform(())), np.random.rand()]
    return [v.numpy().tobytes() for v in variables], history.history, history.epoch, drawn


def run(data=(X, Y), *, seed=0, make=network, callbacks=list, **options):
    keras.utils.set_random_seed(seed)
    model = make()
    given = data() if callable(data) else data
    options = {"epochs": 4, "batch_size": 16, "verbose": 0, **options}
    history = model.fit(*given, callbacks=callbacks(), **options)
    return everything(model, history)


def interrupted(batches, resume, data=(X, Y), callbacks=list, **options):
    """Run until some batch, and again to the end; return what that came to."""
    found = [*callbacks(), Interrupt(batches)]
    with pytest.raises(Interrupted):
        run(data, callbacks=lambda: found, resume=resume, **options)
    for callback in found:
        if isinstance(callback, CSVLogger):
            callback.csv_file.close()
    # by a program that begins with other random numbers
    return run(data, seed=9, callbacks=callbacks, resume=resume, **options)


def kept(folder, save_freq="epoch", **options):
    return BackupAndRestore(folder, save_freq, **{"delete_checkpoint": False, **options})


# --- the same bits ------------------------------------------------------------------------------


@pytest.mark.parametrize("save_freq", ["epoch", 1, 4, "auto"])
@pytest.mark.parametrize("batches", [3, 14])
def test_a_run_goes_on_with_the_same_bits(tmp_path, save_freq, batches):
    options = {"validation_split": 0.2}
    expected = run(**options)
    assert interrupted(batches, kept(tmp_path, save_freq), **options) == expected


def test_a_folder_is_enough(tmp_path, monkeypatch):
    monkeypatch.setattr(resuming, "_PAUSE", 0.0)
    monkeypatch.setattr(resuming, "_SHARE", 0.0)
    expected = run()
    assert interrupted(9, tmp_path / "run") == expected
    assert os.listdir(tmp_path / "run") == ["checkpoint.annette"]


@pytest.mark.parametrize("freq", ["epoch", "auto"])
def test_epochs_that_the_core_runs_by_itself_go_on_too(tmp_path, freq, monkeypatch):
    monkeypatch.setattr(resuming, "_PAUSE", 0.0)
    monkeypatch.setattr(resuming, "_SHARE", 0.0)
    expected = run(epochs=30)

    saved = []

    class Stops(BackupAndRestore):
        def save(self, state, place):
            super().save(state, place)
            saved.append(state["epoch"])
            if len(saved) == 8:
                raise Interrupted
            return place

    with pytest.raises(Interrupted):
        run(epochs=30, resume=Stops(tmp_path, freq, delete_checkpoint=False))
    assert 0 < saved[-1] < 30
    assert run(epochs=30, seed=9, resume=kept(tmp_path, freq)) == expected


def test_keras_way_with_a_callback_that_removes_its_folder(tmp_path):
    expected = run()
    backup = BackupAndRestore(tmp_path / "run")
    with pytest.raises(Interrupted):
        run(callbacks=lambda: [backup, Interrupt(15)])
    assert (tmp_path / "run").exists()
    assert run(seed=9, callbacks=lambda: [backup]) == expected
    assert not (tmp_path / "run").exists()


def test_the_same_model_goes_on_in_the_same_program(tmp_path):
    expected = run()
    keras.utils.set_random_seed(0)
    model = network()
    options = {"epochs": 4, "batch_size": 16, "verbose": 0, "resume": kept(tmp_path, 2)}
    with pytest.raises(Interrupted):
        model.fit(X, Y, callbacks=[Interrupt(9)], **options)
    assert everything(model, model.fit(X, Y, **options)) == expected


STEPS = {"steps_per_epoch": 3}


@pytest.mark.parametrize("options", [STEPS, {"shuffle": False}, {"run_eagerly": True}])
def test_whatever_way_the_batches_come(tmp_path, options):
    options = dict(options)
    eager = options.pop("run_eagerly", False)

    def make():
        model = network()
        model.run_eagerly = eager
        return model

    expected = run(make=make, **options)
    assert interrupted(7, kept(tmp_path, 3), make=make, **options) == expected


class Sequence(keras.utils.PyDataset):
    def __init__(self):
        super().__init__()
        self.epoch = 0

    def __len__(self):
        return 6

    def __getitem__(self, i):
        rows = slice(16 * i, 16 * i + 16)
        noise = np.random.rand(*X[rows].shape).astype("float32")
        return X[rows] + self.epoch + 0.1 * noise, Y[rows]

    def on_epoch_end(self):
        self.epoch += 1


class Loader:
    """Batches in an order that depends on how often one went through them."""

    def __init__(self):
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        order = np.random.default_rng(self.passes).permutation(len(X))
        for i in range(0, 83, 16):
            rows = order[i : i + 16]
            yield X[rows] + 0.1 * np.random.rand(len(rows), 5).astype("float32"), Y[rows]


def stream():
    for turn in itertools.count():
        for i in range(0, 80, 16):
            yield X[i : i + 16] * (1 + 0.1 * turn), Y[i : i + 16]


def shuffled():
    return Dataset.from_tensor_slices((X, Y)).shuffle(83, seed=3).batch(16)


@pytest.mark.parametrize("options", [{}, {"steps_per_epoch": 3}], ids=["whole", "steps"])
@pytest.mark.parametrize("batches", [2, 10])
@pytest.mark.parametrize("data", [Sequence, Loader, shuffled])
def test_streams_are_taken_back_to_where_they_were(tmp_path, data, batches, options):
    def made():
        return (data(),)

    expected = run(made, **options)
    assert interrupted(batches, kept(tmp_path, 1), made, **options) == expected


def test_a_generator_gives_its_batches_again(tmp_path):
    options = {"steps_per_epoch": 3}
    expected = run(lambda: (stream(),), **options)
    assert interrupted(8, kept(tmp_path, 1), lambda: (stream(),), **options) == expected


def test_a_dataset_of_its_own_accord(tmp_path):
    class Drawing(Sequence):
        """Its order comes from a generator of its own, which nothing but its state tells."""

        def __init__(self):
            super().__init__()
            self.random = np.random.default_rng(5)
            self.order = self.random.permutation(6)

        def __getitem__(self, i):
            return super().__getitem__(int(self.order[i]))

        def on_epoch_end(self):
            self.order = self.random.permutation(6)

        def get_state(self):
            state = self.random.bit_generator.state
            return {"order": self.order, "random": json.dumps(state)}

        def set_state(self, state):
            self.order = state["order"]
            self.random.bit_generator.state = json.loads(state["random"])

    expected = run(lambda: (Drawing(),))
    for batches in (7, 10):
        folder = tmp_path / str(batches)
        assert interrupted(batches, kept(folder, 1), lambda: (Drawing(),)) == expected


def test_a_stream_that_gives_other_batches_is_said(tmp_path):
    def noise():
        generator = np.random.default_rng()
        while True:
            yield generator.random((16, 5)), Y[:16]

    with pytest.warns(UserWarning, match="generator gives other batches.*seed"):
        interrupted(4, kept(tmp_path, 1), lambda: (noise(),), steps_per_epoch=3)


def test_variables_outside_of_the_model_are_kept(tmp_path):
    class Counting(keras.Sequential):
        def train_step(self, data):
            calls.assign_add(1.0)
            return super().train_step(data)

    def make():
        calls.assign(0.0)
        model = Counting([keras.Input((5,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    calls = keras.Variable(0.0, trainable=False)
    expected = run(make=make), float(calls)
    assert (interrupted(7, kept(tmp_path, 2), make=make), float(calls)) == expected
    assert float(calls) == 24


# --- callbacks ----------------------------------------------------------------------------------


def test_what_callbacks_remember(tmp_path):
    def callbacks(folder):
        return lambda: [
            EarlyStopping(monitor="loss", patience=2, min_delta=1.0, restore_best_weights=True),
            ReduceLROnPlateau(monitor="loss", factor=0.5, patience=1, cooldown=1, min_delta=0.02),
            CSVLogger(folder / "log.csv"),
            ModelCheckpoint(str(folder / "{epoch}.keras"), save_freq=4, max_to_keep=2),
        ]

    folders = [tmp_path / name for name in ("once", "twice")]
    for folder in folders:
        folder.mkdir()
    expected = run(epochs=9, callbacks=callbacks(folders[0]))
    assert len(expected[2]) < 9  # it stopped early
    resume = kept(tmp_path / "run", 5)
    assert interrupted(14, resume, epochs=9, callbacks=callbacks(folders[1])) == expected
    logs = [(folder / "log.csv").read_text() for folder in folders]
    assert logs[0] == logs[1]
    assert sorted(os.listdir(folders[0])) == sorted(os.listdir(folders[1]))


@pytest.mark.parametrize("batches", [9, 12])
def test_a_rate_that_halves_is_not_halved_twice(tmp_path, batches):
    def callbacks():
        return [LearningRateScheduler(lambda epoch, rate: rate * 0.5)]

    expected = run(callbacks=callbacks)
    assert interrupted(batches, kept(tmp_path, 1), callbacks=callbacks) == expected


@pytest.mark.parametrize("on_epoch", [False, True])
def test_averages_that_are_swapped_in(tmp_path, on_epoch):
    def make():
        return network(keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9))

    def callbacks():
        return [SwapEMAWeights(swap_on_epoch=on_epoch)]

    options = {"make": make, "callbacks": callbacks, "validation_split": 0.2}
    expected = run(**options)
    assert interrupted(10, kept(tmp_path), **options) == expected


def test_a_callback_of_the_programs_own(tmp_path):
    class Counts(Callback):
        def on_train_begin(self, logs=None):
            self.batches, self.begins = 0, 0

        def on_epoch_begin(self, epoch, logs=None):
            self.begins += 1

        def on_train_batch_end(self, batch, logs=None):
            self.batches += 1

        def get_state(self):
            return {"counted": (self.batches, self.begins), "array": np.arange(3)}

        def set_state(self, state):
            self.batches, self.begins = state["counted"]
            assert self.params["resumed"] and state["array"].tolist() == [0, 1, 2]

    counts = []

    def callbacks():
        counts.append(Counts())
        return counts[-1:]

    interrupted(9, kept(tmp_path, 2), callbacks=callbacks)
    assert counts[-1] is not counts[0]
    assert (counts[-1].batches, counts[-1].begins) == (24, 4)


def test_a_state_that_no_file_can_hold_is_named(tmp_path):
    callback = LambdaCallback(get_state=lambda: {"model": object()}, set_state=lambda state: None)
    with pytest.raises(TypeError, match=r"callbacks'\]\[0\].*'model'.*object"):
        run(callbacks=lambda: [callback], resume=tmp_path)


def test_other_callbacks_are_said(tmp_path):
    stop = [EarlyStopping(monitor="loss", patience=9)]
    with pytest.raises(Interrupted):
        run(callbacks=lambda: [*stop, Interrupt(9)], resume=kept(tmp_path))
    words = "CSVLogger was not there and EarlyStopping was there"
    with pytest.warns(UserWarning, match=words):
        run(callbacks=lambda: [CSVLogger(tmp_path / "x.csv")], resume=kept(tmp_path))


def test_a_callback_that_fails_to_take_up_changes_nothing(tmp_path):
    def fail(state):
        raise KeyError("best")

    def callbacks(set_state):
        return [LambdaCallback(get_state=lambda: 1, set_state=set_state)]

    run(callbacks=lambda: callbacks(print), epochs=1, resume=kept(tmp_path))
    model = network()
    before = model.get_weights()
    with pytest.raises(KeyError):
        model.fit(
            X, Y, batch_size=16, epochs=2, callbacks=callbacks(fail), resume=tmp_path, verbose=0
        )
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


# --- when it is over ----------------------------------------------------------------------------


def make_averaging():
    return network(keras.optimizers.Adam(0.01, use_ema=True))


@pytest.mark.parametrize("make", [network, make_averaging])
def test_a_run_that_ended_is_not_run_again_and_can_be_made_longer(tmp_path, make):
    short, long = run(make=make), run(make=make, epochs=7)
    seen = []
    watch = LambdaCallback(on_train_begin=lambda logs: seen.append(1))
    assert run(make=make, resume=tmp_path) == short
    assert run(make=make, resume=tmp_path, seed=9, callbacks=lambda: [watch]) == short
    assert run(make=make, resume=tmp_path, seed=9, epochs=2, callbacks=lambda: [watch]) == short
    assert not seen
    assert run(make=make, resume=tmp_path, seed=9, epochs=7) == long
    assert run(make=make, resume=tmp_path, seed=9, epochs=7) == long


def test_a_run_that_stopped_early_has_its_best_weights_again(tmp_path):
    def callbacks():
        return [EarlyStopping(monitor="loss", min_delta=9, restore_best_weights=True)]

    expected = run(callbacks=callbacks, epochs=9)
    assert len(expected[2]) == 2
    assert run(callbacks=callbacks, epochs=9, resume=tmp_path) == expected
    assert run(callbacks=callbacks, epochs=9, resume=tmp_path, seed=9) == expected


def test_the_first_epoch_counts_for_a_run_that_begins(tmp_path):
    expected = run(initial_epoch=2)
    assert expected[2] == [2, 3]
    assert interrupted(7, kept(tmp_path, 2), initial_epoch=2) == expected


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, words",
    [
        ({"data": (X + 1, Y)}, "x: content is not the same"),
        ({"data": (X[:-3], Y[:-3])}, r"rows was 83 and is 80"),
        ({"data": (X.astype("float64"), Y)}, "x: dtype was float32 and is float64"),
        ({"batch_size": 8}, "batch size was 16 and is 8"),
        ({"shuffle": False}, "shuffle was True and is False"),
        ({"class_weight": {0: 1.0, 1: 2.0}}, "sample_weight: content was not there"),
        ({"validation_data": (X, Y)}, "the validation data was False and is True"),
        ({"make": lambda: network(units=9)}, "dense"),
        ({"make": lambda: network(keras.optimizers.Adam(beta_1=0.8))}, "beta_1 was 0.9 and is 0.8"),
        ({"make": lambda: network("sgd")}, "optimizer was Adam and is SGD"),
    ],
)
def test_another_run_is_refused_and_says_what_differs(tmp_path, change, words):
    run(epochs=1, resume=tmp_path)
    before = (tmp_path / "checkpoint.annette").read_bytes()
    words = words.replace("content was not there", "content is not the same")
    with pytest.raises(ValueError, match=f"another training run: .*{words}"):
        run(resume=tmp_path, **change)
    assert (tmp_path / "checkpoint.annette").read_bytes() == before


def test_a_learning_rate_is_that_of_the_run(tmp_path):
    expected = run(epochs=3)
    run(epochs=2, resume=tmp_path)
    found = run(epochs=3, resume=tmp_path, make=lambda: network(keras.optimizers.Adam(0.5)), seed=9)
    assert found == expected


@pytest.mark.parametrize(
    "arguments, error, words",
    [
        ({"backup_dir": ""}, ValueError, "backup_dir"),
        ({"backup_dir": 3}, ValueError, "backup_dir"),
        ({"backup_dir": "a", "save_freq": 0}, ValueError, "save_freq"),
        ({"backup_dir": "a", "save_freq": "batch"}, ValueError, "'batch'"),
        ({"backup_dir": "a", "save_freq": True}, ValueError, "True"),
    ],
)
def test_arguments_that_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        BackupAndRestore(**arguments)


def test_resume_is_a_folder_or_a_backup_and_one_of_them(tmp_path):
    with pytest.raises(TypeError, match="3"):
        run(resume=3)
    with pytest.raises(ValueError, match="one folder"):
        run(resume=tmp_path, callbacks=lambda: [BackupAndRestore(tmp_path)])


# --- damaged files ------------------------------------------------------------------------------


def test_a_damaged_checkpoint_is_said_and_the_model_stays(tmp_path):
    run(epochs=1, resume=tmp_path)
    path = tmp_path / "checkpoint.annette"
    whole = path.read_bytes()
    for damaged in (whole[:-40], whole[: len(whole) // 2], b"", b"no archive", _flipped(whole)):
        path.write_bytes(damaged)
        model = network()
        before = model.get_weights()
        with pytest.raises(ValueError, match="Remove the folder"):
            model.fit(X, Y, batch_size=16, resume=tmp_path, verbose=0)
        assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def _flipped(whole, at=None):
    at = len(whole) // 2 if at is None else at
    return whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :]


def test_a_model_is_no_checkpoint(tmp_path):
    network().save(tmp_path / "model.keras")
    os.rename(tmp_path / "model.keras", tmp_path / "checkpoint.annette")
    with pytest.raises(ValueError, match="not the checkpoint of a training run"):
        run(resume=tmp_path)


def test_a_flipped_bit_is_found_or_is_in_nothing_that_counts(tmp_path):
    run(epochs=1, resume=tmp_path)
    path = tmp_path / "checkpoint.annette"
    whole = path.read_bytes()
    expected = repr(read_checkpoint(path))
    places = range(0, len(whole), len(whole) // 500)
    refused = 0
    for at in places:
        path.write_bytes(_flipped(whole, at))
        try:
            assert repr(read_checkpoint(path)) == expected
        except ValueError:
            refused += 1
    assert refused > 0.9 * len(places)


def test_a_checkpoint_does_not_say_which_files_are_removed(tmp_path):
    mine = tmp_path / "mine.keras"
    mine.write_bytes(b"mine")
    saves = ModelCheckpoint(tmp_path / "runs" / "{epoch}.keras", max_to_keep=1)
    own, hostile = str(tmp_path / "runs" / "1.keras"), str(tmp_path / "runs" / ".." / "mine.keras")
    saves.set_state({**saves.get_state(), "_written": [str(mine), hostile, own, 3]})
    assert saves.get_state()["_written"] == [own]
    saves.set_model(network())
    saves.on_epoch_end(1, {})
    assert mine.read_bytes() == b"mine"


def test_a_checkpoint_without_all_its_parts_is_refused(tmp_path):
    run(epochs=1, resume=tmp_path)
    path = tmp_path / "checkpoint.annette"
    state = read_checkpoint(path)
    for changed, words in (
        ({k: v for k, v in state.items() if k != "random"}, "no random"),
        ({**state, "format": 99}, "format 99"),
        ([1, 2], "Remove the folder"),
    ):
        write_checkpoint(path, changed)
        with pytest.raises(ValueError, match=words):
            run(resume=tmp_path)


@pytest.mark.parametrize("newest", [True, False])
def test_with_two_checkpoints_one_may_be_damaged(tmp_path, newest):
    expected = run()
    backup = kept(tmp_path, 1, double_checkpoint=True)
    with pytest.raises(Interrupted):
        run(callbacks=lambda: [Interrupt(9)], resume=backup)
    files = sorted(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
    assert len(files) == 2
    files[1 if newest else 0].write_bytes(b"damaged")
    with pytest.warns(UserWarning, match="older checkpoint"):
        assert run(seed=9, resume=backup) == expected


# --- kills --------------------------------------------------------------------------------------


def killed(folder, kills, seed):
    done = subprocess.run(
        [sys.executable, PROGRAM, folder, str(kills), str(seed)],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=3000,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
@pytest.mark.parametrize("kills", [8, pytest.param(200, marks=pytest.mark.slow)])
def test_a_run_that_is_killed_again_and_again_comes_to_the_same(tmp_path, kills):
    found = killed(tmp_path, kills, seed=kills)
    assert found["kills"] == kills and found["equal"] == found["runs"] > 0
