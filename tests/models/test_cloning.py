"""clone_model, model_from_json and configurations: the same structure, other weights."""

from __future__ import annotations

import json

import numpy as np
import pytest

import annette as keras
from annette import layers, ops
from annette.models import clone_model, model_from_json


def data():
    return np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


def shared():
    x = keras.Input((4,), name="x")
    dense = layers.Dense(4, name="shared")
    dense(x)  # a call that belongs to no model
    return keras.Model(x, dense(dense(x)))


def nested():
    x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
    inner = keras.Model(x, layers.Dense(3)(x), name="inner")
    return keras.Model([x, z], inner(x) + inner(z))


def structured():
    x, z = keras.Input((4,), name="x"), keras.Input((4,), name="z")
    outputs = {"y": layers.Dense(2)(x), "z": [z, layers.Add()([x, z])]}
    return keras.Model({"a": x, "b": z}, outputs)


def of(function):
    x = keras.Input((4,), name="x")
    return keras.Model(x, function(x))


def row():
    inner = keras.Sequential([layers.Dense(2)])
    return keras.Sequential([keras.Input((4,)), layers.Dense(3), inner])


MODELS = {
    "row": (row, 1),
    "row in a model": (lambda: of(row()), 1),
    "shared layer": (shared, 1),
    "nested model": (nested, 2),
    "structured": (structured, "ab"),
    "slice": (lambda: of(lambda x: x[:, 1:3]), 1),
    "column": (lambda: of(lambda x: x[:, 0]), 1),
    "constant": (lambda: of(lambda x: x + np.ones(4, "float32")), 1),
    "list argument": (lambda: of(lambda x: ops.concatenate([x, 2.0 * x], axis=-1)), 1),
    "several results": (lambda: of(lambda x: ops.split(x, 2, axis=1)), 1),
    "training given": (lambda: of(lambda x: layers.Dropout(0.5)(x, training=False)), 1),
}


def inputs(kind):
    if kind == 1:
        return data()
    return {k: data() for k in kind} if isinstance(kind, str) else [data()] * kind


