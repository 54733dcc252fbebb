"""History: what the metrics were in each epoch."""

from __future__ import annotations

from typing import Any, ClassVar

from annette.training.callbacks.callback import Callback, Logs
from annette.training.plausible import Check, dict_of, is_count, list_of


class History(Callback):
    """Records every epoch's metrics; `fit` returns it.

    `history` is a dict from a metric's name to its values, `epoch` the list of epochs.
    """

    _remembered: ClassVar[dict[str, Check]] = {
        "history": dict_of(lambda values: isinstance(values, list)), "epoch": list_of(is_count),
    }  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []

    def on_train_begin(self, logs: Logs = None) -> None:
        """Start the list of epochs anew."""
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Record the epoch."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
        self.model.history = self

    def extend(self, epochs: range, table: dict[str, list[float]]) -> None:
        """Record many epochs: for each metric, a value for each of them."""
        self.epoch.extend(epochs)
        for name, values in table.items():
            self.history.setdefault(name, []).extend(values)
        self.model.history = self
