"""Golden cases: ten steps of every optimizer on fixed gradients, and learning-rate schedules."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from .cases import add_case, case, uniform

START = (uniform(3, 2, seed=300), uniform(4, seed=301), np.float32(0.5))
NAMES = ("kernel", "bias", "gain")


def _gradients(step: int) -> list[Any]:
    # The second step's gradients are large (clipping), the sixth's zero (division by little).
    size = np.float32({1: 8.0, 5: 0.0}.get(step, 1.0))
    return [
        size * uniform(3, 2, seed=310 + 3 * step),
        size * uniform(4, seed=311 + 3 * step),
        (size * uniform(1, seed=312 + 3 * step)).reshape(()),
    ]


def variables(k: Any) -> list[Any]:
    """The three variables every run starts from."""
    return [k.Variable(value, name=name) for value, name in zip(START, NAMES, strict=True)]


def ten_steps(k: Any, optimizer: Any, weights: list[Any] | None = None) -> dict[str, Any]:
    """The weights after steps 1, 2, 5 and 10, and all of the optimizer's state at the end."""
    weights = variables(k) if weights is None else weights
    optimizer.build(weights)
    results: dict[str, Any] = {}
    for step in range(10):
        gradients = [k.ops.convert_to_tensor(g) for g in _gradients(step)]
        optimizer.apply(gradients, weights)
        if step + 1 in (1, 2, 5, 10):
            results[f"weights after {step + 1}"] = [w.numpy() for w in weights]
    results["state"] = [np.asarray(v.numpy(), "float32") for v in optimizer.variables]
    results["iterations"] = np.asarray(k.ops.convert_to_numpy(optimizer.iterations), "float32")
    results["learning_rate"] = np.asarray(
        k.ops.convert_to_numpy(optimizer.learning_rate), "float32"
    )
    return results


OPTIMIZERS: dict[str, list[dict[str, Any]]] = {
    "SGD": [
        {},
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "momentum": 0.9},
        {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
        {
            "learning_rate": 0.1,
            "momentum": 0.5,
            "weight_decay": 0.01,
            "clipvalue": 0.5,
            "use_ema": True,
        },
    ],
    "RMSprop": [
        {},
        {"learning_rate": 0.01, "rho": 0.8},
        {"learning_rate": 0.01, "momentum": 0.7},
        {"learning_rate": 0.01, "centered": True},
        {"learning_rate": 0.01, "momentum": 0.7, "centered": True, "epsilon": 1e-3},
    ],
    "Adam": [
        {},
        {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4},
        {"learning_rate": 0.05, "amsgrad": True},
    ],
    "AdamW": [
        {},
        {"learning_rate": 0.05, "weight_decay": 0.1},
        {"learning_rate": 0.05, "weight_decay": 0.1, "amsgrad": True},
    ],
    "Adagrad": [
        {},
        {"learning_rate": 0.1, "initial_accumulator_value": 0.3, "epsilon": 1e-3},
    ],
    "Adadelta": [
        {},
        {"learning_rate": 1.0, "rho": 0.8, "epsilon": 1e-3},
    ],
    "Adamax": [
        {},
        {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3},
    ],
    "Nadam": [
        {},
        {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3},
    ],
    "Ftrl": [
        {},
        {"learning_rate": 0.1, "learning_rate_power": -0.3, "initial_accumulator_value": 0.4},
        {"learning_rate": 0.1, "l1_regularization_strength": 0.2, "beta": 0.5},
        {
            "learning_rate": 0.1,
            "l2_regularization_strength": 0.3,
            "l2_shrinkage_regularization_strength": 0.1,
        },
        {"learning_rate": 0.05, "learning_rate_power": 0.0},
    ],
    "Lion": [
        {},
        {"learning_rate": 0.1, "beta_1": 0.6, "beta_2": 0.8},
    ],
    "Lamb": [
        {},
        {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3},
    ],
    "Adafactor": [
        {},
        {"learning_rate": 0.5, "beta_2_decay": -0.6, "clip_threshold": 0.7},
        {"learning_rate": 0.1, "relative_step": False, "epsilon_1": 1e-3, "epsilon_2": 0.7},
    ],
    "Muon": [
        {},
        {"learning_rate": 0.1, "rms_rate": None, "nesterov": False, "momentum": 0.8},
        {"learning_rate": 0.1, "ns_steps": 2, "muon_a": 3.0, "muon_b": -4.0, "muon_c": 1.5},
        {"learning_rate": 0.1, "exclude_layers": ["kern"], "adam_lr_ratio": 0.5},
        {"learning_rate": 0.1, "weight_decay": 0.2, "adam_weight_decay": 0.3, "adam_beta_1": 0.7},
        {"learning_rate": 0.1, "adam_weight_decay": None, "adam_beta_2": 0.9, "epsilon": 1e-3},
    ],
    "ScheduleFreeAdamW": [
        {},
        {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.9, "epsilon": 1e-3},
        {"learning_rate": 0.1, "warmup_steps": 4},
    ],
}
SHARED: list[dict[str, Any]] = [
    {"weight_decay": 0.05},
    {"clipnorm": 0.6},
    {"clipvalue": 0.3},
    {"global_clipnorm": 0.8},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 2},
    {"gradient_accumulation_steps": 3, "clipnorm": 0.5, "use_ema": True, "ema_momentum": 0.5},
    {"loss_scale_factor": 4.0},
]


