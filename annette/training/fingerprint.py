"""What a run of training is made of, in a few numbers, so that another one is not taken for it."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from annette.layers import Layer
from annette.optimizers import Optimizer
from annette.saving.serialization import serialize_keras_object
from annette.saving.walk import parts_of
from annette.training.data import RowSource
from annette.training.data.convert import SparseRows
from annette.training.data.source import DataSource, checksum

# As much of an array is looked at (bytes); of a larger one this many places, evenly spread.
_MOST = 1 << 24
_PLACES = 1024
_SHOWN = 5
_LONG = 300


def fingerprint(
    model: Any, source: DataSource, validation: DataSource | None, settings: dict[str, Any]
) -> dict[str, Any]:
    """Return names and plain values that tell the run; `settings` are further arguments of fit."""
    found: dict[str, Any] = {f"fit({name}=...)": value for name, value in settings.items()}
    found |= _of_model(model) | _of_source("the training data", source)
    if validation is not None:
        found |= _of_source("the validation data", validation)
    found["the validation data"] = validation is not None
    return {name: _short(_plain(value)) for name, value in found.items()}


def differences(before: dict[str, Any], now: dict[str, Any]) -> str:
    """Return in words how two fingerprints differ; an empty text if they do not."""
    said = []
    for name in sorted(set(before) | set(now)):
        old, new = before.get(name), now.get(name)
        if old == new or (isinstance(old, float) and old != old and new != new):
            continue
        if name.endswith("content"):
            said.append(f"{name} is not the same")
        else:
            said.append(f"{name} was {_said(old)} and is {_said(new)}")
    more = f"; and {len(said) - _SHOWN} more" if len(said) > _SHOWN else ""
    return "; ".join(said[:_SHOWN]) + more


def _said(value: Any) -> str:
    return "not there" if value is None else str(value)[:200]


def _of_model(model: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for path, owner in parts_of(model):
        name = f"{path or 'the model'}"
        found[name] = type(owner).__name__
        if isinstance(owner, Optimizer):
            config = _config_of(owner)
            if isinstance(config.get("learning_rate"), float):
                del config["learning_rate"]  # it changes while training
            found |= {f"{name}: {key}": value for key, value in config.items()}
        elif isinstance(owner, Layer):
            weights = [*owner._trainable_variables, *owner._non_trainable_variables]
            found[f"{name}: weights"] = [(tuple(v.shape), v.dtype, v.trainable) for v in weights]
            if type(owner).__module__.startswith("annette.layers.") and not owner._layers:
                found |= {f"{name}: {k}": v for k, v in _config_of(owner).items()}
    config = getattr(model, "_compile_config", None) or {}
    for key in ("loss", "loss_weights", "metrics", "weighted_metrics"):
        found[f"compile({key}=...)"] = _named(config.get(key))
    return found


def _config_of(owner: Any) -> dict[str, Any]:
    """Return an object's configuration, without its name, which depends on what was made before."""
    try:
        config = dict(owner.get_config())
    except (NotImplementedError, TypeError, ValueError):
        return {}
    if isinstance(owner, Optimizer):
        config.pop("inner_optimizer", None)  # a part of its own
    return {key: _named(value) for key, value in config.items() if key not in ("name", "dtype")}


def _named(value: Any) -> Any:
    """Return plain values for what a configuration holds, with classes by their names alone."""
    if isinstance(value, dict) and "class_name" in value:
        inner = value.get("config")
        inner = inner if isinstance(inner, dict) else {}
        return [value["class_name"], _named({k: v for k, v in inner.items() if k != "name"})]
    if isinstance(value, dict):
        return {str(k): _named(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_named(v) for v in value]
    if value is None or isinstance(value, (bool, int, float, str, np.generic)):
        return value
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), checksum([value])]
    if callable(value) and hasattr(value, "__name__"):
        return value.__name__
    try:
        return _named(serialize_keras_object(value))
    except (NotImplementedError, TypeError, ValueError, AttributeError):
        return type(value).__name__


def _of_source(what: str, source: DataSource) -> dict[str, Any]:
    found: dict[str, Any] = {
        f"{what}: batch size": source.batch_size, f"{what}: steps": source.steps,
    }  # fmt: skip
    if not isinstance(source, RowSource):
        found[f"{what}: kind"] = getattr(source, "kind", type(source).__name__)
        found[f"{what}: batches"] = getattr(source, "length", None)
        found[f"{what}: shuffle"] = getattr(source, "shuffle", False)
        found[f"{what}: axes of a batch's arrays"] = repr(getattr(source, "_form", None))
        return found
    found[f"{what}: rows"] = source.rows
    found[f"{what}: shuffle"] = source.own_order is not None or source.shuffle
    found[f"{what}: arrays"] = len(source.leaves)
    for leaf, label in zip(source.leaves, source.labels, strict=True):
        found[f"{label}: shape"] = tuple(leaf.shape)
        found[f"{label}: dtype"] = str(leaf.dtype)
        found[f"{label}: content"] = content(leaf)
    return found


def content(array: Any) -> int:
    """Return a checksum of an array: of all of a small one, of rows here and there of a large one."""
    if isinstance(array, SparseRows):
        matrix = array.matrix
        return zlib.crc32(
            repr([content(x) for x in (matrix.data, matrix.indices, matrix.indptr)]).encode()
        )
    if array.nbytes <= _MOST:
        return checksum([array])
    rows = np.unique(np.linspace(0, len(array) - 1, _PLACES).astype("int64"))
    taken = np.asarray(
        array[rows] if array[:1].nbytes * len(rows) <= _MOST else array[rows[[0, -1]]]
    )
    return checksum([taken.reshape(-1)[: _MOST // taken.itemsize]])


def _short(value: Any) -> Any:
    """Return a value as it is, of a long one its beginning and a checksum."""
    text = repr(value)
    return value if len(text) <= _LONG else f"{text[:60]}... ({zlib.crc32(text.encode()):08x})"


def _plain(value: Any) -> Any:
    """Return a value as it comes back from a file."""
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.generic):
        return value.item()
    return value if value is None or isinstance(value, (bool, int, float, str)) else repr(value)
