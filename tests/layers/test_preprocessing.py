"""Preprocessing layers: what a user relies on beyond the numbers, which the golden cases hold."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

X = np.random.default_rng(0).normal(5.0, 3.0, size=(200, 2)).astype("float32")


def test_normalization_learns_from_batches_what_it_learns_from_all() -> None:
    whole, parts = layers.Normalization(), layers.Normalization()
    whole.adapt(X)
    parts.adapt(X[i : i + 33] for i in range(0, 200, 33))
    np.testing.assert_allclose(whole(X), parts(X), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.asarray(whole(X)).std(0), 1, rtol=1e-4)


def test_normalization_carries_its_statistics_in_its_weights() -> None:
    first, second = layers.Normalization(), layers.Normalization()
    first.adapt(X)
    second.build(X.shape)
    second.set_weights(first.get_weights())
    np.testing.assert_array_equal(first(X), second(X))


def test_normalization_brings_back_what_it_normalized() -> None:
    there, back = layers.Normalization(), layers.Normalization(invert=True)
    there.adapt(X)
    back.adapt(X)
    np.testing.assert_allclose(back(there(X)), X, rtol=1e-5)


def test_a_table_through_a_functional_model() -> None:
    rng = np.random.default_rng(1)
    age, color = rng.uniform(18, 80, (256, 1)), rng.integers(0, 4, (256, 1))
    income = rng.lognormal(10, 1, (256, 1))
    y = ((age > 50) ^ (color == 2)).astype("float32")
    scaled, binned = (
        layers.Normalization(),
        layers.Discretization(num_bins=8, output_mode="one_hot"),
    )
    scaled.adapt(income)
    binned.adapt(age)
    inputs = {
        "age": keras.Input((1,), name="age"),
        "color": keras.Input((1,), name="color", dtype="int64"),
        "income": keras.Input((1,), name="income"),
    }
    x = layers.Concatenate()(
        [
            binned(inputs["age"]),
            layers.CategoryEncoding(4, output_mode="one_hot")(inputs["color"]),
            scaled(inputs["income"]),
        ]
    )
    assert x.shape == (None, 8 + 4 + 1)
    hidden = layers.Dense(32, activation="relu")(x)
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(hidden))
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    data = {"age": age, "color": color, "income": income}
    model.fit(data, y, epochs=40, verbose=0)
    assert model.evaluate(data, y, verbose=0)[1] > 0.9
    again = keras.Model.from_config(model.get_config())
    assert [type(x) for x in again.layers] == [type(x) for x in model.layers]


def test_layers_take_lists() -> None:
    assert np.asarray(layers.Rescaling(2)([1, 2])).tolist() == [2.0, 4.0]
    assert np.asarray(layers.Discretization([1.0])([1.0, 0.0])).tolist() == [1, 0]
    hot = layers.CategoryEncoding(3, output_mode="one_hot")([2, 1])
    assert np.asarray(hot).tolist() == [[0, 0, 1], [0, 1, 0]]


def test_discretization_makes_bins_of_equal_size() -> None:
    layer = layers.Discretization(num_bins=5)
    layer.adapt(X[:, 0])
    sizes = np.bincount(np.asarray(layer(X[:, 0])), minlength=5)
    assert sizes.min() > 30
    assert sizes.max() < 50


def test_a_pipeline_applies_its_layers_in_order() -> None:
    layer = layers.Pipeline([layers.Rescaling(2.0), layers.Discretization([0.0, 10.0])])
    assert np.asarray(layer([-1.0, 4.0, 6.0])).tolist() == [0, 1, 2]
    symbol = layer(keras.Input((3,)))
    assert (symbol.shape, symbol.dtype) == ((None, 3), "int32")
    again = layers.Pipeline.from_config(layer.get_config())
    assert [type(x).__name__ for x in again.layers] == ["Rescaling", "Discretization"]


def test_a_lookup_gives_back_what_it_was_given() -> None:
    words = np.array([["red", "green"], ["blue", "red"]])
    there = layers.StringLookup()
    there.adapt(words)
    back = layers.StringLookup(vocabulary=there.get_vocabulary(), invert=True)
    assert back(there(words)).tolist() == words.tolist()
    assert back(np.array([0, 99])).tolist() == ["[UNK]", "[UNK]"]


def test_bytes_objects_and_lists_are_strings_too() -> None:
    layer = layers.StringLookup(vocabulary=["a", "b"])
    for given in (["b", "q"], np.array([b"b", b"q"]), np.array(["b", "q"], dtype=object)):
        assert np.asarray(layer(given)).tolist() == [2, 0]


def test_adapting_to_batches_is_adapting_to_all() -> None:
    words = np.random.default_rng(0).choice(["a", "b", "c", "d"], (100, 3), p=[0.4, 0.3, 0.2, 0.1])
    whole, parts = (layers.StringLookup(output_mode="tf_idf") for _ in range(2))
    whole.adapt(words)
    parts.adapt(words[i : i + 7] for i in range(0, 100, 7))
    assert whole.get_vocabulary() == parts.get_vocabulary() == ["[UNK]", "a", "b", "c", "d"]
    np.testing.assert_allclose(whole(words), parts(words))


def test_a_vocabulary_from_a_file(tmp_path: Any) -> None:
    (tmp_path / "words.txt").write_text("red\ngreen\n")
    layer = layers.StringLookup(vocabulary=str(tmp_path / "words.txt"))
    assert layer.get_vocabulary() == ["[UNK]", "red", "green"]
    first, second = layers.IntegerLookup(), layers.IntegerLookup()
    first.adapt([5, 5, 900])
    first.save_assets(str(tmp_path))
    second.load_assets(str(tmp_path))
    assert second.get_vocabulary() == [-1, 5, 900]
    assert np.asarray(second([900, 7])).tolist() == [2, 0]


def test_an_integer_lookup_is_trained_with_its_model() -> None:
    codes = np.random.default_rng(0).choice([17, 4000, 12, 99], (200, 1))
    y = (codes == 4000).astype("float32")
    lookup = layers.IntegerLookup()
    lookup.adapt(codes)
    inputs = keras.Input((1,), dtype="int64")
    x = layers.Embedding(lookup.vocabulary_size(), 4)(lookup(inputs))
    model = keras.Model(inputs, layers.Dense(1, activation="sigmoid")(layers.Flatten()(x)))
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    model.fit(codes, y, epochs=20, verbose=0)
    assert model.evaluate(codes, y, verbose=0)[1] == 1


TEXTS = ["good film", "a good one", "bad film", "so bad", "good", "bad"]


def test_texts_as_sequences_and_as_rows() -> None:
    layer = layers.TextVectorization(output_sequence_length=3)
    layer.adapt(TEXTS)
    assert layer.get_vocabulary()[:5] == ["", "[UNK]", "good", "bad", "film"]
    assert np.asarray(layer(["bad, BAD film of old", "good"])).tolist() == [[3, 3, 4], [2, 0, 0]]
    rows = layers.TextVectorization(output_mode="count", vocabulary=["good", "bad"])
    assert np.asarray(rows([["bad bad new"], [""]])).tolist() == [[1, 0, 2], [0, 0, 0]]
    assert np.asarray(rows("good")).tolist() == [0, 1, 0]


def test_a_long_text_with_a_long_word_among_many_short_ones_takes_little_memory() -> None:
    texts = ["a b b " + "x" * 2000 + " a" * 3000, *["a b"] * 500]
    made = {}
    for mode in ("multi_hot", "count", "tf_idf"):
        layer = layers.TextVectorization(output_mode=mode, max_tokens=3)
        layer.adapt(texts)
        tracemalloc.start()
        made[mode] = np.asarray(layer(texts))
        assert tracemalloc.get_traced_memory()[1] < 100e6  # a table of all words takes 12 GB
        tracemalloc.stop()
    assert layer.get_vocabulary() == ["[UNK]", "a", "b"]
    assert made["multi_hot"][:2].tolist() == [[1, 1, 1], [0, 1, 1]]
    assert made["count"][:2].tolist() == [[1, 3001, 2], [0, 1, 1]]
    np.testing.assert_allclose(made["tf_idf"], made["count"] * layer.lookup.idf_weights, rtol=1e-6)


def test_a_bag_of_words_is_learnt() -> None:
    layer = layers.TextVectorization(output_mode="tf_idf", ngrams=2)
    layer.adapt(TEXTS)
    x, y = layer(TEXTS), np.array([1, 1, 0, 0, 1, 0], "float32")
    model = keras.Sequential([layers.Dense(1, activation="sigmoid")])
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    model.fit(x, y, epochs=60, verbose=0)
    assert model.evaluate(x, y, verbose=0)[1] == 1


def test_functions_that_standardize_and_split() -> None:
    layer = layers.TextVectorization(
        standardize=lambda texts: np.char.replace(texts, "-", " "),
        split=lambda texts: [t.split("|") for t in texts],
    )
    layer.adapt(["a-b|c", "c"])
    assert layer.get_vocabulary() == ["", "[UNK]", "c", "a b"]


def test_a_model_of_texts_is_called_at_once() -> None:
    inputs = keras.Input((1,), dtype="string")
    places = layers.TextVectorization(vocabulary=["x", "y"], output_sequence_length=4)(inputs)
    assert (places.shape, places.dtype) == ((None, 4), "int64")
    model = keras.Model(inputs, layers.Embedding(4, 3)(places))
    assert model(np.array([["x y"], ["z"]])).shape == (2, 4, 3)


def test_hashes_are_the_same_everywhere() -> None:
    words = np.array([["red", "green"], ["blue", "red"]])
    found = np.asarray(layers.Hashing(1000)(words))
    assert found[0, 0] == found[1, 1]
    assert np.asarray(layers.Hashing(3)([["A"], ["B"], ["C"], ["D"], ["E"]])).ravel().tolist() == [
        1, 0, 1, 1, 2,
    ]  # fmt: skip
    salted = np.asarray(layers.Hashing(1000, salt=[1, 2])(words))
    assert (salted != found).any()


def test_whole_numbers_are_hashed_as_their_digits() -> None:
    numbers = np.array([0, 7, -12, 10**15])
    as_words = layers.Hashing(1000)(numbers.astype(str))
    np.testing.assert_array_equal(layers.Hashing(1000)(numbers), as_words)


def test_a_mask_has_the_first_bin_to_itself() -> None:
    layer = layers.Hashing(4, mask_value="")
    found = np.asarray(layer(["", *map(str, range(50))]))
    assert found[0] == 0
    assert set(found[1:]) == {1, 2, 3}


def test_crossing_tells_combinations_apart() -> None:
    layer = layers.HashedCrossing(10_000)
    found = np.asarray(layer((["a", "a", "b", "a"], [1, 2, 1, 1])))
    assert found[0] == found[3]
    assert len(set(found.tolist())) == 3


TABLE = {
    "age": np.array([23.0, 51.0, 38.0, 70.0]),
    "city": np.array(["Bern", "Rom", "Bern", "Oslo"]),
    "code": np.array([4, 900, 4, 17]),
}
KINDS = {"age": "float_normalized", "city": "string_categorical", "code": "integer_categorical"}


def test_a_table_becomes_rows_for_a_network() -> None:
    space = keras.utils.FeatureSpace(KINDS, crosses=[("city", "code")], crossing_dim=8)
    space.adapt(TABLE)
    rows = space(TABLE)
    assert rows.shape == (4, 1 + 4 + 4 + 8)
    one = space({k: v[1] for k, v in TABLE.items()})
    np.testing.assert_array_equal(one, rows[1])
    encoded = space.get_encoded_features()
    output = keras.layers.Dense(1)(encoded)
    trained = keras.Model(encoded, output)
    trained.compile("adam", "mse")
    trained.fit(rows, np.ones((4, 1)), verbose=0)
    whole = keras.Model(space.get_inputs(), output)
    raw = {k: v[:, None] for k, v in TABLE.items()}
    np.testing.assert_allclose(whole(raw), trained.predict(rows, verbose=0), rtol=1e-5)


def test_a_space_adapts_to_rows_and_to_batches() -> None:
    whole, rows, parts = (keras.utils.FeatureSpace(KINDS) for _ in range(3))
    whole.adapt(TABLE)
    rows.adapt({k: v[i] for k, v in TABLE.items()} for i in range(4))
    parts.adapt({k: v[i : i + 3] for k, v in TABLE.items()} for i in (0, 3))
    for other in (rows, parts):
        np.testing.assert_allclose(other(TABLE), whole(TABLE), rtol=1e-5, atol=1e-6)


def test_a_spaces_columns_by_themselves() -> None:
    kinds = keras.utils.FeatureSpace
    space = kinds(
        {
            "city": kinds.string_categorical(output_mode="int"),
            "age": kinds.float_discretized(num_bins=2),
            "text": kinds.feature(
                "string", layers.TextVectorization(output_mode="tf_idf"), "float"
            ),
        },
        output_mode="dict",
    )
    data = {**TABLE, "text": np.array(["a b", "b", "c", "a a"])}
    space.adapt(data)
    found = space(data)
    assert {k: x.shape for k, x in found.items()} == {"city": (4, 1), "age": (4, 2), "text": (4, 4)}
    again = kinds.from_config(space.get_config())
    assert list(again.features) == ["city", "age", "text"]
    described = keras.saving.serialize_keras_object(space)
    assert described["module"] == "keras.utils"
    assert isinstance(keras.saving.deserialize_keras_object(described), kinds)


REFUSED: list[tuple[Any, str]] = [
    (lambda: layers.Rescaling("a"), "scale to be a number"),
    (lambda: layers.Normalization(mean=1.0), "mean and variance together"),
    (lambda: layers.Normalization("x"), "axis to be a whole number"),
    (lambda: layers.Normalization(axis=4).adapt(X), "do not have"),
    (lambda: layers.Normalization().build((None, None)), "needs the size of axis"),
    (lambda: layers.Normalization(mean=1.0, variance=1.0).adapt(X), "cannot adapt"),
    (lambda: layers.Normalization(mean=[1, 2, 3], variance=1.0)(X), "does not fit"),
    (lambda: layers.CategoryEncoding(), "expects num_tokens"),
    (lambda: layers.CategoryEncoding(0), "above 0"),
    (lambda: layers.CategoryEncoding(3, "int"), "'one_hot', 'multi_hot', 'count'"),
    (lambda: layers.CategoryEncoding(3, sparse=True), "dense"),
    (lambda: layers.CategoryEncoding(3)([[1, 7]]), "encodes 0 to 2; it got 7"),
    (lambda: layers.CategoryEncoding(3)([[1]], count_weights=[[1.0]]), "'count' only"),
    (lambda: layers.Discretization(), "one of num_bins"),
    (lambda: layers.Discretization([1.0], num_bins=2), "one of num_bins"),
    (lambda: layers.Discretization([2.0, 1.0]), "Sort them"),
    (lambda: layers.Discretization(num_bins=-1), "0 or more"),
    (lambda: layers.Discretization(num_bins=3)([1.0]), "call adapt"),
    (lambda: layers.Discretization([1.0]).adapt([1.0]), "cannot adapt"),
    (lambda: layers.Discretization([1.0], output_mode="x"), "output_mode"),
    (lambda: layers.Pipeline("x"), "list of layers"),
    (lambda: layers.StringLookup(max_tokens=1), "max_tokens"),
    (lambda: layers.StringLookup(num_oov_indices=-1), "num_oov_indices"),
    (lambda: layers.StringLookup(output_mode="x"), "output_mode"),
    (lambda: layers.StringLookup(output_mode="count", invert=True), "invert"),
    (lambda: layers.StringLookup(output_mode="count", sparse=True), "dense"),
    (lambda: layers.StringLookup(vocabulary=["a"], idf_weights=[1.0]), "'tf_idf' only"),
    (lambda: layers.StringLookup(vocabulary=["a"], output_mode="tf_idf"), "needs idf_weights"),
    (lambda: layers.StringLookup(vocabulary=["a", "a"]), "'a' comes more often"),
    (lambda: layers.StringLookup(vocabulary=["a", ""], mask_token=""), "mask token"),
    (lambda: layers.StringLookup(vocabulary=[]), "empty vocabulary"),
    (lambda: layers.StringLookup(vocabulary=["a", "b"], max_tokens=2), "takes 2 tokens"),
    (lambda: layers.StringLookup()(["a"]), "no vocabulary yet"),
    (lambda: layers.StringLookup(vocabulary=["a"])([1]), "takes strings"),
    (lambda: layers.StringLookup(vocabulary=["a"], num_oov_indices=0)(["b"]), "it got .*b"),
    (lambda: layers.StringLookup(vocabulary=["a"]).adapt(["a"]), "cannot adapt"),
    (lambda: layers.StringLookup(pad_to_max_tokens=True), "needs max_tokens"),
    (lambda: layers.StringLookup(salt=[1, 2, 3]), "salt"),
    (lambda: layers.StringLookup().adapt(np.array(["a", None], dtype=object)), "Fill missing"),
    (lambda: layers.IntegerLookup(vocabulary_dtype="int32"), "vocabulary_dtype"),
    (lambda: keras.utils.FeatureSpace({}), "at least one"),
    (lambda: keras.utils.FeatureSpace({"a": "x"}), "Its kinds are"),
    (lambda: keras.utils.FeatureSpace({"a": "float"}, output_mode="x"), "'concat' or 'dict'"),
    (lambda: keras.utils.FeatureSpace({"a": "float"}, crosses=[("a", "b")]), "'b'"),
    (lambda: keras.utils.FeatureSpace(KINDS)(TABLE), "call adapt"),
    (lambda: keras.utils.FeatureSpace(KINDS).adapt({"age": [1.0]}), "no data for .*'city'"),
    (lambda: keras.utils.FeatureSpace({"a": "float"})({"b": [1.0]}), "no data for .*'a'"),
    (lambda: keras.utils.FeatureSpace({"a": "float"})([1.0]), "dict of columns"),
    (lambda: keras.utils.FeatureSpace.integer_categorical(output_mode="count"), "output_mode"),
    (
        lambda: keras.utils.FeatureSpace(
            {"a": keras.utils.FeatureSpace.string_hashed(3, output_mode="int")}
        )({"a": ["x"]}),
        "output_mode='dict'",
    ),
    (lambda: layers.Hashing(0), "num_bins"),
    (lambda: layers.Hashing(3, salt="a"), "salt"),
    (lambda: layers.Hashing(3, output_mode="tf_idf"), "output_mode"),
    (lambda: layers.Hashing(3, dtype="float32"), "whole numbers"),
    (lambda: layers.Hashing(3, sparse=True), "dense"),
    (lambda: layers.Hashing(3, mask_value=1)(["a"]), "not of the kind"),
    (lambda: layers.HashedCrossing(3)([["a"]]), "two or more"),
    (lambda: layers.HashedCrossing(3)((["a"], [1, 2])), "one shape"),
    (lambda: layers.HashedCrossing(3)(([[1, 2]], [[1, 2]])), "one shape"),
    (lambda: layers.HashedCrossing(3)(([1.5], ["a"])), "Discretization"),
    (lambda: layers.HashedCrossing(3, output_mode="count"), "output_mode"),
    (lambda: layers.TextVectorization(max_tokens=0), "max_tokens"),
    (lambda: layers.TextVectorization(standardize="x"), "standardize to be one of"),
    (lambda: layers.TextVectorization(split="x"), "split to be one of"),
    (lambda: layers.TextVectorization(ngrams="x"), "ngrams"),
    (lambda: layers.TextVectorization(output_mode="one_hot"), "output_mode"),
    (
        lambda: layers.TextVectorization(output_mode="count", output_sequence_length=3),
        "output_sequence_length",
    ),
    (lambda: layers.TextVectorization(ragged=True), "rectangular"),
    (lambda: layers.TextVectorization()(["a"]), "no vocabulary yet"),
    (lambda: layers.TextVectorization(vocabulary=["a"])([1]), "takes strings"),
    (lambda: layers.TextVectorization(vocabulary=["a"])([["a", "b"]]), r"\(texts, 1\)"),
    (lambda: layers.TextVectorization(vocabulary=["a"]).adapt(["a"]), "cannot adapt"),
    (lambda: layers.IntegerLookup(vocabulary=["a"]), "StringLookup takes"),
    (lambda: layers.IntegerLookup(oov_method="x"), "oov_method"),
    (lambda: layers.IntegerLookup(salt=3), "farmhash"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[m for _, m in REFUSED])
def test_what_is_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
