"""The adding problem: what happened long ago must be remembered (Hochreiter & Schmidhuber, 1997).

Of a sequence of numbers between 0 and 1 two are marked; asked for is their sum. The mark and the
end lie up to a hundred steps apart. Who always says 1, the mean, is off by 1/6 = 0.167 in the
squared mean. A plain recurrent network does hardly better: what it keeps, and the gradient on its
way back, fades with every step. The gates of LSTM (as above) and GRU (Cho et al., 2014) hold both.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from example_tools import pyplot

import annette as keras
from annette import layers


def sequences(count: int, length: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers with marks (count, length, 2): one in each half; and the sums of two."""
    random = np.random.default_rng(seed)
    numbers = random.random((count, length))
    marks = np.zeros((count, length))
    for low, high in ((0, length // 2), (length // 2, length)):
        marks[np.arange(count), random.integers(low, high, size=count)] = 1.0
    x = np.stack([numbers, marks], axis=2).astype("float32")
    return x, np.sum(numbers * marks, axis=1, keepdims=True).astype("float32")


def network(kind: Any, length: int, units: int, rate: float) -> keras.Model:
    model = keras.Sequential([keras.Input((length, 2)), kind(units), layers.Dense(1)])
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), "mse")
    return model


def draw(
    tested: dict[str, list[float]], plain: float, example: np.ndarray, total: float, picture: str
) -> None:
    """Draw one task, and the three curves."""
    plt = pyplot()
    figure, (task, curves) = plt.subplots(2, 1, figsize=(9, 7.5), height_ratios=(1, 2.2))
    marked = example[:, 1] > 0
    places = np.arange(1, len(example) + 1)
    task.bar(places, example[:, 0], color=np.where(marked, "tab:red", "0.8"))
    for place, number in zip(places[marked], example[marked, 0], strict=True):
        task.text(place, number + 0.03, f"{number:.2f}", ha="center", color="tab:red")
    task.set(title=f"one task: the two marked numbers make {total:.2f}", xlabel="step",
             ylim=(0, 1.2), xlim=(0, len(example) + 1))  # fmt: skip
    for name, errors in tested.items():
        curves.plot(range(1, len(errors) + 1), errors, label=name)
    curves.axhline(plain, color="0.4", linestyle="--", label="always the mean")
    curves.set(title="mean squared error on new sequences", xlabel="epoch", yscale="log")
    curves.legend()
    curves.grid(alpha=0.3, which="both")
    figure.tight_layout()
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Curves: {picture}")


def main(
    epochs: int = 30,
    rows: int = 10000,
    length: int = 100,
    units: int = 64,
    rate: float = 3e-3,
    seed: int = 0,
    picture: str | None = "adding_problem.png",
) -> dict[str, float]:
    """Train three networks; return their errors on new sequences, and that of the mean."""
    (x, y), (x_test, y_test) = sequences(rows, length, seed), sequences(1000, length, seed + 1)
    found = {"always the mean": float(np.mean((y_test - y.mean()) ** 2))}
    print(f"{length} steps, always the mean: error {found['always the mean']:.4f}")
    tested: dict[str, list[float]] = {}
    for kind in (layers.SimpleRNN, layers.GRU, layers.LSTM):
        keras.utils.set_random_seed(seed)
        name = kind.__name__
        model = network(kind, length, units, rate)
        began = time.perf_counter()
        history = model.fit(
            x, y, epochs=epochs, batch_size=100, validation_data=(x_test, y_test), verbose=0
        ).history
        tested[name] = history["val_loss"]
        found[name] = float(tested[name][-1])
        took = time.perf_counter() - began
        print(f"{name}, {model.count_params():,} weights: error {found[name]:.5f}, {took:.0f} s")
    if picture:
        draw(tested, found["always the mean"], x_test[0], float(y_test[0, 0]), picture)
    return found


if __name__ == "__main__":
    main()
