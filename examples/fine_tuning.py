"""Tell 8 from 9 after ten examples, with what was learnt on the digits 0 to 7.

A network that has learnt to read 0 to 7 keeps its lower layers; they are frozen while a new last
layer learns, then let loose at a low rate. Beside it a network of the same shape that starts anew.
"""

from __future__ import annotations

import numpy as np
from example_tools import handwriting

import annette as keras
from annette import layers


def make_base(pixels: int) -> keras.Model:
    """Return the layers that are kept: pixels to 128 features."""
    images = keras.Input((pixels,))
    x = layers.Dense(256, activation="relu")(images)
    x = layers.Dropout(0.4)(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dense(128, activation="relu")(x)
    x = layers.Dropout(0.4)(x)
    return keras.Model(images, x, name="base")


def reader(base: keras.Model, digits: int, rate: float) -> keras.Model:
    """Return a network over `base` for some digits; what `base` has frozen stays as it is."""
    images = keras.Input(base.input_shape[1:])
    x = base(images, training=False) if not base.trainable else base(images)
    model = keras.Model(images, layers.Dense(digits, activation="softmax")(x))
    compile_at(model, rate)
    return model


def compile_at(model: keras.Model, rate: float) -> None:
    model.compile(
        keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"]
    )


def counts(model: keras.Model) -> str:
    free = sum(int(np.prod(w.shape)) for w in model.trainable_weights)
    return f"{free:,} of {model.count_params():,} numbers learn"


def main(epochs: int = 40, rows: int = 12000, shown: int = 10) -> dict[str, float]:
    """Train in three ways; return the accuracies on digits 8 and 9 not shown."""
    keras.utils.set_random_seed(16)
    x, y, x_test, y_test = handwriting(rows)
    low, high = y < 8, y >= 8
    base = make_base(x.shape[1])
    first = reader(base, 8, 1e-3)
    first.fit(x[low], y[low], epochs=10, batch_size=64, verbose=0)
    test_low = y_test < 8
    accuracy = first.evaluate(x_test[test_low], y_test[test_low], verbose=0)[1]
    print(f"digits 0 to 7, {low.sum()} examples: {accuracy:.3f} right; {counts(first)}")

    x_few, y_few = x[high][:shown], y[high][:shown] - 8
    x_rest, y_rest = x_test[y_test >= 8], y_test[y_test >= 8] - 8
    found = {}
    anew = reader(make_base(x.shape[1]), 2, 1e-3)
    anew.fit(x_few, y_few, epochs=epochs, batch_size=10, verbose=0)
    found["anew"] = float(anew.evaluate(x_rest, y_rest, verbose=0)[1])
    print(f"digits 8 and 9, {shown} examples, anew: {found['anew']:.3f} right; {counts(anew)}")

    base.trainable = False
    kept = [w.copy() for w in base.get_weights()]
    model = reader(base, 2, 1e-2)
    model.fit(x_few, y_few, epochs=epochs, batch_size=10, verbose=0)
    found["frozen"] = float(model.evaluate(x_rest, y_rest, verbose=0)[1])
    moved = max(float(np.abs(a - b).max()) for a, b in zip(kept, base.get_weights(), strict=True))
    found["moved while frozen"] = moved
    print(f"  over the frozen layers: {found['frozen']:.3f} right; {counts(model)}")

    base.trainable = True
    compile_at(model, 1e-4)  # what is trainable counts from the next compile on
    model.fit(x_few, y_few, epochs=epochs, batch_size=10, verbose=0)
    found["fine-tuned"] = float(model.evaluate(x_rest, y_rest, verbose=0)[1])
    print(f"  all layers, at a low rate: {found['fine-tuned']:.3f} right; {counts(model)}")
    found["moved"] = max(
        float(np.abs(a - b).max()) for a, b in zip(kept, base.get_weights(), strict=True)
    )
    return found


if __name__ == "__main__":
    main()
