"""Every record of the registries: shape rule, definition, backends, layouts, gradients, refusals.

The tests iterate over the registries, so that an operation is tested from the moment it exists.
"""

from __future__ import annotations

import numpy as np
import pytest

from annette.fused import FUSED
from annette.graph import Tensor, gradient, trace
from annette.graph.dtypes import is_float, standardize
from annette.graph.lower import lower
from annette.graph.primitive import apply
from annette.testing import (
    check_backends,
    check_gradient,
    check_op,
    error,
    interpret,
    same,
    sample_graph,
)

from .records import (
    FUSED_NAMES,
    GIVEN_GRADIENT,
    NAMES,
    NOT_DIFFERENTIABLE,
    RECORDS,
    needs_jax,
    needs_native,
)

# A record's own gradient and that of its composite are sums of the same numbers in other orders.
EQUAL = 1e-12
LAYOUTS = {
    "permuted": lambda x: np.ascontiguousarray(x.T).T,
    "sliced": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "reversed": lambda x: np.flip(np.ascontiguousarray(np.flip(x))),
    "offset": lambda x: np.concatenate([x[:1], x], axis=0)[1:],
    "wide rows": lambda x: np.stack([x, x], axis=1)[:, 0],
    "read-only": lambda x: _locked(x),
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
}


