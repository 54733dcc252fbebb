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


N = np.nan
S = [[2.0, 1.0], [1.0, 3.0]]

MORE = [
    # (call, what TensorFlow 2.21 gives; for several results, a list of them)
    (lambda tf: tf.sort([3, 1, 2], direction="DESCENDING"), [3, 2, 1]),
    (lambda tf: tf.argsort([3, 1, 2]), [1, 2, 0]),
    (lambda tf: tf.argsort([3.0, 1.0, 2.0], direction="DESCENDING"), [0, 2, 1]),
    (lambda tf: tf.searchsorted([1, 3, 5], [0, 3, 6]), [0, 1, 3]),
    (lambda tf: tf.roll([1, 2, 3], 1, 0), [3, 1, 2]),
    (lambda tf: tf.meshgrid([1, 2], [3, 4])[1], [[3, 3], [4, 4]]),
    (lambda tf: tf.slice(A, [0, 1], [-1, 1]), [[2], [4]]),
    (lambda tf: tf.strided_slice([1, 2, 3, 4], [0], [4], [2]), [1, 3]),
    (lambda tf: tf.boolean_mask(A, [[True, False], [True, True]]), [1, 3, 4]),
    (lambda tf: tf.boolean_mask(A, [False, True]), [[3, 4]]),
    (lambda tf: tf.boolean_mask(tf.constant(A), [False, True], axis=1), [[2], [4]]),
    (lambda tf: tf.gather_nd(A, [[0, 1], [1, 0]]), [2, 3]),
    (lambda tf: tf.gather_nd(A, [[1]]), [[3, 4]]),
    (lambda tf: tf.scatter_nd([[1], [3], [1]], [5, 6, 7], [4]), [0, 12, 0, 6]),
    (lambda tf: tf.tensor_scatter_nd_add(A, [[1]], [[1.0, 1.0]]), [[1, 2], [4, 5]]),
    (lambda tf: tf.tensor_scatter_nd_update([1, 2, 3], [[0], [2]], [7, 8]), [7, 2, 8]),
    (lambda tf: tf.sequence_mask([1, 3], 3), [[True, False, False], [True, True, True]]),
    (lambda tf: tf.sequence_mask([1, 2], dtype=tf.float32), [[1, 0], [1, 1]]),
    (lambda tf: tf.unique([4, 1, 4, 2])[0], [4, 1, 2]),
    (lambda tf: tf.unique([4, 1, 4, 2])[1], [0, 1, 0, 2]),
    (lambda tf: tf.einsum("ij,kj->ik", A, A), [[5, 11], [11, 25]]),
    (lambda tf: tf.clip_by_global_norm([tf.constant([3.0]), None, tf.constant([4.0])], 1.0)[0][2], [0.8]),
    (lambda tf: tf.clip_by_global_norm([[3.0], [4.0]], 1.0)[1], 5),
    (lambda tf: tf.cond(tf.constant(1) > 0, lambda: 1, lambda: 2), 1),
    (lambda tf: tf.case([(tf.constant(False), lambda: 1)], default=lambda: 2), 2),
    (lambda tf: tf.while_loop(lambda i, s: i < 4, lambda i, s: (i + 1, s + i), [tf.constant(0), tf.constant(0)]), [4, 6]),
    (lambda tf: tf.map_fn(lambda r: r * 2, tf.constant(A)), [[2, 4], [6, 8]]),
    (lambda tf: tf.foldl(lambda a, b: a - b, tf.constant([1, 2, 3])), -4),
    (lambda tf: tf.scan(lambda a, b: a + b, tf.constant([1, 2, 3])), [1, 3, 6]),
    (lambda tf: tf.ensure_shape(A, [None, 2]), A),
    (lambda tf: tf.zeros_initializer()([2]), [0, 0]),
    (lambda tf: tf.constant_initializer(3)([2]), [3, 3]),
    (lambda tf: tf.math.squared_difference([1, 2], 4), [9, 4]),
    (lambda tf: tf.math.cumprod([2, 3, 4], exclusive=True), [1, 2, 6]),
    (lambda tf: tf.math.cumprod([2, 3, 4], reverse=True), [24, 12, 4]),
    (lambda tf: tf.math.xlogy([0.0, 2.0], [0.0, 1.0]), [0, 0]),
    (lambda tf: tf.math.xdivy([0.0, 2.0], [0.0, 4.0]), [0, 0.5]),
    (lambda tf: tf.math.multiply_no_nan([N, 2.0], [0.0, 4.0]), [0, 8]),
    (lambda tf: tf.math.reduce_euclidean_norm(A, axis=1), [2.236068, 5]),
    (lambda tf: tf.math.count_nonzero([[0, 1], [2, 0]], axis=1), [1, 1]),
    (lambda tf: tf.math.bincount([1, 1, 3]), [0, 2, 0, 1]),
    (lambda tf: tf.math.polyval([1.0, 2.0], 3.0), 5),
    (lambda tf: tf.math.segment_sum([1, 2, 3], [0, 0, 1]), [3, 3]),
    (lambda tf: tf.math.segment_mean([1.0, 2.0, 3.0], [0, 0, 1]), [1.5, 3]),
    (lambda tf: tf.math.unsorted_segment_sum([1, 2, 3], [2, 0, 2], 3), [2, 0, 4]),
    (lambda tf: tf.math.in_top_k([0, 1], A, 1), [False, True]),
    (lambda tf: tf.math.atanh([0.5]), [0.5493061]),
    (lambda tf: tf.math.log_sigmoid([0.0]), [-0.6931472]),
    (lambda tf: tf.nn.crelu([-1.0, 2.0]), [0, 2, 1, 0]),
    (lambda tf: tf.nn.softsign([-1.0]), [-0.5]),
    (lambda tf: tf.nn.zero_fraction([0.0, 1.0]), 0.5),
    (lambda tf: tf.nn.weighted_cross_entropy_with_logits([1.0, 0.0], [0.5, 0.5], 2.0), [0.948154, 0.974077]),
    (lambda tf: tf.nn.batch_normalization(tf.constant(A), [1.0, 2.0], [4.0, 9.0], [0.5, 0.0], [2.0, 3.0], 0.0), [[0.5, 0], [2.5, 2]]),
    (lambda tf: tf.nn.compute_average_loss([1.0, 3.0], global_batch_size=8), 0.5),
    (lambda tf: tf.nn.moments(tf.constant(A), axes=[0])[1], [1, 1]),
    (lambda tf: tf.nn.l2_loss(tf.constant([3.0, 4.0])), 12.5),
    (lambda tf: tf.nn.embedding_lookup(tf.constant(A), [1]), [[3, 4]]),
    (lambda tf: tf.linalg.inv(A), [[-2, 1], [1.5, -0.5]]),
    (lambda tf: tf.linalg.det(A), -2),
    (lambda tf: tf.linalg.cholesky(S), [[1.4142135, 0], [0.7071068, 1.5811388]]),
    (lambda tf: tf.linalg.svd(A)[0], [5.4649854, 0.3659661]),
    (lambda tf: tf.linalg.solve(A, [[1.0], [2.0]]), [[0], [0.5]]),
    (lambda tf: tf.linalg.solve(A, [[1.0], [2.0]], adjoint=True), [[1], [0]]),
    (lambda tf: tf.linalg.triangular_solve(A, [[1.0], [2.0]]), [[1], [-0.25]]),
    (lambda tf: tf.linalg.lstsq(A, [[1.0], [2.0]], l2_regularizer=1.0), [[0.2], [0.3428571]]),
    (lambda tf: tf.linalg.eigvalsh(S), [1.381966, 3.618034]),
    (lambda tf: tf.linalg.diag_part(A), [1, 4]),
    (lambda tf: tf.linalg.band_part(A, 0, -1), [[1, 2], [0, 4]]),
    (lambda tf: tf.linalg.global_norm([[3.0], [4.0]]), 5),
    (lambda tf: tf.linalg.normalize([3.0, 4.0])[0], [0.6, 0.8]),
    (lambda tf: tf.linalg.logdet(S), 1.609438),
    (lambda tf: tf.strings.length(["ab", "ä"]), [2, 2]),
    (lambda tf: tf.strings.length(["ab", "ä"], unit="UTF8_CHAR"), [2, 1]),
    (lambda tf: tf.strings.to_number(["1.5", "2"]), [1.5, 2]),
]  # fmt: skip


