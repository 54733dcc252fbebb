"""Layers of the user's own: masks, training, losses, weights, shapes; Lambda and Wrapper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers, ops

X = np.array([[[1.0, 2.0], [0.0, 0.0], [3.0, 4.0]]], "float32")
SEEN = [[True, False, True]]


class See(layers.Layer):
    """Keeps what it was told."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.got: list[Any] = []

    def call(self, x: Any, training: Any = None, mask: Any = None) -> Any:
        self.got.append((training, None if mask is None else np.asarray(mask).tolist()))
        return x


class Plain(layers.Layer):
    """Knows nothing of masks."""

    def call(self, x: Any) -> Any:
        return x * 1


def _told(*before: Any) -> Any:
    see, x = See(), X
    for layer in before:
        x = layer(x)
    see(x)
    return see.got[-1][1]


def test_masks_go_through_layers_that_support_them_only() -> None:
    class Supporting(Plain):
        def __init__(self) -> None:
            super().__init__()
            self.supports_masking = True

    class Masker(Plain):
        def compute_mask(self, x: Any, mask: Any = None) -> Any:
            return ops.any(ops.not_equal(x, 0), -1)

    assert _told(layers.Masking()) == SEEN
    assert _told(layers.Masking(), Supporting()) == SEEN
    assert _told(layers.Masking(), Plain()) is None
    assert _told(Masker()) == SEEN
    assert _told(layers.Masking(), layers.Lambda(lambda x: x * 1)) is None
    assert _told(layers.Masking(), layers.Lambda(lambda x: x * 1, mask=lambda x, m: m)) == SEEN


def test_a_mask_that_is_given_counts() -> None:
    see = See()
    see(layers.Masking()(X), mask=np.ones((1, 3), bool))
    assert see.got == [(None, [[True, True, True]])]


@pytest.mark.parametrize("by_name", [False, True])
def test_each_argument_has_its_own_mask(by_name: bool) -> None:
    class Two(layers.Layer):
        def call(self, a: Any, b: Any = None, a_mask: Any = None, b_mask: Any = None) -> Any:
            self.masks = [None if m is None else np.asarray(m).tolist() for m in (a_mask, b_mask)]
            return a

    layer, masked = Two(), layers.Masking()(X)
    layer(X, b=masked) if by_name else layer(X, masked)
    assert layer.masks == [None, SEEN]


