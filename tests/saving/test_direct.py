"""Large files, which are written past the system's memory: the same bytes, and the same failures."""

from __future__ import annotations

import errno
import os

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies as st

import annette as keras
from annette.saving import direct, files

BLOCK = direct._ALIGNED


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Direct writes begin early, in pieces of two blocks."""
    monkeypatch.setattr(direct, "_LARGE", 5000)
    monkeypatch.setattr(direct, "_PIECE", 2 * BLOCK)


@pytest.fixture
def direct_writes(monkeypatch):
    """How many bytes went directly, in a list; tests of them are skipped where none can."""
    counts = []
    real = direct._pwrite

    def counted(*args):
        counts.append(real(*args))
        return counts[-1]

    monkeypatch.setattr(direct, "_pwrite", counted)
    return counts


def network(seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((64,)), keras.layers.Dense(300), keras.layers.Dense(50)])


sizes = st.one_of(st.integers(0, 99), st.integers(0, 40_000), st.just(BLOCK), st.just(2 * BLOCK))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), sizes),
        st.tuples(st.just("seek"), sizes),
        st.tuples(st.just("end"), st.just(0)),
        st.tuples(st.just("read"), sizes),
        st.tuples(st.just("flush"), st.just(0)),
    ),
    max_size=12,
)


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(steps=steps)
def test_a_file_holds_what_any_writes_and_seeks_leave_in_it(tmp_path, steps):
    numbers = np.random.default_rng(0).bytes(40_000)
    plain, path = tmp_path / "plain", tmp_path / "streamed"
    with (
        open(plain, "w+b") as one,
        open(path, "w+b") as other,
        direct.streaming(other, path) as stream,
    ):
        for name, count in steps:
            for file in (one, stream):
                if name == "write":
                    assert file.write(numbers[:count]) == count
                elif name == "seek":
                    assert file.seek(count) == count
                elif name == "end":
                    file.seek(0, 2)
                elif name == "flush":
                    file.flush()
            if name == "read":
                assert stream.read(count) == one.read(count)
            assert stream.tell() == one.tell()
    assert path.read_bytes() == plain.read_bytes()


@pytest.mark.parametrize(
    "name", ["m.keras", "m.h5", "m.safetensors", "w.weights.h5", "w.npz", "dir"]
)
def test_models_are_the_same_files(tmp_path, monkeypatch, direct_writes, name):
    model = network()

    def save(folder):
        folder.mkdir()
        path = folder / name
        if name == "dir":
            keras.saving.save_model(model, path, zipped=False)
            return [p.read_bytes() for p in sorted(path.iterdir())]
        (model.save_weights if name.startswith("w") else model.save)(path)
        return [path.read_bytes()]

    streamed = save(tmp_path / "streamed")
    if not direct_writes:
        pytest.skip("this file system has no direct writes")
    assert sum(direct_writes) > 60_000
    monkeypatch.setattr(direct, "_LARGE", 2**30)
    plain = save(tmp_path / "plain")
    assert [len(p) for p in plain] == [len(p) for p in streamed]
    if name in ("w.weights.h5", "w.npz"):  # the others say when they were saved
        assert plain == streamed


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_each_direct_write_that_fails_leaves_the_former_file(tmp_path, monkeypatch, code):
    path = tmp_path / "model.keras"
    network().save(path)
    before, real, left = path.read_bytes(), direct._pwrite, [0]

    def failing(*args):
        if left[0] == 0:
            raise OSError(code, os.strerror(code))
        left[0] -= 1
        return real(*args)

    monkeypatch.setattr(direct, "_pwrite", failing)
    for failures in range(1000):
        left[0] = failures
        try:
            network(1).save(path)
        except OSError as error:
            assert error.errno == code and "what was there before is as it was" in str(error)
            assert path.read_bytes() == before and os.listdir(tmp_path) == [path.name]
        else:
            break
    assert path.read_bytes() != before and os.listdir(tmp_path) == [path.name]
    assert failures > 5 or (not failures and left[0] == 0)


def refused(*args):
    raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))


@pytest.mark.parametrize("call", ["_open", "_pwrite"])
def test_a_file_system_without_direct_writes_gets_the_usual_ones(tmp_path, monkeypatch, call):
    monkeypatch.setattr(direct, call, refused)
    model = network()
    model.save(tmp_path / "model.keras")
    x = np.ones((2, 64), "float32")
    again = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))


def test_a_disk_that_takes_a_part_gets_the_rest(tmp_path, monkeypatch):
    real = direct._pwrite
    monkeypatch.setattr(direct, "_pwrite", lambda fd, view, at: real(fd, view[:BLOCK], at))
    numbers = np.random.default_rng(0).bytes(100_003)
    with files.replacing(tmp_path / "file") as file:
        file.write(numbers)
    assert (tmp_path / "file").read_bytes() == numbers


def test_small_files_go_the_usual_way(tmp_path, direct_writes):
    with files.replacing(tmp_path / "file") as file:
        file.write(bytes(4000))
        file.write(bytes(999))
    assert not direct_writes
