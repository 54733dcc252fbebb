"""ActivityRegularization: a penalty on what passes through."""

from __future__ import annotations

from typing import Any

from annette import regularizers
from annette.layers.layer import Layer


class ActivityRegularization(Layer):
    r"""Returns its input, and adds a penalty on its size to the loss.

    .. math:: \frac{1}{n} \sum (l_1 |x| + l_2 x^2)

    with n rows in the batch.

    Args:
        l1, l2: the factors, numbers of 0 or more.

    Input shape: any.
    Output shape: that of the input.

    Raises:
        ValueError: if a factor is no number of 0 or more.
    """

    _fields = ("l1", "l2")

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1=l1, l2=l2), **kwargs)
        self.l1, self.l2 = l1, l2
        self.supports_masking = True
        self.built = True

    def call(self, inputs: Any) -> Any:
        """Return the inputs."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer; the factors tell the penalty."""
        config = super().get_config()
        del config["activity_regularizer"]
        return config
