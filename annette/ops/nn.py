"""Operations of neural networks: activations, cross-entropies, normalization, one-hot."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from annette import config
from annette.fused import nn as fused_nn
from annette.fused.normalization import layer_norm
from annette.graph.dtypes import standardize
from annette.graph.primitive import apply
from annette.ops.attention import dot_product_attention as dot_product_attention
from annette.ops.common import (
    dtype_of,
    floating,
    from_python,
    normal_axes,
    op,
    operands,
    rank,
    single,
    to_dtype,
)
from annette.ops.convolution import (
    conv as conv,
    conv_transpose as conv_transpose,
    depthwise_conv as depthwise_conv,
    separable_conv as separable_conv,
)
from annette.ops.ctc import ctc_decode as ctc_decode, ctc_loss as ctc_loss
from annette.ops.folding import (
    depth_to_space as depth_to_space,
    fold as fold,
    space_to_depth as space_to_depth,
    unfold as unfold,
)
from annette.ops.fourier import polar as polar
from annette.ops.numpy import elementwise as el, indexing, reduction, shaping
from annette.ops.numpy.creation import arange
from annette.ops.pooling import (
    adaptive_average_pool as adaptive_average_pool,
    adaptive_max_pool as adaptive_max_pool,
    average_pool as average_pool,
    max_pool as max_pool,
)
from annette.primitives import elementwise as e, index


@op
def relu(x: Any) -> Any:
    r"""Return :math:`\max(x, 0)`."""
    return apply(e.relu, (from_python(x),), {})


@op
def relu6(x: Any) -> Any:
    r"""Return :math:`\min(\max(x, 0), 6)`."""
    return el.minimum(relu(x), 6)


@op
def sigmoid(x: Any) -> Any:
    r"""Return :math:`1 / (1 + e^{-x})`."""
    return apply(e.sigmoid, (floating(x),), {})


@op
def sparse_sigmoid(x: Any) -> Any:
    r"""Return 0 below -1, 1 above 1, :math:`(x + 1) / 2` between."""
    return el.clip(el.multiply(el.add(floating(x), 1.0), 0.5), 0.0, 1.0)


@op
def softplus(x: Any) -> Any:
    r"""Return :math:`\ln(1 + e^x)`, as :math:`\max(x, 0) + \ln(1 + e^{-|x|})`: no overflow."""
    x = floating(x)
    # Chosen, not computed, by max and abs, so that all derivatives are right at 0 too.
    below = el.less(x, 0)
    small = el.exp(el.where(below, x, el.negative(x)))
    return el.add(el.where(below, 0.0, x), el.log1p(small))


@op
def softsign(x: Any) -> Any:
    r"""Return :math:`x / (1 + |x|)`."""
    x = floating(x)
    return el.divide(x, el.add(el.absolute(x), 1.0))


@op
def silu(x: Any) -> Any:
    r"""Return :math:`x\,\sigma(x)` (Ramachandran, Zoph & Le, 2017)."""
    x = floating(x)
    return el.multiply(x, sigmoid(x))


swish = silu


@op
def log_sigmoid(x: Any) -> Any:
    r"""Return :math:`\ln \sigma(x)`."""
    return el.negative(softplus(el.negative(floating(x))))


@op
def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    r"""Return x where positive, :math:`\alpha x` elsewhere."""
    x = floating(x)
    return el.where(el.greater(x, 0), x, el.multiply(x, negative_slope))


@op
def hard_sigmoid(x: Any) -> Any:
    r"""Return :math:`\min(\max(x / 6 + 1/2, 0), 1)`."""
    return el.clip(el.add(el.divide(floating(x), 6.0), 0.5), 0.0, 1.0)


@op
def hard_silu(x: Any) -> Any:
    r"""Return x times the hard sigmoid of x (Howard et al., 2019)."""
    x = floating(x)
    return el.multiply(x, hard_sigmoid(x))


hard_swish = hard_silu


@op
def elu(x: Any, alpha: float = 1.0) -> Any:
    r"""Return x where positive, :math:`\alpha (e^x - 1)` elsewhere (Clevert et al., 2015)."""
    x = floating(x)
    positive = el.greater(x, 0)
    below = el.multiply(el.expm1(el.where(positive, 0.0, x)), alpha)
    return el.where(positive, x, below)


@op
def selu(x: Any) -> Any:
    r"""Return the scaled exponential linear unit (Klambauer et al., 2017)."""
    return el.multiply(elu(x, 1.6732632423543772), 1.0507009873554805)


@op
def celu(x: Any, alpha: float = 1.0) -> Any:
    r"""Return :math:`\max(x, 0) + \min(0, \alpha (e^{x / \alpha} - 1))` (Barron, 2017)."""
    x = floating(x)
    below = el.multiply(el.expm1(el.divide(el.minimum(x, 0.0), alpha)), alpha)
    return el.add(el.maximum(x, 0.0), below)


@op
def gelu(x: Any, approximate: bool = True) -> Any:
    r"""Return :math:`x\,\Phi(x)`, by tanh if `approximate` (Hendrycks & Gimpel, 2016)."""
    x = floating(x)
    if approximate:
        cubic = el.multiply(el.add(x, el.multiply(el.multiply(el.square(x), x), 0.044715)),
                            math.sqrt(2.0 / math.pi))  # fmt: skip
        return el.multiply(el.multiply(x, 0.5), el.add(el.tanh(cubic), 1.0))
    from annette.ops.math import erf

    return el.multiply(el.multiply(x, 0.5), el.add(erf(el.multiply(x, math.sqrt(0.5))), 1.0))


@op
def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half of x times the sigmoid of the second (Dauphin et al., 2016).

    Shape: the result has half the size along `axis`.

    Raises:
        ValueError: if the size along `axis` is odd.
    """
    x = floating(x)
    if x.shape[axis] % 2:
        raise ValueError(f"glu halves axis {axis}, whose size {x.shape[axis]} is odd.")
    a, b = shaping.split(x, 2, axis=axis)
    return el.multiply(a, sigmoid(b))


