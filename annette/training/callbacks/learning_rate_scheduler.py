"""LearningRateScheduler: a learning rate for each epoch from a function."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import Any

import numpy as np

from annette.training.callbacks.callback import Callback, Logs
from annette.training.callbacks.learning_rate import log_rates, optimizers_of, rate_of
from annette.utils.io import print_msg


class LearningRateScheduler(Callback):
    """Sets the learning rate at the start of every epoch.

    Args:
        schedule: a function of the epoch (from 0) and the present rate (or of the epoch alone)
            that returns the rate for the epoch.
        verbose: 1 to say what it sets.

    Raises:
        ValueError: in an epoch, if the function returns no number.
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Ask the function and set the rate."""
        for optimizer in optimizers_of(self.model):
            rate = self._ask(epoch, rate_of(optimizer))
            optimizer.learning_rate = rate
            if self.verbose > 0:
                which = "" if optimizer is self.model.optimizer else f"{optimizer.name} "
                print_msg(
                    f"\nEpoch {epoch + 1}: LearningRateScheduler setting "
                    f"{which}learning rate to {rate}."
                )

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Put the rate into the epoch's logs."""
        log_rates(self.model, logs if logs is not None else {})

    def _ask(self, epoch: int, present: float) -> Any:
        if _takes_two(self.schedule):
            rate: Any = self.schedule(epoch, present)
        else:
            rate = self.schedule(epoch)
        if isinstance(rate, bool) or not isinstance(rate, (numbers.Real, np.floating)):
            if not (hasattr(rate, "__array__") and np.size(rate) == 1 and np.ndim(rate) == 0):
                raise ValueError(
                    "The output of the `schedule` function should be a float; "
                    f"for epoch {epoch} it is {rate!r} of type {type(rate).__name__}."
                )
            rate = float(np.asarray(rate))
        return rate


def _takes_two(schedule: Callable[..., Any]) -> bool:
    import inspect

    try:
        inspect.signature(schedule).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a builtin that does not tell
        return True
    return True
