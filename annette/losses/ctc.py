"""Connectionist temporal classification: labels in order, without their places in time."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.losses.regression import _Plain
from annette.losses.targets import checked_by, sequences


@checked_by(sequences, integers=True)
def ctc(y_true: Any, y_pred: Any) -> Any:
    r"""$-\ln p(y \mid z)$ of a sequence of labels $y$, over all ways to lay it over the frames.

    Class 0 is the blank, and 0 in `y_true` fills up what is shorter than the longest sequence.
    Every frame of `y_pred`, which holds logits, counts; use `ops.ctc_loss` for sequences of
    unequal numbers of frames.

    Shapes: y_true (n, labels), y_pred (n, frames, classes); the result (n,).
    Source: Graves, Fernández, Gomez and Schmidhuber, Connectionist temporal classification, 2006.

    Raises:
        ValueError: if the shapes are not these.
    """
    y_pred, y_true = ops.convert_to_tensor(y_pred), ops.convert_to_tensor(y_true)
    if len(y_true.shape) != 2:
        raise ValueError(
            "ctc expects y_true of shape (n, labels), a row of class numbers for each sequence; "
            f"it got shape {tuple(y_true.shape)}."
        )
    if len(y_pred.shape) != 3:
        raise ValueError(
            "ctc expects y_pred of shape (n, frames, classes), logits; it got shape "
            f"{tuple(y_pred.shape)}."
        )
    rows, frames, _ = y_pred.shape
    labels = ops.sum(ops.cast(ops.not_equal(y_true, 0), "int32"), axis=-1)
    return ops.ctc_loss(y_true, y_pred, labels, ops.full((rows,), frames, "int32"), mask_index=0)


class CTC(_Plain):
    r"""Connectionist temporal classification: `ctc`, reduced.

    $-\ln p(y \mid z)$ of each sequence (Graves et al., 2006).

    Shapes: y_true (n, labels), y_pred (n, frames, classes), logits; the result is a number, or (n,)
    without a reduction.

    Raises:
        ValueError: for an unknown reduction, or if the shapes are not these.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "ctc",
        dtype: Any = None,
    ) -> None:
        super().__init__(ctc, reduction, name, dtype)
