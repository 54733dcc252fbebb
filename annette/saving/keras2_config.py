"""The configurations of models as Keras 2 wrote them, in the form of Keras 3."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_MODELS = ("Sequential", "Functional", "Model")
_RENAMED = {
    "Model": "Functional",
    "BatchNormalizationV1": "BatchNormalization",
    "GroupedQueryAttention": "GroupQueryAttention",
    "SyncBatchNormalization": "BatchNormalization",
    "CuDNNLSTM": "",
    "CuDNNGRU": "",
    "ThresholdedReLU": "",
    "LocallyConnected1D": "",
    "LocallyConnected2D": "",
    "DenseFeatures": "",
}
# Operations of TensorFlow, and code, which stand as layers in files of Keras 2.
_CODE = ("TensorFlowOpLayer", "TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod")
# What older constructors took and newer ones do not know, which says nothing by itself.
_DROPPED = frozenset(
    {"ragged", "sparse", "implementation", "input_length", "fused", "batch_input_shape",
     "renorm_clipping", "renorm_momentum", "key_shape", "query_shape", "value_shape",
     "synchronized", "reset_after_v2"}
)  # fmt: skip
# The same, where only this value says nothing.
_PLAIN = {"time_major": False, "renorm": False, "causal": False, "virtual_batch_size": None,
          "adjustment": None}  # fmt: skip
# By class: what its constructor took of the class that it was made of.
_INHERITED: dict[str, dict[str, Any]] = {
    r"(Separable|Depthwise)Conv\dD": {"kernel_initializer": ..., "kernel_regularizer": ...,
                                      "kernel_constraint": ..., "groups": 1},
    r"Conv\dDTranspose": {"groups": 1},
    r"SpatialDropout\dD": {"noise_shape": ..., "trainable": ...},
}  # fmt: skip
_RECURRENT = re.compile(r"LSTM|GRU|SimpleRNN|RNN|Bidirectional|ConvLSTM\dD")
_INSIDE = ("layer", "cell", "forward_layer", "backward_layer")


def renewed(described: dict[str, Any]) -> dict[str, Any]:
    """A layer's or model's description in the form of Keras 3, what is in it included.

    Raises:
        ValueError: for a layer that there is none of now, or one that is code.
    """
    was = str(described["class_name"])
    name = _RENAMED.get(was, was)
    config = described["config"]
    label = config.get("name", was) if isinstance(config, dict) else was
    _check_known(was, name, label)
    if isinstance(config, list):  # a Sequential of the first Keras 2
        config = {"name": "sequential", "layers": config}
    if name == "Sequential":
        config = {**config, "layers": _with_input(config["layers"])}
    config = {k: _value(k, v) for k, v in config.items() if _stays(name, label, k, v)}
    if name in _MODELS and "input_layers" in config:
        config = _functional(config)
    if name == "InputLayer" and "batch_input_shape" in described["config"]:
        config["batch_shape"] = described["config"]["batch_input_shape"]
    if name == "LeakyReLU" and "alpha" in config:
        config["negative_slope"] = config.pop("alpha")
    if "module" not in described and set(config) == {"name"}:
        # Keras 3 says no more of an operation between layers; layers have more to say.
        return {**described, "module": "keras.src.ops.numpy", "config": config}
    if isinstance(config.get("axis"), list) and name == "BatchNormalization":
        config["axis"] = config["axis"][0]
    found = {**described, "class_name": name, "config": config}
    if name in _MODELS:
        found["module"] = "keras" if name == "Sequential" else "keras.src.models.functional"
        found["registered_name"] = name
    elif "module" not in described:
        found["module"] = "keras.layers"
        found["registered_name"] = described.get("registered_name") or name
    if "compile_config" in found:
        found["compile_config"] = _compiled(found["compile_config"])
    return {k: v for k, v in found.items() if k != "build_config"}


def _check_known(was: str, name: str, label: Any) -> None:
    if was == "Lambda":
        raise ValueError(
            f"The layer {label!r} is a Lambda, whose code is in the file, and annette never runs "
            "code out of a file. Write it as a layer of its own, register it, build the model "
            "with that, and load the weights: model.load_weights(path)."
        )
    if was in _CODE:
        raise ValueError(
            f"The layer {label!r} is an operation of TensorFlow ({was}), which only TensorFlow "
            "knows. Build the model with annette.ops or layers (x + y, ops.reshape, Add) in its "
            "place, and load the weights: model.load_weights(path)."
        )
    if not name:
        raise ValueError(
            f"The layer {label!r} is a {was}, which Keras 3 and annette have not. Build the model "
            "with another layer, and load the weights of the rest: model.load_weights(path, "
            "by_name=True)."
        )


def _stays(kind: str, label: Any, key: str, value: Any) -> bool:
    """Whether an entry of a layer's configuration is one of today's constructor."""
    if key in _DROPPED:
        return False
    if key in _PLAIN:
        if value not in (_PLAIN[key], None):
            raise ValueError(
                f"The layer {label!r} ({kind}) has {key}={value!r}, which Keras 3 and annette "
                f"have not; they have what {key}={_PLAIN[key]!r} does."
            )
        return False
    for pattern, gone in _INHERITED.items():
        if key in gone and re.fullmatch(pattern, kind):
            if gone[key] is not ... and value != gone[key]:
                raise ValueError(f"The layer {label!r} ({kind}) has {key}={value!r}.")
            return False
    return True


def _value(key: str, value: Any) -> Any:
    if key in ("layers", "cells") and isinstance(value, list):
        return [renewed(v) if isinstance(v, dict) else v for v in value]
    if key in _INSIDE and isinstance(value, dict) and "class_name" in value:
        return renewed(value)
    if key == "dtype" and isinstance(value, dict) and value.get("class_name") == "Policy":
        return value["config"]["name"]
    if key.endswith("activation") and value == "hard_sigmoid":
        return {
            "module": "builtins",
            "class_name": "function",
            "config": "annette>keras2_hard_sigmoid",
            "registered_name": "function",
        }
    return value


def _with_input(layers: list[Any]) -> list[Any]:
    """The layers of a Sequential with its input first, which the oldest files have in a layer."""
    first = layers[0] if layers else {"class_name": "InputLayer"}
    if not isinstance(first, dict):
        return layers
    inside = first.get("config")
    if first["class_name"] == "InputLayer" or not isinstance(inside, dict):
        return layers
    while "batch_input_shape" not in inside:
        below = inside.get("layers") or [inside.get("layer")]
        if not isinstance(below[0], dict) or not isinstance(below[0].get("config"), dict):
            return layers
        inside = below[0]["config"]
    dtype = inside.get("dtype")
    start = {"batch_shape": inside["batch_input_shape"], "name": f"{inside.get('name')}_input"}
    if isinstance(dtype, str) and first["class_name"] != "Embedding":
        start["dtype"] = dtype
    return [{"class_name": "InputLayer", "config": start}, *layers]


# --- calls ------------------------------------------------------------------------------------


def _functional(config: dict[str, Any]) -> dict[str, Any]:
    """The connections of a functional model in the form of Keras 3."""
    shifts = _shifts(config)
    layers = [
        {
            **d,
            "inbound_nodes": [
                _node(n, shifts, d["class_name"]) for n in d.get("inbound_nodes", ())
            ],
        }
        for d in config["layers"]
    ]
    ends = {k: _end(config[k], shifts) for k in ("input_layers", "output_layers")}
    return {**config, **ends, "layers": layers}


def _end(places: Any, shifts: dict[str, int]) -> Any:
    if isinstance(places, dict):
        return {k: _end(v, shifts) for k, v in places.items()}
    if _is_place(places):
        return [places[0], places[1] - shifts.get(places[0], 0), places[2]]
    found = [_end(place, shifts) for place in places]
    return found[0] if len(found) == 1 and _is_place(found[0]) else found


def _is_place(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) >= 3
        and isinstance(value[0], str)
        and isinstance(value[1], int)
    )


def _shifts(config: dict[str, Any]) -> dict[str, int]:
    """By how much too large the numbers of calls are: a model's own making counted as one."""
    used: dict[str, list[int]] = {}
    nodes = [d.get("inbound_nodes", ()) for d in config["layers"]]
    for place in _places([nodes, config["output_layers"]]):
        used.setdefault(place[0], []).append(place[1])
    return {
        d["name"]: 1
        for d in config["layers"]
        if d["class_name"] in _MODELS and min(used.get(d["name"], [0])) > 0
    }


