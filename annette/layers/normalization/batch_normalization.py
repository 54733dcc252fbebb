"""BatchNormalization: each feature brought to mean 0 and variance 1 over the batch."""

from __future__ import annotations

from typing import Any

from annette import constraints, initializers, ops, regularizers
from annette.fused.nn import batch_norm
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer
from annette.ops.convolution import made_by_convolution


class BatchNormalization(Layer):
    r"""Normalizes over the batch while training, by moving averages otherwise.

    .. math:: y = \gamma (x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta

    (Ioffe & Szegedy, 2015.) After each training batch the moving mean and variance become
    ``old * momentum + new * (1 - momentum)``. A layer with ``trainable=False`` normalizes by them
    even while training.

    Args:
        axis: the axis of the features.
        momentum: of the moving averages.
        epsilon: added to the variance.
        center, scale: whether there is a :math:`\beta`, a :math:`\gamma`.
        renorm: batch renormalization; only False.
        synchronized: over replicas; there is one here.

    Call arguments:
        inputs: numbers.
        training: whether to use the batch's own mean and variance.
        mask: bool (rows, steps); places that do not count.

    Input shape: any.
    Output shape: that of the input.
    Weights: gamma, beta, moving_mean, moving_variance, each (features).

    Raises:
        ValueError: if the inputs have no such axis.
    """

    _fields = (
        "axis", "momentum", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer",
        "moving_mean_initializer", "moving_variance_initializer", "beta_regularizer",
        "gamma_regularizer", "beta_constraint", "gamma_constraint", "synchronized", "renorm",
        "renorm_clipping", "renorm_momentum",
    )  # fmt: skip

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: Any = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if renorm:
            raise ValueError("BatchNormalization has no batch renormalization; leave renorm=False.")
        if not isinstance(axis, int):
            raise ValueError(
                f"BatchNormalization expects axis to be a whole number; it got {axis!r}."
            )
        self.axis, self.momentum, self.epsilon = axis, float(momentum), epsilon
        self.center, self.scale = center, scale
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.renorm, self.renorm_clipping = False, renorm_clipping
        self.renorm_momentum, self.synchronized = renorm_momentum, synchronized
        self.supports_masking = True
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Any) -> None:
        """Make scale, offset and moving averages for the number of features."""
        rank = len(input_shape)
        if not -rank <= self.axis < rank:
            raise ValueError(
                f"BatchNormalization '{self.name}' normalizes axis {self.axis}, which inputs of "
                f"shape {tuple(input_shape)} do not have."
            )
        shape = (input_shape[self.axis],)
        if self.scale:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, name="gamma", regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint, autocast=False,
            )  # fmt: skip
        if self.center:
            self.beta = self.add_weight(
                shape, self.beta_initializer, name="beta", regularizer=self.beta_regularizer,
                constraint=self.beta_constraint, autocast=False,
            )  # fmt: skip
        self.moving_mean = self.add_weight(
            shape,
            self.moving_mean_initializer,
            name="moving_mean",
            trainable=False,
            autocast=False,
        )
        self.moving_variance = self.add_weight(
            shape,
            self.moving_variance_initializer,
            name="moving_variance",
            trainable=False,
            autocast=False,
        )
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: shape[0]})

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Return the normalized inputs."""
        if str(inputs.dtype) in ("float16", "bfloat16"):
            # Squares and sums of halves overflow: computed in single precision.
            return ops.cast(
                self._normalized(ops.cast(inputs, "float32"), training, mask), inputs.dtype
            )
        return self._normalized(inputs, training, mask)

    def _normalized(self, inputs: Any, training: bool | None, mask: Any) -> Any:
        if not (training and self.trainable):
            return ops.batch_normalization(
                inputs, self.moving_mean, self.moving_variance, self.axis, self.beta, self.gamma,
                self.epsilon,
            )  # fmt: skip
        if mask is not None:
            return self._masked(inputs, mask)
        rank = len(inputs.shape)
        feature = self.axis % rank
        axes = tuple(i for i in range(rank) if i != feature)
        wide = tuple(n if i == feature else 1 for i, n in enumerate(inputs.shape))
        one, zero = ops.ones((1,) * rank, inputs.dtype), ops.zeros((1,) * rank, inputs.dtype)
        gamma = ops.reshape(self.gamma, wide) if self.scale else one
        beta = ops.reshape(self.beta, wide) if self.center else zero
        y, mean, variance = batch_norm(
            inputs, gamma, beta, axes=axes, epsilon=self.epsilon, once=made_by_convolution(inputs)
        )
        self._move(ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,)))
        return y

    def _masked(self, inputs: Any, mask: Any) -> Any:
        """Normalize by the mean and variance of the places that count."""
        rank = len(inputs.shape)
        feature = self.axis % rank
        axes = tuple(i for i in range(rank) if i != feature)
        weight = ops.cast(mask, inputs.dtype)
        weight = ops.reshape(weight, (*weight.shape, *(1,) * (rank - len(weight.shape))))
        weight = ops.broadcast_to(weight, inputs.shape)
        count = ops.maximum(ops.sum(weight, axes, keepdims=True), 1e-7)
        mean = ops.sum(inputs * weight, axes, keepdims=True) / count
        variance = ops.sum(ops.square(inputs - mean) * weight, axes, keepdims=True) / count
        mean, variance = ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))
        self._move(mean, variance)
        return ops.batch_normalization(
            inputs, mean, variance, self.axis, self.beta, self.gamma, self.epsilon
        )

    def _move(self, mean: Any, variance: Any) -> None:
        keep = self.momentum
        mean, variance = ops.stop_gradient(mean), ops.stop_gradient(variance)
        self.moving_mean.assign(self.moving_mean * keep + mean * (1.0 - keep))
        self.moving_variance.assign(self.moving_variance * keep + variance * (1.0 - keep))
