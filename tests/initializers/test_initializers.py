"""Initializers: distributions, seeds, shapes, configurations; regularizers and constraints."""

import math

import numpy as np
import pytest

from annette import constraints, initializers, regularizers

NAMES = sorted(k for k, v in initializers.ALL_OBJECTS.items() if k == v.__name__)
RANDOM = [n for n in NAMES if n not in ("Zeros", "Ones", "Constant", "Identity", "STFT")]
N_IN, N_OUT = 300, 200


@pytest.mark.parametrize(
    ("name", "variance", "limit"),
    [
        ("GlorotUniform", 2 / (N_IN + N_OUT), math.sqrt(6 / (N_IN + N_OUT))),
        ("GlorotNormal", 2 / (N_IN + N_OUT), None),
        ("HeUniform", 2 / N_IN, math.sqrt(6 / N_IN)),
        ("HeNormal", 2 / N_IN, None),
        ("LecunUniform", 1 / N_IN, math.sqrt(3 / N_IN)),
        ("LecunNormal", 1 / N_IN, None),
        ("RandomNormal", 0.05**2, None),
        ("RandomUniform", 0.1**2 / 12, 0.05),
        ("TruncatedNormal", (0.05 * 0.8796) ** 2, 0.1),
    ],
)
def test_distribution(name, variance, limit):
    values = np.asarray(initializers.get(name)((N_IN, N_OUT)))
    assert values.dtype == "float32"
    assert abs(values.mean()) < 5 * math.sqrt(variance / values.size)
    np.testing.assert_allclose(values.var(), variance, rtol=0.03)
    if limit is not None:
        assert np.abs(values).max() <= limit * 1.0001


@pytest.mark.parametrize("name", RANDOM)
def test_seed_decides_the_values(name):
    make = getattr(initializers, name)
    first = make(seed=3)
    np.testing.assert_array_equal(first((4, 5)), first((4, 5)))
    np.testing.assert_array_equal(first((4, 5)), make(seed=3)((4, 5)))
    assert not np.array_equal(first((4, 5)), make(seed=4)((4, 5)))
    assert not np.array_equal(make()((4, 5)), make()((4, 5)))


@pytest.mark.parametrize(
    ("shape", "axes", "fans"),
    [
        ((), {}, (1, 1)),
        ((7,), {}, (7, 7)),
        ((3, 4), {}, (3, 4)),
        ((3, 3, 4, 8), {}, (36, 72)),
        ((4, 8, 3), {"input_axes": [0], "output_axes": [1, 2]}, (4, 24)),
    ],
)
def test_fans(shape, axes, fans):
    assert initializers.compute_fans(shape, **axes) == fans


def test_orthogonal_columns_are_at_right_angles():
    q = np.asarray(initializers.Orthogonal(gain=2.0, seed=1)((3, 2, 4))).reshape(6, 4)
    np.testing.assert_allclose(q.T @ q, 4 * np.eye(4), atol=1e-5)
    wide = np.asarray(initializers.Orthogonal(seed=1)((2, 5)))
    np.testing.assert_allclose(wide @ wide.T, np.eye(2), atol=1e-5)


def test_constants():
    np.testing.assert_array_equal(initializers.Zeros()((2, 3)), np.zeros((2, 3)))
    np.testing.assert_array_equal(initializers.Ones()((2,), dtype="int32"), [1, 1])
    np.testing.assert_array_equal(initializers.Constant([1, 2])((3, 2)), [[1, 2]] * 3)
    np.testing.assert_array_equal(initializers.Identity(2.0)((2, 3)), 2 * np.eye(2, 3))


@pytest.mark.parametrize("name", NAMES)
def test_config_goes_round(name):
    made = initializers.get(name)
    again = initializers.deserialize(initializers.serialize(made))
    assert type(again) is type(made)
    assert again.get_config() == made.get_config()


def test_a_seeded_initializer_comes_back_seeded():
    made = initializers.GlorotUniform(seed=5)
    again = initializers.get(initializers.serialize(made))
    np.testing.assert_array_equal(made((3, 3)), again((3, 3)))


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: initializers.get("glorot_unifrom"), "Did you mean 'glorot_uniform'"),
        (lambda: initializers.get(3), "initializer"),
        (lambda: initializers.VarianceScaling(mode="fan"), "mode"),
        (lambda: initializers.VarianceScaling(scale=0), "scale"),
        (lambda: initializers.VarianceScaling(distribution="cauchy"), "distribution"),
        (lambda: initializers.GlorotUniform(seed="x"), "seed"),
        (lambda: initializers.Identity()((3,)), "rank 2"),
        (lambda: initializers.Orthogonal()((3,)), "rank 2"),
        (lambda: regularizers.L2(-1), "l2"),
        (lambda: regularizers.L1("a"), "l1"),
        (lambda: regularizers.OrthogonalRegularizer(mode="x"), "mode"),
        (lambda: regularizers.OrthogonalRegularizer()(np.ones(3)), "rank 2"),
        (lambda: regularizers.get("l3"), "regularizer"),
        (lambda: constraints.get("maxnorm2"), "Did you mean 'max_norm'|Did you mean 'MaxNorm'"),
    ],
)
def test_wrong_arguments_are_named(make, says):
    with pytest.raises(ValueError, match=says):
        make()


X = np.array([[3.0, -1.0], [4.0, 0.5]], "float32")


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.L1(0.1), 0.85),
        (regularizers.L2(0.1), 2.625),
        (regularizers.get("l2"), 0.2625),
        (regularizers.L1L2(0.1, 0.1), 3.475),
        (regularizers.L1L2(), 0.0),
        (regularizers.OrthogonalRegularizer(1.0), abs(11.5 / math.sqrt(10 * 16.25))),
    ],
)
def test_penalty(regularizer, expected):
    np.testing.assert_allclose(regularizer(X), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (constraints.NonNeg(), [[3, 0], [4, 0.5]]),
        (constraints.MaxNorm(2.5), [[1.5, -1], [2, 0.5]]),
        (constraints.UnitNorm(), [[0.6, -0.8944272], [0.8, 0.4472136]]),
        (constraints.MinMaxNorm(2.5, 2.5), [[1.5, -2.236068], [2, 1.118034]]),
        (constraints.MinMaxNorm(0.0, 2.5, rate=0.5), [[2.25, -1], [3, 0.5]]),
    ],
)
def test_constraint(constraint, expected):
    np.testing.assert_allclose(constraint(X), expected, rtol=1e-5)


@pytest.mark.parametrize("family", [regularizers, constraints])
def test_every_name_goes_round(family):
    for name in family.ALL_OBJECTS:
        made = family.get(name)
        again = family.deserialize(family.serialize(made))
        assert type(again) is type(made) and again.get_config() == made.get_config()
