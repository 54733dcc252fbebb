"""ModelCheckpoint: which files there are after training, and what is in them."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest

import annette as keras
from annette.callbacks import ModelCheckpoint
from annette.saving import files

X = np.linspace(-1, 1, 30).reshape(10, 3).astype("float32")
Y = X.sum(1, keepdims=True) * 0.5 + 1


def make():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    return model


def fit(callback, epochs=3, model=None, **kwargs):
    model = model or make()
    options = {"batch_size": 5, "verbose": 0, "validation_split": 0.2, **kwargs}
    return model, model.fit(X, Y, epochs=epochs, callbacks=[callback], **options)


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_last_epoch_is_in_the_file():
    model, _ = fit(ModelCheckpoint("model.keras"))
    loaded = keras.models.load_model("model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert int(loaded.optimizer.iterations) == 6


def test_epoch_and_metrics_are_filled_in():
    _, history = fit(
        ModelCheckpoint("a{epoch:02d}-{val_loss:.3f}.weights.h5", save_weights_only=True)
    )
    losses = history.history["val_loss"]
    assert sorted(os.listdir()) == [f"a{i:02d}-{x:.3f}.weights.h5" for i, x in enumerate(losses, 1)]


def test_folders_are_made():
    fit(ModelCheckpoint("runs/{epoch}/model.keras"), epochs=2)
    assert sorted(os.listdir("runs")) == ["1", "2"]


@pytest.mark.parametrize("mode, kept", [("min", 2), ("max", 3), ("auto", 2)])
def test_only_the_best_is_kept(mode, kept, capsys):
    callback = ModelCheckpoint(
        "model.keras", save_best_only=True, monitor="val_loss", mode=mode, verbose=1
    )
    callback.set_model(make())
    for epoch, loss in enumerate([3.0, 2.0, 4.0]):
        callback.on_epoch_end(epoch, {"val_loss": loss})
    said = capsys.readouterr().out
    assert callback.best == [None, 3.0, 2.0, 4.0][kept]
    assert f"Epoch {kept}: val_loss improved from 3.00000 to" in said
    assert said.count("did not improve") == 1


def test_a_threshold_must_be_beaten_first():
    callback = ModelCheckpoint("m.keras", save_best_only=True, initial_value_threshold=0.0)
    fit(callback)
    assert os.listdir() == [] and callback.best == 0.0


def test_a_metric_that_is_not_there():
    with pytest.warns(UserWarning, match="val_loss, val_mae"):
        fit(ModelCheckpoint("m.keras", save_best_only=True, monitor="auc", mode="max"), epochs=1)
    assert os.listdir() == ["m.keras"]
    with pytest.raises(ValueError, match="mode='max'"):
        fit(ModelCheckpoint("m.keras", save_best_only=True, monitor="cosine"), epochs=1)


def test_after_so_many_batches():
    callback = ModelCheckpoint("e{epoch}b{batch}.keras", save_freq=3)
    fit(callback, epochs=3, validation_split=0.0)  # two batches an epoch
    assert sorted(os.listdir()) == ["e2b1.keras", "e3b2.keras"]


def test_after_epochs_no_batch_is_waited_for():
    assert not keras.callbacks.CallbackList([ModelCheckpoint("m.keras")]).uses_batch_hooks
    assert keras.callbacks.CallbackList([ModelCheckpoint("m.keras", save_freq=2)]).uses_batch_hooks


@pytest.mark.parametrize(
    "kwargs, error, words",
    [
        ({"filepath": "m.h5"}, ValueError, r"\.keras"),
        ({"filepath": "m.h5", "save_weights_only": True}, ValueError, r"\.weights\.h5"),
        ({"filepath": "m.keras", "save_freq": "batch"}, ValueError, "'batch'"),
        ({"filepath": "m.keras", "save_freq": 0}, ValueError, "save_freq"),
        ({"filepath": "{nope}.keras"}, KeyError, "nope.*val_loss"),
    ],
)
def test_what_is_refused(kwargs, error, words):
    with pytest.raises(error, match=words):
        fit(ModelCheckpoint(**kwargs), epochs=1)


def test_a_full_disk_leaves_the_last_checkpoint(monkeypatch):
    model, _ = fit(ModelCheckpoint("model.keras"), epochs=1)
    expected = model.predict(X, verbose=0)

    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(files, "_fsync", full)
        with pytest.raises(OSError, match="as it was"):
            fit(ModelCheckpoint("model.keras"), epochs=1, model=model)
    loaded = keras.models.load_model("model.keras")
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), expected)
