"""Heart disease and diabetes: small medical tables with gaps, in five folds.

Nothing here is of any use to a doctor: the tables have 303 and 768 rows.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from example_tools import Table, find, folds, made_table, read_table

import annette as keras
from annette import layers, regularizers

HEART_KINDS = ["cp", "restecg", "slope", "thal"]
HEART: dict[str, Any] = {
    "age": (29, 77), "sex": (0, 1), "cp": (1, 4), "trestbps": (94, 200), "chol": (126, 564),
    "fbs": (0, 1), "restecg": (0, 2), "thalach": (71, 202), "exang": (0, 1), "oldpeak": (0.0, 6.2),
    "slope": (1, 3), "ca": (0, 3), "thal": (3, 7),
}  # fmt: skip
#: A zero in these stands for a measure that was not taken.
PIMA_GAPS = ["glucose", "blood_pressure", "skin_thickness", "insulin", "bmi"]
PIMA: dict[str, Any] = {
    "pregnancies": (0, 17), "glucose": (44, 199), "blood_pressure": (24, 122),
    "skin_thickness": (7, 99), "insulin": (14, 846), "bmi": (18.2, 67.1), "pedigree": (0.1, 2.4),
    "age": (21, 81),
}  # fmt: skip


def filled(columns: Table, gaps: list[str]) -> np.ndarray:
    """Return the columns with medians in the gaps, and a column that says where gaps were."""
    made = []
    for name, column in columns.items():
        gap = np.isnan(column) | ((column == 0) if name in gaps else False)
        made.append(np.where(gap, np.median(column[~gap]), column))
        if gap.any():
            made.append(gap)
    return np.stack(made, axis=1).astype("float32")


def one_hot(column: np.ndarray) -> np.ndarray:
    lookup = layers.IntegerLookup(output_mode="one_hot")
    values = np.nan_to_num(column, nan=-1).astype("int64")
    lookup.adapt(values)
    return np.asarray(lookup(values), dtype="float32")


def heart() -> tuple[np.ndarray, np.ndarray]:
    """Return 303 people, and who of them is ill."""
    file = find("heart_cleveland.csv")
    if file is None:
        table, score = made_table(HEART, 303, seed=7)
        ill = score > 0.1
    else:
        table = read_table(file)
        ill = table.pop("num") > 0
    kinds = [one_hot(table.pop(name)) for name in HEART_KINDS]
    return np.concatenate([filled(table, []), *kinds], axis=1), ill.astype("float32")


def pima() -> tuple[np.ndarray, np.ndarray]:
    """Return 768 women, and who of them has diabetes."""
    file = find("pima_diabetes.csv")
    if file is None:
        table, score = made_table(PIMA, 768, seed=8)
        ill = score > 0.4
    else:
        table = read_table(file)
        ill = table.pop("diabetes") == 1
    return filled(table, PIMA_GAPS), ill.astype("float32")


def network(x: np.ndarray) -> keras.Model:
    scale = layers.Normalization()
    scale.adapt(x)
    model = keras.Sequential(
        [
            keras.Input((x.shape[1],)),
            scale,
            layers.Dense(16, activation="relu", kernel_regularizer=regularizers.L2(0.01)),
            layers.Dropout(0.4),
            layers.Dense(8, activation="relu", kernel_regularizer=regularizers.L2(0.01)),
            layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(keras.optimizers.Adam(3e-3), "binary_crossentropy", metrics=["accuracy", "auc"])
    return model


def main(epochs: int = 60) -> dict[str, dict[str, float]]:
    """Cross-validate on both tables; return the figures of each."""
    found = {}
    for name, (x, y) in {"heart": heart(), "diabetes": pima()}.items():
        keras.utils.set_random_seed(6)
        each = []
        for train, test in folds(len(x), 5):
            model = network(x[train])
            model.fit(x[train], y[train], epochs=epochs, batch_size=32, verbose=0)
            each.append(model.evaluate(x[test], y[test], verbose=0, return_dict=True))
        figures = {k: float(np.mean([fold[k] for fold in each])) for k in ("accuracy", "auc")}
        figures["majority"] = float(max(y.mean(), 1 - y.mean()))
        found[name] = figures
        spread = np.std([fold["accuracy"] for fold in each])
        print(f"{name:8} {len(x)} people: accuracy {figures['accuracy']:.3f} (over the folds "
              f"+-{spread:.3f}; always the same: {figures['majority']:.3f}), "
              f"area {figures['auc']:.3f}")  # fmt: skip
    return found


if __name__ == "__main__":
    main()
