"""Pooling: the largest or the sum of each window, for each channel alone, channels last."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.graph.dtypes import is_float
from annette.graph.primitive import Primitive, Spec
from annette.primitives.convolution import Padding, Sizes, Windows, taps_of
from annette.primitives.index import take_along_axis
from annette.primitives.shape import reshape

Samples = list[tuple[tuple[Any, ...], dict[str, Any]]]


def _outputs(name: str, shape: Sizes, size: Sizes, windows: Windows) -> Sizes:
    if len(shape) < 3:
        raise ValueError(
            f"{name} takes (batch, *places, channels), 3 axes or more; the shape is {shape}."
        )
    windows.check(name, shape[1:-1], size)
    return (shape[0], *windows.outputs(shape[1:-1], size), shape[-1])


def _check_floats(name: str, x: Any) -> None:
    if not is_float(x.dtype):
        raise TypeError(f"{name} takes floating-point numbers; it got {x.dtype}. Cast it first.")


def _windows(strides: Sizes, padding: Padding) -> Windows:
    return Windows(strides, padding, (1,) * len(strides))


def _max_shape(x: Any, *, size: Sizes, strides: Sizes, padding: Padding) -> list[Spec]:
    _check_floats("max_pool", x)
    for k, (low, high) in zip(size, padding, strict=False):
        if max(low, high) >= k:
            raise ValueError(
                f"max_pool needs a place of the input in each window: padding {padding} reaches "
                f"over windows of {size}."
            )
    shape = _outputs("max_pool", tuple(x.shape), size, _windows(strides, padding))
    return [(shape, x.dtype), (shape, "int32")]


def _numbers(sizes: Sizes, windows: Windows) -> Any:
    """Return each place's number in the grid, row by row; -1 in the padding."""
    grid = np.arange(math.prod(sizes), dtype="int32").reshape(1, *sizes, 1)
    return windows.padded(np, grid, -1)


def _max_pool(xp: Any, x: Any, *, size: Sizes, strides: Sizes, padding: Padding) -> Any:
    windows = _windows(strides, padding)
    counts = windows.outputs(x.shape[1:-1], size)
    padded, numbers = windows.padded(xp, x, -np.inf), _numbers(x.shape[1:-1], windows)
    best: Any = -np.inf
    where = xp.full((x.shape[0], *counts, x.shape[-1]), -1, "int32")
    for k in taps_of(size):
        value, number = padded[windows.tap(k, counts)], numbers[windows.tap(k, counts)]
        # Not-a-number is larger than all; the first of equals stays; the padding never wins.
        larger = (value > best) | ((value != value) & (best == best)) | (where < 0)
        wins = larger & (number >= 0)
        best, where = xp.where(wins, value, best), xp.where(wins, number, where)
    return best.astype(x.dtype), where


def _max_vjp(
    g: Any, y: Any, x: Any, *, size: Sizes, strides: Sizes, padding: Padding
) -> tuple[Any, ...]:
    sizes = tuple(x.shape[1:-1])
    return (max_unpool(g[0], y[1], sizes=sizes, size=size, strides=strides, padding=padding),)


def _unpool_shape(g: Any, where: Any, *, sizes: Sizes, **how: Any) -> Spec:
    if g.shape != where.shape or where.dtype != "int32":
        raise ValueError(
            f"max_unpool takes an int32 place for each value; the shapes are {g.shape} and "
            f"{where.shape}, the places {where.dtype}."
        )
    return _back_shape("max_unpool", g, sizes, **how)


def _back_shape(
    name: str, g: Any, sizes: Sizes, *, size: Sizes, strides: Sizes, padding: Padding
) -> Spec:
    _check_floats(name, g)
    shape = (g.shape[0], *sizes, g.shape[-1])
    expected = _outputs(name, shape, size, _windows(strides, padding))
    if tuple(g.shape) != expected:
        raise ValueError(f"{name} takes values of shape {expected}; it got {tuple(g.shape)}.")
    return shape, g.dtype


def _spread(g: Any, sizes: Sizes, windows: Windows, size: Sizes, share: Any) -> Any:
    """Return the sum over the windows of what each gives to its places."""
    padded = tuple(n + low + high for n, (low, high) in zip(sizes, windows.padding, strict=True))
    x = np.zeros((g.shape[0], *padded, g.shape[-1]), g.dtype)
    for k in taps_of(size):
        at = windows.tap(k, g.shape[1:-1])
        x[at] += share(at)
    inside = (slice(low, low + n) for n, (low, _) in zip(sizes, windows.padding, strict=True))
    return x[(slice(None), *inside)]


def _max_unpool(
    xp: Any, g: Any, where: Any, *, sizes: Sizes, size: Sizes, strides: Sizes, padding: Padding
) -> Any:
    windows = _windows(strides, padding)
    numbers = _numbers(sizes, windows)
    return _spread(g, sizes, windows, size, lambda at: np.where(where == numbers[at], g, 0))


def _flat(x: Any) -> Any:
    return reshape(x, shape=(x.shape[0], math.prod(x.shape[1:-1]), x.shape[-1]))


def _max_unpool_jax(g: Any, where: Any, *, sizes: Sizes, **how: Any) -> Any:
    import jax.numpy as jnp

    flat = (g.shape[0], math.prod(g.shape[1:-1]), g.shape[-1])
    rows, channels = np.ogrid[: g.shape[0], :0, : g.shape[-1]][::2]
    x = jnp.zeros((g.shape[0], math.prod(sizes), g.shape[-1]), g.dtype)
    x = x.at[rows, where.reshape(flat), channels].add(g.reshape(flat))
    return x.reshape(g.shape[0], *sizes, g.shape[-1])


