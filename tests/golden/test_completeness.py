"""Nothing public is without its golden cases: values, gradients, configurations, dtypes, draws.

Everything is found by looking at annette itself, so that a new name fails here until it has them.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest

import annette
from tests.namespace.compare import compare

from .cases import load_all
from .cases_gradients import WITHOUT_GRADIENT
from .cases_widths import WITHOUT_WIDTHS
from .store import read_json

CASES = load_all()
USED: dict[str, set[str]] = {
    kind: set(names) for kind, names in read_json("made_with").items() if kind != "keras"
}
OPS = (
    "ops",
    "ops_nn",
    "ops_linalg",
    "ops_dtypes",
    "ops_edges",
    "ops_widths",
    "convolution",
    "images",
)
# What shows what: the kinds of golden cases that hold such evidence.
VALUES: dict[str, tuple[str, ...]] = {
    "ops": OPS,
    "activations": ("activations",),
    "layers": (
        "layers",
        "preprocessing",
        "preprocessing_plain",
        "summary",
        "fit",
        "convolution",
        "recurrent",
        "images",
    ),
    "losses": ("losses",),
    "metrics": ("metrics",),
    "optimizers": ("optimizers",),
    "optimizers.schedules": ("schedules",),
    "initializers": ("initializers",),
    "regularizers": ("regularizers",),
    "constraints": ("constraints",),
    "random": ("random",),
}
CONFIGS = ("configs", "preprocessing_plain", "convolution", "recurrent", "image_configs")
BASES = {
    "layers": annette.layers.Layer,
    "losses": annette.losses.Loss,
    "metrics": annette.metrics.Metric,
    "optimizers": annette.optimizers.Optimizer,
    "optimizers.schedules": annette.optimizers.schedules.LearningRateSchedule,
    "initializers": annette.initializers.Initializer,
    "regularizers": annette.regularizers.Regularizer,
    "constraints": annette.constraints.Constraint,
}
# Names without golden values, and why.
OURS = {
    "ops.custom_gradient": "what it is given differs from backend to backend of Keras",
}
# Classes without a golden configuration, and why.
NO_CONFIG = {
    "layers.RandomShear": "Keras cannot rebuild it from its own configuration",
    "layers.Lambda": "a function has no plain configuration",
    "layers.Wrapper": "it is there to be derived from; SpectralNormalization shows its config",
}


def module(path: str) -> Any:
    """The module of annette that a dotted path names."""
    found: Any = annette
    for part in path.split("."):
        found = getattr(found, part)
    return found


def published(family: str) -> list[str]:
    """Keras's names of a family that annette has, but for areas that are left out."""
    table = compare().get(f"keras.{family}", [])
    return [f.name.rpartition(".")[2] for f in table if f.there and f.area is None]


def classes(family: str) -> list[str]:
    """The public classes of a family that something can be made of, each once."""
    base, seen = BASES[family], {}
    for name in published(family):
        found = getattr(module(family), name)
        if inspect.isclass(found) and issubclass(found, base) and found is not base:
            seen.setdefault(found, name)
    return sorted(seen.values())


def functions(family: str) -> list[str]:
    """The public functions of a family that compute something."""
    plain = ("get", "serialize", "deserialize")
    return [
        name
        for name in published(family)
        if inspect.isfunction(getattr(module(family), name)) and name not in plain
    ]


def shown(family: str, name: str, kinds: tuple[str, ...]) -> bool:
    """Whether a case of one of these kinds uses the thing under this or another of its names."""
    target = getattr(module(family), name)
    names = {
        path.rpartition(".")[2]
        for kind in kinds
        for path in USED.get(kind, ())
        if path.rpartition(".")[0] == family
    }
    return name in names or any(getattr(module(family), n, None) is target for n in names)


def pairs(families: Any, things: Any) -> list[tuple[str, str]]:
    """(family, name) of all things of the families."""
    return [(family, name) for family in families for name in things(family)]


WITH_VALUES = [*pairs(BASES, classes), *pairs(set(VALUES) - {"layers"}, functions)]


