"""Who earns more than 50,000 dollars a year? A census table through one `FeatureSpace`.

The space says in one place how each column is prepared and which are taken together; it is part of
the model that is used in the end, which takes people as they stand in the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import Table, find, made_table, read_table, rows_of

import annette as keras
from annette import layers
from annette.utils import FeatureSpace

TEXTS = {
    "workclass": ["Private", "Self-emp-not-inc", "Local-gov", "State-gov"],
    "education": ["HS-grad", "Some-college", "Bachelors", "Masters"],
    "marital_status": ["Married-civ-spouse", "Never-married", "Divorced"],
    "occupation": ["Sales", "Craft-repair", "Exec-managerial", "Tech-support"],
    "relationship": ["Husband", "Wife", "Own-child", "Not-in-family"],
}
NUMBERS = {
    "age": (17, 90), "education_num": (1, 16), "capital_gain": (0, 20000),
    "capital_loss": (0, 4000), "hours_per_week": (1, 99),
}  # fmt: skip


def people(rows: int | None) -> tuple[Table, np.ndarray, Table, np.ndarray]:
    """Return people and whether they earn more: to train on, then to test on."""
    file = find("adult_census.zip")
    if file is None:
        table, score = made_table(NUMBERS | TEXTS, min(rows or 5000, 5000), seed=6)
        rich, cut = (score > np.quantile(score, 0.76)).astype("float32"), len(score) * 2 // 3
        return (rows_of(table, slice(cut)), rich[:cut],
                rows_of(table, slice(cut, None)), rich[cut:])  # fmt: skip
    parts: list[Any] = []
    for member in ("adult_train.csv", "adult_test.csv"):
        table = rows_of(read_table(file, member), slice(rows))
        parts += [{n: table[n] for n in NUMBERS | TEXTS}, (table["income"] == ">50K") * 1.0]
    return tuple(parts)


def make_space() -> FeatureSpace:
    return FeatureSpace(
        features={
            "age": FeatureSpace.float_discretized(num_bins=16),
            "education_num": FeatureSpace.integer_categorical(num_oov_indices=0),
            "capital_gain": "float_normalized",
            "capital_loss": "float_normalized",
            "hours_per_week": FeatureSpace.float_normalized(),
            "workclass": "string_categorical",
            "education": FeatureSpace.string_categorical(num_oov_indices=1),
            "marital_status": "string_categorical",
            "occupation": "string_categorical",
            "relationship": FeatureSpace.string_hashed(num_bins=16),
        },
        crosses=[FeatureSpace.cross(("education", "occupation"), crossing_dim=64)],
        output_mode="concat",
    )


def main(epochs: int = 12, rows: int | None = None) -> dict[str, float]:
    """Train; return accuracy, area under the curve and the share of the commoner answer."""
    keras.utils.set_random_seed(5)
    table, y, test, y_test = people(rows)
    space = make_space()
    space.adapt(table)
    x, x_test = np.asarray(space(table)), np.asarray(space(test))

    inputs = keras.Input((x.shape[1],))
    hidden = layers.Dense(64, activation="relu")(inputs)
    hidden = layers.Dropout(0.3)(hidden)
    outputs = layers.Dense(1, activation="sigmoid")(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(
        "adam", "binary_crossentropy", metrics=["accuracy", keras.metrics.AUC(name="auc")]
    )
    model.fit(
        x, y, epochs=epochs, batch_size=256, verbose=0, validation_split=0.1,
        callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)],
    )  # fmt: skip
    found = model.evaluate(x_test, y_test, batch_size=1024, verbose=0, return_dict=True)
    found["majority"] = float(max(y_test.mean(), 1 - y_test.mean()))
    print(f"{len(y)} people, {x.shape[1]} numbers each: accuracy {found['accuracy']:.3f} "
          f"(always the same: {found['majority']:.3f}), area {found['auc']:.3f}")  # fmt: skip

    first = rows_of(test, slice(3))
    likely = model.predict(np.asarray(space(first)), verbose=0)[:, 0]
    for i, p in enumerate(likely):
        print(f"  {first['age'][i]} years, {first['education'][i]}, {first['occupation'][i]}, "
              f"{first['hours_per_week'][i]} hours a week: {p:.0%}")  # fmt: skip
    return found


if __name__ == "__main__":
    main()