def _max_unpool_vjp(h: Any, y: Any, g: Any, where: Any, **how: Any) -> tuple[Any, ...]:
    at = take_along_axis(_flat(h), _flat(where), axis=1)
    return reshape(at, shape=tuple(g.shape)), None


def _sum_shape(x: Any, *, size: Sizes, strides: Sizes, padding: Padding) -> Spec:
    _check_floats("sum_pool", x)
    return _outputs("sum_pool", tuple(x.shape), size, _windows(strides, padding)), x.dtype


def _sum_pool(xp: Any, x: Any, *, size: Sizes, strides: Sizes, padding: Padding) -> Any:
    windows = _windows(strides, padding)
    counts = windows.outputs(x.shape[1:-1], size)
    x = windows.padded(xp, x)
    return sum(x[windows.tap(k, counts)] for k in taps_of(size))


def _sum_unpool(
    xp: Any, g: Any, *, sizes: Sizes, size: Sizes, strides: Sizes, padding: Padding
) -> Any:
    return _spread(g, sizes, _windows(strides, padding), size, lambda at: g)


def _sum_unpool_jax(g: Any, *, sizes: Sizes, **how: Any) -> Any:
    import jax
    import jax.numpy as jnp

    x = jax.ShapeDtypeStruct((g.shape[0], *sizes, g.shape[-1]), g.dtype)
    return jax.linear_transpose(lambda x: _sum_pool(jnp, x, **how), x)(g)[0]


# Shapes that together meet every case: input, window, strides, padding.
_FORMS: list[tuple[Sizes, Sizes, Sizes, Padding]] = [
    ((2, 4, 6, 3), (2, 2), (2, 2), ((0, 0), (0, 0))),
    ((2, 5, 5, 2), (3, 2), (2, 1), ((1, 1), (0, 1))),
    ((1, 7, 2), (3,), (2,), ((1, 0),)),
    ((1, 4, 3, 5, 2), (2, 1, 3), (1, 2, 2), ((0, 1), (0, 0), (1, 1))),
    ((2, 5, 5, 1), (2, 2), (3, 3), ((0, 0), (0, 0))),
    ((0, 3, 3, 2), (2, 2), (1, 1), ((0, 0), (0, 0))),
]


def _how(size: Sizes, strides: Sizes, padding: Padding) -> dict[str, Any]:
    return {"size": size, "strides": strides, "padding": padding}


def _apart(rng: np.random.Generator, shape: Sizes) -> Any:
    """Draw values that lie apart, so that a small step changes no order."""
    return rng.permutation(math.prod(shape)).reshape(shape) * 0.5


def _samples(rng: np.random.Generator) -> Samples:
    return [((_apart(rng, x),), _how(k, s, p)) for x, k, s, p in _FORMS]


def _back(rng: np.random.Generator, x: Sizes, k: Sizes, s: Sizes, p: Padding) -> Any:
    return rng.normal(size=(x[0], *_windows(s, p).outputs(x[1:-1], k), x[-1]))


def _sum_unpool_samples(rng: np.random.Generator) -> Samples:
    return [
        ((_back(rng, x, k, s, p),), {"sizes": x[1:-1], **_how(k, s, p)}) for x, k, s, p in _FORMS
    ]


def _max_unpool_samples(rng: np.random.Generator) -> Samples:
    return [
        (
            (_back(rng, x, k, s, p), _max_pool(np, _apart(rng, x), **_how(k, s, p))[1]),
            {"sizes": x[1:-1], **_how(k, s, p)},
        )
        for x, k, s, p in _FORMS
    ]


max_pool: Primitive = Primitive(
    "max_pool", r"y_o = \max_k x_{s o + k - p}, and where it stands", run=_max_pool,
    shape=_max_shape, vjp=_max_vjp, samples=_samples, kernel="max_pool", family="pooling",
)  # fmt: skip
max_unpool: Primitive = Primitive(
    "max_unpool", r"x_i = \sum_{o:\ \text{where}_o = i} g_o", run=_max_unpool, jax=_max_unpool_jax,
    shape=_unpool_shape, vjp=_max_unpool_vjp, samples=_max_unpool_samples, kernel="max_unpool",
    family="pooling",
)  # fmt: skip
sum_pool: Primitive = Primitive(
    "sum_pool", r"y_o = \sum_k x_{s o + k - p}", run=_sum_pool, shape=_sum_shape,
    vjp=lambda g, y, x, **how: (sum_unpool(g, sizes=tuple(x.shape[1:-1]), **how),),
    samples=_samples, kernel="depthwise", family="pooling",
)  # fmt: skip
sum_unpool: Primitive = Primitive(
    "sum_unpool", r"x_i = \sum_{o, k:\ s o + k - p = i} g_o", run=_sum_unpool, jax=_sum_unpool_jax,
    shape=lambda g, *, sizes, **how: _back_shape("sum_unpool", g, sizes, **how),
    vjp=lambda h, y, g, *, sizes, **how: (sum_pool(h, **how),),
    samples=_sum_unpool_samples, kernel="depthwise", family="pooling",
)  # fmt: skip
