"""ops.scan in a trace: one operation however long the sequence, with the values it has unrolled."""

from __future__ import annotations

import numpy as np
import pytest

import annette as keras
from annette import ops
from annette.graph import StatelessScope, gradient, trace
from annette.graph.lower import lower
from annette.testing import check_gradient, interpret

RNG = np.random.default_rng(3)
X = RNG.normal(size=(5, 2, 3))
H = RNG.normal(size=(2, 3))
W = RNG.normal(size=(3, 3))


def network(w):
    def step(h, x):
        h = ops.tanh(ops.matmul(h, w) + x)
        return h, h * 2.0

    return step


def traced(function, *arrays):
    graph, result = trace(function, [(x.shape, x.dtype.name) for x in arrays])
    return graph.check(), result


def run(function, *arrays):
    graph, _ = traced(function, *arrays)
    return interpret(lower(graph).check(), arrays)[0]


def names(graph):
    return [node.primitive.name for node in graph.nodes]


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, rtol=1e-13, atol=1e-14)


# --- size -----------------------------------------------------------------------------------------


def test_a_trace_does_not_grow_with_the_sequence():
    def size(length):
        x = np.zeros((length, 2, 3))
        graph, _ = traced(lambda x, h, w: ops.scan(network(w), h, x), x, H, W)
        return len(graph.nodes), len(graph.nodes[0].params["body"].graph.nodes)

    assert size(4) == size(400)
    assert size(4)[0] == 1


def test_the_function_is_called_once():
    calls = []

    def step(carry, x):
        calls.append(x)
        return carry + x, carry

    traced(lambda x: ops.scan(step, np.zeros((2, 3)), x), X)
    assert len(calls) == 1


def test_what_is_the_same_at_all_steps_is_computed_before_the_loop():
    def step(h, x):
        return ops.matmul(h, ops.exp(outside) * 2.0) + x, None

    outside = None

    def function(x, h, w):
        nonlocal outside
        outside = w
        return ops.scan(step, h, x)[0]

    graph, _ = traced(function, X, H, W)
    assert names(graph) == ["exp", "multiply", "scan"]
    assert names(graph.nodes[-1].params["body"].graph) == ["matmul", "add"]


def test_what_nobody_needs_is_left_out():
    def step(carry, x):
        a, b = carry
        return (ops.sin(a) + x, ops.cos(b)), (a * 2.0, ops.exp(b))

    def function(x):
        zero = np.zeros((2, 3))
        (a, _), (twice, _) = ops.scan(step, (zero, zero), x)
        return a, twice

    graph, _ = traced(function, X)
    (node,) = lower(graph).check().nodes
    body = node.params["body"].graph
    assert sorted(names(body)) == ["add", "multiply", "sin"]
    assert (len(body.inputs), len(body.outputs)) == (2, 2)
    last, twice = run(function, X)
    (expected, _), (stacked, _) = ops.scan(step, (np.zeros((2, 3)), np.zeros((2, 3))), X)
    close(last, expected)
    close(twice, stacked)


# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
def test_values_are_those_of_the_loop_at_once(reverse):
    def function(x, h, w):
        return ops.scan(network(w), h, x, reverse=reverse)

    expected = function(X, H, W)
    for actual, e in zip(run(function, X, H, W), expected, strict=True):
        close(actual, e)


def test_structures_and_none_are_kept():
    def step(carry, x):
        carry = {"a": carry["a"] + x[0], "n": carry["n"] + 1}
        return carry, (carry["a"] * x[1][0], None)

    def function(x, y):
        init = {"a": np.zeros((2, 3)), "n": np.array(0, "int32")}
        return ops.scan(step, init, (x, [y]))

    _, (carry, (ys, nothing)) = traced(function, X, X)
    assert nothing is None
    assert ys.shape == (5, 2, 3)
    assert (carry["n"].dtype, carry["a"].shape) == ("int32", (2, 3))
    e_carry, (e_ys, _) = function(X, X)
    a, n, stacked = run(function, X, X)
    close(a, e_carry["a"])
    close(stacked, e_ys)
    assert n == 5


def test_a_number_of_steps_serves_without_xs():
    def function(x):
        return ops.scan(lambda c, _: (c * 0.5, c), x, length=6)

    last, ys = run(function, H)
    close(last, H / 2**6)
    close(ys, np.stack([H / 2**i for i in range(6)]))


@pytest.mark.parametrize("length", [0, 1])
def test_no_step_and_one(length):
    def function(x, h, w):
        return ops.scan(network(w), h, x)

    x = X[:length]
    expected = function(x, H, W)
    for actual, e in zip(run(function, x, H, W), expected, strict=True):
        assert actual.shape == e.shape
        close(actual, e)


