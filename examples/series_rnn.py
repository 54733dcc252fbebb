"""Sunspots of the next three years, forecast at once by LSTM and GRU that read eleven before.

The sun's cycles last about eleven years, now nine, now fourteen, and differ in height: a calendar
does not know them, the past does. A forecast is worth something if it beats the plain ones: that
it stays as it is, that it is as a cycle before, and a linear one from the same past.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from example_tools import find, pyplot, read_table

import annette as keras
from annette import layers

CYCLE = 132  # months


def sunspots() -> np.ndarray:
    """Return the number of sunspots of each month, from 1749 on."""
    file = find("monthly_sunspots.csv")
    if file is not None:
        return read_table(file)["Sunspots"].astype("float32")
    random, months = np.random.default_rng(6), []
    while len(months) < 2820:
        length, height = random.integers(110, 155), random.uniform(50, 180)
        along = np.linspace(0, 1, length, endpoint=False)
        months += list(height * np.sin(np.pi * along**0.75) ** 2)
    level = np.array(months[:2820])
    return np.maximum(0, level + np.sqrt(level + 4) * random.normal(size=2820)).astype("float32")


def windows(series: np.ndarray, past: int, ahead: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each `past` values that follow one another, (n, past, 1), and the `ahead` after."""
    at = np.arange(len(series) - past - ahead + 1)[:, None]
    return series[at + np.arange(past)][..., None], series[at + np.arange(past, past + ahead)]


def network(kind: Any, past: int, ahead: int, units: int) -> keras.Model:
    """Return a model of how far it gets from the mean of the last half year."""
    months = keras.Input((past, 1), name="past")
    # Twelve months are one step: so the start of a cycle is eleven steps away, not 132.
    years = layers.Reshape((past // 12, 12))(months)
    x = layers.Dropout(0.4)(kind(units)(years))
    return keras.Model(months, layers.Dense(ahead)(x))


def plain_forecasts(
    series: np.ndarray, x: np.ndarray, y: np.ndarray, split: int, cut: int
) -> dict[str, np.ndarray]:
    """Return what costs no network: the same windows' forecasts by rules and by least squares."""
    past, ahead = x.shape[1], y.shape[1]
    ends = np.arange(len(x)) + past
    flat = np.concatenate([x[..., 0], np.ones((len(x), 1))], axis=1)
    # A little ridge: the months of a window are much alike.
    square = flat[:split].T @ flat[:split] + 10.0 * np.eye(flat.shape[1])
    weights = np.linalg.solve(square, flat[:split].T @ y[:split])
    recent = x[cut:, -6:, 0].mean(axis=1, keepdims=True)
    return {
        "stays": np.repeat(recent, ahead, axis=1),
        "as a cycle before": series[ends[cut:, None] - CYCLE + np.arange(ahead)],
        "mean": np.full((len(x) - cut, ahead), series[: split + past].mean()),
        "linear": flat[cut:] @ weights,
    }


def draw(
    years: np.ndarray, series: np.ndarray, told: dict[int, np.ndarray],
    by_month: dict[str, np.ndarray], picture: str,
) -> None:  # fmt: skip
    """Draw forecasts over what came, and how far off each is so many months ahead."""
    plt = pyplot()
    figure, (top, bottom) = plt.subplots(2, 1, figsize=(11, 8), height_ratios=(1.2, 1))
    top.plot(years, series, color="0.75", label="each month")
    smooth = np.convolve(series, np.ones(13) / 13, mode="same")
    top.plot(years[6:-6], smooth[6:-6], color="0.3", label="mean of 13 months")
    for k, (at, values) in enumerate(told.items()):
        label = "forecast from the dot on" if k == 0 else None
        top.plot(years[at : at + len(values)], values, color="tab:red", label=label)
        top.plot(years[at], values[0], "o", color="tab:red", markersize=4)
    top.set(title="sunspots, and the LSTM's forecasts of three years", ylabel="number",
            xlabel="year")  # fmt: skip
    top.legend(loc="upper left")
    for name, errors in by_month.items():
        color = {"LSTM": "tab:red", "GRU": "tab:purple", "linear": "black"}.get(name)
        line = "--" if color in (None, "black") else "-"
        bottom.plot(range(1, len(errors) + 1), errors, line, label=name, color=color)
    bottom.set(title="mean error on the test years", xlabel="months ahead", ylabel="sunspots",
               ylim=(0, None))  # fmt: skip
    bottom.legend(ncols=3)
    for axis in (top, bottom):
        axis.grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(picture, dpi=80)
    plt.close(figure)
    print(f"Forecasts: {picture}")


def main(
    epochs: int = 60,
    past: int = CYCLE,
    ahead: int = 36,
    units: int = 64,
    picture: str | None = "series_rnn.png",
) -> dict[str, float]:
    """Train both; return the mean errors of the networks and of the plain forecasts.

    The past is read year by year: `past` is a multiple of 12, in months as `ahead` is.
    """
    counts = sunspots()
    # The more sunspots the more they scatter; their square root scatters alike everywhere.
    series = np.sqrt(counts) / 5
    x, y = windows(series, past, ahead)
    cut = int(len(x) * 0.75)
    split = cut - past - ahead  # no month of what is trained on is in a test window
    truth = counts[np.arange(cut, len(x))[:, None] + np.arange(past, past + ahead)]
    guessed = plain_forecasts(series, x, y, split, cut)
    for kind in (layers.GRU, layers.LSTM):
        keras.utils.set_random_seed(6)
        model = network(kind, past, ahead, units)
        recent = x[:, -6:].mean(axis=1)
        kept = split * 9 // 10  # the last of the years trained on tell when to stop
        rate = keras.optimizers.schedules.CosineDecay(2e-3, epochs * -(-kept // 32))
        model.compile(keras.optimizers.Adam(rate), "mae")
        stop = keras.callbacks.EarlyStopping(patience=15, restore_best_weights=True)
        began = time.perf_counter()
        model.fit(
            x[:kept], (y - recent)[:kept], epochs=epochs, batch_size=32, verbose=0,
            validation_data=(x[kept:split], (y - recent)[kept:split]), callbacks=[stop],
        )  # fmt: skip
        print(f"{kind.__name__}: {model.count_params():,} weights, trained in "
              f"{time.perf_counter() - began:.0f} s")  # fmt: skip
        guessed[kind.__name__] = model.predict(x[cut:], verbose=0) + recent[cut:]
    numbers = {name: (5 * np.maximum(each, 0)) ** 2 for name, each in guessed.items()}
    by_month = {name: np.abs(each - truth).mean(axis=0) for name, each in numbers.items()}
    found = {name: float(errors.mean()) for name, errors in by_month.items()}
    print(f"{len(truth)} test windows, mean error over {ahead} months: "
          + ", ".join(f"{name} {error:.1f}" for name, error in found.items()))  # fmt: skip
    if picture:
        begin = cut + past
        told = {k: numbers["LSTM"][k] for k in range(0, len(truth), 4 * ahead // 3)}
        years = 1749 + np.arange(begin, len(counts)) / 12
        draw(years, counts[begin:], told, by_month, picture)
    return found


if __name__ == "__main__":
    main()
