"""Callbacks: code that is called while fit, evaluate and predict run (``keras.callbacks``).

Each is imported when it is first asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from annette.utils.on_demand import on_demand

if TYPE_CHECKING:  # what type checkers and editors read; _HOMES says the same to the program
    from annette.training.callbacks.backup_and_restore import BackupAndRestore as BackupAndRestore
    from annette.training.callbacks.callback import Callback as Callback
    from annette.training.callbacks.callback_list import CallbackList as CallbackList
    from annette.training.callbacks.csv_logger import CSVLogger as CSVLogger
    from annette.training.callbacks.early_stopping import EarlyStopping as EarlyStopping
    from annette.training.callbacks.history import History as History
    from annette.training.callbacks.lambda_callback import LambdaCallback as LambdaCallback
    from annette.training.callbacks.learning_rate_scheduler import (
        LearningRateScheduler as LearningRateScheduler,
    )
    from annette.training.callbacks.model_checkpoint import ModelCheckpoint as ModelCheckpoint
    from annette.training.callbacks.progbar_logger import ProgbarLogger as ProgbarLogger
    from annette.training.callbacks.reduce_lr_on_plateau import (
        ReduceLROnPlateau as ReduceLROnPlateau,
    )
    from annette.training.callbacks.remote_monitor import RemoteMonitor as RemoteMonitor
    from annette.training.callbacks.swap_ema_weights import SwapEMAWeights as SwapEMAWeights
    from annette.training.callbacks.tensorboard import TensorBoard as TensorBoard
    from annette.training.callbacks.terminate_on_nan import TerminateOnNaN as TerminateOnNaN

_HOMES = {
    "BackupAndRestore": "backup_and_restore",
    "CSVLogger": "csv_logger",
    "Callback": "callback",
    "CallbackList": "callback_list",
    "EarlyStopping": "early_stopping",
    "History": "history",
    "LambdaCallback": "lambda_callback",
    "LearningRateScheduler": "learning_rate_scheduler",
    "ModelCheckpoint": "model_checkpoint",
    "ProgbarLogger": "progbar_logger",
    "ReduceLROnPlateau": "reduce_lr_on_plateau",
    "RemoteMonitor": "remote_monitor",
    "SwapEMAWeights": "swap_ema_weights",
    "TensorBoard": "tensorboard",
    "TerminateOnNaN": "terminate_on_nan",
}
_WHERE = {name: (f"annette.training.callbacks.{home}", name) for name, home in _HOMES.items()}

__all__ = sorted(_WHERE)

__getattr__, __dir__ = on_demand(__name__, _WHERE)
