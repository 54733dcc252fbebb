"""IntegerLookup: whole numbers of any size as places in a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.preprocessing.base import is_string
from annette.layers.preprocessing.buckets import buckets
from annette.layers.preprocessing.index_lookup import IndexLookup


class IntegerLookup(IndexLookup):
    """Gives for each whole number its place in a vocabulary.

    The vocabulary is given, or `adapt` makes it of the numbers in data. The layer is traced with
    the model it is in; adapt it before the model is trained or called.

    Args:
        max_tokens: how large the vocabulary that `adapt` makes may be, special tokens included.
        num_oov_indices: how many places unknown numbers share; 0 to refuse them.
        mask_token: the number that stands for nothing: place 0 in ``"int"`` mode, and dropped in
            the others.
        oov_token: what stands for an unknown number where `invert`.
        vocabulary: numbers, or the name of a file with one a line.
        vocabulary_dtype: only ``"int64"``.
        idf_weights: how much each number counts, in ``"tf_idf"`` mode.
        invert: whether to give the number for each place instead.
        output_mode: ``"int"``, the place; ``"one_hot"``, a row for each number; ``"multi_hot"``,
            ``"count"``, ``"tf_idf"``, a row for each sample.
        sparse: only False.
        pad_to_max_tokens: whether rows have `max_tokens` entries however small the vocabulary is.
        oov_method: how unknown numbers share their places: ``"floormod"``, by the remainder, or
            ``"farmhash"``, by the hash of their digits, which cannot be traced.
        salt: one or two whole numbers, with which ``"farmhash"`` hashes (then by SipHash).

    Input shape: any, whole numbers.
    Output shape: that of the input in ``"int"`` mode, else (..., size of the vocabulary).

    Raises:
        ValueError: for a mode or a number that cannot be, a vocabulary with a number twice, or a
            call before there is a vocabulary.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise ValueError(
                f"IntegerLookup expects vocabulary_dtype='int64'; it got {vocabulary_dtype!r}."
            )
        if oov_method not in ("floormod", "farmhash"):
            raise ValueError(
                f"IntegerLookup expects oov_method 'floormod' or 'farmhash'; it got {oov_method!r}."
            )
        if salt is not None and oov_method != "farmhash":
            raise ValueError(
                f"IntegerLookup uses salt with oov_method='farmhash' only; it got {oov_method!r}."
            )
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
            output_mode, sparse, pad_to_max_tokens, oov_method, salt, name, **kwargs,
        )  # fmt: skip
        self.vocabulary_dtype = vocabulary_dtype

    def _token(self, value: Any) -> int:
        try:
            return int(value)
        except ValueError:
            raise ValueError(
                f"IntegerLookup '{self.name}' takes whole numbers; it got {value!r}. StringLookup "
                "takes strings."
            ) from None

    def _numbers(self, inputs: Any) -> Any:
        if is_string(inputs):
            raise ValueError(
                f"IntegerLookup '{self.name}' takes whole numbers; it got strings. StringLookup "
                "takes those."
            )
        return ops.cast(inputs, "int64")

    def _find(self, inputs: Any) -> Any:
        numbers = self._numbers(inputs)
        at = ops.minimum(ops.searchsorted(self._sorted, numbers), len(self._sorted) - 1)
        found = ops.equal(ops.take(self._sorted, at), numbers)
        return ops.where(found, ops.take(self._order, at), ops.cast(-1, "int64"))

    def _bucket(self, inputs: Any) -> Any:
        numbers = self._numbers(inputs)
        if self.oov_method == "floormod":
            return ops.mod(numbers, ops.cast(self.num_oov_indices, "int64"))
        if not isinstance(numbers, np.ndarray):
            raise ValueError(
                f"IntegerLookup '{self.name}' hashes digits (oov_method='farmhash'), which cannot "
                "be traced. Call the layer on the data before training, or use 'floormod'."
            )
        return ops.convert_to_tensor(buckets(numbers, self.num_oov_indices, self.salt))

    def _is_mask(self, inputs: Any) -> Any:
        return ops.equal(self._numbers(inputs), ops.cast(self.mask_token, "int64"))

    def _inverted(self, inputs: Any) -> Any:
        tokens = np.array([*self.get_vocabulary(), self.oov_token], "int64")
        places = self._numbers(inputs)
        inside = ops.logical_and(places >= 0, places < len(tokens))
        last = ops.cast(len(tokens) - 1, "int64")
        return ops.take(tokens, ops.where(inside, places, last))

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer, its vocabulary included if it was given."""
        return {**super().get_config(), "vocabulary_dtype": self.vocabulary_dtype}
