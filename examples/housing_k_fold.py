"""What does a house cost? Regression with so few rows that each must be tested on: k folds.

Boston (506 districts, 1978; one of its columns is made from people's skin colour, which is why it
serves here for comparison only) and California (20,640 districts, 1990).
"""

from __future__ import annotations

import numpy as np
from example_tools import curves, find, folds, made_table, read_table

import annette as keras
from annette import layers

SHORE = ["<1H OCEAN", "INLAND", "NEAR BAY", "NEAR OCEAN"]


def boston() -> tuple[np.ndarray, np.ndarray]:
    """Return the districts and their prices in thousands of dollars."""
    file = find("boston_housing.npz")
    if file is None:
        table, score = made_table({str(i): (0.0, 10.0 + i) for i in range(13)}, 506, seed=3)
        return np.stack(list(table.values()), axis=1), (22.5 + 9 * score).astype("float32")
    with np.load(file) as found:
        return found["x"].astype("float32"), found["y"].astype("float32")


def california(rows: int | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the districts and their prices in thousands of dollars."""
    file = find("california_housing.zip")
    if file is None:
        columns = {str(i): (0.0, 100.0) for i in range(8)} | {"ocean_proximity": SHORE}
        table, score = made_table(columns, min(rows or 3000, 3000), seed=4)
        price = 206.9 + 115 * score
    else:
        table = read_table(file, "california_housing.csv")
        price = table.pop("median_house_value") / 1000
        order = np.random.default_rng(0).permutation(len(price))[:rows]
        table, price = {n: c[order] for n, c in table.items()}, price[order]
    shore = layers.StringLookup(vocabulary=SHORE, num_oov_indices=0, output_mode="one_hot")
    places = table.pop("ocean_proximity")
    places[places == "ISLAND"] = "NEAR OCEAN"  # five districts, too few to be a kind of their own
    where = np.asarray(shore(places), dtype="float32")
    numbers = [np.nan_to_num(c, nan=np.nanmedian(c)) for c in table.values()]
    x = np.concatenate([np.stack(numbers, axis=1), where], axis=1)
    return x.astype("float32"), price.astype("float32")


def network(x: np.ndarray, units: int) -> keras.Model:
    """Return a network that takes rows as they are: it brings the columns to one scale itself."""
    scale = layers.Normalization()
    scale.adapt(x)
    model = keras.Sequential(
        [
            keras.Input((x.shape[1],)),
            scale,
            layers.Dense(units, activation="relu"),
            layers.Dense(units, activation="relu"),
            layers.Dense(1),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "mse", metrics=["mae"])
    return model


def k_folds(
    x: np.ndarray, y: np.ndarray, count: int, epochs: int, batch: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean absolute error after each epoch, over the folds: in training, on the rest."""
    seen, unseen = [], []
    for train, test in folds(len(x), count):
        model = network(x[train], units=64)
        history = model.fit(
            x[train], y[train], epochs=epochs, batch_size=batch, verbose=0,
            validation_data=(x[test], y[test]),
        ).history  # fmt: skip
        seen.append(history["mae"])
        unseen.append(history["val_mae"])
    return np.mean(seen, axis=0), np.mean(unseen, axis=0)


def main(
    epochs: int = 60, rows: int | None = None, picture: str | None = "housing_k_fold.png"
) -> dict[str, float]:
    """Cross-validate; return the errors, as shares of the error of always saying the median."""
    keras.utils.set_random_seed(3)
    found, panels = {}, {}
    for name, (x, y), batch in (
        ("Boston", boston(), 16),
        ("California", california(rows), 256),
    ):
        seen, unseen = k_folds(x, y, 4, epochs, batch)
        median = float(np.abs(y - np.median(y)).mean())
        best = int(unseen.argmin())
        found[name] = float(unseen[best]) / median
        print(f"{name}: {len(x)} districts; off by {unseen[best]:.2f} thousand dollars after epoch "
              f"{best + 1} of {epochs}, {unseen[-1]:.2f} at the end ({seen[-1]:.2f} in training); "
              f"always the median: {median:.2f}")  # fmt: skip
        panels[f"{name}: mean absolute error"] = {"in training": seen, "on the other fold": unseen}
    curves(picture, panels)
    return found


if __name__ == "__main__":
    main()
