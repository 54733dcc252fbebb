"""Gradients for loops of one's own: GradientTape, grad, value_and_grad."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import numpy as np
import pytest

import annette
from annette import GradientTape, Variable, grad, ops, value_and_grad
from annette.backends import current_backend, make_backend
from annette.graph import Tensor, trace
from annette.testing import interpret

X = np.array([1.0, 2.0, 3.0])


def test_variables_are_watched_by_themselves():
    w, b = Variable(2.0), Variable(1.0)
    with GradientTape() as tape:
        loss = ops.square(w * 3.0 + b)
    dw, db = tape.gradient(loss, [w, b])
    assert float(dw) == 42 and float(db) == 14
    assert float(loss) == 49


def test_the_result_has_the_structure_of_the_sources():
    w, b = Variable(2.0), Variable(1.0)
    with GradientTape() as tape:
        loss = w * b
    found = tape.gradient(loss, {"w": w, "more": [b]})
    assert float(found["w"]) == 1 and float(found["more"][0]) == 2


def test_arrays_are_watched_when_asked():
    x, y = ops.convert_to_tensor(X), ops.convert_to_tensor(X)
    with GradientTape() as tape:
        tape.watch(x)
        loss = ops.sum(x * x * y)
    assert tape.gradient(loss, y) is None
    with GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        loss = ops.sum(x * x * y)
    np.testing.assert_allclose(tape.gradient(loss, x), 2 * X * X)
    np.testing.assert_allclose(tape.gradient(loss, y), X * X)


def test_plain_numpy_arrays_can_be_watched():
    with GradientTape() as tape:
        tape.watch(X)
        loss = ops.sum(ops.square(X))
    np.testing.assert_allclose(tape.gradient(loss, X), 2 * X)


def test_arrays_of_any_byte_order_can_be_watched():
    x = X.astype(">f4")
    with GradientTape() as tape:
        tape.watch(x)
        loss = ops.sum(ops.square(x))
    g = tape.gradient(loss, x)
    assert str(g.dtype) == "float32"
    np.testing.assert_allclose(g, 2 * X)


def test_a_number_cannot_be_watched():
    with GradientTape() as tape, pytest.raises(ValueError, match="convert_to_tensor"):
        tape.watch(3.0)


def test_gradients_are_arrays_outside_the_tape():
    x = ops.convert_to_tensor(X)
    with GradientTape() as tape:
        tape.watch(x)
        y = ops.exp(x) * x
    g = tape.gradient(y, x)
    assert isinstance(g, np.ndarray)
    np.testing.assert_allclose(g.numpy(), np.exp(X) * (1 + X))
    assert isinstance(g + y, np.ndarray)


def test_what_is_not_trainable_is_not_watched():
    w = Variable(2.0, trainable=False)
    with GradientTape() as tape:
        loss = w * w
    assert tape.gradient(loss, w) is None
    with GradientTape() as tape:
        tape.watch(w)
        loss = w * w
    assert float(tape.gradient(loss, w)) == 4


def test_nothing_is_watched_by_itself_if_so_asked():
    w, v = Variable(2.0), Variable(3.0)
    with GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(v)
        loss = w * v
    assert tape.watched_variables() == (v,)
    assert [g if g is None else float(g) for g in tape.gradient(loss, [w, v])] == [None, 2.0]


def test_unconnected_gradients_as_asked():
    w, v = Variable(2.0), Variable(np.ones((2, 3)), dtype="float32")
    with GradientTape(persistent=True) as tape:
        loss = w * w
    assert tape.gradient(loss, v) is None
    zero = tape.gradient(loss, v, unconnected_gradients="zero")
    assert zero.shape == (2, 3) and zero.dtype == np.float32 and not zero.any()


def test_a_tape_gives_gradients_once_unless_persistent():
    w = Variable(2.0)
    with GradientTape() as tape:
        loss = w * w
    tape.gradient(loss, w)
    with pytest.raises(RuntimeError, match="persistent=True"):
        tape.gradient(loss, w)
    with GradientTape(persistent=True) as tape:
        loss = w * w
        cube = loss * w
    assert float(tape.gradient(loss, w)) == 4 and float(tape.gradient(cube, w)) == 12


def test_output_gradients():
    w = Variable(X)
    with GradientTape() as tape:
        y = w * w
    np.testing.assert_allclose(
        tape.gradient(y, w, output_gradients=np.array([1.0, 0, 2])), [2, 0, 12]
    )


def test_several_targets_add_up():
    w = Variable(2.0)
    with GradientTape() as tape:
        a, b = w * w, w * 5.0
    assert float(tape.gradient([a, b], w)) == 9


def test_nested_tapes_give_second_derivatives():
    x = Variable(X)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = ops.sum(ops.power(x, 4.0))
        (first,) = inner.gradient(y, [x])
        total = ops.sum(first)
    np.testing.assert_allclose(np.asarray(first), 4 * X**3)
    np.testing.assert_allclose(outer.gradient(total, x), 12 * X**2)


def test_three_nested_tapes_on_a_watched_array():
    x = ops.convert_to_tensor(X)
    with GradientTape() as one:
        one.watch(x)
        with GradientTape() as two:
            two.watch(x)
            with GradientTape() as three:
                three.watch(x)
                y = ops.sum(ops.power(x, 4.0))
            first = three.gradient(y, x)
        second = two.gradient(first, x)
    np.testing.assert_allclose(one.gradient(second, x), 24 * X)


def test_jacobian():
    x = Variable(X)
    with GradientTape() as tape:
        y = ops.stack([ops.sum(x), ops.prod(x)]) * 1.0
    np.testing.assert_allclose(tape.jacobian(y, x), [[1, 1, 1], [6, 3, 2]])


def test_jacobian_of_a_scalar_and_of_what_is_not_connected():
    x, other = Variable(X), Variable(1.0)
    with GradientTape(persistent=True) as tape:
        y = ops.sum(x * x)
    np.testing.assert_allclose(tape.jacobian(y, x), 2 * X)
    assert tape.jacobian(y, other) is None


def test_a_variable_changed_under_a_tape_counts_with_the_value_it_was_read_with():
    w = Variable(2.0)
    with GradientTape() as tape:
        a = w * w
        w.assign(10.0)
        b = w * w
        loss = a + b
    assert float(loss) == 104
    assert float(tape.gradient(loss, w)) == 24, "2 * 2 and 2 * 10"


@pytest.mark.parametrize("trainable", [True, False])
def test_a_tape_reads_what_a_program_has_changed_since(trainable):
    w = Variable(np.ones(3), trainable=trainable)
    program = make_backend("numpy").compile(trace(lambda: w.assign_add(np.ones(3)), [])[0])
    for expected in (1.0, 2.0):
        with GradientTape():
            read = ops.sum(w * 1.0)
        assert float(read) == 3 * expected
        program([])


def test_control_flow_may_read_numbers():
    w = Variable(2.0)
    with GradientTape() as tape:
        y = w * w
        while y < 100.0:
            y = y * w
        if y > 127.0:
            y = y * 1.0
    assert float(y) == 128 and float(tape.gradient(y, w)) == 7 * 2.0**6


def test_values_can_be_read_under_a_tape():
    w = Variable(X)
    with GradientTape() as tape:
        y = w * 2.0
        assert y.shape == (3,) and y.numpy()[1] == 4 and float(y[0]) == 2
        total = sum(float(v) for v in y)
        assert f"{ops.sum(y):.1f}" == "12.0"
    assert total == 12 and tape.gradient(y, w) is not None


def test_stop_recording():
    w = Variable(2.0)
    with GradientTape() as tape:
        y = w * w
        with tape.stop_recording():
            z = w * 100.0
        y = y + z
    assert float(tape.gradient(y, w)) == 4


def test_stop_gradient_under_a_tape():
    w = Variable(2.0)
    with GradientTape() as tape:
        y = w * ops.stop_gradient(w * 1.0)
    assert float(tape.gradient(y, w)) == 2


def test_fused_operations_under_nested_tapes():
    x = Variable(X)
    with GradientTape() as outer:
        with GradientTape() as inner:
            y = ops.softmax(x)[0]
        first = inner.gradient(y, x)
        value = first[0]
    p = np.exp(X) / np.exp(X).sum()
    second = outer.gradient(value, x)
    np.testing.assert_allclose(np.asarray(value), p[0] * (1 - p[0]), rtol=1e-6)
    np.testing.assert_allclose(second[0], p[0] * (1 - p[0]) * (1 - 2 * p[0]), rtol=1e-5)


def test_a_tape_inside_a_trace():
    w = Variable(np.ones(3))

    def step(x):
        with GradientTape() as tape:
            loss = ops.sum(ops.square(w * x))
        g = tape.gradient(loss, w)
        w.assign(w - 0.1 * g)
        return loss, g

    graph, _ = trace(step, [((3,), "float64")])
    (loss, g), (new,) = interpret(graph.check(), [X])
    assert loss == (X**2).sum()
    np.testing.assert_allclose(g, 2 * X**2)
    np.testing.assert_allclose(new, 1 - 0.2 * X**2)


def test_a_tape_inside_a_trace_watches_symbols():
    def penalty(x):
        with GradientTape() as outer:
            outer.watch(x)
            with GradientTape() as inner:
                inner.watch(x)
                y = ops.sum(ops.power(x, 3.0))
            slope = ops.sum(ops.square(inner.gradient(y, x)))
        return outer.gradient(slope, x)

    graph, _ = trace(penalty, [((3,), "float64")])
    np.testing.assert_allclose(interpret(graph.check(), [X])[0][0], 36 * X**3)


def test_tapes_of_threads_do_not_meet():
    w = Variable(2.0)
    found = []

    def work():
        with GradientTape() as tape:
            y = w * w
        found.append(float(tape.gradient(y, w)))

    with GradientTape() as tape:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        y = w * 3.0
    assert found == [4.0] and float(tape.gradient(y, w)) == 3


def test_a_forgotten_tape_frees_what_it_recorded():
    w = Variable(np.ones(10))
    with GradientTape() as tape:
        y = ops.exp(w)
    watched = weakref.ref(y)
    assert isinstance(y, Tensor)
    del tape, y
    gc.collect()
    assert watched() is None


def test_a_failing_tape_is_closed():
    w = Variable(2.0)
    with pytest.raises(RuntimeError), GradientTape():
        raise RuntimeError
    assert isinstance(w * w, np.ndarray)


# --- functions ------------------------------------------------------------------------------------


def test_grad_of_orders_1_to_3():
    def f(x):
        return ops.sum(ops.power(x, 4.0))

    np.testing.assert_allclose(grad(f)(X), 4 * X**3)
    np.testing.assert_allclose(grad(lambda x: ops.sum(grad(f)(x)))(X), 12 * X**2)
    np.testing.assert_allclose(
        grad(lambda x: ops.sum(grad(lambda z: ops.sum(grad(f)(z)))(x)))(X), 24 * X
    )


def test_value_and_grad():
    value, g = value_and_grad(lambda x: ops.sum(x * x))(X)
    assert isinstance(value, np.ndarray) and float(value) == 14
    assert isinstance(g, np.ndarray)
    np.testing.assert_allclose(g, 2 * X)


def test_argnums():
    def f(x, y):
        return ops.sum(x * x * y)

    np.testing.assert_allclose(grad(f, argnums=1)(X, X), X * X)
    dx, dy = grad(f, argnums=(0, 1))(X, X + 1)
    np.testing.assert_allclose(dx, 2 * X * (X + 1))
    np.testing.assert_allclose(dy, X * X)


def test_the_same_array_twice_counts_as_two_arguments():
    dx, dy = grad(lambda x, y: ops.sum(x * x * y), argnums=(0, 1))(X, X)
    np.testing.assert_allclose(dx, 2 * X * X)
    np.testing.assert_allclose(dy, X * X)


def test_has_aux():
    def f(x):
        return ops.sum(x * x), {"twice": x * 2.0}

    (value, aux), g = value_and_grad(f, has_aux=True)(X)
    assert float(value) == 14 and isinstance(aux["twice"], np.ndarray)
    np.testing.assert_allclose(aux["twice"], 2 * X)
    g2, aux = grad(f, has_aux=True)(X)
    np.testing.assert_allclose(g, g2)


def test_nested_structures_and_variables():
    w = Variable(X)
    found = grad(lambda p: ops.sum(p["w"] * p["b"][0]))({"w": w, "b": [X * 2.0]})
    np.testing.assert_allclose(found["w"], 2 * X)
    np.testing.assert_allclose(found["b"][0], X)


def test_an_argument_that_does_not_matter_has_gradient_zero():
    dx, dy = grad(lambda x, y: ops.sum(x), argnums=(0, 1))(X, X)
    assert (dx == 1).all() and (dy == 0).all() and dy.shape == X.shape


def test_the_value_must_be_a_scalar():
    with pytest.raises(ValueError, match=r"scalar.*\(3,\)"):
        grad(lambda x: x * 2.0)(X)


def test_python_numbers_are_arguments_too():
    assert float(grad(lambda x: x * x)(3.0)) == 6


def test_grad_inside_a_trace():
    graph, _ = trace(grad(lambda x: ops.sum(ops.exp(x))), [((3,), "float64")])
    np.testing.assert_allclose(interpret(graph.check(), [X])[0][0], np.exp(X))


def test_the_public_names():
    assert annette.GradientTape is GradientTape
    assert annette.grad is grad and annette.value_and_grad is value_and_grad


@pytest.mark.parametrize("compiled", [False, True])
def test_no_gradient_goes_through_an_assignment(compiled: bool) -> None:
    weight, state = Variable([2.0]), Variable([1.0], trainable=False)

    def step(x: Any) -> Any:
        with GradientTape() as tape:
            before = ops.sum(weight * x)
            weight.assign(weight * 5.0)
            state.assign(weight * 3.0)
            loss = ops.sum(weight * x * state) + before
        return tape.gradient(loss, weight)

    x = np.array([0.5], "float32")
    if compiled:
        graph, _ = trace(step, [((1,), "float32")])
        (found,) = current_backend().compile(graph)([x])
    else:
        found = step(ops.convert_to_tensor(x))
    # The weight is read as 2 (slope 0.5) and as 10 (slope 0.5 times the state, 30).
    np.testing.assert_allclose(found, [0.5 + 15.0])
    assert weight.numpy() == [10.0] and state.numpy() == [30.0]


@pytest.mark.parametrize("compiled", [False, True])
def test_two_updates_within_one_step(compiled: bool) -> None:
    weight = Variable([4.0])

    def step(x: Any) -> Any:
        for _ in range(2):
            with GradientTape() as tape:
                loss = ops.sum(ops.square(weight)) * x
            weight.assign_sub(0.1 * tape.gradient(loss, weight))
        return loss

    if compiled:
        graph, _ = trace(step, [((), "float32")])
        current_backend().compile(graph)([np.array(1, "float32")])
    else:
        step(np.array(1, "float32"))
    np.testing.assert_allclose(weight.numpy(), [4.0 * 0.8 * 0.8], rtol=1e-6)


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("by", ["activation", "sum"])
def test_gradients_by_what_is_pooled(by: str, traced: bool) -> None:
    """A maximum passes by an activation and an offset, unless a gradient by one of them is asked."""
    rng = np.random.default_rng(0)
    shapes = ((2, 6, 6, 3), (3, 3, 3, 4), (4,))
    arrays = [rng.normal(size=s).astype("float32") for s in shapes]

    def slopes(x: Any, w: Any, b: Any) -> Any:
        with GradientTape() as tape:
            tape.watch(x), tape.watch(w)
            total = ops.conv(x, w) + b
            active = ops.relu(total)
            loss = ops.sum(ops.max_pool(active, 2) ** 2)
        return tape.gradient(loss, [active if by == "activation" else total, w])

    def alone(x: Any, w: Any, b: Any) -> Any:
        total = ops.conv(x, w) + b
        given = ops.relu(total) if by == "activation" else total
        given = np.array(given)
        with GradientTape() as tape:
            tape.watch(given)
            loss = ops.sum(ops.max_pool(ops.relu(given), 2) ** 2)
        return tape.gradient(loss, given)

    if traced:
        graph, _ = trace(slopes, [(a.shape, "float32") for a in arrays])
        results, _ = interpret(graph, arrays)
    else:
        results = slopes(*map(ops.convert_to_tensor, arrays))
    np.testing.assert_allclose(np.asarray(results[0]), np.asarray(alone(*arrays)), rtol=1e-5)
    assert np.any(np.asarray(results[1]))