def test_training_is_that_of_the_caller_unless_given() -> None:
    class Outer(layers.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.told, self.left = See(), See()

        def call(self, x: Any, training: Any = None) -> Any:
            return self.left(self.told(x, training=False))

    layer = Outer()
    layer(X, training=True)
    assert (layer.told.got[-1][0], layer.left.got[-1][0]) == (False, True)
    layer(X)
    assert layer.left.got[-1][0] is None

    class Default(layers.Layer):
        def call(self, x: Any, training: bool = True) -> Any:
            self.training = training
            return x

    default = Default()
    default(X)
    assert default.training is True
    default(X, training=False)
    assert default.training is False


def test_losses_are_those_of_the_last_call() -> None:
    class Adds(layers.Layer):
        def call(self, x: Any) -> Any:
            self.add_loss(ops.sum(x))
            self.add_loss([ops.ones(()), ops.ones(())])
            return x

    layer = Adds()
    for _ in range(2):
        layer(X)
    assert [float(v) for v in layer.losses] == [10.0, 1.0, 1.0]
    model = keras.Sequential(
        [Adds(), layers.Flatten(), layers.Dense(1, kernel_initializer="zeros")]
    )
    model.compile("sgd", "mse")
    assert model.evaluate(X, np.zeros((1, 1)), verbose=0) == pytest.approx(12.0)


def test_weights_are_found_and_frozen() -> None:
    class Weights(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.a = self.add_weight((2,), "ones", name="a")
            self.b = self.add_weight(shape=(2,), trainable=False, name="b")

        def call(self, x: Any) -> Any:
            return x * self.a

    layer = Weights(name="w")
    layer(X)
    assert [v.path for v in layer.weights] == ["w/a", "w/b"]
    layer.trainable = False
    assert layer.trainable_weights == [] and len(layer.non_trainable_weights) == 2


def test_build_is_given_the_shapes_in_their_structure() -> None:
    class Named(layers.Layer):
        def build(self, a_shape: Any, b_shape: Any) -> None:
            self.shapes = (a_shape, b_shape)

        def call(self, a: Any, b: Any) -> Any:
            return a

    class Mapped(layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.shapes = input_shape

        def call(self, inputs: Any) -> Any:
            return inputs["x"]

    named, mapped = Named(), Mapped()
    named(X, X[:, :1])
    assert named.shapes == ((1, 3, 2), (1, 1, 2))
    mapped({"x": X, "y": X[:, 0]})
    assert mapped.shapes == {"x": (1, 3, 2), "y": (1, 2)}


def test_a_lambda_has_the_output_shape_it_is_told() -> None:
    inputs = keras.Input((3, 2))
    assert layers.Lambda(lambda x: ops.sum(x, -1))(inputs).shape == (None, 3)
    assert layers.Lambda(lambda x: x, output_shape=(7,))(inputs).shape == (None, 7)
    told = layers.Lambda(lambda x: x, output_shape=lambda shape: (shape[0], 9))
    assert told(inputs).shape == (None, 9)
    assert told.compute_output_shape((4, 3, 2)) == (4, 9)
    assert layers.Lambda(lambda x: ops.sum(x, -1)).compute_output_shape((2, 3)) == (2,)
    np.testing.assert_array_equal(layers.Lambda(lambda x, k=1: x * k, arguments={"k": 3})(X), X * 3)


def test_a_wrapper_owns_its_layer() -> None:
    @keras.saving.register_keras_serializable("tests")
    class Twice(layers.Wrapper):
        def call(self, x: Any) -> Any:
            return 2 * self.layer(x)

    inner = layers.Dense(3)
    wrapper = Twice(inner)
    np.testing.assert_allclose(wrapper(X), 2 * inner(X), rtol=1e-6)
    assert len(wrapper.weights) == 2
    assert Twice.from_config(wrapper.get_config()).layer.units == 3
    with pytest.raises(ValueError, match="expects a layer"):
        layers.Wrapper(3)


def test_the_configuration_holds_the_defaults_too() -> None:
    class Arguments(layers.Layer):
        def __init__(self, a: int = 1, *, b: str = "x", **kwargs: Any) -> None:
            super().__init__(**kwargs)

        def call(self, x: Any) -> Any:
            return x

    config = Arguments(3, name="q").get_config()
    assert (config["a"], config["b"], config["name"]) == (3, "x", "q")

    class Nameless(Plain):
        def __init__(self, a: int = 1, *rest: int) -> None:
            super().__init__()

    with pytest.raises(NotImplementedError, match="without a name"):
        Nameless(1, 2).get_config()


def test_a_mask_reaches_a_layer_of_ones_own_while_a_functional_model_is_made() -> None:
    class Needs(layers.Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            assert mask is not None
            kept = ops.exp(inputs) * ops.expand_dims(ops.cast(mask, "float32"), -1)
            return kept / ops.sum(kept, axis=1, keepdims=True)

    inputs = keras.Input((None,), dtype="int32")
    embedded = layers.Embedding(10, 4, mask_zero=True)(inputs)
    assert embedded._keras_mask.shape == (None, None) and embedded._keras_mask.dtype == "bool"
    model = keras.Model(inputs, Needs()(layers.Dense(1)(embedded)))
    shares = np.asarray(model(np.array([[1, 2, 0, 0], [3, 0, 0, 0]])))[..., 0]
    assert np.all(shares[:, 2:] == 0) and shares[1, 0] == 1
    again = keras.Model.from_config(model.get_config(), custom_objects={"Needs": Needs})
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(np.array([[1, 2, 0]]))[0, 2], 0)


def test_a_symbolic_mask_can_be_given_on_by_hand() -> None:
    class Counts(layers.Layer):
        def call(self, inputs: Any, places: Any = None) -> Any:
            return ops.sum(ops.cast(places, "int32"), axis=1)

    inputs = keras.Input((3, 2))
    masked = layers.Masking()(inputs)
    model = keras.Model(inputs, Counts()(masked, places=masked._keras_mask))
    x = np.array([[[1.0, 1], [0, 0], [2, 2]]])
    assert np.asarray(model(x)).tolist() == [2]


@pytest.mark.parametrize("eagerly", [False, True])
def test_a_kernel_that_a_layer_assigns_while_it_computes_learns_from_there(eagerly: bool) -> None:
    random = np.random.default_rng(5)
    x, y = random.normal(size=(8, 4)), random.normal(size=(8, 3))
    kernel, u = random.normal(size=(4, 3)), random.normal(size=(1, 3))
    layer = layers.SpectralNormalization(layers.Dense(3, use_bias=False))
    model = keras.Sequential([keras.Input((4,)), layer])
    layer.layer.kernel.assign(kernel)
    layer.vector_u.assign(u)
    model.compile(keras.optimizers.SGD(0.5), "mse", run_eagerly=eagerly)
    model.fit(x, y, shuffle=False, verbose=0)
    v = u @ kernel.T
    v /= np.linalg.norm(v)
    u = v @ kernel
    u /= np.linalg.norm(u)
    kernel = kernel / (v @ kernel @ u.T)
    expected = kernel - 0.5 * x.T @ (x @ kernel - y) * 2 / y.size
    np.testing.assert_allclose(layer.layer.kernel.numpy(), expected, rtol=1e-4, atol=1e-5)
