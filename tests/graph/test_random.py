"""Counter-based randomness: known answers, equal on every backend, decided by seed and counter alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from annette import ops, random
from annette.backends import make_backend
from annette.graph import trace
from annette.primitives.random import philox, random_bits
from annette.testing import interpret
from tests.primitives.records import needs_jax

# Known answers of Random123 for philox4x32-10: counter, key, result.
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]


def words(xp, numbers):
    return [xp.asarray(np.array([n], "uint32")) for n in numbers]


@pytest.mark.parametrize("known", KNOWN, ids=["zeros", "ones", "pi"])
def test_known_answers(known):
    counter, key, expected = known
    with np.errstate(over="ignore"):
        found = philox(np, words(np, counter), words(np, key))
    assert tuple(int(w[0]) for w in found) == expected


@needs_jax
@pytest.mark.parametrize("known", KNOWN, ids=["zeros", "ones", "pi"])
def test_known_answers_on_jax(known):
    import jax.numpy as jnp

    counter, key, expected = known
    found = philox(jnp, words(jnp, counter), words(jnp, key))
    assert tuple(int(w[0]) for w in found) == expected


def test_the_bits_of_a_key_are_the_blocks_of_its_counter():
    """Block i has counter (i, 0, counter, 0) under the key (seed, 0): that is what other backends do."""
    with np.errstate(over="ignore"):
        blocks = [philox(np, words(np, (i, 0, 9, 0)), words(np, (7, 0))) for i in range(3)]
    expected = np.array([[int(w[0]) for w in block] for block in blocks], "uint32").reshape(-1)
    key = np.array([7, 9], "uint32")
    np.testing.assert_array_equal(random_bits(key, shape=(12,)), expected)
    np.testing.assert_array_equal(random_bits(key, shape=(2, 5)), expected[:10].reshape(2, 5))


DRAWS = {
    "uniform": lambda seed: random.uniform((40, 50), seed=seed),
    "uniform float64": lambda seed: random.uniform((2000,), dtype="float64", seed=seed),
    "normal": lambda seed: random.normal((40, 50), seed=seed),
    "truncated_normal": lambda seed: random.truncated_normal((2000,), seed=seed),
    "randint": lambda seed: random.randint((2000,), -3, 12, seed=seed),
    "categorical": lambda seed: random.categorical(np.zeros((4, 6), "float32"), 500, seed=seed),
    "dropout": lambda seed: random.dropout(np.ones((40, 50), "float32"), 0.3, seed=seed),
    "shuffle": lambda seed: random.shuffle(np.arange(2000), seed=seed),
    "gumbel": lambda seed: random.gumbel((2000,), seed=seed),
    "binomial": lambda seed: random.binomial((2000,), 9, 0.4, seed=seed),
    "gamma": lambda seed: random.gamma((2000,), 2.5, seed=seed),
    "beta": lambda seed: random.beta((2000,), 2.0, 3.0, seed=seed),
}


@pytest.mark.parametrize("name", DRAWS)
def test_a_number_draws_the_same_values_at_every_call(name):
    draw = DRAWS[name]
    assert np.asarray(draw(5)).tobytes() == np.asarray(draw(5)).tobytes()
    assert not np.array_equal(np.asarray(draw(5)), np.asarray(draw(6)))
    assert not np.array_equal(np.asarray(draw(5)), np.asarray(draw(5 + 2**32)))


@pytest.mark.parametrize("name", DRAWS)
def test_a_generator_draws_other_values_at_every_call_and_the_same_from_the_start(name):
    draw = DRAWS[name]
    generator, again = random.SeedGenerator(5), random.SeedGenerator(5)
    first, second = np.asarray(draw(generator)), np.asarray(draw(generator))
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(first, np.asarray(draw(again)))
    np.testing.assert_array_equal(second, np.asarray(draw(again)))


@pytest.mark.parametrize("name", DRAWS)
def test_a_generator_moves_in_a_trace_as_at_once(name):
    draw = DRAWS[name]
    at_once, traced = random.SeedGenerator(11), random.SeedGenerator(11)
    graph, _ = trace(lambda: (draw(traced), draw(traced)), [])
    program = make_backend("numpy").compile(graph.check())
    for _ in range(2):
        for found in program([]):
            np.testing.assert_array_equal(found, np.asarray(draw(at_once)))
    np.testing.assert_array_equal(traced.state.numpy(), at_once.state.numpy())


@needs_jax
@pytest.mark.parametrize("name", DRAWS)
def test_jax_draws_the_same(name):
    graph, _ = trace(lambda: DRAWS[name](random.SeedGenerator(3).state), [])
    (expected,), _ = interpret(graph, [])
    (found,) = make_backend("jax").compile(graph)([])
    assert found.dtype == expected.dtype
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)
    else:
        np.testing.assert_array_equal(found, expected)


@needs_jax
def test_jax_draws_the_same_bits():
    key = np.array([2**31 + 5, 2**32 - 1], "uint32")
    graph, _ = trace(lambda k: random_bits(k, shape=(1001,)), [((2,), "uint32")])
    np.testing.assert_array_equal(
        make_backend("jax").compile(graph)([key])[0], interpret(graph, [key])[0][0]
    )


# --- distributions --------------------------------------------------------------------------------

N = 200_000
# name: (draw, mean, variance, least, greatest); a million-to-one bound on the mean is five deviations.
MOMENTS = {
    "uniform": (lambda s: random.uniform((N,), -1.0, 3.0, seed=s), 1, 16 / 12, -1, 3),
    "uniform float64": (lambda s: random.uniform((N,), dtype="float64", seed=s), 0.5, 1 / 12, 0, 1),
    "normal": (lambda s: random.normal((N,), 2.0, 3.0, seed=s), 2, 9, -math.inf, math.inf),
    "truncated_normal": (lambda s: random.truncated_normal((N,), seed=s), 0, 0.7737413, -2, 2),
    "randint": (lambda s: random.randint((N,), 0, 10, seed=s), 4.5, 99 / 12, 0, 9),
    "dropout": (lambda s: random.dropout(ops.ones((N,)), 0.2, seed=s), 1, 0.25, 0, 1.25),
    "gumbel": (
        lambda s: random.gumbel((N,), seed=s),
        0.5772157,
        math.pi**2 / 6,
        -math.inf,
        math.inf,
    ),
    "binomial": (lambda s: random.binomial((N,), 8, 0.25, seed=s), 2, 1.5, 0, 8),
}


@pytest.mark.parametrize("name", list(MOMENTS))
def test_moments(name):
    draw, mean, variance, least, greatest = MOMENTS[name]
    x = np.asarray(draw(17), "float64")
    assert abs(x.mean() - mean) < 5 * math.sqrt(variance / N)
    assert abs(x.var() / variance - 1) < 0.03
    assert x.min() >= least and x.max() <= greatest


FEW = 20_000


@pytest.mark.parametrize(
    ("draw", "numpys"),
    [
        (lambda n: random.gamma((n,), 0.2, seed=3), lambda g, n: g.gamma(0.2, size=n)),
        (lambda n: random.gamma((n,), 7.5, seed=3), lambda g, n: g.gamma(7.5, size=n)),
        (lambda n: random.beta((n,), 2.0, 3.0, seed=3), lambda g, n: g.beta(2.0, 3.0, size=n)),
        (lambda n: random.beta((n,), 0.05, 0.1, seed=3), lambda g, n: g.beta(0.05, 0.1, size=n)),
    ],
)
def test_gamma_and_beta_lie_as_those_of_numpy(draw, numpys):
    ours = np.asarray(draw(FEW), "float64")
    theirs = numpys(np.random.default_rng(3), 50 * FEW)
    shares = np.array([0.1, 0.25, 0.5, 0.75, 0.9])
    below = (ours[:, None] <= np.quantile(theirs, shares)).mean(axis=0)
    assert np.abs(below - shares).max() < 5 * math.sqrt(0.25 / FEW)
    assert np.isfinite(ours).all()


def test_gamma_and_beta_take_parameters_for_each_element():
    alpha = np.array([0.5, 2.0, 30.0])
    assert np.asarray(random.gamma((FEW, 3), alpha, seed=1)).mean(axis=0) == pytest.approx(
        alpha, rel=0.05
    )
    assert np.asarray(random.beta((FEW, 3), alpha, 2.0, seed=1)).mean(axis=0) == pytest.approx(
        alpha / (alpha + 2.0), rel=0.05
    )


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_uniform_never_reaches_its_upper_end(dtype):
    for least, greatest in ((0.0, 1.0), (5.0, 6.0), (-3, -2)):
        x = np.asarray(random.uniform((2 * N,), least, greatest, dtype=dtype, seed=1))
        assert x.dtype == dtype and x.min() >= least and x.max() < greatest


def test_randint_of_wide_ranges():
    x = np.asarray(random.randint((N,), -(2**40), 2**40, dtype="int64", seed=1))
    assert x.dtype == np.int64 and -(2**40) <= x.min() < -(2**39) and 2**39 < x.max() < 2**40
    small = np.asarray(random.randint((N,), 0, 256, dtype="uint8", seed=1))
    assert (small.min(), small.max()) == (0, 255)
    bounds = np.array([1, 10, 100], "int32")
    drawn = np.asarray(random.randint((N, 3), 0, bounds, seed=1))
    assert (drawn.max(axis=0) == bounds - 1).all()


def test_seeds_above_32_bits_are_seeds_of_their_own():
    drawn = [np.asarray(random.uniform((9,), seed=random.SeedGenerator(s)))
             for s in (3, 3 + 2**32, 3 + 2**40, 2**64 - 1)]  # fmt: skip
    assert len({x.tobytes() for x in drawn}) == 4


def test_normal_draws_are_normal():
    z = np.sort(np.asarray(random.normal((N,), seed=4), "float64"))
    expected = np.array([math.erf(v / math.sqrt(2)) / 2 + 0.5 for v in z[::1000]])
    found = np.arange(0, N, 1000) / N
    assert np.abs(expected - found).max() < 1.95 / math.sqrt(N), "Kolmogorov and Smirnov"
    assert np.isfinite(z).all()


def test_neighbouring_draws_are_not_correlated():
    z = np.asarray(random.normal((N,), seed=4), "float64")
    for lag in (1, 2, 3, 4, 7):
        assert abs(np.corrcoef(z[:-lag], z[lag:])[0, 1]) < 5 / math.sqrt(N)
    other = np.asarray(random.normal((N,), seed=5), "float64")
    assert abs(np.corrcoef(z, other)[0, 1]) < 5 / math.sqrt(N)


def test_categorical_follows_its_probabilities():
    p = np.array([[0.5, 0.25, 0.25, 0.0], [0.1, 0.2, 0.3, 0.4]])
    with np.errstate(divide="ignore"):
        drawn = np.asarray(random.categorical(np.log(p), 50_000, seed=3))
    assert drawn.shape == (2, 50_000) and drawn.dtype == np.int32
    for row, wanted in zip(drawn, p, strict=True):
        found = np.bincount(row, minlength=4) / 50_000
        np.testing.assert_allclose(found, wanted, atol=5 * math.sqrt(0.25 / 50_000))


def test_shuffle_keeps_what_it_orders_anew():
    x = np.arange(30).reshape(10, 3)
    shuffled = np.asarray(random.shuffle(x, seed=2))
    assert sorted(map(tuple, shuffled)) == list(map(tuple, x))
    columns = np.asarray(random.shuffle(x, axis=1, seed=2))
    assert (np.sort(columns, axis=1) == x).all()


def test_dropout_zeros_and_scales():
    y = np.asarray(random.dropout(np.full((N,), 3.0, "float32"), 0.4, seed=1))
    assert set(np.unique(y)) == {0.0, np.float32(3.0 * np.float32(1 / 0.6))}
    assert abs((y == 0).mean() - 0.4) < 5 * math.sqrt(0.24 / N)
    rows = np.asarray(random.dropout(np.ones((4, 100)), 0.5, noise_shape=(None, 1), seed=1))
    assert all(len(set(row)) == 1 for row in rows)


def test_seeds_that_are_none():
    for seed in (-1, 1.5, "a", True):
        with pytest.raises(ValueError, match="seed"):
            random.SeedGenerator(seed)
    with pytest.raises(ValueError, match="seed"):
        random.uniform((2,), seed="a")
    with pytest.raises(ValueError, match="float"):
        random.normal((2,), dtype="int32")