@op
def tanh_shrink(x: Any) -> Any:
    r"""Return :math:`x - \tanh x`."""
    x = floating(x)
    return el.subtract(x, el.tanh(x))


@op
def hard_tanh(x: Any) -> Any:
    """Return x cut to -1 … 1."""
    return el.clip(floating(x), -1.0, 1.0)


@op
def hard_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return x where its size is above the threshold, else 0."""
    x = floating(x)
    return el.where(el.greater(el.absolute(x), threshold), x, 0.0)


@op
def soft_shrink(x: Any, threshold: float = 0.5) -> Any:
    """Return x moved towards 0 by the threshold, 0 within it."""
    x = floating(x)
    return el.multiply(el.sign(x), el.maximum(el.subtract(el.absolute(x), threshold), 0.0))


@op
def threshold(x: Any, threshold: float, default_value: float) -> Any:
    """Return x where it is above the threshold, else the default."""
    x = floating(x)
    return el.where(el.greater(x, threshold), x, default_value)


@op
def squareplus(x: Any, b: float = 4) -> Any:
    r"""Return :math:`(x + \sqrt{x^2 + b}) / 2` (Barron, 2021)."""
    x = floating(x)
    return el.multiply(el.add(x, el.sqrt(el.add(el.square(x), b))), 0.5)


@op
def sparse_plus(x: Any) -> Any:
    r"""Return 0 below -1, x above 1, :math:`(x + 1)^2 / 4` between."""
    x = floating(x)
    middle = el.multiply(el.square(el.add(x, 1.0)), 0.25)
    return el.where(el.less_equal(x, -1), 0.0, el.where(el.less(x, 1), middle, x))


@op
def softmax(x: Any, axis: Any = -1) -> Any:
    r"""Return :math:`e^{x_i} / \sum_j e^{x_j}` over `axis`, one or several.

    Shape: the result is as x.
    """
    return _over_axes(fused_nn.softmax, floating(x), axis)


@op
def log_softmax(x: Any, axis: Any = -1) -> Any:
    r"""Return the logarithm of softmax over `axis`, one or several.

    Shape: the result is as x.
    """
    return _over_axes(fused_nn.log_softmax, floating(x), axis)


def _over_axes(function: Any, x: Any, axis: Any) -> Any:
    axes = normal_axes(axis, rank(x))
    if any(x.shape[i] == 0 for i in axes):
        return x  # nothing to share among
    if len(axes) == 1:
        return function(x, axis=axes[0])
    rest = [i for i in range(rank(x)) if i not in axes]
    moved = shaping.transpose(x, (*rest, *axes))
    flat = shaping.reshape(moved, (*(x.shape[i] for i in rest), -1))
    y = shaping.reshape(function(flat, axis=len(rest)), tuple(moved.shape))
    inverse = sorted(range(rank(x)), key=[*rest, *axes].__getitem__)
    return shaping.transpose(y, inverse)


@op
def sparsemax(x: Any, axis: int = -1) -> Any:
    """Return the nearest point of the probability simplex (Martins & Astudillo, 2016).

    Shape: the result is as x.
    """
    x = floating(x)
    axis = normal_axes(axis, rank(x))[0]
    z = shaping.moveaxis(x, axis, -1)
    ordered = shaping.flip(indexing.sort(z, axis=-1), -1)
    sums = reduction.cumsum(ordered, axis=-1)
    k = arange(1, z.shape[-1] + 1, dtype=dtype_of(x))
    inside = el.greater(el.add(el.multiply(ordered, k), 1.0), sums)
    count = reduction.sum(to_dtype(inside, "int32"), axis=-1, keepdims=True)
    at = indexing.take_along_axis(sums, el.subtract(count, 1), axis=-1)
    tau = el.divide(el.subtract(at, 1.0), to_dtype(count, dtype_of(x)))
    return shaping.moveaxis(el.maximum(el.subtract(z, tau), 0.0), -1, axis)


@op
def one_hot(
    x: Any, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Any:
    """Return 1 at the place each integer names along a new axis, 0 elsewhere.

    Shape: that of x with a new axis of `num_classes`. Numbers outside it name no place.
    """
    x = from_python(x)
    x = x if "int" in dtype_of(x) else to_dtype(x, "int32")
    classes = arange(num_classes, dtype=dtype_of(x))
    hit = el.equal(shaping.expand_dims(x, -1), classes)
    hit = to_dtype(hit, standardize(dtype))
    return hit if axis in (-1, rank(x)) else shaping.moveaxis(hit, -1, axis)


@op
def multi_hot(
    inputs: Any, num_classes: int | None = None, axis: int = -1, dtype: Any = None,
    sparse: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """Return 1 at each place that one of a row's integers names, 0 elsewhere.

    Shape: inputs (..., m); the result is (..., num_classes), the new axis at `axis`.

    Raises:
        ValueError: without `num_classes` (or `num_tokens`, its older name).
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if num_classes is None or kwargs:
        raise ValueError(
            "multi_hot expects num_classes, the number of places; it got "
            f"num_classes={num_classes} and {', '.join(kwargs) or 'nothing else'}."
        )
    inputs = from_python(inputs)
    over = 1 if rank(inputs) > 1 else 0
    return reduction.max(one_hot(inputs, num_classes, axis=axis, dtype=dtype), axis=over)


