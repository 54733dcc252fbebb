"""Reading and setting the learning rate of a model's optimizer (or of several)."""

from __future__ import annotations

from typing import Any

import numpy as np


def optimizers_of(model: Any) -> list[Any]:
    """Return the model's optimizers: one, or those inside of a collection."""
    return list(getattr(model.optimizer, "optimizers", None) or [model.optimizer])


def rate_of(optimizer: Any) -> float:
    """Return an optimizer's learning rate as a float.

    Raises:
        ValueError: if it has none.
    """
    if not hasattr(optimizer, "learning_rate"):
        raise ValueError('Optimizer must have a "learning_rate" attribute.')
    return float(np.asarray(optimizer.learning_rate))


def log_rates(model: Any, logs: dict[str, Any]) -> None:
    """Put the learning rate into `logs` (under each optimizer's name if there are several)."""
    optimizers = optimizers_of(model)
    several = optimizers[0] is not model.optimizer
    for optimizer in optimizers:
        name = f"learning_rate_{optimizer.name}" if several else "learning_rate"
        logs[name] = rate_of(optimizer)
