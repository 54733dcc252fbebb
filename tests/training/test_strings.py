"""Models whose first layers take strings: trained, measured and asked with strings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette as keras
from annette import layers

TEXTS = np.array([["a good film"], ["a bad film"], ["good good"], ["an awful bad one"]] * 8)
LABELS = np.array([1, 0, 1, 0] * 8)


def vectorizer() -> Any:
    layer = layers.TextVectorization(max_tokens=20, output_sequence_length=4)
    layer.adapt(TEXTS[:, 0])
    return layer


def classifier(*first: Any) -> Any:
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            *first,
            layers.Embedding(20, 4),
            layers.GlobalAveragePooling1D(),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model


def of_strings() -> Any:
    return classifier(keras.Input((1,), dtype="string"), vectorizer())


def test_training_on_strings_is_training_on_their_numbers() -> None:
    numbers = np.asarray(vectorizer()(TEXTS))
    one, other = of_strings(), classifier(keras.Input((4,), dtype="int64"))
    histories = []
    for model, x in ((one, TEXTS), (other, numbers)):
        keras.utils.set_random_seed(1)
        fitted = model.fit(x, LABELS, epochs=5, batch_size=8, validation_split=0.25, verbose=0)
        histories.append(fitted.history)
    assert histories[0] == histories[1]
    np.testing.assert_array_equal(one.predict(TEXTS, verbose=0), other.predict(numbers, verbose=0))
    assert one.evaluate(TEXTS, LABELS, verbose=0) == other.evaluate(numbers, LABELS, verbose=0)


def test_predictions_are_those_of_a_call() -> None:
    model = of_strings()
    called = np.asarray(model(TEXTS))
    for x in (TEXTS, TEXTS[:, 0], TEXTS[:, 0].tolist(), TEXTS.tolist(), TEXTS.astype(object)):
        np.testing.assert_allclose(model.predict(x, verbose=0), called, rtol=1e-6)
    np.testing.assert_allclose(model.predict_on_batch(TEXTS), called, rtol=1e-6)


class Batches(keras.utils.PyDataset):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        rows = slice(8 * index, 8 * index + 8)
        return TEXTS[rows], LABELS[rows]


class Halves:
    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Any:
        yield TEXTS[:16], LABELS[:16]
        yield TEXTS[16:], LABELS[16:]


def _generator() -> Any:
    while True:
        yield TEXTS[:8], LABELS[:8]


@pytest.mark.parametrize(
    ("data", "options"),
    [
        (lambda: Batches(), {}),
        (_generator, {"steps_per_epoch": 4}),
        (lambda: Halves(), {}),
    ],
    ids=["PyDataset", "generator", "iterable"],
)
def test_batches_of_strings(data: Any, options: dict[str, Any]) -> None:
    model = of_strings()
    history = model.fit(data(), epochs=20, verbose=0, **options).history
    assert history["accuracy"][-1] == 1.0
    assert model.evaluate(Batches(), verbose=0)[1] == 1.0
    assert model.predict(Batches(), verbose=0).shape == (32, 1)


def test_single_batches_and_validation_of_strings() -> None:
    model = of_strings()
    before = model.test_on_batch(TEXTS, LABELS)[0]
    for _ in range(5):
        model.train_on_batch(TEXTS, LABELS)
    assert model.test_on_batch(TEXTS, LABELS)[0] < before
    found = model.fit(TEXTS, LABELS, validation_data=(TEXTS, LABELS), epochs=1, verbose=0)
    assert "val_loss" in found.history


def test_a_trained_model_behind_a_vectorizer_takes_strings() -> None:
    trained = classifier(keras.Input((4,), dtype="int64"))
    end_to_end = keras.Sequential([keras.Input((1,), dtype="string"), vectorizer(), trained])
    end_to_end.compile(loss="binary_crossentropy", metrics=["accuracy"])
    numbers = np.asarray(vectorizer()(TEXTS))
    expected = trained.evaluate(numbers, LABELS, verbose=0)
    assert end_to_end.evaluate(TEXTS, LABELS, verbose=0) == expected


def test_a_row_without_an_input_is_built_by_strings() -> None:
    model = classifier(vectorizer())
    model.fit(TEXTS, LABELS, epochs=1, verbose=0)
    assert model.predict(TEXTS, verbose=0).shape == (32, 1)


def _mixed() -> Any:
    text = keras.Input((1,), dtype="string", name="text")
    colour = keras.Input((1,), dtype="string", name="colour")
    size = keras.Input((2,), name="size")
    words = layers.Flatten()(layers.Embedding(20, 2)(vectorizer()(text)))
    which = layers.StringLookup(vocabulary=["red", "blue"], output_mode="one_hot")(colour)
    crossed = layers.HashedCrossing(num_bins=5, output_mode="one_hot")((colour, text))
    x = layers.Concatenate()([words, which, crossed, size])
    model = keras.Model({"text": text, "colour": colour, "size": size}, layers.Dense(1)(x))
    model.compile("adam", "mse")
    return model


def test_inputs_of_strings_beside_inputs_of_numbers() -> None:
    x = {
        "text": TEXTS,
        "colour": np.array([["red"], ["blue"]] * 16),
        "size": np.random.default_rng(0).random((32, 2), dtype="float32"),
    }
    model = _mixed()
    called = np.asarray(model(x))
    np.testing.assert_allclose(model.predict(x, verbose=0), called, rtol=1e-5)
    first = model.evaluate(x, LABELS, verbose=0)
    history = model.fit(x, LABELS, epochs=3, verbose=0).history
    assert history["loss"][-1] < first


def test_a_step_of_ones_own_is_given_what_was_made_of_strings() -> None:
    class Own(keras.Model):
        def train_step(self, data: Any) -> Any:
            x, y = data
            with keras.GradientTape() as tape:
                loss = self.compute_loss(x, y, self(x, training=True))
            weights = self.trainable_variables
            self.optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
            return {"loss": loss}

    text = keras.Input((1,), dtype="string")
    vectors = layers.GlobalAveragePooling1D()(layers.Embedding(20, 4)(vectorizer()(text)))
    model = Own(text, layers.Dense(1, activation="sigmoid")(vectors))
    model.compile(keras.optimizers.Adam(0.1), "binary_crossentropy")
    losses = model.fit(TEXTS, LABELS, epochs=10, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_strings_that_no_layer_takes_are_refused() -> None:
    model = classifier(keras.Input((4,)))
    with pytest.raises(ValueError, match="holds strings"):
        model.fit(TEXTS, LABELS, verbose=0)


class Lengths(layers.Layer):
    """The lengths of texts, times a weight."""

    def build(self, input_shape: Any) -> None:
        self.scale = self.add_weight((1,), "ones")

    def call(self, texts: Any) -> Any:
        return np.char.str_len(texts).astype("float32") * self.scale

    def compute_output_spec(self, texts: Any) -> Any:
        return keras.KerasTensor(texts.shape, "float32")


def test_a_layer_with_weights_does_not_take_strings() -> None:
    model = keras.Sequential([keras.Input((1,), dtype="string"), Lengths(), layers.Dense(1)])
    model.compile("adam", "mse")
    with pytest.raises(ValueError, match="'lengths' takes strings and has weights"):
        model.fit(TEXTS, LABELS, verbose=0)
