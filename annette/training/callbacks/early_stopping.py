"""EarlyStopping: stop when a metric no longer improves."""

from __future__ import annotations

from typing import Any, ClassVar

from annette.training.callbacks.callback import Logs
from annette.training.callbacks.monitor_callback import MonitorCallback
from annette.training.plausible import (
    Check,
    check_fit,
    is_count,
    is_number,
    is_numeric,
    list_of,
    or_none,
)
from annette.utils.io import print_msg
from annette.utils.warning import warn


class EarlyStopping(MonitorCallback):
    """Stops training when a metric has not improved for `patience` epochs.

    Args:
        monitor: the metric to watch.
        min_delta: a change smaller than this is no improvement.
        patience: epochs without improvement after which to stop.
        verbose: 1 to say when it stops.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        baseline: a value that must be beaten for the patience to start anew.
        restore_best_weights: whether to end with the weights of the best epoch.
        start_from_epoch: epochs before this one are not looked at.

    Raises:
        ValueError: in the first epoch, if the mode is auto and the metric does not tell it.
    """

    _remembered: ClassVar[dict[str, Check]] = {
        "best": or_none(is_number), "wait": is_count, "stopped_epoch": is_count,
        "best_weights": or_none(list_of(is_numeric)), "best_epoch": is_count,
    }  # fmt: skip

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.wait = 0
        self.stopped_epoch = 0
        self.restore_best_weights = restore_best_weights
        self.best_weights: Any = None
        self.best_epoch = 0
        self.start_from_epoch = start_from_epoch

    def on_train_begin(self, logs: Logs = None) -> None:
        """Forget an earlier run."""
        self.wait = 0
        self.stopped_epoch = 0
        self.best = None
        self.best_weights = None
        self.best_epoch = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare, and stop if the patience is at its end."""
        if self.monitor_op is None:
            self._set_monitor_op()
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return
        if self.restore_best_weights and self.best_weights is None:
            self._keep(epoch)  # some epoch is restored even if none beats the baseline
        self.wait += 1
        if self._is_improvement(current, self.best):
            self.best = current
            self._keep(epoch)
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Put the best weights back, if wanted."""
        if self.stopped_epoch > 0 and self.verbose > 0:
            print_msg(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                print_msg(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)

    def set_state(self, state: Any) -> None:
        """Take back the best value and weights, and for how long there were no better ones."""
        super().set_state(state)
        if self.model is not None:
            check_fit("the best weights", self.best_weights, self.model.weights)

    def get_monitor_value(self, logs: Logs) -> Any:
        """Return the watched metric of `logs`; warn and return None if it is not there."""
        logs = logs or {}
        value = logs.get(self.monitor)
        if value is None:
            warn(
                f"Early stopping conditioned on metric `{self.monitor}` which is not available. "
                f"Available metrics are: {','.join(logs)}"
            )
        return value

    def _keep(self, epoch: int) -> None:
        self.best_epoch = epoch
        if self.restore_best_weights:
            self.best_weights = self.model.get_weights()
