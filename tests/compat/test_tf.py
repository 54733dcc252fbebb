"""The common names of `tensorflow` compute what TensorFlow computes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def tf(installed: None) -> Any:
    import tensorflow

    return tensorflow


A = [[1.0, 2.0], [3.0, 4.0]]

CASES = [
    # (call, what TensorFlow 2.21 gives)
    (lambda tf: tf.constant(1.5), 1.5),
    (lambda tf: tf.reduce_mean(A), 2.5),
    (lambda tf: tf.reduce_sum(A, axis=0), [4, 6]),
    (lambda tf: tf.reduce_sum(A, axis=[0, 1], keepdims=True), [[10]]),
    (lambda tf: tf.reduce_max(A, 1), [2, 4]),
    (lambda tf: tf.math.reduce_std(A), 1.118034),
    (lambda tf: tf.math.log([1.0, np.e]), [0, 1]),
    (lambda tf: tf.square(tf.constant(A)) - tf.abs(tf.constant(A)), [[0, 2], [6, 12]]),
    (lambda tf: tf.matmul(A, A, transpose_b=True), [[5, 11], [11, 25]]),
    (lambda tf: tf.linalg.matvec(A, [1.0, 1.0]), [3, 7]),
    (lambda tf: tf.argmax(A), [1, 1]),
    (lambda tf: tf.argmax(A, axis=1), [1, 1]),
    (lambda tf: tf.cast([1.7, -1.2], tf.int32), [1, -1]),
    (lambda tf: tf.concat([A, A], axis=0), [*A, *A]),
    (lambda tf: tf.stack([[1, 2], [3, 4]], axis=1), [[1, 3], [2, 4]]),
    (lambda tf: tf.split(tf.range(6), [2, 4])[1], [2, 3, 4, 5]),
    (lambda tf: tf.reshape(A, [-1]), [1, 2, 3, 4]),
    (lambda tf: tf.expand_dims([1, 2], -1), [[1], [2]]),
    (lambda tf: tf.transpose(A), [[1, 3], [2, 4]]),
    (lambda tf: tf.gather(A, [1]), [[3, 4]]),
    (lambda tf: tf.one_hot([1, 0], 3, on_value=5.0), [[0, 5, 0], [5, 0, 0]]),
    (lambda tf: tf.where([True, False], 1, 2), [1, 2]),
    (lambda tf: tf.where([False, True]), [[1]]),
    (lambda tf: tf.clip_by_value([-1.0, 0.5, 2.0], 0.0, 1.0), [0, 0.5, 1]),
    (lambda tf: tf.fill([2, 2], 7), [[7, 7], [7, 7]]),
    (lambda tf: tf.pad([[1]], [[0, 1], [1, 0]]), [[0, 1], [0, 0]]),
    (lambda tf: tf.cumsum([1, 2, 3], exclusive=True), [0, 1, 3]),
    (lambda tf: tf.cumsum([1, 2, 3], reverse=True), [6, 5, 3]),
    (lambda tf: tf.norm([3.0, 4.0]), 5),
    (lambda tf: tf.shape(A), [2, 2]),
    (lambda tf: tf.nn.relu([-1.0, 2.0]), [0, 2]),
    (lambda tf: tf.nn.softmax([0.0, 0.0]), [0.5, 0.5]),
    (lambda tf: tf.nn.sigmoid(0.0), 0.5),
    (lambda tf: tf.nn.softmax_cross_entropy_with_logits([[0.0, 1.0]], [[0.0, 0.0]]), [0.6931472]),
    (lambda tf: tf.nn.sigmoid_cross_entropy_with_logits([1.0], [0.0]), [0.6931472]),
    (lambda tf: tf.math.confusion_matrix([0, 1, 1], [0, 0, 1]), [[1, 0], [1, 1]]),
    (lambda tf: tf.math.l2_normalize([3.0, 4.0]), [0.6, 0.8]),
]


@pytest.mark.parametrize(("call", "expected"), CASES)
def test_functions(tf: Any, call: Any, expected: Any) -> None:
    np.testing.assert_allclose(np.asarray(call(tf)), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (1, "int32"),
        (1.0, "float32"),
        ([True], "bool"),
        (np.zeros(2), "float64"),
        (np.zeros(2, "int64"), "int64"),
    ],
)
def test_constants_have_tensorflows_types(tf: Any, value: Any, dtype: str) -> None:
    assert tf.constant(value).dtype == dtype == tf.as_dtype(dtype)


def test_gradient_tape_and_variables(tf: Any) -> None:
    w = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(w) * 2.0)
    assert float(tape.gradient(loss, w)) == 12
    w.assign_sub(1.0)
    assert isinstance(w, tf.Variable) and w.numpy() == 2
    assert tf.is_tensor(loss) and isinstance(loss, tf.Tensor)


@pytest.mark.parametrize("options", [None, {}, {"jit_compile": True}])
def test_function_is_the_function(tf: Any, options: Any) -> None:
    def double(x: int) -> int:
        return 2 * x

    made = tf.function(double) if options is None else tf.function(**options)(double)
    assert made(4) == 8


def test_seed_repeats_and_leaves_numpys_alone(tf: Any) -> None:
    np.random.seed(5)
    expected = np.random.rand()
    np.random.seed(5)
    tf.random.set_seed(1)
    first = np.asarray(tf.random.normal([3]))
    assert np.random.rand() == expected
    tf.random.set_seed(1)
    np.testing.assert_array_equal(first, np.asarray(tf.random.normal([3])))
    assert tf.random.uniform([2, 2], 0, 5, dtype=tf.int32).dtype == "int32"


def test_questions_at_the_start_of_programs(tf: Any) -> None:
    assert tf.config.list_physical_devices("GPU") == []
    assert tf.config.experimental.list_physical_devices("GPU") == []
    assert tf.executing_eagerly() and not tf.test.is_gpu_available()
    tf.get_logger().setLevel("ERROR")
    tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
    with tf.device("/CPU:0"):
        assert tf.constant(1) == 1


def test_matplotlib_is_not_confused(tf: Any) -> None:
    # It looks for tensorflow among the loaded modules whenever it is given something to draw.
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots()
    (line,) = axes.plot([1, 2, 3], tf.constant([1.0, 4.0, 9.0]))
    plt.close(figure)
    np.testing.assert_array_equal(line.get_ydata(), [1, 4, 9])
