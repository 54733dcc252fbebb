"""GroupNormalization: groups of channels of a sample brought to mean 0 and variance 1."""

from __future__ import annotations

from typing import Any

from annette import constraints, initializers, ops, regularizers
from annette.layers.arguments import axes_within, known_sizes
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer
from annette.layers.normalization.precision import wide


class GroupNormalization(Layer):
    r"""Normalizes each sample over groups of its channels and all of its other axes.

    .. math:: y = \gamma (x - \mu_g) / \sqrt{\sigma_g^2 + \epsilon} + \beta

    (Wu & He, 2018.) One group is a layer normalization over the whole sample, as many groups as
    channels an instance normalization. It computes in float32 at least.

    Args:
        groups: into how many groups the channels are cut; -1 for one a channel.
        axis: the axis of the channels.
        epsilon: added to the variance.
        center, scale: whether there is a :math:`\beta`, a :math:`\gamma`.
        beta_initializer, gamma_initializer: their first values.
        beta_regularizer, gamma_regularizer: penalties on them.
        beta_constraint, gamma_constraint: applied to them after each update.

    Input shape: any, of a known size along `axis`.
    Output shape: that of the input.
    Weights: gamma, beta, each (channels).

    Raises:
        TypeError: if `axis` is no whole number.
        ValueError: if `groups` is neither -1 nor above 0 or does not divide the channels, or the
            inputs lack the axis or its size.
    """

    _fields = (
        "groups", "axis", "epsilon", "center", "scale", "beta_initializer", "gamma_initializer",
        "beta_regularizer", "gamma_regularizer", "beta_constraint", "gamma_constraint",
    )  # fmt: skip

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
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
        super().__init__(**kwargs)
        if isinstance(axis, bool) or not isinstance(axis, int):
            raise TypeError(
                f"GroupNormalization expects axis to be a whole number; it got {axis!r}."
            )
        whole = isinstance(groups, int) and not isinstance(groups, bool)
        if not whole or (groups < 1 and groups != -1):
            raise ValueError(
                "GroupNormalization expects groups to be a whole number above 0, or -1 for one a "
                f"channel; it got {groups!r}."
            )
        self.groups, self.axis, self.epsilon = groups, axis, epsilon
        self.center, self.scale = center, scale
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
        """Make scale and offset for the number of channels, and check that groups divide them."""
        axes = axes_within(self, self.axis, len(input_shape))
        shape = known_sizes(self, axes, input_shape)
        (channels,) = shape
        if self.groups == -1:
            self.groups = channels
        if channels % self.groups:
            raise ValueError(
                f"GroupNormalization '{self.name}' cuts the channels into {self.groups} groups of "
                f"one size, which {channels} channels (axis {self.axis} of {tuple(input_shape)}) "
                f"do not allow. Give groups a number that divides {channels}."
            )
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})
        if self.scale:
            self.gamma = self.add_weight(
                shape, self.gamma_initializer, name="gamma", regularizer=self.gamma_regularizer,
                constraint=self.gamma_constraint,
            )  # fmt: skip
        if self.center:
            self.beta = self.add_weight(
                shape, self.beta_initializer, name="beta", regularizer=self.beta_regularizer,
                constraint=self.beta_constraint,
            )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        """Return the normalized inputs."""
        shape, rank = tuple(inputs.shape), len(inputs.shape)
        at = self.axis % rank
        # The axis of the channels becomes two: the group, and the channel within it.
        cut = (*shape[:at], self.groups, shape[at] // self.groups, *shape[at + 1 :])
        axes = tuple(i for i in range(1, rank + 1) if i != at)
        x = ops.reshape(wide(inputs, self.compute_dtype), cut)
        y = ops.reshape(ops.layer_normalization(x, axis=axes, epsilon=self.epsilon), shape)
        along = tuple(n if i == at else 1 for i, n in enumerate(shape))
        if self.gamma is not None:
            y = y * ops.reshape(self.gamma, along)
        if self.beta is not None:
            y = y + ops.reshape(self.beta, along)
        return ops.cast(y, self.compute_dtype)