@pytest.mark.parametrize(("call", "expected"), MORE)
def test_more_functions(tf: Any, call: Any, expected: Any) -> None:
    found = call(tf)
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-5, atol=1e-6)


def test_guarded_functions_have_gradients_that_are_numbers(tf: Any) -> None:
    x = tf.constant([0.0, 2.0])
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = tf.reduce_sum(tf.math.xlogy(x, x))
    np.testing.assert_allclose(tape.gradient(y, x), [0, 1.6931472], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda tf: tf.strings.lower("ABC"), b"abc"),
        (lambda tf: tf.strings.regex_replace(["a<br />b", "c"], "<br />", " "), [b"a b", b"c"]),
        (lambda tf: tf.strings.join([["a", "b"], "c"], separator="-"), [b"a-c", b"b-c"]),
        (lambda tf: tf.strings.substr(["hello"], 1, 3), [b"ell"]),
        (lambda tf: tf.strings.strip([" a "]), [b"a"]),
        (lambda tf: tf.strings.upper(["a"]), [b"A"]),
        (lambda tf: tf.strings.as_string([1, 2]), [b"1", b"2"]),
    ],
)
def test_strings(tf: Any, call: Any, expected: Any) -> None:
    assert (
        call(tf).numpy().tolist() == expected
        if isinstance(expected, list)
        else call(tf).numpy() == expected
    )


def test_texts_are_standardized_by_functions_of_strings(tf: Any) -> None:
    def standardize(text: Any) -> Any:
        return tf.strings.regex_replace(tf.strings.lower(text), "[!?]", "")

    layer = tf.keras.layers.TextVectorization(standardize=standardize)
    layer.adapt(tf.data.Dataset.from_tensor_slices(["Hello!", "hello?"]).batch(2))
    assert layer.get_vocabulary() == ["", "[UNK]", "hello"]


