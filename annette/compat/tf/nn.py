"""`tf.nn`: activations and cross-entropies in TensorFlow's spelling."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.compat.tf.math import (
    in_top_k as in_top_k,
    l2_normalize as l2_normalize,
    log_softmax as log_softmax,
    softmax as softmax,
    top_k as top_k,
    zero_fraction as zero_fraction,
)
from annette.compat.tf.tensors import constant
from annette.compat.tf.windows import (
    atrous_conv2d as atrous_conv2d,
    avg_pool as avg_pool,
    avg_pool1d as avg_pool1d,
    avg_pool2d as avg_pool2d,
    avg_pool3d as avg_pool3d,
    conv1d as conv1d,
    conv1d_transpose as conv1d_transpose,
    conv2d as conv2d,
    conv2d_transpose as conv2d_transpose,
    conv3d as conv3d,
    conv3d_transpose as conv3d_transpose,
    convolution as convolution,
    depth_to_space as depth_to_space,
    depthwise_conv2d as depthwise_conv2d,
    local_response_normalization as local_response_normalization,
    lrn as lrn,
    max_pool as max_pool,
    max_pool1d as max_pool1d,
    max_pool2d as max_pool2d,
    max_pool3d as max_pool3d,
    separable_conv2d as separable_conv2d,
    space_to_depth as space_to_depth,
)


def relu(features: Any, name: Any = None) -> Any:
    """Return max(x, 0)."""
    return ops.relu(constant(features))


def relu6(features: Any, name: Any = None) -> Any:
    """Return min(max(x, 0), 6)."""
    return ops.relu6(constant(features))


def leaky_relu(features: Any, alpha: float = 0.2, name: Any = None) -> Any:
    """Return x above 0 and alpha x below."""
    return ops.leaky_relu(constant(features), negative_slope=alpha)


def elu(features: Any, name: Any = None) -> Any:
    """Return x above 0 and e^x - 1 below."""
    return ops.elu(constant(features))


def selu(features: Any, name: Any = None) -> Any:
    """Return the scaled exponential linear unit."""
    return ops.selu(constant(features))


def gelu(features: Any, approximate: Any = False, name: Any = None) -> Any:
    """Return x times the normal distribution function of x."""
    return ops.gelu(constant(features), approximate=approximate)


def silu(features: Any, beta: float = 1.0) -> Any:
    """Return x sigmoid(beta x)."""
    x = constant(features)
    return x * ops.sigmoid(beta * x)


swish = silu


def sigmoid(x: Any, name: Any = None) -> Any:
    """Return 1 / (1 + e^-x)."""
    return ops.sigmoid(constant(x))


def tanh(x: Any, name: Any = None) -> Any:
    """Return the hyperbolic tangent."""
    return ops.tanh(constant(x))


def softsign(features: Any, name: Any = None) -> Any:
    """Return x / (1 + |x|)."""
    return ops.softsign(constant(features))


def softplus(features: Any, name: Any = None) -> Any:
    """Return log(1 + e^x)."""
    return ops.softplus(constant(features))


def dropout(
    x: Any, rate: float, noise_shape: Any = None, seed: Any = None, name: Any = None
) -> Any:
    """Return `x` with a share `rate` of it set to 0 and the rest scaled up."""
    from annette import random

    return random.dropout(constant(x), rate, noise_shape=noise_shape, seed=seed)


def softmax_cross_entropy_with_logits(
    labels: Any, logits: Any, axis: int = -1, name: Any = None
) -> Any:
    """Return -sum(labels log softmax(logits)) a row."""
    return ops.categorical_crossentropy(labels, logits, from_logits=True, axis=axis)


def sparse_softmax_cross_entropy_with_logits(labels: Any, logits: Any, name: Any = None) -> Any:
    """Return -log softmax(logits)[label] a row."""
    return ops.sparse_categorical_crossentropy(labels, logits, from_logits=True)


def sigmoid_cross_entropy_with_logits(
    labels: Any = None, logits: Any = None, name: Any = None
) -> Any:
    """Return the cross-entropy of each value with its own sigmoid."""
    return ops.binary_crossentropy(labels, logits, from_logits=True)


def bias_add(value: Any, bias: Any, data_format: Any = None, name: Any = None) -> Any:
    """Return value + bias along the channels: the last axis, the second with "NC..."."""
    x, bias = constant(value), constant(bias)
    if str(data_format or "").startswith("NC") and len(x.shape) > 2:
        bias = ops.reshape(bias, (-1, *[1] * (len(x.shape) - 2)))
    return ops.add(x, bias)


def l2_loss(t: Any, name: Any = None) -> Any:
    """Return half the sum of squares."""
    return ops.sum(ops.square(t)) / 2


def moments(x: Any, axes: Any, shift: Any = None, keepdims: Any = False, name: Any = None) -> Any:
    """Return mean and variance over some axes."""
    return ops.moments(constant(x), tuple(axes), keepdims=keepdims)


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: Any = None) -> Any:
    """Return the rows of `params` at `ids`."""
    return ops.take(params, ids, axis=0)


def crelu(features: Any, axis: int = -1, name: Any = None) -> Any:
    """Return max(x, 0) and max(-x, 0) joined along an axis."""
    x = constant(features)
    return ops.concatenate([ops.relu(x), ops.relu(-x)], axis=axis)


def weighted_cross_entropy_with_logits(
    labels: Any, logits: Any, pos_weight: Any, name: Any = None
) -> Any:
    """Return the cross-entropy with the part of label 1 multiplied by `pos_weight`."""
    z, x = constant(labels), constant(logits)
    return (1 - z) * x + (1 + (pos_weight - 1) * z) * ops.softplus(-x)


def batch_normalization(
    x: Any, mean: Any, variance: Any, offset: Any, scale: Any, variance_epsilon: float,
    name: Any = None,
) -> Any:  # fmt: skip
    """Return scale (x - mean) / sqrt(variance + epsilon) + offset."""
    factor = ops.rsqrt(constant(variance) + variance_epsilon)
    factor = factor if scale is None else factor * scale
    made = (constant(x) - mean) * factor
    return made if offset is None else made + offset


def compute_average_loss(
    per_example_loss: Any, sample_weight: Any = None, global_batch_size: Any = None
) -> Any:
    """Return the sum of (weighted) losses divided by the batch's size."""
    loss = constant(per_example_loss)
    size = loss.shape[0] if global_batch_size is None else global_batch_size
    loss = loss if sample_weight is None else loss * constant(sample_weight)
    return ops.sum(loss) / size


def scale_regularization_loss(regularization_loss: Any) -> Any:
    """Return the sum of the losses: there is one replica."""
    return ops.sum(constant(regularization_loss))
