"""Tomorrow's lowest temperature, and that in three hours: dense networks over windows of the past.

A forecast is worth something if it beats the plain ones: that it stays as it is, and that it will
be as it was a day or a year before. The rows to test on lie after those trained on.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import find, pyplot, read_table

import annette as keras
from annette import layers


def melbourne() -> np.ndarray:
    """Return ten years of daily lowest temperatures, in degrees Celsius."""
    file = find("daily_min_temperatures.csv")
    if file is not None:
        return read_table(file)["Temp"].astype("float32")
    random, days = np.random.default_rng(12), np.arange(3650)
    drift = np.zeros(len(days))
    for i in range(1, len(days)):
        drift[i] = 0.55 * drift[i - 1] + 2.2 * random.normal()
    return (11 + 4 * np.cos(2 * np.pi * (days - 20) / 365) + drift).astype("float32")


def jena() -> np.ndarray:
    """Return hourly weather of four weeks: temperature (degrees Celsius) and pressure (mbar)."""
    file = find("jena_climate_jan2009.csv")
    if file is not None:
        table = read_table(file)
        rows = np.stack([table["T (degC)"], table["p (mbar)"]], axis=1)
        return rows[::6].astype("float32")
    random, hours = np.random.default_rng(13), np.arange(667)
    front = np.cumsum(random.normal(size=len(hours)))
    front -= np.linspace(front[0], front[-1], len(hours))
    day = 3 * np.sin(2 * np.pi * (hours - 9) / 24)
    return np.stack([day + 0.4 * front - 4, 990 - 0.8 * front], axis=1).astype("float32")


def windows(rows: np.ndarray, length: int, ahead: int) -> tuple[np.ndarray, np.ndarray]:
    """Return each `length` rows that follow one another, and the first column `ahead` later."""
    count = len(rows) - length - ahead + 1
    at = np.arange(count)[:, None] + np.arange(length)
    return rows[at], rows[length + ahead - 1 :, 0]


def network(window: tuple[int, ...], more: int, units: int) -> keras.Model:
    """Return a network over a window and `more` other numbers: how far it gets from the last."""
    past = keras.Input(window, name="past")
    season = keras.Input((more,), name="season")
    x = layers.Concatenate()([layers.Flatten()(past), season])
    x = layers.Dense(units, activation="relu", kernel_regularizer="l2")(x)
    model = keras.Model({"past": past, "season": season}, layers.Dense(1)(x))
    model.compile(keras.optimizers.Adam(1e-3), "mse", metrics=["mae"])
    return model


def forecast(
    rows: np.ndarray, length: int, ahead: int, period: int, epochs: int
) -> tuple[dict[str, float], np.ndarray, np.ndarray]:
    """Train; return mean absolute errors in degrees, the truth and what was forecast."""
    cut = int(len(rows) * 0.75)
    mean, spread = rows[:cut].mean(axis=0), rows[:cut].std(axis=0)
    x, y = windows((rows - mean) / spread, length, ahead)
    last = x[:, -1, 0]
    phase = 2 * np.pi * (np.arange(len(y)) + length + ahead - 1) / period
    season = np.stack([np.sin(phase), np.cos(phase)], axis=1).astype("float32")
    split = cut - length - ahead + 1
    # Seen from the last hour or day: so a cold week to test on looks like a warm one before.
    data: dict[str, Any] = {"past": x - x[:, -1:], "season": season}
    train, test = ({k: v[s] for k, v in data.items()} for s in (slice(split), slice(cut, None)))
    model = network(x.shape[1:], 2, 32)
    model.fit(
        train, (y - last)[:split], epochs=epochs, batch_size=32, validation_split=0.1, verbose=0,
        callbacks=[keras.callbacks.EarlyStopping(patience=8, restore_best_weights=True)],
    )  # fmt: skip
    guessed = model.predict(test, verbose=0)[:, 0] + last[cut:]
    truth = y[cut:]
    before = rows[length + ahead - 1 - period :, 0] if period <= length + ahead - 1 else None
    if before is None:  # a year before lies before the window
        before = np.concatenate([np.full(period - length - ahead + 1, np.nan), rows[:, 0]])
    before = (before[: len(y)][cut:] - mean[0]) / spread[0]
    errors = {
        "network": np.abs(guessed - truth).mean() * spread[0],
        "stays": np.abs(last[cut:] - truth).mean() * spread[0],
        "as a period before": np.abs(before - truth).mean() * spread[0],
        "mean": np.abs(truth).mean() * spread[0],
    }
    shown = [(a * spread[0] + mean[0]) for a in (truth, guessed)]
    return {k: float(v) for k, v in errors.items()}, shown[0], shown[1]


def main(
    epochs: int = 60, picture: str | None = "weather_forecast.png"
) -> dict[str, dict[str, float]]:
    """Forecast both; return the errors of the networks and of the plain forecasts."""
    keras.utils.set_random_seed(13)
    found, drawn = {}, {}
    for name, rows, length, ahead, period in (
        ("tomorrow's lowest in Melbourne", melbourne()[:, None], 14, 1, 365),
        ("three hours ahead in Jena", jena(), 6, 3, 24),
    ):
        errors, truth, guessed = forecast(rows, length, ahead, period, epochs)
        found[name], drawn[name] = errors, (truth[:120], guessed[:120])
        shown = ", ".join(f"{k} {v:.2f}" for k, v in errors.items())
        print(f"{name}, mean error in degrees: {shown}")
    if picture:
        plt = pyplot()
        figure, axes = plt.subplots(len(drawn), 1, figsize=(10, 7))
        for axis, (name, (truth, guessed)) in zip(axes, drawn.items(), strict=True):
            axis.plot(truth, color="0.5", label="as it was")
            axis.plot(guessed, label="as forecast")
            axis.set(title=name, ylabel="degrees Celsius")
            axis.legend()
        figure.tight_layout()
        figure.savefig(picture, dpi=80)
        plt.close(figure)
        print(f"Forecasts: {picture}")
    return found


if __name__ == "__main__":
    main()
