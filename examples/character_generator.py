"""First names made up letter by letter, by a network that has read thirty thousand.

A GRU reads a name and says after each letter what may come next. To make names up, a second model
with the same weights takes one letter at a time and keeps its state between (`stateful=True`); the
letter drawn is given to it next. A low temperature draws the likely letters only.

How good it is, is measured on names it has not read: the loss per letter in nats, beside that of
how often each letter follows each other (bigrams).
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from example_tools import find, pyplot, text_of

import annette as keras
from annette import layers

LETTERS = ".abcdefghijklmnopqrstuvwxyz"  # the point begins and ends a name; 0 fills up


def names() -> list[str]:
    """Return names, each once, in one order for all."""
    file = find("names.txt")
    if file is not None:
        found = sorted({line.strip() for line in text_of(file).splitlines()} - {""})
    else:
        # Made up of two or three syllables that share their vowel: no pair of letters tells it.
        random, sounds = np.random.default_rng(2), list("bdfgklmnprst")
        found = sorted(
            {
                "".join(c + vowel for c in random.choice(sounds, random.integers(2, 4)))
                for vowel in "aeiou"
                for _ in range(500)
            }
        )
    order = np.random.default_rng(0).permutation(len(found))
    return [found[i] for i in order]


def numbered(texts: list[str], length: int) -> np.ndarray:
    """Return the names as numbers of letters between two points, 0 after their end."""
    rows = np.zeros((len(texts), length + 2), dtype="int32")
    for row, text in zip(rows, texts, strict=True):
        row[: len(text) + 2] = [LETTERS.index(letter) + 1 for letter in f".{text}."]
    return rows


def lesson(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return what is read and what comes next; nothing is read, and masked, where nothing comes."""
    return np.where(rows[:, 1:] > 0, rows[:, :-1], 0), rows[:, 1:]


def network(units: int, batch: int | None = None) -> keras.Model:
    """Return the model of whole names; with `batch`, that of one letter of so many names."""
    model = keras.Sequential(
        [
            keras.Input(batch_shape=(batch, 1 if batch else None), dtype="int32"),
            layers.Embedding(len(LETTERS) + 1, 32, mask_zero=batch is None),
            layers.GRU(units, return_sequences=True, stateful=batch is not None),
            layers.Dropout(0.3),
            layers.Dense(len(LETTERS) + 1),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss)
    return model


def log_likely(scores: Any, temperature: float = 1.0) -> np.ndarray:
    """Return the logarithms of the probabilities of the letters; what fills up has none."""
    scores = np.array(scores, dtype="float64")[..., 1:] / temperature
    scores -= scores.max(axis=-1, keepdims=True)
    return scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))


def per_letter(likely: np.ndarray, rows: np.ndarray) -> float:
    """Return the mean loss in nats of each letter and end, given what was said before it."""
    truth = rows[:, 1:]
    chosen = np.take_along_axis(likely, np.maximum(truth - 1, 0)[..., None], axis=-1)[..., 0]
    return float(-chosen[truth > 0].mean())


def pairs(rows: np.ndarray) -> np.ndarray:
    """Return the logarithm of how often each letter follows each other, none of them never."""
    counts = np.full((len(LETTERS), len(LETTERS)), 0.5)
    first, second = rows[:, :-1], rows[:, 1:]
    np.add.at(counts, (first[second > 0] - 1, second[second > 0] - 1), 1)
    return np.asarray(np.log(counts / counts.sum(axis=1, keepdims=True)))


def made(model: keras.Model, temperature: float, length: int, seed: int) -> list[str]:
    """Make names up, as many as the one-letter model has rows, letter by letter."""
    random = np.random.default_rng(seed)
    for layer in model.layers:
        if getattr(layer, "stateful", False):
            layer.reset_states()
    count = model.input_shape[0]
    letters = np.ones((count, 1), dtype="int32")
    texts = [""] * count
    for _ in range(length + 1):
        likely = np.exp(log_likely(model(letters)[:, 0], temperature))
        drawn = (likely.cumsum(axis=1) > random.random((count, 1))).argmax(axis=1)
        texts = [t + LETTERS[k] for t, k in zip(texts, drawn, strict=True)]
        letters = drawn[:, None].astype("int32") + 1
    return [text.split(".")[0] for text in texts]


