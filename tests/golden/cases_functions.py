"""Golden cases: activations, initializers, regularizers, constraints."""

from __future__ import annotations

from typing import Any

import numpy as np

from .cases import add_case, case, uniform

# Every kink of every activation lies on this grid, with points between and far out.
GRID = np.array(
    [
        [-20, -6, -3.5, -3, -2, -1, -0.75, -0.5],
        [-0.25, -1e-3, -0.0, 0, 1e-3, 0.3, 0.5, 0.9],
        [1, 1.5, 2, 3, 3.5, 6, 6.5, 20],
    ],
    dtype="float32",
)
CUBE = uniform(2, 3, 4, seed=1, low=-3, high=3)

ACTIVATIONS: dict[str, list[dict[str, Any]]] = {
    "celu": [{}, {"alpha": 0.5}],
    "elu": [{}, {"alpha": 0.3}],
    "exponential": [{}],
    "gelu": [{}, {"approximate": True}, {"approximate": False}],
    "glu": [{}, {"axis": 1}],
    "hard_shrink": [{}, {"threshold": 1.0}],
    "hard_sigmoid": [{}],
    "hard_silu": [{}],
    "hard_swish": [{}],
    "hard_tanh": [{}],
    "leaky_relu": [{}, {"negative_slope": 0.01}],
    "linear": [{}],
    "log_sigmoid": [{}],
    "log_softmax": [{}, {"axis": 0}],
    "mish": [{}],
    "relu": [
        {},
        {"negative_slope": 0.1},
        {"max_value": 2.0},
        {"threshold": 0.5},
        {"negative_slope": 0.2, "max_value": 3.0, "threshold": 1.0},
        {"negative_slope": 0.2, "threshold": -1.0},
        {"max_value": 0.5, "threshold": 1.0},
    ],
    "relu6": [{}],
    "selu": [{}],
    "sigmoid": [{}],
    "silu": [{}],
    "swish": [{}],
    "soft_shrink": [{}, {"threshold": 1.0}],
    "softmax": [{}, {"axis": 0}],
    "softplus": [{}],
    "softsign": [{}],
    "sparse_plus": [{}],
    "sparse_sigmoid": [{}],
    "squareplus": [{}, {"b": 1}],
    "tanh": [{}],
    "tanh_shrink": [{}],
    "threshold": [{"threshold": 0.5, "default_value": -1.0}],
}


def _label(kwargs: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in kwargs.items()) or "default"


def _activation(name: str, kwargs: dict[str, Any]) -> Any:
    if name == "glu" and kwargs.get("axis") == 1:
        return lambda k: getattr(k.activations, name)(
            uniform(2, 4, 3, seed=2, low=-3, high=3), **kwargs
        )
    return lambda k: getattr(k.activations, name)(GRID, **kwargs)


for _name, _variants in ACTIVATIONS.items():
    for _kwargs in _variants:
        add_case("activations", f"{_name}({_label(_kwargs)})", _activation(_name, _kwargs))

for _name in ("softmax", "log_softmax"):
    for _axis in (0, 1, 2, -1, -2):
        add_case(
            "activations",
            f"{_name}(cube,axis={_axis})",
            lambda k, name=_name, axis=_axis: getattr(k.activations, name)(CUBE, axis=axis),
        )


# Keras 3.15 is right only where one value survives: its threshold adds up every cumulative sum, and
# the results do not sum to one. test_golden.py holds annette to the definition.
ALONE = np.array([[5, 1, -2], [0, 3, 1.5], [2, 1, 0.5]], "float32")
for _axis in (0, 1, -1):
    add_case(
        "activations",
        f"sparsemax(axis={_axis})",
        lambda k, axis=_axis: k.activations.sparsemax(ALONE, axis=axis),
    )


@case("activations", "softmax(two axes)")
def _softmax_axes(k: Any) -> Any:
    return k.activations.softmax(CUBE, axis=(1, 2))


# --- initializers ---------------------------------------------------------------------------------

BOUNDED: dict[str, list[dict[str, Any]]] = {
    "RandomUniform": [{}, {"minval": 0.5, "maxval": 2.0}],
    "TruncatedNormal": [{}, {"mean": 1.0, "stddev": 0.5}],
    "VarianceScaling": [
        {"scale": scale, "mode": mode, "distribution": distribution}
        for scale in (1.0, 2.0)
        for mode in ("fan_in", "fan_out", "fan_avg")
        for distribution in ("truncated_normal", "uniform")
    ],
    "GlorotNormal": [{}],
    "GlorotUniform": [{}],
    "HeNormal": [{}],
    "HeUniform": [{}],
    "LecunNormal": [{}],
    "LecunUniform": [{}],
}
UNBOUNDED: dict[str, list[dict[str, Any]]] = {
    "RandomNormal": [{}, {"mean": 2.0, "stddev": 0.5}],
    "VarianceScaling": [{"mode": "fan_out", "distribution": "untruncated_normal"}],
}


