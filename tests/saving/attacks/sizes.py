"""Configurations and weights that do not agree: nothing is allocated for what is not there."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

import annette as keras
from tests.saving import mutations as m
from tests.saving.attacks.table import (
    BIAS,
    HARMLESS,
    KERNEL,
    Attack,
    archive,
    config,
    layer,
    old_file,
    weights,
)


def changed(**arguments: Any) -> dict[str, Any]:
    """The model's configuration with other arguments of its layer."""
    found = config()
    found["config"]["layers"][1]["config"].update(arguments)
    return found


def inputs(*sizes: int) -> dict[str, Any]:
    """The model for inputs of another shape."""
    found = config()
    found["config"]["layers"][0]["config"]["batch_shape"] = [None, *sizes]
    found["config"]["layers"][1].pop("build_config", None)
    return found


def attention() -> Any:
    """Heads of attention that share their keys."""
    start = keras.Input((4, 4))
    end = keras.layers.GroupQueryAttention(2, 4, 2, name="heads")(start, start)
    return keras.Model(start, end)


def unknown() -> Any:
    """A lookup of words."""
    lookup = keras.layers.StringLookup(vocabulary=["a", "b"], name="words")
    return keras.Sequential([keras.Input((1,), dtype="string"), lookup])


def states() -> Any:
    """A recurrent layer that keeps its states from batch to batch."""
    start = keras.Input((5, 3), batch_size=4)
    return keras.Sequential([start, keras.layers.SimpleRNN(2, stateful=True)])


def edited(model: Any, place: int = -1, **arguments: Any) -> bytes:
    """A model's file with other arguments of one of its layers."""
    file = io.BytesIO()
    model.save(file)
    parts = m.unsigned(m.members(file.getvalue()))
    described = json.loads(parts["config.json"])
    one = described["config"]["layers"][place]
    one["config"].update(arguments)
    if arguments:
        for part in described["config"]["layers"]:
            part.pop("build_config", None)
    return m.packed({**parts, "config.json": json.dumps(described).encode()})


def compiled(**arguments: Any) -> dict[str, Any]:
    described = {"optimizer": layer("Adam", "keras.optimizers", **arguments), "loss": "mse"}
    return config(compile_config=described)