def draw(
    losses: dict[str, list[float]], bigrams: float, name: str, likely: np.ndarray, picture: str
) -> None:
    """Draw the loss, and what the network expects while it reads a name."""
    plt = pyplot()
    figure, (left, right) = plt.subplots(1, 2, figsize=(13, 5.5), width_ratios=(1, 1.3))
    for title, values in losses.items():
        left.plot(range(1, len(values) + 1), values, "o-", label=title)
    left.axhline(bigrams, color="0.4", linestyle="--", label="pairs of letters")
    left.set(title="loss per letter, in nats", xlabel="epoch")
    left.legend()
    left.grid(alpha=0.3)
    shown = right.imshow(np.exp(likely).T, cmap="Blues", vmin=0, aspect="auto")
    came = f"{name}."
    for place, letter in enumerate(came):
        right.text(place, LETTERS.index(letter), letter.replace(".", "end"), ha="center",
                   va="center", color="tab:red", fontweight="bold")  # fmt: skip
    begun = [f"{name[:place]}_" for place in range(len(came))]
    right.set(title="what may come next, and what came (red)",
              xticks=range(len(came)), yticks=range(len(LETTERS)))  # fmt: skip
    right.set_xticklabels(begun, rotation=60, ha="right", fontsize=9)
    right.set_yticklabels(["end", *LETTERS[1:]], fontsize=8)
    figure.colorbar(shown, ax=right, label="probability")
    figure.tight_layout()
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Loss and expectations: {picture}")


def main(
    epochs: int = 15,
    rows: int | None = None,
    units: int = 128,
    count: int = 12,
    picture: str | None = "character_generator.png",
) -> dict[str, Any]:
    """Train; return the losses per letter on names not read, and names made up."""
    keras.utils.set_random_seed(2)
    texts = names()[:rows]
    length = max(map(len, texts))
    cut = len(texts) * 9 // 10
    read, unread = (numbered(part, length) for part in (texts[:cut], texts[cut:]))
    model = network(units)
    print(f"{cut} names read, {len(unread)} for the test, {model.count_params():,} weights")
    calm = keras.callbacks.LearningRateScheduler(
        lambda epoch: 3e-3 * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
    )
    began = time.perf_counter()
    history = model.fit(
        *lesson(read), epochs=epochs, batch_size=128, verbose=0, callbacks=[calm],
        validation_data=lesson(unread),
    ).history  # fmt: skip
    took = time.perf_counter() - began
    likely = log_likely(model.predict(lesson(unread)[0], batch_size=512, verbose=0))
    found: dict[str, Any] = {
        "network": per_letter(likely, unread),
        "bigrams": per_letter(pairs(read)[np.maximum(unread[:, :-1] - 1, 0)], unread),
        "said in training": float(history["val_loss"][-1]),
        "made": {},
    }
    print(f"loss per letter: network {found['network']:.3f}, pairs of letters "
          f"{found['bigrams']:.3f}, any letter alike {np.log(len(LETTERS)):.3f}; {took:.0f} s")  # fmt: skip
    writer = network(units, batch=count)
    # The writer has a state besides; what was learnt is the same.
    for own, learnt in zip(writer.trainable_variables, model.trainable_variables, strict=True):
        own.assign(learnt)
    known = set(texts[:cut])
    for temperature in (0.5, 0.8, 1.0, 1.3):
        found["made"][temperature] = made(writer, temperature, length, seed=1)
        # A star: a name that is among those read.
        shown = " ".join(t + "*" * (t in known) for t in found["made"][temperature])
        print(f"temperature {temperature}: {shown}")
    if picture:
        longest = int(np.argmax([len(t) if len(t) < 11 else 0 for t in texts[cut:]]))
        name = texts[cut:][longest]
        curves = {
            "names read, with dropout": history["loss"],
            "names not read": history["val_loss"],
        }
        draw(curves, found["bigrams"], name, likely[longest, : len(name) + 1], picture)
    return found


if __name__ == "__main__":
    main()
