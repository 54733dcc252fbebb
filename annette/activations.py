"""Keras's activation functions: thin names over `annette.ops`.

Shapes: every function returns the shape of its input, except `glu`, which halves one axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from annette import ops
from annette.saving.family import Family
from annette.saving.serialization import serialize_keras_object


def linear(x: Any) -> Any:
    r"""The input itself: $f(x) = x$."""
    return x


def relu(
    x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Any:
    r"""Rectified linear unit: $f(x) = \max(x, 0)$ with the default arguments.

    In general $f(x) = m$ for $x \ge m$ = `max_value`, $x$ for $t < x < m$ with $t$ = `threshold`,
    and `negative_slope` $\cdot (x - t)$ below. Source: Nair and Hinton, 2010.
    """
    if threshold == 0.0 and max_value is None:
        return ops.leaky_relu(x, negative_slope) if negative_slope else ops.relu(x)
    x = ops.convert_to_tensor(x)
    above = x if max_value is None else ops.minimum(x, max_value)
    return ops.where(x > threshold, above, negative_slope * (x - threshold))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    r"""Leaky rectifier: $x$ for $x > 0$, else `negative_slope` $\cdot x$ (Maas et al., 2013)."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


def relu6(x: Any) -> Any:
    r"""Rectifier with a ceiling: $\min(\max(x, 0), 6)$ (Krizhevsky, 2010)."""
    return ops.relu6(x)


def softmax(x: Any, axis: int = -1) -> Any:
    r"""Probabilities that add up to 1 along `axis`: $e^{x_i} / \sum_j e^{x_j}$."""
    return ops.softmax(x, axis=axis)


def log_softmax(x: Any, axis: int = -1) -> Any:
    r"""Logarithm of the softmax, without overflow: $x_i - \log \sum_j e^{x_j}$."""
    return ops.log_softmax(x, axis=axis)


def elu(x: Any, alpha: float = 1.0) -> Any:
    r"""Exponential linear unit: $x$ for $x > 0$, $\alpha (e^x - 1)$ otherwise (Clevert, 2015)."""
    return ops.elu(x, alpha=alpha)


def celu(x: Any, alpha: float = 1.0) -> Any:
    r"""Smoother ELU: $\max(x, 0) + \min(0, \alpha (e^{x/\alpha} - 1))$ (Barron, 2017)."""
    return ops.celu(x, alpha=alpha)


def selu(x: Any) -> Any:
    r"""Self-normalizing unit: ELU with $\alpha = 1.6733$, scaled by $1.0507$ (Klambauer, 2017)."""
    return ops.selu(x)


def softplus(x: Any) -> Any:
    r"""Smooth rectifier: $\log(1 + e^x)$ (Glorot et al., 2011)."""
    return ops.softplus(x)


def softsign(x: Any) -> Any:
    r"""$x / (1 + |x|)$."""
    return ops.softsign(x)


def squareplus(x: Any, b: float = 4) -> Any:
    r"""Algebraic softplus: $(x + \sqrt{x^2 + b}) / 2$ (Barron, 2021)."""
    return ops.squareplus(x, b=b)


def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    r"""Moves towards 0 by `threshold`: $x - t$ for $x > t$, $x + t$ for $x < -t$, else 0."""
    return ops.soft_shrink(x, threshold=threshold)


def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    r"""$x$ for $|x| >$ `threshold`, else 0."""
    return ops.hard_shrink(x, threshold=threshold)


def tanh_shrink(x: Any) -> Any:
    r"""$x - \tanh x$."""
    return ops.tanh_shrink(x)


