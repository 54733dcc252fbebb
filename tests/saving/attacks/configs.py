"""Configurations that reach for code, modules, functions, files and the network."""

from __future__ import annotations

import base64
import marshal
from typing import Any

import annette as keras
from tests.saving.attacks.table import (
    HARMLESS,
    Attack,
    archive,
    config,
    layer,
    old_file,
)

UNKNOWN = r"is not known"
FILES = r"names the file"
LAMBDA = r"lambda, which is code|expects a function"
CODE = base64.b64encode(marshal.dumps(compile("1", "<attack>", "eval"))).decode()


def function(name: Any, module: str = "builtins") -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name,
            "registered_name": "function"}  # fmt: skip


def lambda_() -> dict[str, Any]:
    return {"class_name": "__lambda__",
            "config": {"code": CODE, "defaults": None, "closure": None}}  # fmt: skip


RELU = layer("Lambda", function=function("relu"))
WORDS = {"max_tokens": None, "num_oov_indices": 1}

# name: (the layer that attacks, its harmless twin, what the refusal says)
LAYERS: dict[str, tuple[Any, Any, str]] = {
    "a class of os": (layer("system", "os", command="true"), HARMLESS, UNKNOWN),
    "a builtin": (layer("eval", "builtins", source="1"), HARMLESS, UNKNOWN),
    "a program": (layer("Popen", "subprocess", args=["true"]), HARMLESS, UNKNOWN),
    "a module that is not imported": (layer("Layer", "antigravity"), HARMLESS, UNKNOWN),
    "a module of annette's that runs": (layer("main", "keras.__main__"), HARMLESS, UNKNOWN),
    "a class of annette's that is no part of models": (
        layer("Writer", "keras.saving.hdf5"), HARMLESS, UNKNOWN,
    ),
    "a callback": (layer("CSVLogger", "keras.callbacks", filename="x"), HARMLESS, UNKNOWN),
    "a data set by name": (layer("load_data", "keras.datasets.mnist"), HARMLESS, UNKNOWN),
    "a class of the main program": (layer("Layer", "__main__"), HARMLESS, UNKNOWN),
    "another name that is registered": (
        {**layer("system", "os"), "registered_name": "os>system"}, HARMLESS, UNKNOWN,
    ),
    "get_file in a Lambda": (
        layer("Lambda", function=function("get_file", "keras.utils"),
              arguments={"fname": "x", "origin": "http://localhost:9/x"}), RELU, UNKNOWN,
    ),
    "load_model in a Lambda": (
        layer("Lambda", function=function("load_model", "keras.models"),
              arguments={"safe_mode": False}), RELU, UNKNOWN,
    ),
    "enable_unsafe_deserialization in a Lambda": (
        layer("Lambda", function=function("enable_unsafe_deserialization", "keras.config")),
        RELU, UNKNOWN,
    ),
    "system in a Lambda": (layer("Lambda", function=function("system", "os")), RELU, UNKNOWN),
    "exec in a Lambda": (layer("Lambda", function=function("exec")), RELU, UNKNOWN),
    "deserialize in a Lambda": (layer("Lambda", function=function("deserialize")), RELU, UNKNOWN),
    "a private function in a Lambda": (
        layer("Lambda", function=function("__import__")), RELU, UNKNOWN,
    ),
    "code in a Lambda": (layer("Lambda", function=lambda_()), RELU, LAMBDA),
    "code in a Lambda's mask": (
        layer("Lambda", function=function("relu"), mask=lambda_()), RELU, LAMBDA,
    ),
    "code in a Lambda as Keras 2 has it": (
        layer("Lambda", function=[CODE, None, None], function_type="lambda"), RELU,
        "function_type|expects a function",
    ),
    "code for an activation": (
        layer("Dense", units=2, activation=lambda_()), layer("Activation", activation="tanh"),
        LAMBDA,
    ),
    "code within a wrapper": (
        layer("TimeDistributed", layer=layer("Lambda", function=lambda_())),
        layer("Activation", activation=function("tanh")), LAMBDA,
    ),
    "code in a list of a configuration": (
        layer("Pipeline", layers=[HARMLESS, layer("Lambda", function=lambda_())]),
        layer("Pipeline", layers=[HARMLESS]), LAMBDA,
    ),
    "a SavedModel beside the file": (
        layer("TFSMLayer", filepath="saved", call_endpoint="serve"), HARMLESS, UNKNOWN,
    ),
    "a pickled module of torch": (
        layer("TorchModuleWrapper", module="gASVAAAA", keras_module=True), HARMLESS, UNKNOWN,
    ),
    "a function of jax": (layer("JaxLayer", call_fn=lambda_()), HARMLESS, UNKNOWN),
    "a module of flax": (layer("FlaxLayer", module="x", method="call"), HARMLESS, UNKNOWN),
    "an activation of os": (
        layer("Activation", activation=function("os.system")), layer("Activation", activation="elu"),
        UNKNOWN,
    ),
    "an initializer of numpy": (
        layer("Dense", units=2, kernel_initializer=layer("load", "numpy", file="/etc/passwd")),
        HARMLESS, UNKNOWN,
    ),
    "a regularizer of os": (
        layer("Dense", units=2, kernel_regularizer=layer("remove", "os", path="x")),
        layer("ActivityRegularization", l2=0.1), UNKNOWN,
    ),
    "a policy of another module": (
        {**HARMLESS, "config": {"name": "x", "scale": 2.0, "offset": 0.0, "dtype": layer("Popen", "subprocess")}},
        HARMLESS, "is no dtype policy",
    ),
    "an operation that is none": (
        {"module": "keras.src.ops.numpy", "class_name": "GetFile", "config": {"name": "x"},
         "registered_name": "GetFile"}, HARMLESS, "no operation 'get_file'",
    ),
    "a class name that is none": (
        {**HARMLESS, "class_name": {"class_name": "x", "config": {}}}, HARMLESS, "class_name|not what Keras 2",
    ),
    "a configuration that is none": ({**HARMLESS, "config": 7}, HARMLESS, "a dict as its 'config'|not what Keras 2"),
    "an array of objects": (
        layer("Rescaling", offset=0.0, scale={"class_name": "__numpy__",
                                  "config": {"value": [1.0], "dtype": "object"}}),
        HARMLESS, "dtype",
    ),
    "an array of enormous texts": (
        layer("Rescaling", offset=0.0, scale={"class_name": "__tensor__",
                                  "config": {"value": ["a", "b"], "dtype": "S1000000000"}}),
        HARMLESS, "dtype",
    ),
    "a symbolic tensor of nowhere": (
        layer("Rescaling", offset=0.0, scale={"class_name": "__keras_tensor__",
                                  "config": {"keras_history": ["x", 0, 0]}}),
        HARMLESS, "symbolic tensor",
    ),
}  # fmt: skip

