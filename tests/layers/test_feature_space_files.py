"""FeatureSpace in files: what it learnt comes back, and whether it has learnt."""

from __future__ import annotations

import json
import zipfile

import numpy as np
import pytest

import annette as keras

Space = keras.utils.FeatureSpace
DATA = {"size": np.arange(10.0), "kind": np.array(list("abcabcabca"))}
ONE = {"size": 3.0, "kind": "b"}


def space(**names):
    names = names or {"size": "size", "kind": "kind"}
    kinds = {"size": Space.float_normalized(), "kind": Space.string_categorical()}
    return Space({names[key]: kind for key, kind in kinds.items()})


def config_of(path):
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("config.json"))


@pytest.mark.filterwarnings("error")  # it is built: nothing is left out
def test_a_space_that_has_learnt_says_so_as_keras_reads_it(tmp_path):
    one = space()
    one.adapt(DATA)
    one.save(tmp_path / "space.keras")
    built = config_of(tmp_path / "space.keras")["build_config"]
    assert built == {"size": {"input_shape": [None, 1]}, "kind": {}}
    loaded = keras.saving.load_model(tmp_path / "space.keras")
    np.testing.assert_array_equal(np.asarray(loaded(ONE)), np.asarray(one(ONE)))


def test_names_of_columns_are_not_taken_for_shapes(tmp_path):
    one = space(size="input_shape", kind="shapes_dict")
    one.adapt({"input_shape": DATA["size"], "shapes_dict": DATA["kind"]})
    one.save(tmp_path / "space.keras")
    loaded = keras.saving.load_model(tmp_path / "space.keras")
    row = {"input_shape": 3.0, "shapes_dict": "b"}
    np.testing.assert_array_equal(np.asarray(loaded(row)), np.asarray(one(row)))


def test_a_space_that_has_not_learnt_still_has_to(tmp_path):
    with pytest.warns(UserWarning, match="not built"):
        space().save(tmp_path / "space.keras")
    assert "build_config" not in config_of(tmp_path / "space.keras")
    loaded = keras.saving.load_model(tmp_path / "space.keras")
    with pytest.raises(ValueError, match="must be adapted"):
        loaded(ONE)


@pytest.mark.parametrize("config", [{"other": {}}, {"size": [1]}, {"other": None}])
def test_a_build_config_of_something_else_is_refused(config):
    with pytest.raises(ValueError, match="build_config of a FeatureSpace"):
        space().build_from_config(config)


def test_a_column_that_needs_no_building_has_none_in_files_of_keras():
    one = space()
    one.adapt(DATA)
    loaded = space()
    loaded.build_from_config({**one.get_build_config(), "kind": None})
    assert loaded._is_adapted