def _locked(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def samples(name, seed=0):
    return RECORDS[name].samples(np.random.default_rng(seed))


def as_tuple(y):
    return y if isinstance(y, tuple) else (y,)


# --- what is there --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_record_is_whole(name):
    record = RECORDS[name]
    assert record.name == name
    assert record.formula.strip(), "a record says its formula"
    assert record.family, "a record says which family it is of"
    assert samples(name), "a record without samples is not tested"


@pytest.mark.parametrize("name", NAMES)
def test_samples_depend_on_the_generator_alone(name):
    for (first, _), (again, _) in zip(samples(name), samples(name), strict=True):
        assert all(same(np.asarray(a), np.asarray(b)) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_differentiable_record_has_a_gradient(name):
    record = RECORDS[name]
    floating = False
    for arrays, params in samples(name):
        inputs = any(is_float(standardize(np.asarray(x).dtype)) for x in arrays)
        specs = record.specs(sample_graph(record, arrays, params).inputs, params)
        floating |= inputs and any(is_float(dtype) for _, dtype in specs)
    if not floating:
        assert record.vjp is None, "a gradient rule between whole numbers serves nobody"
    elif name in NOT_DIFFERENTIABLE:
        assert record.vjp is None, "NOT_DIFFERENTIABLE lists it; it has a gradient"
    else:
        assert record.vjp is not None, (
            "declare a vjp or list it in NOT_DIFFERENTIABLE with the reason"
        )


def test_the_lists_of_exceptions_name_records():
    assert set(NOT_DIFFERENTIABLE) | GIVEN_GRADIENT <= set(NAMES)


# --- the contract ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("name", NAMES)
def test_shape_rule_definition_and_numpy_backend_agree(name, seed):
    check_op(RECORDS[name], orders=0, backends=["numpy"], seed=seed)


OTHERS = [pytest.param("jax", marks=needs_jax), pytest.param("native", marks=needs_native)]


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize("name", NAMES)
def test_backends_agree(name, backend):
    record = RECORDS[name]
    for arrays, params in samples(name):
        check_backends(sample_graph(record, arrays, params), arrays, [backend])


DIFFERENTIABLE = [n for n in NAMES if RECORDS[n].vjp is not None and n not in GIVEN_GRADIENT]


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradient_of_orders_1_and_2(name):
    record = RECORDS[name]
    for arrays, params in samples(name):
        check_gradient(lambda *xs, p=params: apply(record, xs, p), arrays, order=2, tolerance=1e-6)


@pytest.mark.parametrize("backend", OTHERS)
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_gradient_agrees_on_backends(name, backend):
    for arrays, params in samples(name):
        graph = _gradient_graph(RECORDS[name], arrays, params)
        if graph is not None:
            check_backends(graph, arrays, ["numpy", backend])


def _gradient_graph(record, arrays, params, rule=None):
    """Trace the gradients of one application; None where no input is floating."""
    movable = [i for i, x in enumerate(arrays) if is_float(standardize(np.asarray(x).dtype))]

    def function(*xs):
        ys = as_tuple(apply(record, xs, params))
        floats = [y for y in ys if is_float(y.dtype)]
        rng = np.random.default_rng(5)
        seeds = [rng.uniform(0.5, 1.5, y.shape).astype(y.dtype) for y in floats]
        if rule is None:
            grads = gradient(floats, [xs[i] for i in movable], seeds)
        else:
            parts = rule(
                tuple(seeds) if len(ys) > 1 else seeds[0],
                ys if len(ys) > 1 else ys[0],
                *xs,
                **params,
            )
            grads = [parts[i] for i in movable]
        return [g for g in grads if g is not None]

    specs = [(np.shape(x), standardize(np.asarray(x).dtype)) for x in arrays]
    graph, _ = trace(function, specs)
    return graph.check() if movable and graph.outputs else None


# --- memory ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NAMES)
def test_memory_layout_does_not_matter(name, layout):
    record = RECORDS[name]
    for arrays, params in samples(name):
        plain = [np.array(x) for x in arrays]
        laid = [
            LAYOUTS[layout](x)
            if x.ndim and (x.size or layout in ("read-only", "big-endian"))
            else x
            for x in plain
        ]
        for a, b in zip(laid, plain, strict=True):
            np.testing.assert_array_equal(a, b)
        expected = as_tuple(apply(record, plain, params))
        actual = as_tuple(apply(record, laid, params))
        graph = sample_graph(record, plain, params)
        compiled = interpret(graph, laid if layout != "big-endian" else plain)[0]
        for e, a, c in zip(expected, actual, compiled, strict=True):
            assert a.dtype == e.dtype and a.dtype.isnative and a.shape == e.shape
            if e.dtype.kind == "f":
                # Sums and products may be taken in another order along other strides.
                assert error(a, e) < 1e-14 and error(c, e) < 1e-14
            else:
                assert same(a, e) and same(c, e)


@pytest.mark.parametrize("name", NAMES)
def test_a_result_that_shares_memory_says_so(name):
    record = RECORDS[name]
    for arrays, params in samples(name):
        arrays = [np.array(x) for x in arrays]
        with np.errstate(all="ignore"):
            results = as_tuple(record.run(np, *arrays, **params))
        for i, y in enumerate(results):
            sharing = [k for k, x in enumerate(arrays) if np.shares_memory(x, y)]
            allowed = [min(i, len(arrays) - 1)] if record.view else []
            assert set(sharing) <= set(allowed), f"result {i} shares the memory of inputs {sharing}"


# --- fused operations -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", FUSED_NAMES)
def test_fused_is_its_composite(name):
    record = FUSED[name]
    for arrays, params in samples(name):
        graph = sample_graph(record, arrays, params)
        assert [n.primitive.name for n in graph.nodes] == [name]
        expanded = lower(graph).check()
        assert not any(n.primitive.name in FUSED for n in expanded.nodes)
        kept = lower(graph, lambda node: True)
        assert [n.primitive.name for n in kept.nodes] == [name]
        for a, b, c in zip(
            *(interpret(g, arrays)[0] for g in (graph, expanded, kept)), strict=True
        ):
            assert same(a, b) and same(a, c)


@pytest.mark.parametrize("name", [n for n in FUSED_NAMES if FUSED[n].own_vjp])
def test_fused_gradient_is_that_of_the_composite(name):
    record = FUSED[name]
    for arrays, params in samples(name):
        own = _gradient_graph(record, arrays, params)
        composite = _gradient_graph(record, arrays, params, rule=record._composite_vjp)
        pairs = zip(interpret(own, arrays)[0], interpret(composite, arrays)[0], strict=True)
        for a, b in pairs:
            assert a.shape == b.shape
            assert error(a, b) < EQUAL


# --- kinks ----------------------------------------------------------------------------------------

INF, NAN = float("inf"), float("nan")
# record, inputs, params, results, gradient for each input (None: no gradient is asked)
KINKS = [
    ("relu", [[-1.0, 0.0, -0.0, 1.0]], {}, [0, 0, 0, 1], [[0, 0, 0, 1]]),
    ("absolute", [[-2.0, 0.0, -0.0, 2.0]], {}, [2, 0, 0, 2], [[-1, 0, 0, 1]]),
    ("maximum", [[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]], {}, [1, 3, 3], [[0.5, 0, 1], [0.5, 1, 0]]),
    ("minimum", [[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]], {}, [1, 2, 2], [[0.5, 1, 0], [0.5, 0, 1]]),
    ("max", [[3.0, 1.0, 3.0]], {"axis": (0,), "keepdims": False}, 3, [[0.5, 0, 0.5]]),
    ("min", [[1.0, 1.0, 1.0, 1.0]], {"axis": (0,), "keepdims": False}, 1, [[0.25] * 4]),
    ("clip", [[-1.0, 0.0, 0.5, 1.0, 2.0], 0.0, 1.0], {}, [0, 0, 0.5, 1, 1],
     [[0, 1, 1, 1, 0], 1, 1]),
    ("sigmoid", [[-800.0, 0.0, 800.0]], {}, [0, 0.5, 1], [[0, 0.25, 0]]),
    ("tanh", [[-400.0, 0.0, 400.0]], {}, [-1, 0, 1], [[0, 1, 0]]),
    ("sqrt", [[0.0, 4.0]], {}, [0, 2], [[INF, 0.25]]),
    ("log", [[0.0, 1.0]], {}, [-INF, 0], [[INF, 1]]),
    ("divide", [[1.0, -1.0, 0.0], [0.0, 0.0, 4.0]], {}, [INF, -INF, 0],
     [[INF, INF, 0.25], [-INF, INF, 0]]),
    ("power", [[0.0, 0.0, 2.0, -2.0], [2.0, 1.0, 0.0, 2.0]], {}, [0, 0, 1, 4],
     [[0, 1, 0, -4], [0, 0, np.log(2.0), NAN]]),
    ("power", [[0.0, -3.0], [0.0, 0.0]], {}, [1, 1], [[0, 0], None]),
    ("prod", [[0.0, 2.0, 3.0]], {"axis": (0,), "keepdims": False}, 0, [[6, 0, 0]]),
    ("prod", [[0.0, 2.0, 0.0]], {"axis": (0,), "keepdims": False}, 0, [[0, 0, 0]]),
    ("remainder", [[5.5, -5.5], [2.0, 2.0]], {}, [1.5, 0.5], [[1, 1], [-2, 3]]),
    ("arctan2", [[1.0, -1.0], [0.0, 0.0]], {}, [np.pi / 2, -np.pi / 2], [[0, 0], [-1, 1]]),
    ("softmax", [[1000.0, 0.0]], {"axis": -1}, [1, 0], [[0, 0]]),
    ("log_softmax", [[1000.0, 0.0]], {"axis": -1}, [0, -1000], [[-1, 1]]),
    ("binary_cross_entropy", [[0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 800.0, -800.0]], {},
     [np.log(2.0), np.log(2.0), 0, 0], [None, [0.5, -0.5, 0, 0]]),
    ("select", [[True, False], [INF, 1.0], [2.0, NAN]], {}, [INF, NAN], [None, [1, 0], [0, 1]]),
]  # fmt: skip


@pytest.mark.parametrize("case", KINKS, ids=lambda c: f"{c[0]}{c[1]}")
def test_special_values_are_the_stated_ones(case):
    """Where a function has no one derivative, the table says which subgradient annette takes."""
    name, inputs, params, results, gradients = case
    arrays = [np.array(x, dtype=None if np.asarray(x).dtype == bool else "float64") for x in inputs]
    wanted = [i for i, g in enumerate(gradients) if g is not None]

    def function(*xs):
        y = apply(RECORDS[name], xs, params)
        seed = [1.0, 0.0] if name in ("softmax",) else None
        if name == "log_softmax":
            seed = [0.0, 1.0]
        grads = gradient([y], [xs[i] for i in wanted], None if seed is None else [np.array(seed)])
        return [y, *grads]

    specs = [(x.shape, standardize(x.dtype)) for x in arrays]
    (y, *grads), _ = interpret(trace(function, specs)[0].check(), arrays)
    np.testing.assert_allclose(y, results, rtol=1e-15)
    for i, g in zip(wanted, grads, strict=True):
        np.testing.assert_allclose(g, gradients[i], rtol=1e-15, err_msg=f"input {i}")


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_recording_needs_no_values(name):
    """A shape rule reads shapes and dtypes alone: Tensors without values serve."""
    record = RECORDS[name]
    for arrays, params in samples(name):
        arrays = [np.asarray(x) for x in arrays]
        tensors = [Tensor(x.shape, standardize(x.dtype)) for x in arrays]
        outputs = as_tuple(apply(record, tensors, params))
        assert all(t.value is None for t in outputs)
        assert [(t.shape, t.dtype) for t in outputs] == [
            (tuple(s), d) for s, d in record.specs(tensors, params)
        ]
