"""One run at a time in a folder of checkpoints."""

from __future__ import annotations

import errno
import os
import shutil
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

    monkeypatch.setattr(fcntl, "flock", unknown)
    train(tmp_path)
    assert os.listdir(tmp_path) == ["checkpoint.annette"]


def test_warnings_point_at_the_users_line(tmp_path):
    stop = keras.callbacks.EarlyStopping(monitor="loss")
    train(tmp_path, callbacks=[stop])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        network().fit(X, Y, epochs=3, verbose=0, resume=tmp_path)
    assert [w.filename for w in caught] == [__file__]


def test_reading_the_folder_lets_nobody_in(tmp_path):
    def copy(epoch, logs):
        shutil.copytree(tmp_path / "mine", tmp_path / f"copy{epoch}")
        assert not free(tmp_path / "mine")

    train(tmp_path / "mine", callbacks=[LambdaCallback(on_epoch_end=copy)])
    assert free(tmp_path / "mine")


def free(folder):
    """Whether another process gets the folder."""
    done = subprocess.run(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.DEVNULL, capture_output=True
    )
    assert done.returncode == 0 or b"BlockingIOError" in done.stderr
    return done.returncode == 0


def test_of_threads_that_begin_at_once_one_trains(tmp_path):
    begin, end, found = threading.Barrier(8), threading.Barrier(8), []

    def run():
        begin.wait()
        try:
            with lock.alone_in(tmp_path):
                found.append("in")
                end.wait()
        except BlockingIOError:
            end.wait()

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == ["in"] and os.listdir(tmp_path) == []


FORKING = """
import os, sys, time
from pathlib import Path
from annette.saving.lock import alone_in
with alone_in(Path(sys.argv[1])):
    if os.fork() == 0:
        if sys.argv[2] == "ends":
            sys.exit()
        sys.stdin.read()  # outlives the one that has the lock
        with alone_in(Path(sys.argv[1])):
            print("child", flush=True)
            os._exit(0)
    if sys.argv[2] == "ends":
        os.wait()
    print("here", flush=True)
    time.sleep(600)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
@pytest.mark.parametrize("child", ["ends", "stays"])
def test_a_forked_process_neither_frees_a_folder_nor_keeps_it(tmp_path, child):
    process = subprocess.Popen(
        [sys.executable, "-c", FORKING, str(tmp_path), child],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout.readline() == b"here\n"
        assert not free(tmp_path)
        process.kill()
        process.wait()
        assert free(tmp_path)
        process.stdin.close()  # the child, if it stays, is told to go on: it may train there now
        assert process.stdout.read() == (b"child\n" if child == "stays" else b"")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def test_what_lies_in_the_locks_place_is_not_written_to(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    for name, make in [
        ("link", lambda path: path.symlink_to(mine)),
        ("folder", lambda path: path.mkdir()),
        ("pipe", os.mkfifo),
    ]:
        (tmp_path / name).mkdir()
        make(tmp_path / name / lock.NAME)
        with pytest.raises(OSError, match=lock.NAME):
            train(tmp_path / name)
    (tmp_path / "hard").mkdir()
    os.link(mine, tmp_path / "hard" / lock.NAME)
    train(tmp_path / "hard")
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC])
def test_a_run_in_a_folder_that_cannot_be_written_is_taken_up(tmp_path, monkeypatch, code):
    train(tmp_path)
    real = os.open

    def refusing(path, flags, *args, **kwargs):
        if flags & os.O_CREAT and str(path).startswith(str(tmp_path)):
            raise OSError(code, os.strerror(code), str(path))
        return real(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refusing)
    assert train(tmp_path).epoch == [0, 1]
    assert os.listdir(tmp_path) == ["checkpoint.annette"]


def test_another_users_run_keeps_others_out_who_cannot_write_there(other, monkeypatch):
    process, folder = other
    real = os.open

    def refusing(path, flags, *args, **kwargs):
        if flags & os.O_CREAT and str(path).startswith(str(folder)):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return real(path, flags, *args, **kwargs)

    monkeypatch.setattr(os, "open", refusing)
    with pytest.raises(BlockingIOError, match=f"process {process.pid}"):
        train(folder)


def test_a_run_whose_folder_became_anothers_leaves_that_alone(tmp_path):
    folder = tmp_path / "run"

    def move(epoch, logs):
        if epoch == 0:
            folder.rename(tmp_path / "moved")
            folder.mkdir()
            (folder / lock.NAME).write_text("of another")

    train(folder, callbacks=[LambdaCallback(on_epoch_end=move)])
    assert (folder / lock.NAME).read_text() == "of another"


@pytest.mark.parametrize("moment", ["mkdir", "open"])
def test_a_folder_that_another_run_removes_just_now_is_made_again(tmp_path, monkeypatch, moment):
    folder = tmp_path / "run"
    folder.mkdir()
    real = getattr(os, moment)

    def late(path, *args, **kwargs):
        if str(path).startswith(str(folder)):
            monkeypatch.setattr(os, moment, real)
            try:
                return real(path, *args, **kwargs) if moment == "mkdir" else None
            finally:
                folder.rmdir()
                if moment == "open":
                    real(path, *args, **kwargs)  # it fails, the folder being away
        return real(path, *args, **kwargs)

    monkeypatch.setattr(os, moment, late)
    assert train(folder).epoch == [0, 1]
    assert os.listdir(folder) == ["checkpoint.annette"]
