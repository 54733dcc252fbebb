"""Programs compute what their graphs say: random graphs, with random assignments to variables.

A program reuses buffers and changes variables in place, so each is run several times in a row and
held against the same function run at once, and against the graph run node after node.
"""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from annette import Variable, ops
from annette.backends import make_backend
from annette.graph import trace
from annette.graph.lower import lower
from annette.testing import error, interpret
from tests.primitives.records import needs_jax, needs_native

# 2 KiB of float64: from here on the NumPy backend computes into buffers that it uses again.
SQUARE = (16, 16)
SHAPES = [SQUARE, (256,), (4, 64), (16, 1), (1, 16), (16,), ()]
VARIABLES = [SQUARE, SQUARE, SQUARE, (256,), (256,), (16,), ()]
INPUTS = [SQUARE, SQUARE, (16,)]
# Float64 results of the same operations, whose sums may be taken along other strides.
EQUAL = 1e-11

UNARY = [
    ops.negative, ops.tanh, ops.sigmoid, ops.relu, ops.absolute,
    lambda x: x * 0.5, lambda x: ops.exp(ops.minimum(x, 1.0)) * 0.1, lambda x: ops.cast(x, "float64"),
    lambda x: ops.stop_gradient(x), lambda x: ops.clip(x, -0.5, 0.5), lambda x: ops.where(x > 0, x, -0.1),
    lambda x: ops.softmax(ops.reshape(x, (1, -1))),
]  # fmt: skip
BINARY = [ops.add, ops.subtract, ops.multiply, ops.maximum, lambda a, b: ops.divide(a, 2.0 + b * b)]
SHAPING = [
    ops.transpose, lambda x: ops.reshape(x, (256,)), lambda x: ops.reshape(x, (4, 64)),
    lambda x: ops.reshape(x, SQUARE), lambda x: ops.flip(x, axis=0), lambda x: x[::2],
    lambda x: ops.concatenate([x, x], axis=0), lambda x: ops.broadcast_to(x, SQUARE),
    lambda x: ops.mean(x, axis=0), lambda x: ops.mean(x, axis=-1, keepdims=True), ops.mean,
    lambda x: ops.max(x, axis=0), lambda x: ops.take(x, np.array([0, 3, 3]), axis=0),
    lambda x: ops.tanh(ops.matmul(x, x)), lambda x: ops.tanh(ops.matmul(ops.transpose(x), x)),
    lambda x: ops.cumsum(x, axis=0) * 0.1, lambda x: x + 1.0, lambda x: x[1:, :3],
]  # fmt: skip

INSTRUCTIONS = st.lists(
    st.tuples(st.sampled_from("uuubbbbssrrraaawi"), *[st.integers(0, 99)] * 3),
    min_size=3,
    max_size=25,
)


def make_function(instructions, variables):
    """Return the function that a list of instructions describes; it runs at once or traced."""

    def function(*inputs):
        values = list(inputs)

        def pick(n):
            return values[-1 - n % len(values)]

        for kind, a, b, c in instructions:
            try:
                if kind == "u":
                    values.append(UNARY[c % len(UNARY)](pick(a)))
                elif kind == "b":
                    values.append(BINARY[c % len(BINARY)](pick(a), pick(b)))
                elif kind == "s":
                    values.append(SHAPING[c % len(SHAPING)](pick(a)))
                elif kind == "r":
                    values.append(
                        variables[a % len(variables)] * 1.0
                        if c % 2
                        else ops.convert_to_tensor(variables[a % len(variables)])
                    )
                elif kind == "a":
                    _assign(variables, values, a)
                elif kind == "w":
                    _swap(variables, a, c)
                else:
                    values.append(variables[a % len(variables)] + pick(b))
            except (ValueError, TypeError, IndexError):
                pass  # shapes that do not go together: refused at once as when traced
        return [ops.convert_to_tensor(v) for v in values[-4:]]

    return function


