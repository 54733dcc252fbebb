"""A loss of embeddings: samples of one class are to be near each other, others far."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.losses.base import Loss, LossFunctionWrapper
from annette.losses.targets import checked_by, groups


@checked_by(groups, integers=True)
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    r"""$\ln(1 + \sum_n e^{\gamma a_n (s_n - m)} \sum_p e^{-\gamma a_p (s_p - 1 + m)})$ a sample.

    $s_p$ are the sample's cosines with others of its class, $s_n$ those with other classes, $m$ is
    `margin`, $a_p = \max(1 + m - s_p, 0)$ and $a_n = \max(s_n + m, 0)$. It is 0 for a sample without
    another of its class, or without any of another. The gradient goes through the weights $a$ too,
    as in Keras; the paper takes them as constants.

    Args:
        y_true: class numbers (n,) or (n, 1).
        y_pred: embeddings (n, d) of length 1; a larger product than 1 counts as 1.
        ref_labels, ref_embeddings: the (r,) labels and (r, d) embeddings each sample is compared
            with; those of the batch unless given.
        remove_diagonal: leave out the pair of sample i and reference i, which in a batch compared
            with itself are one.

    Shapes: the result is (n,).
    Source: Sun et al., Circle loss: a unified perspective of pair similarity optimization, 2020.

    Raises:
        ValueError: if embeddings and labels do not go together.
    """
    y_pred = ops.convert_to_tensor(y_pred)
    labels = _flat(y_true)
    others = y_pred if ref_embeddings is None else ops.convert_to_tensor(ref_embeddings)
    others = ops.cast(others, y_pred.dtype)
    other_labels = labels if ref_labels is None else _flat(ref_labels)
    _check(labels, y_pred, "y_true", "y_pred")
    _check(other_labels, others, "ref_labels", "ref_embeddings")
    # Embeddings longer than 1 count as no nearer than equal ones, as in Keras.
    cosines = ops.minimum(ops.matmul(y_pred, ops.transpose(others)), 1.0)
    same = ops.equal(ops.expand_dims(labels, 1), ops.expand_dims(other_labels, 0))
    positive = same
    if remove_diagonal:
        diagonal = ops.eye(labels.shape[0], other_labels.shape[0], dtype="bool")
        positive = ops.logical_and(same, ops.logical_not(diagonal))
    near = ops.relu(1.0 + margin - cosines)
    far = ops.relu(cosines + margin)
    pull = _sum_in_logs(-gamma * near * (cosines - (1.0 - margin)), positive)
    push = _sum_in_logs(gamma * far * (cosines - margin), ops.logical_not(same))
    return ops.softplus(pull + push)


def _flat(labels: Any) -> Any:
    """Labels without a last axis of one element."""
    labels = ops.convert_to_tensor(labels)
    return ops.squeeze(labels, -1) if len(labels.shape) == 2 and labels.shape[-1] == 1 else labels


def _check(labels: Any, embeddings: Any, labels_name: str, embeddings_name: str) -> None:
    fits = len(embeddings.shape) == 2 and tuple(labels.shape) == tuple(embeddings.shape[:1])
    if not fits:
        raise ValueError(
            f"circle expects `{embeddings_name}` of shape (n, d) and `{labels_name}` of shape (n,) "
            f"with a class number for each of its rows; it got {tuple(embeddings.shape)} and "
            f"{tuple(labels.shape)}."
        )


def _sum_in_logs(logits: Any, mask: Any) -> Any:
    """Logarithm of the sum of the exponentials that the mask leaves, far below 0 for none."""
    never = -3e4 if str(logits.dtype) == "float16" else -1e9
    return ops.logsumexp(ops.where(mask, logits, never), axis=1)


class Circle(LossFunctionWrapper):
    """Embeddings of one class near each other, of others far: `circle`, reduced.

    The model ends with UnitNormalization; the targets are class numbers. Samples without another of
    their class in the batch do not count in the mean: choose batches large enough to have several.

    Arguments and source are those of the function.

    Shapes: y_true (n,) or (n, 1), y_pred (n, d); the result is a number, or (n,) without a
    reduction.

    Raises:
        ValueError: for an unknown reduction, or if embeddings and labels do not go together.
    """

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            circle,
            reduction,
            name,
            dtype,
            remove_diagonal=remove_diagonal,
            gamma=gamma,
            margin=margin,
        )
        self.gamma = gamma
        self.margin = margin
        self.remove_diagonal = remove_diagonal

    def _own_mask(self, y_true: Any, y_pred: Any) -> Any:
        # A sample without another of its class has nothing to be near to.
        labels = _flat(y_true)
        same = ops.equal(ops.expand_dims(labels, 1), ops.expand_dims(labels, 0))
        return ops.sum(ops.cast(same, "int32"), axis=1) > (1 if self.remove_diagonal else 0)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {**Loss.get_config(self), **self._fn_kwargs}
