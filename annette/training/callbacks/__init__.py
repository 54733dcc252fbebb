"""Callbacks: code that is called while fit, evaluate and predict run (``keras.callbacks``)."""

from __future__ import annotations

from annette.training.callbacks.callback import Callback
from annette.training.callbacks.callback_list import CallbackList
from annette.training.callbacks.csv_logger import CSVLogger
from annette.training.callbacks.early_stopping import EarlyStopping
from annette.training.callbacks.history import History
from annette.training.callbacks.lambda_callback import LambdaCallback
from annette.training.callbacks.learning_rate_scheduler import LearningRateScheduler
from annette.training.callbacks.monitor_callback import MonitorCallback
from annette.training.callbacks.progbar_logger import ProgbarLogger
from annette.training.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from annette.training.callbacks.remote_monitor import RemoteMonitor
from annette.training.callbacks.swap_ema_weights import SwapEMAWeights
from annette.training.callbacks.tensorboard import TensorBoard
from annette.training.callbacks.terminate_on_nan import TerminateOnNaN
from annette.utils.explain import check_constructors

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "MonitorCallback",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]

check_constructors(*(value for name, value in list(globals().items()) if name in __all__))
