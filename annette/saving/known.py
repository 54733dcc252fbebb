"""What a configuration may name: a closed table of annette's own classes and functions.

A name in a file is a key of this table and nothing more: it is never part of an import, and never
looked up in a module.
"""

from __future__ import annotations

import functools
import importlib
import types
from typing import Any

# Rooms by the name they have in Keras's configurations -> annette's module with their names.
_ROOMS = {
    "activations": "annette.activations",
    "constraints": "annette.constraints",
    "dtype_policies": "annette.dtype_policies",
    "initializers": "annette.initializers",
    "layers": "annette.layers",
    "losses": "annette.losses",
    "metrics": "annette.metrics",
    "models": "annette.models",
    "optimizers": "annette.optimizers",
    "schedules": "annette.optimizers.schedules",
    "random": "annette.random",
    "regularizers": "annette.regularizers",
}
# Classes that configurations name and that stand under another name, or none, in their room.
_OTHERS = {
    "Feature": "annette.layers.preprocessing.feature_space",
    "Cross": "annette.layers.preprocessing.feature_space",
    "FeatureSpace": "annette.layers.preprocessing.feature_space",
    "FunctionOperation": "annette.graph.symbolic",
    "Functional": "annette.models.functional",
    "Model": "annette.models",
    "Sequential": "annette.models",
    "DTypePolicy": "annette.dtype_policies",
    "FloatDTypePolicy": "annette.dtype_policies",
}
# Classes of Keras's that are another one here, by the room they are in.
_KNOWN_AS = {("preprocessing", "TFDIdentity"): ("layers", "Identity")}
# The rooms in which a function saved by its bare name is looked for, in this order.
_FUNCTION_ROOMS = ("activations", "losses", "metrics")
_HOMES = ("annette.activations", "annette.losses", "annette.metrics")
_MAKERS = frozenset({"get", "serialize", "deserialize"})
# Operations that call functions as often as they are told.
_CALLERS = frozenset({"associative_scan", "map", "scan", "vectorized_map"})


def known_class(module: str, name: Any) -> Any:
    """A class of annette's by Keras's names for it; None if no model can hold such a thing.

    What stands around the room in `module` does not matter: releases differ in it.
    """
    if not isinstance(name, str):
        return None
    for part in reversed(module.split(".")):
        part, name = _KNOWN_AS.get((part, name), (part, name))
        found = _classes(part).get(name) if part in _ROOMS else None
        if found is not None:
            return _resolved(found, name)
    where = _OTHERS.get(name)
    return None if where is None else getattr(importlib.import_module(where), name)


def known_function(name: Any) -> Any:
    """A function of annette's by its bare name; None if there is none that models are made of."""
    if not isinstance(name, str) or name in _MAKERS:
        return None
    for room in _FUNCTION_ROOMS:
        found = _functions(room).get(name)
        if found is not None:
            return found
    return _operation(name)


def _resolved(found: Any, name: str) -> Any:
    """The class itself; `found` is the module where it is made on demand."""
    return getattr(found, name) if isinstance(found, types.ModuleType) else found


@functools.cache
def _classes(room: str) -> dict[str, Any]:
    module = importlib.import_module(_ROOMS[room])
    names = getattr(module, "__all__", None)
    if names is not None:  # those of large rooms are made when they are asked for
        return {n: module for n in names if n[:1].isupper() and n != "Input"}
    return {
        n: v
        for n, v in vars(module).items()
        if isinstance(v, type) and _own(v) and hasattr(v, "from_config")
    }


@functools.cache
def _functions(room: str) -> dict[str, Any]:
    module = importlib.import_module(_ROOMS[room])
    found = {**vars(module), **getattr(module, "ALL_OBJECTS", {})}
    return {
        n: v
        for n, v in found.items()
        if isinstance(v, types.FunctionType)
        and n not in _MAKERS
        and v.__module__.startswith(_HOMES)
    }


def _operation(name: str) -> Any:
    """An operation that can stand between layers; not one that would call what it is given."""
    from annette import ops
    from annette.graph.symbolic import _FUNCTIONS

    found = getattr(ops, name, None) if name in _FUNCTIONS and name not in _CALLERS else None
    return found if isinstance(found, types.FunctionType) else None


def _own(value: Any) -> bool:
    return str(value.__module__).startswith("annette.")
