"""Whole models in HDF5 (``.h5``), as Keras 2 and Keras 3 write them: how they are read.

Weights are found by the order of the layers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from annette.saving import hdf5, plain_json
from annette.saving.keras2_config import renewed, renewed_optimizer
from annette.saving.keras_h5 import TOP, in_order
from annette.saving.restoring import build_optimizer
from annette.saving.serialization import register_keras_serializable
from annette.saving.state import check_fits
from annette.utils.warning import warn


def load_old_weights(model: Any, file: hdf5.File, skip_mismatch: bool, by_name: bool) -> None:
    """Set the weights of a model to those in a file of Keras 2.

    Raises:
        ValueError: if layers, numbers or shapes differ; nothing is changed then.
    """
    group = file["model_weights"] if "layer_names" not in file.attrs else file
    saved = _saved_layers(group)
    layers = [layer for layer in model.layers if layer.weights]
    if by_name:
        known = {layer.name: layer for layer in layers}
        pairs = [(known[name], values) for name, values in saved if name in known]
    elif len(saved) != len(layers):
        raise ValueError(
            f"The file has weights for {len(saved)} layers ({_few(n for n, _ in saved)}), and the "
            f"model has {len(layers)} layers with weights ({_few(x.name for x in layers)}). "
            "Nothing was changed."
        )
    else:
        pairs = [(layer, values) for layer, (_, values) in zip(layers, saved, strict=True)]
    found: list[tuple[Any, np.ndarray]] = []
    for layer, values in pairs:
        try:
            found += _matched(layer, values)
        except ValueError as error:
            if not skip_mismatch:
                raise ValueError(f"{error} Nothing was changed.") from None
            warn(f"Layer {layer.name!r} was left out: {error}")
    if TOP in group or not by_name:
        found += _top_level(model, group, skip_mismatch)
    for variable, value in found:
        variable.assign(value)


def _top_level(model: Any, group: hdf5.Group, skip_mismatch: bool) -> list[tuple[Any, np.ndarray]]:
    """The model's own weights, of no layer, with their values."""
    own = model._saved_variables()
    saved = _saved(group[TOP]) if TOP in group else []
    try:
        return _fitting(f"The model {model.name!r} itself", own, saved)
    except ValueError as error:
        if not skip_mismatch:
            raise ValueError(f"{error} Nothing was changed.") from None
        warn(f"The model's own weights were left out: {error}")
        return []


def load_optimizer(model: Any, file: hdf5.File) -> None:
    """Set the variables of a model's optimizer to those in a file of Keras 3.

    Other releases keep other things: after a file of theirs the optimizer starts afresh, and with
    a warning if the file has not as many variables.

    Raises:
        ValueError: if a shape differs; nothing is changed then.
    """
    optimizer = model.optimizer
    if "optimizer_weights" not in file or not _of_keras_3(file):
        return
    saved = _saved(file["optimizer_weights"])
    build_optimizer(model, len(saved))
    if optimizer._starts_afresh(dict(enumerate(saved))):
        return
    variables = optimizer._saved_variables()
    for variable, value in _fitting(f"The optimizer {optimizer.name!r}", variables, saved):
        variable.assign(value)


def _of_keras_3(file: hdf5.File) -> bool:
    version = file.attrs.get("keras_version")
    text = version.decode("latin-1") if isinstance(version, bytes) else str(version)
    return text.partition(".")[0] not in ("None", "1", "2")


def _saved_layers(group: hdf5.Group) -> list[tuple[str, list[hdf5.Dataset]]]:
    """The layers of a file that have weights, with the values."""
    found = []
    for name in _texts(group, "layer_names"):
        layer = _member(group, name)
        saved = _saved(layer)
        if saved:
            found.append((name, saved))
    return found


def _saved(group: hdf5.Group) -> list[hdf5.Dataset]:
    """The values in a group, in the order in which it lists their names."""
    found = [_member(group, name) for name in _texts(group, "weight_names")]
    if not all(isinstance(member, hdf5.Dataset) for member in found):
        raise ValueError(f"The file names groups as weights in {group.name!r}.")
    return found


def _member(group: hdf5.Group, name: str) -> Any:
    try:
        return group[name]
    except KeyError as error:
        raise ValueError(f"The file names {name!r} and has no such part.") from error


def _texts(group: hdf5.Group, key: str) -> list[str]:
    """A list of names kept as an attribute, or as several (name0, name1, ...) if it is long."""
    parts = [key] if key in group.attrs else []
    while not parts or parts[-1] != key:
        part = f"{key}{len(parts)}"
        if part not in group.attrs:
            break
        parts.append(part)
    names = [n for part in parts for n in np.asarray(group.attrs[part]).reshape(-1).tolist()]
    return [n.decode() if isinstance(n, bytes) else str(n) for n in names]


