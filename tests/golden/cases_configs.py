"""Golden cases: `get_config` of every class and its way back, serialized forms, names for `get`."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, plain
from .cases_functions import ACTIVATIONS
from .cases_losses import LOSSES, NAMELESS
from .cases_metrics import METRICS, REQUIRED
from .cases_models import MODELS
from .cases_optimizers import OPTIMIZERS, SCHEDULES, SHARED
from .cases_shaping import LAYERS as SHAPING, NOISE

# The arguments of the instances whose configs are taken.
CLASSES: dict[str, dict[str, list[dict[str, Any]]]] = {
    "losses": {name: [{}, {"reduction": "sum", "name": "mine"}] for name in LOSSES},
    "metrics": {
        name: [
            REQUIRED.get(name, {}),
            {**REQUIRED.get(name, {}), "name": "mine", "dtype": "float64"},
        ]
        for name in [*METRICS, "Mean", "Sum"]
    },
    "optimizers": {
        name: [{}, *variants, *SHARED, {"name": "mine"}] for name, variants in OPTIMIZERS.items()
    },
    "optimizers.schedules": {
        name: [*variants, {**variants[0], "name": "mine"}] for name, variants in SCHEDULES.items()
    },
    "initializers": {
        "Zeros": [{}],
        "Ones": [{}],
        "Constant": [{}, {"value": 2.5}, {"value": [1.0, 2.0]}],
        "RandomNormal": [{}, {"mean": 1.0, "stddev": 0.2, "seed": 3}],
        "RandomUniform": [{}, {"minval": -1.0, "maxval": 2.0, "seed": 3}],
        "TruncatedNormal": [{}, {"mean": 1.0, "stddev": 0.2, "seed": 3}],
        "VarianceScaling": [
            {},
            {"scale": 2.0, "mode": "fan_out", "distribution": "uniform", "seed": 3},
        ],
        **{
            f"{family}{kind}": [{}, {"seed": 3}]
            for family in ("Glorot", "He", "Lecun")
            for kind in ("Normal", "Uniform")
        },
        "Orthogonal": [{}, {"gain": 2.0, "seed": 3}],
        "Identity": [{}, {"gain": 2.0}],
        "STFT": [{}, {"side": "imag", "scaling": None}],
    },
    "regularizers": {
        "L1": [{}, {"l1": 0.2}],
        "L2": [{}, {"l2": 0.2}],
        "L1L2": [{}, {"l1": 0.2, "l2": 0.3}],
        "OrthogonalRegularizer": [{}, {"factor": 0.2, "mode": "columns"}],
    },
    "constraints": {
        "MaxNorm": [{}, {"max_value": 1, "axis": 1}],
        "NonNeg": [{}],
        "UnitNorm": [{}, {"axis": [0, 1]}],
        "MinMaxNorm": [{}, {"min_value": 0.1, "max_value": 0.9, "rate": 0.5, "axis": 1}],
    },
    "layers": {
        "InputLayer": [
            {"shape": (3,)},
            {"shape": (3, None), "batch_size": 2, "dtype": "int32", "name": "mine"},
        ],
        "Dense": [
            {"units": 3},
            {
                "units": 2,
                "activation": "relu",
                "use_bias": False,
                "kernel_initializer": "he_normal",
                "kernel_regularizer": "l2",
                "bias_constraint": "non_neg",
                "name": "mine",
                "trainable": False,
                "dtype": "float64",
            },
        ],
        "Activation": [{"activation": "relu"}, {"activation": "log_softmax"}],
        "Flatten": [{}, {"data_format": "channels_first"}],
        "Reshape": [{"target_shape": (2, -1)}],
        "Dropout": [{"rate": 0.3}, {"rate": 0.3, "noise_shape": (None, 1), "seed": 5}],
        "BatchNormalization": [
            {},
            {
                "axis": 1,
                "momentum": 0.5,
                "epsilon": 0.1,
                "center": False,
                "gamma_initializer": "zeros",
            },
        ],
        "Embedding": [
            {"input_dim": 5, "output_dim": 2},
            {"input_dim": 5, "output_dim": 2, "mask_zero": True, "embeddings_regularizer": "l1"},
        ],
        "Add": [{}],
        "Concatenate": [{}, {"axis": 1}],
        "Multiply": [{}],
        "Average": [{}],
        "Subtract": [{}],
        "Maximum": [{}],
        "Minimum": [{}],
        "ReLU": [{}, {"max_value": 6, "negative_slope": 0.1, "threshold": 0.5}],
        "LeakyReLU": [{}, {"negative_slope": 0.1}],
        "ELU": [{}, {"alpha": 0.5}],
        "Softmax": [{}, {"axis": (1, 2)}],
        "PReLU": [{}, {"alpha_initializer": "ones", "shared_axes": [1, 2]}],
        "Identity": [{}],
        "Masking": [{}, {"mask_value": 1.0}],
        "Attention": [{}, {"use_scale": True, "score_mode": "concat", "dropout": 0.1, "seed": 3}],
        "AdditiveAttention": [{}, {"use_scale": False, "dropout": 0.1, "seed": 3}],
        "MultiHeadAttention": [
            {"num_heads": 2, "key_dim": 3},
            {
                "num_heads": 2,
                "key_dim": 3,
                "value_dim": 4,
                "dropout": 0.1,
                "use_bias": False,
                "output_shape": (4, 5),
                "attention_axes": (1,),
                "sliding_window": 3,
                "kernel_initializer": "he_normal",
                "activity_regularizer": "l2",
                "kernel_constraint": "non_neg",
                "use_gate": True,
                "seed": 3,
                "name": "mine",
            },
        ],
        "GroupQueryAttention": [
            {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2},
            {
                "head_dim": 3,
                "num_query_heads": 4,
                "num_key_value_heads": 1,
                "use_bias": False,
                "sliding_window": 3,
                "kernel_regularizer": "l2",
                "activity_regularizer": "l2",
                "use_gate": True,
                "dtype": "mixed_float16",
            },
        ],
    },
}


def find(k: Any, path: str) -> Any:
    """The module or object that a dotted path names."""
    for part in path.split("."):
        k = getattr(k, part)
    return k


def _config(module: str, name: str, kwargs: dict[str, Any]) -> Any:
    def run(k: Any) -> Any:
        made = getattr(find(k, module), name)(**kwargs)
        again = type(made).from_config(made.get_config()).get_config()
        return {"config": made.get_config(), "again": again}

    return run


def _label(kwargs: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in kwargs.items()) or "default"


for _module, _classes in CLASSES.items():
    for _name, _variants in _classes.items():
        for _kwargs in _variants:
            add_case(
                "configs",
                f"{_module}.{_name}({_label(_kwargs)})",
                _config(_module, _name, _kwargs),
                json=True,
            )

for _name, _calls in SHAPING.items():
    for _kwargs, _ in _calls[:2]:
        add_case(
            "configs",
            f"layers.{_name}({_label(_kwargs)})",
            _config("layers", _name, _kwargs),
            json=True,
        )
for _name, _variants in {
    **NOISE,
    "Dot": [{"axes": 1}, {"axes": (1, 2), "normalize": True}],
}.items():
    for _kwargs in _variants:
        add_case(
            "configs",
            f"layers.{_name}({_label(_kwargs)})",
            _config("layers", _name, _kwargs),
            json=True,
        )


def _holding(make: Any) -> Any:
    """The config of a thing that holds others, and that of a thing made of it."""

    def run(k: Any) -> Any:
        made = make(k)
        config = plain(made.get_config())
        again = type(made).from_config(made.get_config())
        return {"config": config, "again": again.get_config()}

    return run


HOLDING = {
    "layers.SpectralNormalization": lambda k: k.layers.SpectralNormalization(
        k.layers.Dense(2, name="inside"), power_iterations=2
    ),
    "optimizers.LossScaleOptimizer": lambda k: k.optimizers.LossScaleOptimizer(
        k.optimizers.SGD(0.5), initial_scale=8.0
    ),
    "optimizers.MultiOptimizer": lambda k: k.optimizers.MultiOptimizer(
        k.optimizers.OptimizerMap(k.optimizers.SGD(0.5), {})
    ),
    "metrics.MeanMetricWrapper": lambda k: k.metrics.MeanMetricWrapper(
        k.losses.mean_squared_error, name="mine"
    ),
}
for _name, _make in HOLDING.items():
    add_case("configs", _name, _holding(_make), json=True)


IDENTIFIERS: dict[str, list[str]] = {
    "losses": [
        *(name for name in LOSSES if name not in NAMELESS),
        *(function for function, _ in LOSSES.values() if function not in NAMELESS),
        *"mse MSE mae MAE mape MAPE msle MSLE bce BCE kld KLD".split(),
    ],
    "activations": [*ACTIVATIONS],
    "metrics": [
        *METRICS,
        "Mean",
        "Sum",
        *(
            "mse MSE mae MAE mape MAPE msle MSLE bce BCE accuracy binary_accuracy categorical_accuracy "
            "sparse_categorical_accuracy top_k_categorical_accuracy sparse_top_k_categorical_accuracy mean sum "
            "mean_squared_error root_mean_squared_error mean_absolute_error mean_absolute_percentage_error "
            "mean_squared_logarithmic_error log_cosh_error cosine_similarity poisson kl_divergence hinge squared_hinge "
            "categorical_hinge binary_crossentropy categorical_crossentropy sparse_categorical_crossentropy precision "
            "recall auc true_positives true_negatives false_positives false_negatives f1_score f_beta_score r2_score "
            "pearson_correlation concordance_correlation sensitivity_at_specificity specificity_at_sensitivity "
            "precision_at_recall recall_at_precision io_u mean_io_u one_hot_io_u one_hot_mean_io_u binary_io_u"
        ).split(),
    ],
    "optimizers": [
        *(name for name in OPTIMIZERS if name != "Lamb"),  # Keras does not know it by name
        *(name.lower() for name in OPTIMIZERS if name != "Lamb"),
    ],
    "initializers": [
        *(name for name in CLASSES["initializers"] if name != "Constant"),
        *(
            "zeros ones zero one random_normal random_uniform truncated_normal variance_scaling glorot_normal "
            "glorot_uniform he_normal he_uniform lecun_normal lecun_uniform orthogonal identity normal uniform "
            "OrthogonalInitializer IdentityInitializer STFTInitializer stft"
        ).split(),
    ],
    "regularizers": [*"L1 L2 L1L2 OrthogonalRegularizer l1 l2 l1l2 orthogonal_regularizer".split()],
    "constraints": [
        *"MaxNorm NonNeg UnitNorm MinMaxNorm max_norm non_neg unit_norm min_max_norm".split()
    ],
}


def _get(module: str, identifier: str) -> Any:
    def run(k: Any) -> Any:
        try:
            found = getattr(k, module).get(identifier)
        except (TypeError, ValueError) as error:
            if not isinstance(error.__cause__ or error, TypeError):
                raise
            return {"refused": "arguments are needed"}
        if hasattr(found, "get_config") and not isinstance(found, type):
            return {"class": type(found).__name__, "config": found.get_config()}
        return {"function": found.__name__}

    return run


for _module, _names in IDENTIFIERS.items():
    for _name in dict.fromkeys(_names):
        add_case("get", f"{_module}.get({_name})", _get(_module, _name), json=True)
    add_case(
        "get",
        f"{_module}.get(None)",
        lambda k, module=_module: str(getattr(k, module).get(None)).startswith(
            ("None", "<function linear")
        ),
        json=True,
    )


@case("get", "objects and dicts", json=True)
def _get_forms(k: Any) -> Any:
    loss, optimizer = k.losses.Huber(0.5), k.optimizers.SGD(0.3)
    by_dict = k.optimizers.get({"class_name": "Adam", "config": {"learning_rate": 0.25}})
    return {
        "the object itself": [k.losses.get(loss) is loss, k.optimizers.get(optimizer) is optimizer],
        "a dict": [type(by_dict).__name__, by_dict.get_config()],
        "a class": type(k.initializers.get(k.initializers.HeNormal)).__name__,
        "a function": k.activations.get(k.activations.tanh).__name__,
        "serialized": type(k.losses.get(k.losses.serialize(loss))).__name__,
    }


SERIALIZED = {
    "layer": lambda k: k.layers.Dense(
        2, activation="relu", kernel_regularizer=k.regularizers.L1(0.1)
    ),
    "built layer": lambda k: _built(k),
    "normalization": lambda k: k.layers.BatchNormalization(),
    "loss": lambda k: k.losses.CategoricalCrossentropy(label_smoothing=0.1),
    "metric": lambda k: k.metrics.AUC(num_thresholds=5),
    "optimizer": lambda k: k.optimizers.Adam(k.optimizers.schedules.CosineDecay(0.1, 10)),
    "schedule": lambda k: k.optimizers.schedules.PiecewiseConstantDecay([1], [0.1, 0.2]),
    "initializer": lambda k: k.initializers.HeNormal(seed=1),
    "regularizer": lambda k: k.regularizers.L1L2(0.1, 0.2),
    "constraint": lambda k: k.constraints.MaxNorm(2),
    "activation": lambda k: k.activations.relu,
    "numbers": lambda k: {
        "a": [1, 2.5, None],
        "b": (1, 2),
        "c": np.array([1.0, 2.0], "float32"),
        "d": np.float32(0.5),
    },
}


def _built(k: Any) -> Any:
    layer = k.layers.Dense(2)
    layer.build((None, 3))
    return layer


for _name, _make in SERIALIZED.items():
    add_case(
        "serialized",
        _name,
        lambda k, make=_make: k.saving.serialize_keras_object(make(k)),
        json=True,
    )


def _serialize(module: str, name: str) -> Any:
    return lambda k: getattr(k, module).serialize(getattr(k, module).get(name))


for _module, _name in {
    "losses": "mse",
    "metrics": "mse",
    "optimizers": "sgd",
    "initializers": "zeros",
    "regularizers": "l1",
    "constraints": "non_neg",
    "activations": "relu",
}.items():
    add_case("serialized", f"{_module}.serialize", _serialize(_module, _name), json=True)


def _model_config(build: Any) -> Any:
    def run(k: Any) -> Any:
        model = build(k)
        config = plain(model.get_config())
        k.utils.clear_session()
        return {"config": config, "again": type(model).from_config(model.get_config()).get_config()}

    return run


for _name, _build in MODELS.items():
    if _name != "subclassed":
        add_case("configs", f"model {_name}", _model_config(_build), json=True)


@case("configs", "compile config", json=True)
def _compile_config(k: Any) -> Any:
    model = MODELS["sequential"](k)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    # jit_compile tells which backend Keras had
    return {key: value for key, value in model.get_compile_config().items() if key != "jit_compile"}


@case("configs", "policies", json=True)
def _policies(k: Any) -> Any:
    layer = k.layers.Dense(1, dtype="float64")
    return [
        layer.dtype_policy.name,
        k.config.floatx(),
        k.config.epsilon(),
        k.config.image_data_format(),
    ]


@case("serialized", "dtype policies", json=True)
def _policies(k: Any) -> Any:
    policies = k.dtype_policies
    mapped = policies.DTypePolicyMap(
        policies.DTypePolicy("mixed_float16"),
        {"a": policies.DTypePolicy("bfloat16"), "b/.*": policies.DTypePolicy("float64")},
    )
    found = {}
    for name, policy in {
        "float": policies.DTypePolicy("float64"),
        "mixed": policies.DTypePolicy("mixed_bfloat16"),
        "by another name": policies.FloatDTypePolicy("float16"),
        "map": mapped,
    }.items():
        found[name] = [
            policies.serialize(policy),
            policy.name,
            policy.compute_dtype,
            policy.variable_dtype,
            policy.quantization_mode,
        ]
    found["looked up"] = [mapped[path].name for path in ("a", "ab", "b/c", "x/b/c", "b")]
    found["global"] = [k.config.dtype_policy().name, k.mixed_precision.global_policy().name]
    return found
