"""Is a review of a film good? A bag of words tells, and shows what overfitting is.

The same network is trained in six ways (smaller, larger, with L1, L2 and dropout); the curves show
which of them go on getting better on reviews they have not seen.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import curves, find, made_texts, read_table, rows_of

import annette as keras
from annette import layers, regularizers


def reviews(rows: int | None) -> tuple[Any, ...]:
    """Return texts and whether they are good: to train on, then to test on."""
    file = find("imdb_reviews_10k.zip")
    if file is None:
        texts, good = made_texts(min(rows or 2000, 2000), [0, 1], words=30)
        half = len(texts) // 2
        return texts[:half], good[:half], texts[half:], good[half:]
    table = read_table(file, "imdb_reviews_10k.csv")
    order = np.random.default_rng(0).permutation(len(table["text"]))
    table = rows_of(table, order)
    parts = []
    for split in ("train", "test"):
        part = rows_of(table, np.flatnonzero(table["split"] == split)[:rows])
        parts += [[t.replace("<br />", " ") for t in part["text"]], part["positive"]]
    return tuple(parts)


def network(
    words: int, hidden: tuple[int, ...], regularizer: Any = None, drop: float = 0.0
) -> keras.Model:
    """Return a network that says how likely a bag of `words` words is to be a good review."""
    model = keras.Sequential([keras.Input((words,))])
    for units in hidden:
        model.add(layers.Dense(units, activation="relu", kernel_regularizer=regularizer))
        if drop:
            model.add(layers.Dropout(drop))
    model.add(layers.Dense(1, activation="sigmoid"))
    model.compile("rmsprop", "binary_crossentropy", metrics=["accuracy"])
    return model


WAYS: dict[str, dict[str, Any]] = {
    "16 + 16 units": {"hidden": (16, 16)},
    "smaller: 4": {"hidden": (4,)},
    "larger: 256 + 256": {"hidden": (256, 256)},
    "L1": {"hidden": (16, 16), "regularizer": regularizers.L1(5e-4)},
    "L2": {"hidden": (16, 16), "regularizer": regularizers.L2(5e-3)},
    "dropout": {"hidden": (16, 16), "drop": 0.5},
}


def main(
    epochs: int = 12,
    rows: int | None = None,
    words: int = 5000,
    picture: str | None = "imdb_overfitting.png",
) -> dict[str, float]:
    """Train in each way; return the accuracy of each on the reviews kept for the test."""
    keras.utils.set_random_seed(1)
    texts, good, test_texts, test_good = reviews(rows)
    vectorize = layers.TextVectorization(max_tokens=words, output_mode="multi_hot")
    vectorize.adapt(texts)
    size = len(vectorize.get_vocabulary())
    x = np.asarray(vectorize(texts), dtype="float32")
    x_test = np.asarray(vectorize(test_texts), dtype="float32")
    y, y_test = good.astype("float32"), test_good.astype("float32")
    kept = len(x) * 4 // 5
    found, losses, scores = {}, {}, {}
    for way, arguments in WAYS.items():
        model = network(size, **arguments)
        history = model.fit(
            x[:kept], y[:kept], epochs=epochs, batch_size=128, verbose=0,
            validation_data=(x[kept:], y[kept:]),
            callbacks=[keras.callbacks.EarlyStopping(
                patience=epochs, restore_best_weights=True)],
        ).history  # fmt: skip
        losses[way], scores[way] = history["val_loss"], history["val_accuracy"]
        best = int(np.argmin(history["val_loss"]))
        found[way] = float(model.evaluate(x_test, y_test, verbose=0)[1])
        print(f"{way:18} {model.count_params():9,} numbers: best after epoch {best + 1:2}, then "
              f"{found[way]:.3f} right; accuracy in training at the end "
              f"{history['accuracy'][-1]:.3f}")  # fmt: skip
    print(f"always the same answer: {max(y_test.mean(), 1 - y_test.mean()):.3f}")
    curves(picture, {"loss on kept reviews": losses, "accuracy on kept reviews": scores})
    return found


if __name__ == "__main__":
    main()
