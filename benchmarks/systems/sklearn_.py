"""scikit-learn's MLPClassifier, which computes loss but no accuracy while it trains."""

from __future__ import annotations

import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from systems.programs import Run
from workloads import Workload

warnings.simplefilter("ignore", ConvergenceWarning)  # a few epochs are what is asked for
FOR_EVER = 10**9


def network(work: Workload, **more: object) -> MLPClassifier:
    """Return the network, without the weight decay that it has of itself."""
    batch = min(work.batch, work.rows)
    return MLPClassifier(work.sizes[1:-1], alpha=0, batch_size=batch, **more)


class Programs:
    """The jobs."""

    def classes(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training: Adam, cross-entropy."""
        model = network(work)
        labels = np.arange(work.sizes[-1])

        def run(epochs: int) -> None:
            for _ in range(epochs):
                model.partial_fit(x, y, classes=labels)

        return run

    def digits(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Twenty epochs of training, then the accuracy on the digits kept back."""
        model = network(work, max_iter=20, tol=0, n_iter_no_change=FOR_EVER)

        def run(_: int) -> float:
            model.fit(x[: work.rows], y[: work.rows])
            return float(model.score(x[work.rows :], y[work.rows :]))

        return run

    def binary(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Training for two classes; its early stopping is what validates, here without stopping."""
        model = network(
            work,
            early_stopping=True,
            validation_fraction=1 - work.rows / len(x),
            n_iter_no_change=FOR_EVER,
            warm_start=True,
        )

        def run(epochs: int) -> float:
            model.set_params(max_iter=epochs).fit(x, y)
            return float(model.validation_scores_[-1])

        return run

    def xor(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """Many epochs of one step each."""
        model = network(
            work,
            solver="sgd",
            learning_rate_init=0.1,
            momentum=0,
            tol=0,
            n_iter_no_change=FOR_EVER,
            warm_start=True,
        )

        def run(epochs: int) -> None:
            model.set_params(max_iter=epochs).fit(x, y)

        return run

    def predict_one(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """One row at a time."""
        model = network(work).partial_fit(x, y, classes=np.arange(10))

        def run(calls: int) -> None:
            for _ in range(calls):
                model.predict_proba(x)

        return run

    def predict_all(self, work: Workload, x: np.ndarray, y: np.ndarray) -> Run:
        """All rows at once, the one way it has."""
        model = network(work).partial_fit(x[: work.batch], y[: work.batch], classes=np.arange(10))

        def run(calls: int) -> None:
            for _ in range(calls):
                model.predict_proba(x)

        return run


jobs = Programs()


def forget() -> None:
    """Nothing is kept."""


def versions() -> str:
    """Return the version."""
    return f"scikit-learn {sklearn.__version__}"
