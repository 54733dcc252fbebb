"""What every loss has: masks, sample weights and the reduction to one number."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from annette import config, ops
from annette.saving.serialization import deserialize_keras_object, serialize_keras_object
from annette.utils.arguments import returned_number
from annette.utils.naming import auto_name, to_snake_case

REDUCTIONS = ("sum", "sum_over_batch_size", "mean", "mean_with_sample_weight", "none", None)


class Loss:
    """A function from targets and predictions to a number that training makes small.

    A subclass gives `call(y_true, y_pred)`, the loss of each sample.

    Args:
        name: the class's name in snake case unless given.
        reduction: "sum_over_batch_size" (or "mean"), "sum", "mean_with_sample_weight" (the sum over
            the sum of the weights), "none" or None.
        dtype: in which it is computed; `floatx()` unless given.

    Raises:
        ValueError: for an unknown reduction.
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: Any = None,
    ) -> None:
        if reduction not in REDUCTIONS:
            known = ", ".join(map(repr, REDUCTIONS))
            raise ValueError(f"Argument `reduction` must be one of {known}; it got {reduction!r}.")
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self.reduction = reduction
        self._dtype = None if dtype is None else str(getattr(dtype, "compute_dtype", dtype))

    @property
    def dtype(self) -> str:
        """The dtype in which the loss is computed."""
        return self._dtype or config.floatx()

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """The reduced loss; `sample_weight` has one weight a sample, or one for each value."""
        mask = getattr(y_pred, "_keras_mask", None)
        y_pred = _convert(y_pred, self.dtype)
        y_true = _convert(y_true, self._target_dtype(y_true))
        values = self.call(y_true, y_pred)
        own_mask = self._own_mask(y_true, y_pred)
        if own_mask is not None:
            mask = own_mask if mask is None else ops.logical_and(mask, own_mask)
        return reduce_weighted(values, sample_weight, mask, self.reduction, self.dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sample: the shape of `y_pred` without its last axis."""
        raise NotImplementedError(f"{type(self).__name__} needs a method call(y_true, y_pred).")

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[Any, ...]) -> None:
        """Raise ValueError if these targets cannot be meant for an output of this shape.

        Looks at the values, so it is for the user's own arrays, before training. Both shapes have
        the samples as first axis, of which only the others are compared. By default all is well.
        """

    def _target_dtype(self, y_true: Any) -> str:
        return self.dtype

    def _own_mask(self, y_true: Any, y_pred: Any) -> Any:
        """Which of the loss's values count; None for all."""
        return None

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config_: dict[str, Any] = {"name": self.name, "reduction": self.reduction}
        if self._dtype not in (None, config.floatx()):
            config_["dtype"] = self._dtype
        return config_

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """A loss made from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


class LossFunctionWrapper(Loss):
    """A loss from a function `fn(y_true, y_pred, **kwargs)`.

    Args:
        fn: a function that gives the loss of each sample.
        kwargs: its further arguments; the others are those of `Loss`.

    Raises:
        ValueError: for an unknown reduction.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.fn = fn
        self._fn_kwargs = kwargs

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The function's value for each sample."""
        if hasattr(y_true, "shape") and hasattr(y_pred, "shape"):
            y_true, y_pred = same_rank(y_true, y_pred)
        return returned_number("loss", self.name, self.fn(y_true, y_pred, **self._fn_kwargs))

    def check_targets(self, y_true: np.ndarray, output_shape: tuple[Any, ...]) -> None:
        """Raise ValueError if these targets cannot be meant for an output of this shape."""
        check = getattr(self.fn, "check_targets", None)
        if check is not None:
            check(np.asarray(y_true), tuple(output_shape), self.name, **self._fn_kwargs)

    def _target_dtype(self, y_true: Any) -> str:
        # Class numbers stay whole numbers: no cast there and back.
        if getattr(self.fn, "integer_targets", False):
            dtype = str(getattr(y_true, "dtype", ""))
            return dtype if "int" in dtype else self.dtype
        return self.dtype

    def _own_mask(self, y_true: Any, y_pred: Any) -> Any:
        ignored = self._fn_kwargs.get("ignore_class")
        if ignored is None:
            return None
        y_true = ops.squeeze(y_true, -1) if len(y_true.shape) == len(y_pred.shape) else y_true
        return ops.not_equal(y_true, ignored)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        extra = {"fn": self.fn, **self._fn_kwargs}
        return {**super().get_config(), **serialize_keras_object(extra)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Loss:
        """A loss made from what `get_config` gave."""
        if "fn" in config:
            config = {**config, "fn": deserialize_keras_object(config["fn"])}
        return cls(**config)


def _convert(x: Any, dtype: str) -> Any:
    """Arrays of one dtype in the structure of `x`; nested lists of numbers are one array."""
    if isinstance(x, dict):
        return {key: _convert(value, dtype) for key, value in x.items()}
    if isinstance(x, (list, tuple)) and any(getattr(item, "shape", ()) != () for item in x):
        return type(x)(_convert(item, dtype) for item in x)
    return ops.convert_to_tensor(x, dtype=dtype)


def same_rank(y_true: Any, y_pred: Any) -> tuple[Any, Any]:
    """Both with equally many axes, where they differ only by a last axis of one element."""
    more = len(y_true.shape) - len(y_pred.shape)
    if more == 1 and y_true.shape[-1] == 1:
        if len(y_pred.shape) == 1:
            return y_true, ops.expand_dims(y_pred, -1)
        return ops.squeeze(y_true, -1), y_pred
    if more == -1 and y_pred.shape[-1] == 1:
        if len(y_true.shape) == 1:
            return ops.expand_dims(y_true, -1), y_pred
        return y_true, ops.squeeze(y_pred, -1)
    return y_true, y_pred


def align_weights(values: Any, weights: Any) -> tuple[Any, Any]:
    """Weights of the rank of the values: those of a sample count for all its values.

    Raises:
        ValueError: if the shapes do not go together.
    """
    if not values.shape:
        return values, weights  # one value for the whole batch: every weight is one of it
    values, weights = same_rank(values, weights)
    shape, given = tuple(values.shape), tuple(weights.shape)
    if len(given) < len(shape):
        weights = ops.reshape(weights, given + (1,) * (len(shape) - len(given)))
    fits = len(given) <= len(shape) and all(
        n in (1, m) for n, m in zip(weights.shape, shape, strict=True)
    )
    if not fits:
        raise ValueError(
            f"`sample_weight` has shape {given}, which does not fit a loss of shape {shape}. "
            f"Give one weight a sample, of shape {shape[:1]}."
        )
    return values, weights


def reduce_weighted(
    values: Any, sample_weight: Any, mask: Any, reduction: str | None, dtype: str
) -> Any:
    """The values times their weights, reduced; a mean counts only the values the mask leaves."""
    values = ops.cast(values, dtype)
    weights = None
    if sample_weight is not None:
        values, weights = align_weights(values, ops.convert_to_tensor(sample_weight, dtype=dtype))
    if mask is not None:
        weights = apply_mask(weights, mask, dtype, reduction, values)
    if weights is not None:
        values = values * weights
    if reduction in (None, "none") or not values.shape:
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and weights is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(weights))
    return ops.mean(values)


def apply_mask(
    weights: Any, mask: Any, dtype: str, reduction: str | None, values: Any = None
) -> Any:
    """The weights, 0 where masked, scaled up where the reduction is a mean over all values."""
    mask = ops.cast(ops.convert_to_tensor(mask), dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        total = float(math.prod(mask.shape))
        mask = mask * (total / (ops.sum(mask) + config.epsilon()))
    if values is not None:
        _, mask = align_weights(values, mask)
    if weights is None:
        return mask
    mask, weights = same_rank(mask, weights)
    return weights * mask
