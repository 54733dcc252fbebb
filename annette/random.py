r"""Random numbers that depend on seed and counter alone, never on backend, threads or order.

``keras.random``: each draw takes a key (seed, counter) and Philox bits at it. A seed given as a
number draws the same values at every call; a `SeedGenerator` moves its counter at every draw.
"""

from __future__ import annotations

import math
import random as _python_random
from typing import Any

import numpy as np

from annette import ops
from annette.graph.context import suspended
from annette.graph.dtypes import standardize
from annette.graph.primitive import apply
from annette.graph.variable import Variable
from annette.ops.numpy.shaping import static_shape
from annette.primitives.elementwise import right_shift
from annette.primitives.random import random_bits


class SeedGenerator:
    """A seed and a counter that moves at every draw, kept as a variable so that traces move it too.

    Args:
        seed: a whole number, or None for one drawn from Python's ``random``.
        name: of the generator.

    Raises:
        ValueError: if `seed` is no whole number of 0 or more.
    """

    def __init__(self, seed: int | None = None, name: str | None = None, **kwargs: Any) -> None:
        if kwargs:
            raise ValueError(f"SeedGenerator got unknown arguments {sorted(kwargs)}.")
        if seed is None:
            seed = make_default_seed()
        if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
            raise ValueError(f"seed must be a whole number of 0 or more; it got {seed!r}.")
        self.name = name or "seed_generator"
        self._initial_seed = int(seed)
        # The bits above the first 32 change the key, which has no place for them.
        key = (self._initial_seed ^ (self._initial_seed >> 32) * 0x9E3779B9) & 0xFFFFFFFF
        self.state = Variable(
            np.array([key, 0], "uint32"), trainable=False, name="seed_generator_state"
        )

    @property
    def seed(self) -> int:
        """The seed it was made with."""
        return self._initial_seed

    def next(self, ordered: bool = True) -> Any:
        """Return the key of the next draw, two uint32, and move the counter."""
        key = self.state.value
        self.state.assign(ops.add(key, np.array([0, 1], "uint32")))
        return key

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal generator."""
        return {"seed": self._initial_seed, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> SeedGenerator:
        """Return the generator that `config` describes."""
        return cls(**config)


_global: SeedGenerator | None = None


def make_default_seed() -> int:
    """Return a seed drawn from Python's ``random``."""
    return _python_random.randint(1, int(1e9))


def global_generator() -> SeedGenerator:
    """Return the generator behind ``seed=None``."""
    global _global
    if _global is None:
        with suspended():
            _global = SeedGenerator()
    return _global


def reset_global(seed: int | None) -> None:
    """Make the generator behind ``seed=None`` start anew, from `seed` or from a drawn one."""
    global _global
    _global = None if seed is None else SeedGenerator(seed)


def _key(seed: Any) -> Any:
    if isinstance(seed, SeedGenerator):
        return seed.next()
    if seed is None:
        return global_generator().next()
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return np.array([int(seed) & 0xFFFFFFFF, (int(seed) >> 32) & 0xFFFFFFFF], "uint32")
    if hasattr(seed, "shape") and tuple(seed.shape) == (2,):
        return ops.cast(seed, "uint32")
    raise ValueError(f"seed must be a whole number, a SeedGenerator or None; it got {seed!r}.")


def _unit(key: Any, shape: tuple[int, ...], dtype: str) -> Any:
    """Return numbers of [0, 1) with 24 random bits (53 in float64)."""
    if dtype == "float64":
        words = apply(random_bits, (key,), {"shape": (2, *shape)})
        high = ops.cast(_shifted(words[0], 5), "float64")
        low = ops.cast(_shifted(words[1], 6), "float64")
        return (high * 67108864.0 + low) * 2.0**-53
    bits = apply(random_bits, (key,), {"shape": shape})
    return ops.cast(_shifted(bits, 8), "float32") * 2.0**-24


def _shifted(words: Any, places: int) -> Any:
    return apply(right_shift, (words, np.uint32(places)), {})


def _float(dtype: Any) -> str:
    name = standardize(dtype)
    if "float" not in name:
        raise ValueError(f"This distribution has real numbers; dtype {name!r} is not a float type.")
    return name


