"""An operation's record held against its promises, on every backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from annette.backends import available_backends, make_backend
from annette.graph import Graph, trace
from annette.graph.dtypes import COMPLEX, is_float, standardize
from annette.graph.primitive import PRIMITIVES, Primitive, apply
from annette.testing.gradients import check_gradient
from annette.testing.reference import FLOOR, about, check_near, error, interpret, same

# A float32 result may be this many times further from the float64 one than NumPy's float32 result.
FACTOR = 4.0


def check_op(
    operation: Any,
    *,
    orders: int = 2,
    tolerance: float = 1e-6,
    backends: Sequence[str] | None = None,
    seed: int = 0,
) -> None:
    """Hold an operation's record against its promises, on each of its samples.

    Its shape rule says what running gives; running leaves the inputs alone; recorded it gives the
    same bits as at once; it prints; every backend agrees; its gradient is right at orders 1 and 2.

    Args:
        operation: a record, its name, or a function that has a `record`.
        orders: how many orders of the gradient to check; 0 for none.
        tolerance: the largest relative error of a gradient.
        backends: by name; all that are installed if None.
        seed: of the samples.

    Raises:
        AssertionError: naming the operation and the sample.
    """
    record: Primitive = (
        PRIMITIVES[operation]
        if isinstance(operation, str)
        else getattr(operation, "record", operation)
    )
    samples = record.samples(np.random.default_rng(seed))
    assert samples, f"Operation {record.name!r} has no samples to be tested with."
    assert record.formula, f"Operation {record.name!r} has no formula."
    for number, (arrays, params) in enumerate(samples):
        with about(f"Operation {record.name!r}, sample {number} {_described(arrays, params)}"):
            graph = _check_run(record, arrays, params)
            _check_printing(record, graph)
            check_backends(graph, arrays, backends)
            if orders and record.vjp is not None:
                check_gradient(lambda *xs: apply(record, xs, params), arrays, orders, tolerance)  # noqa: B023  # used at once


def _described(arrays: Sequence[Any], params: dict[str, Any]) -> str:
    given = [f"{x.dtype}{list(np.shape(x))}" for x in map(np.asarray, arrays)]
    return f"({', '.join(given + [f'{k}={v!r}' for k, v in params.items()])})"


def sample_graph(record: Primitive, arrays: Sequence[Any], params: dict[str, Any]) -> Graph:
    """Trace one application of a record to inputs of the shapes and dtypes of `arrays`."""
    specs = [(np.shape(x), standardize(np.asarray(x).dtype)) for x in arrays]
    return trace(lambda *xs: apply(record, xs, params), specs, record.name)[0].check()


def _check_run(record: Primitive, arrays: Sequence[Any], params: dict[str, Any]) -> Graph:
    """Check shape rule, purity, and that recording and computing at once agree."""
    locked = [np.array(x) for x in arrays]
    for x in locked:
        x.flags.writeable = False
    with np.errstate(all="ignore"):
        result = record.run(np, *locked, **params)
    raw = result if isinstance(result, tuple) else (result,)
    graph = sample_graph(record, locked, params)
    ruled = [(t.shape, t.dtype) for t in graph.outputs]
    ran = [(np.shape(y), standardize(np.asarray(y).dtype)) for y in raw]
    assert ruled == ran, f"the shape rule says {ruled}; running gives {ran}."
    eager = apply(record, locked, params)
    eager = eager if isinstance(eager, tuple) else (eager,)
    for traced, now in zip(interpret(graph, locked)[0], eager, strict=True):
        assert same(traced, now), f"traced it gives {traced}, at once {now}."
    return graph


def _check_printing(record: Primitive, graph: Graph) -> None:
    text = str(graph)
    for t in graph.outputs:
        wanted = f"{t.dtype}[{','.join(map(str, t.shape))}]"
        assert wanted in text, f"its graph prints without {wanted}:\n{text}"
    assert f"{record.name}(" in text, f"its graph prints without its name:\n{text}"
    assert record.name in repr(record), f"it prints as {record!r}."


def check_backends(
    graph: Graph, arrays: Sequence[Any], backends: Sequence[str] | None = None
) -> None:
    """Run a graph without variables on backends and hold the results against `interpret`.

    NumPy must give the same bits; others the same integers, float64 values equal up to rounding,
    and float32 values about as near to the float64 ones as NumPy's.

    Raises:
        AssertionError: naming the backend and the output.
    """
    expected, _ = interpret(graph, arrays)
    for name in backends if backends is not None else available_backends():
        program = make_backend(name).compile(graph)
        for again in range(2):
            actual = program([np.array(x) for x in arrays])
            for i, (t, a, e) in enumerate(zip(graph.outputs, actual, expected, strict=True)):
                where = f"backend {name!r}, run {again}, output {i}"
                assert (a.shape, a.dtype) == (e.shape, e.dtype), (
                    f"{where} is {a.dtype}{list(a.shape)}, not {e.dtype}{list(e.shape)}."
                )
                if name == "numpy" or not _rounded(t.dtype):
                    assert same(a, e), f"{where} is {a}, not {e}."
                else:
                    check_near(where, a, e)
        if name != "numpy":
            _check_narrow(name, graph, arrays)


def _rounded(dtype: str) -> bool:
    """Say whether numbers of a dtype are rounded, so that backends may differ in the last bits."""
    return is_float(dtype) or dtype in COMPLEX


def _check_narrow(name: str, graph: Graph, arrays: Sequence[Any]) -> None:
    """Run the graph in float32 and judge it by the float64 results for the same numbers."""
    narrow = [x.astype("float32") if x.dtype == "float64" else x for x in map(np.asarray, arrays)]
    direct = [id(t) for n in graph.nodes for t in n.inputs] == [id(t) for t in graph.inputs]
    if (
        len(graph.nodes) != 1
        or not direct
        or all(a is b for a, b in zip(narrow, arrays, strict=True))
    ):
        return
    node = graph.nodes[0]
    try:
        small = sample_graph(node.primitive, narrow, node.params)
    except ValueError:  # the parameters speak of float64
        return
    exact, _ = interpret(graph, [n.astype(np.asarray(a).dtype)
                                 for n, a in zip(narrow, arrays, strict=True)])  # fmt: skip
    own, _ = interpret(small, narrow)
    actual = make_backend(name).compile(small)([np.array(x) for x in narrow])
    for i, (t, a, e, o) in enumerate(zip(small.outputs, actual, exact, own, strict=True)):
        where = f"backend {name!r} in float32, output {i}"
        if not _rounded(t.dtype):
            assert same(a, o), f"{where} is {a}, not {o}."
            continue
        allowed = FACTOR * error(o, e) + FLOOR * float(np.finfo(a.dtype).eps)
        found = error(a, e)
        assert found <= allowed, (
            f"{where} is {found:.1e} from the float64 result, NumPy's {error(o, e):.1e}; "
            f"allowed {allowed:.1e}."
        )
