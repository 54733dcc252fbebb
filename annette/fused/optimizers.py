"""Fused operations of optimizers: one step's new weight and new state.

w is the weight, g its gradient, the others the optimizer's state, all of one shape; `lr` is a
scalar. Scalars are folded before they meet an array, so that passes over memory are few.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.fused import fused

Samples = list[tuple[tuple[Any, ...], dict[str, Any]]]


def _sample(states: int, **params: Any) -> Any:
    """A maker of samples: w, g, `states` positive arrays and a learning rate."""

    def samples(rng: np.random.Generator) -> Samples:
        w, g = rng.normal(size=(2, 3, 4))
        state = rng.uniform(0.5, 1.5, size=(states, 3, 4))
        return [((w, g, *state, np.array(0.1)), params)]

    return samples


@fused(kernel="sgd", samples=_sample(0))
def sgd(w: Any, g: Any, lr: Any) -> Any:
    r"""w - \eta g"""
    return w - g * lr


@fused(kernel="sgd_momentum", samples=_sample(1, momentum=0.9, nesterov=False))
def sgd_momentum(w: Any, g: Any, m: Any, lr: Any, *, momentum: float, nesterov: bool) -> Any:
    r"""m' = \mu m - \eta g,\ w' = w + m' \text{ (Nesterov: } w + \mu m' - \eta g \text{)}

    (Polyak, 1964; Nesterov, 1983.)
    """
    step = g * lr
    new_m = m * momentum - step
    if nesterov:
        return w + (new_m * momentum - step), new_m
    return w + new_m, new_m


@fused(kernel="adam", samples=_sample(2, beta_1=0.9, beta_2=0.999, epsilon=1e-7))
def adam(
    w: Any, g: Any, m: Any, v: Any, alpha: Any, *, beta_1: float, beta_2: float, epsilon: float
) -> Any:
    r"""w' = w - \alpha m' / (\sqrt{v'} + \epsilon)

    With $m' = \beta_1 m + (1 - \beta_1) g$ and $v' = \beta_2 v + (1 - \beta_2) g^2$; `alpha` is the
    learning rate with the bias correction (Kingma & Ba, 2014).
    """
    new_m = m + (g - m) * (1.0 - beta_1)
    new_v = v + (g * g - v) * (1.0 - beta_2)
    return w - new_m * alpha / (ops.sqrt(new_v) + epsilon), new_m, new_v


@fused(kernel=None, samples=_sample(3, beta_1=0.9, beta_2=0.999, epsilon=1e-7))
def adam_amsgrad(
    w: Any,
    g: Any,
    m: Any,
    v: Any,
    v_hat: Any,
    alpha: Any,
    *,
    beta_1: float,
    beta_2: float,
    epsilon: float,
) -> Any:
    r"""As adam, with the largest v so far, \hat v' = \max(\hat v, v'), under the root.

    (Reddi, Kale & Kumar, 2018.)
    """
    new_m = m + (g - m) * (1.0 - beta_1)
    new_v = v + (g * g - v) * (1.0 - beta_2)
    new_hat = ops.maximum(v_hat, new_v)
    return w - new_m * alpha / (ops.sqrt(new_hat) + epsilon), new_m, new_v, new_hat


@fused(kernel="rmsprop", samples=_sample(1, rho=0.9, epsilon=1e-7))
def rmsprop(w: Any, g: Any, v: Any, lr: Any, *, rho: float, epsilon: float) -> Any:
    r"""v' = \rho v + (1 - \rho) g^2,\ w' = w - \eta g / \sqrt{v' + \epsilon}

    (Tieleman & Hinton, 2012.)
    """
    new_v = v * rho + g * g * (1.0 - rho)
    return w - g * lr / ops.sqrt(new_v + epsilon), new_v


@fused(kernel=None, samples=_sample(2, rho=0.9, momentum=0.9, epsilon=1e-7))
def rmsprop_momentum(
    w: Any, g: Any, v: Any, m: Any, lr: Any, *, rho: float, momentum: float, epsilon: float
) -> Any:
    r"""v' as rmsprop,\ m' = \mu m + \eta g / \sqrt{v' + \epsilon},\ w' = w - m'"""
    new_v = v * rho + g * g * (1.0 - rho)
    new_m = m * momentum + g * lr / ops.sqrt(new_v + epsilon)
    return w - new_m, new_v, new_m


def _centered_samples(states: int, **params: Any) -> Any:
    """As `_sample`, with v well above the square of a, so that the root is of a positive number."""

    def samples(rng: np.random.Generator) -> Samples:
        w, g, *more = rng.normal(size=(2 + states, 3, 4))
        v = rng.uniform(2.0, 3.0, size=(3, 4))
        a = rng.uniform(-0.5, 0.5, size=(3, 4))
        return [((w, g, v, a, *more, np.array(0.1)), {"rho": 0.9, "epsilon": 1e-7, **params})]

    return samples


@fused(kernel=None, samples=_centered_samples(0))
def rmsprop_centered(w: Any, g: Any, v: Any, a: Any, lr: Any, *, rho: float, epsilon: float) -> Any:
    r"""As rmsprop, with v' - a'^2 under the root, a' = \rho a + (1 - \rho) g (Graves, 2013)."""
    new_v = v * rho + g * g * (1.0 - rho)
    new_a = a * rho + g * (1.0 - rho)
    return w - g * lr / ops.sqrt(new_v - new_a * new_a + epsilon), new_v, new_a


@fused(kernel=None, samples=_centered_samples(1, momentum=0.9))
def rmsprop_centered_momentum(
    w: Any, g: Any, v: Any, a: Any, m: Any, lr: Any, *, rho: float, momentum: float, epsilon: float
) -> Any:
    r"""As rmsprop_momentum, with v' - a'^2 under the root, a' = \rho a + (1 - \rho) g."""
    new_v = v * rho + g * g * (1.0 - rho)
    new_a = a * rho + g * (1.0 - rho)
    new_m = m * momentum + g * lr / ops.sqrt(new_v - new_a * new_a + epsilon)
    return w - new_m, new_v, new_a, new_m


@fused(kernel="adagrad", samples=_sample(1, epsilon=1e-7))
def adagrad(w: Any, g: Any, s: Any, lr: Any, *, epsilon: float) -> Any:
    r"""s' = s + g^2,\ w' = w - \eta g / \sqrt{s' + \epsilon}

    (Duchi, Hazan & Singer, 2011.)
    """
    new_s = s + g * g
    return w - g * lr / ops.sqrt(new_s + epsilon), new_s
