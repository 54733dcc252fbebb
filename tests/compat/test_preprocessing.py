"""`keras.preprocessing` of old: texts, sequences and pictures come out as Keras made them."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("installed")

TEXTS = ["The cat sat on the mat.", "The dog, the log!", "a dog a day"]


# --- texts ------------------------------------------------------------------------------------


def tokenizer(**options: Any) -> Any:
    from keras.preprocessing.text import Tokenizer

    made = Tokenizer(**options)
    made.fit_on_texts(TEXTS)
    made.fit_on_texts(["dog bone"])
    return made


@pytest.mark.parametrize(
    ("options", "sequences", "texts"),
    [
        # as Keras 3.15's keras.src.legacy.preprocessing.text gives them
        ({}, [[1, 2], [], [4, 7]], ["the dog", "", "cat mat"]),
        ({"num_words": 4}, [[1, 2], [], []], ["the dog", "", ""]),
        ({"oov_token": "?", "num_words": 5}, [[2, 3, 1], [1], [1, 1]], ["the dog ?", "?", "? ?"]),
        ({"lower": False}, [[3, 1], [], [5]], ["the dog", "", "cat"]),
    ],
)
def test_words_have_numbers_by_frequency(options: Any, sequences: Any, texts: Any) -> None:
    made = tokenizer(**options)
    found = made.texts_to_sequences(["the dog flies", "zzz", ["cat", "Mat"]])
    assert found == sequences
    assert made.sequences_to_texts(found) == texts


def test_what_a_tokenizer_has_learned() -> None:
    made = tokenizer()
    assert made.word_index == dict(
        zip("the dog a cat sat on mat log day bone".split(), range(1, 11), strict=True)
    )
    assert made.index_word[2] == "dog" and made.document_count == 4
    assert made.word_counts["the"] == 4 and made.word_docs["the"] == made.index_docs[1] == 2


def test_tokens_may_be_characters() -> None:
    made = tokenizer(char_level=True, num_words=4)
    assert list(made.word_index)[:4] == [" ", "t", "a", "o"]
    assert made.texts_to_sequences(["the a"]) == [[2, 1, 3]]


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("binary", [0, 1, 1, 0]),
        ("count", [0, 2, 1, 0]),
        ("freq", [0, 2 / 3, 1 / 3, 0]),
        ("tfidf", [0, 1.4346, 0.693147, 0]),
    ],
)
def test_matrix_of_texts(mode: str, expected: list[float]) -> None:
    found = tokenizer(num_words=4).texts_to_matrix(["the dog the"], mode=mode)
    np.testing.assert_allclose(found, [expected], rtol=1e-4)


def test_numbers_alone_can_be_fitted() -> None:
    from keras.preprocessing.text import Tokenizer

    made = Tokenizer(num_words=5)
    made.fit_on_sequences([[1, 2], [2, 3]])
    found = made.sequences_to_matrix([[1, 2, 2]], "tfidf")
    np.testing.assert_allclose(found, [[0, 0.6931471805599453, 0.8649029646371624, 0, 0]])


def test_tokenizers_go_through_json() -> None:
    from keras.preprocessing.text import tokenizer_from_json

    made = tokenizer(oov_token="?", num_words=6)
    again = tokenizer_from_json(made.to_json())
    assert again.texts_to_sequences(TEXTS) == made.texts_to_sequences(TEXTS)
    assert again.get_config() == made.get_config()
    np.testing.assert_array_equal(
        again.texts_to_matrix(TEXTS, "tfidf"), made.texts_to_matrix(TEXTS, "tfidf")
    )


def test_hashes_of_words() -> None:
    from keras.preprocessing.text import hashing_trick, one_hot, text_to_word_sequence

    assert text_to_word_sequence("A b,C!  d") == ["a", "b", "c", "d"]
    assert hashing_trick("The cat, the dog", 20, "md5") == [17, 4, 17, 17]
    found = one_hot("well done well", 50)
    assert found[0] == found[2] and all(1 <= n < 50 for n in found)


def test_a_tokenizer_says_what_it_lacks() -> None:
    from keras.preprocessing.text import Tokenizer

    with pytest.raises(ValueError, match="fit_on_texts first"):
        Tokenizer().texts_to_matrix(["a"])
    with pytest.raises(ValueError, match="mode must be one of"):
        tokenizer().texts_to_matrix(["a"], mode="other")
    with pytest.raises(TypeError, match="unknown"):
        Tokenizer(words=3)


# --- sequences --------------------------------------------------------------------------------


def test_windows_of_a_series() -> None:
    from keras.preprocessing.sequence import TimeseriesGenerator, timeseries_generator_from_json

    made = TimeseriesGenerator(np.arange(20), np.arange(20) * 10, length=3, batch_size=8)
    assert len(made) == 3
    x, y = made[2]
    assert x.tolist() == [[16, 17, 18]] and y.tolist() == [190]
    options = {"length": 4, "sampling_rate": 2, "stride": 3, "batch_size": 2, "reverse": True}
    sparse = TimeseriesGenerator(np.arange(40).reshape(20, 2), np.arange(20), **options)
    x, y = sparse[0]
    assert x.tolist() == [[[4, 5], [0, 1]], [[10, 11], [6, 7]]] and y.tolist() == [4, 7]
    again = timeseries_generator_from_json(sparse.to_json())
    assert again[2][0].tolist() == sparse[2][0].tolist() and len(again) == len(sparse) == 3
    with pytest.raises(ValueError, match="There is no window"):
        TimeseriesGenerator(np.arange(3), np.arange(3), length=3)
    with pytest.raises(ValueError, match="equally long"):
        TimeseriesGenerator(np.arange(3), np.arange(4), length=1)


def test_networks_learn_from_windows() -> None:
    import keras
    from keras.preprocessing.sequence import TimeseriesGenerator

    series = np.sin(np.arange(60) / 5).astype("float32")
    batches = TimeseriesGenerator(series, series, length=4, batch_size=16)
    model = keras.models.Sequential([keras.layers.Dense(1, input_shape=(4,))])
    model.compile("adam", "mse")
    losses = model.fit_generator(batches, epochs=8, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_pairs_of_words() -> None:
    from keras.preprocessing.sequence import make_sampling_table, skipgrams

    np.testing.assert_allclose(
        make_sampling_table(4), [0.00315225, 0.00315225, 0.00547597, 0.00741556], rtol=1e-5
    )
    random.seed(3)
    options = {"window_size": 1, "negative_samples": 0.5, "categorical": True, "shuffle": False}
    found = skipgrams([1, 2, 0, 3, 4, 5], 9, sampling_table=np.full(9, 0.6), **options)
    assert found == ([[1, 2], [2, 1], [3, 4], [2, 8]], [[0, 1], [0, 1], [0, 1], [1, 0]])
    couples, labels = skipgrams([1, 2, 3], 9, negative_samples=0, seed=1)
    assert sorted(couples) == [[1, 2], [1, 3], [2, 1], [2, 3], [3, 1], [3, 2]] and set(labels) == {
        1
    }


def test_mixing_keeps_pairs_and_labels_together() -> None:
    from keras.preprocessing.sequence import skipgrams

    couples, labels = skipgrams([1, 2, 3, 4], 1000, window_size=1, seed=2)
    near = {(a, b) for a, b in itertools.product(range(1, 5), repeat=2) if abs(a - b) == 1}
    assert all(tuple(pair) in near for pair, label in zip(couples, labels, strict=True) if label)
    assert labels != sorted(labels, reverse=True)


# --- pictures ---------------------------------------------------------------------------------

PICTURES = np.arange(24, dtype="float32").reshape(2, 3, 4, 1) * 10


def generator(**options: Any) -> Any:
    from keras.preprocessing.image import ImageDataGenerator

    return ImageDataGenerator(**options)


CHANGES = [
    # (options, the first picture of flow(PICTURES, batch_size=1, seed=3) in Keras 3.15)
    ({"rotation_range": 40}, [[153.024, 131.997, 129.795, 138.052], [186.052, 170.666, 156.357, 143.693], [204.564, 209.334, 195.026, 180.718]]),
    ({"width_shift_range": 0.3, "height_shift_range": 2, "fill_mode": "wrap"}, [[152.635, 162.635, 172.635, 182.635], [192.635, 202.635, 212.635, 222.635], [152.635, 162.635, 172.635, 182.635]]),
    ({"zoom_range": 0.4, "shear_range": 20, "fill_mode": "constant", "cval": 9.0}, [[9, 146.954, 159.673, 9], [9, 175.651, 188.371, 9], [9, 204.349, 217.068, 9]]),
    ({"fill_mode": "reflect", "width_shift_range": [3], "interpolation_order": 0}, [[200, 210, 220, 230], [160, 170, 180, 190], [120, 130, 140, 150]]),
    ({"horizontal_flip": True, "vertical_flip": True, "channel_shift_range": 50.0}, [[120, 120, 120, 120], [152.133, 142.133, 132.133, 122.133], [192.133, 182.133, 172.133, 162.133]]),
    ({"brightness_range": (0.3, 1.7)}, [[56, 61, 65, 70], [75, 79, 84, 89], [93, 98, 103, 108]]),
    ({"samplewise_center": True, "samplewise_std_normalization": True, "rescale": 0.1}, [[-1.593, -1.304, -1.014, -0.724], [-0.435, -0.145, 0.145, 0.435], [0.724, 1.014, 1.304, 1.593]]),
    ({"featurewise_center": True, "featurewise_std_normalization": True}, [[0.072, 0.217, 0.361, 0.506], [0.65, 0.795, 0.939, 1.083], [1.228, 1.372, 1.517, 1.661]]),
    ({"zca_whitening": True}, [[-0.171, -0.088, -0.004, 0.08], [0.163, 0.247, 0.33, 0.414], [0.498, 0.581, 0.665, 0.749]]),
]  # fmt: skip


@pytest.mark.parametrize(("options", "expected"), CHANGES)
def test_pictures_are_changed_as_keras_does(options: Any, expected: Any) -> None:
    made = generator(**options)
    made.fit(PICTURES)
    found = next(made.flow(PICTURES, batch_size=1, seed=3))
    np.testing.assert_allclose(found[0, ..., 0], expected, atol=2e-3)


@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "reflect", "wrap"])
@pytest.mark.parametrize("order", [0, 1])
def test_places_outside_are_filled_as_scipy_does(fill_mode: str, order: int) -> None:
    ndimage = pytest.importorskip("scipy.ndimage")
    from annette.compat.preprocessing.images.affine import affine

    rng = np.random.default_rng(0)
    x = rng.uniform(size=(6, 5, 2))
    for _ in range(20):
        matrix = np.eye(3)
        matrix[:2] = rng.uniform(-2, 2, (2, 3)) * (1, 1, 8)
        found = affine(x, matrix, fill_mode, 0.5, order)
        for c in range(2):
            expected = ndimage.affine_transform(
                x[..., c], matrix[:2, :2], matrix[:2, 2], order=order, mode=fill_mode, cval=0.5
            )
            np.testing.assert_allclose(found[..., c], expected, atol=1e-7)


def test_a_change_that_is_given_is_applied() -> None:
    made = generator()
    flipped = made.apply_transform(PICTURES[0], {"flip_horizontal": True})
    np.testing.assert_array_equal(flipped, PICTURES[0][:, ::-1])
    first = generator(data_format="channels_first").apply_transform(
        np.moveaxis(PICTURES[0], -1, 0), {"theta": 30, "zx": 1.2, "zy": 0.8}
    )
    last = made.apply_transform(PICTURES[0], {"theta": 30, "zx": 1.2, "zy": 0.8})
    np.testing.assert_allclose(np.moveaxis(first, 0, -1), last)


def test_an_iterator_gives_each_row_once_a_turn_and_goes_on() -> None:
    x, y = np.zeros((5, 2, 2, 1)), np.arange(5)
    batches = generator().flow(x, y, batch_size=2)
    assert len(batches) == 3
    for _ in range(2):
        turn = [next(batches)[1] for _ in range(3)]
        assert [len(t) for t in turn] == [2, 2, 1] and sorted(np.concatenate(turn)) == list(
            range(5)
        )
    plain = generator().flow(x, y, batch_size=2, shuffle=False, sample_weight=y * 2)
    assert [len(part) for part in plain[0]] == [2, 2, 2] and plain[1][2].tolist() == [4, 6]
    pictures, extra = next(generator().flow((x, y), batch_size=5, shuffle=False))
    assert pictures.shape == x.shape and extra.tolist() == y.tolist()


def test_the_first_rows_are_for_validation() -> None:
    made = generator(validation_split=0.4)
    x, y = np.zeros((5, 2, 2, 1)), np.array([0, 1, 0, 1, 0])
    parts = [
        made.flow(x, y, shuffle=False, subset=s)[0][1].tolist() for s in ("validation", "training")
    ]
    assert parts == [[0, 1], [0, 1, 0]]
    with pytest.raises(ValueError, match="different classes"):
        made.flow(x, np.arange(5), subset="training")


def test_networks_learn_from_changed_pictures() -> None:
    import keras

    rng = np.random.default_rng(1)
    y = rng.integers(0, 2, 64)
    x = rng.uniform(0, 100, (64, 6, 6, 1)) + 100 * y[:, None, None, None]
    model = keras.models.Sequential()
    model.add(keras.layers.Flatten(input_shape=(6, 6, 1)))
    model.add(keras.layers.Dense(1, activation="sigmoid"))
    model.compile(
        loss="binary_crossentropy", optimizer=keras.optimizers.Adam(lr=0.05), metrics=["acc"]
    )
    made = generator(rescale=1 / 255, rotation_range=20, horizontal_flip=True, zoom_range=0.1)
    flow = made.flow(x, y, batch_size=16, seed=1)
    history = model.fit_generator(
        flow, steps_per_epoch=len(x) / 16, epochs=15, validation_data=made.flow(x, y), verbose=0
    )
    assert history.history["acc"][-1] > 0.9 and "val_acc" in history.history


def test_changed_pictures_can_be_kept(tmp_path: Path) -> None:
    pytest.importorskip("PIL")
    next(generator().flow(PICTURES, save_to_dir=str(tmp_path), save_prefix="p", save_format="png"))
    assert len(list(tmp_path.glob("p_*.png"))) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: generator(fill_mode="mirror"), "fill_mode must be one of"),
        (lambda: generator(zoom_range=[1, 2, 3]), "zoom_range must be a number or"),
        (lambda: generator(brightness_range=2), "brightness_range must be"),
        (lambda: generator(validation_split=1.5), "between 0 and 1"),
        (lambda: generator().flow(np.zeros((3, 4))), "pictures \\(n, height"),
        (lambda: generator().flow(PICTURES, [1]), "equally many rows"),
        (lambda: generator().fit(np.zeros(3)), "pictures \\(n, height"),
    ],
)
def test_mistakes_with_pictures_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_what_was_not_fitted_is_said() -> None:
    with pytest.warns(UserWarning, match="fit was not called"):
        next(generator(featurewise_center=True).flow(PICTURES))


# --- scikit-learn -----------------------------------------------------------------------------


def build(units: int = 4, loss: str = "binary_crossentropy", outputs: int = 1) -> Any:
    import keras

    model = keras.models.Sequential()
    model.add(keras.layers.Dense(units, activation="relu", input_dim=2))
    model.add(keras.layers.Dense(outputs, activation="softmax" if outputs > 1 else "sigmoid"))
    model.compile(loss=loss, optimizer=keras.optimizers.Adam(lr=0.05), metrics=["accuracy"])
    return model


X = np.random.default_rng(0).normal(size=(90, 2)).astype("float32")
NAMES = np.where(X[:, 0] > 0, "right", "left")


@pytest.mark.parametrize("options", [{}, {"outputs": 2, "loss": "categorical_crossentropy"}])
def test_classifiers_around_a_build_fn(options: Any) -> None:
    from keras.wrappers.scikit_learn import KerasClassifier

    made = KerasClassifier(build_fn=build, nb_epoch=40, batch_size=10, verbose=0, **options)
    history = made.fit(X, NAMES)
    assert len(history.history["loss"]) == 40
    assert set(made.predict(X).ravel()) == {"left", "right"} and made.score(X, NAMES) > 0.85
    chances = made.predict_proba(X)
    assert chances.shape == (90, 2)
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)


def test_regressors_around_a_build_fn() -> None:
    from tensorflow.keras.wrappers.scikit_learn import KerasRegressor

    made = KerasRegressor(build_fn=lambda: build(loss="mse"), epochs=5, verbose=0)
    y = (X[:, 0] > 0).astype("float32")
    made.fit(X, y)
    assert made.predict(X).shape == (90,) and made.score(X, y) <= 0


def test_their_parameters_are_searched_by_scikit_learn() -> None:
    pytest.importorskip("sklearn")
    from keras.wrappers.scikit_learn import KerasClassifier
    from sklearn.base import clone

    made = KerasClassifier(build_fn=build, epochs=1, verbose=0)
    other = clone(made).set_params(units=7)
    assert other.get_params() == {"build_fn": build, "epochs": 1, "verbose": 0, "units": 7}
    other.fit(X, NAMES)
    assert other.model.layers[0].units == 7
    with pytest.raises(ValueError, match="'unit'"):
        KerasClassifier(build_fn=build, unit=3)


@pytest.mark.parametrize(
    "module",
    [
        "keras.preprocessing.text",
        "tensorflow.keras.preprocessing.text",
        "tensorflow.python.keras.preprocessing.text",
        "keras_preprocessing.text",
    ],
)
def test_one_module_under_all_its_names(module: str) -> None:
    import importlib

    from annette.compat.preprocessing import text

    assert importlib.import_module(module).Tokenizer is text.Tokenizer


def test_scikit_learn_searches_over_the_old_wrappers() -> None:
    selection = pytest.importorskip("sklearn.model_selection")
    from keras.layers import Dense
    from keras.models import Sequential
    from keras.wrappers.scikit_learn import KerasClassifier, KerasRegressor

    def network(optimizer: str = "sgd") -> Any:
        model = Sequential([Dense(4, input_shape=(3,), activation="relu"), Dense(1)])
        model.compile(optimizer, "mse")
        return model

    def classifier() -> Any:
        model = Sequential([Dense(2, input_shape=(3,), activation="softmax")])
        model.compile("sgd", "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    x = np.random.default_rng(0).random((24, 3))
    regressor = KerasRegressor(build_fn=network, epochs=1, verbose=0)
    assert selection.cross_val_score(regressor, x, x.sum(1), cv=3).shape == (3,)
    search = selection.GridSearchCV(regressor, {"optimizer": ["sgd", "adam"]}, cv=2)
    assert search.fit(x, x.sum(1)).best_params_["optimizer"] in ("sgd", "adam")
    scores = selection.cross_val_score(
        KerasClassifier(build_fn=classifier, verbose=0), x, x[:, 0] > 0.5, cv=2
    )
    assert np.all((scores >= 0) & (scores <= 1))