def statistics(values: Any, bounded: bool) -> dict[str, Any]:
    """Shape, dtype and moments of a random array, compared within `STATISTICS_*`."""
    values = np.asarray(values)
    wide = values.astype("float64")
    return {
        "statistics": True,
        "bounded": bounded,
        "shape": list(values.shape),
        "dtype": str(values.dtype),
        "mean": float(wide.mean()),
        "deviation": float(wide.std()),
        "least": float(wide.min()),
        "greatest": float(wide.max()),
    }


def _random_initializer(
    name: str, kwargs: dict[str, Any], shape: tuple[int, ...], bounded: bool
) -> Any:
    def run(k: Any) -> Any:
        initializer = getattr(k.initializers, name)(seed=7, **kwargs)
        return statistics(k.ops.convert_to_numpy(initializer(shape)), bounded)

    return run


for _bounded, _table in ((True, BOUNDED), (False, UNBOUNDED)):
    for _name, _variants in _table.items():
        for _kwargs in _variants:
            for _shape in ((200, 300), (3, 3, 50, 140), (60000,)):
                add_case(
                    "initializers",
                    f"{_name}({_label(_kwargs)}){list(_shape)}",
                    _random_initializer(_name, _kwargs, _shape, _bounded),
                    json=True,
                )

FIXED = {
    "Zeros()": lambda k: k.initializers.Zeros()((2, 3)),
    "Zeros(int)": lambda k: k.initializers.Zeros()((2, 3), dtype="int32"),
    "Ones()": lambda k: k.initializers.Ones()((2, 3)),
    "Ones(float16)": lambda k: k.initializers.Ones()((4,), dtype="float16"),
    "Constant()": lambda k: k.initializers.Constant()((2, 3)),
    "Constant(2.5)": lambda k: k.initializers.Constant(2.5)((2, 3)),
    "Constant(bool)": lambda k: k.initializers.Constant(1)((2,), dtype="bool"),
    "Constant(array)": lambda k: k.initializers.Constant(uniform(3, seed=3))((2, 3)),
    "Identity()": lambda k: k.initializers.Identity()((3, 3)),
    "Identity(gain)": lambda k: k.initializers.Identity(gain=0.5)((3, 3)),
    "Identity(wide)": lambda k: k.initializers.Identity()((2, 4)),
    "Identity(tall)": lambda k: k.initializers.Identity()((4, 2)),
    "IdentityInitializer": lambda k: k.initializers.IdentityInitializer(2.0)((2, 2)),
    **{
        f"{name}({options})": lambda k, name=name, options=options: getattr(k.initializers, name)(
            **options
        )((6, 1, 5))
        for name in ("STFT", "STFTInitializer", "stft")
        for options in (
            {},
            {"side": "imag", "scaling": "spectrum"},
            {"window": "blackman", "periodic": True},
            {"window": None, "scaling": None},
        )
    },
    "zeros": lambda k: k.initializers.get("zeros")((2,)),
    "ones": lambda k: k.initializers.get("ones")((2,)),
    "identity": lambda k: k.initializers.get("identity")((2, 2)),
}
for _name, _run in FIXED.items():
    add_case("initializers", _name, _run)


def _orthogonal(name: str, shape: tuple[int, ...], gain: float) -> Any:
    def run(k: Any) -> Any:
        values = np.asarray(
            k.ops.convert_to_numpy(getattr(k.initializers, name)(gain=gain, seed=3)(shape))
        )
        matrix = values.reshape(-1, shape[-1]).astype("float64")
        small = matrix @ matrix.T if matrix.shape[0] < matrix.shape[1] else matrix.T @ matrix
        return {"shape": np.array(values.shape), "gram": small.astype("float32")}

    return run


for _name in ("Orthogonal", "OrthogonalInitializer"):
    for _shape in ((5, 5), (7, 3), (3, 7), (2, 2, 3, 6)):
        for _gain in (1.0, 0.5):
            add_case(
                "initializers", f"{_name}{list(_shape)}x{_gain}", _orthogonal(_name, _shape, _gain)
            )

RANDOM_NAMES = (
    "RandomNormal RandomUniform TruncatedNormal VarianceScaling GlorotNormal GlorotUniform HeNormal HeUniform "
    "LecunNormal LecunUniform Orthogonal"
).split()