def same(model, other, x):
    other.set_weights(model.get_weights())
    for a, b in zip(keras.tree.flatten(model(x)), keras.tree.flatten(other(x)), strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_comes_back_from_json_and_from_its_config(name):
    make, kind = MODELS[name]
    model = make()
    text = model.to_json()
    again = model_from_json(text)
    assert again.to_json() == text
    same(model, again, inputs(kind))
    same(model, type(model).from_config(json.loads(text)["config"]), inputs(kind))


@pytest.mark.parametrize("recursive", [False, True])
@pytest.mark.parametrize("name", MODELS)
def test_a_clone_computes_the_same_with_weights_of_its_own(name, recursive):
    make, kind = MODELS[name]
    model = make()
    clone = clone_model(model, recursive=recursive)
    assert not {id(w) for w in model.weights} & {id(w) for w in clone.weights}
    assert clone.name == model.name
    assert [x.name for x in clone.layers] == [x.name for x in model.layers]
    same(model, clone, inputs(kind))


def test_a_clone_is_not_compiled_and_keeps_what_is_frozen():
    model = row()
    model.layers[0].trainable = False
    model.compile("sgd", "mse")
    clone = clone_model(model)
    assert not clone.compiled
    assert len(clone.trainable_weights) == len(model.trainable_weights) == 2


def test_a_model_from_json_is_compiled_as_it_was():
    model = row()
    model.compile("adam", "mse", metrics=["mae"])
    again = model_from_json(model.to_json())
    assert again.compiled
    assert type(again.optimizer) is type(model.optimizer)


def test_a_row_without_input_is_cloned_unbuilt():
    clone = clone_model(keras.Sequential([layers.Dense(3), layers.Dense(2)]))
    assert not clone.built
    assert clone(data()).shape == (5, 2)


def test_input_tensors_begin_the_clone():
    x = keras.Input((7,), name="other")
    assert clone_model(row(), input_tensors=x).input is x
    assert clone_model(row(), input_tensors=[x]).output_shape == (None, 2)
    clone = clone_model(of(layers.Dense(2)), input_tensors=x)
    assert clone.input is x
    assert clone.weights[0].shape == (7, 2)
    clone = clone_model(structured(), input_tensors={"a": x, "b": keras.Input((7,))})
    assert clone.input["a"] is x


def test_clone_function_is_asked_for_each_layer_once():
    asked = []

    def clone(layer):
        asked.append(layer.name)
        return type(layer).from_config(layer.get_config())

    clone_model(shared(), clone_function=clone)
    assert asked == ["shared"]
    asked.clear()
    clone_model(nested(), clone_function=clone)
    assert len(asked) == 2  # the inner model as one, and the addition
    assert asked[0] == "inner"
    asked.clear()
    clone_model(nested(), clone_function=clone, recursive=True)
    assert len(asked) == 2
    assert asked[0].startswith("dense")


def test_call_function_may_add_layers():
    def call(layer, *args, **kwargs):
        y = layer(*args, **kwargs)
        return layers.Dropout(0.5)(y) if isinstance(layer, layers.Dense) else y

    model = of(lambda x: layers.Dense(2)(layers.Dense(3)(x)))
    clone = clone_model(model, clone_function=lambda x: x, call_function=call)
    assert [type(x).__name__ for x in clone.layers] == [
        "InputLayer", "Dense", "Dropout", "Dense", "Dropout",
    ]  # fmt: skip
    assert clone.layers[1] is model.layers[1]


class Own(keras.Model):
    """A model that is neither functional nor a row."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units
        self.dense = layers.Dense(units)

    def call(self, x):
        return self.dense(x)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


def test_a_subclassed_model_is_cloned_by_its_config():
    assert clone_model(Own(3)).units == 3
    again = model_from_json(Own(3).to_json(), custom_objects={"Own": Own})
    assert again(data()).shape == (5, 3)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"clone_function": lambda x: x}, "clone_function"),
        ({"input_tensors": keras.Input((4,))}, "input_tensors"),
        ({"call_function": lambda x, *a: x(*a)}, "call_function"),
        ({"nonsense": 1}, "nonsense"),
    ],
)
def test_a_subclassed_model_takes_no_functions(arguments, words):
    with pytest.raises(ValueError, match=words):
        clone_model(Own(), **arguments)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="call_function"):
        clone_model(row(), call_function=lambda x, *a: x(*a))
    with pytest.raises(ValueError, match="single"):
        clone_model(row(), input_tensors=[keras.Input((4,))] * 2)
    with pytest.raises(ValueError, match="KerasTensor"):
        clone_model(row(), input_tensors=data())
    with pytest.raises(ValueError, match="KerasTensor"):
        clone_model(shared(), input_tensors=data())
    with pytest.raises(ValueError, match="structure"):
        clone_model(structured(), input_tensors={"a": keras.Input((4,)), "q": keras.Input((4,))})
    with pytest.raises(TypeError, match="clone_function"):
        clone_model(row(), clone_function=3)
    with pytest.raises(ValueError, match="a model"):
        clone_model(3)


def test_text_that_describes_no_model_is_refused():
    with pytest.raises(ValueError, match="to_json"):
        model_from_json("{}")
    with pytest.raises(ValueError, match="Expecting value"):
        model_from_json("nonsense")
    with pytest.raises(TypeError, match="Nope"):
        model_from_json('{"class_name": "Nope", "config": {}}')


def test_a_model_may_begin_in_the_middle_of_another():
    x = keras.Input((4,))
    hidden = layers.Dense(3, name="first")(x)
    last = layers.Dense(2, name="last")
    whole = keras.Model(x, last(hidden))
    tail = keras.Model(hidden, whole.output)
    assert [type(x).__name__ for x in tail.layers] == ["InputLayer", "Dense"]
    assert len(tail.weights) == 2
    head = keras.Model(x, hidden)
    np.testing.assert_array_equal(tail(head(data())), whole(data()))


def test_a_functional_model_inside_another_keeps_its_dtypes_and_structures():
    x = keras.Input((4,), dtype="int32")
    inner = keras.Model(x, {"double": 2 * x, "half": x / 2})
    z = keras.Input((4,), dtype="int32")
    y = inner(z)
    assert (y["double"].dtype, y["half"].dtype) == ("int32", "float32")
    assert inner.compute_output_shape((3, 4)) == {"double": (3, 4), "half": (3, 4)}


def test_a_layer_frozen_before_it_is_built_stays_so_in_a_model():
    frozen = layers.Dense(2, trainable=False)
    model = keras.Sequential([keras.Input((3,)), layers.Dense(4), frozen])
    assert len(model.trainable_weights) == 2
    assert not frozen.kernel.trainable
    frozen.trainable = True
    assert len(model.trainable_weights) == 4


def test_where_a_value_comes_from():
    x, z = keras.Input((4,)), keras.Input((4,))
    y = ops.relu(layers.Dense(4)(x) + z)
    assert [id(t) for t in keras.utils.get_source_inputs(y)] == [id(x), id(z)]
    assert keras.utils.get_source_inputs(x)[0] is x
    assert keras.utils.is_keras_tensor(y)
    assert not keras.utils.is_keras_tensor(data())
