"""`tf.random`."""

from __future__ import annotations

from typing import Any

from annette import random


def set_seed(seed: int) -> None:
    """Start annette's random numbers anew; those of Python and NumPy are left alone."""
    random.reset_global(int(seed))


def normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Return numbers of the normal distribution."""
    return random.normal(tuple(shape), mean, stddev, dtype=str(dtype), seed=seed)


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Return numbers of the normal distribution within two standard deviations."""
    return random.truncated_normal(tuple(shape), mean, stddev, dtype=str(dtype), seed=seed)


def uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = "float32",
    seed: Any = None,
    name: Any = None,
) -> Any:
    """Return numbers spread evenly over an interval; whole ones if `dtype` says so."""
    if "int" in str(dtype):
        return random.randint(tuple(shape), minval, maxval, dtype=str(dtype), seed=seed)
    high = 1.0 if maxval is None else maxval
    return random.uniform(tuple(shape), minval, high, dtype=str(dtype), seed=seed)


def shuffle(value: Any, seed: Any = None, name: Any = None) -> Any:
    """Return the rows in another order."""
    return random.shuffle(value, axis=0, seed=seed)


def categorical(
    logits: Any, num_samples: int, dtype: Any = "int64", seed: Any = None, name: Any = None
) -> Any:
    """Return classes drawn with the chances that the logits give."""
    return random.categorical(logits, num_samples, dtype=str(dtype), seed=seed)


def stateless_normal(
    shape: Any, seed: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32"
) -> Any:
    """Return numbers of the normal distribution that depend on the seed (two numbers) alone."""
    return normal(shape, mean, stddev, dtype, _joined(seed))


def stateless_uniform(
    shape: Any, seed: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32"
) -> Any:
    """Return numbers spread evenly that depend on the seed (two numbers) alone."""
    return uniform(shape, minval, maxval, dtype, _joined(seed))


def _joined(seed: Any) -> int:
    first, second = (int(s) for s in seed)
    return (first & 0x7FFFFFFF) << 31 | second & 0x7FFFFFFF


class Generator:
    """Numbers at random from a seed of one's own (`tf.random.Generator.from_seed`)."""

    def __init__(self, seed: int | None = None) -> None:
        self._seeds = random.SeedGenerator(seed)

    @classmethod
    def from_seed(cls, seed: int, alg: Any = None) -> Generator:
        """Return the generator of a seed."""
        return cls(int(seed))

    @classmethod
    def from_non_deterministic_state(cls, alg: Any = None) -> Generator:
        """Return a generator with a seed that is drawn."""
        return cls()

    def normal(self, shape: Any, mean: Any = 0.0, stddev: Any = 1.0, dtype: Any = "float32") -> Any:
        """Return numbers of the normal distribution."""
        return normal(shape, mean, stddev, dtype, self._seeds)

    def uniform(
        self, shape: Any, minval: Any = 0, maxval: Any = None, dtype: Any = "float32"
    ) -> Any:
        """Return numbers spread evenly over an interval."""
        return uniform(shape, minval, maxval, dtype, self._seeds)
