"""What people write themselves: training steps, losses, layers, loops with the tape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops

X = np.random.default_rng(0).normal(size=(96, 5)).astype("float32")
Y = X @ np.arange(5.0, dtype="float32")[:, None]


@pytest.fixture(params=[False, True], ids=["compiled", "eager"])
def eagerly(request: Any) -> bool:
    return bool(request.param)


class Stepping(keras.Model):
    """A training step written out, with a metric of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = layers.Dense(1)
        self.error = keras.metrics.MeanAbsoluteError(name="error")

    def call(self, inputs: Any) -> Any:
        return self.dense(inputs)

    def train_step(self, data: Any) -> dict[str, Any]:
        x, y = data
        with keras.GradientTape() as tape:
            predicted = self(x, training=True)
            loss = ops.mean(ops.square(y - predicted))
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizer.apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.error.update_state(y, predicted)
        return {"squares": loss, "error": self.error.result()}


def test_a_training_step_of_ones_own(eagerly: bool) -> None:
    model = Stepping()
    model.compile(keras.optimizers.SGD(0.05), run_eagerly=eagerly)
    history = model.fit(X, Y, epochs=8, verbose=0).history
    assert set(history) == {"squares", "error"}
    assert history["error"][-1] < 0.2 * history["error"][0]
    assert model.metrics_names.count("error") == 1


@pytest.mark.parametrize(
    ("given", "form"),
    [
        ((X,), "array"),
        (([X, X],), "tuple of list"),
        (({"a": X},), "dict"),
        ((X, Y), "tuple of array array"),
        ((X, Y, np.ones(96)), "tuple of array array array"),
    ],
)
def test_a_training_step_gets_its_data_as_in_keras(given: Any, form: str, eagerly: bool) -> None:
    def described(x: Any) -> str:
        if isinstance(x, tuple):
            return " ".join(["tuple of", *map(described, x)])
        return type(x).__name__ if isinstance(x, (list, dict)) else "array"

    seen = []

    class Looking(keras.Model):
        def call(self, inputs: Any) -> Any:
            return inputs

        def train_step(self, data: Any) -> dict[str, Any]:
            seen.append(described(data))
            return {"loss": 0.0}

    model = Looking()
    model.compile(run_eagerly=eagerly)
    model.fit(*given[:2], sample_weight=given[2] if len(given) > 2 else None, verbose=0)
    assert set(seen) == {form}


def test_a_loss_of_ones_own(eagerly: bool) -> None:
    class Weighted(keras.Model):
        def compute_loss(
            self, x: Any = None, y: Any = None, y_pred: Any = None, **rest: Any
        ) -> Any:
            return ops.mean(ops.abs(y - y_pred)) * 3.0

    data = layers.Input((5,))
    model = Weighted(data, layers.Dense(1)(data))
    model.compile("adam", run_eagerly=eagerly)
    loss = model.fit(X, Y, epochs=1, batch_size=96, verbose=0).history["loss"][0]
    assert loss > 0
    expected = 3 * np.abs(Y - model.predict(X, verbose=0)).mean()
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(expected, rel=1e-5)


class Penalized(keras.layers.Layer):
    """A layer with a weight made in `build`, a penalty, and a counter that moves by itself."""

    def __init__(self, rate: float = 0.1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = rate

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="scale")
        self.seen = self.add_weight(shape=(), initializer="zeros", trainable=False, name="seen")

    def call(self, inputs: Any, training: bool = False) -> Any:
        if training:
            self.seen.assign_add(ops.cast(ops.shape(inputs)[0], "float32"))
        self.add_loss(self.rate * ops.mean(ops.square(self.scale)))
        return inputs * self.scale


