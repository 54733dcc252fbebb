"""ReversibleEmbedding: a vector for each whole number, and back to scores of the numbers."""

from __future__ import annotations

from typing import Any

from annette import ops
from annette.graph.dtypes import is_float, standardize
from annette.graph.symbolic import KerasTensor
from annette.layers.core.embedding import Embedding


class ReversibleEmbedding(Embedding):
    r"""An Embedding that also turns vectors into a score for each number, as language models do.

    .. math:: y = E_x, \qquad z = h E^\top

    (Press & Wolf, 2017: one table for both is smaller and learns better.)

    Args:
        input_dim: how many numbers there are.
        output_dim: length of a vector.
        tie_weights: whether both ways share one table; a second one of its own if not.
        embeddings_initializer: first values of the tables.
        embeddings_regularizer: a penalty on E.
        embeddings_constraint: applied to E after each update.
        mask_zero: whether 0 marks places that are to be passed over.
        reverse_dtype: in which the scores are computed; the layer's compute dtype if None.
        logit_soft_cap: c, which bounds the scores smoothly: :math:`c \tanh(z / c)`.

    Call arguments:
        inputs: whole numbers; vectors if `reverse`.
        reverse: whether to turn vectors into scores.

    Input shape: (rows, ...), whole numbers; (rows, ..., output_dim) if `reverse`.
    Output shape: (rows, ..., output_dim); (rows, ..., input_dim) if `reverse`.
    Weights: embeddings (input_dim, output_dim), and reverse_embeddings (output_dim, input_dim)
        unless `tie_weights`.

    Raises:
        ValueError: if a dimension is no whole number above 0, or vectors are of another length.
    """

    _fields = (*Embedding._fields, "tie_weights", "reverse_dtype", "logit_soft_cap")

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        tie_weights: bool = True,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        reverse_dtype: Any = None,
        logit_soft_cap: float | None = None,
        **kwargs: Any,
    ) -> None:
        # First values need the tables, which are not known of before super().__init__.
        weights = kwargs.pop("weights", None)
        super().__init__(
            input_dim, output_dim, embeddings_initializer, embeddings_regularizer,
            embeddings_constraint, mask_zero, **kwargs,
        )  # fmt: skip
        self.tie_weights = tie_weights
        self.reverse_dtype = reverse_dtype
        self.logit_soft_cap = logit_soft_cap
        if weights is not None:
            self.build()
            self.set_weights(list(weights) if isinstance(weights, (list, tuple)) else [weights])

    def build(self, input_shape: Any = None) -> None:
        """Make the table of vectors, and the one for the way back if it is another."""
        if self.built:
            return
        super().build(input_shape)
        if not self.tie_weights:
            self.reverse_embeddings = self.add_weight(
                (self.output_dim, self.input_dim), self.embeddings_initializer,
                name="reverse_embeddings",
            )  # fmt: skip

    def call(self, inputs: Any, reverse: bool = False) -> Any:
        """Return the vector of each number, or the scores of each vector."""
        if not reverse:
            return super().call(inputs)
        if not inputs.shape or inputs.shape[-1] != self.output_dim:
            raise ValueError(
                f"ReversibleEmbedding '{self.name}' turns vectors of length {self.output_dim} into "
                f"scores; it got an array of shape {tuple(inputs.shape)}."
            )
        dtype = standardize(self.reverse_dtype or self.compute_dtype)
        table = ops.transpose(self.embeddings) if self.tie_weights else self.reverse_embeddings
        z = ops.matmul(ops.cast(inputs, dtype), ops.cast(table, dtype))
        if self.logit_soft_cap is None:
            return z
        return ops.tanh(z / self.logit_soft_cap) * self.logit_soft_cap

    def compute_output_shape(self, input_shape: Any, reverse: bool = False) -> Any:
        """Return the output's shape for an input shape (rows first, None where unknown)."""
        if reverse:
            return (*input_shape[:-1], self.input_dim)
        return (*input_shape, self.output_dim)

    def compute_output_spec(self, inputs: Any, reverse: bool = False) -> Any:
        """Return the output as a KerasTensor."""
        shape = self.compute_output_shape(inputs.shape, reverse)
        dtype = (reverse and self.reverse_dtype) or self.compute_dtype
        return KerasTensor(shape, standardize(dtype))

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return where a number is not 0, if `mask_zero`; None for vectors."""
        if is_float(standardize(inputs.dtype)):
            return None
        return super().compute_mask(inputs, previous_mask)