def threshold(x: Any, threshold: float, default_value: float) -> Any:
    r"""$x$ for $x >$ `threshold`, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


def sparse_plus(x: Any) -> Any:
    r"""0 for $x \le -1$, $(x + 1)^2 / 4$ for $-1 < x < 1$, $x$ above."""
    return ops.sparse_plus(x)


def sparse_sigmoid(x: Any) -> Any:
    r"""Straight-line sigmoid: 0 for $x \le -1$, $(x + 1) / 2$ for $-1 < x < 1$, 1 above."""
    return ops.sparse_sigmoid(x)


def sparsemax(x: Any, axis: int = -1) -> Any:
    r"""Nearest probabilities, many of them 0: $\max(x_i - \tau(x), 0)$ (Martins, 2016)."""
    return ops.sparsemax(x, axis=axis)


def silu(x: Any) -> Any:
    r"""Swish: $x \cdot \sigma(x)$ (Ramachandran et al., 2017)."""
    return ops.silu(x)


def gelu(x: Any, approximate: bool = False) -> Any:
    r"""Gaussian error linear unit: $x \Phi(x)$, $\Phi$ the normal distribution function.

    With `approximate`, $\Phi$ is taken from a tanh. Source: Hendrycks and Gimpel, 2016.
    """
    return ops.gelu(x, approximate=approximate)


def glu(x: Any, axis: int = -1) -> Any:
    r"""Gated linear unit: $a \cdot \sigma(b)$ for the halves of $x$ (Dauphin et al., 2016)."""
    return ops.glu(x, axis=axis)


def tanh(x: Any) -> Any:
    r"""Hyperbolic tangent: $(e^x - e^{-x}) / (e^x + e^{-x})$."""
    return ops.tanh(x)


def hard_tanh(x: Any) -> Any:
    r"""$x$ cut to between -1 and 1."""
    return ops.hard_tanh(x)


def sigmoid(x: Any) -> Any:
    r"""Logistic function: $1 / (1 + e^{-x})$."""
    return ops.sigmoid(x)


def hard_sigmoid(x: Any) -> Any:
    r"""Straight-line sigmoid: $\min(\max(x/6 + 1/2, 0), 1)$."""
    return ops.hard_sigmoid(x)


def log_sigmoid(x: Any) -> Any:
    r"""$\log \sigma(x) = -\log(1 + e^{-x})$."""
    return ops.log_sigmoid(x)


def hard_silu(x: Any) -> Any:
    r"""Straight-line swish: $x \cdot \min(\max(x/6 + 1/2, 0), 1)$ (Howard et al., 2019)."""
    return ops.hard_silu(x)


def exponential(x: Any) -> Any:
    r"""$e^x$."""
    return ops.exp(x)


def mish(x: Any) -> Any:
    r"""$x \tanh(\log(1 + e^x))$ (Misra, 2019)."""
    return x * ops.tanh(ops.softplus(x))


swish = silu
hard_swish = hard_silu

ALL_OBJECTS: dict[str, Callable[..., Any]] = {
    fn.__name__: fn
    for fn in (
        celu, elu, exponential, gelu, glu, hard_shrink, hard_sigmoid, hard_silu, hard_tanh,
        leaky_relu, linear, log_sigmoid, log_softmax, mish, relu, relu6, selu, sigmoid, silu,
        soft_shrink, softmax, softplus, softsign, sparse_plus, sparse_sigmoid, sparsemax,
        squareplus, tanh, tanh_shrink, threshold,
    )
} | {"swish": silu, "hard_swish": hard_silu}  # fmt: skip

_family = Family("activation", ALL_OBJECTS)


def get(identifier: Any) -> Callable[..., Any]:
    """The activation meant by a name, a configuration or a callable; `linear` for None.

    Raises:
        ValueError: for an unknown name, with the nearest known one.
    """
    if identifier is None:
        return linear
    found: Callable[..., Any] = _family.get(identifier)
    return found


def serialize(activation: Callable[..., Any]) -> Any:
    """The name of a built-in activation; for any other its configuration."""
    name = getattr(activation, "__name__", None)
    if isinstance(name, str) and ALL_OBJECTS.get(name) is activation:
        return name
    return serialize_keras_object(activation)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Callable[..., Any]:
    """The activation that `serialize` described."""
    if isinstance(config, str):
        name = config
        found: Callable[..., Any] = (custom_objects or {}).get(name) or _family.named(name)
        return found
    found = _family.deserialize(config, custom_objects)
    return found
