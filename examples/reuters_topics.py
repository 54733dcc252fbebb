"""Which of eight topics is a piece of news about? A network of dense layers over its words."""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import curves, find, made_texts, read_table

import annette as keras
from annette import layers

TOPICS = ["earn", "acq", "crude", "trade", "money-fx", "interest", "ship", "grain"]


def news(rows: int | None) -> tuple[Any, ...]:
    """Return texts and topics: to train on, then to test on."""
    file = find("reuters_r8.zip")
    if file is None:
        texts, topics = made_texts(min(rows or 2400, 2400), TOPICS)
        cut = len(texts) * 2 // 3
        return texts[:cut], topics[:cut], texts[cut:], topics[cut:]
    parts: list[Any] = []
    for member in ("r8_train.tsv", "r8_test.tsv"):
        table = read_table(file, member, "\t", names=("topic", "text"))
        order = np.random.default_rng(0).permutation(len(table["text"]))[:rows]
        parts += [table["text"][order].tolist(), table["topic"][order]]
    return tuple(parts)


def network(words: int, narrow: int) -> keras.Model:
    """Return a network whose middle layer has `narrow` units."""
    model = keras.Sequential(
        [
            keras.Input((words,)),
            layers.Dense(64, activation="relu"),
            layers.Dense(narrow, activation="relu"),
            layers.Dense(len(TOPICS), activation="softmax"),
        ]
    )
    model.compile(
        "rmsprop",
        keras.losses.SparseCategoricalCrossentropy(),
        metrics=["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(3, name="top_3")],
    )
    return model


def main(
    epochs: int = 8, rows: int | None = None, picture: str | None = "reuters_topics.png"
) -> dict[str, float]:
    """Train with a wide and a narrow middle; return accuracies and the share of the first topic."""
    keras.utils.set_random_seed(2)
    texts, topics, test_texts, test_topics = news(rows)
    vectorize = layers.TextVectorization(max_tokens=5000, output_mode="multi_hot")
    vectorize.adapt(texts)
    number_of = layers.StringLookup(vocabulary=TOPICS, num_oov_indices=0)
    x = np.asarray(vectorize(texts), dtype="float32")
    x_test = np.asarray(vectorize(test_texts), dtype="float32")
    y, y_test = np.asarray(number_of(topics)), np.asarray(number_of(test_topics))
    size = x.shape[1]
    found, lines = {"majority": float(np.bincount(y_test).max() / len(y_test))}, {}
    for narrow in (64, 2):
        model = network(size, narrow)
        history = model.fit(
            x, y, epochs=epochs, batch_size=128, validation_split=0.2, verbose=0
        ).history
        _, accuracy, top_3 = model.evaluate(x_test, y_test, verbose=0)
        found[f"{narrow} units"] = float(accuracy)
        lines[f"{narrow} units"] = history["val_accuracy"]
        print(f"{narrow:2} units in the middle: {accuracy:.3f} right, {top_3:.3f} in three guesses")
        guessed = model.predict(x_test, verbose=0).argmax(axis=1)
        right = {t: guessed[y_test == k] == k for k, t in enumerate(TOPICS)}
        print("   " + ", ".join(f"{t} {r.mean():.2f}" for t, r in right.items() if len(r)))
    print(f"always {TOPICS[np.bincount(y_test).argmax()]}: {found['majority']:.3f}")
    curves(picture, {"accuracy on kept news": lines})
    return found


if __name__ == "__main__":
    main()
