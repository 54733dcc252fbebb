"""What results are held against: a graph run record by record, and measures of distance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from annette.graph import Graph
from annette.graph.dtypes import numpy_dtype

# How far float results may lie apart, in units of the rounding of their dtype, relative to the
# largest of them: two libraries' functions and orders of summing.
FLOOR = 8.0


def interpret(
    graph: Graph, inputs: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Run a graph node after node with each record's own definition: what every backend must give.

    Returns:
        The outputs, and the new values of the variables it assigns, which are left as they are.
    """
    at: dict[int, Any] = {id(t): x for t, x in zip(graph.inputs, inputs, strict=True)}
    at.update((id(t), v.numpy()) for v, t in graph.reads.items())
    at.update((id(t), np.asarray(t.value, numpy_dtype(t.dtype))) for t in graph.constants())
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            result = node.primitive.run(np, *(at[id(t)] for t in node.inputs), **node.params)
            results = result if isinstance(result, tuple) else (result,)
            for t, value in zip(node.outputs, results, strict=True):
                at[id(t)] = np.asarray(value, numpy_dtype(t.dtype))
    new = [at[id(t)] for _, t in graph.assigns]
    return [np.array(at[id(t)]) for t in graph.outputs], [np.array(x) for x in new]


def error(actual: np.ndarray, exact: np.ndarray) -> float:
    """Return the largest difference relative to the largest exact value; 0 where both are empty.

    Infinities and not-a-numbers must stand at the same places; else the error is infinite.
    """
    wide = "complex128" if np.asarray(exact).dtype.kind == "c" else "float64"
    actual, exact = np.asarray(actual, wide), np.asarray(exact, wide)
    if actual.shape != exact.shape or not exact.size:
        return 0.0 if actual.shape == exact.shape else float("inf")
    finite = np.isfinite(exact)
    if not np.array_equal(actual[~finite], exact[~finite], equal_nan=True):
        return float("inf")
    if not finite.any():
        return 0.0
    difference = float(np.max(np.abs(actual[finite] - exact[finite])))
    scale = float(np.max(np.abs(exact[finite])))
    return difference / scale if scale else difference


def same(a: Any, b: Any) -> bool:
    """Say whether two arrays have the same shape, dtype and bits (any not-a-number is the same)."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fc"))


def check_near(where: str, actual: np.ndarray, expected: np.ndarray, rounds: int = 1) -> None:
    """Refuse results of one dtype that differ by more than rounding, that often in a row."""
    allowed = rounds * FLOOR * float(np.finfo(expected.dtype).eps)
    found = error(actual, expected)
    assert found <= allowed, f"{where} is off by {found:.1e}, allowed {allowed:.1e}."


@contextmanager
def about(what: str) -> Iterator[None]:
    """Put what is checked in front of a failure's message."""
    try:
        yield
    except AssertionError as failure:
        raise AssertionError(f"{what}: {failure}") from failure
