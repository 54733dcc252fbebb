"""Loops in the native core: their plan, their bits, memory, errors from inside, refused plans."""

from __future__ import annotations

import numpy as np
import pytest

from annette import ops
from annette.backends.native.plan import Plan
from annette.fused import recurrent
from annette.graph import PRIMITIVES, gradient
from annette.testing import error, interpret
from tests.primitives.records import needs_native

from .running import graph_of, native, python

pytestmark = needs_native

RNG = np.random.default_rng(7)
F = "float32"
X = RNG.normal(size=(9, 20, 40)).astype(F)
H = RNG.normal(size=(20, 40)).astype(F)
W = (RNG.normal(size=(40, 40)) / 8).astype(F)


def network(x, h, w):
    def step(h, x):
        h = ops.tanh(ops.matmul(h, w) + x)
        return h, h * h

    return ops.scan(step, h, x)


def layer(x, h, c, u):
    """An LSTM and its gradient by everything."""
    states, last, cell, *_ = recurrent.lstm(x, h, c, u, reverse=False)
    loss = ops.sum(states**2) + ops.sum(last * cell)
    return [states, last, cell, *gradient([loss], [x, h, c, u])]


def lstm_arrays(times=7, rows=18, units=24):
    shapes = [(times, rows, 4 * units), (rows, units), (rows, units), (units, 4 * units)]
    return [(RNG.normal(size=s) / 4).astype(F) for s in shapes]


def bodies(program):
    return [unit.items[0].call for unit in program.plan.units if unit.items[0].kind == "scan"]


def test_results_are_those_of_the_definition():
    arrays = [X.astype("float64"), H.astype("float64"), W.astype("float64")]
    graph = graph_of(network, arrays)
    expected, _ = interpret(graph, arrays)
    for actual, e in zip(native().compile(graph)(arrays), expected, strict=True):
        assert error(actual, e) < 1e-13


def test_a_step_of_lstm_is_two_instructions_each_way():
    program = native().compile(graph_of(layer, lstm_arrays()))
    forward, back = bodies(program)
    assert [len(body.units) for body in (forward, back)] == [2, 2]
    assert not any(item.kind == "call" for body in (forward, back)
                   for unit in body.units for item in unit.items)  # fmt: skip


def test_a_plan_shows_what_its_loop_does():
    text = str(native().compile(graph_of(network, [X, H, W])).plan)
    assert "scan" in text
    assert any("|" in line and "matmul add tanh" in line for line in text.splitlines())


def test_a_matrix_of_all_steps_is_packed_once():
    program = native().compile(graph_of(network, [X, H, W]))
    kinds = [unit.items[0].kind for unit in program.plan.units]
    assert kinds.index("pack") < kinds.index("scan")
    # One row reads the matrix but once a step.
    few = native().compile(graph_of(network, [X[:, :1], H[:1], W]))
    assert "pack" not in [unit.items[0].kind for unit in few.plan.units]


@pytest.mark.parametrize("turn", [False, True])
def test_elements_are_read_where_they_lie(turn):
    """Sequences batch first, or backwards, need no copy, or one before the loop."""

    def function(x, h, w):
        x = ops.transpose(x, (1, 0, 2))
        return network(ops.flip(x, 0) if turn else x, h, w)

    x = np.ascontiguousarray(X.transpose(1, 0, 2))
    program = native().compile(graph_of(function, [x, H, W]))
    expected = native().compile(graph_of(network, [X, H, W]))([X[::-1].copy() if turn else X, H, W])
    for actual, e in zip(program([x, H, W]), expected, strict=True):
        np.testing.assert_array_equal(actual, e)
    kinds = [item.name for unit in program.plan.units for item in unit.items]
    assert ("copy" in kinds) == turn


@pytest.mark.parametrize("length", range(1, 5))
@pytest.mark.parametrize("reverse", [False, True])
def test_carries_find_their_places_at_any_length(length, reverse):
    """Carries among the results, before a step or after it, and those with places of their own."""

    def step(carry, x):
        a, b, c, d = carry
        return (a + x, b * x, c - x, a), (a + x, b, d)

    def function(x, h):
        return ops.scan(step, (h, h, h, h), x, reverse=reverse)

    arrays = [X[:length], H]
    expected = [y for part in function(*arrays) for y in part]
    program = native().compile(graph_of(function, arrays))
    for _ in range(2):
        for actual, e in zip(program(arrays), expected, strict=True):
            np.testing.assert_array_equal(actual, np.asarray(e))