def _label(kwargs: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in kwargs.items()) or "default"


def _run(name: str, kwargs: dict[str, Any]) -> Any:
    return lambda k: ten_steps(k, getattr(k.optimizers, name)(**kwargs))


for _name, _variants in OPTIMIZERS.items():
    for _kwargs in [*_variants, *({"learning_rate": 0.05, **extra} for extra in SHARED)]:
        add_case(
            "optimizers",
            f"{_name}({_label(_kwargs)})",
            _run(_name, _kwargs),
            tolerance="cancelled" if _name in ("Nadam", "ScheduleFreeAdamW") else "steps",
        )

SCHEDULES: dict[str, list[dict[str, Any]]] = {
    "ExponentialDecay": [
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5},
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True},
    ],
    "PiecewiseConstantDecay": [
        {"boundaries": [3, 7], "values": [0.1, 0.05, 0.01]},
        {"boundaries": [5.0], "values": [1.0, 0.5]},
    ],
    "PolynomialDecay": [
        {"initial_learning_rate": 0.1, "decay_steps": 8},
        {"initial_learning_rate": 0.1, "decay_steps": 6, "end_learning_rate": 0.01, "power": 2.0},
        {"initial_learning_rate": 0.1, "decay_steps": 4, "power": 0.5, "cycle": True},
    ],
    "InverseTimeDecay": [
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5},
        {"initial_learning_rate": 0.1, "decay_steps": 4, "decay_rate": 0.5, "staircase": True},
    ],
    "CosineDecay": [
        {"initial_learning_rate": 0.1, "decay_steps": 8},
        {"initial_learning_rate": 0.1, "decay_steps": 8, "alpha": 0.2},
        {"initial_learning_rate": 0.01, "decay_steps": 6, "warmup_target": 0.1, "warmup_steps": 3},
    ],
    "CosineDecayRestarts": [
        {"initial_learning_rate": 0.1, "first_decay_steps": 3},
        {
            "initial_learning_rate": 0.1,
            "first_decay_steps": 3,
            "t_mul": 1.5,
            "m_mul": 0.8,
            "alpha": 0.1,
        },
        {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.0, "m_mul": 0.5},
    ],
}
STEPS = (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 20, 50, 1000)


def _run_schedule(name: str, kwargs: dict[str, Any]) -> Any:
    def run(k: Any) -> Any:
        schedule = getattr(k.optimizers.schedules, name)(**kwargs)
        return [np.asarray(k.ops.convert_to_numpy(schedule(step)), "float32") for step in STEPS]

    return run


