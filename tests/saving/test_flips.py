"""Every bit of every file that annette writes counts: one that is turned over is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import annette as keras

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


@keras.saving.register_keras_serializable(package="flips")
class Noted(keras.layers.Layer):
    """A layer that keeps a file."""

    def call(self, x):
        return x

    def save_assets(self, folder):
        Path(folder, "notes.txt").write_text("kept beside the weights", "utf-8")

    def load_assets(self, folder):
        Path(folder, "notes.txt").read_text("utf-8")


def make(noted):
    keras.utils.set_random_seed(0)
    rows = [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(2)]
    model = keras.Sequential(rows + [Noted()] * noted, name="flips")
    model.compile("adam", "mse")
    model.fit(X, np.ones((4, 2)), verbose=0)
    return model


def whole(model, path):
    model.save(path)
    return keras.models.load_model


def weights(model, path):
    model.save_weights(path)
    return lambda path: make(False).load_weights(path)


def folder(model, path):
    model.save(path, zipped=False)
    return keras.models.load_model


def shards(model, path):
    model.save_weights(path, max_shard_size=120 / 2**30)
    return lambda path: make(False).load_weights(path)


FORMATS = {
    "m.keras": (whole, True),
    "m.h5": (whole, False),
    "m.safetensors": (whole, True),
    "folder": (folder, True),
    "w.weights.h5": (weights, False),
    "w.safetensors": (weights, False),
    "w.npz": (weights, False),
    "w.weights.json": (shards, False),
}


def unfound(name, tmp_path, times):
    """The places of bits, of so many at random, that can be turned over without an error."""
    write, noted = FORMATS[name]
    path = tmp_path / name
    load = write(make(noted), path)
    load(path)
    files = sorted(p for p in tmp_path.rglob("*") if p.is_file())
    before = {p: p.read_bytes() for p in files}
    bits = [8 * len(data) for data in before.values()]
    missed = []
    for at in np.random.default_rng(len(name)).integers(0, sum(bits), times).tolist():
        number = int(np.searchsorted(np.cumsum(bits), at, side="right"))
        place = at - sum(bits[:number])
        file, damaged = files[number], bytearray(before[files[number]])
        damaged[place // 8] ^= 1 << place % 8
        file.write_bytes(damaged)
        try:
            load(path)
        except ValueError:
            pass
        else:
            missed.append((file.name, place // 8, place % 8))
        file.write_bytes(before[file])
    load(path)
    return missed


@pytest.mark.parametrize("name", FORMATS)
def test_a_flipped_bit_is_found(name, tmp_path):
    assert unfound(name, tmp_path, 60) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_a_thousand_flipped_bits_are_found(name, tmp_path):
    assert unfound(name, tmp_path, 1000) == []


@pytest.mark.parametrize("name", FORMATS)
def test_a_flipped_bit_at_either_end_is_found(name, tmp_path):
    write, noted = FORMATS[name]
    path = tmp_path / name
    load = write(make(noted), path)
    for file in sorted(p for p in tmp_path.rglob("*") if p.is_file()):
        before = file.read_bytes()
        for place in {i % len(before) for i in (*range(9), *range(-49, 0, 3))}:
            damaged = bytearray(before)
            damaged[place] ^= 4
            file.write_bytes(damaged)
            with pytest.raises(ValueError):
                load(path)
        for length in (len(before) - 1, max(len(before) - 48, 0)):
            file.write_bytes(before[:length])
            with pytest.raises(ValueError):
                load(path)
        file.write_bytes(before)
    load(path)
