"""Gradients held against central differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from annette import ops
from annette.graph import Graph, gradient, trace
from annette.graph.dtypes import is_float, standardize
from annette.testing.reference import interpret
from annette.utils import tree

# A gradient whose sum is this much smaller than what is differentiated drowns in its rounding.
DROWNED = 1e-6


def check_gradient(
    function: Callable[..., Any],
    arrays: Sequence[Any],
    order: int = 1,
    tolerance: float = 1e-6,
    *,
    seed: int = 0,
    step: float = 1e-2,
) -> float:
    r"""Hold the gradient of a function of `ops` against central differences, in float64.

    The outputs are weighted with random numbers into one, and each floating input moves along a
    random direction d: :math:`|\langle g, d \rangle - \partial_d f| / \sum_i |g_i d_i|` must stay
    under `tolerance`. Order 2 then does the same with :math:`\langle g, v \rangle`. The differences
    are extrapolated to step 0 (Richardson, 1911; Ridders, 1982).

    Args:
        function: takes arrays, gives one or several; only floating results are differentiated.
        arrays: where to check; floating ones become float64.
        order: 1, or 2 for second derivatives too.
        tolerance: the largest relative error.
        seed: of weights and directions.
        step: the first of the steps that are halved; the function must be smooth that far around.

    Returns:
        The largest error found.

    Raises:
        AssertionError: naming the order and the input.
    """
    rng = np.random.default_rng(seed)
    points = [wide(x) for x in arrays]
    movable = [i for i, x in enumerate(points) if is_float(standardize(x.dtype))]
    objective = _weighted(function, rng)
    worst = 0.0
    for level in range(1, order + 1):
        graph = _with_gradient(objective, points, movable)
        for place, i in enumerate(movable):
            found = _slope_error(graph, points, i, 2 + place, _direction(rng, points[i]), step)
            if not found[0] <= tolerance:
                raise AssertionError(
                    f"The gradient of order {level} by input {i} (shape {points[i].shape}) is "
                    f"wrong: along a random direction it says {found[1]!r}, central differences "
                    f"say {found[2]!r}; the relative error is {found[0]:.2e}, allowed "
                    f"{tolerance:.0e}."
                )
            worst = max(worst, found[0])
        directions = [_direction(rng, points[i]) for i in movable]
        objective = _along(objective, movable, directions)
    return worst


def wide(x: Any) -> np.ndarray:
    """Return a copy of `x`, in float64 if it is floating."""
    x = np.asarray(x)
    return np.array(x, "float64" if is_float(standardize(x.dtype)) else x.dtype)


def _direction(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    return np.asarray(rng.uniform(0.5, 1.0, x.shape) * rng.choice([-1.0, 1.0], x.shape))


def _weighted(function: Callable[..., Any], rng: np.random.Generator) -> Callable[..., Any]:
    """Return a function that gives the weighted sum of the floating results, and its magnitude."""
    weights: list[np.ndarray] = []

    def objective(*xs: Any) -> tuple[Any, Any]:
        results = [ops.convert_to_tensor(y) for y in tree.flatten(function(*xs))]
        floats = [y for y in results if is_float(standardize(y.dtype))]
        if not weights:
            weights.extend(_direction(rng, np.empty(y.shape)) for y in floats)
        return _sums([y * u for y, u in zip(floats, weights, strict=True)])

    return objective


def _along(
    objective: Callable[..., Any], movable: list[int], directions: list[np.ndarray]
) -> Callable[..., Any]:
    """Return the slope of `objective` along fixed directions: what order 2 differentiates."""

    def slope(*xs: Any) -> tuple[Any, Any]:
        grads = gradient([objective(*xs)[0]], [xs[i] for i in movable])
        pairs = zip(grads, directions, strict=True)
        return _sums([g * d for g, d in pairs if g is not None])

    return slope


def _sums(terms: list[Any]) -> tuple[Any, Any]:
    value: Any = np.zeros(())
    magnitude: Any = np.zeros(())
    for term in terms:
        value = ops.sum(term) + value
        magnitude = ops.sum(ops.abs(term)) + magnitude
    return value, magnitude


def _with_gradient(
    objective: Callable[..., Any], points: list[np.ndarray], movable: list[int]
) -> Graph:
    """Trace the value, its magnitude and the gradient by each movable input."""

    def function(*xs: Any) -> list[Any]:
        value, magnitude = objective(*xs)
        grads = gradient([value], [xs[i] for i in movable])
        known = [np.zeros(points[i].shape) if g is None else g
                 for g, i in zip(grads, movable, strict=True)]  # fmt: skip
        for g, i in zip(known, movable, strict=True):
            assert tuple(g.shape) == points[i].shape, (
                f"The gradient by input {i} has shape {tuple(g.shape)}, not {points[i].shape}."
            )
        return [value, magnitude, *known]

    graph, _ = trace(function, [(x.shape, standardize(x.dtype)) for x in points], "gradient")
    return graph.check()


def _slope_error(
    graph: Graph, points: list[np.ndarray], i: int, place: int, d: np.ndarray, step: float
) -> tuple[float, float, float]:
    """Return the error of the gradient by input i along d, what it and what differences say."""
    outputs, _ = interpret(graph, points)
    terms = outputs[place] * d
    says = float(terms.sum())

    def value(t: float) -> float:
        moved = [x + t * d if k == i else x for k, x in enumerate(points)]
        return float(interpret(graph, moved)[0][0])

    measured = _slope(value, step) if d.size else 0.0
    scale = max(abs(measured), float(np.abs(terms).sum()), DROWNED * float(outputs[1]))
    wrong = abs(says - measured)
    return (wrong / scale if scale else wrong), says, measured


def _slope(value: Callable[[float], float], step: float, rungs: int = 6) -> float:
    """Return the slope at 0: central differences at halved steps, extrapolated to step 0."""
    best, least = float("nan"), float("inf")
    before: list[float] = []
    for rung in range(rungs):
        h = step / 2.0**rung
        row = [(value(h) - value(-h)) / (2.0 * h)]
        for k, older in enumerate(before):
            row.append(row[k] + (row[k] - older) / (4.0 ** (k + 1) - 1.0))
            trouble = max(abs(row[k + 1] - row[k]), abs(row[k + 1] - older))
            if trouble < least:
                best, least = row[k + 1], trouble
        before = row
    return best
