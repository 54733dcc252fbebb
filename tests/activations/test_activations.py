"""Activations give the values of their formulas."""

import math

import numpy as np
import pytest

from annette import activations
from annette.saving import custom_object_scope

CASES = [
    ("relu", {}, -1.0, 0.0),
    ("relu", {"negative_slope": 0.5}, -1.0, -0.5),
    ("relu", {"max_value": 1.0}, 3.0, 1.0),
    ("relu", {"threshold": 2.0}, 1.5, 0.0),
    ("relu", {"threshold": 2.0, "negative_slope": 0.5}, 1.0, -0.5),
    ("relu6", {}, 9.0, 6.0),
    ("leaky_relu", {}, -1.0, -0.2),
    ("elu", {}, -1.0, math.exp(-1) - 1),
    ("elu", {"alpha": 2.0}, -1.0, 2 * (math.exp(-1) - 1)),
    ("celu", {"alpha": 2.0}, -1.0, 2 * (math.exp(-0.5) - 1)),
    ("selu", {}, 1.0, 1.05070098),
    ("softplus", {}, 0.0, math.log(2)),
    ("softplus", {}, 1000.0, 1000.0),
    ("softsign", {}, -3.0, -0.75),
    ("squareplus", {}, 0.0, 1.0),
    ("soft_shrink", {}, 2.0, 1.5),
    ("hard_shrink", {}, 0.4, 0.0),
    ("tanh_shrink", {}, 1.0, 1 - math.tanh(1)),
    ("threshold", {"threshold": 1.0, "default_value": -7.0}, 0.5, -7.0),
    ("sparse_plus", {}, 0.0, 0.25),
    ("sparse_sigmoid", {}, 0.5, 0.75),
    ("silu", {}, 0.0, 0.0),
    ("swish", {}, 1.0, 1 / (1 + math.exp(-1))),
    ("gelu", {}, 1.0, 0.5 * (1 + math.erf(math.sqrt(0.5)))),
    ("gelu", {"approximate": True}, 1.0, 0.841192),
    ("tanh", {}, 0.5, math.tanh(0.5)),
    ("hard_tanh", {}, 3.0, 1.0),
    ("sigmoid", {}, 0.0, 0.5),
    ("sigmoid", {}, -1000.0, 0.0),
    ("hard_sigmoid", {}, 1.5, 0.75),
    ("log_sigmoid", {}, -1000.0, -1000.0),
    ("hard_silu", {}, 3.0, 3.0),
    ("exponential", {}, 1.0, math.e),
    ("mish", {}, 1.0, math.tanh(math.log(1 + math.e))),
    ("linear", {}, -2.5, -2.5),
]


@pytest.mark.parametrize(("name", "arguments", "x", "expected"), CASES)
def test_value(name, arguments, x, expected):
    y = activations.get(name)(np.array([x], "float32"), **arguments)
    np.testing.assert_allclose(y, [expected], rtol=1e-5, atol=1e-7)


def test_softmax_family_over_an_axis():
    x = np.array([[1.0, 2.0, 3.0], [1000.0, 0.0, 0.0]], "float32")
    p = activations.softmax(x)
    np.testing.assert_allclose(np.sum(p, axis=-1), [1, 1], rtol=1e-6)
    np.testing.assert_allclose(np.exp(activations.log_softmax(x)), p, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(np.sum(activations.softmax(x, axis=0), axis=0), [1, 1, 1], rtol=1e-6)
    sparse = activations.sparsemax(x)
    np.testing.assert_allclose(sparse, [[0, 0, 1], [1, 0, 0]], atol=1e-6)


def test_glu_halves_the_axis():
    x = np.array([[1.0, 2.0, 0.0, 0.0]], "float32")
    np.testing.assert_allclose(activations.glu(x), [[0.5, 1.0]])


@pytest.mark.parametrize("name", sorted(activations.ALL_OBJECTS))
def test_name_goes_round(name):
    fn = activations.get(name)
    assert activations.deserialize(activations.serialize(fn)) is fn


def test_none_is_linear_and_callables_stay():
    assert activations.get(None) is activations.linear
    assert activations.get(np.sin) is np.sin


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match="Did you mean 'relu'"):
        activations.get("ReLu")
    with pytest.raises(ValueError, match="activation"):
        activations.get(3)


def test_own_function_by_name_in_a_scope():
    def cube(x):
        return x**3

    with custom_object_scope({"cube": cube}):
        assert activations.get("cube") is cube
        assert activations.get(activations.serialize(cube)) is cube
