"""Counter-based random bits: the same key and place give the same bits, on every backend.

Philox-4x32-10: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.primitive import Primitive, Spec

_MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
_WEYL = (0x9E3779B9, 0xBB67AE85)
_ROUNDS = 10


def _product(xp: Any, a: int, b: Any) -> tuple[Any, Any]:
    """Return the high and low 32 bits of a * b, from 16-bit halves where there is no uint64."""
    if xp is np:
        wide = b.astype(np.uint64) * np.uint64(a)
        return (wide >> np.uint64(32)).astype(np.uint32), wide.astype(np.uint32)
    u32 = xp.uint32
    a_low, a_high = u32(a & 0xFFFF), u32(a >> 16)
    b_low, b_high = b & u32(0xFFFF), b >> u32(16)
    cross = a_high * b_low + ((a_low * b_low) >> u32(16))
    middle = a_low * b_high + (cross & u32(0xFFFF))
    return a_high * b_high + (cross >> u32(16)) + (middle >> u32(16)), u32(a) * b


def philox(xp: Any, counter: list[Any], key: list[Any]) -> list[Any]:
    """Return the four uint32 words that ten rounds make of four counter words and two key words."""
    x0, x1, x2, x3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        high0, low0 = _product(xp, _MULTIPLIERS[0], x0)
        high1, low1 = _product(xp, _MULTIPLIERS[1], x2)
        x0, x1, x2, x3 = high1 ^ x1 ^ k0, low1, high0 ^ x3 ^ k1, low0
        k0, k1 = k0 + xp.uint32(_WEYL[0]), k1 + xp.uint32(_WEYL[1])
    return [x0, x1, x2, x3]


def _bits(xp: Any, key: Any, *, shape: tuple[int, ...]) -> Any:
    """Block i of four words has counter (i, 0, key[1], 0) under the key (key[0], 0)."""
    size = math.prod(shape)
    blocks = -(-size // 4)
    index = xp.arange(blocks, dtype=xp.uint32)
    zero = xp.zeros_like(index)
    with np.errstate(over="ignore"):
        words = philox(xp, [index, zero, zero + key[1], zero], [zero + key[0], zero])
    return xp.stack(words, axis=1).reshape(-1)[:size].reshape(shape)


def _bits_shape(key: Any, *, shape: tuple[int, ...]) -> Spec:
    if key.shape != (2,) or key.dtype != "uint32":
        raise ValueError(
            f"random_bits takes a key of two uint32 (seed, counter); it got {key.dtype} of shape "
            f"{key.shape}."
        )
    return shape, "uint32"


def _bits_samples(rng: np.random.Generator) -> list[tuple[tuple[Any, ...], dict[str, Any]]]:
    key = rng.integers(0, 2**32, 2, dtype=np.uint32)
    return [((key,), {"shape": s}) for s in ((3, 5), (4,), (), (0,))]


random_bits = Primitive(
    "random_bits", r"\text{Philox-4x32-10}(\text{seed}, \text{counter}, i)", run=_bits,
    shape=_bits_shape, vjp=None, samples=_bits_samples, kernel="random_bits", family="random",
)  # fmt: skip
