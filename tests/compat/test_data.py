"""`tf.data.Dataset` gives the elements that TensorFlow's gives, and `fit` and its like take it."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("installed")


@pytest.fixture
def tf(installed: None) -> Any:
    import tensorflow

    return tensorflow


def listed(dataset: Any) -> Any:
    """Return the elements as nested lists."""

    def plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(plain(v) for v in value)
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        if hasattr(value, "as_numpy_iterator"):
            return listed(value)
        return value if isinstance(value, (bytes, list)) else np.asarray(value).tolist()

    return [plain(element) for element in dataset.as_numpy_iterator()]


def numbers(tf: Any, n: int = 5) -> Any:
    return tf.data.Dataset.range(n)


def slices(tf: Any, value: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices(value)


CASES = [
    # (dataset, the elements that TensorFlow 2.21 gives)
    (lambda tf: slices(tf, [1, 2, 3]), [1, 2, 3]),
    (lambda tf: slices(tf, ([[1, 2], [3, 4]], [0, 1])), [([1, 2], 0), ([3, 4], 1)]),
    (lambda tf: slices(tf, ({"b": [1, 2], "a": [3, 4]}, [5, 6])), [({"a": 3, "b": 1}, 5), ({"a": 4, "b": 2}, 6)]),
    (lambda tf: slices(tf, ["x", "yz"]), [b"x", b"yz"]),
    (lambda tf: tf.data.Dataset.from_tensors(([1, 2], 3)), [([1, 2], 3)]),
    (lambda tf: tf.data.Dataset.range(2, 9, 3), [2, 5, 8]),
    (lambda tf: tf.data.Dataset.range(3, 0, -1), [3, 2, 1]),
    (lambda tf: numbers(tf).batch(2), [[0, 1], [2, 3], [4]]),
    (lambda tf: numbers(tf).batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
    (lambda tf: numbers(tf).batch(2).batch(2, drop_remainder=True), [[[0, 1], [2, 3]]]),
    (lambda tf: numbers(tf).batch(2).unbatch(), [0, 1, 2, 3, 4]),
    (lambda tf: numbers(tf).batch(2).unbatch().batch(3), [[0, 1, 2], [3, 4]]),
    (lambda tf: numbers(tf).batch(4).rebatch(3), [[0, 1, 2], [3, 4]]),
    (lambda tf: numbers(tf, 2).repeat(2), [0, 1, 0, 1]),
    (lambda tf: numbers(tf, 2).repeat().take(5), [0, 1, 0, 1, 0]),
    (lambda tf: numbers(tf, 3).repeat().batch(2).take(2), [[0, 1], [2, 0]]),
    (lambda tf: numbers(tf).take(2), [0, 1]),
    (lambda tf: numbers(tf).take(-1), [0, 1, 2, 3, 4]),
    (lambda tf: numbers(tf).skip(3), [3, 4]),
    (lambda tf: numbers(tf).skip(9), []),
    (lambda tf: numbers(tf).skip(1).take(3).batch(2), [[1, 2], [3]]),
    (lambda tf: numbers(tf).batch(2).skip(1), [[2, 3], [4]]),
    (lambda tf: numbers(tf).shard(2, 1), [1, 3]),
    (lambda tf: numbers(tf).batch(2).shard(2, 0), [[0, 1], [4]]),
    (lambda tf: numbers(tf, 3).concatenate(numbers(tf, 2)).batch(4), [[0, 1, 2, 0], [1]]),
    (lambda tf: numbers(tf, 2).enumerate(start=5), [(5, 0), (6, 1)]),
    (lambda tf: numbers(tf, 3).batch(2).enumerate(), [(0, [0, 1]), (1, [2])]),
    (lambda tf: numbers(tf, 2).cache().repeat(2), [0, 1, 0, 1]),
    (lambda tf: numbers(tf, 3).prefetch(tf.data.AUTOTUNE), [0, 1, 2]),
    (lambda tf: tf.data.Dataset.zip((numbers(tf, 3), numbers(tf, 9))).batch(2), [([0, 1], [0, 1]), ([2], [2])]),
    (lambda tf: tf.data.Dataset.zip(numbers(tf, 2), numbers(tf, 2).map(lambda x: x * 2)), [(0, 0), (1, 2)]),
    (lambda tf: tf.data.Dataset.zip({"a": numbers(tf, 1), "b": numbers(tf, 2)}), [{"a": 0, "b": 0}]),
    (lambda tf: numbers(tf, 3).map(lambda x: x * x, num_parallel_calls=tf.data.AUTOTUNE), [0, 1, 4]),
    (lambda tf: slices(tf, ([1, 2], [3, 4])).map(lambda x, y: {"s": x + y}), [{"s": 4}, {"s": 6}]),
    (lambda tf: slices(tf, {"a": [1, 2]}).map(lambda row: row["a"] + 1), [2, 3]),
    (lambda tf: slices(tf, [1, 2]).map(lambda x: (x, [x, x])), [(1, [1, 1]), (2, [2, 2])]),
    (lambda tf: numbers(tf, 3).map(lambda x: tf.cast(x, tf.float32) / 2.0), [0, 0.5, 1]),
    (lambda tf: numbers(tf).filter(lambda x: x % 2 == 0).batch(2), [[0, 2], [4]]),
    (lambda tf: slices(tf, ([1, 2], [0, 1])).filter(lambda x, y: tf.equal(y, 1)), [(2, 1)]),
    (lambda tf: numbers(tf).take_while(lambda x: x < 2), [0, 1]),
    (lambda tf: numbers(tf, 3).flat_map(lambda x: tf.data.Dataset.range(x + 1)), [0, 0, 1, 0, 1, 2]),
    (
        lambda tf: tf.data.Dataset.range(1, 6).interleave(
            lambda x: tf.data.Dataset.from_tensors(x).repeat(6), cycle_length=2, block_length=4
        ),
        [1, 1, 1, 1, 2, 2, 2, 2, 1, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 3, 3, 4, 4, 5, 5, 5, 5, 5, 5],
    ),
    (
        lambda tf: slices(tf, [3, 1, 4, 2]).interleave(lambda x: tf.data.Dataset.range(10 * tf.cast(x, tf.int64), 10 * tf.cast(x, tf.int64) + tf.cast(x, tf.int64)), cycle_length=3, block_length=1),
        [30, 10, 40, 31, 41, 32, 20, 42, 21, 43],
    ),
    (lambda tf: numbers(tf, 7).window(3).flat_map(lambda w: w.batch(9)), [[0, 1, 2], [3, 4, 5], [6]]),
    (lambda tf: numbers(tf, 7).window(3, shift=1, stride=2, drop_remainder=True).flat_map(lambda w: w.batch(9)), [[0, 2, 4], [1, 3, 5], [2, 4, 6]]),
    (lambda tf: numbers(tf, 7).window(2, shift=4).flat_map(lambda w: w.batch(9)), [[0, 1], [4, 5]]),
    (lambda tf: numbers(tf, 5).window(3, shift=1).flat_map(lambda w: w.batch(9)), [[0, 1, 2], [1, 2, 3], [2, 3, 4], [3, 4], [4]]),
    (
        lambda tf: numbers(tf, 6).window(4, shift=1, drop_remainder=True).flat_map(lambda w: w.batch(4)).map(lambda w: (w[:-1], w[-1])),
        [([0, 1, 2], 3), ([1, 2, 3], 4), ([2, 3, 4], 5)],
    ),
    (
        lambda tf: numbers(tf, 4).map(lambda x: tf.fill([tf.cast(x, tf.int32)], x)).padded_batch(2),
        [[[0], [1]], [[2, 2, 0], [3, 3, 3]]],
    ),
    (
        lambda tf: numbers(tf, 3).map(lambda x: tf.fill([tf.cast(x, tf.int32)], x)).padded_batch(3, padded_shapes=[4], padding_values=np.int64(-1)),
        [[[-1, -1, -1, -1], [1, -1, -1, -1], [2, 2, -1, -1]]],
    ),
    (
        lambda tf: tf.data.Dataset.from_generator(lambda: iter([([1, 2], 1), ([3], 0)]), output_signature=(tf.TensorSpec((None,), tf.float32), tf.TensorSpec((), tf.int32))).padded_batch(2, padded_shapes=([None], [])),
        [([[1, 2], [3, 0]], [1, 0])],
    ),
    (
        lambda tf: tf.data.Dataset.from_generator(lambda n: (i for i in range(n)), output_types=tf.int64, output_shapes=(), args=[3]).batch(2),
        [[0, 1], [2]],
    ),
    (lambda tf: numbers(tf, 5).scan(np.int64(0), lambda s, x: (s + x, s + x)), [0, 1, 3, 6, 10]),
    (lambda tf: slices(tf, [1, 2, 1, 3]).unique(), [1, 2, 3]),
    (lambda tf: numbers(tf, 4).apply(lambda d: d.batch(3)), [[0, 1, 2], [3]]),
    (lambda tf: numbers(tf, 3).batch(2).map(lambda x: x + 1, num_parallel_calls=2).prefetch(1), [[1, 2], [3]]),
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(CASES)))
def test_elements_are_those_of_tensorflow_in_each_pass(tf: Any, number: int) -> None:
    make, expected = CASES[number]
    dataset = make(tf)
    assert listed(dataset) == expected
    assert listed(dataset) == expected
    if int(dataset.cardinality()) >= 0:
        assert len(dataset) == len(expected)


SPECS = [
    # (dataset, what TensorFlow 2.21 says of its elements, and how many there are)
    (lambda tf: slices(tf, ([[1.0, 2.0]], [3])), "(TensorSpec(shape=(2,), dtype=tf.float32, name=None), TensorSpec(shape=(), dtype=tf.int32, name=None))", 1),
    (lambda tf: slices(tf, ["a"]).batch(2), "TensorSpec(shape=(None,), dtype=tf.string, name=None)", 1),
    (lambda tf: numbers(tf).batch(2, drop_remainder=True), "TensorSpec(shape=(2,), dtype=tf.int64, name=None)", 2),
    (lambda tf: numbers(tf).batch(2).map(lambda x: tf.cast(x, tf.float32)), "TensorSpec(shape=(None,), dtype=tf.float32, name=None)", 3),
    (lambda tf: numbers(tf).repeat(), "TensorSpec(shape=(), dtype=tf.int64, name=None)", -1),
    (lambda tf: numbers(tf).repeat().take(7), "TensorSpec(shape=(), dtype=tf.int64, name=None)", 7),
    (lambda tf: numbers(tf).filter(lambda x: x > 1), "TensorSpec(shape=(), dtype=tf.int64, name=None)", -2),
    (lambda tf: numbers(tf).batch(2).shuffle(2).enumerate(), "(TensorSpec(shape=(), dtype=tf.int64, name=None), TensorSpec(shape=(None,), dtype=tf.int64, name=None))", 3),
]  # fmt: skip


@pytest.mark.parametrize(("make", "spec", "count"), SPECS)
def test_specs_and_lengths(tf: Any, make: Any, spec: str, count: int) -> None:
    dataset = make(tf)
    assert repr(dataset.element_spec) == spec
    assert dataset.cardinality() == count == tf.data.experimental.cardinality(dataset)


@pytest.mark.parametrize("size", [1, 3, 10, 100])
@pytest.mark.parametrize("step", [lambda d: d, lambda d: d.map(lambda x: x)])
def test_shuffle_gives_each_element_once_and_none_before_its_time(
    tf: Any, size: int, step: Any
) -> None:
    shuffled = step(tf.data.Dataset.range(50)).shuffle(size, seed=4)
    first, second = listed(shuffled), listed(shuffled)
    assert sorted(first) == sorted(second) == list(range(50))
    assert all(value < place + size for place, value in enumerate(first))
    assert (first == second) == (size == 1)


def test_every_element_may_wait_in_the_buffer(tf: Any) -> None:
    places = [listed(tf.data.Dataset.range(40).shuffle(10, seed=s)).index(0) for s in range(60)]
    # it goes out at each draw with chance 1/10: 9 draws on average, and some wait to the end
    assert 4 < np.mean(places) < 14 and max(places) > 15


def test_shuffle_repeats_with_its_seed_and_with_that_of_tf(tf: Any) -> None:
    def order(**options: Any) -> Any:
        return listed(tf.data.Dataset.range(30).shuffle(30, **options))

    assert order(seed=1) == order(seed=1) != order(seed=2)
    tf.random.set_seed(7)
    first = order(), order()
    tf.random.set_seed(7)
    assert (order(), order()) == first and first[0] != first[1]
    kept = tf.data.Dataset.range(30).shuffle(30, reshuffle_each_iteration=False)
    assert listed(kept) == listed(kept)


def test_turns_are_shuffled_anew(tf: Any) -> None:
    found = listed(tf.data.Dataset.range(20).shuffle(20).repeat(2))
    assert sorted(found[:20]) == sorted(found[20:]) == list(range(20)) and found[:20] != found[20:]


@pytest.mark.parametrize("other", ["concatenate", "unbatch"])
def test_rows_of_several_arrays_are_shuffled_together(tf: Any, other: str) -> None:
    data = tf.data.Dataset.range(6)
    data = data.concatenate(tf.data.Dataset.range(6, 12)) if other == "concatenate" else (
        tf.data.Dataset.range(12).batch(5).unbatch()
    )  # fmt: skip
    found = listed(data.shuffle(4, seed=1).batch(12))[0]
    assert sorted(found) == list(range(12)) and found != list(range(12))


def test_cache_keeps_the_order_that_was_drawn(tf: Any) -> None:
    data = tf.data.Dataset.range(20).shuffle(20).cache()
    assert listed(data) == listed(data)


def test_generators_and_functions_are_called_when_they_are_needed(tf: Any) -> None:
    calls: list[int] = []

    def rows() -> Any:
        for i in itertools.count():
            calls.append(i)
            yield i

    data = tf.data.Dataset.from_generator(rows, output_types=tf.int32).map(lambda x: x + 1)
    assert calls == []
    assert listed(data.take(2)) == [1, 2] and calls == [0, 1]


def test_strings_are_bytes_that_programs_decode(tf: Any) -> None:
    (first, label), *_ = slices(tf, (["später", "b"], [0, 1]))
    assert first.numpy().decode("utf-8") == "später" and int(label.numpy()) == 0
    batch = next(iter(slices(tf, ["a", "b"]).batch(2)))
    assert [b.decode() for b in batch.numpy()] == ["a", "b"]
    assert tf.constant(["a"]).numpy().tolist() == [b"a"]


def test_lines_of_files(tf: Any, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"one\r\ntwo\n")
    (tmp_path / "b.txt").write_bytes(b"three")
    (tmp_path / "c.gz").write_bytes(gzip.compress(b"four\n"))
    names = tf.data.Dataset.list_files(str(tmp_path / "*.txt"), shuffle=False)
    assert listed(names) == [str(tmp_path / n).encode() for n in ("a.txt", "b.txt")]
    assert listed(tf.data.TextLineDataset(names)) == [b"one", b"two", b"three"]
    assert listed(names.interleave(tf.data.TextLineDataset, cycle_length=2)) == [
        b"one",
        b"three",
        b"two",
    ]
    packed = tf.data.TextLineDataset(str(tmp_path / "c.gz"), compression_type="GZIP")
    assert listed(packed.map(lambda line: line + b"!")) == [b"four!"]
    with pytest.raises(FileNotFoundError, match="no file that matches"):
        tf.data.Dataset.list_files(str(tmp_path / "*.csv"))


def test_reduce_and_a_single_element(tf: Any) -> None:
    assert numbers(tf).reduce(np.int64(0), lambda total, x: total + x) == 10
    total, count = slices(tf, [2.0, 4.0]).reduce((0.0, 0), lambda s, x: (s[0] + x, s[1] + 1))
    assert (total, count) == (6, 2)
    assert numbers(tf, 3).batch(3).get_single_element().tolist() == [0, 1, 2]
    with pytest.raises(ValueError, match="expects one element"):
        numbers(tf, 3).get_single_element()


def test_samples_of_several_datasets(tf: Any) -> None:
    both = tf.data.Dataset.sample_from_datasets(
        [numbers(tf, 3), numbers(tf, 9).skip(5)], [0.5, 0.5], seed=1
    )
    assert sorted(listed(both)) == [0, 1, 2, 5, 6, 7, 8]


def test_iterators_answer_get_next(tf: Any) -> None:
    iterator = iter(numbers(tf, 2))
    assert (int(iterator.get_next()), int(next(iterator))) == (0, 1)
    with pytest.raises(StopIteration):
        next(iterator)


# --- training ---------------------------------------------------------------------------------

X = np.arange(10, dtype="float32")[:, None]
Y = 2 * X


def network() -> Any:
    import keras

    model = keras.Sequential([keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    model.compile(keras.optimizers.SGD(0.001), "mse")
    return model


ROWS = [
    lambda d: d.batch(4),
    lambda d: d.batch(4, drop_remainder=True),
    lambda d: d.shuffle(10, seed=3).batch(4, drop_remainder=True),
    lambda d: d.shuffle(3, seed=3).batch(4),
    lambda d: d.take(5).batch(2),
    lambda d: d.shuffle(10, seed=3).skip(3).batch(2),
    lambda d: d.repeat(2).shuffle(3, seed=1).batch(3),
    lambda d: d.shuffle(10, seed=3).batch(4).cache(),
    lambda d: d.cache().shuffle(10, seed=3).batch(4).prefetch(1),
]


@pytest.mark.parametrize("steps", ROWS)
@pytest.mark.parametrize("sort", ["slices", "zip"])
def test_rows_taken_from_the_arrays_are_the_batches_of_the_dataset(
    tf: Any, steps: Any, sort: str
) -> None:
    def made() -> Any:
        if sort == "zip":
            return steps(tf.data.Dataset.zip((slices(tf, X), slices(tf, Y))))
        return steps(slices(tf, (X, Y)))

    by_rows, by_batches = network(), network()
    first = by_rows.fit(made(), epochs=3, verbose=0).history["loss"]
    second = by_batches.fit(made().map(lambda x, y: (x, y)), epochs=3, verbose=0).history["loss"]
    np.testing.assert_allclose(first, second, rtol=1e-6)
    np.testing.assert_array_equal(by_rows.get_weights()[0], by_batches.get_weights()[0])


def test_fit_evaluate_and_predict_take_datasets(tf: Any) -> None:
    model, data = network(), slices(tf, (X, Y)).batch(4)
    history = model.fit(data, validation_data=data, epochs=2, verbose=0).history
    assert len(history["val_loss"]) == 2
    assert model.evaluate(data, verbose=0) == pytest.approx(
        model.evaluate(X, Y, batch_size=4, verbose=0)
    )
    np.testing.assert_array_equal(model.predict(data, verbose=0), model.predict(X, verbose=0))
    np.testing.assert_array_equal(
        model.predict(slices(tf, X).batch(3), verbose=0), model.predict(X, verbose=0)
    )


def test_shuffled_rows_are_predicted_in_the_order_drawn(tf: Any) -> None:
    data = slices(tf, X).shuffle(10, seed=1).batch(4)
    expected = [row for batch in slices(tf, X).shuffle(10, seed=1).batch(4) for row in batch[:, 0]]
    model = network()
    model.build((None, 1))
    found = model.predict(data, verbose=0)[:, 0] / model.get_weights()[0][0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_infinite_datasets_need_steps(tf: Any) -> None:
    data = slices(tf, (X, Y)).repeat().shuffle(5).batch(4)
    assert len(network().fit(data, steps_per_epoch=3, epochs=2, verbose=0).history["loss"]) == 2


def test_weights_and_classes(tf: Any) -> None:
    y = (X > 4).astype("float32")
    weights = np.where(y[:, 0] > 0, 3.0, 1.0).astype("float32")
    three = network()
    three.fit(slices(tf, (X, y, weights)).batch(5), epochs=2, verbose=0)
    classes = network()
    classes.fit(slices(tf, (X, y)).batch(5), class_weight={0: 1.0, 1: 3.0}, epochs=2, verbose=0)
    np.testing.assert_allclose(three.get_weights()[0], classes.get_weights()[0], rtol=1e-6)


def test_inputs_by_name(tf: Any) -> None:
    import keras

    a, b = keras.Input((1,), name="a"), keras.Input((1,), name="b")
    model = keras.Model({"a": a, "b": b}, keras.layers.Dense(1)(keras.layers.Add()([a, b])))
    model.compile("sgd", "mse")
    data = slices(tf, ({"a": X, "b": X}, Y)).shuffle(10).batch(4)
    assert np.isfinite(model.fit(data, verbose=0).history["loss"][0])


@pytest.mark.parametrize("batched", [True, False])
def test_layers_adapt_to_datasets(tf: Any, batched: bool) -> None:
    import keras

    text = slices(tf, ["a b", "b c"])
    vectorization = keras.layers.TextVectorization()
    vectorization.adapt(text.batch(2) if batched else text)
    assert sorted(vectorization.get_vocabulary()) == ["", "[UNK]", "a", "b", "c"]
    assert listed(text.batch(2).map(vectorization))[0][0][1] == vectorization(["b"])[0, 0]
    normalization = keras.layers.Normalization()
    normalization.adapt(slices(tf, (X, Y)).batch(5).map(lambda x, y: x))
    np.testing.assert_allclose(np.ravel(normalization.mean), [4.5], rtol=1e-6)


def test_own_training_loops_go_through_datasets(tf: Any) -> None:
    model = network()
    model.build((None, 1))
    optimizer, losses = tf.keras.optimizers.SGD(0.001), []
    data = slices(tf, (X, Y)).shuffle(10).batch(5)
    for _ in range(3):
        for x, y in data:
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(y - model(x, training=True)))
            gradients = tape.gradient(loss, model.trainable_variables)
            optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
            losses.append(float(loss))
    assert losses[-1] < losses[0]


# --- what cannot be ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (lambda tf: slices(tf, ([1, 2], [1])), ValueError, "equally many rows"),
        (lambda tf: slices(tf, 3), ValueError, "from_tensors takes it whole"),
        (lambda tf: numbers(tf).batch(0), ValueError, "batch_size of 1 or more"),
        (lambda tf: numbers(tf).shuffle(0), ValueError, "buffer_size of 1 or more"),
        (lambda tf: numbers(tf).shard(2, 2), ValueError, "index from 0 up to"),
        (lambda tf: len(numbers(tf).repeat()), TypeError, "infinite"),
        (lambda tf: tf.data.Dataset.from_generator([1]), TypeError, "returns a generator"),
        (lambda tf: tf.data.Dataset.zip((1, 2)), TypeError, "zip expects datasets"),
        (lambda tf: listed(numbers(tf).flat_map(lambda x: x)), TypeError, "returns a Dataset"),
        (lambda tf: listed(numbers(tf).map(lambda x: None)), ValueError, "holds None"),
        (lambda tf: listed(numbers(tf).map(lambda x: tf.zeros([int(x)])).batch(2)), ValueError, "padded_batch"),
        (lambda tf: numbers(tf).make_one_shot_iterator(), AttributeError, "for element in dataset"),
        (lambda tf: numbers(tf).group_by_window, AttributeError, "It has: apply, "),
        (
            lambda tf: listed(tf.data.Dataset.from_generator(lambda: [[1, 2]], output_signature=tf.TensorSpec((3,), tf.int32))),
            ValueError,
            "announced is (3,)",
        ),
    ],
)  # fmt: skip
def test_mistakes_are_named(tf: Any, call: Any, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind) as error:
        call(tf)
    assert message in str(error.value)


def test_fit_says_what_an_unbatched_dataset_lacks(tf: Any) -> None:
    with pytest.raises(ValueError):
        network().fit(tf.data.Dataset.range(0).batch(2), verbose=0)
