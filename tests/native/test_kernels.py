"""Every record of the registries on the native backend: what NumPy gives, on each instruction set.

The sweeps go over the registries, so that an operation is tested from the moment it exists.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from annette import ops
from annette.graph.dtypes import is_float, standardize
from annette.graph.primitive import apply, read
from annette.testing import interpret, same
from tests.primitives.records import NAMES, RECORDS, needs_native

from .running import check, graph_of, instruction_sets, native, run

pytestmark = needs_native
SETS = instruction_sets()
# Around the widths of vectors, tiles and blocks, and nothing at all.
SIZES = [0, 1, 15, 16, 17, 63, 64, 65, 1023, 1024, 1025]
# Views that a graph itself makes of an input: how the input is laid, and how it is seen again.
VIEWS: dict[str, tuple[Any, Any]] = {
    "transposed": (lambda x: np.ascontiguousarray(x.T), ops.transpose),
    "flipped": (lambda x: np.flip(x).copy(), lambda x: ops.flip(x, axis=tuple(range(len(x.shape))))),
    "sliced": (lambda x: np.repeat(x, 2, axis=-1), lambda x: x[..., ::2]),
    "offset": (lambda x: np.concatenate([x[:1], x]), lambda x: x[1:]),
    "of wide rows": (lambda x: np.stack([x, x], axis=1), lambda x: x[:, 1]),
    "broadcast": (lambda x: x[:1].copy(), None),
}  # fmt: skip


def samples(name: str) -> list[tuple[list[np.ndarray], dict[str, Any]]]:
    found = RECORDS[name].samples(np.random.default_rng(0))
    return [([np.asarray(x) for x in arrays], params) for arrays, params in found]


def applied(name: str, params: dict[str, Any]) -> Any:
    return lambda *xs: apply(RECORDS[name], xs, params)


def taken(function: Any, arrays: list[np.ndarray]) -> bool:
    """Say whether an operation takes such inputs."""
    try:
        interpret(graph_of(function, arrays), arrays)
    except (TypeError, ValueError, IndexError):
        return False
    return True


def narrowed(params: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters without those that name a dtype: they say what the inputs are."""
    return {k: v for k, v in params.items() if not isinstance(v, str)}


def sweep(name: str, params: dict[str, Any], arrays: list[np.ndarray], isa: str) -> None:
    if params != narrowed(params):  # a record that is told float64 gives float64
        graph = graph_of(applied(name, params), arrays)
        for a, e in zip(run(graph, arrays, isa), interpret(graph, arrays)[0], strict=True):
            np.testing.assert_allclose(a, e, rtol=1e-14)
        return
    judge(applied(name, params), arrays, params, isa)


def judge(
    function: Any, arrays: list[np.ndarray], params: dict[str, Any], isa: str | None = None
) -> None:
    """Check a function in both dtypes; the body of a loop has its own."""
    if "body" not in params:
        check(function, arrays, isa)
        return
    graph = graph_of(function, arrays)
    for a, e in zip(run(graph, arrays, isa), interpret(graph, arrays)[0], strict=True):
        np.testing.assert_allclose(a, e, rtol=1e-13, atol=1e-14)


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("name", NAMES)
def test_samples(name: str, isa: str) -> None:
    for arrays, params in samples(name):
        sweep(name, params, arrays, isa)


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("name", NAMES)
def test_sizes_around_vectors_tiles_and_blocks(name: str, isa: str) -> None:
    arrays, params = max(samples(name), key=lambda s: sum(x.ndim for x in s[0]))
    for axis in range(max(x.ndim for x in arrays)):
        for size in SIZES:
            grown = resized(arrays, axis, size)
            if taken(applied(name, params), grown):
                sweep(name, params, grown, isa)


def resized(arrays: list[np.ndarray], axis: int, size: int) -> list[np.ndarray]:
    """Return arrays with another size of one axis, where they have the size of the largest."""
    old = max(x.shape[axis] for x in arrays if x.ndim > axis)
    return [
        np.take(x, np.arange(size) % old, axis) if x.ndim > axis and x.shape[axis] == old else x
        for x in arrays
        if old
    ] or arrays


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("name", NAMES)
def test_views(name: str, view: str) -> None:
    lay, see = VIEWS[view]
    for arrays, params in samples(name):
        if params != narrowed(params):
            continue
        shapes = [x.shape for x in arrays]
        laid = [lay(x) if x.ndim and x.size else x for x in arrays]

        def function(*xs: Any, shapes: Any = shapes, params: Any = params) -> Any:
            seen = []
            for x, shape in zip(xs, shapes, strict=True):
                whole = not shape or 0 in shape
                seen.append(
                    x if whole else see(x) if see is not None else ops.broadcast_to(x, shape)
                )
            return apply(RECORDS[name], [read(s) for s in seen], params)

        judge(function, laid, params)


@pytest.mark.parametrize("name", NAMES)
def test_every_dtype_it_takes(name: str) -> None:
    """NumPy's results, whatever dtype the inputs have: exactly for whole numbers."""
    for arrays, params in samples(name):
        for dtype in native().core.codes:
            cast = [retype(x, dtype) for x in arrays]
            function = applied(name, narrowed(params))
            if not taken(function, cast):
                continue
            graph = graph_of(function, cast)
            expected, _ = interpret(graph, cast)
            for a, e in zip(run(graph, cast), expected, strict=True):
                assert a.dtype == e.dtype and a.shape == e.shape
                if is_float(standardize(e.dtype)):
                    eps = float(np.finfo(e.dtype).eps)
                    scale = float(np.max(np.abs(e[np.isfinite(e)]), initial=0.0))
                    np.testing.assert_allclose(a, e, rtol=32 * eps, atol=32 * eps * scale)
                else:
                    assert same(a, e), f"{dtype}: {a}, not {e}"