def test_assertions(tf: Any) -> None:
    tf.debugging.assert_equal([1, 2], [1, 2])
    tf.debugging.assert_near([1.0], [1.0 + 1e-7])
    tf.debugging.assert_shapes([(tf.constant(A), ("n", 2)), (tf.constant([1.0, 2.0]), ("n",))])
    tf.debugging.assert_rank(A, 2)
    for call in (
        lambda: tf.debugging.assert_equal([1], [2], message="differ"),
        lambda: tf.debugging.assert_less([3], [2]),
        lambda: tf.debugging.assert_positive([0.0]),
        lambda: tf.debugging.assert_all_finite([np.inf], "x"),
        lambda: tf.debugging.assert_near([1.0], [1.1]),
        lambda: tf.Assert(tf.constant(False), ["why"]),
    ):
        with pytest.raises(tf.errors.InvalidArgumentError):
            call()
    with pytest.raises(ValueError, match="must have shape"):
        tf.debugging.assert_shapes([(tf.constant(A), ("n", 3))])
    with pytest.raises(ValueError, match="ensure_shape expects"):
        tf.ensure_shape(A, [3, None])


def test_random_numbers_of_a_seed_alone(tf: Any) -> None:
    draws = [tf.random.stateless_normal([3], seed=(1, i)).numpy().tolist() for i in (2, 2, 3)]
    assert draws[0] == draws[1] != draws[2]
    first, second = (tf.random.Generator.from_seed(4) for _ in range(2))
    kept = first.uniform([2], 0, 1), first.uniform([2], 0, 1)
    np.testing.assert_array_equal(kept[0], second.uniform([2], 0, 1))
    assert kept[0].tolist() != kept[1].tolist()
    assert tf.random.stateless_uniform([5], (1, 2), 0, 3, dtype=tf.int32).numpy().max() < 3


def test_modules_find_their_variables(tf: Any) -> None:
    class Linear(tf.Module):
        def __init__(self) -> None:
            super().__init__(name="linear")
            self.w = tf.Variable([1.0])
            self.parts = [tf.Variable(2.0, trainable=False)]

    class Model(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = Linear()
            self.b = tf.Variable(0.0)

    model = Model()
    assert len(model.variables) == 3 and len(model.trainable_variables) == 2
    assert model.inner.name == "linear" and model.name == "model"


def test_tapes_may_be_kept_and_nested(tf: Any) -> None:
    x = tf.Variable(3.0)
    with tf.GradientTape(persistent=True) as tape:
        y, z = x * x, x * x * x
    assert (float(tape.gradient(y, x)), float(tape.gradient(z, x))) == (6, 27)
    with tf.GradientTape() as outer:
        with tf.GradientTape() as inner:
            y = x * x * x
        first = inner.gradient(y, x)
    assert (float(first), float(outer.gradient(first, x))) == (27, 18)


def test_rooms_of_keras_without_its_name(tf: Any) -> None:
    assert tf.losses.MeanSquaredError is tf.keras.losses.MeanSquaredError
    assert tf.optimizers.Adam is tf.keras.optimizers.Adam
    assert tf.metrics.Mean is tf.keras.metrics.Mean
    assert tf.initializers.Zeros is tf.zeros_initializer


def test_versions_and_settings(tf: Any) -> None:
    assert tf.__version__ == tf.version.VERSION
    assert tf.config.functions_run_eagerly()
    tf.config.set_soft_device_placement(True)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    assert tf.TensorSpec([None, 3], tf.float32).shape.as_list() == [None, 3]
    assert tf.float32.as_numpy_dtype is np.float32 and tf.TensorShape([2, 3]).num_elements() == 6
    tf.compat.v1.enable_eager_execution()
    assert tf.compat.as_str(b"a") == "a" and tf.compat.as_bytes("a") == b"a"
    assert tf.nest.flatten([1, (2, 3)]) == [1, 2, 3]


def test_sessions_are_refused_with_the_mend(tf: Any) -> None:
    with pytest.raises(RuntimeError, match="functions compute at once"):
        tf.compat.v1.disable_eager_execution()
    with pytest.raises(AttributeError, match="no sessions"):
        _ = tf.compat.v1.placeholder
    with pytest.raises(RuntimeError, match="GradientTape"):
        tf.gradients(1.0, [])


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


def test_slices_of_a_variable_are_assigned(tf: Any) -> None:
    v = tf.Variable([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
    v.assign(2 * v)
    v[0, 1].assign(42)
    v[:, 2].assign([0.0, 1.0])
    v[1].assign_add([1.0, 1.0, 1.0])
    v[1, 0].assign_sub(9.0)
    assert v.numpy().tolist() == [[2, 42, 0], [0, 11, 2]]
    v.scatter_nd_update(indices=[[0, 0], [1, 2]], updates=[100.0, 200.0])
    assert v.numpy().tolist() == [[100, 42, 0], [0, 11, 200]]
    assert not hasattr(v[0] + 1, "assign") and not hasattr(tf.constant([1.0])[0], "assign")


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
