"""Callbacks by their public place: ``from annette.callbacks import EarlyStopping``."""

from annette.training.callbacks import (
    Callback as Callback,
    CallbackList as CallbackList,
    CSVLogger as CSVLogger,
    EarlyStopping as EarlyStopping,
    History as History,
    LambdaCallback as LambdaCallback,
    LearningRateScheduler as LearningRateScheduler,
    ProgbarLogger as ProgbarLogger,
    ReduceLROnPlateau as ReduceLROnPlateau,
    RemoteMonitor as RemoteMonitor,
    SwapEMAWeights as SwapEMAWeights,
    TensorBoard as TensorBoard,
    TerminateOnNaN as TerminateOnNaN,
)