def _matched(layer: Any, saved: list[hdf5.Dataset]) -> list[tuple[Any, np.ndarray]]:
    return _fitting(f"Layer {layer.name!r}", in_order(layer), saved)


def _fitting(
    named: str, variables: list[Any], saved: list[hdf5.Dataset]
) -> list[tuple[Any, np.ndarray]]:
    """Each variable with its value, which is read if it fits; ValueError if one does not."""
    if len(variables) != len(saved):
        raise ValueError(f"{named} has {len(variables)} weights; the file has {len(saved)} for it.")
    for variable, dataset in zip(variables, saved, strict=True):
        check_fits(named[0].lower() + named[1:], variable, dataset)
    return [(v, dataset.read()) for v, dataset in zip(variables, saved, strict=True)]


def _few(names: Any) -> str:
    listed = list(names)
    return ", ".join(listed[:8]) + (", ..." if listed[8:] else "")


# --- whole models -----------------------------------------------------------------------------


def old_config(file: hdf5.File, named: str) -> dict[str, Any]:
    """The configuration of a model in a file of Keras 2, in the form of Keras 3.

    Raises:
        ValueError: if there is none.
    """
    text = file.attrs.get("model_config")
    if text is None:
        raise ValueError(
            f"The file {named!r} has weights alone, and no model: make the model and call "
            "model.load_weights(path)."
        )
    config = _json(text, "model")
    if not isinstance(config, dict) or not isinstance(config.get("config"), (dict, list)):
        raise ValueError(f"The configuration in {named!r} is that of no model.")
    if "module" in config:  # as annette writes it
        return config
    with _as_value_errors("model"):
        return renewed(config)


def training_config(file: hdf5.File) -> dict[str, Any] | None:
    """How the model was compiled, as arguments of `compile`; None if it was not."""
    text = file.attrs.get("training_config")
    if text is None:
        return None
    found = _json(text, "training")
    if not isinstance(found, dict) or "optimizer_config" not in found:
        return None
    with _as_value_errors("training"):
        return _training(found)


def _json(text: Any, kind: str) -> Any:
    try:
        return plain_json.parsed(text if isinstance(text, bytes) else str(text))
    except plain_json.JsonError as error:
        raise ValueError(
            f"The attribute '{kind}_config' is no JSON text of a model: {error}."
        ) from error


@contextlib.contextmanager
def _as_value_errors(kind: str) -> Iterator[None]:
    try:
        yield
    except (LookupError, AttributeError, TypeError, RecursionError) as error:
        raise ValueError(
            f"The attribute '{kind}_config' is not what Keras 2 writes: {type(error).__name__}: "
            f"{error}."
        ) from error


def _training(found: dict[str, Any]) -> dict[str, Any]:
    config = {k: found.get(k) for k in ("loss", "metrics", "weighted_metrics", "loss_weights")}
    config |= {k: found[k] for k in ("run_eagerly", "steps_per_execution") if k in found}
    if isinstance(config["metrics"], list) and len(config["metrics"]) == 1:
        inner = config["metrics"][0]
        config["metrics"] = inner if isinstance(inner, list) else config["metrics"]
    config["loss"] = _placed(config["loss"], "keras.losses")
    config["metrics"] = _placed(config["metrics"], "keras.metrics")
    config["weighted_metrics"] = _placed(config["weighted_metrics"], "keras.metrics")
    optimizer = found["optimizer_config"]
    if not isinstance(optimizer, dict) or not isinstance(optimizer.get("config"), dict):
        raise ValueError("The attribute 'training_config' describes no optimizer.")
    known = optimizer if "module" in optimizer else renewed_optimizer(optimizer)
    return {**config, "optimizer": known}


def _placed(value: Any, module: str) -> Any:
    """Losses or metrics in any structure, their descriptions with a module."""
    if isinstance(value, list):
        return [_placed(v, module) for v in value]
    if isinstance(value, dict) and "class_name" in value:
        return {"module": module, "registered_name": None, **value}
    if isinstance(value, dict):
        return {k: _placed(v, module) for k, v in value.items()}
    return value


@register_keras_serializable("annette")
def keras2_hard_sigmoid(x: Any) -> Any:
    """The hard_sigmoid of Keras 2, clip(0.2 x + 0.5, 0, 1), which in Keras 3 has other slopes."""
    from annette import ops

    return ops.clip(x * 0.2 + 0.5, 0.0, 1.0)
