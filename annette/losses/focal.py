"""Cross-entropies that count what is predicted well already for less (Lin et al., 2017)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from annette import config, ops
from annette.losses.base import Loss, LossFunctionWrapper, same_rank
from annette.losses.targets import binary, checked_by, one_hot


@checked_by(binary)
def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    r"""$-\frac1n \sum_i (1 - q_i)^\gamma (y_i \ln p_i + (1 - y_i) \ln(1 - p_i))$ over `axis`.

    $q = y p + (1 - y)(1 - p)$ is the probability given to the truth. `y_pred` is $p$, or with
    `from_logits` $z$ with $p = 1 / (1 + e^{-z})$. `label_smoothing` $s$ makes the targets
    $y (1 - s) + s / 2$. With `apply_class_balancing` each term is weighted by $\alpha$ where $y$
    is 1 and by $1 - \alpha$ where it is 0.

    Shapes: y_true and y_pred alike; the result lacks `axis`.
    Source: Lin, Goyal, Girshick, He and Dollar, Focal loss for dense object detection, 2017.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    y_true, y_pred = same_rank(y_true, y_pred)
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + 0.5 * label_smoothing
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    right = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = ops.binary_crossentropy(y_true, y_pred) * ops.power(1.0 - right, gamma)
    if apply_class_balancing:
        values = values * (y_true * alpha + (1.0 - y_true) * (1.0 - alpha))
    return ops.mean(values, axis=axis)


@checked_by(one_hot)
def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: float | Sequence[float] = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    r"""$-\sum_i \alpha_i (1 - p_i)^\gamma y_i \ln p_i$ over the classes along `axis`.

    `y_pred` is proportional to $p$, or with `from_logits` $z$ with $p =$ softmax $z$. `alpha` is
    one weight, or one a class. `label_smoothing` $s$ makes the targets $y (1 - s) + s / n$ for $n$
    classes.

    Shapes: y_true (one-hot) and y_pred alike; the result lacks `axis`.
    Source: Lin, Goyal, Girshick, He and Dollar, Focal loss for dense object detection, 2017.

    Raises:
        ValueError: if y_true is not one-hot, or `alpha` has not one weight a class.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    y_true = ops.convert_to_tensor(y_true, dtype=y_pred.dtype)
    if len(y_true.shape) != len(y_pred.shape):
        raise ValueError(
            "categorical_focal_crossentropy expects one-hot targets of the shape of y_pred, "
            f"{tuple(y_pred.shape)}; it got {tuple(y_true.shape)}. "
            "Make class numbers one-hot with to_categorical(y, num_classes)."
        )
    if label_smoothing:
        y_true = y_true * (1.0 - label_smoothing) + label_smoothing / y_true.shape[axis]
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    p = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    p = ops.clip(p, config.epsilon(), 1.0 - config.epsilon())
    weights = _class_weights(alpha, p, axis)
    return -ops.sum(weights * ops.power(1.0 - p, gamma) * y_true * ops.log(p), axis=axis)


def _class_weights(alpha: Any, p: Any, axis: int) -> Any:
    """`alpha` so that it multiplies the classes along `axis`."""
    weights = ops.convert_to_tensor(alpha, dtype=p.dtype)
    if not weights.shape:
        return weights
    classes = p.shape[axis]
    if tuple(weights.shape) not in ((classes,), (1,)):
        raise ValueError(
            f"Argument `alpha` must be one number or one for each of the {classes} classes; it "
            f"got {alpha!r}."
        )
    shape = [1] * len(p.shape)
    shape[axis] = weights.shape[0]
    return ops.reshape(weights, tuple(shape))


class BinaryFocalCrossentropy(LossFunctionWrapper):
    r"""Focal cross-entropy of yes-or-no targets: `binary_focal_crossentropy`, reduced.

    $-(1 - q)^\gamma \ln q$ with the probability $q$ that is given to the truth, the mean over
    `axis`.
    Arguments and source are those of the function.

    Shapes: y_true and y_pred alike; the result is a number, or without a reduction lacks `axis`.

    Raises:
        ValueError: for an unknown reduction, or shapes that do not go together.
    """

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            binary_focal_crossentropy,
            reduction,
            name,
            dtype,
            apply_class_balancing=apply_class_balancing,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.apply_class_balancing = apply_class_balancing
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**Loss.get_config(self), **self._fn_kwargs}


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    r"""Focal cross-entropy of one-hot targets: `categorical_focal_crossentropy`, reduced.

    $-\sum_i \alpha_i (1 - p_i)^\gamma y_i \ln p_i$ of each sample.
    Arguments and source are those of the function.

    Shapes: y_true and y_pred alike; the result is a number, or without a reduction lacks `axis`.

    Raises:
        ValueError: for an unknown reduction, targets that are not one-hot, or an `alpha` that has
            not one weight a class.
    """

    def __init__(
        self,
        alpha: float | Sequence[float] = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            categorical_focal_crossentropy,
            reduction,
            name,
            dtype,
            alpha=alpha,
            gamma=gamma,
            from_logits=from_logits,
            label_smoothing=label_smoothing,
            axis=axis,
        )
        self.alpha = alpha
        self.gamma = gamma
        self.from_logits = from_logits
        self.label_smoothing = label_smoothing
        self.axis = axis

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**Loss.get_config(self), **self._fn_kwargs}
