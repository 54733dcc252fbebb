"""Files of Keras 2 (``.h5``): read, not written. Weights are found by the order of the layers."""

from __future__ import annotations

import json
import warnings
from typing import Any

import numpy as np

from annette.saving import hdf5
from annette.saving.keras2_config import renewed, renewed_optimizer
from annette.saving.serialization import register_keras_serializable
from annette.saving.state import check_fits


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
            warnings.warn(f"Layer {layer.name!r} was left out: {error}", stacklevel=4)
    for variable, value in found:
        variable.assign(value)


def _saved_layers(group: hdf5.Group) -> list[tuple[str, list[np.ndarray]]]:
    """The layers of a file that have weights, with the values."""
    found = []
    for name in _texts(group, "layer_names"):
        layer = _member(group, name)
        values = [_member(layer, weight).read() for weight in _texts(layer, "weight_names")]
        if values:
            found.append((name, values))
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


def _matched(layer: Any, values: list[np.ndarray]) -> list[tuple[Any, np.ndarray]]:
    weights = _in_old_order(layer)
    if len(weights) != len(values):
        raise ValueError(
            f"Layer {layer.name!r} has {len(weights)} weights; the file has {len(values)} for it."
        )
    for weight, value in zip(weights, values, strict=True):
        check_fits(f"layer {layer.name!r}", weight, value)
    return list(zip(weights, values, strict=True))


def _in_old_order(layer: Any) -> list[Any]:
    """The weights as Keras 2 lists them: those that are trained first."""
    weights = list(layer.weights)
    frozen = [w for w in weights if not w.trainable]
    own = {id(w) for w in frozen} if getattr(layer, "layers", None) else set()
    return [w for w in weights if id(w) not in own] + (frozen if own else [])


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
    try:
        config = json.loads(text.decode() if isinstance(text, bytes) else str(text))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"The configuration in {named!r} is no JSON text.") from error
    if not isinstance(config, dict) or not isinstance(config.get("config"), (dict, list)):
        raise ValueError(f"The configuration in {named!r} is that of no model.")
    return renewed(config)


def training_config(file: hdf5.File) -> dict[str, Any] | None:
    """How the model was compiled, as arguments of `compile`; None if it was not."""
    text = file.attrs.get("training_config")
    if text is None:
        return None
    found = json.loads(text.decode() if isinstance(text, bytes) else str(text))
    if not isinstance(found, dict) or "optimizer_config" not in found:
        return None
    config = {k: found.get(k) for k in ("loss", "metrics", "weighted_metrics", "loss_weights")}
    if isinstance(config["metrics"], list) and len(config["metrics"]) == 1:
        inner = config["metrics"][0]
        config["metrics"] = inner if isinstance(inner, list) else config["metrics"]
    config["loss"] = _placed(config["loss"], "keras.losses")
    config["metrics"] = _placed(config["metrics"], "keras.metrics")
    optimizer = renewed_optimizer(found["optimizer_config"])
    return {**config, "optimizer": optimizer}


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
