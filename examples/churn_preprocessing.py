"""Which customers of a bank will leave? A table of numbers and kinds through preprocessing layers.

Each column is prepared by the layer that fits it; few customers leave, so they weigh more in
training (`class_weight`), and what counts is how many of them are found (recall), how many of those
said to leave do (precision), and the area under the curve of the one against the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import Table, find, made_table, read_table, rows_of

import annette as keras
from annette import layers

NUMBERS = ["CreditScore", "Balance", "EstimatedSalary"]
COLUMNS: dict[str, Any] = {
    "CreditScore": (350, 850), "Geography": ["France", "Germany", "Spain"],
    "Gender": ["Female", "Male"], "Age": (18, 92), "Tenure": (0, 10), "Balance": (0.0, 250000.0),
    "NumOfProducts": (1, 4), "HasCrCard": (0, 1), "IsActiveMember": (0, 1),
    "EstimatedSalary": (10.0, 200000.0),
}  # fmt: skip


def customers(rows: int | None) -> tuple[Table, np.ndarray]:
    """Return the table and who left, in random order."""
    file = find("churn_modelling.csv")
    if file is None:
        table, score = made_table(COLUMNS, min(rows or 4000, 4000), seed=5)
        return table, (score > np.quantile(score, 0.8)).astype("float32")
    table = read_table(file)
    order = np.random.default_rng(0).permutation(len(table["Exited"]))[:rows]
    table = rows_of(table, order)
    return {name: table[name] for name in COLUMNS}, table["Exited"].astype("float32")


class Preparation:
    """Makes rows of numbers of a table; what it needs to know it takes from the rows trained on."""

    def __init__(self, table: Table) -> None:
        self.scale = layers.Normalization()
        self.scale.adapt(self.numbers(table))
        self.country = layers.StringLookup(output_mode="one_hot")
        self.country.adapt(table["Geography"])
        self.gender = layers.StringLookup(vocabulary=["Female", "Male"], num_oov_indices=0)
        self.age = layers.Discretization(num_bins=8, output_mode="one_hot")
        self.age.adapt(table["Age"].astype("float32"))
        self.products = layers.IntegerLookup(output_mode="one_hot")
        self.products.adapt(table["NumOfProducts"])
        self.tenure = layers.CategoryEncoding(num_tokens=11, output_mode="one_hot")
        self.cross = layers.HashedCrossing(num_bins=16, output_mode="one_hot")

    def numbers(self, table: Table) -> np.ndarray:
        return np.stack([table[name].astype("float32") for name in NUMBERS], axis=1)

    def __call__(self, table: Table) -> np.ndarray:
        yes_no = ["HasCrCard", "IsActiveMember"]
        found = [
            self.scale(self.numbers(table)),
            self.country(table["Geography"]),
            np.asarray(self.gender(table["Gender"]))[:, None],
            self.age(table["Age"].astype("float32")),
            self.products(table["NumOfProducts"]),
            self.tenure(table["Tenure"]),
            self.cross((table["Geography"], table["Gender"])),
            np.stack([table[name] for name in yes_no], axis=1),
        ]
        return np.concatenate([np.asarray(part, dtype="float32") for part in found], axis=1)


def network(columns: int) -> keras.Model:
    model = keras.Sequential(
        [
            keras.Input((columns,)),
            layers.Dense(32, activation="relu"),
            layers.Dropout(0.3),
            layers.Dense(16, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(1e-3),
        "binary_crossentropy",
        metrics=[
            keras.metrics.BinaryAccuracy(name="accuracy"),
            keras.metrics.AUC(name="auc"),
            keras.metrics.Precision(name="precision"),
            keras.metrics.Recall(name="recall"),
        ],
    )
    return model


def main(epochs: int = 25, rows: int | None = None) -> dict[str, dict[str, float]]:
    """Train with rows that weigh alike, and with weights; return the figures of both."""
    table, left = customers(rows)
    cut = len(left) * 4 // 5
    prepare = Preparation(rows_of(table, slice(cut)))
    x, x_test = prepare(rows_of(table, slice(cut))), prepare(rows_of(table, slice(cut, None)))
    y, y_test = left[:cut], left[cut:]
    print(f"{len(x)} customers with {len(table)} columns, {x.shape[1]} after preparation; "
          f"{y.mean():.1%} left; always 'stays': {1 - y_test.mean():.3f} right")  # fmt: skip
    share = float(y.mean())
    ways: dict[str, Any] = {
        "alike": None,
        "weighted": {0: 0.5 / (1 - share), 1: 0.5 / share},
    }
    found = {"majority": {"accuracy": float(1 - y_test.mean())}}
    for way, weights in ways.items():
        keras.utils.set_random_seed(4)
        model = network(x.shape[1])
        model.fit(x, y, epochs=epochs, batch_size=64, class_weight=weights, verbose=0)
        found[way] = model.evaluate(x_test, y_test, batch_size=256, verbose=0, return_dict=True)
        shown = ", ".join(f"{k} {v:.3f}" for k, v in found[way].items() if k != "loss")
        print(f"{way:8} {shown}")
    return found


if __name__ == "__main__":
    main()
