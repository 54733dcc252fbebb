"""StatelessScope, and layers, optimizers and metrics as pure functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import ops
from annette.graph import trace

X = np.linspace(-1, 1, 12).reshape(4, 3).astype("float32")
Y = np.linspace(0, 1, 4).reshape(4, 1).astype("float32")


def test_a_scope_lends_values_and_keeps_assignments() -> None:
    variable = keras.Variable(np.ones(2, "float32"))
    with keras.StatelessScope([(variable, np.full(2, 5.0))]) as scope:
        np.testing.assert_array_equal(variable + 1, [6, 6])
        np.testing.assert_array_equal(variable.numpy(), [5, 5])
        variable.assign_add([1.0, 2.0])
        np.testing.assert_array_equal(variable.value, [6, 7])
        with keras.StatelessScope():
            np.testing.assert_array_equal(variable.value, [1, 1])
    np.testing.assert_array_equal(variable.value, [1, 1])
    np.testing.assert_array_equal(scope.get_current_value(variable), [6, 7])
    assert scope.get_current_value(keras.Variable(1.0)) is None


def test_a_scope_ends_where_an_error_leaves_it() -> None:
    variable = keras.Variable(1.0)
    with pytest.raises(KeyError), keras.StatelessScope([(variable, 2.0)]):
        raise KeyError
    assert float(variable) == 1.0


def test_a_scope_refuses_what_does_not_fit() -> None:
    with pytest.raises(ValueError, match="place of a variable"):
        keras.StatelessScope([(np.ones(2), 1)])
    with pytest.raises(ValueError, match=r"shape \(2,\)"):
        keras.StatelessScope([(keras.Variable(np.ones(2)), np.ones(3))])


def test_losses_are_collected_where_asked() -> None:
    layer = keras.layers.ActivityRegularization(l2=1.0)
    with keras.StatelessScope(collect_losses=True) as scope:
        layer(np.ones((2, 3), "float32"))
    assert len(scope.losses) == 1 and float(scope.losses[0]) > 0
    with keras.StatelessScope() as scope:
        layer(np.ones((2, 3), "float32"))
    assert scope.losses == []


def _values(variables: Any) -> list[Any]:
    return [v.value for v in variables]


def test_a_layer_is_a_function_of_its_variables() -> None:
    layer = keras.layers.BatchNormalization()
    with pytest.raises(ValueError, match="needs a built layer"):
        layer.stateless_call([], [], X)
    layer.build((None, 3))
    before = layer.get_weights()
    trained, others = _values(layer.trainable_variables), _values(layer.non_trainable_variables)
    outputs, after = layer.stateless_call([2 * trained[0], trained[1]], others, X, training=True)
    for mine, old in zip(layer.get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, old)
    np.testing.assert_allclose(outputs, 2 * layer(X, training=True), atol=1e-6)
    np.testing.assert_allclose(after[0], layer.moving_mean)
    with pytest.raises(ValueError, match="`non_trainable_variables`"):
        layer.stateless_call(trained, [], X)


def test_randomness_is_a_state_like_any_other() -> None:
    layer = keras.layers.Dropout(0.5, seed=3)
    layer.build((None, 3))
    state = _values(layer.non_trainable_variables)
    first, after = layer.stateless_call([], state, X, training=True)
    again, _ = layer.stateless_call([], state, X, training=True)
    other, _ = layer.stateless_call([], after, X, training=True)
    np.testing.assert_array_equal(first, again)
    assert (np.asarray(first) != np.asarray(other)).any()


def test_a_model_called_in_a_scope_uses_the_lent_values() -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model(X)
    zeros = [np.zeros(v.shape) for v in model.trainable_variables]
    outputs, _ = model.stateless_call(zeros, [], X)
    np.testing.assert_array_equal(outputs, np.zeros((4, 1)))
    assert np.asarray(model(X)).any()


def _model() -> Any:
    keras.utils.set_random_seed(7)
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(5, activation="tanh", kernel_regularizer="l2"),
            keras.layers.BatchNormalization(),
            keras.layers.Dense(1),
        ]
    )


def test_a_loop_of_pure_functions_trains_as_fit_does() -> None:
    model = _model()
    optimizer = keras.optimizers.Adam(0.05)
    optimizer.build(model.trainable_variables)
    metric = keras.metrics.MeanSquaredError()
    trained, others = _values(model.trainable_variables), _values(model.non_trainable_variables)
    state, seen = _values(optimizer.variables), _values(metric.variables)

    def loss(weights: Any) -> Any:
        y, after, losses = model.stateless_call(
            weights, others, X, training=True, return_losses=True
        )
        kept.update(others=after, y=y)
        return ops.mean(ops.square(y - Y)) + sum(losses)

    kept: dict[str, Any] = {}
    for _ in range(3):
        gradients = keras.grad(loss)(trained)
        others = [ops.convert_to_numpy(v) for v in kept["others"]]
        trained, state = optimizer.stateless_apply(state, gradients, trained)
        seen = metric.stateless_update_state(seen, Y, ops.convert_to_numpy(kept["y"]))
    fitted = _model()
    for mine, other in zip(model.get_weights(), fitted.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)  # nothing was changed by all of this
    fitted.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mse"])
    fitted.fit(X, Y, epochs=3, batch_size=4, verbose=0)
    for mine, other in zip(trained, fitted.trainable_variables, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    for mine, other in zip(others, fitted.non_trainable_variables, strict=True):
        np.testing.assert_allclose(mine, other, atol=1e-5)
    assert float(metric.stateless_result(seen)) > 0 and float(metric.result()) == 0
    assert float(metric.stateless_result(metric.stateless_reset_state())) == 0


def test_pure_functions_can_be_traced() -> None:
    layer = keras.layers.Dense(2)
    layer.build((None, 3))

    def run(kernel: Any, bias: Any, x: Any) -> Any:
        return layer.stateless_call([kernel, bias], [], x)[0]

    graph, _ = trace(run, [((3, 2), "float32"), ((2,), "float32"), ((4, 3), "float32")])
    assert "read" not in str(graph.check())


def test_the_numbers_of_values_are_checked() -> None:
    variable = keras.Variable(np.ones(2, "float32"))
    optimizer = keras.optimizers.SGD(0.5, momentum=0.9)
    optimizer.build([variable])
    with pytest.raises(ValueError, match="1 weights and 3 optimizer variables"):
        optimizer.stateless_apply([1], [np.ones(2)], [variable])
    with pytest.raises(ValueError, match="2 variables"):
        keras.metrics.Mean().stateless_result([1])


def test_name_scopes_come_before_the_names_of_variables() -> None:
    with keras.name_scope("outer"), keras.name_scope("inner"):
        variable = keras.Variable(1.0, name="v")
        layer = keras.layers.Dense(1, name="d")
        layer.build((None, 1))
    assert variable.path == "outer/inner/v"
    assert layer.kernel.path == "outer/inner/d/kernel"
    with pytest.raises(ValueError, match="without '/'"):
        keras.name_scope("a/b")
    with keras.SymbolicScope():
        assert layer(keras.KerasTensor((2, 1))).shape == (2, 1)


def test_metrics_have_their_own_list_of_variables() -> None:
    class Watched(keras.layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.dense, self.mean = keras.layers.Dense(1), keras.metrics.Mean()

        def call(self, x: Any) -> Any:
            y = self.dense(x)
            self.mean.update_state(y)
            return y

    layer = Watched()
    layer(X)
    assert [v.name for v in layer.variables] == ["kernel", "bias"]
    assert [v.name for v in layer.metrics_variables] == ["total", "count"]
    with pytest.raises(NotImplementedError, match=r"update_state"):
        layer.add_metric(1.0)
