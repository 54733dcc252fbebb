"""Training that is interrupted and goes on: what the tests of it share."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette.backends import current_backend
from annette.callbacks import BackupAndRestore, Callback, CSVLogger
from annette.saving import files

X = np.random.default_rng(0).random((83, 5)).astype("float32")
Y = (X.sum(1, keepdims=True) > 2.5).astype("float32")


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
    model.compile(optimizer or keras.optimizers.Adam(0.01), "binary_crossentropy", metrics=["mae"])
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
    # JAX rounds a metric otherwise in a program that also gives the logs of each batch
    each = [Interrupt(10**9)] if current_backend().name == "jax" else []
    history = model.fit(*given, callbacks=[*callbacks(), *each], **options)
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