def _places(value: Any) -> Iterator[list[Any]]:
    if _is_place(value):
        yield value
        value = value[3:]
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _places(part)


def _node(node: Any, shifts: dict[str, int], kind: str) -> Any:
    """One call: ``[["dense", 0, 0, {}], ...]`` becomes arguments and keyword arguments."""
    if isinstance(node, dict):
        return node
    parts = [node] if node and isinstance(node[0], str) else node
    tensors = [_tensor(part, shifts) for part in parts]
    kwargs = dict(parts[0][3]) if parts and len(parts[0]) > 3 else {}
    kwargs = {k: _argument(v, shifts) for k, v in kwargs.items()}
    if len(tensors) > 1 and _RECURRENT.fullmatch(kind):
        return {"args": tensors[:1], "kwargs": {**kwargs, "initial_state": tensors[1:]}}
    return {"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": kwargs}


def _argument(value: Any, shifts: dict[str, int]) -> Any:
    if _is_place(value):
        return _tensor(value, shifts)
    if isinstance(value, list):
        return [_argument(v, shifts) for v in value]
    return value


def _tensor(part: list[Any], shifts: dict[str, int]) -> dict[str, Any]:
    name, call, result = part[:3]
    return {
        "class_name": "__keras_tensor__",
        "config": {"keras_history": [name, call - shifts.get(name, 0), result]},
    }