def uniform(
    shape: Any, minval: float = 0.0, maxval: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    """Return numbers drawn evenly from [minval, maxval).

    $x = a + (b - a) u$ with $u$ from [0, 1), $a$ `minval` and $b$ `maxval`; whole numbers for an
    integer `dtype`.

    Shape: the result has `shape`.

    Raises:
        ValueError: for a `seed` of another kind.
    """
    dtype = standardize(dtype)
    if "float" not in dtype:
        return randint(shape, minval, maxval, dtype, seed)
    unit = _unit(_key(seed), static_shape(shape), dtype)
    drawn = ops.cast(unit * (maxval - minval) + minval, dtype)
    if isinstance(maxval, (int, float)) and minval < maxval and dtype != "bfloat16":
        # Rounding may reach the upper end, which is outside.
        kind = np.dtype(dtype).type
        drawn = ops.minimum(drawn, np.nextafter(kind(maxval), kind(minval)))
    return drawn


def randint(shape: Any, minval: Any, maxval: Any, dtype: Any = "int32", seed: Any = None) -> Any:
    """Return whole numbers drawn evenly from minval to maxval - 1.

    Args:
        shape: of the result.
        minval: the smallest number.
        maxval: one more than the largest.
        dtype: an integer type.
        seed: a whole number, a `SeedGenerator` or None.

    Raises:
        ValueError: for a `dtype` that is no integer type, or a `seed` of another kind.
    """
    dtype = standardize(dtype)
    if "int" not in dtype:
        raise ValueError(f"randint draws whole numbers; dtype {dtype!r} is not an integer type.")
    unit = _unit(_key(seed), static_shape(shape), "float64")
    span = maxval - minval
    span = float(span) if isinstance(span, int) else ops.cast(span, "float64")
    return ops.cast(ops.floor(unit * span) + minval, dtype)


def normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    r"""Return numbers of a normal distribution (Box & Muller, 1958).

    .. math:: z = \sqrt{-2 \ln(1 - u_1)} \cos 2 \pi u_2

    Args:
        shape: of the result.
        dtype: a float type; `floatx()` unless given.
        seed: a whole number, a `SeedGenerator` or None.

    Raises:
        ValueError: for a `dtype` that is no float type, or a `seed` of another kind.
    """
    dtype = _float(dtype)
    wide = "float64" if dtype == "float64" else "float32"
    u = _unit(_key(seed), (2, *static_shape(shape)), wide)
    radius = ops.sqrt(ops.log1p(-u[0]) * -2.0)
    return ops.cast(radius * ops.cos(u[1] * (2.0 * math.pi)) * stddev + mean, dtype)


def truncated_normal(
    shape: Any, mean: float = 0.0, stddev: float = 1.0, dtype: Any = None, seed: Any = None
) -> Any:
    r"""Return numbers of a normal distribution cut at two standard deviations.

    .. math:: z = \sqrt2\, \operatorname{erf}^{-1}(u), \quad u \in
        (-\operatorname{erf} \sqrt2, \operatorname{erf} \sqrt2)

    Args:
        shape: of the result.
        dtype: a float type; `floatx()` unless given.
        seed: a whole number, a `SeedGenerator` or None.

    Raises:
        ValueError: for a `dtype` that is no float type, or a `seed` of another kind.
    """
    dtype = _float(dtype)
    wide = "float64" if dtype == "float64" else "float32"
    unit = _unit(_key(seed), static_shape(shape), wide)
    edge = math.erf(math.sqrt(2.0))
    z = ops.clip(ops.erfinv((unit * 2.0 - 1.0) * edge) * math.sqrt(2.0), -2.0, 2.0)
    return ops.cast(z * stddev + mean, dtype)


def categorical(logits: Any, num_samples: int, dtype: Any = "int32", seed: Any = None) -> Any:
    """Return, for each row of logits, classes drawn with the probabilities softmax(logits).

    Shapes: logits (rows, classes); result (rows, num_samples).
    """
    logits = ops.convert_to_tensor(logits)
    rows, classes = logits.shape
    noise = gumbel((rows, num_samples, classes), seed=seed)
    return ops.cast(ops.argmax(ops.expand_dims(logits, 1) + noise, axis=-1), dtype)


def gumbel(shape: Any, dtype: Any = None, seed: Any = None) -> Any:
    r"""Return numbers of a Gumbel distribution, :math:`-\ln(-\ln u)`.

    Args:
        shape: of the result.
        dtype: a float type; `floatx()` unless given.
        seed: a whole number, a `SeedGenerator` or None.

    Raises:
        ValueError: for a `dtype` that is no float type, or a `seed` of another kind.
    """
    dtype = _float(dtype)
    unit = _unit(_key(seed), static_shape(shape), "float64")
    inner = -ops.log(ops.maximum(unit, 1e-300))
    return ops.cast(-ops.log(ops.maximum(inner, 1e-300)), dtype)


def binomial(
    shape: Any, counts: Any, probabilities: Any, dtype: Any = None, seed: Any = None
) -> Any:
    """Return how many of `counts` trials succeed, each with its probability.

    Args:
        shape: of the result; `counts` and `probabilities` are broadcast to it.
        counts: numbers of trials.
        probabilities: of success, from 0 to 1.
        dtype: a float type.
        seed: a whole number, a `SeedGenerator` or None.

    Raises:
        ValueError: for a `dtype` that is no float type, or a `seed` of another kind.
    """
    shape = static_shape(shape)
    most = int(np.max(ops.convert_to_numpy(counts))) if np.size(counts) else 0
    unit = _unit(_key(seed), (most, *shape), "float32")
    trial = ops.reshape(ops.arange(most), (most,) + (1,) * len(shape))
    hits = ops.logical_and(unit < probabilities, trial < counts)
    return ops.cast(ops.sum(ops.cast(hits, "int32"), axis=0), standardize(dtype))


def gamma(shape: Any, alpha: Any, dtype: Any = None, seed: Any = None) -> Any:
    r"""Return numbers of the gamma distribution of shape `alpha` and scale 1 (Marsaglia & Tsang, 2000).

    .. math:: d = \alpha - 1/3, \quad x = d v, \quad v = (1 + z / \sqrt{9 d})^3 \text{ where }
        \ln u < z^2 / 2 + d (1 - v + \ln v)

    Args:
        shape: of the result; `alpha` is broadcast to it.
        alpha: above 0; below 1, a draw for alpha + 1 is multiplied by :math:`u^{1 / \alpha}`.
        dtype: a float type.
        seed: a whole number, a `SeedGenerator` or None.
    """
    dtype = _float(dtype)
    return ops.cast(ops.exp(_log_gamma(_key(seed), static_shape(shape), alpha)), dtype)


def beta(shape: Any, alpha: Any, beta: Any, dtype: Any = None, seed: Any = None) -> Any:
    r"""Return numbers of the beta distribution, :math:`x / (x + y)` of two gamma draws.

    Args:
        shape: of the result; `alpha` and `beta` are broadcast to it.
        alpha: above 0.
        beta: above 0.
        dtype: a float type.
        seed: a whole number, a `SeedGenerator` or None.
    """
    dtype, shape = _float(dtype), static_shape(shape)
    both = [ops.broadcast_to(ops.cast(x, "float64"), shape) for x in (alpha, beta)]
    # From logarithms: of small shapes both draws may be 0.
    logs = _log_gamma(_key(seed), (2, *shape), ops.stack(both))
    return ops.cast(ops.sigmoid(logs[0] - logs[1]), dtype)


# Each try succeeds with 95 % or more: none of so many does once in 10^15 draws.
_TRIES = 12


def _log_gamma(key: Any, shape: tuple[int, ...], alpha: Any) -> Any:
    """Return logarithms, in float64, of numbers drawn from the gamma distribution."""
    alpha = ops.broadcast_to(ops.cast(alpha, "float64"), shape)
    small = alpha < 1.0
    d = ops.where(small, alpha + 1.0, alpha) - 1.0 / 3.0
    u = 1.0 - _unit(key, (3 * _TRIES + 1, *shape), "float64")
    z = ops.sqrt(ops.log(u[:_TRIES]) * -2.0) * ops.cos(u[_TRIES : 2 * _TRIES] * (2.0 * math.pi))
    root = 1.0 + z / ops.sqrt(d * 9.0)
    log_v = ops.log(ops.maximum(root, 1e-300)) * 3.0
    limit = z * z * 0.5 + d * (1.0 - ops.exp(log_v) + log_v)
    good = ops.logical_and(root > 0.0, ops.log(u[2 * _TRIES : 3 * _TRIES]) < limit)
    first = ops.expand_dims(ops.argmax(ops.cast(good, "int32"), axis=0), 0)
    drawn = ops.log(d) + ops.take_along_axis(log_v, first, axis=0)[0]
    return drawn + ops.where(small, ops.log(u[-1]) / alpha, 0.0)


def dropout(inputs: Any, rate: float, noise_shape: Any = None, seed: Any = None) -> Any:
    """Return inputs with a fraction `rate` set to 0 and the rest divided by ``1 - rate``.

    (Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov, 2014.)

    Args:
        inputs: of any shape, which is the result's.
        rate: from 0 to 1.
        noise_shape: of the draw, which is broadcast: 1 where all along an axis are kept or dropped
            together, None for the input's size.
        seed: a whole number, a `SeedGenerator` or None.

    Raises:
        ValueError: for a `seed` of another kind.
    """
    inputs = ops.convert_to_tensor(inputs)
    if rate >= 1.0:
        return ops.zeros_like(inputs)
    shape = tuple(inputs.shape)
    if noise_shape is not None:
        shape = tuple(
            n if wanted is None else wanted for n, wanted in zip(shape, noise_shape, strict=True)
        )
    keep = _unit(_key(seed), shape, "float32") >= rate
    return ops.where(keep, inputs * (1.0 / (1.0 - rate)), 0.0)


def shuffle(x: Any, axis: int = 0, seed: Any = None) -> Any:
    """Return x with its parts along `axis` in a random order.

    Shape: the result is as x.

    Raises:
        ValueError: for a `seed` of another kind.
    """
    x = ops.convert_to_tensor(x)
    bits = apply(random_bits, (_key(seed),), {"shape": (x.shape[axis],)})
    order = ops.argsort(ops.cast(bits, "int64"))
    return ops.take(x, order, axis=axis)
