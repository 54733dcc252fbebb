"""Turning objects into plain configurations and back, and keeping models in files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from annette.saving.serialization import (
    CustomObjectScope,
    custom_object_scope,
    deserialize_keras_object,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
    serialize_keras_object,
)
from annette.utils.on_demand import on_demand

if TYPE_CHECKING:  # what type checkers and editors read; _HOMES says the same to the program
    from annette.saving.model_files import (
        load_model as load_model,
        load_weights as load_weights,
        save_model as save_model,
        save_weights as save_weights,
    )

_HOMES = {
    name: ("annette.saving.model_files", name)
    for name in ("load_model", "load_weights", "save_model", "save_weights")
}

__getattr__, __dir__ = on_demand(__name__, _HOMES)

__all__ = [
    "CustomObjectScope",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
]
