"""CategoryEncoding: categories that are whole numbers, as rows of zeros and ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.base import (
    MODES,
    Preprocessing,
    check_mode,
    encode,
    encoded_shape,
    not_sparse,
)


class CategoryEncoding(Preprocessing):
    """Turns whole numbers from 0 to ``num_tokens - 1`` into rows of `num_tokens` entries.

    Args:
        num_tokens: how many categories there are.
        output_mode: ``"one_hot"``, a row with a single 1 for each number; ``"multi_hot"``, a row
            for each sample with 1 wherever a category comes in it; ``"count"``, how often it does.
        sparse: only False.

    Call arguments:
        inputs: whole numbers.
        count_weights: of the shape of the inputs: what each counts, in ``"count"`` mode.

    Input shape: (rows,) or (rows, ...).
    Output shape: (..., num_tokens); the last axis of the inputs is gone but in ``"one_hot"`` mode.

    Raises:
        ValueError: if `num_tokens` is not given or no whole number above 0, for an unknown mode,
            or for weights in another mode than ``"count"``.
    """

    def __init__(
        self,
        num_tokens: int | None = None,
        output_mode: str = "multi_hot",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.output_mode = check_mode("CategoryEncoding", output_mode, MODES[1:])
        if num_tokens is None:
            raise ValueError(
                "CategoryEncoding expects num_tokens, the number of categories. Where it is not "
                "known, IntegerLookup finds the categories in the data."
            )
        self.num_tokens = positive_int("CategoryEncoding", "num_tokens", num_tokens)
        self.sparse = not_sparse("CategoryEncoding", sparse)

    def compute_output_shape(self, input_shape: Any, count_weights_shape: Any = None) -> Any:
        """Return the output's shape for an input shape, rows first."""
        return encoded_shape(input_shape, self.output_mode, self.num_tokens)

    def call(self, inputs: Any, count_weights: Any = None) -> Any:
        """Return the rows."""
        if count_weights is not None and self.output_mode != "count":
            raise ValueError(
                f"CategoryEncoding '{self.name}' uses count_weights in output_mode='count' only; "
                f"its mode is {self.output_mode!r}."
            )
        indices = ops.cast(inputs, "int32")
        if isinstance(indices, np.ndarray):
            self._check_range(indices)
        return encode(indices, self.output_mode, self.num_tokens, self.dtype, count_weights)

    def _check_range(self, indices: np.ndarray) -> None:
        wrong = (indices < 0) | (indices >= self.num_tokens)
        if wrong.any():
            raise ValueError(
                f"CategoryEncoding '{self.name}' encodes 0 to {self.num_tokens - 1}; it got "
                f"{indices[wrong].flat[0]}. Make num_tokens one more than the largest number."
            )

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        return {
            **super().get_config(), "num_tokens": self.num_tokens, "output_mode": self.output_mode
        }  # fmt: skip