@pytest.mark.parametrize(("family", "name"), sorted(set(WITH_VALUES)), ids=str)
def test_values(family: str, name: str) -> None:
    """Each public class and function computes something that is compared with Keras."""
    if f"{family}.{name}" in OURS:
        pytest.skip(OURS[f"{family}.{name}"])
    assert shown(family, name, VALUES[family]), f"no golden case computes with {family}.{name}"


@pytest.mark.parametrize(("family", "name"), pairs(BASES, classes), ids=str)
def test_configurations(family: str, name: str) -> None:
    """Each public class has its configuration compared with Keras's, and the way back."""
    if f"{family}.{name}" in NO_CONFIG:
        pytest.skip(NO_CONFIG[f"{family}.{name}"])
    assert shown(family, name, CONFIGS), f"no golden case takes the config of {family}.{name}"


@pytest.mark.parametrize("name", functions("ops"))
def test_gradients_of_operations(name: str) -> None:
    """Each operation on floats has its gradient compared with Keras's."""
    if name in WITHOUT_GRADIENT:
        pytest.skip(WITHOUT_GRADIENT[name])
    assert shown("ops", name, ("gradients", "convolution", "images")), (
        f"no golden gradient of ops.{name}"
    )


@pytest.mark.parametrize("name", functions("ops"))
def test_dtypes_of_operations(name: str) -> None:
    """Each operation is called with every dtype."""
    if name in WITHOUT_WIDTHS:
        pytest.skip(WITHOUT_WIDTHS[name])
    assert shown("ops", name, ("ops_dtypes", "ops_widths", "convolution", "images")), (
        f"no golden dtypes of ops.{name}"
    )


NO_DTYPES = {
    "layers.InputLayer": "it computes nothing",
    "layers.Wrapper": "it computes what the layer in it does",
    "metrics.MeanMetricWrapper": "every metric of a function is one",
}
GRADIENTS = [
    *pairs(["activations", "losses"], functions),
    *pairs(["regularizers", "layers"], classes),
]
FLAT = {
    **dict.fromkeys(
        (
            "layers.CategoryEncoding layers.Discretization layers.HashedCrossing layers.Hashing layers.IntegerLookup "
            "layers.StringLookup layers.TextVectorization"
        ).split(),
        "whole numbers or words go in",
    ),
    **dict.fromkeys(
        (
            "layers.AlphaDropout layers.Dropout layers.GaussianDropout layers.GaussianNoise layers.SpatialDropout1D "
            "layers.SpatialDropout2D layers.SpatialDropout3D"
        ).split(),
        "what is dropped is drawn anew by every library",
    ),
    "layers.InputLayer": "it computes nothing",
    "layers.Wrapper": "it computes what the layer in it does",
    "losses.clone": "copies a loss",
}


@pytest.mark.parametrize(("family", "name"), GRADIENTS, ids=str)
def test_gradients(family: str, name: str) -> None:
    """Each activation, loss, regularizer and layer has its gradient compared with Keras's."""
    if f"{family}.{name}" in FLAT:
        pytest.skip(FLAT[f"{family}.{name}"])
    kinds = (
        ("gradients", "losses")
        if family == "losses"
        else ("gradients", "convolution", "recurrent", "images")
    )
    assert shown(family, name, kinds), f"no golden gradient of {family}.{name}"


@pytest.mark.parametrize(
    ("family", "name"), pairs(["layers", "losses", "metrics"], classes), ids=str
)
def test_dtypes(family: str, name: str) -> None:
    """Each layer, loss and metric has the dtypes of its results compared with Keras's."""
    if f"{family}.{name}" in NO_DTYPES:
        pytest.skip(NO_DTYPES[f"{family}.{name}"])
    assert shown(family, name, ("widths", "preprocessing", "convolution", "recurrent", "images")), (
        f"no golden dtypes: {family}.{name}"
    )


@pytest.mark.parametrize(
    ("reasons", "names"),
    [
        (WITHOUT_GRADIENT, set(dir(annette.ops))),
        (WITHOUT_WIDTHS, set(dir(annette.ops))),
    ],
)
def test_reasons_are_of_names_that_are_there(reasons: dict[str, str], names: set[str]) -> None:
    """An exception for a name that is gone is dropped."""
    assert set(reasons) <= names
