"""What callbacks remember when training goes on after an interruption."""

from __future__ import annotations

import os

import numpy as np
import pytest

import annette as keras
from annette.callbacks import (
    Callback,
    CSVLogger,
    EarlyStopping,
    LambdaCallback,
    LearningRateScheduler,
    ModelCheckpoint,
    ReduceLROnPlateau,
    SwapEMAWeights,
)
from tests.training.resuming import (  # noqa: F401 - two are fixtures
    Interrupt,
    Interrupted,
    X,
    Y,
    interrupted,
    kept,
    network,
    nothing_waits_for_the_disk,
    run,
    warmed_up,
)


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
    with pytest.raises(ValueError, match=r"LambdaCallback could not take up.*KeyError: 'best'"):
        model.fit(
            X, Y, batch_size=16, epochs=2, callbacks=callbacks(fail), resume=tmp_path, verbose=0
        )
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
