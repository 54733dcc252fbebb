"""JAX and native beside NumPy: operations, gradients, activations, losses, metrics, optimizers.

Everything is gone through by the registries and tables that other tests use, so that a new name is
held to NumPy from the moment it exists. Those of JAX are skipped where it is not installed;
`make test-all` installs it. Networks on the native backend are in tests/native.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from annette import metrics
from annette.backends import make_backend
from annette.graph import gradient, trace
from annette.testing import error, interpret
from annette.utils import tree
from tests.golden.cases_metrics import METRICS, REQUIRED
from tests.networks import (
    ACTIVATIONS,
    CONVNETS,
    LOSSES,
    OPTIMIZED,
    Network,
    Run,
    of_activation,
    of_convolutions,
    of_loss,
    of_optimizer,
)
from tests.ops import cases_linalg, cases_numpy, cases_others
from tests.ops.table import CASES, Case, label
from tests.primitives.records import needs_jax, needs_native

assert cases_linalg and cases_numpy and cases_others  # the tables fill themselves
BACKENDS = [
    pytest.param("jax", marks=[needs_jax, pytest.mark.slow]),
    pytest.param("native", marks=needs_native),
]


def on_jax(test: Any) -> Any:
    """Mark a test of JAX."""
    return needs_jax(pytest.mark.slow(test))


TRACED = [pytest.param(c, id=label(c)) for c in CASES if c.traced]
SMOOTH = [
    pytest.param(c, id=label(c))
    for c in CASES
    if c.order and c.traced and any(x.dtype == "float64" for x in c.arrays)
]
# float64 on both sides: ten steps multiply what the order of a sum rounds away.
EQUAL = 1e-9


@functools.cache
def made(backend: str) -> Any:
    """One instance of each backend for all rows."""
    return make_backend(backend)


def beside(backend: str, function: Callable[..., Any], arrays: list[np.ndarray], name: str) -> None:
    """A function gives on a backend what it gives on NumPy: whole numbers exactly, others nearly."""
    graph, _ = trace(function, [(x.shape, x.dtype.name) for x in arrays], name)
    wanted, _ = interpret(graph.check(), arrays)
    found = made(backend).compile(graph)([x.copy() for x in arrays])
    for a, b in zip(found, wanted, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        if b.dtype.kind in "fc":
            tolerance = EQUAL if b.dtype.itemsize >= 8 and b.dtype != "complex64" else 1e-5
            np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
        else:
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("row", TRACED)
def test_operations(row: Case, backend: str) -> None:
    """Every row of the tables of operations."""
    beside(backend, row.call, row.arrays, row.name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("row", SMOOTH)
def test_gradients_of_operations(row: Case, backend: str) -> None:
    """And the gradients of those that have one."""
    floats = [i for i, x in enumerate(row.arrays) if x.dtype == "float64"]

    def slopes(*xs: Any) -> list[Any]:
        ys = [y for y in tree.flatten(row.call(*xs)) if "float" in str(getattr(y, "dtype", ""))]
        weights = [np.linspace(1.0, 2.0, y.size).reshape(y.shape).astype(y.dtype) for y in ys]
        return [g for g in gradient(ys, [xs[i] for i in floats], weights) if g is not None]

    beside(backend, slopes, row.arrays, row.name)


def compare(net: Network) -> None:
    """A network learns on JAX as it does on NumPy."""
    exact, found = Run("numpy", "float64", *net), Run("jax", "float64", *net)
    for name, want in exact.values.items():
        assert error(found.values[name], want) < EQUAL, name


@on_jax
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str) -> None:
    compare(of_activation(name))


@on_jax
@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    compare(of_loss(name))


@on_jax
@pytest.mark.parametrize(("name", "settings"), OPTIMIZED)
def test_optimizers(name: str, settings: dict[str, Any]) -> None:
    compare(of_optimizer(name, settings))


@on_jax
@pytest.mark.parametrize("name", CONVNETS)
def test_convnets(name: str) -> None:
    compare(of_convolutions(name))


def measured(backend: str, name: str, data: Any, kwargs: dict[str, Any]) -> list[np.ndarray]:
    """What a metric says after each of three batches."""
    metric = getattr(metrics, name)(**{**REQUIRED.get(name, {}), **kwargs})
    metric.update_state(*data(0))  # some make their variables at the first batch
    metric.reset_state()

    def step(y_true: Any, y_pred: Any) -> Any:
        metric.update_state(y_true, y_pred)
        return metric.result()

    found = []
    for i in range(3):
        arrays = [np.array(x, order="C") for x in data(i)]
        graph, _ = trace(step, [(x.shape, x.dtype.name) for x in arrays], name)
        found += make_backend(backend).compile(graph.check())(arrays)
    return found


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", METRICS)
def test_metrics(name: str, backend: str) -> None:
    for data, kwargs in METRICS[name]:
        want = measured("numpy", name, data, kwargs)
        for a, b in zip(measured(backend, name, data, kwargs), want, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-6, atol=1e-6)


def test_every_metric_has_its_turn() -> None:
    """A metric without a row in the golden tables would be forgotten here too."""
    made = {c.__name__ for c in metrics.ALL_OBJECTS.values() if isinstance(c, type)}
    assert made - {"Mean", "Sum", "Metric", "MeanMetricWrapper"} <= set(METRICS)
