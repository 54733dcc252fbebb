"""Tests of the tests: a rule that is wrong must make the checks fail, however little it is wrong."""

from __future__ import annotations

from contextlib import contextmanager

import numpy as np
import pytest

from annette import ops
from annette.fused import FUSED, fused
from annette.graph import PRIMITIVES, Primitive
from annette.primitives.linear import matmul
from annette.primitives.shape import transpose
from annette.testing import check_gradient, check_op, error

X = np.random.default_rng(1).uniform(0.5, 1.5, (3, 3))
Y = np.random.default_rng(2).uniform(0.5, 1.5, (3, 3))


@contextmanager
def record(**changes):
    """A square under another name, with some fields of its record changed."""
    right = {
        "formula": "x^2",
        "run": lambda xp, x: x * x,
        "shape": lambda x: (x.shape, x.dtype),
        "vjp": lambda g, y, x: (2.0 * g * x,),
        "samples": lambda rng: [((rng.uniform(0.5, 1.5, (2, 3)),), {})],
    }
    made = Primitive("test_square", **{**right, **changes})
    try:
        yield made
    finally:
        del PRIMITIVES["test_square"]


def fails(operation, match, **options):
    with pytest.raises(AssertionError, match=match):
        check_op(operation, **options)


def test_a_right_record_passes():
    with record() as made:
        check_op(made)
        check_op("test_square")


# Each rule is wrong in one way only.
WRONG_GRADIENTS = {
    "off by a thousandth": lambda g, y, x: (2.002 * g * x,),
    "off by a hundred-thousandth": lambda g, y, x: (2.00002 * g * x,),
    "of the wrong sign": lambda g, y, x: (-2.0 * g * x,),
    "forgetting what comes from above": lambda g, y, x: (2.0 * x,),
    "always zero": lambda g, y, x: (0.0 * g,),
    "none at all": lambda g, y, x: (None,),
    "not a number": lambda g, y, x: (g * float("nan"),),
    "wrong in one element": lambda g, y, x: (2.0 * g * x * np.array([1, 1, 1.001]),),
    "shifted by one element": lambda g, y, x: (ops.flip(2.0 * g * x, axis=1),),
}


@pytest.mark.parametrize("how", WRONG_GRADIENTS)
def test_a_wrong_gradient_is_found(how):
    with record(vjp=WRONG_GRADIENTS[how]) as made:
        fails(made, "gradient of order 1")


def test_a_gradient_that_is_right_only_at_order_1_is_found():
    def detached(g, y, x):
        return (2.0 * g * ops.stop_gradient(x),)

    with record(vjp=detached) as made:
        check_op(made, orders=1)
        fails(made, "gradient of order 2")


def test_a_transposed_gradient_is_found():
    def turned(x):
        return transpose(x, axes=(1, 0))

    with record(
        run=lambda xp, a, b: xp.matmul(a, b),
        shape=lambda a, b: ((a.shape[0], b.shape[1]), a.dtype),
        vjp=lambda g, y, a, b: (turned(matmul(g, turned(b))), matmul(turned(a), g)),
        samples=lambda rng: [((X, Y), {})],
    ) as made:
        fails(made, "gradient of order 1 by input 0")


def test_swapped_gradients_are_found():
    with record(
        run=lambda xp, a, b: a * b,
        shape=lambda a, b: (a.shape, a.dtype),
        vjp=lambda g, y, a, b: (g * a, g * b),
        samples=lambda rng: [((X, Y), {})],
    ) as made:
        fails(made, "gradient of order 1 by input 0")


def test_a_gradient_of_another_shape_is_found():
    made = record(vjp=lambda g, y, x: (ops.ones((2, 3, 5), dtype="float64"),))
    with made as wrong, pytest.raises(ValueError, match=r"test_square.*\(2, 3, 5\).*\(2, 3\)"):
        check_op(wrong)


WRONG_SHAPES = {
    "off by one": lambda x: ((x.shape[0], x.shape[1] + 1), x.dtype),
    "turned": lambda x: (x.shape[::-1], x.dtype),
    "of lower rank": lambda x: (x.shape[:1], x.dtype),
    "of another dtype": lambda x: (x.shape, "float32"),
    "of two results": lambda x: [(x.shape, x.dtype), (x.shape, x.dtype)],
}


@pytest.mark.parametrize("how", WRONG_SHAPES)
def test_a_wrong_shape_rule_is_found(how):
    with record(shape=WRONG_SHAPES[how]) as made:
        fails(made, "shape rule", orders=0)


def test_a_record_without_samples_is_found():
    with record(samples=lambda rng: []) as made:
        fails(made, "no samples")


def test_a_record_without_a_formula_is_found():
    with record(formula="") as made:
        fails(made, "no formula")


def test_a_definition_that_writes_into_its_input_is_found():
    def in_place(xp, x):
        x *= x
        return x

    with record(run=in_place) as made, pytest.raises(ValueError, match="read-only"):
        check_op(made, orders=0)


def test_a_definition_that_forgets_is_found():
    calls = []

    def run(xp, x):
        calls.append(1)
        return x * x + len(calls)

    with record(run=run) as made:
        fails(made, "traced it gives", orders=0)


def test_a_wrong_backend_is_found():
    pytest.importorskip("jax")
    with record(jax=lambda x: x * x * (1 + 1e-6)) as made:
        fails(made, "backend 'jax'.*float64|backend 'jax'.*output 0", orders=0)


def test_a_wrong_fused_gradient_is_found():
    @fused(
        kernel="test_cube",
        samples=lambda rng: [((X,), {})],
        vjp=lambda g, y, x: (3.003 * g * x * x,),
    )
    def test_cube(x):
        """x^3"""
        return x * x * x

    try:
        fails(test_cube, "gradient of order 1")
    finally:
        del PRIMITIVES["test_cube"], FUSED["test_cube"]


def test_check_gradient_of_a_composition():
    worst = check_gradient(lambda x, y: ops.tanh(ops.matmul(x, y)) / ops.sum(y), [X, Y], order=2)
    assert worst < 1e-9, "the differences themselves are good to nine digits"


def test_check_gradient_needs_no_size_of_its_own():
    for scale in (1e-12, 1.0, 1e12):
        check_gradient(lambda x, s=scale: ops.exp(x) * s, [X])
        with pytest.raises(AssertionError):
            check_gradient(lambda x, s=scale: (ops.exp(x) + ops.stop_gradient(x) * 1e-3) * s, [X])


def test_check_gradient_takes_integer_inputs_as_they_are():
    rows = np.array([2, 0], "int32")
    check_gradient(lambda x, i: ops.square(ops.take(x, i, axis=0)), [X, rows], order=2)


def test_check_gradient_of_a_constant_and_of_a_straight_line():
    assert check_gradient(lambda x: np.ones(2), [X], order=2) == 0
    assert check_gradient(lambda x: ops.sum(x) * 3.0, [X], order=2) < 1e-9


def test_error_is_relative_to_the_largest_value():
    assert error(np.array([1.0, 200.0]), np.array([0.0, 200.0])) == pytest.approx(1 / 200)
    assert error(np.zeros(3), np.zeros(3)) == 0
    assert error(np.zeros(2), np.zeros(3)) == float("inf")
    assert error(np.array([np.inf, 1.0]), np.array([1.0, 1.0])) == float("inf")
    assert error(np.array([np.inf, 1.0]), np.array([np.inf, 1.0])) == 0
    assert error(np.array([np.nan]), np.array([np.nan])) == 0
    assert error(np.array([-np.inf]), np.array([np.inf])) == float("inf")
