"""A model of each layer comes back from its file, and its file is laid out as Keras's is."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette.saving import hdf5

from . import zoo

LAYOUTS = json.loads((Path(__file__).parent / "fixtures" / "layouts.json").read_text("utf-8"))
NAMES = zoo.names(keras)


def layout(path):
    """What a file of weights has: groups with their names, datasets with shape and dtype."""
    found, waiting = {}, [hdf5.File(path)]
    while waiting:
        group = waiting.pop()
        for name in group:
            member = group[name]
            if isinstance(member, hdf5.Dataset):
                found[member.name.strip("/")] = [list(member.shape), str(member.dtype)]
            else:
                found[member.name.strip("/")] = dict(member.attrs).get("name")
                waiting.append(member)
    return found


def test_every_layer_has_a_model():
    classes = {n for n in keras.layers.__all__ if isinstance(getattr(keras.layers, n), type)}
    aliases = {n for n in classes if getattr(keras.layers, n).__name__ != n}
    assert classes - aliases - zoo.ELSEWHERE <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_comes_back(name, tmp_path):
    model = zoo.make(keras, name)
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    assert json.dumps(loaded.get_config()) == json.dumps(model.get_config())
    x = zoo.data(model)
    expected = np.asarray(model.call(x, training=False))
    np.testing.assert_array_equal(np.asarray(loaded.call(x, training=False)), expected)
    other = zoo.make(keras, name)
    zoo.fill(other, seed=4)
    other.load_weights(tmp_path / "model.weights.h5")
    np.testing.assert_array_equal(np.asarray(other.call(x, training=False)), expected)


@pytest.mark.parametrize("name", [n for n in NAMES if n in LAYOUTS])
def test_a_file_is_laid_out_as_keras_does(name, tmp_path):
    zoo.make(keras, name).save_weights(tmp_path / "model.weights.h5")
    ours, theirs = layout(tmp_path / "model.weights.h5"), LAYOUTS[name]
    assert {n: v for n, v in ours.items() if isinstance(v, list)} == {
        n: v for n, v in theirs.items() if isinstance(v, list)
    }
    both = ours.keys() & theirs.keys()  # attention has no empty groups for what has no weights
    assert {n: ours[n] for n in both} == {n: theirs[n] for n in both}
