"""Networks as scikit-learn's estimators: in a pipeline, cross-validated, in a grid search."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import annette as keras
from annette import layers
from annette.wrappers import SKLearnClassifier


def make_network(X: Any, y: Any, units: int = 32, rate: float = 1e-2) -> keras.Model:
    """Return a compiled network for data of these shapes."""
    inputs = keras.Input((X.shape[1],))
    hidden = layers.Dense(units, activation="relu")(inputs)
    outputs = layers.Dense(y.shape[1], activation="softmax")(hidden)
    model = keras.Model(inputs, outputs)
    model.compile(keras.optimizers.Adam(rate), "categorical_crossentropy", metrics=["accuracy"])
    return model


def main(epochs: int = 8, rows: int = 1797) -> dict[str, float]:
    """Search; return the accuracies of the best network in validation and in the test."""
    keras.utils.set_random_seed(15)
    x, y = load_digits(return_X_y=True)
    x, x_test, y, y_test = train_test_split(
        x[:rows], y[:rows], test_size=0.25, random_state=0, stratify=y[:rows]
    )
    network = SKLearnClassifier(
        make_network,
        model_kwargs={"units": 32},
        fit_kwargs={"epochs": epochs, "batch_size": 32, "verbose": 0},
    )
    pipeline = Pipeline([("scale", StandardScaler()), ("network", network)])
    plain = cross_val_score(pipeline, x, y, cv=3)
    print(f"32 units, three folds: {', '.join(f'{s:.3f}' for s in plain)}")
    grid = {
        "network__model_kwargs": [
            {"units": 8, "rate": 1e-2},
            {"units": 64, "rate": 1e-2},
            {"units": 64, "rate": 1e-4},
        ]
    }
    search = GridSearchCV(pipeline, grid, cv=3)
    search.fit(x, y)
    for wanted, score in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        print(f"  {wanted['network__model_kwargs']}: {score:.3f}")
    found = {"validation": float(search.best_score_), "test": float(search.score(x_test, y_test)),
             "units": float(search.best_params_["network__model_kwargs"]["units"]),
             "plain": float(np.mean(plain))}  # fmt: skip
    print(f"best: {search.best_params_['network__model_kwargs']}, on rows it has not seen "
          f"{found['test']:.3f}")  # fmt: skip
    return found


if __name__ == "__main__":
    main()
