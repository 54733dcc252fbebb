"""Models in files: annette's own, and those that Keras wrote; training goes on where it was."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import annette as keras
from annette import layers

from . import programs

HERE = Path(__file__).parent / "fixtures"
TRAINED = json.loads((HERE / "trained.json").read_text("utf-8"))
PREPARED = json.loads((HERE / "prepared.json").read_text("utf-8"))
NEAR = {"rtol": 2e-5, "atol": 2e-6}  # other kernels, the same numbers but for their rounding


# --- files of Keras -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", TRAINED)
def test_a_model_of_keras_goes_on_as_in_keras(name):
    model = keras.models.load_model(HERE / f"{name}.keras")
    x, y = programs.data(model)
    expected = TRAINED[name]
    np.testing.assert_allclose(model.predict(x, verbose=0), expected["predicted"], **NEAR)
    logs = model.train_on_batch(x, y, return_dict=True)
    np.testing.assert_allclose(logs["loss"], expected["loss"], rtol=2e-5)
    np.testing.assert_allclose(model.predict(x, verbose=0), expected["after"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", TRAINED)
def test_weights_of_keras_fit_a_model_of_ours(name):
    build, learn = programs.TRAINED[name]
    model = build(keras)
    model.compile(**learn(keras))
    model.optimizer.build(model.trainable_variables)
    model.load_weights(HERE / f"{name}.weights.h5")
    x, y = programs.data(model)
    np.testing.assert_allclose(model.predict(x, verbose=0), TRAINED[name]["predicted"], **NEAR)
    loss = model.train_on_batch(x, y, return_dict=True)["loss"]
    np.testing.assert_allclose(loss, TRAINED[name]["loss"], rtol=2e-5)
    again = build(keras)
    again.load_weights(HERE / f"{name}.keras")
    np.testing.assert_allclose(again.predict(x, verbose=0), TRAINED[name]["predicted"], **NEAR)


@pytest.mark.parametrize("name", programs.OLD)
def test_a_file_in_the_old_format_loads(name):
    model = keras.models.load_model(HERE / f"{name}.h5")
    x, _ = programs.data(model)
    np.testing.assert_allclose(model.predict(x, verbose=0), TRAINED[name]["predicted"], **NEAR)
    assert type(model.optimizer).__name__ in ("Adam", "SGD")
    other = programs.TRAINED[name][0](keras)
    other.load_weights(HERE / f"{name}.h5")
    np.testing.assert_allclose(other.predict(x, verbose=0), TRAINED[name]["predicted"], **NEAR)
    assert keras.models.load_model(HERE / f"{name}.h5", compile=False).optimizer is None


@pytest.mark.parametrize("name", programs.SPREAD)
def test_a_folder_and_shards_of_keras_go_on_as_in_keras(name):
    folder = keras.models.load_model(HERE / f"{name}_folder")
    build, learn = programs.TRAINED[name]
    sharded = build(keras)
    sharded.compile(**learn(keras))
    sharded.optimizer.build(sharded.trainable_variables)
    sharded.load_weights(HERE / f"{name}_shards.weights.json")
    x, y = programs.data(folder)
    for model in (folder, sharded):
        np.testing.assert_allclose(model.predict(x, verbose=0), TRAINED[name]["predicted"], **NEAR)
        loss = model.train_on_batch(x, y, return_dict=True)["loss"]
        np.testing.assert_allclose(loss, TRAINED[name]["loss"], rtol=2e-5)
        np.testing.assert_allclose(
            model.predict(x, verbose=0), TRAINED[name]["after"], rtol=1e-4, atol=1e-5
        )


@pytest.mark.parametrize("name", PREPARED)
def test_what_layers_learnt_in_keras_is_there(name):
    model = keras.models.load_model(HERE / f"{name}.keras")
    found = model.call(programs.PREPARED[name][1](keras))
    np.testing.assert_allclose(np.asarray(found), PREPARED[name], **NEAR)


@pytest.mark.skipif(
    "ANNETTE_KERAS_PYTHON" not in os.environ, reason="ANNETTE_KERAS_PYTHON names no Python"
)
def test_keras_reads_our_files(tmp_path):
    program = """
import sys, numpy as np, keras
sys.path.insert(0, sys.argv[2])
from tests.saving import programs
for name, (build, learn) in programs.TRAINED.items():
    expected = np.load(f"{sys.argv[1]}/{name}.npz")
    near = lambda found, key: np.testing.assert_allclose(found, expected[key], rtol=1e-4, atol=1e-5)
    for ending in (".keras", "_folder", ".h5"):
        model = keras.models.load_model(f"{sys.argv[1]}/{name}{ending}")
        x, y = programs.data(model)
        near(model.predict(x, verbose=0), "y")
        if ending != ".h5":  # of which Keras takes no optimizer's state but the number of steps
            near(model.train_on_batch(x, y, return_dict=True)["loss"], "loss")
        assert int(model.optimizer.iterations) == 4 + (ending != ".h5")
    for ending in (".weights.h5", ".weights.json"):
        other = build(keras)
        other.compile(**learn(keras))
        other.optimizer.build(other.trainable_variables)
        other.load_weights(f"{sys.argv[1]}/{name}{ending}")
        near(other.predict(x, verbose=0), "y")
        near(other.train_on_batch(x, y, return_dict=True)["loss"], "loss")