# Words come first in a model, so these are whole rows of layers.
LOOKUPS = {
    "a vocabulary in a file": layer("StringLookup", vocabulary="/etc/passwd"),
    "a vocabulary on the network": layer("StringLookup", vocabulary="http://localhost:9/words"),
    "a vocabulary at a URL of a file": layer("StringLookup", vocabulary="file:///etc/passwd"),
    "a vocabulary in a bucket": layer("StringLookup", vocabulary="gs://bucket/words"),
    "numbers in a file": layer("IntegerLookup", vocabulary="/etc/passwd"),
    "words of texts in a file": layer("TextVectorization", vocabulary="/etc/passwd"),
}


def words(lookup: dict[str, Any]) -> dict[str, Any]:
    """The configuration of a model of words and a lookup."""
    kind = "int64" if lookup["class_name"] == "IntegerLookup" else "string"
    shape = (3,) if kind == "int64" else (1,)
    model = keras.Sequential([keras.Input(shape, dtype=kind)], name="words")
    described: dict[str, Any] = keras.saving.serialize_keras_object(model)
    described["config"]["layers"].append(lookup)
    return described


def own_words(lookup: dict[str, Any]) -> dict[str, Any]:
    """The same with its vocabulary in the configuration itself."""
    numbers = lookup["class_name"] == "IntegerLookup"
    own = {**lookup["config"], "vocabulary": [1, 2] if numbers else ["a", "b"]}
    return words({**lookup, "config": own})


def empty() -> bytes:
    """A file of no weights."""
    import io

    from annette.saving import hdf5

    file = io.BytesIO()
    hdf5.Writer().write(file)
    return file.getvalue()


ATTACKS: list[Attack] = []
for _name, (_evil, _good, _message) in LAYERS.items():
    for _entry, _suffix, _made in (
        ("load_model", ".keras", lambda d: archive(config(d))),
        ("load_model", ".h5", lambda d: old_file(config(d))),
        ("model_from_json", "", lambda d: config(d)),
        ("deserialize_keras_object", "", lambda d: config(d)),
        ("from_config", "", lambda d: config(d)),
    ):
        ATTACKS.append(
            Attack(
                f"{_name}: {_entry}{_suffix and ' of '}{_suffix}", _entry, _suffix,
                lambda d=_evil, f=_made: f(d), lambda d=_good, f=_made: f(d), _message,
            )
        )  # fmt: skip