def _check_same(name: str, target: Any, output: Any) -> None:
    if tuple(target.shape) != tuple(output.shape):
        raise ValueError(
            f"{name} compares arrays of one shape; the target has {tuple(target.shape)}, the "
            f"output {tuple(output.shape)}."
        )


@op
def categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    r"""Return :math:`-\sum_i t_i \ln p_i` over `axis`; p is scaled to sum 1 first.

    Raises:
        ValueError: if the shapes differ or have no axis.
    """
    output = floating(output)
    target = to_dtype(from_python(target), dtype_of(output))
    _check_same("categorical_crossentropy", target, output)
    if rank(output) < 1:
        raise ValueError("categorical_crossentropy needs an axis of classes; it got a scalar.")
    if from_logits:
        moved = (shaping.moveaxis(v, axis, -1) for v in (target, output))
        return fused_nn.cross_entropy(*moved)
    p = el.divide(output, reduction.sum(output, axis=axis, keepdims=True))
    p = el.clip(p, config.epsilon(), 1.0 - config.epsilon())
    return el.negative(reduction.sum(el.multiply(target, el.log(p)), axis=axis))


@op
def sparse_categorical_crossentropy(
    target: Any, output: Any, from_logits: bool = False, axis: int = -1
) -> Any:
    r"""Return :math:`-\ln p_t` for integer targets t; p is scaled to sum 1 first.

    Raises:
        ValueError: if the target's shape is not that of the output without its class axis.
    """
    output = floating(output)
    target = from_python(target)
    target = target if "int" in dtype_of(target) else to_dtype(target, "int32")
    if rank(output) < 1:
        raise ValueError("sparse_categorical_crossentropy needs an axis of classes.")
    if rank(target) == rank(output) and target.shape[-1] == 1:
        target = shaping.squeeze(target, -1)
    output = shaping.moveaxis(output, axis, -1)
    if tuple(target.shape) != tuple(output.shape[:-1]):
        raise ValueError(
            "sparse_categorical_crossentropy takes one integer for each row of classes: the "
            f"target's shape should be {tuple(output.shape[:-1])}; it is {tuple(target.shape)}."
        )
    if from_logits:
        return fused_nn.sparse_cross_entropy(target, output)
    p = el.divide(output, reduction.sum(output, axis=-1, keepdims=True))
    p = el.clip(p, config.epsilon(), 1.0 - config.epsilon())
    places = shaping.expand_dims(target, -1)
    picked = apply(index.take_along_axis, (p, places), {"axis": rank(p) - 1})
    return el.negative(el.log(shaping.squeeze(picked, -1)))


