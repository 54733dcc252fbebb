"""Every attack, with its harmless twin: one row each, in files by kind."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import annette as keras
from annette.saving import hdf5

# What no file may make a program import.
FORBIDDEN_MODULES = {"antigravity", "this", "pickle", "marshal", "subprocess", "torch", "tensorflow",
                     "urllib", "http", "socket", "webbrowser", "tarfile", "jax", "flax"}  # fmt: skip


class Attack(NamedTuple):
    """A file (or a configuration) that means harm, and one like it that means none.

    `message` is a pattern of what the refusal says; `suffix` is the file's, "" for what is given
    as it is; `entry` is a name in `LOADERS`.
    """

    name: str
    entry: str
    suffix: str
    attack: Callable[[], Any]
    twin: Callable[[], Any]
    message: str


def _weights(path: Any) -> Any:
    model = base_model()
    model.load_weights(path)
    return model


LOADERS: dict[str, Callable[[Any], Any]] = {
    "load_model": lambda path: keras.models.load_model(path),
    "load_model, safe_mode=False": lambda path: keras.models.load_model(path, safe_mode=False),
    "load_weights": _weights,
    "model_from_json": lambda config: keras.models.model_from_json(json.dumps(config)),
    "deserialize_keras_object": lambda config: keras.saving.deserialize_keras_object(config),
    "layers.deserialize": lambda config: keras.layers.deserialize(config),
    "from_config": lambda config: keras.Sequential.from_config(config["config"]),
    "text": lambda text: keras.models.model_from_json(text),
    "clone": lambda config: keras.models.clone_model(
        keras.Sequential.from_config(config["config"])
    ),
}


def predicted(model: Any) -> Any:
    """What a twin's model gives."""
    start = model.inputs[0]
    data: Any = np.ones([n or 4 for n in start.shape], "float32")
    if str(start.dtype) == "string":
        data = np.full(data.shape, "a", object)
    return np.asarray(model.predict(data, verbose=0), "float32")


def base_model() -> Any:
    """The model of all files here: one layer with weights."""
    return keras.Sequential(
        [keras.Input((3,), name="start"), keras.layers.Dense(2, name="dense")], name="base"
    )


KERNEL = np.arange(6, dtype="float32").reshape(3, 2)
BIAS = np.array([0.5, -0.5], "float32")


def weights(**more: Any) -> bytes:
    """A file of the model's weights, and of `more` arrays by their paths."""
    writer = hdf5.Writer()
    found = {"layers/dense/vars/0": KERNEL, "layers/dense/vars/1": BIAS, **more}
    for path, value in found.items():
        if value is not None:
            writer.dataset(path, value)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def config(*layers: Any, **changed: Any) -> dict[str, Any]:
    """The model's configuration, with more layers at its end."""
    described: dict[str, Any] = keras.saving.serialize_keras_object(base_model())
    described["config"]["layers"] += layers
    return json.loads(json.dumps({**described, **changed}))  # type: ignore[no-any-return]


def layer(class_name: str, module: str = "keras.layers", **arguments: Any) -> dict[str, Any]:
    """A layer's description, as files have it."""
    arguments.setdefault("name", "added")
    return {"module": module, "class_name": class_name, "config": arguments,
            "registered_name": None}  # fmt: skip


HARMLESS = layer("Rescaling", scale=2.0, offset=0.0)


def archive(described: Any = None, data: bytes | None = None, **more: bytes) -> bytes:
    """A ``.keras`` file of a configuration (a value, or its text) and a file of weights."""
    from tests.saving import mutations

    given = config() if described is None else described
    text = given if isinstance(given, bytes) else json.dumps(given).encode()
    members = {
        "metadata.json": b'{"keras_version": "3.15.1", "date_saved": "2026-01-01@00:00:00"}',
        "config.json": text,
        "model.weights.h5": weights() if data is None else data,
    }
    return mutations.packed({**members, **{k.replace("__", "/"): v for k, v in more.items()}})


def old_file(described: Any, **changed: Any) -> bytes:
    """A whole model in the format of Keras 2: its description is an attribute."""
    writer = hdf5.Writer()
    text = described if isinstance(described, str) else json.dumps(described)
    writer.attrs["model_config"] = text
    for name, value in changed.items():
        writer.attrs[name] = value
    group = writer.group("model_weights")
    group.attrs["layer_names"] = np.array([b"dense"])
    inner = group.group("dense")
    inner.attrs["weight_names"] = np.array([b"dense/kernel:0", b"dense/bias:0"])
    inner.dataset("dense/kernel:0", KERNEL)
    inner.dataset("dense/bias:0", BIAS)
    file = io.BytesIO()
    writer.write(file)
    return file.getvalue()


def _collected() -> list[Attack]:
    from tests.saving.attacks import archives, configs, hdf5_files, sizes

    return [*configs.ATTACKS, *archives.ATTACKS, *hdf5_files.ATTACKS, *sizes.ATTACKS]


ATTACKS: list[Attack] = []
if not ATTACKS:
    ATTACKS += _collected()
