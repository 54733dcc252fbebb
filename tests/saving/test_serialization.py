"""Objects go to plain dictionaries and back, in Keras's format, and nothing in them is run."""

import json
import subprocess

import numpy as np
import pytest

from annette import initializers, losses, metrics, optimizers, saving
from annette.utils.suggest import nearest


@saving.register_keras_serializable("pkg")
class Point:
    def __init__(self, x=1, inner=None):
        self.x, self.inner = x, inner

    def get_config(self):
        return {"x": self.x, "inner": self.inner}

    @classmethod
    def from_config(cls, config):
        inner = saving.deserialize_keras_object(config["inner"])
        return cls(config["x"], inner)


@saving.register_keras_serializable("pkg")
def twice(x):
    return 2 * x


def stranger(x):
    return x


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        3,
        2.5,
        "text",
        [1, [2, "x"]],
        {"a": {"b": 1}},
        (1, (2,)),
        b"bytes",
        slice(1, 5, 2),
        ...,
    ],
)
def test_plain_values_go_round(value):
    assert saving.deserialize_keras_object(saving.serialize_keras_object(value)) == value


def test_arrays_go_round_through_json():
    value = np.arange(6, dtype="float32").reshape(2, 3)
    text = json.dumps(saving.serialize_keras_object(value))
    again = saving.deserialize_keras_object(json.loads(text))
    np.testing.assert_array_equal(again, value)
    assert again.dtype == value.dtype
    assert saving.serialize_keras_object(np.float32(1.5)) == 1.5


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (
            initializers.Constant(2.0),
            {"module": "keras.initializers", "class_name": "Constant", "config": {"value": 2.0},
             "registered_name": None},
        ),
        (
            optimizers.schedules.PiecewiseConstantDecay([1], [1.0, 0.5]),
            {"module": "keras.optimizers.schedules", "class_name": "PiecewiseConstantDecay",
             "config": {"boundaries": [1], "values": [1.0, 0.5], "name": "PiecewiseConstant"},
             "registered_name": None},
        ),
        (
            losses.mean_squared_error,
            {"module": "builtins", "class_name": "function", "config": "mean_squared_error",
             "registered_name": "function"},
        ),
        (
            twice,
            {"module": "builtins", "class_name": "function", "config": "pkg>twice",
             "registered_name": "function"},
        ),
    ],
)  # fmt: skip
def test_format_is_that_of_keras(obj, expected):
    assert saving.serialize_keras_object(obj) == expected


def test_registered_objects_go_round():
    config = json.loads(json.dumps(saving.serialize_keras_object(Point(4, initializers.Ones()))))
    assert config["registered_name"] == "pkg>Point"
    again = saving.deserialize_keras_object(config)
    assert again.x == 4 and isinstance(again.inner, initializers.Ones)
    assert saving.deserialize_keras_object(saving.serialize_keras_object(twice)) is twice
    assert saving.get_registered_name(Point) == "pkg>Point"
    assert saving.get_registered_object("pkg>Point") is Point
    assert saving.get_custom_objects()["pkg>twice"] is twice


def test_custom_objects_and_scopes_make_names_known():
    config = saving.serialize_keras_object(stranger)
    with pytest.raises(TypeError, match="stranger"):
        saving.deserialize_keras_object(config)
    known = {"stranger": stranger}
    assert saving.deserialize_keras_object(config, custom_objects=known) is stranger
    with saving.custom_object_scope(known):
        assert saving.deserialize_keras_object(config) is stranger
        with saving.CustomObjectScope({"other": twice}):
            assert saving.get_registered_object("stranger") is stranger
    assert saving.get_registered_object("stranger") is None


def test_classes_of_the_program_are_not_looked_up_by_their_names():
    class_here = type("OwnLoss", (losses.Loss,), {"__module__": __name__})
    globals()["OwnLoss"] = class_here
    config = saving.serialize_keras_object(class_here(name="mine"))
    assert config["module"] == __name__
    with pytest.raises(TypeError, match=r"'OwnLoss' is not known\. Register it"):
        saving.deserialize_keras_object(config)
    given = saving.deserialize_keras_object(config, custom_objects={"OwnLoss": class_here})
    assert type(given) is class_here


def test_a_lambda_comes_back_in_this_process_only():
    fn = lambda x: x + 1  # noqa: E731  # a lambda is the point
    config = saving.serialize_keras_object(fn)
    assert saving.deserialize_keras_object(config) is fn
    foreign = {"class_name": "__lambda__", "config": {"value": ["4wAA", None, None]}}
    with pytest.raises(ValueError, match="never runs code"):
        saving.deserialize_keras_object(foreign, safe_mode=False)


@pytest.mark.parametrize(
    "config",
    [
        {"module": "os", "class_name": "system", "config": {}, "registered_name": None},
        {"module": "subprocess", "class_name": "Popen", "config": {"args": "true"},
         "registered_name": None},
        {"module": "keras.layers", "class_name": "np", "config": {}, "registered_name": None},
        {"module": "antigravity", "class_name": "x", "config": {}, "registered_name": None},
        {"module": "builtins", "class_name": "function", "config": "eval",
         "registered_name": "function"},
        {"module": "builtins", "class_name": "function", "config": "_private",
         "registered_name": "function"},
    ],
)  # fmt: skip
def test_a_configuration_cannot_reach_for_other_code(config):
    assert subprocess.Popen  # it is imported, and still out of reach
    with pytest.raises((TypeError, ValueError), match="not known"):
        saving.deserialize_keras_object(config)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: saving.serialize_keras_object(object()), TypeError, "get_config"),
        (lambda: saving.serialize_keras_object({1, 2}), TypeError, "set"),
        (lambda: saving.serialize_keras_object(losses.Huber), TypeError, "Huber"),
        (lambda: saving.deserialize_keras_object(3j), TypeError, "dict"),
        (lambda: saving.register_keras_serializable()(type("A", (), {})), ValueError, "get_config"),
        (lambda: metrics.deserialize({"class_name": "Mena", "config": {}}), ValueError, "'Mean'"),
        (lambda: losses.deserialize({}), ValueError, "class_name"),
        (lambda: losses.get(initializers.serialize(initializers.Ones())), ValueError, "not a loss"),
    ],
)
def test_what_cannot_be_done_is_said(make, error, says):
    with pytest.raises(error, match=says):
        make()


def test_nearest_name():
    assert nearest("ReLu", ["relu", "elu"]) == "relu"
    assert nearest("adam-w", ["adam", "adamw"]) == "adamw"
    assert nearest("xyz", ["relu"]) is None
