"""LambdaCallback: a callback from functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette.training.callbacks.callback import Callback


class LambdaCallback(Callback):
    """Calls the given functions at their moments.

    Functions of epochs and batches are called with ``(epoch, logs)`` or ``(batch, logs)``, those of
    the begin and end of a run with ``(logs)``. Any further method of `Callback` can be given.

    Args:
        on_epoch_begin: called when an epoch begins.
        on_epoch_end: called when an epoch has ended.
        on_train_begin: called when training begins.
        on_train_end: called when training has ended.
        on_train_batch_begin: called before a batch.
        on_train_batch_end: called after a batch.
        **kwargs: functions for other methods of `Callback`, and attributes to have.
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__()
        given = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        self.__dict__.update({k: v for k, v in {**kwargs, **given}.items() if v is not None})