def retype(x: np.ndarray, dtype: str) -> np.ndarray:
    """Return numbers in another dtype; conditions and places stay what they are."""
    if x.dtype.kind == "f" or (x.dtype.kind in "iu" and dtype not in ("bool", "float16")):
        x = np.abs(x) if np.dtype(dtype).kind == "u" else x
        return x.astype(dtype)
    return x


# --- values at the edges ----------------------------------------------------------------------------


def edges(dtype: str) -> np.ndarray:
    f = np.finfo(dtype)
    values = [
        0.0,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        87.0,
        200.0,
        1e5,
        f.tiny,
        f.max,
        float(f.tiny) / 8,
        np.inf,
    ]
    return np.array([*values, *(-np.array(values)), np.nan], dtype)


def flushed(x: np.ndarray) -> np.ndarray:
    """Return numbers with those too small for all their digits as zeros of their sign."""
    if x.dtype.kind != "f":
        return x
    return np.where(np.abs(x) < np.finfo(x.dtype).tiny, np.copysign(0.0, x).astype(x.dtype), x)


ELEMENTWISE = [n for n in NAMES if RECORDS[n].family == "elementwise" and n != "clip"]


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_values_at_the_edges(name: str, dtype: str, isa: str) -> None:
    """Infinities, not-a-numbers, both zeros, the largest and the smallest numbers.

    A number that has not all its digits may be taken for zero, on the way in and on the way out.
    """
    arrays, params = samples(name)[0]
    floating = [x.dtype.kind == "f" for x in arrays]
    if not any(floating) or name in ("cast", "bitcast"):
        return  # it takes no real numbers, or gives their bits
    values = edges(dtype)
    grid = list(np.meshgrid(*[values] * sum(floating), indexing="ij"))
    given = [grid.pop(0).ravel() if real else np.array(True) for real in floating]
    graph = graph_of(applied(name, params), given)
    tiny, eps = float(np.finfo(dtype).tiny), float(np.finfo(dtype).eps)
    (actual,) = run(graph, given, isa)
    accepted = np.zeros(actual.shape, bool)
    expected = []
    for taken_for in (given, [flushed(x) for x in given]):
        (e,), _ = interpret(graph, taken_for)
        expected.append(e)
        if e.dtype.kind != "f":
            accepted |= actual == e
            continue
        with np.errstate(all="ignore"):
            near = np.abs(actual - e) <= 8 * eps * np.abs(e) + tiny
        accepted |= near | (actual == e) | (np.isnan(actual) & np.isnan(e))
    wrong = np.flatnonzero(~accepted)[:8]
    assert not wrong.size, "\n".join(
        f"{name}({', '.join(repr(x.reshape(-1)[i % x.size]) for x in given)}) "
        f"= {actual[i]!r}, not {expected[0][i]!r}"
        for i in wrong
    )


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("kind", ["sum", "max", "min", "prod", "argmax", "argmin", "cumsum"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, -0.0])
def test_reductions_of_values_at_the_edges(kind: str, bad: float, isa: str) -> None:
    for dtype in ("float32", "float64"):
        for place in (0, 3, 16, 40):
            x = np.linspace(0.5, 1.5, 82).reshape(2, 41).astype(dtype)
            x[1, place] = bad
            for axis in (0, 1):
                params: dict[str, Any] = {"axis": axis}
                if kind in ("sum", "max", "min", "prod"):
                    params = {"axis": (axis,), "keepdims": False}
                graph = graph_of(applied(kind, params), [x])
                (actual,), ((expected,), _) = run(graph, [x], isa), interpret(graph, [x])
                np.testing.assert_allclose(
                    actual, expected, rtol=1e-5 if dtype == "float32" else 1e-13
                )


@pytest.mark.parametrize("isa", SETS)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_rows_of_values_at_the_edges(name: str, isa: str) -> None:
    rows = [[1e4, 0.0, -1e4], [-1e30, 1e30, 0.0], [-np.inf, 0.0, 1.0], [np.nan, 0.0, 1.0],
            [np.inf, 0.0, 1.0], [-0.0, 0.0, 0.0], [1e-40, 0.0, -1e-40]]  # fmt: skip
    for dtype in ("float32", "float64"):
        x = np.array(rows, dtype)
        graph = graph_of(applied(name, {"axis": -1}), [x])
        (actual,), ((expected,), _) = run(graph, [x], isa), interpret(graph, [x])
        np.testing.assert_allclose(actual, expected, rtol=1e-6, atol=1e-37)


@pytest.mark.parametrize("name", ["floor_divide", "remainder"])
@pytest.mark.parametrize("dtype", ["int32", "uint32", "int64"])
def test_whole_numbers_divided_by_zero(name: str, dtype: str) -> None:
    low = np.iinfo(dtype).min
    x, y = np.array([7, 0, low, low, 9], dtype), np.array([0, 0, 0, 1, 2], dtype)
    if low:
        x, y = np.append(x, x.dtype.type(low)), np.append(y, y.dtype.type(-1))
    graph = graph_of(applied(name, {}), [x, y])
    (actual,), ((expected,), _) = run(graph, [x, y]), interpret(graph, [x, y])
    assert same(actual, expected)


def test_instruction_sets_agree() -> None:
    """A product, its bias and a softmax: the sets differ by rounding alone."""
    rng = np.random.default_rng(1)
    x, w = rng.normal(size=(33, 70)).astype("float32"), rng.normal(size=(70, 19)).astype("float32")
    graph = graph_of(lambda x, w: ops.softmax(ops.relu(ops.matmul(x, w) + 0.1)), [x, w])
    found = [run(graph, [x, w], isa)[0] for isa in SETS]
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-4, atol=1e-7)