print("all read")
"""
    for name, (build, learn) in programs.TRAINED.items():
        model = trained(build, learn)
        model.save(tmp_path / f"{name}.keras")
        model.save(tmp_path / f"{name}.h5")
        model.save(tmp_path / f"{name}_folder", zipped=False)
        model.save_weights(tmp_path / f"{name}.weights.h5")
        model.save_weights(tmp_path / f"{name}.weights.json", max_shard_size=2e-6)
        x, y = programs.data(model)
        before = model.predict(x, verbose=0)
        loss = model.train_on_batch(x, y, return_dict=True)["loss"]
        np.savez(tmp_path / f"{name}.npz", y=before, loss=loss)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    found = subprocess.run(
        [os.environ["ANNETTE_KERAS_PYTHON"], "-c", program, str(tmp_path),
         str(Path(__file__).parents[2])],
        capture_output=True, text=True, check=False, env={**environment, "KERAS_BACKEND": "jax"},
    )  # fmt: skip
    assert "all read" in found.stdout, found.stderr[-3000:]


# --- our own ------------------------------------------------------------------------------------


def trained(build, learn):
    model = build(keras)
    x, y = programs.data(model)
    model.compile(**learn(keras))
    model.fit(x, y, epochs=2, batch_size=4, verbose=0, shuffle=False)
    return model


@pytest.mark.parametrize("name", programs.TRAINED)
def test_training_goes_on_bit_for_bit(name, tmp_path):
    model = trained(*programs.TRAINED[name])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    x, y = programs.data(model)
    one = model.fit(x, y, epochs=2, batch_size=4, verbose=0, shuffle=False).history
    two = loaded.fit(x, y, epochs=2, batch_size=4, verbose=0, shuffle=False).history
    assert one == two
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", programs.PREPARED)
def test_what_layers_learnt_comes_back(name, tmp_path):
    build, given = programs.PREPARED[name]
    model = build(keras)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    expected = np.asarray(model.call(given(keras)))
    np.testing.assert_array_equal(np.asarray(loaded.call(given(keras))), expected)


@keras.saving.register_keras_serializable(package="files")
class Block(layers.Layer):
    """A layer of layers, in attributes, lists and dicts."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.first = layers.Dense(units)
        self.more = [layers.Dense(units), {"norm": layers.LayerNormalization()}]
        self._last = layers.Dense(units)

    def call(self, x):
        return self._last(self.more[1]["norm"](self.more[0](self.first(x))))

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="files")
class Own(keras.Model):
    """A model of one's own, with a weight of its own."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.block = Block(units)
        self.shared = self.block.first
        self.factor = self.add_weight((), "ones", name="factor")

    def call(self, x):
        return self.block(x) * self.factor

    def get_config(self):
        return {**super().get_config(), "units": self.units}


X = np.linspace(-1, 1, 20, dtype="float32").reshape(5, 4)


def own(units=2):
    model = Own(units)
    model.compile("adam", "mse")
    model.fit(X, np.ones((5, units)), verbose=0)
    return model


def test_a_model_of_ones_own_comes_back(tmp_path):
    model = own()
    model.save(tmp_path / "own.keras")
    loaded = keras.models.load_model(tmp_path / "own.keras")
    assert isinstance(loaded, Own) and loaded.shared is loaded.block.first
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), model.predict(X, verbose=0))
    assert loaded.train_on_batch(X, np.ones((5, 2))) == model.train_on_batch(X, np.ones((5, 2)))


class Stranger(layers.Layer):
    """A layer that nobody registered."""

    def call(self, x):
        return x * 2


def test_classes_are_the_programs_own(tmp_path):
    model = keras.Sequential([keras.Input((4,)), Stranger(name="s")])
    model.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras", custom_objects={"Stranger": Stranger})
    np.testing.assert_array_equal(loaded.predict(X, verbose=0), 2 * X)
    text = (tmp_path / "m.keras").read_bytes()
    code = (
        "import annette, sys\n"
        "try:\n    annette.models.load_model(sys.argv[1])\n"
        "except TypeError as error:\n    print(error)\n"
    )
    assert text
    said = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "m.keras")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "custom_objects={'Stranger': Stranger}" in said.stdout


def test_without_compile_and_into_file_objects(tmp_path):
    model = trained(*programs.TRAINED["averaged"])
    file = io.BytesIO()
    model.save(file)
    file.seek(0)
    loaded = keras.models.load_model(file, compile=False)
    assert loaded.optimizer is None and not loaded.compiled
    x, _ = programs.data(model)
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), model.predict(x, verbose=0))


def test_a_lambda_is_saved_with_a_warning(tmp_path):
    model = keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: x + 1)])
    with pytest.warns(UserWarning, match="holds a lambda"):
        model.save(tmp_path / "m.keras")


@pytest.mark.parametrize("path", ["m.txt", "m", "m.npz", "m.weights.h5", "m.weights.json"])
def test_endings_that_no_model_has(path, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.keras, \.h5, .* or \.safetensors"):
        programs.small(keras).save(tmp_path / path)
    with pytest.raises(ValueError, match=r"reads files that end in \.keras"):
        keras.models.load_model(tmp_path / path)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("path", ["m.txt", "m", "m.h5", "m.keras"])
def test_endings_that_no_weights_have(path, tmp_path):
    with pytest.raises(ValueError, match=r"must end in \.weights\.h5, \.safetensors or \.npz"):
        programs.small(keras).save_weights(tmp_path / path)
    assert os.listdir(tmp_path) == []


def test_weights_of_a_model_not_built():
    model = keras.Sequential([layers.Dense(2)])
    with pytest.raises(ValueError, match="before it is built"):
        model.save_weights("never.weights.h5")


def test_an_optimizer_of_other_weights_starts_afresh(tmp_path):
    own().save_weights(tmp_path / "own.weights.h5")
    other = Own(2)
    other.compile("sgd", "mse")
    other(X)
    with pytest.warns(UserWarning, match="starts afresh"):
        other.load_weights(tmp_path / "own.weights.h5")
    assert int(other.optimizer.iterations) == 0


# --- files of Keras 2, as Keras 2 described models ----------------------------------------------


def old_file(path, config, weights):
    writer = keras.saving.hdf5.Writer()
    writer.attrs["model_config"] = json.dumps(config)
    group = writer.group("model_weights")
    group.attrs["layer_names"] = np.array([n.encode() for n in weights])
    for name, values in weights.items():
        layer = group.group(name)
        layer.attrs["weight_names"] = np.array([f"{name}/w{i}:0".encode() for i in range(2)])
        for i, value in enumerate(values):
            layer.dataset(f"{name}/w{i}:0", value)
    writer.save(path)


def test_a_functional_model_as_keras_2_described_it(tmp_path):
    def dense(name, units, before):
        config = {"name": name, "trainable": True, "dtype": "float32", "units": units,
                  "activation": "linear", "use_bias": True,
                  "kernel_initializer": {"class_name": "GlorotUniform", "config": {"seed": None}},
                  "bias_initializer": {"class_name": "Zeros", "config": {}},
                  "kernel_regularizer": None}  # fmt: skip
        nodes = [[[before, 0, 0, {}]]]
        return {"class_name": "Dense", "config": config, "name": name, "inbound_nodes": nodes}

    start = {
        "class_name": "InputLayer", "name": "x", "inbound_nodes": [],
        "config": {"batch_input_shape": [None, 4], "dtype": "float32", "sparse": False,
                   "ragged": False, "name": "x"},
    }  # fmt: skip
    add = {
        "class_name": "Add", "name": "add", "config": {"name": "add", "dtype": "float32"},
        "inbound_nodes": [[["a", 0, 0, {}], ["b", 0, 0, {}]]],
    }  # fmt: skip
    config = {
        "class_name": "Functional",
        "config": {
            "name": "old", "layers": [start, dense("a", 2, "x"), dense("b", 2, "x"), add],
            "input_layers": [["x", 0, 0]], "output_layers": [["add", 0, 0]],
        },
    }  # fmt: skip
    rng = np.random.default_rng(0)
    weights = {n: [rng.normal(size=s).astype("float32") for s in ((4, 2), (2,))] for n in "ab"}
    old_file(tmp_path / "old.h5", config, weights)
    model = keras.models.load_model(tmp_path / "old.h5")
    expected = sum(X @ w + b for w, b in weights.values())
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, rtol=1e-5, atol=1e-6)


def test_old_weights_by_name(tmp_path):
    rng = np.random.default_rng(0)
    weights = {n: [rng.normal(size=(4, 2)), rng.normal(size=(2,))] for n in ("one", "two")}
    old_file(tmp_path / "old.h5", {}, weights)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2, name="two")])
    with pytest.raises(ValueError, match="2 layers"):
        model.load_weights(tmp_path / "old.h5")
    model.load_weights(tmp_path / "old.h5", by_name=True)
    np.testing.assert_allclose(model.get_weights()[0], weights["two"][0], rtol=1e-6)


def test_a_folder_that_is_called_like_a_file_is_named(tmp_path):
    folder = tmp_path / "model.keras"
    folder.mkdir()
    with pytest.raises(OSError, match=r"no regular file: .*model\.keras"):
        keras.saving.load_model(folder)
