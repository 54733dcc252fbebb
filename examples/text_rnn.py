"""Spam and false news again, now read in order: recurrent networks that take texts as they are.

The first layer of each model splits texts into words, so it is trained, measured and asked with
texts. Each word is a vector; an LSTM or GRU reads the vectors forwards and another backwards.
What fills a short text up to the common length is masked, and neither sees it.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from example_tools import find, made_texts, pyplot, read_table

import annette as keras
from annette import layers


def sms() -> tuple[list[str], np.ndarray]:
    """Return messages and which are spam (13 %), in one order for all."""
    file = find("sms_spam.tsv")
    if file is None:
        texts, labels = made_texts(2000, ["spam", *["ham"] * 3], words=24, seed=9)
        return texts, (labels == "spam").astype("float32")
    table = read_table(file, delimiter="\t")
    order = np.random.default_rng(0).permutation(len(table["text"]))
    texts = [table["text"][i] for i in order]
    return texts, (table["label"][order] == "spam").astype("float32")


def tweets() -> tuple[list[str], np.ndarray]:
    """Return tweets on COVID-19 and which are false: those to test on come last, a fifth."""
    file = find("covid_fake_news.zip")
    if file is None:
        texts, labels = made_texts(2000, ["real", "fake"], words=24, seed=10)
        return texts, (labels == "fake").astype("float32")
    tables = [read_table(file, f"{part}.csv") for part in ("train", "val", "test")]
    texts = [t for table in tables for t in table["tweet"].tolist()]
    labels = np.concatenate([table["label"] for table in tables])
    return texts, (labels == "fake").astype("float32")


def network(texts: list[str], kind: Any, words: int, length: int, units: int) -> keras.Model:
    """Return a model of texts; its vocabulary is that of `texts`."""
    split = layers.TextVectorization(max_tokens=words, output_sequence_length=length)
    split.adapt(texts)
    model = keras.Sequential(
        [
            keras.Input((1,), dtype="string"),
            split,
            layers.Embedding(words, 32, mask_zero=True),
            layers.Dropout(0.3),
            layers.Bidirectional(kind(units)),
            layers.Dropout(0.5),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    f1 = keras.metrics.F1Score(threshold=0.5, name="f1")
    model.compile(keras.optimizers.Adam(2e-3), "binary_crossentropy", metrics=["accuracy", f1])
    return model


def read_so_far(
    model: keras.Model, texts: list[str], label: float, among: int = 60
) -> tuple[list[str], np.ndarray]:
    """Return the words of one of the texts, and what is said of it after each of them.

    It is, of those that are short and rightly judged in the end, the one that takes the longest
    way there: what is said changes most from word to word.
    """
    short = [text.split() for text in texts if 8 <= len(text.split()) <= 16][:among]
    short = short or [texts[0].split()[:16]]
    begun = [" ".join(words[: n + 1]) for words in short for n in range(len(words))]
    said = np.asarray(model.predict(np.array(begun)[:, None], batch_size=256, verbose=0))[:, 0]
    each = np.split(said, np.cumsum([len(words) for words in short])[:-1])
    ways = [np.abs(np.diff(way)).sum() if (way[-1] > 0.5) == label else -1.0 for way in each]
    best = int(np.argmax(ways))
    return short[best], each[best]


def draw(shown: dict[str, list[tuple[list[str], np.ndarray]]], picture: str) -> None:
    """Draw how the judgement of some texts changes from word to word."""
    plt = pyplot()
    rows = max(map(len, shown.values()))
    figure, axes = plt.subplots(rows, len(shown), figsize=(14, 3.1 * rows), squeeze=False)
    for column, (title, texts) in enumerate(shown.items()):
        for axis, (words, said) in zip(axes[:, column], texts, strict=False):
            axis.bar(range(len(words)), said, color=np.where(said > 0.5, "tab:red", "tab:blue"))
            axis.axhline(0.5, color="0.4", linewidth=0.8)
            axis.set(ylim=(0, 1), xticks=range(len(words)), ylabel=title)
            short = [w if len(w) < 14 else w[:12] + ".." for w in words]
            axis.set_xticklabels(short, rotation=60, ha="right", fontsize=8)
    figure.suptitle("what the network says after each word")
    figure.tight_layout()
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Texts read word by word: {picture}")


def main(
    epochs: int = 5,
    rows: int | None = None,
    words: int = 8000,
    length: int = 40,
    units: int = 32,
    picture: str | None = "text_rnn.png",
) -> dict[str, float]:
    """Train both networks on both data sets; return their accuracies."""
    found: dict[str, float] = {}
    shown: dict[str, list[tuple[list[str], np.ndarray]]] = {}
    # What tf-idf and logistic regression or naive Bayes come to on the real texts.
    plain = {"spam": 0.984, "false": 0.936}
    for name, (texts, y) in {"spam": sms(), "false": tweets()}.items():
        texts, y = texts[:rows], y[:rows]
        cut = len(texts) * 4 // 5
        x, y = np.array(texts)[:, None], y[:, None]
        found[f"{name}: majority"] = float(max(y[cut:].mean(), 1 - y[cut:].mean()))
        print(f"{name}: {len(texts)} texts, always the same: {found[f'{name}: majority']:.3f}; "
              f"word counts on the real ones: {plain[name]:.3f}")  # fmt: skip
        for kind in (layers.LSTM, layers.GRU):
            keras.utils.set_random_seed(7)
            began = time.perf_counter()
            model = network(texts[:cut], kind, words, length, units)
            stop = keras.callbacks.EarlyStopping(patience=2, restore_best_weights=True)
            model.fit(x[:cut], y[:cut], epochs=epochs, batch_size=64, validation_split=0.1,
                      verbose=0, callbacks=[stop])  # fmt: skip
            took = time.perf_counter() - began
            scores = model.evaluate(x[cut:], y[cut:], verbose=0, return_dict=True)
            found[f"{name}: {kind.__name__}"] = float(scores["accuracy"])
            f1 = float(np.ravel(scores["f1"])[0])
            print(
                f"  {kind.__name__:4} accuracy {scores['accuracy']:.3f}, F1 {f1:.3f}, {took:.0f} s"
            )
        if picture:
            of_each = ([texts[i] for i in range(cut, len(texts)) if y[i] == k] for k in (1, 0))
            shown[f"{name}?"] = [
                read_so_far(model, some, k) for k, some in zip((1, 0), of_each, strict=True)
            ]
    if picture:
        draw(shown, picture)
    return found


if __name__ == "__main__":
    main()