def test_a_layer_of_ones_own(eagerly: bool) -> None:
    layer = Penalized()
    model = keras.Sequential([layers.Input((5,)), layer, layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=eagerly)
    model.fit(X, Y, epochs=2, verbose=0)
    assert float(layer.seen) == 2 * len(X)
    plain = np.mean((Y - model.predict(X, verbose=0)) ** 2)
    penalty = 0.1 * np.mean(layer.scale.numpy() ** 2)
    assert model.evaluate(X, Y, verbose=0) == pytest.approx(plain + penalty, rel=1e-4)
    copy = Penalized.from_config(layer.get_config())
    assert copy.rate == layer.rate and copy.name == layer.name


def test_two_optimizers_play_against_each_other(eagerly: bool) -> None:
    class Game(keras.Model):
        """A generative adversarial network (Goodfellow et al., 2014) on points of a line."""

        def __init__(self) -> None:
            super().__init__()
            self.maker = keras.Sequential(
                [layers.Input((2,)), layers.Dense(8, "relu"), layers.Dense(1)]
            )
            self.judge = keras.Sequential(
                [layers.Input((1,)), layers.Dense(8, "relu"), layers.Dense(1)]
            )
            self.noise = keras.random.SeedGenerator(5)

        def compile(self, maker: Any, judge: Any, **kwargs: Any) -> None:
            super().compile(**kwargs)
            self.maker_optimizer, self.judge_optimizer = maker, judge
            self.rule = keras.losses.BinaryCrossentropy(from_logits=True)

        def train_step(self, real: Any) -> dict[str, Any]:
            real = real[0] if isinstance(real, tuple) else real
            rows = ops.shape(real)[0]
            noise = keras.random.normal((rows, 2), seed=self.noise)
            both = ops.concatenate([self.maker(noise), real], axis=0)
            labels = ops.concatenate([ops.ones((rows, 1)), ops.zeros((rows, 1))], axis=0)
            with keras.GradientTape() as tape:
                judged = self.rule(labels, self.judge(both))
            weights = self.judge.trainable_weights
            self.judge_optimizer.apply(tape.gradient(judged, weights), weights)
            with keras.GradientTape() as tape:
                fooled = self.rule(ops.zeros((rows, 1)), self.judge(self.maker(noise)))
            weights = self.maker.trainable_weights
            self.maker_optimizer.apply(tape.gradient(fooled, weights), weights)
            return {"judged": judged, "fooled": fooled}

    keras.utils.set_random_seed(0)
    model = Game()
    model.compile(keras.optimizers.Adam(0.01), keras.optimizers.Adam(0.01), run_eagerly=eagerly)
    points = np.random.default_rng(0).normal(4.0, 0.5, size=(256, 1)).astype("float32")
    history = model.fit(points, epochs=12, batch_size=32, verbose=0).history
    assert np.isfinite(history["judged"]).all()
    made = model.maker(np.random.default_rng(1).normal(size=(100, 2)))
    assert float(np.mean(made)) > 1.0


def test_a_loop_written_with_the_tape() -> None:
    model = keras.Sequential([layers.Input((5,)), layers.Dense(1)])
    optimizer = keras.optimizers.SGD(0.05)
    rule = keras.losses.MeanSquaredError()
    error = keras.metrics.MeanSquaredError()
    losses = []
    for _ in range(30):
        with keras.GradientTape() as tape:
            predicted = model(X, training=True)
            loss = rule(Y, predicted)
        gradients = tape.gradient(loss, model.trainable_weights)
        optimizer.apply_gradients(zip(gradients, model.trainable_weights, strict=True))
        error.update_state(Y, predicted)
        losses.append(float(loss))
    assert losses[-1] < 0.1 * losses[0]
    assert float(error.result()) == pytest.approx(np.mean(losses), rel=1e-4)


def test_a_debugger_sees_numbers_when_run_eagerly() -> None:
    seen: list[float] = []

    class Printing(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            seen.append(float(ops.mean(inputs)))
            return inputs

    class Printed(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.printing, self.dense = Printing(), layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.dense(self.printing(inputs))

    model = Printed()
    model.compile("sgd", "mse", run_eagerly=True)
    model.fit(X, Y, epochs=1, verbose=0)
    assert len(seen) >= 3


def test_python_conditions_on_values_say_what_to_write_instead() -> None:
    class Branching(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs if ops.mean(inputs) > 0 else -inputs

    model = keras.Sequential([Branching(), layers.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(TypeError, match=r"ops\.where"):
        model.fit(X, Y, verbose=0)


def test_a_frozen_layer_does_not_move() -> None:
    model = keras.Sequential([layers.Input((5,)), layers.Dense(4), layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    frozen, free = model.layers
    frozen.trainable = False
    before = frozen.get_weights(), free.get_weights()
    model.fit(X, Y, verbose=0)
    assert all((a == b).all() for a, b in zip(before[0], frozen.get_weights(), strict=True))
    assert any((a != b).any() for a, b in zip(before[1], free.get_weights(), strict=True))


def test_class_weights_weigh_as_sample_weights_do() -> None:
    labels = (Y[:, 0] > 0).astype(int)

    def losses(**weights: Any) -> list[float]:
        keras.utils.set_random_seed(0)
        model = keras.Sequential([layers.Input((5,)), layers.Dense(1, "sigmoid")])
        model.compile("sgd", "binary_crossentropy")
        found: list[float] = model.fit(X, labels, epochs=2, verbose=0, **weights).history["loss"]
        return found

    by_class = losses(class_weight={0: 1.0, 1: 3.0})
    by_row = losses(sample_weight=np.where(labels == 1, 3.0, 1.0))
    np.testing.assert_allclose(by_class, by_row, rtol=1e-6)
    assert by_class != losses()


@pytest.mark.parametrize("eager", [False, True])
def test_a_step_that_gives_no_dict_is_named(eager):
    class Forgetful(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            return self.dense(x)

        def train_step(self, data):
            return self(data[0])

    model = Forgetful()
    model.compile("sgd", "mse", run_eagerly=eager)
    with pytest.raises(ValueError, match=r"Forgetful\.train_step must return a dict"):
        model.fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)


def test_a_step_of_ones_own_finds_the_metrics_of_compile_in_its_first_batch() -> None:
    class Own(keras.Model):
        def test_step(self, data: Any) -> dict[str, Any]:
            x, y = data
            y_pred = self(x, training=False)
            for metric in self.metrics:
                if metric.name == "loss":
                    metric.update_state(self.compute_loss(y=y, y_pred=y_pred))
                else:
                    metric.update_state(y, y_pred)
            return {metric.name: metric.result() for metric in self.metrics}

    inputs = keras.Input((3,))
    model = Own(inputs, layers.Dense(2)(inputs))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(loss=loss, metrics=["accuracy"])
    x, y = np.ones((8, 3), "float32"), np.array([0] * 6 + [1] * 2)
    found = model.evaluate(x, y, batch_size=4, verbose=0, return_dict=True)
    assert found["accuracy"] in (0.25, 0.75)


def test_a_step_of_ones_own_may_give_the_model_something_else_than_the_data() -> None:
    class Pairs(keras.Model):
        def train_step(self, data: Any) -> dict[str, Any]:
            (left, right), y = data
            with keras.GradientTape() as tape:
                y_pred = self(left - right, training=True)
                loss = self.compute_loss(y=y, y_pred=y_pred)
            weights = self.trainable_weights
            self.optimizer.apply(tape.gradient(loss, weights), weights)
            return self.compute_metrics(left, y, y_pred)

    inputs = keras.Input((3,))
    model = Pairs(inputs, layers.Dense(1, use_bias=False)(inputs))
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.ones((8, 3), "float32")
    logs = model.train_on_batch((x, x), np.full((8, 1), 2.0, "float32"), return_dict=True)
    assert logs["mae"] == 2.0
    found = model.fit((x, x), np.full((8, 1), 2.0, "float32"), epochs=2, verbose=0).history
    assert found["mae"] == [2.0, 2.0]
