"""Golden cases: what layers compute from fixed weights, the shapes they infer, their names."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, integers, uniform

X2 = uniform(4, 5, seed=400, low=-2, high=2)
X3 = uniform(2, 3, 4, seed=401, low=-2, high=2)
X4 = uniform(2, 3, 3, 2, seed=402, low=-2, high=2)
A, B, C = (uniform(3, 4, seed=403 + i, low=-2, high=2) for i in range(3))


def fill(weights: list[Any], seed: int = 420) -> None:
    """Give every weight fixed values: positive for variances, small elsewhere."""
    for position, weight in enumerate(weights):
        if "seed" in weight.name:
            continue
        positive = "variance" in weight.name
        low, high = (0.5, 2.0) if positive else (-0.7, 0.7)
        weight.assign(uniform(*weight.shape, seed=seed + position, low=low, high=high))


def apply_layer(layer: Any, x: Any, **kwargs: Any) -> Any:
    """Call once to build, set fixed weights, call again."""
    layer(x, **kwargs)
    fill(layer.weights)
    return layer(x, **kwargs)


LAYERS: dict[str, list[tuple[dict[str, Any], Any]]] = {
    "Dense": [
        ({"units": 3}, X2),
        ({"units": 3, "use_bias": False}, X2),
        ({"units": 3, "activation": "relu"}, X2),
        ({"units": 3, "activation": "softmax"}, X3),
        ({"units": 2}, X4),
        ({"units": 2}, integers(3, 4, seed=404)),
    ],
    "Activation": [({"activation": "tanh"}, X2), ({"activation": "softmax"}, X3)],
    "Flatten": [
        ({}, X2),
        ({}, X3),
        ({}, X4),
        ({"data_format": "channels_first"}, X4),
        ({}, uniform(3, seed=405)),
    ],
    "Reshape": [
        ({"target_shape": (2, 6)}, X3),
        ({"target_shape": (-1, 2)}, X4),
        ({"target_shape": (12,)}, X3),
    ],
    "ReLU": [
        ({}, X2),
        ({"max_value": 1.0}, X2),
        ({"negative_slope": 0.2, "threshold": 0.5}, X2),
        ({"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}, X2),
    ],
    "LeakyReLU": [({}, X2), ({"negative_slope": 0.05}, X2)],
    "ELU": [({}, X2), ({"alpha": 0.5}, X2)],
    "PReLU": [({}, X2), ({"shared_axes": [1]}, X3), ({"shared_axes": [1, 2]}, X4)],
    "Softmax": [({}, X2), ({"axis": 1}, X3), ({"axis": (1, 2)}, X3)],
    "Embedding": [
        ({"input_dim": 7, "output_dim": 3}, integers(4, 5, seed=406, high=7)),
        ({"input_dim": 7, "output_dim": 3}, integers(6, seed=407, high=7)),
        ({"input_dim": 7, "output_dim": 2, "mask_zero": True}, integers(2, 3, seed=408, high=7)),
        ({"input_dim": 7, "output_dim": 2}, integers(2, 3, seed=408, high=7).astype("float32")),
    ],
    "Identity": [({}, X2)],
    "Masking": [({"mask_value": 2}, integers(2, 3, 2, seed=411, low=1, high=3).astype("float32"))],
    "BatchNormalization": [
        ({}, X2),
        ({}, X4),
        ({"axis": 1}, X3),
        ({"center": False}, X2),
        ({"scale": False}, X2),
        ({"epsilon": 0.1, "momentum": 0.5}, X2),
    ],
}


def _label(kwargs: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in kwargs.items()) or "default"


def _run_layer(name: str, kwargs: dict[str, Any], x: Any) -> Any:
    return lambda k: apply_layer(getattr(k.layers, name)(**kwargs), x)


def _shapes(name: str, kwargs: dict[str, Any], x: Any) -> Any:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        shape = (None, *x.shape[1:])
        if name != "InputLayer":
            layer.build(shape)
        return {
            "output": layer.compute_output_shape(shape),
            "symbolic": k.Input(shape=x.shape[1:]).shape,
            "weights": [
                [w.name, w.path, list(w.shape), str(w.dtype), w.trainable] for w in layer.weights
            ],
            "trainable": [w.path for w in layer.trainable_weights],
            "non-trainable": [w.path for w in layer.non_trainable_weights],
            "count": layer.count_params(),
            "built": layer.built,
        }

    return run


for _name, _variants in LAYERS.items():
    for _kwargs, _x in _variants:
        _title = f"{_name}({_label(_kwargs)}){list(_x.shape)}"
        add_case("layers", _title, _run_layer(_name, _kwargs, _x))
        add_case("layers", f"{_title} shapes", _shapes(_name, _kwargs, _x), json=True)

MERGING: dict[str, list[tuple[dict[str, Any], list[Any]]]] = {
    name: [({}, [A, B]), ({}, [A, B, C]), ({}, [X3, uniform(2, 1, 4, seed=409)])]
    for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")
}
MERGING["Subtract"] = [({}, [A, B])]
MERGING["Concatenate"] = [
    ({}, [A, B]),
    ({"axis": 1}, [X3, uniform(2, 5, 4, seed=410)]),
    ({"axis": -1}, [A, B[:, :1], C]),
]
for _name, _variants in MERGING.items():
    for _kwargs, _inputs in _variants:
        add_case(
            "layers",
            f"{_name}({_label(_kwargs)}) of {[list(x.shape) for x in _inputs]}",
            lambda k, name=_name, kwargs=_kwargs, inputs=_inputs: getattr(k.layers, name)(**kwargs)(
                inputs
            ),
        )
        add_case(
            "layers",
            f"{_name}({_label(_kwargs)}) of {[list(x.shape) for x in _inputs]} shapes",
            lambda k, name=_name, kwargs=_kwargs, inputs=_inputs: list(
                getattr(k.layers, name)(**kwargs)([k.Input(x.shape[1:]) for x in inputs]).shape
            ),
            json=True,
        )

for _name in ("add", "multiply", "average", "maximum", "minimum", "subtract", "concatenate"):
    add_case("layers", f"{_name} function", lambda k, name=_name: getattr(k.layers, name)([A, B]))


def _normalise(kwargs: dict[str, Any], x: Any) -> Any:
    def run(k: Any) -> Any:
        layer = k.layers.BatchNormalization(**kwargs)
        layer.build(x.shape)
        fill(layer.weights)
        first = layer(x, training=True)
        second = layer(x + 1.0, training=True)
        return {
            "first": first,
            "second": second,
            "inference": layer(x, training=False),
            "default": layer(x),
            "weights": [w.numpy() for w in layer.weights],
        }

    return run


for _kwargs, _x in LAYERS["BatchNormalization"]:
    add_case(
        "layers",
        f"BatchNormalization({_label(_kwargs)}){list(_x.shape)} training",
        _normalise(_kwargs, _x),
    )


@case("layers", "BatchNormalization frozen")
def _frozen_normalisation(k: Any) -> Any:
    layer = k.layers.BatchNormalization()
    layer.build(X2.shape)
    fill(layer.weights)
    layer.trainable = False
    return [layer(X2, training=True), [w.numpy() for w in layer.weights]]


@case("layers", "Dropout at inference")
def _dropout_inference(k: Any) -> Any:
    return [
        k.layers.Dropout(0.5)(X2),
        k.layers.Dropout(0.5)(X2, training=False),
        k.layers.Dropout(0)(X2, training=True),
    ]


@case("layers", "Dropout in training", json=True)
def _dropout_training(k: Any) -> Any:
    ones = np.ones((200, 300), "float32")
    dropped = k.ops.convert_to_numpy(k.layers.Dropout(0.3, seed=1)(ones, training=True))
    rows = k.ops.convert_to_numpy(
        k.layers.Dropout(0.5, noise_shape=(200, 1), seed=1)(ones, training=True)
    )
    return {
        "share kept": 0.69 < float((np.asarray(dropped) > 0).mean()) < 0.71,
        "kept value": round(float(np.asarray(dropped).max()), 5),
        "rows fall together": bool((np.asarray(rows).std(axis=1) == 0).all()),
        "whole rows kept": 70 < int((np.asarray(rows)[:, 0] > 0).sum()) < 130,
    }


@case("layers", "Dropout shapes", json=True)
def _dropout_shapes(k: Any) -> Any:
    layer = k.layers.Dropout(0.3)
    return [
        layer.compute_output_shape((None, 3)),
        layer.rate,
        [[v.name, list(v.shape), str(v.dtype)] for v in layer.variables],
    ]


@case("layers", "Lambda")
def _lambda(k: Any) -> Any:
    scaled = k.layers.Lambda(lambda x, factor=1.0: x * factor + 1.0, arguments={"factor": 3.0})
    return [k.layers.Lambda(lambda x: k.ops.square(x))(X2), scaled(X2)]


@case("layers", "Lambda shapes", json=True)
def _lambda_shape(k: Any) -> Any:
    layer = k.layers.Lambda(lambda x: k.ops.sum(x, axis=-1, keepdims=True))
    return [
        layer.compute_output_shape((None, 3, 4)),
        k.layers.Lambda(lambda x: x[:, :2])(k.Input((5,))).shape,
    ]


@case("layers", "Dense with regularizers and constraints")
def _regularized(k: Any) -> Any:
    layer = k.layers.Dense(
        3,
        kernel_regularizer="l2",
        bias_regularizer=k.regularizers.L1(0.2),
        activity_regularizer=k.regularizers.L2(0.1),
        kernel_constraint="non_neg",
    )
    layer.build(X2.shape)
    fill(layer.weights)
    outputs = layer(X2)
    return {
        "outputs": outputs,
        "losses": list(layer.losses),
        "constrained": layer.kernel.constraint(layer.kernel),
    }


@case("layers", "own layer with add_loss and add_weight")
def _own_layer(k: Any) -> Any:
    class Scale(k.layers.Layer):
        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(
                shape=(input_shape[-1],), initializer="ones", name="factor"
            )

        def call(self, x: Any) -> Any:
            self.add_loss(0.5 * k.ops.mean(x))
            return x * self.factor

    layer = Scale()
    outputs = layer(X2)
    return [outputs, list(layer.losses), [w.numpy() for w in layer.weights]]


@case("layers", "masks")
def _masks(k: Any) -> Any:
    embedding, masking = k.layers.Embedding(5, 2, mask_zero=True), k.layers.Masking(mask_value=2)
    steps = integers(2, 3, 2, seed=411, low=1, high=3).astype("float32")
    return [
        embedding.compute_mask(np.array([[1, 0, 2], [0, 0, 3]], "int32")),
        masking.compute_mask(steps),
    ]


@case("layers", "names in sequence", json=True)
def _layer_names(k: Any) -> Any:
    made = [
        k.layers.Dense(1),
        k.layers.Dense(2),
        k.layers.BatchNormalization(),
        k.layers.ReLU(),
        k.layers.ReLU(),
    ]
    made += [
        k.layers.LeakyReLU(),
        k.layers.ELU(),
        k.layers.PReLU(),
        k.layers.Softmax(),
        k.layers.Activation("relu"),
    ]
    made += [
        k.layers.Flatten(),
        k.layers.Reshape((1,)),
        k.layers.Dropout(0.1),
        k.layers.Embedding(2, 2),
    ]
    made += [
        k.layers.Add(),
        k.layers.Concatenate(),
        k.layers.Multiply(),
        k.layers.Average(),
        k.layers.Subtract(),
    ]
    made += [
        k.layers.Maximum(),
        k.layers.Minimum(),
        k.layers.InputLayer((3,)),
        k.layers.Lambda(abs),
        k.layers.Identity(),
    ]
    made += [
        k.layers.Dense(1, name="mine"),
        k.layers.Dense(1),
        k.layers.InputLayer((3,)),
        k.layers.BatchNormalization(),
    ]
    return [layer.name for layer in made]


@case("layers", "names after clear_session", json=True)
def _names_cleared(k: Any) -> Any:
    before = [k.layers.Dense(1).name, k.layers.Dense(1).name]
    k.utils.clear_session()
    return [before, k.layers.Dense(1).name]


@case("layers", "names of own classes", json=True)
def _own_names(k: Any) -> Any:
    class MyDense2D(k.layers.Layer):
        pass

    class HTTPLayer(k.layers.Layer):
        pass

    class _Private(k.layers.Layer):
        pass

    return [MyDense2D().name, MyDense2D().name, HTTPLayer().name, _Private().name]


@case("layers", "names of inputs", json=True)
def _input_names(k: Any) -> Any:
    tensors = [
        k.Input((3,)),
        k.Input((4,)),
        k.Input((2,), name="given"),
        k.Input((2,), batch_size=5),
        k.Input((2,), dtype="int32"),
    ]
    return [[t.name, list(t.shape), str(t.dtype)] for t in tensors]


@case("layers", "attributes of a built layer", json=True)
def _attributes(k: Any) -> Any:
    layer = k.layers.Dense(3, activation="relu")
    before = [layer.built, len(layer.weights)]
    output = layer(k.Input((4,)))
    return {
        "before": before,
        "after": [layer.built, len(layer.weights)],
        "input": list(layer.input.shape),
        "output": list(layer.output.shape),
        "shape": list(output.shape),
        "units": layer.units,
        "activation": layer.activation.__name__,
        "dtype": [
            str(layer.dtype),
            str(layer.compute_dtype),
            str(layer.variable_dtype),
            layer.dtype_policy.name,
        ],
        "supports_masking": layer.supports_masking,
    }