@op
def binary_crossentropy(target: Any, output: Any, from_logits: bool = False) -> Any:
    r"""Return :math:`-t \ln p - (1 - t) \ln(1 - p)`, elementwise.

    Raises:
        ValueError: if the shapes differ.
    """
    output = floating(output)
    target = to_dtype(from_python(target), dtype_of(output))
    _check_same("binary_crossentropy", target, output)
    if from_logits:
        return fused_nn.binary_cross_entropy(target, output)
    p = el.clip(output, config.epsilon(), 1.0 - config.epsilon())
    wrong = el.multiply(el.subtract(1.0, target), el.log(el.subtract(1.0, p)))
    return el.negative(el.add(el.multiply(target, el.log(p)), wrong))


@op
def moments(x: Any, axes: Any, keepdims: bool = False, synchronized: bool = False) -> Any:
    """Return the mean and the variance over `axes`.

    Shapes: both results lack `axes`, or have them with size 1 (`keepdims`).
    """
    x = floating(x)
    dtype = dtype_of(x)
    x = single(x)
    mean = reduction.mean(x, axis=axes, keepdims=True)
    variance = reduction.mean(el.square(el.subtract(x, mean)), axis=axes, keepdims=keepdims)
    mean = mean if keepdims else shaping.squeeze(mean, axes)
    return to_dtype(mean, dtype), to_dtype(variance, dtype)


@op
def batch_normalization(
    x: Any, mean: Any, variance: Any, axis: int, offset: Any = None, scale: Any = None,
    epsilon: float = 1e-3,
) -> Any:  # fmt: skip
    r"""Return :math:`(x - \mu) / \sqrt{\sigma^2 + \epsilon}`, times scale, plus offset.

    Shapes: mean, variance, offset and scale (c,), c the size of x along `axis`; the result is as x.
    Source: Ioffe and Szegedy, Batch normalization, 2015.
    """
    x = floating(x)
    axis = normal_axes(axis, rank(x))[0]
    wide = tuple(n if i == axis else 1 for i, n in enumerate(x.shape))
    factor = el.divide(1.0, el.sqrt(el.add(variance, epsilon)))
    factor = factor if scale is None else el.multiply(factor, scale)
    shift = el.negative(el.multiply(mean, factor))
    shift = shift if offset is None else el.add(shift, offset)
    return el.add(el.multiply(x, shaping.reshape(factor, wide)), shaping.reshape(shift, wide))


