"""Whole models in one HDF5 file (``.h5``), as Keras 3 still writes them beside its own format.

The configuration and how the model is compiled are attributes; the weights are in a group for each
layer, in the order of its `trainable_weights` and `non_trainable_weights`, and the optimizer's
variables in a group of their own. Reading is in `keras2`, as the layout is that of Keras 2.
"""

from __future__ import annotations

import json
from typing import IO, Any

import numpy as np

from annette.saving import hdf5, state
from annette.saving.known import known_function
from annette.saving.weights import write_state

TOP = "top_level_model_weights"


def write(
    model: Any,
    file: IO[bytes],
    described: dict[str, Any],
    version: str,
    include_optimizer: bool,
) -> None:
    """Write a model that `serialize_keras_object` has described.

    Raises:
        ValueError: if two layers have one name.
    """
    writer = hdf5.Writer()
    own = {k: v for k, v in described.items() if k != "compile_config"}
    own["class_name"] = described.get("registered_name") or described["class_name"]
    compiled = described.get("compile_config")
    _note(writer, version)
    writer.attrs["model_config"] = json.dumps(own)
    _weights(model, writer.group("model_weights"), version)
    if include_optimizer and compiled:
        writer.attrs["training_config"] = json.dumps(_training(compiled))
        optimizer = model.optimizer
        if optimizer is not None and optimizer.built:
            group = writer.group("optimizer_weights")
            _values(group, optimizer._saved_variables(), str(optimizer.name))
    write_state(writer, file)


def _note(group: Any, version: str) -> None:
    group.attrs["keras_version"] = version
    group.attrs["backend"] = "annette"


def _weights(model: Any, group: Any, version: str) -> None:
    _note(group, version)
    names = [layer.name for layer in model.layers]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None or TOP in names:
        raise ValueError(
            f"The .h5 format finds layers by their names, and {twice or TOP!r} would be there "
            "twice. Give the layers other names, or save the model as .keras."
        )
    group.attrs["layer_names"] = _listed(names)
    for layer in model.layers:
        _values(group.group(layer.name), in_order(layer), layer.name)
    _values(group.group(TOP), model._saved_variables(), model.name)


def in_order(layer: Any) -> list[Any]:
    """The weights of a layer in the order of the format: those that are trained first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _values(group: Any, variables: list[Any], named: str) -> None:
    names = _names(variables, named)
    group.attrs["weight_names"] = _listed(names)
    for name, variable in zip(names, variables, strict=True):
        group.dataset(name, state.look_at(variable))


def _names(variables: list[Any], named: str) -> list[str]:
    """The paths of variables, if each can have a place under its own; else numbers."""
    names = [str(v.path) for v in variables]
    above = {n[:i] for n in names for i, letter in enumerate(n) if letter == "/"}
    odd = any(part in ("", ".", "..") for n in names for part in n.split("/"))
    if odd or len(set(names)) < len(names) or above & set(names):
        return [f"{named.replace('/', '_')}/{i}" for i in range(len(names))]
    return names


def _listed(names: list[str]) -> np.ndarray:
    return np.array(names, object) if names else np.zeros(0)


def _training(compiled: dict[str, Any]) -> dict[str, Any]:
    """How a model is compiled, as the format has it."""
    found = {k: v for k, v in compiled.items() if k != "optimizer"}
    # Keras finds no loss by a short name in such a file.
    found["loss"] = _whole_names(found.get("loss"))
    return {**found, "optimizer_config": compiled.get("optimizer")}


def _whole_names(loss: Any) -> Any:
    if isinstance(loss, str):
        return getattr(known_function(loss), "__name__", loss)
    if isinstance(loss, list):
        return [_whole_names(part) for part in loss]
    if isinstance(loss, dict) and "class_name" not in loss:
        return {k: _whole_names(v) for k, v in loss.items()}
    return loss
