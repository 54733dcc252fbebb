"""StringLookup: words as numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from annette import ops
from annette.layers.preprocessing.base import strings_only
from annette.layers.preprocessing.buckets import buckets
from annette.layers.preprocessing.index_lookup import IndexLookup


class StringLookup(IndexLookup):
    """Gives for each string its place in a vocabulary.

    The vocabulary is given, or `adapt` makes it of the strings in data. Strings are in no graph:
    the layer works on arrays and lists, before training, and in a model that is called at once.

    Args:
        max_tokens: how large the vocabulary that `adapt` makes may be, special tokens included.
        num_oov_indices: how many places unknown strings share, by their hash; 0 to refuse them.
        mask_token: the string that stands for nothing: place 0 in ``"int"`` mode, and dropped in
            the others.
        oov_token: the name of an unknown string.
        vocabulary: strings, or the name of a file with one a line.
        idf_weights: how much each string counts, in ``"tf_idf"`` mode.
        invert: whether to give the string for each place instead (as an array of ``str``).
        output_mode: ``"int"``, the place; ``"one_hot"``, a row for each string; ``"multi_hot"``,
            ``"count"``, ``"tf_idf"``, a row for each sample.
        pad_to_max_tokens: whether rows have `max_tokens` entries however small the vocabulary is.
        sparse: only False.
        encoding: of strings given as bytes; only utf-8.
        salt: one or two whole numbers, with which unknown strings are hashed (SipHash-2-4,
            Aumasson & Bernstein, 2012; FarmHash, Pike, 2014, without).

    Input shape: any.
    Output shape: that of the input in ``"int"`` mode, else (..., size of the vocabulary).

    Raises:
        ValueError: for a mode or a number that cannot be, a vocabulary with a string twice, data
            that are no strings, or a call before there is a vocabulary.
    """

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("oov_method", None)  # in the configuration, and of no meaning for strings
        if str(encoding).lower().replace("-", "") != "utf8":
            raise ValueError(f"StringLookup expects encoding='utf-8'; it got {encoding!r}.")
        super().__init__(
            max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
            output_mode, sparse, pad_to_max_tokens, salt=salt, name=name, **kwargs,
        )  # fmt: skip
        self.encoding = encoding

    def _token(self, value: Any) -> str:
        return value.decode() if isinstance(value, bytes) else str(value)

    def _find(self, inputs: Any) -> Any:
        words = strings_only(self, inputs)
        at = np.minimum(np.searchsorted(self._sorted, words), len(self._sorted) - 1)
        found = np.where(self._sorted[at] == words, self._order[at], -1)
        return ops.convert_to_tensor(np.asarray(found, "int64"))

    def _bucket(self, inputs: Any) -> Any:
        return buckets(np.asarray(inputs), self.num_oov_indices, self.salt)

    def _is_mask(self, inputs: Any) -> Any:
        return np.asarray(inputs) == self.mask_token

    def _inverted(self, inputs: Any) -> Any:
        tokens = np.array([*self.get_vocabulary(), self.oov_token])
        places = np.asarray(ops.convert_to_numpy(inputs), "int64")
        outside = (places < 0) | (places >= len(tokens))
        return tokens[np.where(outside, -1, places)]

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer, its vocabulary included if it was given."""
        return {**super().get_config(), "encoding": self.encoding}