SHAPES = r"shape \(.*\)|nothing for it|far more than"
ROWS: dict[str, tuple[Callable[[], bytes], Callable[[], bytes], str]] = {
    "a thousand million units": (lambda: archive(changed(units=10**9)), archive, SHAPES),
    "a million million units": (lambda: archive(changed(units=10**12)), archive, SHAPES),
    "as many units as there are no numbers for": (
        lambda: archive(changed(units=10**30)), archive, "a whole number",
    ),
    "one unit more": (lambda: archive(changed(units=3)), archive, SHAPES),
    "inputs of a thousand million": (lambda: archive(inputs(10**9)), archive, SHAPES),
    "an embedding of everything": (
        lambda: archive(config(layer("Embedding", input_dim=10**9, output_dim=64))),
        lambda: archive(config(HARMLESS)), SHAPES,
    ),
    "four hundred layers without weights in the file": (
        lambda: archive(config(*[layer("Dense", units=100, name=f"d{i}") for i in range(400)])),
        lambda: archive(config(*[layer("UnitNormalization", name=f"r{i}") for i in range(40)])),
        SHAPES,
    ),
    "a convolution of enormous kernels": (
        lambda: archive(
            config(layer("Reshape", target_shape=[2, 1]),
                   layer("Conv1D", filters=10**6, kernel_size=10**6, padding="same", name="c"))
        ),
        lambda: archive(config(layer("Reshape", target_shape=[2, 1]))), SHAPES,
    ),
    "a normalization of what is not there": (
        lambda: archive(config(layer("BatchNormalization"))),
        lambda: archive(config(layer("UnitNormalization"))), SHAPES,
    ),
    "rows repeated without end": (
        lambda: archive(config(layer("RepeatVector", n=10**9), layer("Dense", units=2, name="d"))),
        lambda: archive(config(layer("RepeatVector", n=3))), SHAPES,
    ),
    "heads repeated without end": (
        lambda: edited(attention(), num_query_heads=10**9), lambda: edited(attention()),
        SHAPES,
    ),
    "unknown words without end": (
        lambda: edited(unknown(), num_oov_indices=10**9), lambda: edited(unknown()),
        "constant of shape",
    ),
    "states of enormous batches": (
        lambda: edited(states(), 0, batch_shape=[10**9, 5, 3]), lambda: edited(states()),
        "constant of shape",
    ),
    "an optimizer's state that is missing is made anew, weights are not": (
        lambda: archive(compiled(), weights(**{"layers/dense/vars/1": None})), lambda: archive(
            compiled()), "variables",
    ),
    "weights of another shape": (
        lambda: archive(data=weights(**{"layers/dense/vars/0": KERNEL.T})), archive, SHAPES,
    ),
    "weights of more dimensions": (
        lambda: archive(data=weights(**{"layers/dense/vars/0": KERNEL[None]})), archive, SHAPES,
    ),
    "weights of one value": (
        lambda: archive(data=weights(**{"layers/dense/vars/1": BIAS[:1]})), archive, SHAPES,
    ),
    "no weights at all": (
        lambda: archive(
            data=weights(**{"layers/dense/vars/0": None, "layers/dense/vars/1": None})),
        archive, "nothing for it",
    ),
    "a variable more": (
        lambda: archive(data=weights(**{"layers/dense/vars/2": BIAS})), archive, "2 variables",
    ),
    "a variable of another name": (
        lambda: archive(data=weights(**{"layers/dense/vars/1": None, "layers/dense/vars/b": BIAS})),
        archive, "2 variables",
    ),
    "variables of a layer that is not there": (
        lambda: archive(data=weights(**{"layers/other/vars/0": BIAS})), archive, "has not",
    ),
    "a dataset where there is none": (
        lambda: archive(data=weights(**{"layers/dense/x": BIAS})), archive, "puts nothing",
    ),
    "texts for weights": (
        lambda: archive(data=weights(**{"layers/dense/vars/1": np.array(["a", "b"], "S1")})),
        archive, "dtype",
    ),
}  # fmt: skip
OLD: dict[str, tuple[Callable[[], bytes], Callable[[], bytes], str]] = {
    "a thousand million units": (
        lambda: old_file(changed(units=10**9)), lambda: old_file(config()), SHAPES,
    ),
    "no text": (lambda: old_file("no"), lambda: old_file(config()), "no JSON"),
    "a list": (lambda: old_file([1, 2]), lambda: old_file(config()), "no model"),
    "lists within lists": (
        lambda: old_file("[" * 20_000), lambda: old_file(config()), "nested|JSON",
    ),
    "layers that are numbers": (
        lambda: old_file({"class_name": "Sequential", "config": {"layers": [1, 2]}}),
        lambda: old_file(config()), "takes layers",
    ),
    "training that is none": (
        lambda: old_file(config(), training_config='{"optimizer_config": 7}'),
        lambda: old_file(config(), training_config="{}"), "training_config",
    ),
    "training by code": (
        lambda: old_file(config(), training_config=json.dumps(
            {"optimizer_config": {"class_name": "Popen", "config": {}}, "loss": "mse"})),
        lambda: old_file(config(), training_config=json.dumps(
            {"optimizer_config": {"class_name": "SGD", "config": {"lr": 0.1}}, "loss": "mse"})),
        "Popen",
    ),
    "a layer more": (
        lambda: old_file(config(layer("Dense", units=3))), lambda: old_file(config()), "2 layers",
    ),
}  # fmt: skip

ATTACKS = [
    Attack(f"{name}: sizes", "load_model", ".keras", attack, twin, message)
    for name, (attack, twin, message) in ROWS.items()
] + [
    Attack(f"{name}: old", "load_model", ".h5", attack, twin, message)
    for name, (attack, twin, message) in OLD.items()
]
