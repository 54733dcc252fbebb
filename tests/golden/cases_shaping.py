"""Golden cases: layers that normalize, reshape and mix; outputs, gradients, shapes, configs."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, integers, plain, uniform
from .cases_layers import X2, X3, X4, A, B, fill

X5 = uniform(2, 3, 4, 3, 2, seed=430, low=-2, high=2)
WIDE = uniform(2, 3, 4, 6, seed=431, low=-2, high=2)

LAYERS: dict[str, list[tuple[dict[str, Any], Any]]] = {
    "LayerNormalization": [
        ({}, X2),
        ({}, X3),
        ({"axis": 1}, X3),
        ({"axis": [1, 2]}, X3),
        ({"axis": (1, 3)}, X4),
        ({"epsilon": 0.1, "center": False}, X2),
        ({"scale": False}, X2),
        ({"rms_scaling": True}, X2),
    ],
    "RMSNormalization": [
        ({}, X2),
        ({"axis": [1, 2], "epsilon": 0.1}, X3),
    ],
    "GroupNormalization": [
        ({"groups": 2}, WIDE),
        ({"groups": 3, "center": False}, WIDE),
        ({"groups": 2, "axis": 2, "epsilon": 0.1}, WIDE),
        ({"groups": 3, "axis": 1, "scale": False}, X3),
        ({"groups": -1}, X4),
        ({"groups": 1}, X3),
        ({"groups": 5}, X2),
    ],
    "UnitNormalization": [({}, X2), ({"axis": 1}, X3), ({"axis": [1, 2]}, X4)],
    "ActivityRegularization": [({}, X2), ({"l1": 0.1, "l2": 0.2}, X2)],
    "Permute": [({"dims": (2, 1)}, X3), ({"dims": (3, 1, 2)}, X4), ({"dims": (1,)}, X2)],
    "RepeatVector": [({"n": 3}, X2), ({"n": 1}, X2)],
    "Cropping1D": [({}, X3), ({"cropping": (0, 2)}, X3)],
    "Cropping2D": [
        ({}, X4),
        ({"cropping": 1}, X4),
        ({"cropping": (0, 1)}, X4),
        ({"cropping": ((1, 0), (0, 2))}, X4),
        ({"cropping": ((1, 0), (0, 2)), "data_format": "channels_first"}, WIDE),
    ],
    "Cropping3D": [
        ({}, X5),
        ({"cropping": ((1, 1), (0, 2), (0, 1))}, X5),
        ({"cropping": (1, 1, 0), "data_format": "channels_first"}, X5),
    ],
    "ZeroPadding1D": [({}, X3), ({"padding": (1, 2), "data_format": "channels_first"}, X3)],
    "ZeroPadding2D": [
        ({}, X4),
        ({"padding": (0, 2)}, X4),
        ({"padding": ((1, 0), (2, 1)), "data_format": "channels_first"}, X4),
    ],
    "ZeroPadding3D": [
        ({}, X5),
        ({"padding": ((1, 0), (0, 2), (0, 0)), "data_format": "channels_first"}, X5),
    ],
    "UpSampling1D": [({}, X3), ({"size": 3}, X3)],
    "UpSampling2D": [
        ({}, X4),
        ({"size": (1, 3)}, X4),
        ({"size": (3, 2), "data_format": "channels_first"}, X4),
        *(
            ({"size": (2, 3), "interpolation": way}, WIDE)
            for way in ("bilinear", "bicubic", "lanczos3", "lanczos5")
        ),
        ({"interpolation": "bilinear", "data_format": "channels_first"}, WIDE),
    ],
    "UpSampling3D": [
        ({}, X5),
        ({"size": (1, 2, 3), "data_format": "channels_first"}, X5),
    ],
    "EinsumDense": [
        ({"equation": "ab,bc->ac", "output_shape": 3}, X2),
        ({"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c", "activation": "relu"}, X2),
        ({"equation": "abc,cd->abd", "output_shape": (None, 5), "bias_axes": "d"}, X3),
        ({"equation": "abc,cd->abd", "output_shape": (3, 5), "bias_axes": "bd"}, X3),
        ({"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "d"}, X3),
        ({"equation": "abc,cde->abde", "output_shape": (None, 2, 3), "bias_axes": "ed"}, X3),
        ({"equation": "abde,dec->abc", "output_shape": (None, 7), "bias_axes": "c"}, X4),
        ({"equation": "...x,xy->...y", "output_shape": 3, "bias_axes": "y"}, X4),
        ({"equation": "...bc,cd->...bd", "output_shape": (None, 2)}, X4),
        ({"equation": "ab...,bc->ac...", "output_shape": 4, "bias_axes": "c"}, X3),
        ({"equation": "abc,dc->abd", "output_shape": (None, 2)}, X3),
    ],
    "ReversibleEmbedding": [
        ({"input_dim": 7, "output_dim": 3}, integers(4, 5, seed=406, high=7)),
        (
            {"input_dim": 7, "output_dim": 3, "tie_weights": False, "mask_zero": True},
            integers(4, 5, seed=406, high=7),
        ),
    ],
}


def numbers(k: Any, x: Any) -> Any:
    return np.asarray(k.ops.convert_to_numpy(x))


def gradients(k: Any, layer: Any, inputs: list[np.ndarray], **kwargs: Any) -> list[Any]:
    """The gradients of sum(w y), with w from 1 to 2, by the inputs and the trainable weights."""
    one = len(inputs) == 1

    def total(y: Any) -> Any:
        shape = tuple(y.shape)
        w = np.linspace(1.0, 2.0, int(np.prod(shape)), dtype="float32").reshape(shape)
        return k.ops.sum(y * w)

    if not hasattr(k, "GradientTape"):  # Keras on JAX
        import jax

        def function(weights: Any, xs: Any) -> Any:
            others = [v.value for v in layer.non_trainable_variables]
            y, _ = layer.stateless_call(weights, others, xs[0] if one else xs, **kwargs)
            return total(y)

        weights = [v.value for v in layer.trainable_variables]
        dw, dx = jax.grad(function, argnums=(0, 1))(weights, inputs)
        return [*dx, *dw]
    with k.GradientTape() as tape:
        for x in inputs:
            tape.watch(x)
        loss = total(layer(inputs[0] if one else inputs, **kwargs))
    return tape.gradient(loss, [*inputs, *layer.trainable_variables], unconnected_gradients="zero")


def _label(kwargs: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in kwargs.items()) or "default"


def _values(name: str, kwargs: dict[str, Any], x: Any) -> Any:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        layer(x)
        fill(layer.weights)
        found = {"output": layer(x), "losses": list(layer.losses)}
        if x.dtype == "float32":
            found["gradients"] = gradients(k, layer, [x])
        return found

    return run


def _facts(name: str, kwargs: dict[str, Any], x: Any) -> Any:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        config = plain(layer.get_config())
        again = type(layer).from_config(layer.get_config()).get_config()
        unknown = [(None, *x.shape[1:])]
        if name in ("Permute", "UpSampling1D", "ZeroPadding2D", "Cropping2D"):
            unknown.append((None,) * len(x.shape))
        layer.build(unknown[0])
        return {
            "config": config,
            "again": again,
            "shapes": [list(layer.compute_output_shape(shape)) for shape in unknown],
            "weights": [[w.path, list(w.shape), w.trainable] for w in layer.weights],
            "masking": layer.supports_masking,
        }

    return run


for _name, _variants in LAYERS.items():
    for _kwargs, _x in _variants:
        _title = f"{_name}({_label(_kwargs)}){list(_x.shape)}"
        add_case("layers", _title, _values(_name, _kwargs, _x))
        add_case("layers", f"{_title} facts", _facts(_name, _kwargs, _x), json=True)

PAIRS: list[tuple[dict[str, Any], list[np.ndarray]]] = [
    ({"axes": 1}, [A, B]),
    ({"axes": -1, "normalize": True}, [A, B]),
    ({"axes": (2, 1)}, [X3, uniform(2, 4, 5, seed=432)]),
    ({"axes": [1, 1], "normalize": True}, [X3, uniform(2, 3, seed=433)]),
    ({"axes": (-1, -1)}, [X4, uniform(2, 5, 2, seed=434)]),
    ({"axes": (1, 3)}, [X4, X4.transpose(0, 2, 3, 1)]),
]


def _dot(kwargs: dict[str, Any], inputs: list[np.ndarray]) -> Any:
    def run(k: Any) -> Any:
        layer = k.layers.Dot(**kwargs)
        return [layer(inputs), k.layers.dot(inputs, **kwargs), *gradients(k, layer, inputs)]

    return run


def _dot_facts(kwargs: dict[str, Any], inputs: list[np.ndarray]) -> Any:
    def run(k: Any) -> Any:
        layer = k.layers.Dot(**kwargs)
        shapes = [(None, *x.shape[1:]) for x in inputs]
        return {
            "config": layer.get_config(),
            "shape": list(layer.compute_output_shape(shapes)),
            "symbolic": list(layer([k.Input(x.shape[1:]) for x in inputs]).shape),
            "mask": layer.compute_mask(inputs, [None, None]),
        }

    return run


for _kwargs, _inputs in PAIRS:
    _title = f"Dot({_label(_kwargs)}) of {[list(x.shape) for x in _inputs]}"
    add_case("layers", _title, _dot(_kwargs, _inputs))
    add_case("layers", f"{_title} facts", _dot_facts(_kwargs, _inputs), json=True)

NOISE: dict[str, list[dict[str, Any]]] = {
    "GaussianNoise": [{"stddev": 0.3}, {"stddev": 0, "seed": 4}],
    "GaussianDropout": [{"rate": 0.3}, {"rate": 0}],
    "AlphaDropout": [{"rate": 0.3}, {"rate": 0.2, "noise_shape": (None, 1), "seed": 3}],
    "SpatialDropout1D": [{"rate": 0.3}, {"rate": 0.2, "seed": 3, "name": "mine"}],
    "SpatialDropout2D": [{"rate": 0.3}, {"rate": 0.2, "data_format": "channels_first"}],
    "SpatialDropout3D": [{"rate": 0.3}, {"rate": 0.2, "data_format": "channels_first"}],
}


def _noise(name: str, kwargs: dict[str, Any]) -> Any:
    def run(k: Any) -> Any:
        layer = getattr(k.layers, name)(**kwargs)
        config = plain(layer.get_config())
        rank = layer.input_spec.ndim if layer.input_spec is not None else 2
        x = np.ones((2, 3, 4, 2, 2)[:rank], "float32")
        still = [bool((numbers(k, y) == x).all()) for y in (layer(x), layer(x, training=False))]
        return {
            "config": config,
            "again": type(layer).from_config(layer.get_config()).get_config(),
            "still": still,
            "shape": list(layer.compute_output_shape((None, *x.shape[1:]))),
            "variables": [v.name for v in layer.variables],
            "built and masking": [layer.built, layer.supports_masking],
        }

    return run


for _name, _noises in NOISE.items():
    for _kwargs in _noises:
        add_case("layers", f"{_name}({_label(_kwargs)}) facts", _noise(_name, _kwargs), json=True)


@case("layers", "noise in training", json=True)
def _noisy(k: Any) -> Any:
    x = np.ones((300, 400), "float32")
    made = {
        "noise": k.layers.GaussianNoise(0.3, seed=1),
        "gaussian": k.layers.GaussianDropout(0.3, seed=1),
        "alpha": k.layers.AlphaDropout(0.3, seed=1),
    }
    found = {name: numbers(k, layer(x, training=True)) for name, layer in made.items()}
    values = np.unique(found["alpha"].round(4))
    return {
        "means": {name: round(float(y.mean()), 1) for name, y in found.items()},
        "deviations": {name: round(float(y.std()), 1) for name, y in found.items()},
        "alpha": [float(v) for v in values],
    }


@case("layers", "AlphaDropout keeps mean and variance", json=True)
def _kept(k: Any) -> Any:
    x = np.sqrt(3.0, dtype="float32") * uniform(300, 400, seed=435)
    y = numbers(k, k.layers.AlphaDropout(0.4, seed=1)(x, training=True))
    return [abs(float(y.mean())) < 0.02, abs(float(y.std()) - 1) < 0.02]


@case("layers", "UnitNormalization of little")
def _little(k: Any) -> Any:
    x = np.array([[0, 0, 0], [1e-8, 1e-8, 0], [3e5, 4e5, 0]], "float32")
    return [k.layers.UnitNormalization()(x), k.layers.Dot(1, normalize=True)([x, x])]


@case("layers", "normalization in float16")
def _half(k: Any) -> Any:
    x = (np.arange(8.0).reshape(2, 4) * 1000 - 3000).astype("float16")
    return [
        k.layers.LayerNormalization(dtype="float16")(x),
        k.layers.RMSNormalization(dtype="float16")(x),
        k.layers.GroupNormalization(2, dtype="float16")(x),
    ]


@case("layers", "ReversibleEmbedding there and back")
def _reversed(k: Any) -> Any:
    found = []
    for kwargs in (
        {},
        {"tie_weights": False},
        {"logit_soft_cap": 0.5},
        {"reverse_dtype": "float16"},
    ):
        layer = k.layers.ReversibleEmbedding(5, 4, **kwargs)
        layer(np.array([[1, 2]]))
        fill(layer.weights)
        found.append(layer(X3, reverse=True))
        if "reverse_dtype" not in kwargs:
            found.append(gradients(k, layer, [X3], reverse=True))
    return found


@case("layers", "SpectralNormalization")
def _spectral(k: Any) -> Any:
    found = []
    for rounds in (1, 3):
        layer = k.layers.SpectralNormalization(k.layers.Dense(3), power_iterations=rounds)
        layer.build(X2.shape)
        fill(layer.weights)
        found += [layer(X2), layer(X2, training=True), [w.numpy() for w in layer.weights]]
        found += [layer(X2, training=True), layer(X2)]
        fill(layer.weights)
        found.append(gradients(k, layer, [X2]))
    return found


@case("layers", "SpectralNormalization facts", json=True)
def _spectral_facts(k: Any) -> Any:
    layer = k.layers.SpectralNormalization(k.layers.Dense(3), power_iterations=2)
    config = plain(layer.get_config())
    layer.build((None, 4))
    return {
        "config": config,
        "again": type(layer).from_config(layer.get_config()).get_config(),
        "shape": list(layer.compute_output_shape((None, 4))),
        "weights": [[w.path, list(w.shape), w.trainable] for w in layer.weights],
    }


@case("layers", "Wrapper facts", json=True)
def _wrapper(k: Any) -> Any:
    layer = k.layers.Wrapper(k.layers.Dense(3, activation="relu"), name="mine")
    config = plain(layer.get_config())
    layer.build((None, 4))
    return {
        "config": config,
        "again": type(layer).from_config(layer.get_config()).get_config(),
        "weights": [[w.path, list(w.shape)] for w in layer.weights],
        "built": [layer.built, layer.layer.built],
    }
