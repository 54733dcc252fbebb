"""Is a message spam, is a tweet on COVID-19 true? Two ways to turn texts into numbers.

Tf-idf (Sparck Jones, 1972): a number for each word of the vocabulary, large if the word is often
in the text and seldom in others. Embedding: each word is a vector that is learnt, and a text is the
mean of its words' vectors (fastText: Joulin et al., 2016).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import find, made_texts, read_table

import annette as keras
from annette import layers, ops

LENGTH = 40


def sms() -> tuple[list[str], np.ndarray]:
    """Return messages and which are spam (13 %)."""
    file = find("sms_spam.tsv")
    if file is None:
        texts, labels = made_texts(2000, ["spam", *["ham"] * 6], words=30, seed=9)
    else:
        table = read_table(file, delimiter="\t")
        texts, labels = table["text"].tolist(), table["label"]
    order = np.random.default_rng(0).permutation(len(texts))
    return [texts[i] for i in order], (labels[order] == "spam").astype("float32")


def tweets() -> tuple[list[str], np.ndarray]:
    """Return tweets and which are fake: those to test on come last, a fifth."""
    file = find("covid_fake_news.zip")
    if file is None:
        texts, labels = made_texts(2000, ["real", "fake"], words=30, seed=10)
        return texts, (labels == "fake").astype("float32")
    tables = [read_table(file, f"{part}.csv") for part in ("train", "val", "test")]
    texts = [t for table in tables for t in table["tweet"].tolist()]
    labels = np.concatenate([table["label"] for table in tables])
    return texts, (labels == "fake").astype("float32")


class MeanOfWords(layers.Layer):
    """The mean of the vectors of a text's words; what fills it up to its length does not count."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        if mask is None:
            return ops.mean(inputs, axis=1)
        counts = ops.expand_dims(ops.cast(mask, inputs.dtype), -1)
        return ops.sum(inputs * counts, axis=1) / ops.maximum(ops.sum(counts, axis=1), 1.0)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        return None


def by_tf_idf(texts: list[str]) -> tuple[Any, keras.Model]:
    vectorize = layers.TextVectorization(max_tokens=4000, output_mode="tf_idf", ngrams=2)
    vectorize.adapt(texts)
    words = np.asarray(vectorize(texts[:1])).shape[1]
    model = keras.Sequential(
        [
            keras.Input((words,)),
            layers.UnitNormalization(),
            layers.Dense(16, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    return vectorize, model


def by_embedding(texts: list[str]) -> tuple[Any, keras.Model]:
    vectorize = layers.TextVectorization(
        max_tokens=8000, output_mode="int", output_sequence_length=LENGTH
    )
    vectorize.adapt(texts)
    words = keras.Input((LENGTH,), dtype="int32")
    vectors = layers.Embedding(8000, 32, mask_zero=True)(words)
    mean = MeanOfWords()(vectors)
    largest = layers.Lambda(
        lambda v: ops.max(v, axis=1), output_shape=(32,), mask=lambda inputs, mask: None
    )(vectors)
    both = layers.Concatenate()([mean, largest])
    hidden = layers.Dropout(0.4)(layers.Dense(16, activation="relu")(both))
    return vectorize, keras.Model(words, layers.Dense(1, activation="sigmoid")(hidden))


def main(epochs: int = 12) -> dict[str, float]:
    """Train both ways on both data sets; return the accuracies."""
    found = {}
    for name, (texts, y) in {"sms": sms(), "tweets": tweets()}.items():
        cut = len(texts) * 4 // 5
        found[f"{name}: majority"] = float(max(y[cut:].mean(), 1 - y[cut:].mean()))
        print(f"{name}: {len(texts)} texts, always the same: {found[f'{name}: majority']:.3f}")
        for way, make in (("tf-idf", by_tf_idf), ("embedding", by_embedding)):
            keras.utils.set_random_seed(7)
            vectorize, model = make(texts[:cut])
            x, x_test = (np.asarray(vectorize(part)) for part in (texts[:cut], texts[cut:]))
            model.compile(
                keras.optimizers.Adam(3e-3),
                "binary_crossentropy",
                metrics=["accuracy", keras.metrics.F1Score(threshold=0.5, name="f1")],
            )
            stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
            model.fit(
                x, y[:cut, None], epochs=epochs, batch_size=64, verbose=0, validation_split=0.1,
                callbacks=[stop],
            )  # fmt: skip
            scores = model.evaluate(x_test, y[cut:, None], verbose=0, return_dict=True)
            found[f"{name}: {way}"] = float(scores["accuracy"])
            f1 = float(np.ravel(scores["f1"])[0])
            print(f"  {way:9} accuracy {scores['accuracy']:.3f}, F1 {f1:.3f}")
    return found


if __name__ == "__main__":
    main()
