"""SwapEMAWeights: validation with the averages of the weights."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from annette.training.callbacks.callback import Callback, Logs
from annette.training.plausible import Check, check_fit, is_flag, is_numeric, list_of, or_none


class SwapEMAWeights(Callback):
    """Exchanges the weights with their moving averages while the model is tested or predicts.

    For optimizers made with ``use_ema=True``. Training goes on with the weights themselves.
    Source: Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", 1992.

    Args:
        swap_on_epoch: whether the averages are also in the model from the end of an epoch to the
            beginning of the next, so that callbacks after this one in the list meet them.

    Raises:
        ValueError: when the run begins, if the optimizer keeps no averages.
    """

    _remembered: ClassVar[dict[str, Check]] = {
        "_kept": or_none(list_of(is_numeric)), "_between_epochs": is_flag,
    }  # fmt: skip

    def __init__(self, swap_on_epoch: bool = False) -> None:
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._kept: list[Any] | None = None  # the weights, while the averages are in the model
        self._between_epochs = False

    def set_state(self, state: Any) -> None:
        """Take back the weights that the averages stand for."""
        super().set_state(state)
        if self.model is not None:
            optimizer = self._optimizer()
            check_fit("the weights that are kept", self._kept, optimizer._trainable_variables)

    def on_train_begin(self, logs: Logs = None) -> None:
        """Look whether there will be averages."""
        self._optimizer()
        self._kept, self._between_epochs = None, False

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Bring the weights back."""
        self._between_epochs = False
        self._bring_back()

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Put the averages in, if that was asked for."""
        if self.swap_on_epoch:
            self._put_in()
            self._between_epochs = True

    def on_train_end(self, logs: Logs = None) -> None:
        """Leave the weights as the optimizer finished them."""
        self._kept, self._between_epochs = None, False

    def on_test_begin(self, logs: Logs = None) -> None:
        """Put the averages in."""
        self._put_in()

    def on_test_end(self, logs: Logs = None) -> None:
        """Bring the weights back."""
        self._bring_back()

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Put the averages in."""
        self._put_in()

    def on_predict_end(self, logs: Logs = None) -> None:
        """Bring the weights back."""
        self._bring_back()

    def _optimizer(self) -> Any:
        optimizer = getattr(self.model, "optimizer", None)
        optimizer = getattr(optimizer, "inner_optimizer", optimizer)
        if not getattr(optimizer, "use_ema", False):
            raise ValueError(
                "SwapEMAWeights needs an optimizer that averages the weights; the model's is "
                f"{optimizer!r}. Compile with one made with use_ema=True."
            )
        return optimizer

    def _put_in(self) -> None:
        optimizer = self._optimizer()
        if self._kept is not None or not optimizer.built:
            return
        weights = optimizer._trainable_variables
        self._kept = [np.array(w.numpy()) for w in weights]
        for weight, average in zip(weights, optimizer._averages, strict=True):
            weight.assign(average.numpy())

    def _bring_back(self) -> None:
        if self._kept is None or self._between_epochs:
            return
        for weight, kept in zip(self._optimizer()._trainable_variables, self._kept, strict=True):
            weight.assign(kept)
        self._kept = None
