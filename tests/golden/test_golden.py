"""annette against values, configs, names and texts recorded from real Keras."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import annette

from .cases import CASES, flatten, load_all, run_case, uniform
from .cases_configs import IDENTIFIERS
from .store import differences, read_json, read_values

load_all()

# Where annette means to differ, and why. Each must in fact differ.
DEPARTURES = {
    "configs/initializers.Identity(gain=2.0)": "Keras's config forgets the gain, so it does not come back",
}
PARAMETERS = [
    pytest.param(key, marks=pytest.mark.xfail(reason=DEPARTURES[key], strict=True), id=key)
    if key in DEPARTURES
    else pytest.param(key, id=key)
    for key in CASES
]


@pytest.mark.parametrize("key", PARAMETERS)
def test_as_in_keras(key: str) -> None:
    """Each case gives what Keras gave; a name that annette lacks is a failure."""
    case = CASES[key]
    recorded = (read_json if case.json else read_values)(case.kind)
    assert case.name in recorded, (
        "not recorded yet: run tests/golden/make_golden.py with real Keras"
    )
    found = differences(
        run_case(case, annette), recorded[case.name], is_json=case.json, tolerance=case.tolerance
    )
    assert not found, f"{len(found)} differences from Keras\n" + "\n".join(found[:12])


def test_no_recorded_case_was_dropped() -> None:
    """Everything in the golden files is still a case."""
    for json in (False, True):
        for kind in {case.kind for case in CASES.values() if case.json is json}:
            recorded = (read_json if json else read_values)(kind)
            assert set(recorded) == {
                c.name for c in CASES.values() if c.kind == kind and c.json is json
            }


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_sparsemax_is_the_projection(axis: int) -> None:
    """Sums to one; what survives is the input less one threshold a row (Keras is wrong here)."""
    x = np.moveaxis(uniform(6, 6, seed=1, low=-1, high=1), -1, axis)
    y = np.asarray(annette.activations.sparsemax(x, axis=axis))
    np.testing.assert_allclose(y.sum(axis), 1.0, rtol=1e-5)
    threshold = np.max(np.where(y > 0, x - y, -np.inf), axis=axis, keepdims=True)
    np.testing.assert_allclose(y, np.maximum(x - threshold, 0), atol=1e-6)
    assert (y > 0).sum() > 6


# --- nothing forgotten ----------------------------------------------------------------------------

FAMILIES = (
    "activations",
    "losses",
    "metrics",
    "optimizers",
    "initializers",
    "regularizers",
    "constraints",
    "layers",
)
BASES = {
    "Loss",
    "Metric",
    "Optimizer",
    "Initializer",
    "Regularizer",
    "Constraint",
    "Layer",
    "LossFunctionWrapper",
}
# Names of annette's registries that real Keras has not, with the reason.
OURS = {
    "initializers.constant": "Keras lists the name but cannot make one without its value",
    "optimizers.lamb": "Keras does not know Lamb by name",
    "optimizers.Lamb": "Keras does not know Lamb by name",
    "optimizers.lossscaleoptimizer": "it cannot be made from its name alone",
    "optimizers.multioptimizer": "it cannot be made from its name alone",
    "ops.custom_gradient": "what it is given differs from backend to backend of Keras",
}


def names_used() -> set[str]:
    """The public names that some case uses, as `losses.Huber`."""
    made = read_json("made_with")
    return {name for kind, names in made.items() if kind != "keras" for name in names}


def _registered() -> list[tuple[str, str]]:
    found = []
    for family in FAMILIES:
        registry = getattr(getattr(annette, family), "ALL_OBJECTS", {})
        found += [(family, name) for name in registry] or [(family, "ALL_OBJECTS")]
    schedules = annette.optimizers.schedules
    found += [("optimizers.schedules", name) for name in getattr(schedules, "ALL_OBJECTS", {})]
    return found


@pytest.mark.parametrize(("family", "name"), _registered(), ids=lambda part: part)
def test_every_registered_name_has_a_case(family: str, name: str) -> None:
    """A new object or alias in a registry needs a golden case that computes with it."""
    if f"{family}.{name}" in OURS:
        pytest.skip(OURS[f"{family}.{name}"])
    module: Any = annette
    for part in family.split("."):
        module = getattr(module, part)
    target = module.ALL_OBJECTS[name]
    if getattr(target, "__name__", name) in BASES:
        return
    used = {path.rpartition(".")[2] for path in names_used() if path.startswith(f"{family}.")}
    covered = [getattr(module, word, None) for word in used]
    assert any(item is target for item in covered), f"no golden case uses {family}.{name}"
    if name not in used and name not in getattr(target, "__name__", ""):
        assert name in IDENTIFIERS.get(family, ()), f"no golden case gets {family}.get({name!r})"


def _operations() -> list[str]:
    return [
        name
        for name in dir(annette.ops)
        if not name.startswith("_") and callable(getattr(annette.ops, name))
    ]


@pytest.mark.parametrize("name", _operations())
def test_every_operation_has_a_case(name: str) -> None:
    """A new name in `ops` needs a golden case that calls it."""
    if f"ops.{name}" in OURS:
        pytest.skip(OURS[f"ops.{name}"])
    assert f"ops.{name}" in names_used()


# --- the apparatus itself -------------------------------------------------------------------------

VALUES = {"": np.array([0.5, -2.0, 0.0], "float32")}


@pytest.mark.parametrize(
    ("change", "wrong"),
    [
        (lambda x: x, False),
        (lambda x: x * np.float32(1 + 1e-6), False),
        (lambda x: x * np.float32(1 + 1e-3), True),
        (lambda x: x + np.float32(1e-3), True),
        (lambda x: x.astype("float64"), True),
        (lambda x: x[:2], True),
        (lambda x: x[None], True),
        (lambda x: np.where(x == 0, np.nan, x).astype("float32"), True),
        (lambda x: [x], True),
        (lambda x: (x, x), True),
    ],
)
def test_a_wrong_value_is_seen(change: Any, wrong: bool) -> None:
    """A value off by a thousandth, another dtype, shape or structure turns a case red."""
    for tolerance in ("values", "history"):
        found = differences(flatten(change(VALUES[""])), VALUES, is_json=False, tolerance=tolerance)
        assert bool(found) is wrong


STATISTICS = {
    "statistics": True,
    "bounded": True,
    "shape": [4],
    "dtype": "float32",
    "mean": 0.0,
    "deviation": 1.0,
    "least": -2.0,
    "greatest": 2.0,
}


@pytest.mark.parametrize(
    ("got", "want", "same"),
    [
        ({"a": 1, "b": [1.5, None]}, {"a": 1, "b": [1.5, None]}, True),
        ({"a": 1.0}, {"a": 1}, True),
        ({"a": 1.001}, {"a": 1.0}, False),
        ({"a": True}, {"a": 1}, False),
        ({"a": None}, {"a": 0}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ([1, 2], [1, 2, 3], False),
        ("dense_1", "dense_2", False),
        (dict(STATISTICS), STATISTICS, True),
        ({**STATISTICS, "mean": 0.1}, STATISTICS, False),
        ({**STATISTICS, "deviation": 1.05}, STATISTICS, False),
        ({**STATISTICS, "greatest": 2.2}, STATISTICS, False),
        ({**STATISTICS, "shape": [5]}, STATISTICS, False),
        ({**STATISTICS, "mean": float("nan")}, STATISTICS, False),
    ],
)
def test_a_wrong_config_is_seen(got: Any, want: Any, same: bool) -> None:
    """Keys, values, types and moments of JSON cases are all compared."""
    assert (not differences(got, want, is_json=True, tolerance="values")) is same