@op
def normalize(x: Any, axis: int = -1, order: float = 2, epsilon: float | None = None) -> Any:
    """Return x divided by its norm of the given order along `axis`.

    Raises:
        ValueError: for an order that is no whole number of 1 or more, or an axis that x has not.
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"normalize expects a whole order of 1 or more; it got {order!r}.")
    x = floating(x)
    epsilon = config.epsilon() if epsilon is None else epsilon
    if order == 2:
        total = reduction.sum(el.square(x), axis=axis, keepdims=True)
        return el.divide(x, el.sqrt(el.maximum(total, epsilon**2)))
    total = reduction.sum(el.power(el.absolute(x), float(order)), axis=axis, keepdims=True)
    return el.divide(x, el.maximum(el.power(total, 1.0 / order), epsilon))


def _along(parameter: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """Return a parameter with a size for each of `axes` so that it broadcasts against x."""
    parameter = from_python(parameter)
    if rank(parameter) != len(axes):
        return parameter
    return shaping.reshape(parameter, tuple(n if i in axes else 1 for i, n in enumerate(x.shape)))


def _are_rows(parameters: tuple[Any, ...], x: Any) -> bool:
    """Say whether parameters have a number for each place of the last axis, in the dtype of x."""
    return all(
        p is not None and tuple(np.shape(p)) == x.shape[-1:] and dtype_of(p) == dtype_of(x)
        for p in parameters
    )


@op
def layer_normalization(
    x: Any, gamma: Any = None, beta: Any = None, axis: Any = -1, epsilon: float | None = None,
    **kwargs: Any,
) -> Any:  # fmt: skip
    r"""Return :math:`\gamma (x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta` over `axis`.

    The mean and the variance are those of each example by itself (Ba, Kiros & Hinton, 2016).

    Shape: the result is as x.
    """
    x = floating(x)
    dtype = dtype_of(x)
    x = single(x)
    axes = normal_axes(axis, rank(x))
    epsilon = config.epsilon() if epsilon is None else epsilon
    # An older option of Keras divides by the deviation without taking the mean away.
    only_scaled = kwargs.pop("rms_scaling", False)
    if not only_scaled and axes == (rank(x) - 1,) and _are_rows((gamma, beta), x):
        return to_dtype(layer_norm(x, gamma, beta, epsilon=float(epsilon)), dtype)
    mean = reduction.mean(x, axis=axes, keepdims=True)
    centred = el.subtract(x, mean)
    variance = reduction.mean(el.square(centred), axis=axes, keepdims=True)
    top = x if only_scaled else centred
    y = el.divide(top, el.sqrt(el.add(variance, epsilon)))
    y = y if gamma is None else el.multiply(y, _along(gamma, x, axes))
    y = y if beta is None else el.add(y, _along(beta, x, axes))
    return to_dtype(y, dtype)


@op
def rms_normalization(
    x: Any, scale: Any = None, axis: Any = -1, epsilon: float | None = None
) -> Any:
    r"""Return :math:`x / \sqrt{\overline{x^2} + \epsilon}` times scale (Zhang & Sennrich, 2019).

    Shape: the result is as x.
    """
    x = floating(x)
    dtype = dtype_of(x)
    x = single(x)
    axes = normal_axes(axis, rank(x))
    epsilon = config.epsilon() if epsilon is None else epsilon
    square = reduction.mean(el.square(x), axis=axes, keepdims=True)
    y = el.divide(x, el.sqrt(el.add(square, epsilon)))
    y = y if scale is None else el.multiply(y, _along(scale, x, axes))
    return to_dtype(y, dtype)


@op
def psnr(x1: Any, x2: Any, max_val: float) -> Any:
    r"""Return the peak signal-to-noise ratio :math:`10 \log_{10} m^2 / \overline{(x_1 - x_2)^2}`.

    Raises:
        ValueError: if the shapes differ.
    """
    a, b = operands(x1, x2, at_least_float=True)
    _check_same("psnr", a, b)
    error = reduction.mean(el.square(el.subtract(a, b)))
    peak = el.multiply(el.log10(to_dtype(from_python(max_val), dtype_of(a))), 20.0)
    return el.subtract(peak, el.multiply(el.log10(error), 10.0))
