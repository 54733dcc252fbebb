"""LayerNormalization: each sample brought to mean 0 and variance 1 by itself."""

from __future__ import annotations

from typing import Any

from annette import constraints, initializers, ops, regularizers
from annette.layers.arguments import axes_argument, axes_within, known_sizes
from annette.layers.layer import Layer
from annette.layers.normalization.precision import wide


class LayerNormalization(Layer):
    r"""Normalizes each sample over its features, the same in training and afterwards.

    .. math:: y = \gamma (x - \mu) / \sqrt{\sigma^2 + \epsilon} + \beta

    (Ba, Kiros & Hinton, 2016.) Mean and variance are taken over `axis`, for each sample and each
    place of the other axes. It computes in float32 at least.

    Args:
        axis: the axis or axes to normalize over.
        epsilon: added to the variance.
        center, scale: whether there is a :math:`\beta`, a :math:`\gamma`.
        beta_initializer, gamma_initializer: their first values.
        beta_regularizer, gamma_regularizer: penalties on them.
        beta_constraint, gamma_constraint: applied to them after each update.
        rms_scaling: an older option of Keras: the mean is not taken away, and there is no
            :math:`\beta`.

    Input shape: any, of known sizes along `axis`.
    Output shape: that of the input.
    Weights: gamma, beta, each of the sizes along `axis`, in the order of the axes.

    Raises:
        TypeError: if `axis` is no whole number or list of them.
        ValueError: if the inputs lack an axis, or its size is not known.
    """

    _fields = (
        "axis", "epsilon", "center", "scale", "rms_scaling", "beta_initializer",
        "gamma_initializer", "beta_regularizer", "gamma_regularizer", "beta_constraint",
        "gamma_constraint",
    )  # fmt: skip

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        rms_scaling = kwargs.pop("rms_scaling", False)
        super().__init__(**kwargs)
        self.axis = axes_argument("LayerNormalization", axis)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.rms_scaling = rms_scaling
        self.beta_initializer = initializers.get(beta_initializer)
        self.gamma_initializer = initializers.get(gamma_initializer)
        self.beta_regularizer = regularizers.get(beta_regularizer)
        self.gamma_regularizer = regularizers.get(gamma_regularizer)
        self.beta_constraint = constraints.get(beta_constraint)
        self.gamma_constraint = constraints.get(gamma_constraint)
        self.supports_masking = True
        self.gamma: Any = None
        self.beta: Any = None

    def build(self, input_shape: Any) -> None:
        """Make scale and offset of the sizes along `axis`."""
        axes = axes_within(self, self.axis, len(input_shape))
        if not (self.scale or self.center or self.rms_scaling):
            return
        shape = known_sizes(self, axes, input_shape)
        if self.scale or self.rms_scaling:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, name="gamma", regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )  # fmt: skip
        if self.center and not self.rms_scaling:
            self.beta = self.add_weight(
                shape, self.beta_initializer, name="beta", regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        """Return the normalized inputs."""
        axes = axes_within(self, self.axis, len(inputs.shape))
        y = ops.layer_normalization(
            wide(inputs, self.compute_dtype), self.gamma, self.beta, axes, self.epsilon,
            rms_scaling=self.rms_scaling,
        )  # fmt: skip
        return ops.cast(y, self.compute_dtype)
