"""ReduceLROnPlateau: a smaller learning rate when a metric no longer improves."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from annette.training.callbacks.callback import Logs
from annette.training.callbacks.learning_rate import log_rates, optimizers_of, rate_of
from annette.training.callbacks.monitor_callback import MonitorCallback
from annette.training.plausible import Check, is_count, is_number, or_none
from annette.utils.io import print_msg
from annette.utils.warning import warn


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by `factor` when a metric has not improved for some epochs.

    Args:
        monitor: the metric to watch.
        factor: what the learning rate is multiplied by, less than 1.
        patience: epochs without improvement after which to reduce.
        verbose: 1 to say when it reduces.
        mode: ``"min"``, ``"max"`` or ``"auto"``.
        min_delta: a change smaller than this is no improvement.
        cooldown: epochs to wait after a reduction before counting again.
        min_lr: the learning rate does not go below this.

    Raises:
        ValueError: if `factor` is 1 or more.
        TypeError: for an argument it does not have.
    """

    _remembered: ClassVar[dict[str, Check]] = {
        "best": or_none(is_number), "wait": is_count, "cooldown_counter": is_count,
    }  # fmt: skip

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
        **kwargs: Any,
    ) -> None:
        min_delta = kwargs.pop("epsilon", min_delta)  # its name in old programs
        if kwargs:
            raise TypeError(
                f"ReduceLROnPlateau has no argument {next(iter(kwargs))!r}; it takes monitor, "
                "factor, patience, verbose, mode, min_delta, cooldown and min_lr."
            )
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(
                f"ReduceLROnPlateau does not support a factor >= 1.0; it got factor={factor}. "
                "The learning rate is multiplied by it, so 0.5 halves it."
            )
        self.factor = factor
        self.min_lr = min_lr
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs = None) -> None:
        """Forget an earlier run."""
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Compare, and reduce if the patience is at its end."""
        if self.monitor_op is None:
            self._set_monitor_op()
        logs = logs if logs is not None else {}
        log_rates(self.model, logs)
        current = logs.get(self.monitor)
        if current is None:
            warn(
                f"Learning rate reduction is conditioned on metric `{self.monitor}` which is not "
                f"available. Available metrics are: {','.join(logs)}."
            )
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and self._reduce(epoch):
                self.cooldown_counter = self.cooldown
                self.wait = 0

    def in_cooldown(self) -> bool:
        """Say whether a reduction was so short ago that nothing is counted."""
        return self.cooldown_counter > 0

    def _reduce(self, epoch: int) -> bool:
        """Reduce what is above the least rate; say whether anything was."""
        reduced = False
        for optimizer in optimizers_of(self.model):
            old = rate_of(optimizer)
            if not old > np.float32(self.min_lr):
                continue
            new = max(old * self.factor, self.min_lr)
            optimizer.learning_rate = new
            reduced = True
            if self.verbose > 0:
                which = "" if optimizer is self.model.optimizer else f" {optimizer.name}"
                print_msg(
                    f"\nEpoch {epoch + 1}: ReduceLROnPlateau reducing{which} "
                    f"learning rate to {new}."
                )
        return reduced
