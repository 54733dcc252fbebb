"""Callbacks by their public place: ``from annette.callbacks import EarlyStopping``."""

from annette.training.callbacks import (
    Callback as Callback,
)
from annette.training.callbacks import (
    CallbackList as CallbackList,
)
from annette.training.callbacks import (
    CSVLogger as CSVLogger,
)
from annette.training.callbacks import (
    EarlyStopping as EarlyStopping,
)
from annette.training.callbacks import (
    History as History,
)
from annette.training.callbacks import (
    LambdaCallback as LambdaCallback,
)
from annette.training.callbacks import (
    LearningRateScheduler as LearningRateScheduler,
)
from annette.training.callbacks import (
    ProgbarLogger as ProgbarLogger,
)
from annette.training.callbacks import (
    ReduceLROnPlateau as ReduceLROnPlateau,
)
from annette.training.callbacks import (
    TerminateOnNaN as TerminateOnNaN,
)