for _name, _variants in SCHEDULES.items():
    for _kwargs in _variants:
        add_case(
            "schedules",
            f"{_name}({_label(_kwargs)})",
            _run_schedule(_name, _kwargs),
            tolerance="rates",
        )
    for _optimizer in ("SGD", "Adam"):
        add_case(
            "optimizers",
            f"{_optimizer} with {_name}",
            lambda k, optimizer=_optimizer, name=_name, kwargs=_variants[0]: ten_steps(
                k, getattr(k.optimizers, optimizer)(getattr(k.optimizers.schedules, name)(**kwargs))
            ),
            tolerance="steps",
        )


@case("optimizers", "subclassed schedule", tolerance="steps")
def _own_schedule(k: Any) -> Any:
    class Halving(k.optimizers.schedules.LearningRateSchedule):
        def __call__(self, step: Any) -> Any:
            return 0.1 / (k.ops.cast(step, "float32") + 1.0)

    return ten_steps(k, k.optimizers.SGD(Halving()))


@case("optimizers", "callable learning rate", tolerance="steps")
def _callable_rate(k: Any) -> Any:
    return ten_steps(k, k.optimizers.SGD(lambda: 0.02))


@case("optimizers", "learning rate set between steps", tolerance="steps")
def _set_rate(k: Any) -> Any:
    optimizer, weights = k.optimizers.Adam(0.1), variables(k)
    optimizer.apply_gradients(
        zip([k.ops.convert_to_tensor(g) for g in _gradients(0)], weights, strict=True)
    )
    optimizer.learning_rate = 0.01
    optimizer.apply_gradients(
        zip([k.ops.convert_to_tensor(g) for g in _gradients(2)], weights, strict=True)
    )
    optimizer.learning_rate.assign(0.001)
    optimizer.apply_gradients(
        zip([k.ops.convert_to_tensor(g) for g in _gradients(3)], weights, strict=True)
    )
    return [[w.numpy() for w in weights], np.asarray(optimizer.learning_rate.numpy())]


@case("optimizers", "constraints after a step", tolerance="steps")
def _constrained(k: Any) -> Any:
    weights = variables(k)
    weights[0].constraint = k.constraints.NonNeg()
    weights[1].constraint = k.constraints.UnitNorm()
    return ten_steps(k, k.optimizers.SGD(0.2, momentum=0.5), weights)


@case("optimizers", "no decay on names", tolerance="steps")
def _exclude_names(k: Any) -> Any:
    optimizer = k.optimizers.AdamW(0.05, weight_decay=0.2)
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return ten_steps(k, optimizer)


@case("optimizers", "no decay on variables", tolerance="steps")
def _exclude_variables(k: Any) -> Any:
    weights, optimizer = variables(k), k.optimizers.SGD(0.05, weight_decay=0.2)
    optimizer.exclude_from_weight_decay(var_list=[weights[0]])
    return ten_steps(k, optimizer, weights)


@case("optimizers", "final averages", tolerance="steps")
def _finalize(k: Any) -> Any:
    weights, optimizer = variables(k), k.optimizers.Adam(0.05, use_ema=True, ema_momentum=0.7)
    ten_steps(k, optimizer, weights)
    optimizer.finalize_variable_values(weights)
    return [w.numpy() for w in weights]


