"""What a file asks for and what it has must agree before anything is made of it."""

from __future__ import annotations

import io
import json
import tracemalloc

import numpy as np
import pytest

import annette as keras
from annette.saving import known, plain_json
from tests.saving import mutations as m
from tests.saving.attacks import table

X = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)


@keras.saving.register_keras_serializable(package="exact")
class Counting(keras.initializers.Initializer):
    """Zeros that count how often they are made."""

    made = 0

    def __call__(self, shape, dtype=None, **kwargs):
        Counting.made += 1
        return keras.ops.zeros(shape, dtype)


def counted(**changed):
    """A file whose layer has this initializer, with other arguments of the layer."""
    layer = keras.layers.Dense(2, kernel_initializer=Counting())
    model = keras.Sequential([keras.Input((3,)), layer])
    model.compile("adam", "mse")
    model.fit(X, np.ones((4, 2)), verbose=0)
    file = io.BytesIO()
    model.save(file)
    parts = m.unsigned(m.members(file.getvalue()))
    described = json.loads(parts["config.json"])
    described["config"]["layers"][1]["config"].update(changed)
    return model, io.BytesIO(m.packed({**parts, "config.json": json.dumps(described).encode()}))


def variables(model):
    return [*model.variables, *model.optimizer.variables]


def test_what_comes_from_the_file_is_not_made_first():
    model, file = counted()
    Counting.made = 0
    loaded = keras.models.load_model(file)
    assert Counting.made == 0
    assert not any(v.waits for v in variables(loaded))
    for ours, theirs in zip(variables(loaded), variables(model), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_a_loaded_model_learns_as_the_saved_one_does():
    model, file = counted()
    loaded = keras.models.load_model(file)
    for one in (model, loaded):
        one.fit(X, np.ones((4, 2)), epochs=3, shuffle=False, verbose=0)
    for ours, theirs in zip(variables(loaded), variables(model), strict=True):
        np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


def test_an_optimizer_that_is_not_in_the_file_starts_with_its_own_numbers():
    described = table.config(
        compile_config={"optimizer": table.layer("Adam", "keras.optimizers"), "loss": "mse"}
    )
    with pytest.warns(UserWarning, match="starts afresh"):
        loaded = keras.models.load_model(io.BytesIO(table.archive(described)))
    assert not any(v.waits for v in variables(loaded))
    np.testing.assert_array_equal(loaded.get_weights()[0], table.KERNEL)
    assert all(not v.numpy().any() for v in loaded.optimizer.variables[2:])


def test_what_the_file_has_no_numbers_for_takes_no_memory():
    _, file = counted(units=10**9)
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"\(3, 1000000000\); the saved one has shape \(3, 2\)"):
        keras.models.load_model(file)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**22


def test_variables_outside_of_loading_have_their_numbers_at_once():
    assert not keras.Variable("zeros", shape=(2,)).waits
    with pytest.raises(ValueError):
        keras.models.load_model(io.BytesIO(b"no archive"))
    assert not keras.layers.Dense(2).add_weight((2,)).waits


def test_layers_may_stand_in_any_order():
    """A configuration that names its layers from last to first takes no longer than another."""
    start = x = keras.Input((3,))
    for _ in range(300):
        x = keras.layers.Rescaling(1.0, 0.001)(x)
    model = keras.Model(start, x)
    described = keras.saving.serialize_keras_object(model)
    described["config"]["layers"].reverse()
    turned = keras.saving.deserialize_keras_object(described)
    np.testing.assert_array_equal(turned.predict(X, verbose=0), model.predict(X, verbose=0))


def test_two_layers_of_one_name_are_refused():
    start = keras.Input((3,))
    model = keras.Model(start, keras.layers.ReLU(name="b")(keras.layers.ReLU(name="a")(start)))
    described = keras.saving.serialize_keras_object(model)
    described["config"]["layers"][1]["name"] = "b"
    with pytest.raises(ValueError, match="two layers"):
        keras.saving.deserialize_keras_object(described)


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("room", "names"),
    [
        ("layers", [n for n in keras.layers.__all__ if n not in ("InputSpec", "Input")]),
        *((r, getattr(keras, r).ALL_OBJECTS) for r in ("losses", "metrics", "optimizers")),
        *((r, getattr(keras, r).ALL_OBJECTS) for r in ("initializers", "regularizers")),
        ("constraints", ["MaxNorm", "NonNeg", "UnitNorm", "MinMaxNorm"]),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_what_models_are_made_of_may_be_named(room, names):
    for name in names:
        meant = getattr(getattr(keras, room), name, None)
        if isinstance(meant, type):
            assert known.known_class(f"keras.{room}", name) is meant
            assert known.known_class(f"keras.src.{room}.some.where", name) is meant


@pytest.mark.parametrize(
    "name", ["get", "serialize", "deserialize", "load_model", "get_file", "__import__", "scan", 7,
             "serialize_keras_object", "deserialize_keras_object", "importlib", "Any", None],
)  # fmt: skip
def test_functions_that_are_no_part_of_models_may_not(name):
    assert known.known_function(name) is None
    assert known.known_class("keras", name) is None


# --- JSON -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "b": {"c": 1, "c": 2}}', "'c' twice"),
        ("[" * 257 + "]" * 257 + "x", "."),
        ('{"a":' * 300 + "1" + "}" * 300, "deeper than 256"),
        ("[" * 10**6, "lists|deeper"),
        ("9" * 5000, "digits"),
        ("[1, 2", "."),
        (b"\xff", "."),
        ("[0" + ",[]" * 10**6 + "]", "memory"),
    ],
)
def test_texts_that_no_program_writes_are_refused(text, message):
    with pytest.raises(plain_json.JsonError, match=message):
        plain_json.parsed(text, stored=1000)


def test_texts_that_programs_write_are_read():
    value = {"a": [1, 2.5, None, True, "\u00e4"], "b": {"c": [[]]}, "n": 10**30}
    assert plain_json.parsed(json.dumps(value)) == value
    assert plain_json.parsed(json.dumps(value).encode()) == value
    assert np.isnan(plain_json.parsed(json.dumps([float("nan")]))[0])
    words = [f"word{i}" for i in range(400_000)]
    assert plain_json.parsed(json.dumps(words)) == words


def test_a_layer_may_have_a_number_that_is_none():
    """Python writes NaN in its JSON, and so a mask of NaN comes back."""
    model = keras.Sequential([keras.Input((4, 3)), keras.layers.Masking(float("nan"))])
    file = io.BytesIO()
    model.save(file)
    loaded = keras.models.load_model(io.BytesIO(file.getvalue()))
    assert np.isnan(loaded.layers[0].mask_value)


@keras.saving.register_keras_serializable(package="exact")
class Projection(keras.layers.Layer):
    """A layer whose weight is made from a seed, and so is not saved."""

    def build(self, input_shape):
        self.kernel = self.add_weight(
            (input_shape[-1], 1_000_000), keras.initializers.RandomUniform(seed=1), trainable=False
        )

    def call(self, x):
        return x @ self.kernel

    def save_own_variables(self, store):
        pass

    def load_own_variables(self, store):
        pass


def test_weights_that_a_class_makes_anew_need_trust_if_they_are_many():
    model = keras.Sequential([keras.Input((3,)), Projection()])
    file = io.BytesIO()
    model.save(file)
    with pytest.raises(ValueError, match="safe_mode=False"):
        keras.models.load_model(io.BytesIO(file.getvalue()))
    loaded = keras.models.load_model(io.BytesIO(file.getvalue()), safe_mode=False)
    np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])
