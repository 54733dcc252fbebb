"""Fused operations of networks: softmax, cross-entropies, normalization."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette.fused import fused
from annette.graph.primitive import apply
from annette.ops.numpy import elementwise as el, reduction, shaping
from annette.ops.numpy.creation import arange
from annette.primitives import index

Samples = list[tuple[tuple[Any, ...], dict[str, Any]]]


def _logits(rng: np.random.Generator) -> Samples:
    return [
        ((rng.normal(size=(3, 4)),), {"axis": -1}),
        ((rng.normal(size=(2, 3, 2)),), {"axis": 1}),
    ]


def _softmax_vjp(g: Any, y: Any, x: Any, *, axis: int) -> tuple[Any, ...]:
    return (y * (g - reduction.sum(g * y, axis=axis, keepdims=True)),)


@fused(kernel="softmax", samples=_logits, vjp=_softmax_vjp)
def softmax(x: Any, *, axis: int) -> Any:
    r"""e^{x_i} / \sum_j e^{x_j}

    The largest x is subtracted first, so that nothing overflows.
    """
    powers = el.exp(el.subtract(x, reduction.max(x, axis=axis, keepdims=True)))
    return el.divide(powers, reduction.sum(powers, axis=axis, keepdims=True))


def _log_softmax_vjp(g: Any, y: Any, x: Any, *, axis: int) -> tuple[Any, ...]:
    return (g - el.exp(y) * reduction.sum(g, axis=axis, keepdims=True),)


@fused(kernel="log_softmax", samples=_logits, vjp=_log_softmax_vjp)
def log_softmax(x: Any, *, axis: int) -> Any:
    r"""x_i - \ln \sum_j e^{x_j}

    The largest x is subtracted first, so that nothing overflows.
    """
    shifted = el.subtract(x, reduction.max(x, axis=axis, keepdims=True))
    return el.subtract(shifted, el.log(reduction.sum(el.exp(shifted), axis=axis, keepdims=True)))


def _sparse_samples(rng: np.random.Generator) -> Samples:
    return [((np.array([0, 3, 1], "int32"), rng.normal(size=(3, 4))), {})]


def _sparse_vjp(g: Any, y: Any, target: Any, logits: Any) -> tuple[Any, ...]:
    hit = el.equal(shaping.expand_dims(target, -1), arange(logits.shape[-1], dtype=target.dtype))
    share = softmax(logits, axis=-1) - el.where(hit, 1.0, 0.0)
    return None, shaping.expand_dims(g, -1) * share


@fused(kernel="sparse_cross_entropy", samples=_sparse_samples, vjp=_sparse_vjp)
def sparse_cross_entropy(target: Any, logits: Any) -> Any:
    r"""-\ln \operatorname{softmax}(z)_{t}

    Shapes: target (...), integers; logits (..., classes); result (...).
    """
    logs = log_softmax(logits, axis=-1)
    places = shaping.expand_dims(target, -1)
    picked = apply(index.take_along_axis, (logs, places), {"axis": len(logs.shape) - 1})
    return el.negative(shaping.squeeze(picked, -1))


def _cross_entropy_samples(rng: np.random.Generator) -> Samples:
    return [((rng.dirichlet(np.ones(4), 3), rng.normal(size=(3, 4))), {})]


@fused(kernel="cross_entropy", samples=_cross_entropy_samples)
def cross_entropy(target: Any, logits: Any) -> Any:
    r"""-\sum_i t_i \ln \operatorname{softmax}(z)_i

    Shapes: target and logits (..., classes); result (...).
    """
    return el.negative(reduction.sum(el.multiply(target, log_softmax(logits, axis=-1)), axis=-1))


def _binary_samples(rng: np.random.Generator) -> Samples:
    return [((rng.uniform(0, 1, (3, 2)), rng.uniform(0.3, 2, (3, 2))), {})]


def _binary_vjp(g: Any, y: Any, target: Any, logits: Any) -> tuple[Any, ...]:
    from annette.ops.nn import sigmoid

    return -g * logits, g * (sigmoid(logits) - target)


@fused(kernel=None, samples=_binary_samples, vjp=_binary_vjp)
def binary_cross_entropy(target: Any, logits: Any) -> Any:
    r"""-t \ln \sigma(z) - (1 - t) \ln (1 - \sigma(z)) = \max(z, 0) - t z + \ln(1 + e^{-|z|})

    Shapes: target, logits and result are equal.
    """
    positive = el.maximum(logits, 0.0)
    tail = el.log1p(el.exp(el.negative(el.absolute(logits))))
    return el.add(el.subtract(positive, el.multiply(logits, target)), tail)


def _norm_samples(rng: np.random.Generator) -> Samples:
    arrays = rng.normal(size=(4, 3)), rng.normal(size=3), rng.normal(size=3)
    return [(arrays, {"axes": (0,), "epsilon": 1e-3, "once": once}) for once in (False, True)]


def _norm_vjp(
    g: Any,
    y: Any,
    x: Any,
    gamma: Any,
    beta: Any,
    *,
    axes: tuple[int, ...],
    epsilon: float,
    once: bool,
) -> tuple[Any, ...]:
    """The mean and the variance depend on x as well: what they hand back is put together."""
    (gy, g_mean, g_variance), (_, mean, variance) = g, y
    share = 1.0 / math.prod(x.shape[a] for a in axes)
    inverse = el.divide(1.0, el.sqrt(el.add(variance, epsilon)))
    scale = el.multiply(gamma, inverse)
    total = reduction.sum(gy, axis=axes, keepdims=True)
    # Read once, x is kept as it is; else what was centred is at hand from before.
    from_mean = x if once else el.subtract(x, mean)
    along = reduction.sum(el.multiply(gy, from_mean), axis=axes, keepdims=True)
    if once:
        along = el.subtract(along, el.multiply(mean, total))
    aligned = el.multiply(along, inverse)
    slope = el.multiply(el.subtract(2.0 * g_variance, scale * inverse * aligned), share)
    shift = el.multiply(el.subtract(g_mean, scale * total), share)
    if once:
        shift = el.subtract(shift, el.multiply(mean, slope))
    dx = el.add(el.add(el.multiply(gy, scale), el.multiply(from_mean, slope)), shift)
    return dx, aligned, total


@fused(kernel=None, samples=_norm_samples, vjp=_norm_vjp)
def batch_norm(
    x: Any, gamma: Any, beta: Any, *, axes: tuple[int, ...], epsilon: float, once: bool = False
) -> Any:
    r"""\gamma (x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta,\ \mu \text{ and } \sigma^2

    Over `axes`, along which gamma and beta do not change; they broadcast to x. Results: y as x; mean
    and variance with `axes` kept as 1. (Ioffe & Szegedy, 2015.)

    The variance is the mean of (x - mu)^2, or with `once` the mean of x^2 less mu^2: sums that can be
    taken while x is computed, exact enough where the mean is not many deviations away from 0.
    """
    mean = reduction.mean(x, axis=axes, keepdims=True)
    if once:
        squares = reduction.mean(el.square(x), axis=axes, keepdims=True)
        variance = el.maximum(el.subtract(squares, el.square(mean)), 0.0)
        scale = el.divide(gamma, el.sqrt(el.add(variance, epsilon)))
        return (
            el.add(el.multiply(x, scale), el.subtract(beta, el.multiply(mean, scale))),
            mean,
            variance,
        )
    centred = el.subtract(x, mean)
    variance = reduction.mean(el.square(centred), axis=axes, keepdims=True)
    scale = el.divide(gamma, el.sqrt(el.add(variance, epsilon)))
    return el.add(el.multiply(centred, scale), beta), mean, variance
