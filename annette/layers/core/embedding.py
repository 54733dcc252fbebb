"""Embedding: a vector of its own for each whole number."""

from __future__ import annotations

from typing import Any

from annette import constraints, initializers, ops, regularizers
from annette.layers.arguments import not_quantized, positive_int
from annette.layers.layer import Layer
from annette.ops.numpy.indexing import rows_at


class Embedding(Layer):
    r"""Turns whole numbers from 0 to ``input_dim - 1`` into vectors that are learnt.

    .. math:: y = E_x

    Args:
        input_dim: how many numbers there are.
        output_dim: length of a vector.
        embeddings_initializer: first values of E.
        embeddings_regularizer: a penalty on E.
        embeddings_constraint: applied to E after each update.
        mask_zero: whether 0 marks places that are to be passed over.
        weights: first values of E, as an array or ``[array]``.

    Input shape: (rows, ...), whole numbers.
    Output shape: (rows, ..., output_dim).
    Weights: embeddings (input_dim, output_dim).

    Raises:
        ValueError: if a dimension is no whole number above 0, or an index is out of range.
    """

    _fields: tuple[str, ...] = (
        "input_dim", "output_dim", "embeddings_initializer", "embeddings_regularizer",
        "activity_regularizer", "embeddings_constraint", "mask_zero", "quantization_config",
    )  # fmt: skip

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        weights: Any = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        # The length of a sequence, which Keras 1 and 2 asked for here.
        length = kwargs.pop("input_length", None)
        if length is not None:
            kwargs.setdefault("input_shape", (length,))
        super().__init__(**kwargs)
        not_quantized("Embedding", quantization_config)
        self.quantization_config = None
        self.input_dim = positive_int("Embedding", "input_dim", input_dim)
        self.output_dim = positive_int("Embedding", "output_dim", output_dim)
        self.embeddings_initializer = initializers.get(embeddings_initializer)
        self.embeddings_regularizer = regularizers.get(embeddings_regularizer)
        self.embeddings_constraint = constraints.get(embeddings_constraint)
        self.mask_zero = mask_zero
        self.supports_masking = mask_zero
        self.autocast = False
        if weights is not None:
            self.build()
            first = weights[0] if isinstance(weights, (list, tuple)) else weights
            self.set_weights([first])

    def build(self, input_shape: Any = None) -> None:
        """Make the table of vectors."""
        if self.built:
            return
        self.embeddings = self.add_weight(
            (self.input_dim, self.output_dim), self.embeddings_initializer, name="embeddings",
            regularizer=self.embeddings_regularizer, constraint=self.embeddings_constraint,
        )  # fmt: skip

    def call(self, inputs: Any) -> Any:
        """Return the vector of each number."""
        if ops.dtype(inputs) not in ("int32", "int64"):
            inputs = ops.cast(inputs, "int32")
        told = (
            f"Embedding '{self.name}' has vectors for 0 to {self.input_dim - 1}; it got {{}}. Make "
            "input_dim one more than the largest number."
        )
        return ops.cast(rows_at(self.embeddings, inputs, told), self.compute_dtype)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
        """Return where the input is not 0, if `mask_zero`."""
        return ops.not_equal(inputs, 0) if self.mask_zero else None
