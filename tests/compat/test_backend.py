"""`keras.backend` computes what that of Keras 2 computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def K(installed: None) -> Any:
    from keras import backend

    return backend


A = np.array([[1.0, -2.0], [3.0, 4.0]], "float32")
B = np.arange(12, dtype="float32").reshape(2, 2, 3)
P = np.array([[0.25, 0.75], [0.5, 0.5]], "float32")

CASES = [
    # (call, what the backend functions that Keras 3.15 keeps from Keras 2 give on TensorFlow)
    (lambda K: K.mean(A), 1.5),
    (lambda K: K.mean(A, axis=-1, keepdims=True), [[-0.5], [3.5]]),
    (lambda K: K.sum(A, axis=0), [4, 2]),
    (lambda K: K.prod(A, axis=1), [-2, 12]),
    (lambda K: K.max(A, axis=1), [1, 4]),
    (lambda K: K.min(A), -2),
    (lambda K: K.var(A), 5.25),
    (lambda K: K.std(A, axis=1), [1.5, 0.5]),
    (lambda K: K.any(A > 3, axis=0), [False, True]),
    (lambda K: K.all(A > -3), True),
    (lambda K: K.argmax(A), [0, 1]),
    (lambda K: K.argmin(A), [1, 0]),
    (lambda K: K.cumsum(A), [[1, -2], [4, 2]]),
    (lambda K: K.cumprod(A, axis=1), [[1, -2], [3, 12]]),
    (lambda K: K.square(A), [[1, 4], [9, 16]]),
    (lambda K: K.abs(A), [[1, 2], [3, 4]]),
    (lambda K: K.sqrt(K.abs(A)), [[1, 1.4142135], [1.7320508, 2]]),
    (lambda K: K.exp(A), [[2.7182817, 0.1353353], [20.085537, 54.59815]]),
    (lambda K: K.log(K.abs(A)), [[0, 0.6931472], [1.0986123, 1.3862944]]),
    (lambda K: K.sign(A), [[1, -1], [1, 1]]),
    (lambda K: K.round(np.array([0.5, 1.5, -2.6], "float32")), [0, 2, -3]),
    (lambda K: K.pow(A, 2), [[1, 4], [9, 16]]),
    (lambda K: K.clip(A, -1, 3), [[1, -1], [3, 3]]),
    (lambda K: K.clip(A, 0, None), [[1, 0], [3, 4]]),
    (lambda K: K.equal(A, 3.0), [[False, False], [True, False]]),
    (lambda K: K.not_equal(A, 3.0), [[True, True], [False, True]]),
    (lambda K: K.greater(A, 1.0), [[False, False], [True, True]]),
    (lambda K: K.greater_equal(x=A, y=1.0), [[True, False], [True, True]]),
    (lambda K: K.less(A, 1.0), [[False, True], [False, False]]),
    (lambda K: K.less_equal(A, 1.0), [[True, True], [False, False]]),
    (lambda K: K.maximum(A, 2.0), [[2, 2], [3, 4]]),
    (lambda K: K.minimum(A, 2.0), [[1, -2], [2, 2]]),
    (lambda K: K.sin(A[0]), [0.84147096, -0.9092974]),
    (lambda K: K.cos(A[0]), [0.5403023, -0.4161468]),
    (lambda K: K.softmax(A), [[0.9525741, 0.0474259], [0.2689414, 0.7310586]]),
    (lambda K: K.sigmoid(A), [[0.7310586, 0.1192029], [0.9525741, 0.9820138]]),
    (lambda K: K.hard_sigmoid(A), [[0.7, 0.1], [1, 1]]),
    (lambda K: K.tanh(A[0]), [0.7615942, -0.9640276]),
    (lambda K: K.softplus(A[0]), [1.3132616, 0.126928]),
    (lambda K: K.softsign(A[0]), [0.5, -0.6666667]),
    (lambda K: K.elu(A), [[1, -0.8646647], [3, 4]]),
    (lambda K: K.relu(A), [[1, 0], [3, 4]]),
    (lambda K: K.relu(A, alpha=0.1, max_value=3.5, threshold=1.5), [[-0.05, -0.35], [3, 3.5]]),
    (lambda K: K.dot(A, A), [[-5, -10], [15, 10]]),
    (lambda K: K.dot(B, np.ones((3, 1), "float32")), [[[3], [12]], [[21], [30]]]),
    (lambda K: K.batch_dot(A, A, axes=1), [[5], [25]]),
    (lambda K: K.batch_dot(A, A), [[5], [25]]),
    (lambda K: K.batch_dot(B, B, axes=(1, 1)), [[[9, 12, 15], [12, 17, 22], [15, 22, 29]], [[117, 132, 147], [132, 149, 166], [147, 166, 185]]]),
    (lambda K: K.batch_dot(B, K.permute_dimensions(B, (0, 2, 1))), [[[5, 14], [14, 50]], [[149, 212], [212, 302]]]),
    (lambda K: K.batch_dot(B, A, axes=(1, 1)), [[-6, -7, -8], [54, 61, 68]]),
    (lambda K: K.concatenate([A, A]), [[1, -2, 1, -2], [3, 4, 3, 4]]),
    (lambda K: K.stack([A[0], A[1]], axis=1), [[1, 3], [-2, 4]]),
    (lambda K: K.expand_dims(A[0]), [[1], [-2]]),
    (lambda K: K.squeeze(A[:1], 0), [1, -2]),
    (lambda K: K.flatten(A), [1, -2, 3, 4]),
    (lambda K: K.batch_flatten(B), [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]),
    (lambda K: K.reshape(A, (1, -1)), [[1, -2, 3, 4]]),
    (lambda K: K.transpose(A), [[1, 3], [-2, 4]]),
    (lambda K: K.permute_dimensions(A, (1, 0)), [[1, 3], [-2, 4]]),
    (lambda K: K.repeat(A, 2), [[[1, -2], [1, -2]], [[3, 4], [3, 4]]]),
    (lambda K: K.repeat_elements(A, 2, axis=1), [[1, 1, -2, -2], [3, 3, 4, 4]]),
    (lambda K: K.tile(A, [1, 2]), [[1, -2, 1, -2], [3, 4, 3, 4]]),
    (lambda K: K.reverse(A, axes=1), [[-2, 1], [4, 3]]),
    (lambda K: K.gather(A, np.array([1])), [[3, 4]]),
    (lambda K: K.one_hot(np.array([1, 0]), 3), [[0, 1, 0], [1, 0, 0]]),
    (lambda K: K.arange(3), [0, 1, 2]),
    (lambda K: K.eye(2), [[1, 0], [0, 1]]),
    (lambda K: K.zeros((2,)), [0, 0]),
    (lambda K: K.ones_like(A), [[1, 1], [1, 1]]),
    (lambda K: K.constant([1, 2], shape=(2,)), [1, 2]),
    (lambda K: K.cast(A, "int32"), [[1, -2], [3, 4]]),
    (lambda K: K.switch(K.greater(A, 0.0), A, K.zeros_like(A)), [[1, 0], [3, 4]]),
    (lambda K: K.in_top_k(A, np.array([0, 0]), 1), [True, False]),
    (lambda K: K.l2_normalize(A, axis=1), [[0.4472136, -0.8944272], [0.6, 0.8]]),
    (lambda K: K.logsumexp(A), 4.350759),
    (lambda K: K.binary_crossentropy(K.eye(2), P), [[1.3862944, 1.3862944], [0.6931472, 0.6931472]]),
    (lambda K: K.binary_crossentropy(K.eye(2), A, from_logits=True), [[0.3132617, 0.126928], [3.0485873, 0.0181499]]),
    (lambda K: K.categorical_crossentropy(K.eye(2), P), [1.3862944, 0.6931472]),
    (lambda K: K.sparse_categorical_crossentropy(np.array([0, 1]), P), [1.3862944, 0.6931472]),
    (lambda K: K.sparse_categorical_crossentropy(np.array([0.0, 1.0]), A, from_logits=True), [0.0485874, 0.3132617]),
    (lambda K: K.bias_add(A, np.array([1.0, 2.0], "float32")), [[2, 0], [4, 6]]),
    (lambda K: K.temporal_padding(B[:1, :1], (0, 1)), [[[0, 1, 2], [0, 0, 0]]]),
    (lambda K: K.shape(K.spatial_2d_padding(B[None], ((1, 1), (0, 2)))), [1, 4, 4, 3]),
    (lambda K: K.resize_images(A[None, ..., None], 1, 2, "channels_last")[0, ..., 0], [[1, 1, -2, -2], [3, 3, 4, 4]]),
    (lambda K: K.map_fn(lambda row: K.sum(row), A), [-1, 7]),
    (lambda K: K.foldl(lambda a, b: a - b, A), [-2, -6]),
    (lambda K: K.foldr(lambda a, b: a - b, A), [2, 6]),
    (lambda K: K.batch_normalization(A, A[0], A[1] + 1, P[0], P[1], epsilon=0.0), [[0.25, 0.75], [0.75, 2.0916407]]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "expected"), CASES)
def test_functions(K: Any, call: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(call(K)), expected, rtol=2e-6, atol=1e-6)


def test_settings_and_shapes(K: Any) -> None:
    assert K.floatx() == "float32" and K.epsilon() == 1e-7
    K.set_floatx("float64")
    assert K.floatx() == "float64" and K.cast_to_floatx([1]).dtype == "float64"
    K.set_floatx("float32")
    assert K.image_data_format() == "channels_last" and K.image_dim_ordering() == "tf"
    assert K.int_shape(A) == (2, 2) and K.ndim(A) == 2 and K.dtype(A) == "float32"
    assert tuple(K.shape(A)) == (2, 2) and K.count_params(K.variable(A)) == 4
    K.clear_session()
    assert K.learning_phase() == 0


def test_variables(K: Any) -> None:
    x = K.variable([1, 2])
    assert K.get_value(x).tolist() == [1, 2] and K.eval(x).dtype == "float32"
    K.set_value(x, [3, 4])
    K.update_add(x, [1, 1])
    K.update_sub(x, [0, 2])
    assert K.get_value(x).tolist() == [4, 3]
    K.moving_average_update(x, np.zeros(2, "float32"), 0.5)
    K.batch_set_value([(x, K.batch_get_value([x])[0] * 2)])
    assert K.get_value(x).tolist() == [4, 3]
    assert K.get_uid("a") + 1 == K.get_uid("a")


def test_random_numbers(K: Any) -> None:
    normal = np.asarray(K.random_normal((2000,), mean=1.0, stddev=2.0, seed=1))
    assert abs(normal.mean() - 1) < 0.2 and abs(normal.std() - 2) < 0.2
    uniform = np.asarray(K.random_uniform(shape=(500,), minval=-1, maxval=1))
    assert -1 <= uniform.min() < -0.9 and 0.9 < uniform.max() <= 1
    drawn = np.asarray(K.random_bernoulli((1000,), p=0.3))
    assert set(drawn.tolist()) == {0, 1} and 0.2 < drawn.mean() < 0.4
    assert np.abs(np.asarray(K.truncated_normal((500,)))).max() <= 2
    assert K.random_uniform_variable((2, 3), 0, 1).shape == (2, 3)
    dropped = np.asarray(K.dropout(np.ones(1000, "float32"), 0.5, seed=1))
    assert set(dropped.tolist()) == {0, 2}


def test_functions_of_layers(K: Any) -> None:
    import keras

    model = keras.models.Sequential()
    model.add(keras.layers.Dense(3, input_dim=2))
    model.add(keras.layers.Dropout(0.5))
    x = np.ones((50, 2), "float32")
    first = K.function([model.layers[0].input], [model.layers[0].output])
    hidden = first([x])[0]
    assert hidden.shape == (50, 3)
    both = K.function([model.input, K.learning_phase()], [model.output])
    np.testing.assert_allclose(both([x, 0])[0], hidden)
    assert (both([x, 1])[0] == 0).any()


def test_losses_and_metrics_written_with_it(K: Any) -> None:
    import keras

    def rmse(y_true: Any, y_pred: Any) -> Any:
        return K.sqrt(K.mean(K.square(y_pred - y_true), axis=-1) + K.epsilon())

    def recall(y_true: Any, y_pred: Any) -> Any:
        hits = K.sum(K.round(K.clip(y_true * y_pred, 0, 1)))
        return hits / (K.sum(K.round(K.clip(y_true, 0, 1))) + K.epsilon())

    def swish(x: Any) -> Any:
        return x * K.sigmoid(x)

    model = keras.models.Sequential()
    model.add(keras.layers.Dense(3, activation=swish, input_shape=(2,)))
    model.add(keras.layers.Lambda(lambda t: K.sum(t, axis=1, keepdims=True)))
    model.compile(loss=rmse, optimizer="sgd", metrics=[recall])
    history = model.fit(A, np.array([[1.0], [0.0]]), epochs=2, verbose=0).history
    assert list(history) == ["loss", "recall"] or set(history) == {"loss", "recall"}


def test_what_is_not_there_says_what_is(K: Any) -> None:
    with pytest.raises(RuntimeError, match="GradientTape"):
        K.gradients(1.0, [A])
    with pytest.raises(AttributeError, match="has no 'nothing_of_the_kind'"):
        _ = K.nothing_of_the_kind


def test_in_train_phase_follows_the_layer_it_is_called_in(K: Any) -> None:
    import keras

    class Noisy(keras.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return K.in_train_phase(lambda: inputs + 1.0, inputs)

    x = np.zeros((2, 3), "float32")
    model = keras.Sequential([Noisy()])
    assert np.all(np.asarray(model(x, training=True)) == 1)
    assert np.all(model.predict(x, verbose=0) == 0)
    assert K.in_train_phase(1, 2, training=True) == 1 == K.in_test_phase(1, 2, training=False)
