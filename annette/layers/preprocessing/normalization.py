"""Normalization: each feature brought to mean 0 and variance 1 by what the data was."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.preprocessing.base import Preprocessing, as_array, batches

# The least standard deviation that is divided by: a feature that never changes gives 0.
_LEAST = 1e-7


class Normalization(Preprocessing):
    r"""Subtracts the mean and divides by the standard deviation.

    .. math:: y = (x - \mu) / \sigma

    Mean and variance are given, or `adapt` takes them from data before training.

    Args:
        axis: the axis (or axes) with a mean and variance of its own for each place; None for one
            mean and variance of all.
        mean: given beforehand, together with `variance`.
        variance: given beforehand, together with `mean`.
        invert: whether to bring normalized numbers back: :math:`y = x \sigma + \mu`.

    Input shape: any.
    Output shape: that of the input.
    Weights: mean, variance (the sizes of the axes), and count (), which is Keras's and stays 0;
    none if mean and variance are given.

    Raises:
        ValueError: if only one of `mean` and `variance` is given, or an axis is none of the input.
    """

    def __init__(
        self,
        axis: Any = -1,
        mean: Any = None,
        variance: Any = None,
        invert: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        axes = () if axis is None else tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)
        if any(isinstance(a, bool) or not isinstance(a, (int, np.integer)) for a in axes):
            raise ValueError(
                f"Normalization expects axis to be a whole number, several or None; it got {axis!r}."
            )
        if (mean is None) != (variance is None):
            raise ValueError(
                "Normalization takes mean and variance together; it got "
                f"mean={mean!r} and variance={variance!r}."
            )
        self.axis = axes
        self.input_mean = mean
        self.input_variance = variance
        self.invert = invert
        self.supports_masking = True
        self._wide: tuple[int, ...] | None = None

    def build(self, input_shape: Any) -> None:
        """Make the statistics for the sizes of the axes.

        Raises:
            ValueError: if an axis is none of the input, or its size is not known.
        """
        if self.built:
            return
        rank = len(input_shape)
        for a in self.axis:
            if not -rank <= a < rank:
                raise ValueError(
                    f"Normalization '{self.name}' keeps axis {a}, which inputs of shape "
                    f"{tuple(input_shape)} do not have."
                )
            if input_shape[a] is None:
                raise ValueError(
                    f"Normalization '{self.name}' needs the size of axis {a}; inputs of shape "
                    f"{tuple(input_shape)} leave it open."
                )
        kept = sorted(a % rank for a in self.axis)
        self._over = tuple(i for i in range(rank) if i not in kept)
        self._wide = tuple(input_shape[i] if i in kept else 1 for i in range(rank))
        if self.input_mean is None:
            shape = tuple(input_shape[i] for i in kept)
            self.adapt_mean = self.add_weight(shape, "zeros", trainable=False, name="mean")
            self.adapt_variance = self.add_weight(shape, "ones", trainable=False, name="variance")
            self.count = self.add_weight((), "zeros", dtype="int32", trainable=False, name="count")
        else:
            self._given = tuple(
                self._broadcast(name, value, [input_shape[i] for i in kept])
                for name, value in (("mean", self.input_mean), ("variance", self.input_variance))
            )

    def _broadcast(self, name: str, value: Any, shape: list[int]) -> np.ndarray:
        assert self._wide is not None  # build has just set it
        array = np.asarray(value, self.compute_dtype)
        try:
            return np.broadcast_to(array, shape).reshape(self._wide)
        except ValueError:
            pass
        try:
            return np.broadcast_to(array, self._wide)
        except ValueError:
            raise ValueError(
                f"Normalization '{self.name}' got {name} of shape {array.shape}, which does not "
                f"fit axes of sizes {shape}."
            ) from None

    @property
    def mean(self) -> Any:
        """The mean, in a shape that goes with the inputs; None before the layer is built."""
        return self._statistics()[0] if self._wide is not None else None

    @property
    def variance(self) -> Any:
        """The variance, in a shape that goes with the inputs; None before the layer is built."""
        return self._statistics()[1] if self._wide is not None else None

    def _statistics(self) -> tuple[Any, Any]:
        if self.input_mean is not None:
            mean, variance = self._given
            return ops.convert_to_tensor(mean), ops.convert_to_tensor(variance)
        return ops.reshape(self.adapt_mean, self._wide), ops.reshape(
            self.adapt_variance, self._wide
        )

    def adapt(self, data: Any) -> None:
        """Take mean and variance from `data`, forgetting earlier ones.

        Args:
            data: an array, a list, or batches to go through.

        Raises:
            ValueError: if mean and variance were given to the layer, or there is no data.
        """
        if self.input_mean is not None:
            raise ValueError(
                f"Normalization '{self.name}' was given its mean and variance; it cannot adapt. "
                "Make it without them."
            )
        count, total, squares = 0, np.zeros(()), np.zeros(())
        for batch in batches(data):
            x = np.asarray(as_array(batch), "float64")
            if not self.built:
                self.build((None, *x.shape[1:]) if 0 not in self._kept(x.ndim) else x.shape)
            n = int(np.prod([x.shape[i] for i in self._over]))
            if not n:
                continue
            mean, spread = x.mean(self._over), x.var(self._over)
            # Means and spreads of parts are joined (Chan, Golub & LeVeque, 1979).
            off = mean - total
            squares = squares + spread * n + off**2 * (count * n / (count + n))
            total = total + off * n / (count + n)
            count += n
        if not count:
            raise ValueError(f"Normalization '{self.name}' was given no data to adapt to.")
        self.adapt_mean.assign(total)
        self.adapt_variance.assign(squares / count)

    def _kept(self, rank: int) -> set[int]:
        return {a % rank for a in self.axis if -rank <= a < rank} if rank else set()

    def call(self, inputs: Any) -> Any:
        """Return the normalized inputs."""
        dtype = self.compute_dtype
        inputs = ops.cast(inputs, dtype)
        mean, variance = (ops.cast(x, dtype) for x in self._statistics())
        deviation = ops.maximum(ops.sqrt(variance), _LEAST)
        return inputs * deviation + mean if self.invert else (inputs - mean) / deviation

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer; what `adapt` found is among the weights."""
        return {
            **super().get_config(),
            "axis": list(self.axis),
            "invert": self.invert,
            "mean": _plain(self.input_mean),
            "variance": _plain(self.input_variance),
        }


def _plain(value: Any) -> Any:
    return value if value is None else np.asarray(value).tolist()
