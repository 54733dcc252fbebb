"""Layer normalization as one operation, and its gradient as another."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette.fused import fused
from annette.fused.nn import Samples
from annette.ops.numpy import elementwise as el, reduction


def _samples(rng: np.random.Generator) -> Samples:
    gamma, beta = rng.normal(size=5), rng.normal(size=5)
    return [
        ((rng.normal(size=shape), gamma, beta), {"epsilon": 1e-3}) for shape in ((4, 5), (2, 3, 5))
    ]


def _gradient_samples(rng: np.random.Generator) -> Samples:
    gamma = rng.normal(size=5)
    return [
        ((rng.normal(size=shape), rng.normal(size=shape), gamma), {"epsilon": 1e-3})
        for shape in ((4, 5), (2, 3, 5))
    ]


def _normal(x: Any, epsilon: float) -> tuple[Any, Any]:
    """Return x brought to mean 0 and variance 1 along its last axis, and the deviation it had."""
    centred = el.subtract(x, reduction.mean(x, axis=-1, keepdims=True))
    variance = reduction.mean(el.square(centred), axis=-1, keepdims=True)
    deviation = el.sqrt(el.add(variance, epsilon))
    return el.divide(centred, deviation), deviation


def _vjp(
    g: Any, y: Any, x: Any, gamma: Any, beta: Any, *, epsilon: float
) -> tuple[Any, ...]:  # fmt: skip
    made: tuple[Any, ...] = layer_norm_gradient(g, x, gamma, epsilon=epsilon)
    return made


@fused(kernel="layer_norm", samples=_samples, vjp=_vjp)
def layer_norm(x: Any, gamma: Any, beta: Any, *, epsilon: float) -> Any:
    r"""\gamma (x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta

    Mean and variance are those along the last axis. Shapes: x (..., n); gamma and beta (n,); the
    result is as x. (Ba, Kiros & Hinton, 2016.)
    """
    normal, _ = _normal(x, epsilon)
    return el.add(el.multiply(normal, gamma), beta)


@fused(kernel="layer_norm_gradient", samples=_gradient_samples)
def layer_norm_gradient(g: Any, x: Any, gamma: Any, *, epsilon: float) -> Any:
    r"""(\gamma g - \overline{\gamma g} - \hat x\, \overline{\gamma g \hat x}) / \sqrt{\sigma^2 + \epsilon}

    With :math:`\hat x = (x - \mu) / \sqrt{\sigma^2 + \epsilon}` and means along the last axis: how
    what has the gradient g by a `layer_norm` changes with its x; then with its gamma and its beta.

    Shapes: g and x (..., n); gamma (n,); results (..., n), (n,) and (n,).
    """
    normal, deviation = _normal(x, epsilon)
    slope = el.multiply(g, gamma)
    shift = reduction.mean(slope, axis=-1, keepdims=True)
    turn = reduction.mean(el.multiply(slope, normal), axis=-1, keepdims=True)
    rest = el.subtract(el.subtract(slope, shift), el.multiply(normal, turn))
    rows = tuple(range(len(x.shape) - 1))
    by_gamma = reduction.sum(el.multiply(g, normal), axis=rows)
    return el.divide(rest, deviation), by_gamma, reduction.sum(g, axis=rows)
