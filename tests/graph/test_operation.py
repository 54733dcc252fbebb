"""Operations of the user's own, and functions of KerasTensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import ops

X = np.array([[1.0, -2.0, 3.0]], "float32")


class Power(keras.Operation):
    """x to a power."""

    def __init__(self, exponent: float = 2.0, *, name: str | None = None) -> None:
        super().__init__(name=name)
        self.exponent = exponent

    def call(self, x: Any) -> Any:
        return ops.power(x, self.exponent)


class Told(Power):
    """Says itself what shape comes out."""

    def compute_output_spec(self, x: Any) -> Any:
        return keras.KerasTensor(x.shape, x.dtype)


class Silent(keras.Operation):
    """Has no call."""


@pytest.mark.parametrize("kind", [Power, Told])
def test_an_operation_computes_and_takes_part_in_models(kind: Any) -> None:
    operation = kind(3.0)
    np.testing.assert_allclose(operation(X), X**3)
    inputs = keras.Input((3,))
    y = operation(inputs)
    assert y.shape == (None, 3)
    assert operation.input is inputs and operation.output is y
    model = keras.Model(inputs, keras.layers.Dense(2, kernel_initializer="ones")(y))
    np.testing.assert_allclose(model.predict(X, verbose=0), np.full((1, 2), (X**3).sum()))
    assert operation in model.operations and operation not in model.layers
    again = keras.Model.from_config(
        model.get_config(), custom_objects={"Power": Power, "Told": Told}
    )
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again(X), model(X))


def test_layers_are_operations_too() -> None:
    assert isinstance(keras.layers.Dense(1), keras.Operation)
    layer = keras.layers.Dense(4)
    layer.build((None, 3))
    assert layer.symbolic_call(keras.KerasTensor((2, 3))).shape == (2, 4)
    with pytest.raises(AttributeError, match="not called on a KerasTensor"):
        _ = keras.layers.Dense(1).output


def test_the_configuration_tells_the_arguments() -> None:
    assert Power(name="p").get_config() == {"name": "p", "exponent": 2.0}
    assert Power(3, name="cube").get_config() == {"name": "cube", "exponent": 3}
    assert Power.from_config({"name": "cube", "exponent": 3}).exponent == 3
    with pytest.raises(NotImplementedError, match="exponent"):
        Power(np.ones(2)).get_config()


def test_what_is_missing_is_named() -> None:
    with pytest.raises(NotImplementedError, match=r"has no call\(\)"):
        Silent()(X)
    with pytest.raises(NotImplementedError, match=r"has no call\(\)"):
        Silent()(keras.Input((3,)))
    for name in ("a/b", 3):
        with pytest.raises(ValueError, match="name must"):
            keras.Operation(name=name)
    with pytest.raises(ValueError, match="whole numbers and None"):
        keras.KerasTensor((2, "a"))


def test_a_function_computes_what_led_to_its_outputs() -> None:
    a, b = keras.Input((2,), name="a"), keras.Input((2,), name="b")
    function = keras.Function({"a": a, "b": b}, [a + b, {"product": a * b}], name="both")
    one, two = np.ones((4, 2), "float32"), np.full((4, 2), 2.0, "float32")
    total, rest = function({"a": one, "b": two})
    np.testing.assert_array_equal(total, one + two)
    np.testing.assert_array_equal(rest["product"], one * two)
    assert function.name == "both" and len(function.operations) == 4
    assert function.compute_output_shape({"a": (5, 2), "b": (5, 2)})[0] == (5, 2)
    with pytest.raises(ValueError, match="structure"):
        function([one, two])
    with pytest.raises(ValueError, match=r"shape \(None, 2\)"):
        function({"a": np.ones((4, 3)), "b": two})


def test_a_function_may_begin_within_a_model() -> None:
    inputs = keras.Input((3,))
    middle = keras.layers.Dense(4)(inputs)
    end = keras.layers.Dense(2)
    function = keras.Function(middle, end(middle))
    hidden = np.ones((1, 4), "float32")
    np.testing.assert_allclose(function(hidden), end(hidden), rtol=1e-6)
    assert function.operations == [end]
    outputs = function(keras.layers.Dense(4)(inputs))
    assert keras.Model(inputs, outputs).output_shape == (None, 2)
    with pytest.raises(ValueError, match="not among the model's inputs"):
        keras.Function(keras.Input((3,)), middle)
