"""Learning rates that change with the step."""

from __future__ import annotations

from typing import Any

from annette.optimizers.schedules.base import LearningRateSchedule as LearningRateSchedule
from annette.optimizers.schedules.cosine import (
    CosineDecay as CosineDecay,
    CosineDecayRestarts as CosineDecayRestarts,
)
from annette.optimizers.schedules.decay import (
    ExponentialDecay as ExponentialDecay,
    InverseTimeDecay as InverseTimeDecay,
    PiecewiseConstantDecay as PiecewiseConstantDecay,
    PolynomialDecay as PolynomialDecay,
)
from annette.saving.family import Family
from annette.saving.serialization import serialize_keras_object

ALL_OBJECTS: dict[str, type[LearningRateSchedule]] = {
    cls.__name__: cls
    for cls in (
        CosineDecay,
        CosineDecayRestarts,
        ExponentialDecay,
        InverseTimeDecay,
        PiecewiseConstantDecay,
        PolynomialDecay,
    )
}

_family = Family("learning rate schedule", ALL_OBJECTS, LearningRateSchedule)


def serialize(learning_rate_schedule: LearningRateSchedule) -> Any:
    """The configuration from which `deserialize` makes an equal schedule."""
    return serialize_keras_object(learning_rate_schedule)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The schedule that `serialize` described."""
    return _family.deserialize(config, custom_objects)
