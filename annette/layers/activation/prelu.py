"""PReLU: a leaky rectified linear unit whose slope is learnt."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import constraints, initializers, ops, regularizers
from annette.layers.input_spec import InputSpec
from annette.layers.layer import Layer


class PReLU(Layer):
    r"""The parametric rectified linear unit (He, Zhang, Ren & Sun, 2015).

    .. math:: f(x) = \max(x, 0) + \alpha \min(x, 0)

    Args:
        alpha_initializer, alpha_regularizer, alpha_constraint: of :math:`\alpha`.
        shared_axes: axes along which one :math:`\alpha` serves all.

    Input shape: (rows, ...).
    Output shape: that of the input.
    Weights: alpha, of the shape of a sample, 1 along shared axes.

    Raises:
        ValueError: for shared axes that the inputs have not.
    """

    _fields = ("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes")

    def __init__(
        self,
        alpha_initializer: Any = "Zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.alpha_initializer = initializers.get(alpha_initializer)
        self.alpha_regularizer = regularizers.get(alpha_regularizer)
        self.alpha_constraint = constraints.get(alpha_constraint)
        _check_axes(shared_axes)
        single = shared_axes is None or isinstance(shared_axes, (list, tuple))
        self.shared_axes = list(shared_axes) if single and shared_axes else (
            None if shared_axes is None else [shared_axes]
        )  # fmt: skip
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make alpha for the shape of a sample."""
        shape = list(input_shape[1:])
        for axis in self.shared_axes or []:
            if not 1 <= axis <= len(shape):
                raise ValueError(
                    f"PReLU '{self.name}' expects shared_axes from 1 to {len(shape)} for inputs of "
                    f"shape {tuple(input_shape)}; it got {axis}."
                )
            shape[axis - 1] = 1
        self.alpha = self.add_weight(
            shape, self.alpha_initializer, name="alpha", regularizer=self.alpha_regularizer,
            constraint=self.alpha_constraint,
        )  # fmt: skip
        axes = {i: n for i, n in enumerate(input_shape) if i and i not in (self.shared_axes or [])}
        self.input_spec = InputSpec(ndim=len(input_shape), axes=axes)

    def call(self, inputs: Any) -> Any:
        """Return f(x)."""
        return ops.relu(inputs) - self.alpha * ops.relu(-inputs)


def _check_axes(value: Any) -> None:
    if value is None:
        return
    for axis in value if isinstance(value, (list, tuple)) else [value]:
        if np.ndim(axis) or (isinstance(axis, bool) or not hasattr(axis, "__index__")):
            raise TypeError(
                "PReLU expects shared_axes to be a whole number or a list of them; it got "
                f"{value!r}."
            )
