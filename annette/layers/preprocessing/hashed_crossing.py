"""HashedCrossing: combinations of categories as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.base import (
    Preprocessing,
    as_array,
    check_mode,
    encode,
    encoded_shape,
    is_string,
    not_sparse,
)
from annette.layers.preprocessing.hashing import bin_dtype, hashable
from annette.utils.fingerprint import fingerprint64, joined64

# What TensorFlow's crossing of features begins with.
_START = 0xDECAFCAFFE


class HashedCrossing(Preprocessing):
    """Gives for each combination of values one of `num_bins` numbers, by its hash.

    The fingerprints of the values (of a string Fingerprint64, Pike, 2014; of a whole number the
    number itself) are joined one after the other. They are in no graph: the layer works on arrays
    and lists, before training, and in a model that is called at once.

    Args:
        num_bins: how many numbers there are.
        output_mode: ``"int"``, the number; ``"one_hot"``, a row for each combination.
        sparse: only False.

    Input shape: a list of two or more inputs of one shape: (), (rows,) or (rows, 1).
    Output shape: theirs in ``"int"`` mode, else (rows, num_bins).

    Raises:
        ValueError: if there are fewer than two inputs, their shapes differ or have other axes, or
            they hold fractions; for a mode that cannot be, or within a traced function.
    """

    def __init__(
        self,
        num_bins: int,
        output_mode: str = "int",
        sparse: bool = False,
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        mode = check_mode("HashedCrossing", output_mode, ("int", "one_hot"))
        dtype = bin_dtype("HashedCrossing", mode, dtype)
        super().__init__(name=name, dtype=dtype, **kwargs)
        self.autocast = False
        self.num_bins = positive_int("HashedCrossing", "num_bins", num_bins)
        self.output_mode = mode
        self.sparse = not_sparse("HashedCrossing", sparse)

    def _as_inputs(self, x: Any) -> Any:
        if not isinstance(x, (list, tuple)) or len(x) < 2:
            what = f"{len(x)}" if isinstance(x, (list, tuple)) else "an array"
            raise ValueError(
                f"HashedCrossing '{self.name}' expects a list of two or more inputs; it got {what}."
            )
        return [as_array(v) for v in x]

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for the inputs' shapes, rows first."""
        shape = tuple(input_shape[0])
        if self.output_mode == "one_hot" and not shape:
            return (1, self.num_bins)
        return encoded_shape(shape, self.output_mode, self.num_bins)

    def call(self, inputs: Any) -> Any:
        """Return the numbers or the rows."""
        shapes = [tuple(x.shape) for x in inputs]
        fits = len(shapes[0]) < 2 or (len(shapes[0]) == 2 and shapes[0][1] == 1)
        if len(set(shapes)) > 1 or not fits:
            raise ValueError(
                f"HashedCrossing '{self.name}' expects inputs of one shape: (), (rows,) or "
                f"(rows, 1); it got {', '.join(map(str, shapes))}."
            )
        for x in inputs:
            if not is_string(x) and "int" not in str(x.dtype):
                raise ValueError(
                    f"HashedCrossing '{self.name}' crosses strings and whole numbers; it got "
                    f"{x.dtype}. Put them into bins first, with Discretization."
                )
        columns = [_fingerprints(hashable(self, x).reshape(-1)) for x in inputs]
        found = [self._cross(values) for values in zip(*columns, strict=True)]
        places = ops.convert_to_tensor(np.array(found, "int64").reshape(shapes[0]))
        return encode(places, self.output_mode, self.num_bins, self.output_dtype)

    def _cross(self, values: tuple[int, ...]) -> int:
        joined = _START
        for value in values:
            joined = joined64(joined, value)
        return joined % self.num_bins

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        return {
            "num_bins": self.num_bins,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "name": self.name,
            "dtype": self.dtype,
        }


def _fingerprints(values: np.ndarray) -> list[int]:
    if is_string(values):
        tokens, where = np.unique(values, return_inverse=True)
        known = [fingerprint64(t.encode()) for t in tokens.tolist()]
        return [known[i] for i in where.tolist()]
    return [int(v) & (1 << 64) - 1 for v in values.tolist()]