def test_bits_do_not_depend_on_the_number_of_threads():
    backend, arrays = native(), lstm_arrays(5, 64, 128)
    program = backend.compile(graph_of(layer, arrays))
    before = backend.threads()
    found = []
    try:
        for threads in (1, 2, 3, 7):
            backend.set_threads(threads)
            found.append([y.tobytes() for y in program(arrays)])
    finally:
        backend.set_threads(before)
    assert all(f == found[0] for f in found)


def test_as_many_matrices_as_rows_are_not_taken_for_rows():
    def sums(h, x, w):
        def step(c, xt):
            c = ops.tanh(xt + ops.matmul(c, w)[:, 0])  # row 0 of every product, not of its own
            return c, c

        return ops.scan(step, h, x)[1]

    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=s).astype("float32") for s in ((32, 48), (4, 32, 48), (32, 48, 48))]
    found = native().compile(graph_of(sums, arrays))(arrays)[0]
    np.testing.assert_allclose(found, sums(*arrays), rtol=1e-3, atol=1e-4)


def test_a_loop_in_a_loop():
    def step(h, x):
        inner, ys = ops.scan(lambda c, row: (ops.sin(c * row), c), h[0], x)
        return h + inner, ys

    def function(x, h):
        last, ys = ops.scan(step, h, x)
        return [last, ys, *gradient([ops.sum(last * last)], [x, h])]

    arrays = [X[:4].astype("float64"), H.astype("float64")]
    graph = graph_of(function, arrays)
    expected, _ = interpret(graph, arrays)
    for actual, e in zip(native().compile(graph)(arrays), expected, strict=True):
        assert error(actual, e) < 1e-12


@pytest.mark.parametrize("shape", [(), (0,), (1,) * 6 + (2, 3), (1,) * 7 + (2, 3)])
def test_carries_of_any_rank(shape):
    """Stacked, the last ones have more axes than the core takes."""

    def function(x, h):
        return ops.scan(lambda c, e: (c * 0.5 + e, ops.sin(c)), h, x)

    arrays = [RNG.normal(size=(6, *shape)).astype(F), RNG.normal(size=shape).astype(F)]
    expected = function(*arrays)
    for actual, e in zip(
        native().compile(graph_of(function, arrays))(arrays), expected, strict=True
    ):
        np.testing.assert_allclose(actual, e, rtol=1e-5)


def test_what_has_no_kernel_runs_in_numpy_inside():
    def function(x, h):
        return ops.scan(lambda c, row: (ops.sort(c + row), c), h, x)

    graph = graph_of(function, [X, H])
    program = native().compile(graph)
    (body,) = bodies(program)
    assert any(unit.items[0].kind == "call" for unit in body.units)
    expected, _ = interpret(graph, [X, H])
    for actual, e in zip(program([X, H]), expected, strict=True):
        np.testing.assert_array_equal(actual, e)


def test_an_error_inside_stops_the_loop(monkeypatch):
    def function(x, h):
        return ops.scan(lambda c, row: (ops.sort(c + row), c), h, x)

    graph = graph_of(function, [X, H])
    (called,) = (i.name for b in bodies(native().compile(graph)) for u in b.units
                 for i in u.items if i.kind == "call")  # fmt: skip
    record, calls = PRIMITIVES[called], []
    run = record.run

    def failing(*given, **params):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run(*given, **params)

    monkeypatch.setattr(record, "run", failing)
    program = native().compile(graph)
    with pytest.raises(KeyboardInterrupt):
        program([X, H])
    assert len(calls) == 3
    program([X, H])


def test_guards_around_the_values_of_a_loop_hold():
    python(
        """
import numpy as np
from tests.native import test_scan as t
from tests.native.running import graph_of, native
arrays = t.lstm_arrays()
graph = graph_of(t.layer, arrays)
native().compile(graph)(arrays)
""",
        ANNETTE_GUARD="1",
    )


WRONG = [
    (0, 0), (0, 99), (1, 99), (2, 4), (2, 10), (2, 0), (2, -1), (4, 0), (4, 2), (4, -1), (5, 0),
    (5, 7), (6, 1), (6, -1),
]  # fmt: skip


@pytest.mark.parametrize(("place", "number"), WRONG)
def test_a_loop_whose_numbers_are_wrong_is_refused(place, number):
    plan = Plan(native().core, graph_of(simple, [X, H]), [])
    (item,) = (u.items[0] for u in plan.units if u.items[0].kind == "scan")
    assert item.ints == (1, 1, 9, 0, 1, 1, 0)
    item.ints = tuple(number if i == place else n for i, n in enumerate(item.ints))
    with pytest.raises(native().core.module.PlanError, match="scan"):
        plan.build(0, 2)


def simple(x, h):
    def step(c, e):
        c = c + e
        return c, c

    return ops.scan(step, h, x)