def _assign(variables, values, n):
    """Assign the latest value that fits to some variable, or one made of itself."""
    target = variables[n % len(variables)]
    fitting = [v for v in reversed(values) if tuple(v.shape) == target.shape]
    if fitting:
        target.assign(fitting[n // 7 % len(fitting)])
    elif target.ndim:
        target.assign(ops.flip(target, axis=0))


def _swap(variables, n, how):
    same = [v for v in variables if v.shape == variables[n % len(variables)].shape]
    first, second = same[0], same[-1]
    a, b = (first.value, second.value) if how % 2 else (first * 1.0, second + 0.0)
    first.assign(b)
    second.assign(a)


def start(seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=s) for s in VARIABLES], [rng.normal(size=s) for s in INPUTS]


def near(actual, expected, what):
    assert actual.shape == expected.shape and actual.dtype == expected.dtype, what
    assert error(actual, expected) < EQUAL, what


def check_program(instructions, backend, runs):
    values, inputs = start(len(instructions))
    variables = [Variable(v, name=f"v{i}") for i, v in enumerate(values)]
    function = make_function(instructions, variables)
    graph, _ = trace(function, [(x.shape, "float64") for x in inputs])
    graph.check()
    lower(graph).check()
    program = make_backend(backend).compile(graph)
    for run in range(runs):
        inputs = [x + 0.01 * run for x in inputs]
        before = [v.numpy() for v in variables]
        kept = [x.copy() for x in inputs]
        outputs, changed = interpret(graph, inputs)
        at_once = function(*inputs)
        new = [v.numpy() for v in variables]
        for variable, value in zip(variables, before, strict=True):
            variable.assign(value)
        actual = program(inputs)
        for x, k in zip(inputs, kept, strict=True):
            assert np.array_equal(x, k), "a program leaves its inputs alone"
        for i, (a, e, o) in enumerate(zip(actual, outputs, at_once, strict=True)):
            near(a, e, f"run {run}, output {i}")
            near(a, np.asarray(o), f"run {run}, output {i} at once")
        for variable, value in zip(variables, new, strict=True):
            near(variable.numpy(), value, f"run {run}, {variable.name}")
        for (variable, _), value in zip(graph.assigns, changed, strict=True):
            near(variable.numpy(), value, f"run {run}, {variable.name} assigned")
        # What one run gave is the caller's: the next must not change it.
        if run:
            for a, copy in zip(last, copies, strict=True):  # noqa: F821  # from the run before
                assert np.array_equal(a, copy, equal_nan=True)
        last, copies = actual, [a.copy() for a in actual]  # noqa: F841  # read in the next round


def examples(count):
    return settings(
        max_examples=count, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


@examples(250)
@given(INSTRUCTIONS)
def test_numpy_programs(instructions):
    check_program(instructions, "numpy", 3)


@needs_jax
@examples(25)
@given(INSTRUCTIONS)
def test_jax_programs(instructions):
    check_program(instructions, "jax", 2)


@needs_native
@examples(250)
@given(INSTRUCTIONS)
def test_native_programs(instructions):
    check_program(instructions, "native", 3)


BACKENDS = [
    "numpy",
    pytest.param("jax", marks=needs_jax),
    pytest.param("native", marks=needs_native),
]


def compiled(function, specs, backend="numpy"):
    graph, _ = trace(function, specs)
    return make_backend(backend).compile(graph.check())


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [2, 2000])
def test_variables_are_swapped(backend, size):
    a, b = Variable(np.arange(size) * 1.0), Variable(np.arange(size) * -1.0)
    first, second = a.numpy(), b.numpy()

    def swap():
        x, y = a.value, b.value
        a.assign(y)
        b.assign(x)

    program = compiled(swap, [], backend)
    program([])
    assert np.array_equal(a.numpy(), second) and np.array_equal(b.numpy(), first)
    program([])
    assert np.array_equal(a.numpy(), first) and np.array_equal(b.numpy(), second)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("size", [3, 2000])
def test_a_read_after_an_assign_sees_the_new_value(backend, size):
    v = Variable(np.ones(size))

    def step(x):
        before = v * 2.0
        v.assign(v + x)
        after = v * 2.0
        v.assign_add(x)
        return before, after, v.value

    program = compiled(step, [((size,), "float64")], backend)
    x = np.full(size, 0.5)
    for start_value in (1.0, 2.0):
        before, after, last = program([x])
        assert (before == 2 * start_value).all()
        assert (after == 2 * (start_value + 0.5)).all()
        assert (last == start_value + 1).all()
        assert (v.numpy() == start_value + 1).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_variable_that_turns_into_a_view_of_itself(backend):
    v = Variable(np.arange(2500.0).reshape(50, 50))
    expected = v.numpy()
    program = compiled(lambda: v.assign(ops.transpose(ops.flip(v, axis=0))), [], backend)
    for _ in range(3):
        program([])
        expected = expected[::-1].T
        assert np.array_equal(v.numpy(), expected)


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_value_for_two_variables_and_the_caller(backend):
    a, b = Variable(np.zeros(2000)), Variable(np.zeros(2000))

    def step(x):
        value = x * 2.0
        a.assign(value)
        b.assign(value)
        return value

    program = compiled(step, [((2000,), "float64")], backend)
    for scale in (1.0, 3.0):
        (value,) = program([np.full(2000, scale)])
        for found in (value, a.numpy(), b.numpy()):
            assert (found == 2 * scale).all()
    a.assign(np.zeros(2000))
    assert (b.numpy() == 6).all(), "each has an array of its own"


@pytest.mark.parametrize("backend", BACKENDS)
def test_outputs_belong_to_the_caller(backend):
    v = Variable(np.ones(2000))

    def step(x):
        v.assign_add(x)
        return v.value, x, ops.reshape(v, (20, 100)), x * 2.0

    program = compiled(step, [((2000,), "float64")], backend)
    x = np.ones(2000)
    first = program([x])
    copies = [a.copy() for a in first]
    program([x])
    for a, copy in zip(first, copies, strict=True):
        assert np.array_equal(a, copy)
        a[...] = -1  # writable, and nobody else's
    assert (x == 1).all() and (v.numpy() == 3).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_program_without_outputs_only_changes_variables(backend):
    v = Variable(np.zeros(4), dtype="float32")
    graph, _ = trace(lambda x: v.assign_add(x), [((4,), "float32")])
    quiet = make_backend(backend).compile(graph.without_outputs().check())
    for _ in range(3):
        assert quiet([np.ones(4, "float32")]) == []
    assert (v.numpy() == 3).all() and v.numpy().dtype == np.float32


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_are_run_batch_by_batch(backend):
    total, count = Variable(0.0, dtype="float64"), Variable(0)

    def step(x, y):
        total.assign_add(ops.sum(x * ops.cast(y, "float64")))
        count.assign_add(1)
        return total.value

    x = np.arange(40).reshape(20, 2).astype(">f4")  # of another byte order and width
    y = np.asfortranarray(np.ones(20, "uint8"))
    program = compiled(
        lambda x, y: step(x, ops.reshape(y, (4, 1))),
        [((4, 2), "float64"), ((4,), "int32")],
        backend,
    )
    order = np.random.default_rng(0).permutation(20)
    done, outputs = program.run_rows([x, y], order, 0, 20, 4, seconds=60)
    assert done == 20 and count.numpy() == 5
    assert outputs[0] == total.numpy() == x.sum()
    done, _ = program.run_rows([x, y], None, 0, 20, 4, seconds=0)
    assert done == 4, "out of time it returns after a whole batch"


@pytest.mark.parametrize("backend", BACKENDS)
def test_one_program_called_from_two_threads(backend):
    v = Variable(np.zeros(3000))

    def step(x):
        y = ops.tanh(x) * 2.0
        v.assign_add(ops.ones_like(x))
        return ops.sum(y * y), y

    program = compiled(step, [((3000,), "float64")], backend)
    rng = np.random.default_rng(0)
    inputs = [rng.normal(size=3000) for _ in range(2)]
    expected = [2.0 * np.tanh(x) for x in inputs]
    wrong = []

    def work(i):
        for _ in range(60):
            _, y = program([inputs[i]])
            if error(y, expected[i]) > 1e-12:
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    if backend != "jax":
        assert (v.numpy() == 120).all(), "no step was lost"


def test_lowering_removes_what_is_not_needed():
    def function(x):
        a = ops.exp(x) + 1.0
        b = ops.exp(x) + 1.0  # the same again
        unused = ops.sin(x)
        assert unused is not None
        return ops.stop_gradient(a) * b

    graph, _ = trace(function, [((3,), "float64")])
    assert "sin" not in str(graph), "what no output needs is left out"
    names = [n.primitive.name for n in lower(graph).check().nodes]
    assert names == ["exp", "add", "multiply"]


def test_equal_draws_of_different_keys_are_not_merged():
    from annette import random

    generator = random.SeedGenerator(3)

    def function():
        return random.uniform((5,), seed=generator), random.uniform((5,), seed=generator)

    graph, _ = trace(function, [])
    first, second = make_backend("numpy").compile(graph)([])
    assert not np.array_equal(first, second)
