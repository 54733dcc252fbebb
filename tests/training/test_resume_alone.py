"""One run at a time in a folder of checkpoints."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import warnings

import numpy as np
import pytest

import annette as keras
from annette.callbacks import BackupAndRestore, LambdaCallback
from annette.saving import lock

X = np.linspace(-1, 1, 24, dtype="float32").reshape(8, 3)
Y = X.sum(1, keepdims=True)

pytest.importorskip("fcntl", reason="this system has no such locks")


def network():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    return model


def train(folder, **kwargs):
    return network().fit(X, Y, epochs=2, verbose=0, resume=folder, **kwargs)


HOLDER = """
import sys
from pathlib import Path
from annette.saving.lock import alone_in
with alone_in(Path(sys.argv[1])):
    print("here", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other(tmp_path):
    """Another process that has the folder, and the folder."""
    folder = tmp_path / "run"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"here\n"
        yield process, folder
    finally:
        process.kill()
        process.communicate()


def test_a_second_run_in_a_folder_is_refused_and_told_who_has_it(other):
    process, folder = other
    left = folder / ".annette-1.unfinished"  # what the other one may be writing
    left.write_bytes(b"half")
    with pytest.raises(BlockingIOError, match=f"process {process.pid}.*a folder of its own"):
        train(folder)
    assert left.exists()
    process.communicate(b"")  # its end
    train(folder)
    assert sorted(os.listdir(folder)) == ["checkpoint.annette"]


def test_a_run_that_was_killed_keeps_nobody_out(other):
    process, folder = other
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / lock.NAME).exists()
    train(folder)
    assert not (folder / lock.NAME).exists()


def test_a_run_within_a_run_is_refused(tmp_path):
    found = []

    def again(epoch, logs):
        with pytest.raises(BlockingIOError, match="keeps its checkpoints in this folder"):
            train(tmp_path)
        thread = threading.Thread(target=lambda: found.append(train_quietly(tmp_path / ".")))
        thread.start()
        thread.join()

    train(tmp_path, callbacks=[LambdaCallback(on_epoch_end=again)])
    assert [type(f) for f in found] == [BlockingIOError] * 2


def train_quietly(folder):
    try:
        train(folder)
    except OSError as error:
        return error
    return None


def test_an_interrupted_run_can_be_taken_up_in_the_same_program(tmp_path):
    def stop(epoch, logs):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(tmp_path, callbacks=[LambdaCallback(on_epoch_end=stop)])
    assert train(tmp_path, callbacks=[LambdaCallback()]).epoch == [0, 1]


def test_a_folder_that_is_not_kept_is_removed(tmp_path):
    train(BackupAndRestore(tmp_path / "run"))
    assert not (tmp_path / "run").exists()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "note.txt").write_text("mine")
    train(BackupAndRestore(tmp_path / "run"))
    assert os.listdir(tmp_path / "run") == ["note.txt"]


def test_where_nothing_can_be_locked_training_goes_on(tmp_path, monkeypatch):
    import fcntl

    def unknown(*args):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "lockf", unknown)
    train(tmp_path)
    assert os.listdir(tmp_path) == ["checkpoint.annette"]


def test_warnings_point_at_the_users_line(tmp_path):
    stop = keras.callbacks.EarlyStopping(monitor="loss")
    train(tmp_path, callbacks=[stop])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network().fit(X, Y, epochs=3, verbose=0, resume=tmp_path)
    assert [w.filename for w in caught] == [__file__]