@case("optimizers", "gradient None is left out", tolerance="steps")
def _no_gradient(k: Any) -> Any:
    optimizer, weights = k.optimizers.SGD(0.1), variables(k)
    gradients = [k.ops.convert_to_tensor(g) for g in _gradients(0)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says that bias has no gradient
        optimizer.apply_gradients(
            [(gradients[0], weights[0]), (None, weights[1]), (gradients[2], weights[2])]
        )
    return [w.numpy() for w in weights]


@case("optimizers", "state names", json=True)
def _state_names(k: Any) -> Any:
    found = {}
    for name, options in [
        ("SGD", {}),
        ("SGD", {"momentum": 0.9}),
        ("RMSprop", {}),
        ("RMSprop", {"momentum": 0.9, "centered": True}),
        ("Adam", {}),
        ("Adam", {"amsgrad": True}),
        ("AdamW", {}),
        ("Adagrad", {}),
        ("Adadelta", {}),
        ("Adamax", {}),
        ("Nadam", {}),
        ("Ftrl", {}),
        ("Lion", {}),
        ("Lamb", {}),
        ("Adafactor", {}),
        ("Muon", {}),
        ("Muon", {"exclude_layers": ["ker.*"]}),
        ("ScheduleFreeAdamW", {}),
        ("Adam", {"use_ema": True, "gradient_accumulation_steps": 2}),
    ]:
        optimizer = getattr(k.optimizers, name)(**options)
        optimizer.build(variables(k))
        found[f"{name}({_label(options)})"] = [
            optimizer.name,
            [[v.name, v.path, list(v.shape), str(v.dtype)] for v in optimizer.variables],
        ]
    return found


@case("optimizers", "LossScaleOptimizer", tolerance="steps")
def _loss_scale(k: Any) -> Any:
    weights = variables(k)[:1]
    inner = k.optimizers.SGD(0.5, momentum=0.9, clipnorm=3.0)
    optimizer = k.optimizers.LossScaleOptimizer(inner, initial_scale=8.0, dynamic_growth_steps=2)
    optimizer.build(weights)
    values = [w.numpy() for w in weights]
    state = [v.numpy() for v in optimizer.variables]
    results = []
    for step, factor in enumerate([8.0, np.inf, 8.0, 4.0, 4.0, np.nan, 2.0, 2.0]):
        gradient = k.ops.convert_to_tensor(_gradients(step)[0] * np.float32(factor))
        # Keras on JAX cannot take such a step but statelessly.
        values, state = optimizer.stateless_apply(state, [gradient], values)
        results.append([np.asarray(v, "float32") for v in [*values, *state]])
    return results


def _shared_out(k: Any, **kwargs: Any) -> Any:
    shares = k.optimizers.OptimizerMap(k.optimizers.SGD(0.1), {"bias": k.optimizers.Adam(0.05)})
    shares["ke.*"] = k.optimizers.RMSprop(0.01, clipnorm=0.5, use_ema=True, ema_momentum=0.5)
    return k.optimizers.MultiOptimizer(shares, **kwargs)


@case("optimizers", "MultiOptimizer", tolerance="steps")
def _multi(k: Any) -> Any:
    return _steps_of_several(k, _shared_out(k))


@case("optimizers", "MultiOptimizer with a loss scale", tolerance="steps")
def _multi_scaled(k: Any) -> Any:
    return _steps_of_several(k, _shared_out(k, loss_scale_factor=4.0))


@case("optimizers", "MultiOptimizer by a function", tolerance="steps")
def _multi_by_function(k: Any) -> Any:
    first, second = k.optimizers.SGD(0.1, momentum=0.5), k.optimizers.Lion(0.01)
    chosen = k.optimizers.MultiOptimizer(lambda v: first if v.path == "gain" else second)
    return _steps_of_several(k, chosen)


def _steps_of_several(k: Any, optimizer: Any) -> Any:
    weights = variables(k)
    optimizer.build(weights)
    for step in range(4):
        optimizer.apply([k.ops.convert_to_tensor(g) for g in _gradients(step)], weights)
    before = [w.numpy() for w in weights]
    optimizer.finalize_variable_values(weights)
    state = [np.asarray(v.numpy(), "float32") for v in optimizer.variables]
    return [before, [w.numpy() for w in weights], state]


@case("optimizers", "optimizers of optimizers", json=True)
def _wrapping(k: Any) -> Any:
    scaled = k.optimizers.LossScaleOptimizer(k.optimizers.SGD(0.25), 4.0, 3, name="mine")
    several = _shared_out(k)
    found = {}
    for optimizer in (scaled, several):
        optimizer.build(variables(k))
        again = k.optimizers.deserialize(k.optimizers.serialize(optimizer))
        found[optimizer.name] = {
            "config": optimizer.get_config(),
            "comes back": again.get_config() == optimizer.get_config(),
            "variables": [[v.path, list(v.shape), str(v.dtype)] for v in optimizer.variables],
        }
    return found
