"""Saving while threads fail, or where there are none: nothing is lost, and nothing is left behind."""

from __future__ import annotations

import gc
import mmap
import os
import signal
import subprocess
import sys
import threading
import tracemalloc

import numpy as np
import pytest

import annette as keras
from annette.saving import direct, files, threads

NAMES = ["m.keras", "m.h5", "m.safetensors", "w.weights.h5", "w.npz", "dir"]


def network():
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((64,)), keras.layers.Dense(700)])


def save(model, path):
    if path.name == "dir":
        keras.saving.save_model(model, path, zipped=False)
    else:
        (model.save_weights if path.name.startswith("w") else model.save)(path)


@pytest.mark.skipif(not direct._DIRECT, reason="this system has no direct writes")
@pytest.mark.parametrize("name", NAMES)
def test_a_save_that_fails_leaves_no_thread_and_no_memory_behind(tmp_path, monkeypatch, name):
    pieces = []

    class Noted(mmap.mmap):
        def __new__(cls, *args):
            pieces.append(super().__new__(cls, *args))
            return pieces[-1]

    def only_to_read(path, flags):
        return os.open(path, os.O_RDONLY)  # what is written to it fails

    monkeypatch.setattr(direct, "_LARGE", 5000)
    monkeypatch.setattr(direct, "_PIECE", 8192)
    monkeypatch.setattr(files, "_BLOCK", 8192)
    monkeypatch.setattr(files, "_COPIED", 4096)
    monkeypatch.setattr(direct, "_open", only_to_read)
    model = network()
    gc.collect()
    before = threading.active_count()
    monkeypatch.setattr(mmap, "mmap", Noted)
    gc.disable()  # nor may they wait for it
    try:
        with pytest.raises(OSError) as caught:
            save(model, tmp_path / name)
        assert threading.active_count() == before
    finally:
        gc.enable()
    assert pieces and all(piece.closed for piece in pieces)
    del caught
    assert os.listdir(tmp_path) == []


AT_THE_END = """
import sys, threading, time
import annette as keras
from annette.saving import direct, files
direct._LARGE, direct._PIECE, files._BLOCK, files._COPIED = 5000, 8192, 8192, 4096
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(700)])
def end():
    if sys.argv[2] == "thread":
        threading.main_thread().join()
    model.save(sys.argv[1])
    keras.models.load_model(sys.argv[1])
    print("saved")
if sys.argv[2] == "thread":
    threading.Thread(target=end).start()
else:
    import atexit
    atexit.register(end)
"""


@pytest.mark.parametrize("when", ["thread", "atexit"])
def test_a_program_can_save_as_its_last_act(tmp_path, when):
    command = [sys.executable, "-c", AT_THE_END, str(tmp_path / "model.keras"), when]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.stdout, done.stderr) == ("saved\n", "")


def test_without_threads_a_model_is_saved_and_read(tmp_path, monkeypatch):
    monkeypatch.setattr(direct, "_LARGE", 5000)
    monkeypatch.setattr(direct, "_PIECE", 8192)
    monkeypatch.setattr(files, "_BLOCK", 8192)

    def none(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", none)
    model = network()
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    for one, other in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_what_fails_in_the_callers_own_hands_fails_where_it_is_asked_for(monkeypatch):
    with threads.Threads(1) as workers:
        workers._refused = True
        result = workers.submit(lambda: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            result.result()
        assert workers.map(abs, [-1, 2]) == [1, 2]


@pytest.mark.parametrize("name", NAMES)
def test_saving_needs_no_copy_of_the_model(tmp_path, name):
    model = keras.Sequential([keras.Input((2000,)), keras.layers.Dense(2000)])  # 16 MB
    model.compile("sgd", "mse")
    tracemalloc.start()
    try:
        save(model, tmp_path / name)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 10e6


INTERRUPTED = """
import gc, os, random, signal, sys, time
import annette as keras
path = os.path.join(sys.argv[1], "model.keras")
model = keras.Sequential([keras.Input((64,)), keras.layers.Dense(70)])
model.save(path)
begin = time.perf_counter()
model.save(path)
takes = time.perf_counter() - begin
signal.signal(signal.SIGALRM, signal.default_int_handler)
gc.collect()
before, seen = len(os.listdir("/dev/fd")), 0
random.seed(0)
for _ in range(150):
    try:
        try:
            signal.setitimer(signal.ITIMER_REAL, random.uniform(1e-5, takes))
            model.save(path)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        seen += 1
    assert os.listdir(sys.argv[1]) == ["model.keras"], os.listdir(sys.argv[1])
gc.collect()
folders = sum(os.path.isdir(f"/dev/fd/{name}") for name in os.listdir("/dev/fd"))
print(seen > 0, len(os.listdir("/dev/fd")) - folders <= before)
keras.models.load_model(path)
"""


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such timers")
def test_an_interrupt_at_any_moment_leaves_the_file_and_nothing_else(tmp_path):
    command = [sys.executable, "-c", INTERRUPTED, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout) == (0, "True True\n"), done.stderr