for _name in ("code in a Lambda", "code in a Lambda as Keras 2 has it"):
    _evil, _good, _message = LAYERS[_name]
    ATTACKS.append(
        Attack(
            f"{_name}: safe_mode=False", "load_model, safe_mode=False", ".keras",
            lambda d=_evil: archive(config(d)), lambda d=_good: archive(config(d)), _message,
        )
    )  # fmt: skip
    ATTACKS.append(
        Attack(
            f"{_name}: clone_model", "clone", "",
            lambda d=_evil: config(d), lambda d=_good: config(d), _message,
        )
    )  # fmt: skip
for _name, _lookup in LOOKUPS.items():
    ATTACKS.append(
        Attack(
            f"{_name}: load_model", "load_model", ".keras",
            lambda d=_lookup: archive(words(d), empty()),
            lambda d=_lookup: archive(own_words(d), empty()), FILES,
        )
    )  # fmt: skip
    ATTACKS.append(
        Attack(
            f"{_name}: model_from_json", "model_from_json", "",
            lambda d=_lookup: words(d), lambda d=_lookup: own_words(d), FILES,
        )
    )  # fmt: skip


def compiled(**changed: Any) -> bytes:
    """A file whose model says how it was compiled."""
    described = {"optimizer": "sgd", "loss": "mse", "metrics": None, "weighted_metrics": None,
                 "loss_weights": None, "run_eagerly": False, "steps_per_execution": 1,
                 "jit_compile": False, **changed}  # fmt: skip
    return archive(config(compile_config=described))


COMPILED = {
    "a loss of os": ({"loss": function("system", "os")}, UNKNOWN),
    "a loss that is code": ({"loss": lambda_()}, LAMBDA),
    "a metric of a module": ({"metrics": [layer("Popen", "subprocess")]}, UNKNOWN),
    "an optimizer of a module": ({"optimizer": layer("Unpickler", "pickle")}, UNKNOWN),
    "a learning rate that is code": (
        {"optimizer": layer("SGD", "keras.optimizers", learning_rate=lambda_())}, LAMBDA,
    ),
}  # fmt: skip
for _name, (_changed, _message) in COMPILED.items():
    ATTACKS.append(
        Attack(
            f"{_name}: load_model", "load_model", ".keras",
            lambda d=_changed: compiled(**d), compiled, _message,
        )
    )  # fmt: skip


def functional(call: dict[str, Any], described: dict[str, Any] | None = None) -> bytes:
    """A functional model whose last layer is called in this way."""
    start = keras.Input((3,), name="start")
    middle = keras.layers.Dense(2, name="dense")(start)
    model = keras.Model(start, keras.layers.Rescaling(2.0, name="end")(middle))
    found: dict[str, Any] = keras.saving.serialize_keras_object(model)
    last = found["config"]["layers"][-1]
    if described is not None:
        last.update(described)
    last["inbound_nodes"] = [{**last["inbound_nodes"][0], **call}]
    return archive(found)


CALLS: dict[str, tuple[dict[str, Any], dict[str, Any] | None, str]] = {
    "a layer called on a path": (
        {"args": [], "kwargs": {"inputs": "/etc/passwd"}}, None, "on nothing that comes from",
    ),
    "a layer called on numbers": (
        {"args": [[1.0, 2.0]], "kwargs": {}}, None, "on nothing that comes from",
    ),
    "a layer called on itself": (
        {"args": [{"class_name": "__keras_tensor__",
                   "config": {"shape": [None, 2], "dtype": "float32",
                              "keras_history": ["end", 0, 0]}}], "kwargs": {}},
        None, "connected to nothing",
    ),
    "a call with code": ({"kwargs": {"mask": lambda_()}}, None, LAMBDA),
    "an operation called on sizes": (
        {"args": [10**9], "kwargs": {}},
        {"module": "keras.src.ops.numpy", "class_name": "Eye", "config": {"name": "end"}},
        "no operation 'eye'|on nothing",
    ),
}  # fmt: skip
for _name, (_call, _described, _message) in CALLS.items():
    ATTACKS.append(
        Attack(
            f"{_name}: load_model", "load_model", ".keras",
            lambda c=_call, d=_described: functional(c, d), lambda: functional({}), _message,
        )
    )  # fmt: skip