def _repeats(name: str) -> Any:
    def run(k: Any) -> Any:
        make = getattr(k.initializers, name)
        draw = lambda initializer: np.asarray(k.ops.convert_to_numpy(initializer((4, 4))))  # noqa: E731
        seeded, unseeded = make(seed=5), make()
        return {
            "the same seed twice": bool(np.array_equal(draw(make(seed=5)), draw(make(seed=5)))),
            "one seeded instance twice": bool(np.array_equal(draw(seeded), draw(seeded))),
            "one unseeded instance twice": bool(np.array_equal(draw(unseeded), draw(unseeded))),
            "two unseeded instances": bool(np.array_equal(draw(make()), draw(make()))),
            "two seeds": bool(np.array_equal(draw(make(seed=5)), draw(make(seed=6)))),
            "clone": bool(np.array_equal(draw(seeded.clone()), draw(seeded))),
        }

    return run


for _name in RANDOM_NAMES:
    add_case("initializers", f"{_name} repeats", _repeats(_name), json=True)


# --- regularizers and constraints -----------------------------------------------------------------

WEIGHTS = uniform(4, 3, seed=11, low=-2, high=2)
KERNEL = uniform(2, 2, 3, 4, seed=12, low=-2, high=2)

REGULARIZERS = {
    "L1()": lambda k: k.regularizers.L1()(WEIGHTS),
    "L1(0.3)": lambda k: k.regularizers.L1(0.3)(WEIGHTS),
    "L2()": lambda k: k.regularizers.L2()(WEIGHTS),
    "L2(0.3)": lambda k: k.regularizers.L2(l2=0.3)(KERNEL),
    "L1L2()": lambda k: k.regularizers.L1L2()(WEIGHTS),
    "L1L2(0.1,0.2)": lambda k: k.regularizers.L1L2(l1=0.1, l2=0.2)(WEIGHTS),
    "l1": lambda k: k.regularizers.l1(0.2)(WEIGHTS),
    "l2": lambda k: k.regularizers.l2(0.2)(WEIGHTS),
    "l1_l2": lambda k: k.regularizers.l1_l2(l1=0.2, l2=0.1)(WEIGHTS),
    "OrthogonalRegularizer()": lambda k: k.regularizers.OrthogonalRegularizer()(WEIGHTS),
    # mode="columns" is left out: Keras refuses matrices that are not square there
    "OrthogonalRegularizer(rows)": lambda k: k.regularizers.OrthogonalRegularizer(
        factor=0.1, mode="rows"
    )(WEIGHTS),
    "orthogonal_regularizer": lambda k: k.regularizers.orthogonal_regularizer(factor=0.2)(WEIGHTS),
    "get(l1)": lambda k: k.regularizers.get("l1")(WEIGHTS),
    "get(l2)": lambda k: k.regularizers.get("l2")(WEIGHTS),
    "get(l1l2)": lambda k: k.regularizers.get("l1l2")(WEIGHTS),
}
for _name, _run in REGULARIZERS.items():
    add_case("regularizers", _name, _run)

CONSTRAINTS = {
    "MaxNorm()": lambda k: k.constraints.MaxNorm()(WEIGHTS),
    "MaxNorm(1,axis=1)": lambda k: k.constraints.MaxNorm(max_value=1, axis=1)(WEIGHTS),
    "MaxNorm(kernel)": lambda k: k.constraints.MaxNorm(0.7, axis=[0, 1, 2])(KERNEL),
    "NonNeg()": lambda k: k.constraints.NonNeg()(WEIGHTS),
    "UnitNorm()": lambda k: k.constraints.UnitNorm()(WEIGHTS),
    "UnitNorm(axis=1)": lambda k: k.constraints.UnitNorm(axis=1)(WEIGHTS),
    "UnitNorm(kernel)": lambda k: k.constraints.UnitNorm(axis=[0, 1, 2])(KERNEL),
    "MinMaxNorm()": lambda k: k.constraints.MinMaxNorm()(WEIGHTS),
    "MinMaxNorm(0.5,1)": lambda k: k.constraints.MinMaxNorm(min_value=0.5, max_value=1.0)(WEIGHTS),
    "MinMaxNorm(rate)": lambda k: k.constraints.MinMaxNorm(0.5, 1.0, rate=0.3, axis=1)(WEIGHTS),
    "max_norm": lambda k: k.constraints.max_norm(1.5)(WEIGHTS),
    "non_neg": lambda k: k.constraints.non_neg()(WEIGHTS),
    "unit_norm": lambda k: k.constraints.unit_norm()(WEIGHTS),
    "min_max_norm": lambda k: k.constraints.min_max_norm(0.2, 0.8)(WEIGHTS),
    "get(non_neg)": lambda k: k.constraints.get("non_neg")(WEIGHTS),
}
for _name, _run in CONSTRAINTS.items():
    add_case("constraints", _name, _run)
