"""How weights follow their gradients."""

from __future__ import annotations

from typing import Any

from annette.optimizers import schedules as schedules
from annette.optimizers.adadelta import Adadelta as Adadelta
from annette.optimizers.adafactor import Adafactor as Adafactor
from annette.optimizers.adagrad import Adagrad as Adagrad
from annette.optimizers.adam import Adam as Adam, AdamW as AdamW
from annette.optimizers.adamax import Adamax as Adamax
from annette.optimizers.base import Optimizer as Optimizer
from annette.optimizers.ftrl import Ftrl as Ftrl
from annette.optimizers.lamb import Lamb as Lamb
from annette.optimizers.lion import Lion as Lion
from annette.optimizers.loss_scale_optimizer import LossScaleOptimizer as LossScaleOptimizer
from annette.optimizers.multi_optimizer import (
    MultiOptimizer as MultiOptimizer,
    OptimizerMap as OptimizerMap,
)
from annette.optimizers.muon import Muon as Muon
from annette.optimizers.nadam import Nadam as Nadam
from annette.optimizers.rmsprop import RMSprop as RMSprop
from annette.optimizers.schedule_free_adamw import ScheduleFreeAdamW as ScheduleFreeAdamW
from annette.optimizers.sgd import SGD as SGD
from annette.saving.family import Family
from annette.saving.serialization import get_registered_object, serialize_keras_object

ALL_OBJECTS: dict[str, type[Optimizer]] = {
    "Adadelta": Adadelta,
    "Adafactor": Adafactor,
    "Adagrad": Adagrad,
    "Adam": Adam,
    "Adamax": Adamax,
    "AdamW": AdamW,
    "Ftrl": Ftrl,
    "Lamb": Lamb,
    "Lion": Lion,
    "LossScaleOptimizer": LossScaleOptimizer,
    "MultiOptimizer": MultiOptimizer,
    "Muon": Muon,
    "Nadam": Nadam,
    "RMSprop": RMSprop,
    "ScheduleFreeAdamW": ScheduleFreeAdamW,
    "SGD": SGD,
}
ALL_OBJECTS |= {name.lower(): cls for name, cls in ALL_OBJECTS.items()}

_family = Family("optimizer", ALL_OBJECTS, Optimizer, functions=False)


def get(identifier: Any) -> Any:
    """The optimizer meant by a name (whatever its case), a configuration, a class or an instance.

    None for None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
    """
    if isinstance(identifier, str) and get_registered_object(identifier) is None:
        identifier = identifier.lower() if identifier.lower() in ALL_OBJECTS else identifier
    elif isinstance(identifier, dict):
        identifier = _lowered(identifier)
    return _family.get(identifier)


def serialize(optimizer: Optimizer) -> Any:
    """The configuration from which `deserialize` makes an equal optimizer."""
    return serialize_keras_object(optimizer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """The optimizer that `serialize` described."""
    return _family.deserialize(_lowered(config), custom_objects)


def _lowered(config: Any) -> Any:
    """A configuration with a built-in class's name in lower case, as old files may have it."""
    name = config.get("class_name") if isinstance(config, dict) else None
    if isinstance(name, str) and "module" not in config and name.lower() in ALL_OBJECTS:
        return {**config, "class_name": name.lower()}
    return config
