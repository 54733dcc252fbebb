"""Hashing: categories as numbers, without a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import dtype_policies, ops
from annette.graph.dtypes import is_float, is_int, standardize
from annette.layers.arguments import positive_int
from annette.layers.preprocessing.base import (
    MODES,
    Preprocessing,
    check_mode,
    encode,
    encoded_shape,
    is_string,
    not_sparse,
)
from annette.layers.preprocessing.buckets import buckets
from annette.layers.preprocessing.index_lookup import salt_pair


class Hashing(Preprocessing):
    """Gives for each string or whole number one of `num_bins` numbers, by its hash.

    The hash is FarmHash's Fingerprint64 (Pike, 2014), with a salt SipHash-2-4 (Aumasson &
    Bernstein, 2012); of a whole number that of its decimal digits. Both are in no graph: the layer
    works on arrays and lists, before training, and in a model that is called at once.

    Args:
        num_bins: how many numbers there are.
        mask_value: what number 0 is kept for; the others share the rest.
        salt: one or two whole numbers that make the hash another.
        output_mode: ``"int"``, the number; ``"one_hot"``, a row for each value; ``"multi_hot"``
            and ``"count"``, a row for each sample.
        sparse: only False.

    Input shape: any.
    Output shape: that of the input in ``"int"`` mode, else (..., num_bins).

    Raises:
        ValueError: if `num_bins` is no whole number above 0, for a salt or a mode that cannot be,
            or within a traced function.
    """

    def __init__(
        self,
        num_bins: int,
        mask_value: Any = None,
        salt: Any = None,
        output_mode: str = "int",
        sparse: bool = False,
        **kwargs: Any,
    ) -> None:
        mode = check_mode("Hashing", output_mode)
        super().__init__(**{**kwargs, "dtype": bin_dtype("Hashing", mode, kwargs.get("dtype"))})
        self.num_bins = positive_int("Hashing", "num_bins", num_bins)
        if mask_value is not None and self.num_bins == 1:
            raise ValueError(
                "Hashing needs num_bins above 1 where there is a mask_value; it got 1."
            )
        self.salt = salt_pair("Hashing", salt)
        self.mask_value = mask_value
        self.output_mode = mode
        self.sparse = not_sparse("Hashing", sparse)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        return encoded_shape(input_shape, self.output_mode, self.num_bins)

    def call(self, inputs: Any) -> Any:
        """Return the numbers or the rows."""
        values = hashable(self, inputs)
        if self.mask_value is None:
            found = buckets(values, self.num_bins, self.salt)
        else:
            if is_string(values) != isinstance(self.mask_value, str):
                raise ValueError(
                    f"Hashing '{self.name}' has the mask_value {self.mask_value!r}, which is not "
                    f"of the kind of its inputs ({values.dtype})."
                )
            rest = buckets(values, self.num_bins - 1, self.salt) + 1
            found = np.where(values == self.mask_value, 0, rest)
        places = ops.convert_to_tensor(np.asarray(found, "int64"))
        return encode(places, self.output_mode, self.num_bins, self.output_dtype)

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer."""
        return {
            **super().get_config(),
            "num_bins": self.num_bins,
            "salt": self.salt,
            "mask_value": self.mask_value,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
        }


def bin_dtype(kind: str, mode: str, dtype: Any) -> Any:
    """Return the dtype of a layer that gives numbers of bins: int64 in ``"int"`` mode.

    Raises:
        ValueError: for a dtype that is not of whole numbers, in ``"int"`` mode.
    """
    if mode != MODES[0]:
        return dtype
    if dtype is None:
        return "int64"
    if not is_int(dtype_policies.get(dtype).compute_dtype):
        raise ValueError(
            f"{kind} gives whole numbers in output_mode='int'; it got dtype={dtype!r}. Use 'int64' "
            "or 'int32'."
        )
    return dtype


def hashable(layer: Any, x: Any) -> np.ndarray:
    """Return strings or whole numbers as an array to hash.

    Raises:
        ValueError: if they are symbols of a trace.
    """
    if is_string(x):
        return np.asarray(x)
    if not isinstance(x, np.ndarray):
        raise ValueError(
            f"{type(layer).__name__} '{layer.name}' hashes digits, which cannot be traced. Call "
            "the layer on the data before training, or compile the model with run_eagerly=True."
        )
    array = np.asarray(x)
    return array.astype("int64") if is_float(standardize(array.dtype)) else array