def test_a_carry_that_changes_its_dtype_goes_on_as_without_a_trace():
    def function(x):
        return ops.scan(lambda c, e: (c + e, c), np.array(0, "int32"), x)

    x = np.array([1.5, 2.5, 3.0])
    last, ys = run(function, x)
    assert last == 7.0
    np.testing.assert_array_equal(ys, [0.0, 1.5, 4.0])


# --- variables ------------------------------------------------------------------------------------


def test_a_variable_read_in_a_step_has_its_gradient():
    weight = keras.Variable(W, name="weight")

    def loss(x, h):
        with keras.GradientTape() as tape:
            total = ops.sum(ops.scan(network(weight), h, x)[1] ** 2)
        return tape.gradient(total, weight)

    with keras.GradientTape() as tape:
        total = ops.sum(ops.scan(network(weight), H, X)[1] ** 2)
    (actual,) = run(loss, X, H)
    close(actual, tape.gradient(total, weight))


def test_a_variable_assigned_in_a_step_goes_from_step_to_step():
    count = keras.Variable(2, dtype="int32", name="count")

    def step(carry, x):
        count.assign_add(1)
        return carry + x * ops.cast(count, "float64"), count.value

    def function(x):
        return ops.scan(step, np.zeros((2, 3)), x)

    graph, _ = traced(function, X)
    (last, counts), (new,) = interpret(lower(graph).check(), [X])
    close(last, sum(x * (3 + t) for t, x in enumerate(X)))
    np.testing.assert_array_equal(counts, [3, 4, 5, 6, 7])
    assert new == 7
    assert count.numpy() == 2, "tracing changes no variable"


def test_each_step_draws_its_own_numbers():
    seed = keras.random.SeedGenerator(1)

    def function(x):
        return ops.scan(lambda c, e: (c, keras.random.uniform((3,), seed=seed)), 0.0, x)[1]

    (draws,) = run(function, X)
    assert len({row.tobytes() for row in draws}) == 5
    expected = function(X)
    np.testing.assert_array_equal(draws, expected)


def test_a_stateless_scope_takes_what_steps_assign():
    count = keras.Variable(0, dtype="int32", name="count")

    def step(carry, x):
        count.assign_add(1)
        return carry + x, None

    def function(x):
        with StatelessScope() as scope:
            ops.scan(step, np.zeros((2, 3)), x)
            return scope.get_current_value(count)

    (actual,) = run(function, X)
    assert actual == 5


# --- gradients ------------------------------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
def test_gradients_of_both_orders(reverse):
    def function(x, h, w):
        return ops.scan(network(w), h, x, reverse=reverse)

    check_gradient(function, [X, H, W], order=2)


def test_a_loop_in_a_loop_has_gradients_of_both_orders():
    def step(h, x):
        inner, _ = ops.scan(lambda c, row: (ops.sin(c * row), None), h[0], x)
        return h + inner, inner

    check_gradient(lambda x, h: ops.scan(step, h, x), [X, H], order=2)


def test_the_gradient_runs_the_loop_forward_once():
    def function(x, h, w):
        last, _ = ops.scan(network(w), h, x)
        return gradient([ops.sum(last**2)], [x, h, w])

    graph, _ = traced(function, X, H, W)
    assert names(lower(graph)).count("scan") == 2


def test_what_no_gradient_comes_through_says_none():
    def function(x, h, w):
        last, _ = ops.scan(lambda c, e: (ops.sin(c), ops.sum(e)), h, x)
        found = gradient([last], [x, h, w])
        assert [g is None for g in found] == [True, False, True]
        return last

    traced(function, X, H, W)


def test_a_gradient_taken_in_a_step_is_a_part_of_it():
    def step(w, x):
        with keras.GradientTape() as tape:
            tape.watch(w)
            loss = ops.sum(ops.square(w * x))
        return w - 0.1 * tape.gradient(loss, w), loss

    def function(x, w):
        return ops.scan(step, w, x)

    w = H.copy()
    losses = []
    for x in X:
        losses.append(np.sum((w * x) ** 2))
        w = w - 0.1 * 2.0 * w * x * x
    last, found = run(function, X, H)
    close(last, w)
    close(found, losses)


# --- fori_loop ------------------------------------------------------------------------------------


def test_a_long_fori_loop_is_one_operation_too():
    def function(x):
        return ops.fori_loop(2, 40, lambda i, v: v * 0.5 + ops.cast(i, "float64") * x, x)

    graph, _ = traced(function, H)
    assert names(graph) == ["scan"]
    close(run(function, H)[0], function(H))
    check_gradient(function, [H])


def test_a_fori_loop_that_needs_its_number_is_unrolled():
    factors = [1.0 + i / 10 for i in range(20)]

    def function(x):
        return ops.fori_loop(0, 20, lambda i, v: v * factors[i] if i % 2 else v - x, x)

    graph, _ = traced(function, H)
    assert "scan" not in names(graph)
    close(run(function, H)[0], function(H))
