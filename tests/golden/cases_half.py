"""Golden cases: the dtypes that come out where layers compute in half precision."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, uniform

X = uniform(6, 4, seed=800)
CUBE = uniform(2, 3, 4, seed=801)
IDS = np.array([[1, 2], [0, 3]], "int32")

# name of the class, arguments, input (several as a tuple)
LAYERS: list[tuple[str, dict[str, Any], Any]] = [
    ("Dense", {"units": 3}, X),
    ("Dense", {"units": 3, "activation": "softmax", "kernel_regularizer": "l2"}, X),
    ("Dense", {"units": 3, "use_bias": False, "activity_regularizer": "l2"}, X),
    ("EinsumDense", {"equation": "ab,bc->ac", "output_shape": 3, "bias_axes": "c"}, X),
    ("Embedding", {"input_dim": 5, "output_dim": 3}, IDS),
    ("Flatten", {}, CUBE),
    ("Flatten", {}, CUBE.astype("int32")),
    ("Reshape", {"target_shape": (12,)}, CUBE),
    ("Permute", {"dims": (2, 1)}, CUBE),
    ("RepeatVector", {"n": 2}, X),
    ("Dropout", {"rate": 0.5}, X),
    ("GaussianDropout", {"rate": 0.5}, X),
    ("GaussianNoise", {"stddev": 0.5}, X),
    ("AlphaDropout", {"rate": 0.5}, X),
    ("SpatialDropout1D", {"rate": 0.5}, CUBE),
    ("BatchNormalization", {}, X),
    ("LayerNormalization", {}, X),
    ("GroupNormalization", {"groups": 2}, X),
    ("UnitNormalization", {}, X),
    ("RMSNormalization", {}, X),
    ("Activation", {"activation": "relu"}, X),
    ("ReLU", {}, X),
    ("LeakyReLU", {}, X),
    ("PReLU", {}, X),
    ("ELU", {}, X),
    ("Softmax", {}, X),
    ("Masking", {}, CUBE),
    ("Identity", {}, X),
    ("ActivityRegularization", {"l1": 0.1}, X),
    ("Rescaling", {"scale": 2.0, "offset": 1.0}, X),
    ("Normalization", {"mean": [1.0] * 4, "variance": [2.0] * 4}, X),
    ("CategoryEncoding", {"num_tokens": 4, "output_mode": "multi_hot"}, IDS),
    *[(name, {}, (X, X)) for name in ("Add", "Multiply", "Average", "Maximum", "Minimum")],
    ("Subtract", {}, (X, X)),
    ("Concatenate", {}, (X, X)),
    ("Dot", {"axes": 1}, (X, X)),
]
LOSSES = (
    "MeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError Huber LogCosh Hinge "
    "SquaredHinge CategoricalHinge BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy "
    "CategoricalFocalCrossentropy KLDivergence Poisson CosineSimilarity Dice Tversky"
).split()
METRICS = (
    "MeanSquaredError Accuracy BinaryAccuracy CategoricalAccuracy MeanAbsoluteError CosineSimilarity KLDivergence "
    "RootMeanSquaredError AUC Precision Recall"
).split()
OPTIMIZERS = "SGD Adam AdamW RMSprop Adagrad Adadelta Adamax Nadam Ftrl Lion Lamb Adafactor".split()
HALF = np.array([[0.25, 0.75], [0.5, 0.5]], "float16")
TARGETS = np.array([[0, 1], [1, 0]], "float32")


def _dtype(x: Any) -> str:
    return str(getattr(x.dtype, "name", x.dtype))


def _given(x: Any, function: Any) -> Any:
    return [function(v) for v in x] if isinstance(x, tuple) else function(x)


def _layer(name: str, kwargs: dict[str, Any], x: Any, policy: str) -> Any:
    def run(k: Any) -> Any:
        found: dict[str, Any] = {}
        for source in ("float32", "float16"):
            layer = getattr(k.layers, name)(dtype=policy, **kwargs)
            training = {"training": True} if name.endswith("Dropout") or "Batch" in name else {}
            y = layer(
                _given(x, lambda v, s=source: v.astype(s) if v.dtype.kind == "f" else v), **training
            )
            found[source] = [_dtype(y), [_dtype(v) for v in layer.losses]]
            found["weights"] = [_dtype(v) for v in layer.weights if "seed" not in v.path]
            found["layer"] = [layer.compute_dtype, layer.variable_dtype, layer.dtype]
        inputs = _given(x, lambda v: k.Input(v.shape[1:], dtype=str(v.dtype)))
        found["symbolic"] = _dtype(getattr(k.layers, name)(dtype=policy, **kwargs)(inputs))
        return found

    return run


for _policy in ("mixed_float16", "float16"):
    for _name, _kwargs, _x in LAYERS:
        _words = ",".join(f"{key}={value}" for key, value in _kwargs.items())
        add_case(
            "half",
            f"layers.{_name}({_words}) {_policy}",
            _layer(_name, _kwargs, _x, _policy),
            json=True,
        )


@case("half", "losses", json=True)
def _losses(k: Any) -> Any:
    return {
        name: [
            _dtype(getattr(k.losses, name)(dtype=dtype)(TARGETS, HALF))
            for dtype in (None, "float16")
        ]
        for name in LOSSES
    }


@case("half", "metrics", json=True)
def _metrics(k: Any) -> Any:
    found = {}
    for name in METRICS:
        for dtype in (None, "float16"):
            metric = getattr(k.metrics, name)(dtype=dtype)
            metric.update_state(TARGETS, HALF)
            found[f"{name} {dtype}"] = [
                _dtype(metric.result()),
                [_dtype(v) for v in metric.variables],
            ]
    return found


@case("half", "optimizers", json=True)
def _optimizers(k: Any) -> Any:
    found = {}
    for name in OPTIMIZERS:
        for dtype in ("float16", "float32"):
            variable = k.Variable(np.ones((2, 3)), dtype=dtype)
            optimizer = getattr(k.optimizers, name)(0.1)
            optimizer.apply([np.ones((2, 3), "float16")], [variable])
            found[f"{name} {dtype}"] = [
                _dtype(variable),
                [_dtype(v) for v in optimizer.variables],
            ]
    return found


@case("half", "training", json=True)
def _training(k: Any) -> Any:
    layers, found = k.layers, {}
    for policy in ("mixed_float16", "float16"):
        for scaled in (False, True):
            model = k.Sequential(
                [
                    k.Input((4,)),
                    layers.Dense(8, activation="relu", dtype=policy),
                    layers.BatchNormalization(dtype=policy),
                    layers.Dense(1, dtype=policy),
                ]
            )
            optimizer = k.optimizers.Adam(0.01)
            if scaled:
                optimizer = k.optimizers.LossScaleOptimizer(optimizer, initial_scale=128.0)
            model.compile(optimizer, "mse", metrics=["mae"])
            model.fit(X, X[:, :1], batch_size=3, epochs=2, verbose=0)
            found[f"{policy} {scaled}"] = {
                "output": [_dtype(model(X)), _dtype(model.predict(X, verbose=0))],
                "weights": [_dtype(v) for v in model.weights],
                "optimizer": sorted(_dtype(v) for v in model.optimizer.variables),
            }
    return found


@case("half", "dense network", tolerance="half")
def _values(k: Any) -> Any:
    """A network of mixed precision gives about what it gives in Keras."""
    model = k.Sequential(
        [
            k.Input((4,)),
            k.layers.Dense(8, activation="tanh", dtype="mixed_float16"),
            k.layers.LayerNormalization(dtype="mixed_float16"),
            k.layers.Dense(2, activation="softmax", dtype="mixed_float16"),
        ]
    )
    for i, weight in enumerate(model.weights):
        weight.assign(uniform(*weight.shape, seed=810 + i))
    return model(X)