# --- training ---------------------------------------------------------------------------------


def renewed_optimizer(described: dict[str, Any]) -> dict[str, Any]:
    """The description of an optimizer in the form of Keras 3."""
    gone = ("decay", "jit_compile", "is_legacy_optimizer")
    config = {k: v for k, v in described["config"].items() if k not in gone}
    if "lr" in config:
        config["learning_rate"] = config.pop("lr")
    decay = described["config"].get("decay")
    if decay and isinstance(config.get("learning_rate"), float):
        config["learning_rate"] = {
            "module": "keras.optimizers.schedules",
            "class_name": "InverseTimeDecay",
            "config": {
                "initial_learning_rate": config["learning_rate"],
                "decay_steps": 1,
                "decay_rate": decay,
            },
            "registered_name": None,
        }
    return {
        "module": "keras.optimizers",
        "class_name": str(described["class_name"]).removeprefix("Custom>"),
        "config": config,
        "registered_name": None,
    }


def _compiled(config: Any) -> Any:
    if not isinstance(config, dict):
        return config
    kept = {k: v for k, v in config.items() if v is not None and k != "jit_compile"}
    optimizer = config.get("optimizer")
    if isinstance(optimizer, dict) and "config" in optimizer:
        kept["optimizer"] = renewed_optimizer(optimizer)
    return kept


# --- paths ------------------------------------------------------------------------------------

_OLD_LAYERS = "_layer_checkpoint_dependencies"


def renewed_paths(paths: list[str]) -> dict[str, str]:
    """The paths that Keras 3 gives to what Keras 2.12 to 2.15 saved; without what has none.

    There metrics were saved too, the optimizer in another form, and layers were counted by twos.
    """
    kept = [p for p in paths if p.split("/")[0] not in ("metrics", "optimizer")]
    numbers: dict[tuple[str, str], list[int]] = {}
    for path in kept:
        for above, name in _numbered(path):
            stem, number = _stem(name)
            known = numbers.setdefault((above, stem), [])
            if number not in known:
                known.append(number)
    found = {}
    for path in kept:
        new = path.split("/")
        for above, name in _numbered(path):
            stem, number = _stem(name)
            place = sorted(numbers[above, stem]).index(number)
            at = above.count("/") + 1
            new[at - 1], new[at] = "layers", f"{stem}_{place}" if place else stem
        found[path] = "/".join(re.sub("^_(.*_dense)$", r"\1", part) for part in new)
    return found


def is_old_layout(paths: list[str]) -> bool:
    """Whether paths are those of Keras 2.12 to 2.15."""
    return any(p.split("/")[0] in ("metrics", _OLD_LAYERS) for p in paths)


def _numbered(path: str) -> Iterator[tuple[str, str]]:
    """The layers on a path that are counted by twos, each with the path above it."""
    parts = path.split("/")
    for i, part in enumerate(parts[:-1]):
        if part == _OLD_LAYERS:
            yield "/".join(parts[: i + 1]), parts[i + 1]


def _stem(name: str) -> tuple[str, int]:
    found = re.fullmatch(r"(.*?)_(\d+)", name)
    return (found[1], int(found[2])) if found else (name, 0)
