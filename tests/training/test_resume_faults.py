"""A disk that fails while checkpoints of training are written: no run and no file is lost by it."""

from __future__ import annotations

import errno
import io
import os
import warnings

import numpy as np
import pytest

import annette as keras
from annette.callbacks import BackupAndRestore, CSVLogger, ModelCheckpoint
from annette.saving import files
from annette.saving.checkpoint import read_checkpoint

X = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
Y = X.sum(1, keepdims=True)
EPOCHS = 3


def network():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dropout(0.2), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def train(folder=None, double_checkpoint=False):
    model = network()
    backup = BackupAndRestore(folder, 2, double_checkpoint, False) if folder else None
    model.fit(X, Y, batch_size=4, epochs=EPOCHS, verbose=0, resume=backup)
    return [v.numpy().tobytes() for v in (*model.variables, *model.optimizer.variables)]


class Disk:
    """Makes one call of a kind fail, or every n-th."""

    def __init__(self, patch, kind, code, every=False):
        self.kind, self.code, self.every = kind, code, every
        self.count, self.fails_at, self.failures = 0, None, 0
        if kind == "write":
            disk = self

            class Raw(io.FileIO):
                def write(self, data):
                    disk.called()
                    return super().write(data)

            patch.setattr(files, "_created", Raw)
        else:
            real = getattr(files, kind)
            patch.setattr(files, kind, lambda *a, **k: (self.called(), real(*a, **k))[1])

    def called(self):
        self.count += 1
        n = self.fails_at
        if n is not None and (self.count % n == 0 if self.every else self.count == n):
            self.failures += 1
            raise OSError(self.code, os.strerror(self.code))

    def set(self, fails_at):
        self.count, self.failures, self.fails_at = 0, 0, fails_at


@pytest.mark.parametrize("double", [False, True])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
@pytest.mark.parametrize("kind", ["_open", "_fsync", "_replace", "write"])
def test_a_call_that_fails_loses_neither_the_run_nor_a_file(
    tmp_path, monkeypatch, kind, code, double
):
    expected = train()
    disk = Disk(monkeypatch, kind, code)
    train(tmp_path / "whole", double)
    calls = disk.count
    first = calls // (EPOCHS + 2)  # those of the checkpoint before training, which raises
    step = max(1, (calls - first) // 10)
    for number in range(first + 2, calls, step):
        folder = tmp_path / str(number)
        disk.set(number)
        with pytest.warns(RuntimeWarning, match="could not be written, and training goes on"):
            assert train(folder, double) == expected
        assert disk.failures == 1
        disk.set(None)
        names = os.listdir(folder)
        assert names and all(name.endswith(".annette") for name in names)
        for name in names:
            read_checkpoint(folder / name)
        assert train(folder, double) == expected


@pytest.mark.parametrize("kind", ["_open", "_fsync", "_replace", "write"])
@pytest.mark.parametrize("every", [1, 2, 3])
def test_a_disk_that_fails_again_and_again(tmp_path, monkeypatch, kind, every):
    expected = train()
    disk = Disk(monkeypatch, kind, errno.EIO, every=True)
    begin = BackupAndRestore.save
    disk.set(None)

    def save(self, state, place):
        disk.fails_at = every if state["number"] else None  # the first one would raise
        try:
            return begin(self, state, place)
        finally:
            disk.fails_at = None

    with monkeypatch.context() as patched, warnings.catch_warnings():
        patched.setattr(BackupAndRestore, "save", save)
        warnings.simplefilter("ignore", RuntimeWarning)
        assert train(tmp_path) == expected
    assert disk.failures > 0
    assert os.listdir(tmp_path) == ["checkpoint.annette"]
    read_checkpoint(tmp_path / "checkpoint.annette")
    assert train(tmp_path) == expected


@pytest.mark.parametrize("kind", ["_open", "_fsync", "_replace", "write"])
def test_a_folder_that_cannot_be_written_is_said_before_training(tmp_path, monkeypatch, kind):
    disk = Disk(monkeypatch, kind, errno.ENOSPC)
    disk.set(1)
    model = network()
    before = model.get_weights()
    with pytest.raises(OSError, match=r"checkpoint\.annette") as info:
        model.fit(X, Y, verbose=0, resume=tmp_path)
    assert info.value.errno == errno.ENOSPC
    assert os.listdir(tmp_path) == []
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))


