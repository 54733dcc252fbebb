"""What StringLookup and IntegerLookup share: a vocabulary, and places in it."""

from __future__ import annotations

import os
from collections import Counter
from typing import Any

import numpy as np

from annette import ops
from annette.graph.context import count_constant
from annette.layers.preprocessing.base import (
    MODES,
    Preprocessing,
    as_array,
    batches,
    check_mode,
    encode,
    encoded_shape,
    not_sparse,
)
from annette.saving import budget


class IndexLookup(Preprocessing):
    """A layer with a vocabulary; see `StringLookup` and `IntegerLookup`.

    The places are: the mask token (in ``"int"`` mode alone), the unknown tokens, the vocabulary.
    """

    _dtype = "int64"

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any = None,
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
        kwargs.pop("vocabulary_size", None)  # among the configuration, and told by the vocabulary
        super().__init__(name=name, **kwargs)
        kind = type(self).__name__
        self.output_mode = check_mode(kind, output_mode, (*MODES, "tf_idf"))
        self.sparse = not_sparse(kind, sparse)
        self.max_tokens = check_max_tokens(kind, max_tokens, pad_to_max_tokens)
        if not isinstance(num_oov_indices, (int, np.integer)) or num_oov_indices < 0:
            raise ValueError(
                f"{kind} expects num_oov_indices to be a whole number, 0 or more; it got "
                f"{num_oov_indices!r}."
            )
        if invert and output_mode != "int":
            raise ValueError(
                f"{kind} expects output_mode='int' where invert=True; it got {output_mode!r}."
            )
        if idf_weights is not None and output_mode != "tf_idf":
            raise ValueError(
                f"{kind} uses idf_weights in output_mode='tf_idf' only; its mode is "
                f"{output_mode!r}."
            )
        self.num_oov_indices, self.pad_to_max_tokens = int(num_oov_indices), pad_to_max_tokens
        count_constant(self.num_oov_indices)  # each of them has an entry in lists
        self.mask_token, self.oov_token, self.invert = mask_token, oov_token, bool(invert)
        self.oov_method, self.salt = oov_method, salt_pair(kind, salt)
        self.input_vocabulary, self.input_idf_weights = vocabulary, idf_weights
        self._fixed = False
        self._tokens: list[Any] = []
        self.idf_weights: Any = None
        self.reset_state()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    # --- to be written by each of the two -------------------------------------------------------

    def _token(self, value: Any) -> Any:
        """Return a token as the vocabulary holds it."""
        raise NotImplementedError

    def _find(self, inputs: Any) -> Any:
        """Return where each token is in the vocabulary, -1 where it is not."""
        raise NotImplementedError

    def _bucket(self, inputs: Any) -> Any:
        """Return which of the unknown tokens each token is."""
        raise NotImplementedError

    # --- the vocabulary -------------------------------------------------------------------------

    @property
    def _masks(self) -> int:
        """How many places the mask token has."""
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def _specials(self) -> list[Any]:
        masks = [self.mask_token] * self._masks
        return masks + [self.oov_token] * self.num_oov_indices

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the tokens in the order of their places.

        Args:
            include_special_tokens: whether to begin with the mask token and the unknown ones.
        """
        return [*self._specials, *self._tokens] if include_special_tokens else list(self._tokens)

    def vocabulary_size(self) -> int:
        """Return how many places there are, special tokens included."""
        return len(self._specials) + len(self._tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens.

        Args:
            vocabulary: tokens, or the name of a file with one a line. The special tokens may come
                first, or not at all.
            idf_weights: how much each token counts, in ``"tf_idf"`` mode.

        Raises:
            ValueError: for an empty vocabulary, one with a token twice, with special tokens
                elsewhere than in front, or larger than `max_tokens`; or for missing weights.
        """
        kind = f"{type(self).__name__} '{self.name}'"
        if isinstance(vocabulary, (str, os.PathLike)):
            budget.refuse_path(str(vocabulary), kind)
            if not os.path.isfile(vocabulary):
                raise ValueError(
                    f"{type(self).__name__} expects vocabulary to be a list of tokens, or a file "
                    f"with one a line; there is no file {vocabulary!r}."
                )
            with open(vocabulary, encoding="utf-8") as file:
                vocabulary = file.read().split("\n")
            vocabulary = vocabulary[:-1] if vocabulary[-1:] == [""] else vocabulary
        tokens = [self._token(v) for v in as_array(vocabulary).tolist()] if len(vocabulary) else []
        if not tokens:
            raise ValueError(f"{kind} got an empty vocabulary.")
        self._check_idf(kind, tokens, idf_weights)
        front = self._specials
        given = len(front) if front and tokens[: len(front)] == front else 0
        weights = None if idf_weights is None else np.asarray(as_array(idf_weights), "float32")
        own = tokens[given:]
        self._check_tokens(kind, own)
        self._tokens = own
        self._fixed = True
        if weights is not None:
            first = weights[:given] if given else np.repeat(weights.mean(), len(front))
            self.idf_weights = np.concatenate([first, weights[given:]]).astype("float32")
        self._index()

    def _check_idf(self, kind: str, tokens: list[Any], weights: Any) -> None:
        if self.output_mode == "tf_idf" and weights is None:
            raise ValueError(f"{kind} needs idf_weights with a vocabulary, in 'tf_idf' mode.")
        if self.output_mode != "tf_idf" and weights is not None:
            raise ValueError(f"{kind} uses idf_weights in output_mode='tf_idf' only.")
        if weights is not None and len(weights) != len(tokens):
            raise ValueError(
                f"{kind} expects as many idf_weights as tokens; it got {len(weights)} for "
                f"{len(tokens)}."
            )

    def _check_tokens(self, kind: str, tokens: list[Any]) -> None:
        twice = [t for t, n in Counter(tokens).items() if n > 1]
        if twice:
            raise ValueError(
                f"{kind} expects each token once in its vocabulary; {twice[0]!r} comes more often."
            )
        for what, token in (("mask", self.mask_token), ("unknown", self.oov_token)):
            # Keras lets a vocabulary hold the name of the unknown token where nothing is inverted.
            if token is not None and token in tokens and (what == "mask" or self.invert):
                raise ValueError(
                    f"{kind} got the {what} token {token!r} inside its vocabulary. Leave out the "
                    "special tokens, or give all of them in front."
                )
        size = len(self._specials) + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                f"{kind} takes {self.max_tokens} tokens (max_tokens); the vocabulary makes {size}, "
                "special tokens included."
            )

    def _index(self) -> None:
        """Prepare what `_find` looks tokens up in."""
        tokens = np.array(self._tokens)
        self._order = np.argsort(tokens, kind="stable")
        self._sorted = tokens[self._order]

    # --- adapt ----------------------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Make the vocabulary of the tokens in `data`, the most frequent first.

        Of tokens that are equally frequent the larger one (later in the alphabet) comes first.

        Args:
            data: an array, a list, or batches to go through.
            steps: how many of the batches; all if None.

        Raises:
            ValueError: if the layer has been given a vocabulary, or there is no data.
        """
        if self._fixed:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' was given its vocabulary; it cannot adapt. "
                "Make it without one."
            )
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch, for `finalize_state`."""
        rows = np.asarray(as_array(data))
        rows = rows.reshape(-1, 1) if rows.ndim < 2 else rows
        self._count([[self._token(v) for v in row] for row in rows.reshape(len(rows), -1).tolist()])

    def _count(self, documents: list[list[Any]]) -> None:
        self._documents += len(documents)
        for document in documents:
            self._counts.update(document)
            if self.output_mode == "tf_idf":
                self._holding.update(set(document))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        if self._fixed or not self._documents:
            return
        special = {self.mask_token, self.oov_token}
        found = [(n, t) for t, n in self._counts.items() if t not in special]
        found.sort(reverse=True)
        room = None if self.max_tokens is None else self.max_tokens - len(self._specials)
        self._tokens = [t for _, t in found[:room]]
        if self.output_mode == "tf_idf":
            holding = np.array([self._holding[t] for t in self._tokens], "float64")
            weights = np.log(1.0 + self._documents / (1.0 + holding))
            average = weights.mean() if len(weights) else 0.0
            first = np.full(len(self._specials), average)
            self.idf_weights = np.concatenate([first, weights]).astype("float32")
        self._index()

    def reset_state(self) -> None:
        """Forget the data, unless the vocabulary was given."""
        self._counts: Counter[Any] = Counter()
        self._holding: Counter[Any] = Counter()
        self._documents = 0
        if not self._fixed:
            self._tokens, self.idf_weights = [], None

    # --- looking up -----------------------------------------------------------------------------

    @property
    def _depth(self) -> int:
        if self.pad_to_max_tokens and self.max_tokens is not None:
            return self.max_tokens
        return self.vocabulary_size()

    @property
    def output_dtype(self) -> str:
        """float32 in ``"tf_idf"`` mode, else int64."""
        return self.compute_dtype if self.output_mode == "tf_idf" else "int64"

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, rows first."""
        return encoded_shape(input_shape, _encoding(self.output_mode), self._depth)

    def call(self, inputs: Any) -> Any:
        """Return the places, the tokens (if inverted) or the rows."""
        if self.invert:
            self._check_known()
            return self._inverted(inputs)
        return self._rows(inputs)

    def _check_known(self) -> None:
        if not self._tokens:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no vocabulary yet: call adapt(data) "
                "first, or give one."
            )

    def _rows(self, inputs: Any) -> Any:
        """Return the places or the rows of tokens."""
        self._check_known()
        return self._encoded(self._places(inputs))

    def _encoded(self, places: Any) -> Any:
        """Return places as they are, or as rows; those below 0 count nowhere."""
        if self.output_mode == "tf_idf":
            return self._weighted(encode(places, "count", self._depth, self.compute_dtype))
        return encode(places, self.output_mode, self._depth, "int64")

    def _weighted(self, counts: Any) -> Any:
        """Return counts by place, each times what its token weighs."""
        weights = np.zeros(self._depth, "float32")
        weights[: len(self.idf_weights)] = self.idf_weights
        return counts * ops.cast(weights, self.compute_dtype)

    def _places(self, inputs: Any) -> Any:
        """Return the place of each token; -1 for the mask token where it has none."""
        found = self._find(inputs)
        known = ops.greater_equal(found, 0)
        places = found + (self._masks + self.num_oov_indices)
        if self.num_oov_indices == 0:
            self._refuse_unknown(inputs, known)
        else:
            unknown = self._masks
            if self.num_oov_indices > 1:
                unknown = ops.cast(self._bucket(inputs), "int64") + self._masks
            places = ops.where(known, places, ops.cast(unknown, "int64"))
        if self.mask_token is None:
            return places
        return ops.where(self._is_mask(inputs), ops.cast(self._masks - 1, "int64"), places)

    def _is_mask(self, inputs: Any) -> Any:
        return ops.equal(inputs, self.mask_token)

    def _refuse_unknown(self, inputs: Any, known: Any) -> None:
        if not isinstance(known, np.ndarray):
            return
        wrong = ~known if self.mask_token is None else ~(known | self._is_mask(inputs))
        if wrong.any():
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has num_oov_indices=0 and knows only its "
                f"vocabulary; it got {np.asarray(inputs)[wrong].flat[0]!r}."
            )

    def _inverted(self, inputs: Any) -> Any:
        """Return the token at each place."""
        raise NotImplementedError

    # --- configuration --------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer, its vocabulary included if it was given."""
        given = self.input_vocabulary
        known = len(self._tokens) > 0
        return {
            **super().get_config(),
            "invert": self.invert,
            "max_tokens": self.max_tokens,
            "num_oov_indices": self.num_oov_indices,
            "oov_token": self.oov_token,
            "mask_token": self.mask_token,
            "output_mode": self.output_mode,
            "sparse": self.sparse,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "idf_weights": plain_list(self.input_idf_weights),
            "vocabulary": plain_list(given),
            "vocabulary_size": self.vocabulary_size() if known else None,
            "oov_method": self.oov_method,
            "salt": self.salt,
        }

    def save_own_variables(self, store: Any) -> None:
        """Put how much each token counts into a mapping, in ``"tf_idf"`` mode."""
        super().save_own_variables(store)
        if self.output_mode == "tf_idf" and self.idf_weights is not None:
            store["idf_weights"] = np.asarray(self.idf_weights, "float32")

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote.

        Raises:
            ValueError: if there are not as many weights as tokens.
        """
        if self.output_mode != "tf_idf":
            super().load_own_variables(store)
        elif "idf_weights" in store:
            weights = np.asarray(store["idf_weights"], "float32")
            if self.input_vocabulary is None and weights.shape != (self.vocabulary_size(),):
                raise ValueError(
                    f"There are {self.vocabulary_size()} tokens, and idf_weights has shape "
                    f"{weights.shape}."
                )
            self.idf_weights = weights

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary to ``vocabulary.txt`` in a folder, one token a line."""
        if self.input_vocabulary is not None:
            return
        with open(os.path.join(dir_path, "vocabulary.txt"), "w", encoding="utf-8") as file:
            file.write("\n".join(map(str, self.get_vocabulary())))

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary that `save_assets` wrote."""
        if self.input_vocabulary is not None:
            return
        with open(os.path.join(dir_path, "vocabulary.txt"), encoding="utf-8") as file:
            tokens = [self._token(t) for t in file.read().split("\n")]
        self._tokens = tokens[len(self._specials) :]
        self._index()


def _encoding(mode: str) -> str:
    return "count" if mode == "tf_idf" else mode


def plain_list(value: Any) -> Any:
    """Return an array or list as a list of plain values; names of files and None as they are."""
    if value is None or isinstance(value, (str, os.PathLike)):
        return None if value is None else str(value)
    return as_array(value).tolist()


def check_max_tokens(kind: str, max_tokens: Any, padded: bool) -> int | None:
    """Return `max_tokens`.

    Raises:
        ValueError: if it is no whole number above 1, or missing where rows are padded to it.
    """
    if max_tokens is None:
        if padded:
            raise ValueError(f"{kind} needs max_tokens where pad_to_max_tokens=True; it got None.")
        return None
    if not isinstance(max_tokens, (int, np.integer)) or max_tokens <= 1:
        raise ValueError(
            f"{kind} expects max_tokens to be a whole number above 1 or None; it got "
            f"{max_tokens!r}."
        )
    return int(max_tokens)


def salt_pair(kind: str, salt: Any) -> list[int] | None:
    """Return a salt as the two halves of a key.

    Raises:
        ValueError: if it is neither a whole number nor two of them.
    """
    if salt is None:
        return None
    pair = [salt, salt] if isinstance(salt, (int, np.integer)) else salt
    whole = isinstance(pair, (list, tuple)) and all(isinstance(s, (int, np.integer)) for s in pair)
    if not whole or len(pair) != 2:
        raise ValueError(
            f"{kind} expects salt to be a whole number or two of them; it got {salt!r}."
        )
    return [int(s) for s in pair]
