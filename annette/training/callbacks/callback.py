"""The base class of callbacks: what fit, evaluate and predict tell while they run."""

from __future__ import annotations

from typing import Any, ClassVar

from annette.training.plausible import Check, check_parts
from annette.utils.explain import check_constructors

Logs = dict[str, Any] | None


class Callback:
    """Base class of callbacks: override the methods for the moments you want to act in.

    `model` is the model that is trained, `params` a dict with ``verbose``, ``epochs`` and
    ``steps``. `logs` is a dict of the metrics so far. Set
    ``self.model.stop_training = True`` to end training.

    A callback that remembers something lets a run of training be interrupted and go on exactly
    (`BackupAndRestore`, ``fit(resume=...)``) if it tells what it remembers, in `get_state`, and
    takes it back, in `set_state`. While such a run goes on, ``params["resumed"]`` is True.
    """

    # the attributes that `get_state` tells of, and what each of them may be
    _remembered: ClassVar[dict[str, Check]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__module__.startswith("annette.training.callbacks."):
            check_constructors(cls)

    def __init__(self) -> None:
        self.params: Any = None
        self._model: Any = None

    @property
    def model(self) -> Any:
        """The model that is trained, evaluated or predicts."""
        return getattr(self, "_model", None)

    @model.setter
    def model(self, model: Any) -> None:
        self._model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Take the run's parameters."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Take the model."""
        self._model = model

    def get_state(self) -> Any:
        """Return what is remembered from batch to batch and epoch to epoch; None for nothing.

        It is made of None, booleans, numbers, texts, bytes and arrays, in lists, tuples and dicts.
        """
        return {name: getattr(self, name) for name in self._remembered} or None

    def set_state(self, state: Any) -> None:
        """Take back what `get_state` returned in the run that was interrupted.

        It is called after `on_train_begin` (and after `on_epoch_begin`, within an epoch).
        """
        check_parts(type(self).__name__, state, self._remembered)
        for name in self._remembered:
            setattr(self, name, state[name])

    def on_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Old name of `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Old name of `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs = None) -> None:
        """Called when an epoch of training begins; `epoch` counts from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs = None) -> None:
        """Called when an epoch has ended, with its metrics, those of validation as ``val_...``."""

    def on_train_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of training; `batch` counts from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of training, with the metrics of the epoch so far."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of evaluation or validation."""

    def on_test_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of evaluation or validation, with the metrics so far."""

    def on_predict_batch_begin(self, batch: int, logs: Logs = None) -> None:
        """Called before a batch of prediction."""

    def on_predict_batch_end(self, batch: int, logs: Logs = None) -> None:
        """Called after a batch of prediction, with its ``outputs``."""

    def on_train_begin(self, logs: Logs = None) -> None:
        """Called when training begins."""

    def on_train_end(self, logs: Logs = None) -> None:
        """Called when training has ended, with the last epoch's metrics."""

    def on_test_begin(self, logs: Logs = None) -> None:
        """Called when evaluation or validation begins."""

    def on_test_end(self, logs: Logs = None) -> None:
        """Called when evaluation or validation has ended, with its metrics."""

    def on_predict_begin(self, logs: Logs = None) -> None:
        """Called when prediction begins."""

    def on_predict_end(self, logs: Logs = None) -> None:
        """Called when prediction has ended."""