def test_what_a_killed_run_left_half_written_is_removed(tmp_path):
    (tmp_path / ".annette-0123456789abcdef.unfinished").write_bytes(b"half")
    train(tmp_path)
    assert os.listdir(tmp_path) == ["checkpoint.annette"]


def test_a_log_that_cannot_be_brought_to_the_disk_stops_nothing(tmp_path):
    def fail():
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    log = CSVLogger(tmp_path / "log.csv")
    log.on_epoch_begin = lambda epoch, logs=None: setattr(log, "get_state", fail)
    backup = BackupAndRestore(tmp_path / "run", delete_checkpoint=False)
    with pytest.warns(RuntimeWarning, match="goes on"):
        network().fit(X, Y, epochs=2, verbose=0, callbacks=[log], resume=backup)
    assert len((tmp_path / "log.csv").read_text().splitlines()) == 3


# --- the files of ModelCheckpoint -----------------------------------------------------------------


def fit(callback, epochs=4, folder=None):
    model = network()
    model.fit(X, Y, epochs=epochs, verbose=0, callbacks=[callback], resume=folder)
    return model


def test_only_the_last_files_are_kept(tmp_path):
    fit(ModelCheckpoint(tmp_path / "{epoch}.keras", max_to_keep=2))
    assert sorted(os.listdir(tmp_path)) == ["3.keras", "4.keras"]


def test_only_the_best_files_are_kept(tmp_path):
    path = tmp_path / "{epoch}-{loss}.weights.h5"
    best = ModelCheckpoint(
        path, "loss", save_best_only=True, save_weights_only=True, mode="min", max_to_keep=2
    )
    best.set_model(network())
    for epoch, loss in enumerate([5.0, 4.0, 6.0, 3.0, 9.0]):
        best.on_epoch_end(epoch, {"loss": loss})
    assert sorted(os.listdir(tmp_path)) == ["2-4.0.weights.h5", "4-3.0.weights.h5"]


def test_a_single_file_is_never_removed(tmp_path):
    fit(ModelCheckpoint(tmp_path / "model.keras", max_to_keep=1))
    assert os.listdir(tmp_path) == ["model.keras"]


def test_an_old_file_goes_only_when_the_new_one_is_whole(tmp_path, monkeypatch):
    disk = Disk(monkeypatch, "_fsync", errno.ENOSPC)
    disk.set(3 * 2 + 1)  # of the file and the folder, for each file
    with pytest.raises(OSError, match="as it was"):
        fit(ModelCheckpoint(tmp_path / "{epoch}.keras", max_to_keep=2))
    assert sorted(os.listdir(tmp_path)) == ["2.keras", "3.keras"]


def test_a_file_that_cannot_be_removed_is_removed_later(tmp_path, monkeypatch):
    real, failures = os.unlink, [1]

    def unlink(path, **kwargs):
        if str(path).endswith("1.keras") and failures:
            failures.pop()
            raise PermissionError(errno.EACCES, "not now", path)
        real(path, **kwargs)

    monkeypatch.setattr(os, "unlink", unlink)
    with pytest.warns(UserWarning, match="could not remove the old file"):
        fit(ModelCheckpoint(tmp_path / "{epoch}.keras", max_to_keep=2))
    assert sorted(os.listdir(tmp_path)) == ["3.keras", "4.keras"]


@pytest.mark.parametrize("value", [0, -1, 2.0, True, "2"])
def test_how_many_to_keep_is_a_number(tmp_path, value):
    with pytest.raises(ValueError, match="max_to_keep"):
        ModelCheckpoint(tmp_path / "m.keras", max_to_keep=value)


def test_a_longer_run_removes_what_the_one_before_kept(tmp_path):
    for epochs in (3, 5):
        kept = ModelCheckpoint(tmp_path / "{epoch}.keras", max_to_keep=2)
        fit(kept, epochs, tmp_path / "run")
    assert sorted(os.listdir(tmp_path)) == ["4.keras", "5.keras", "run"]
