"""Half precision: what is computed in it, what is kept in single, and that nothing becomes double."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import ops
from annette.backends import make_backend
from annette.graph import trace
from annette.graph.dtypes import numpy_dtype

X = np.linspace(-2, 2, 48).reshape(12, 4).astype("float32")


def _half(name: str) -> str:
    if name == "bfloat16":
        pytest.importorskip("ml_dtypes")
    return name


HALVES = ["float16", "bfloat16"]


@pytest.mark.parametrize("half", HALVES)
def test_weights_are_single_and_read_as_halves(half: str) -> None:
    seen: list[str] = []

    class Look(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.w = self.add_weight(shape=(4,), name="w")
            self.kept = self.add_weight(shape=(4,), name="kept", autocast=False)
            self.count = self.add_weight(shape=(), dtype="int32", name="count", trainable=False)

        def call(self, x: Any) -> Any:
            seen.extend(ops.dtype(v + ops.zeros_like(v)) for v in (self.w, self.kept, self.count))
            self.count.assign_add(1)
            return x * self.w

    layer = Look(dtype=f"mixed_{_half(half)}")
    y = layer(X)
    assert seen[-3:] == [half, "float32", "int32"]
    assert ops.dtype(y) == half and layer.w.dtype == "float32"
    assert ops.dtype(layer.w + 1) == "float32"  # outside the call


def test_a_single_layer_inside_a_mixed_one_stays_single() -> None:
    class Outer(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.first = keras.layers.Dense(3, dtype="mixed_float16")
            self.last = keras.layers.Dense(2, dtype="float32")

        def call(self, x: Any) -> Any:
            return self.last(self.first(x))

    layer = Outer(dtype="mixed_float16")
    assert ops.dtype(layer(X)) == "float32"
    exact = np.asarray(layer.first(X)).astype("float32") @ np.asarray(layer.last.kernel)
    np.testing.assert_allclose(layer(X), exact, atol=1e-6)


def test_small_steps_are_not_lost_in_a_variable() -> None:
    class Sum(keras.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.total = self.add_weight(shape=(), initializer="ones", trainable=False)

        def call(self, x: Any) -> Any:
            self.total.assign_add(1e-4)  # below the resolution of a half at 1
            return x

    layer = Sum(dtype="mixed_float16")
    for _ in range(10):
        layer(X)
    np.testing.assert_allclose(layer.total.numpy(), 1.001, atol=1e-6)


@pytest.mark.parametrize("half", HALVES)
def test_gradients_of_single_weights_are_single(half: str) -> None:
    layer = keras.layers.Dense(3, dtype=f"mixed_{_half(half)}")
    exact = keras.layers.Dense(3)
    layer.build((None, 4))
    exact.build((None, 4))
    exact.set_weights(layer.get_weights())

    def slopes(one: Any) -> Any:
        with keras.GradientTape() as tape:
            loss = ops.mean(ops.square(ops.cast(one(X), "float32")))
        return tape.gradient(loss, one.trainable_variables)

    for mine, other in zip(slopes(layer), slopes(exact), strict=True):
        assert ops.dtype(mine) == "float32"
        np.testing.assert_allclose(mine, other, rtol=0.05, atol=0.02)


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize(
    "layer",
    [
        lambda p: keras.layers.BatchNormalization(dtype=p),
        lambda p: keras.layers.LayerNormalization(dtype=p),
        lambda p: keras.layers.GroupNormalization(2, dtype=p),
        lambda p: keras.layers.RMSNormalization(dtype=p),
        lambda p: keras.layers.UnitNormalization(dtype=p),
    ],
)
def test_normalization_does_not_overflow(layer: Any, half: str) -> None:
    x = np.round(X) * 1024 + np.arange(4) * 256.0  # halves hold these, but not their squares
    mixed, exact = layer(f"mixed_{_half(half)}"), layer("float32")
    kwargs = {"training": True} if "Batch" in type(mixed).__name__ else {}
    y = mixed(x, **kwargs)
    assert ops.dtype(y) == half
    np.testing.assert_allclose(
        ops.cast(y, "float32"), exact(x, **kwargs), atol=0.03 if half == "bfloat16" else 3e-3
    )


@pytest.mark.parametrize("name", ["layer_normalization", "rms_normalization"])
def test_operations_on_halves_do_not_overflow(name: str) -> None:
    y = getattr(ops, name)((X * 1000).astype("float16"))
    assert y.dtype == "float16" and np.isfinite(y).all()
    _, variance = ops.moments(np.full((1000, 1), 200, "float16"), axes=0)
    assert variance.dtype == "float16" and float(variance[0]) == 0


def _network(policy: str) -> Any:
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(16, activation="gelu", dtype=policy),
            keras.layers.BatchNormalization(dtype=policy),
            keras.layers.Dropout(0.1, dtype=policy),
            keras.layers.Dense(3, activation="softmax", dtype=policy),
        ]
    )


@pytest.mark.parametrize("half", HALVES)
@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_programs_keep_the_dtypes_that_are_told(backend: str, half: str) -> None:
    model = _network(f"mixed_{_half(half)}")

    def step(x: Any) -> Any:
        with keras.GradientTape() as tape:
            y = model(x, training=False)
            loss = ops.mean(ops.square(ops.cast(y, "float32")))
        return y, loss, *tape.gradient(loss, model.trainable_variables)

    graph, _ = trace(step, [(X.shape, "float32")])
    dtypes = {t.dtype for node in graph.nodes for t in node.outputs}
    assert half in dtypes and "float64" not in dtypes
    y, loss, *slopes = make_backend(backend).compile(graph)([X])
    assert np.asarray(y).dtype == numpy_dtype(half)
    assert {np.asarray(v).dtype.name for v in (loss, *slopes)} == {"float32"}
    np.testing.assert_allclose(np.asarray(y, "float32"), np.asarray(model(X), "float32"), atol=0.02)


@pytest.mark.parametrize("half", HALVES)
def test_products_of_halves_are_halves_in_a_program(half: str) -> None:
    graph, _ = trace(
        lambda x: ops.matmul(ops.cast(x, _half(half)), ops.cast(ops.transpose(x), half)),
        [(X.shape, "float32")],
    )
    for backend in ("numpy", "native"):
        (y,) = make_backend(backend).compile(graph)([X])
        assert y.dtype == numpy_dtype(half)
        np.testing.assert_allclose(y.astype("float32"), X @ X.T, rtol=0.02, atol=0.1)


@pytest.mark.parametrize("half", HALVES)
def test_training_in_mixed_precision_comes_to_about_the_same(half: str) -> None:
    labels = (X.sum(-1) > 0).astype("int32")
    losses = []
    for policy in ("float32", f"mixed_{_half(half)}"):
        model = _network(policy)
        optimizer: Any = keras.optimizers.Adam(0.02)
        if policy != "float32":
            optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        history = model.fit(X, labels, epochs=20, batch_size=6, verbose=0).history["loss"]
        assert all(v.dtype == "float32" for v in model.weights)
        losses.append(history)
    assert losses[1][-1] < losses[1][0] / 2
    assert abs(losses[0][-1] - losses[1][-1]) < 0.1


def test_counting_metrics_count_on_where_halves_end() -> None:
    metric = keras.metrics.TruePositives(dtype="float16")
    ones = np.ones(3000, "float32")
    metric.update_state(ones, ones)
    metric.update_state(ones, ones)
    assert float(metric.result()) == 6000


def test_a_policy_is_set_by_name_and_counts_from_then_on() -> None:
    x = np.random.default_rng(1).normal(size=(5, 3)).astype("float32")
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2, dtype="mixed_float16")])
    assert model.predict(x, verbose=0).dtype == np.float16
    model.layers[0].dtype_policy = "float32"
    assert model.layers[0].dtype_policy.name == "float32"
    found = model.predict(x, verbose=0)
    assert found.dtype == np.float32
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(found, x @ kernel + bias, rtol=1e-5, atol=1e-6)
