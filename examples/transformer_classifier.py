"""What is a question after: a person, a place, a number? A small transformer tells.

Words and their places become vectors; one block lets each word look at all others; the mean of
what comes out decides. The picture shows which words a question's words look at.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import find, made_texts, pyplot, read_table, rows_of

import annette as keras
from annette import layers, ops


def questions(rows: int | None) -> tuple[Any, ...]:
    """Return questions and what each is after: to train on, then to test on."""
    file = find("trec_questions.csv")
    if file is None:
        texts, kinds = made_texts(min(rows or 1500, 1500), ["place", "person", "number"], words=12)
        kept = len(texts) * 4 // 5
        return texts[:kept], kinds[:kept], texts[kept:], kinds[kept:]
    table = read_table(file)
    parts: list[Any] = []
    for split in ("train", "test"):
        part = rows_of(table, np.flatnonzero(table["split"] == split)[:rows])
        parts += [list(part["question"]), part["label"]]
    return tuple(parts)


@keras.saving.register_keras_serializable("examples")
class WordsAndPlaces(layers.Layer):
    """The vector of each word plus that of its place; 0 stands for no word."""

    def __init__(self, words: int, length: int, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.words, self.length, self.size = words, length, size
        self.word = layers.Embedding(words, size, mask_zero=True)
        self.place = layers.Embedding(length, size)
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        # Vectors of some size to begin with: words of small ones look at all others alike.
        return self.size**0.5 * self.word(inputs) + self.place(ops.arange(self.length))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.word.compute_mask(inputs)

    def get_config(self) -> dict[str, Any]:
        own = {"words": self.words, "length": self.length, "size": self.size}
        return {**super().get_config(), **own}


def network(
    words: int, length: int, kinds: int, size: int = 32, heads: int = 2
) -> tuple[keras.Model, keras.Model]:
    """Return the classifier, and a model that gives the weights of its attention."""
    inputs = keras.Input((length,), dtype="int32")
    x = WordsAndPlaces(words, length, size)(inputs)
    seen, weights = layers.MultiHeadAttention(heads, size // heads, dropout=0.1)(
        x, x, return_attention_scores=True
    )
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(seen)]))
    inner = layers.Dense(size)(layers.Dense(2 * size, activation="relu")(x))
    x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(inner)]))
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling1D()(x))
    model = keras.Model(inputs, layers.Dense(kinds, activation="softmax")(x))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model, keras.Model(inputs, weights)


def draw(picture: str | None, words: list[str], weights: np.ndarray) -> None:
    """Draw which words each word looks at, a panel for each head."""
    if picture is None:
        return
    plt = pyplot()
    figure, axes = plt.subplots(1, len(weights), figsize=(5 * len(weights), 5), squeeze=False)
    places = range(len(words))
    for head, axis in enumerate(axes[0]):
        axis.imshow(weights[head, : len(words), : len(words)], cmap="Blues", vmin=0)
        axis.set(title=f"head {head + 1}", xticks=places, yticks=places)
        axis.set_xticklabels(words, rotation=60, ha="right", fontsize=8)
        axis.set_yticklabels(words, fontsize=8)
    figure.tight_layout()
    figure.savefig(picture, dpi=90)
    plt.close(figure)
    print(f"Who looks at whom: {picture}")


def main(
    epochs: int = 8,
    rows: int | None = None,
    words: int = 6000,
    length: int = 24,
    picture: str | None = "transformer_classifier.png",
) -> dict[str, float]:
    """Train; return the accuracy on questions kept for the test, and that of the commonest kind."""
    keras.utils.set_random_seed(1)
    texts, kinds, test_texts, test_kinds = questions(rows)
    names = sorted(set(kinds))
    y, y_test = (np.array([names.index(k) for k in each]) for each in (kinds, test_kinds))
    vectorize = layers.TextVectorization(max_tokens=words, output_sequence_length=length)
    vectorize.adapt(texts)
    x, x_test = (np.asarray(vectorize(each)).astype("int32") for each in (texts, test_texts))
    vocabulary = vectorize.get_vocabulary()
    model, looks = network(len(vocabulary), length, len(names))
    model.fit(x, y, epochs=epochs, batch_size=64, verbose=0)
    found = {
        "right": float(model.evaluate(x_test, y_test, verbose=0)[1]),
        "commonest": float(np.bincount(y_test).max() / len(y_test)),
    }
    print(f"{model.count_params():,} numbers: {found['right']:.3f} of {len(y_test)} questions right; "
          f"always the commonest answer: {found['commonest']:.3f}")  # fmt: skip
    shown = [vocabulary[word] for word in x_test[0] if word]
    draw(picture, shown, looks.predict(x_test[:1], verbose=0)[0])
    return found


if __name__ == "__main__":
    main()
