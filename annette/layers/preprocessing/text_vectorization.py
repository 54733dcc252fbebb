"""TextVectorization: texts as sequences of numbers, or as rows of counts."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from annette import ops
from annette.layers.preprocessing.base import Preprocessing, as_array, batches, strings_only
from annette.layers.preprocessing.index_lookup import check_max_tokens, plain_list
from annette.layers.preprocessing.string_lookup import StringLookup
from annette.layers.preprocessing.text import SPLIT, STANDARDIZE, ngrams, standardized, tokens
from annette.saving import serialization
from annette.utils.arguments import at_most

_MODES = ("int", "multi_hot", "count", "tf_idf")


class TextVectorization(Preprocessing):
    """Cuts texts into tokens and gives each token's place in a vocabulary.

    A text is brought into one form, split, joined to n-grams, and looked up. The vocabulary is
    given, or `adapt` makes it of texts. Strings are in no graph: the layer works on arrays and
    lists of texts, before training, and in a model that is called at once.

    Args:
        max_tokens: how large the vocabulary that `adapt` makes may be, special tokens included.
        standardize: ``"lower_and_strip_punctuation"``, ``"lower"``, ``"strip_punctuation"`` (of
            ASCII letters and signs), a function of an array of strings, or None.
        split: ``"whitespace"``, ``"character"``, a function that gives a list of tokens for each
            text of an array, or None.
        ngrams: join up to so many tokens; a tuple for these numbers of tokens alone.
        output_mode: ``"int"``, the places, with 0 behind shorter texts and 1 for unknown tokens;
            ``"multi_hot"``, ``"count"`` or ``"tf_idf"``, a row for each text.
        output_sequence_length: to cut and fill the places to, in ``"int"`` mode.
        pad_to_max_tokens: whether rows have `max_tokens` entries however small the vocabulary is.
        vocabulary: tokens, or the name of a file with one a line.
        idf_weights: how much each token counts, in ``"tf_idf"`` mode.
        sparse, ragged: only False.
        encoding: of texts given as bytes; only utf-8.

    Input shape: (texts,) or (texts, 1).
    Output shape: (texts, length) in ``"int"`` mode, else (texts, size of the vocabulary).

    Raises:
        ValueError: for a mode, a form or a number that cannot be, data that are no strings, or a
            call before there is a vocabulary.
    """

    _saved_as: ClassVar[dict[str, str]] = {"lookup": "_lookup_layer"}  # in files

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: Any = "lower_and_strip_punctuation",
        split: Any = "whitespace",
        ngrams: Any = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("vocabulary_size", None)  # among the configuration, and told by the vocabulary
        super().__init__(name=name, **kwargs)
        _check_choice("standardize", standardize, STANDARDIZE)
        _check_choice("split", split, {None: None, **SPLIT})
        _check_choice("output_mode", output_mode, dict.fromkeys(_MODES), functions=False)
        if ragged:
            raise ValueError(
                "TextVectorization got ragged=True; annette's arrays are rectangular. Leave it "
                "False: shorter texts are filled up with 0."
            )
        _check_length(output_mode, output_sequence_length)
        self.max_tokens = check_max_tokens("TextVectorization", max_tokens, pad_to_max_tokens)
        self.standardize, self.split = standardize, split
        self.ngrams = ngrams
        self._sizes = _ngram_sizes(ngrams)
        self.output_mode, self.output_sequence_length = output_mode, output_sequence_length
        self.pad_to_max_tokens, self.ragged = pad_to_max_tokens, False
        self.input_vocabulary, self.input_idf_weights = vocabulary, idf_weights
        self.lookup = StringLookup(
            max_tokens, mask_token="" if output_mode == "int" else None, vocabulary=vocabulary,
            idf_weights=idf_weights, output_mode=output_mode, sparse=sparse, encoding=encoding,
            pad_to_max_tokens=pad_to_max_tokens and output_mode != "int", dtype=self.dtype_policy,
        )  # fmt: skip
        self.encoding = encoding

    # --- the vocabulary -------------------------------------------------------------------------

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Make the vocabulary of the tokens in `data`, the most frequent first.

        Args:
            data: an array or list of texts, or batches to go through.
            batch_size: accepted for Keras.
            steps: how many of the batches; all if None.

        Raises:
            ValueError: if the layer has been given a vocabulary.
        """
        if self.lookup._fixed:
            raise ValueError(
                f"TextVectorization '{self.name}' was given its vocabulary; it cannot adapt. Make "
                "it without one."
            )
        self.reset_state()
        for batch in batches(data, steps):
            self.update_state(batch)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of a batch, for `finalize_state`."""
        texts = strings_only(self, as_array(data))
        self.lookup._count(self._tokens(texts.reshape(-1)))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self.lookup.finalize_state()

    def reset_state(self) -> None:
        """Forget the data, unless the vocabulary was given."""
        self.lookup.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the tokens in the order of their places.

        Args:
            include_special_tokens: whether to begin with ``""`` and ``"[UNK]"``.
        """
        return self.lookup.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """Return how many places there are, special tokens included."""
        return self.lookup.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the tokens, and in ``"tf_idf"`` mode how much each counts.

        Raises:
            ValueError: as `StringLookup.set_vocabulary`.
        """
        self.lookup.set_vocabulary(vocabulary, idf_weights)

    def save_own_variables(self, store: Any) -> None:
        """Put how much each token counts into a mapping, in ``"tf_idf"`` mode."""
        self.lookup.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Read what `save_own_variables` wrote."""
        self.lookup.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary to ``vocabulary.txt`` in a folder, one token a line."""
        self.lookup.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary that `save_assets` wrote."""
        self.lookup.load_assets(dir_path)

    # --- texts to numbers -----------------------------------------------------------------------

    def _tokens(self, texts: np.ndarray) -> list[list[str]]:
        """Return the tokens of each of a row of texts."""
        texts = standardized(texts, self.standardize)
        cut = [[t] for t in texts.tolist()] if self.split is None else tokens(texts, self.split)
        return [ngrams(words, self._sizes) for words in cut] if self._sizes else cut

    @property
    def output_dtype(self) -> str:
        """float32 in ``"tf_idf"`` mode, else int64."""
        return self.lookup.output_dtype

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the output's shape for an input shape, texts first."""
        rows = input_shape[0] if input_shape else None
        if self.output_mode != "int":
            return (rows, self.lookup._depth)
        if self.split is None:
            return (*input_shape[:-1], self.output_sequence_length or input_shape[-1])
        return (rows, self.output_sequence_length)

    def call(self, inputs: Any) -> Any:
        """Return places, or a row for each text."""
        texts = strings_only(self, inputs)
        if self.split is not None and texts.ndim > 1 and texts.shape[-1] != 1:
            raise ValueError(
                f"TextVectorization '{self.name}' splits texts of shape (texts,) or (texts, 1); "
                f"it got shape {texts.shape}."
            )
        if self.split is None and not self._sizes:
            return self._fitted(self.lookup(standardized(texts, self.standardize)))
        single = texts.ndim == 0
        found = self._looked_up(self._tokens(texts.reshape(-1)))
        return found[0] if single else found

    def _looked_up(self, cut: list[list[str]]) -> Any:
        """Return the places or the rows of texts; each distinct token is looked up once."""
        length = self.output_sequence_length or max(map(len, cut), default=0)
        cut = [found[:length] for found in cut]
        if self.output_mode == "int" and not (cut and length):
            return ops.zeros((len(cut), length), "int64")
        self.lookup._check_known()
        number = {"": 0}
        flat = [number.setdefault(word, len(number)) for found in cut for word in found]
        places = ops.convert_to_numpy(self.lookup._places(np.array(list(number))))
        lengths = np.array([len(found) for found in cut], np.int64)
        if self.output_mode != "int":
            return self._counted(places[np.array(flat, np.int64)], lengths)
        grid = np.zeros((len(cut), length), np.int64)
        grid[np.arange(length) < lengths[:, None]] = flat
        return ops.convert_to_tensor(places[grid])

    def _counted(self, places: np.ndarray, lengths: np.ndarray) -> Any:
        """Return a row for each text of the places of its tokens, which follow one another."""
        rows, depth = np.repeat(np.arange(len(lengths)), lengths), self.lookup._depth
        at = (rows * depth + places)[places >= 0]
        counts = np.bincount(at, minlength=len(lengths) * depth).reshape(len(lengths), depth)
        if self.output_mode == "tf_idf":
            return self.lookup._weighted(ops.cast(counts, self.lookup.compute_dtype))
        return ops.convert_to_tensor(
            np.minimum(counts, 1) if self.output_mode == "multi_hot" else counts
        )

    def _fitted(self, places: Any) -> Any:
        """Cut or fill the last axis to `output_sequence_length`."""
        length = self.output_sequence_length
        if self.output_mode != "int" or length is None or not places.shape:
            return places
        places = places[..., :length]
        room = [(0, 0)] * (len(places.shape) - 1) + [(0, length - places.shape[-1])]
        return ops.pad(places, room)

    # --- configuration --------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """Return what makes an equal layer, its vocabulary included if it was given."""
        described = serialization.serialize_keras_object
        return {
            **super().get_config(),
            "max_tokens": self.max_tokens,
            "standardize": described(self.standardize),
            "split": described(self.split),
            "ngrams": self.ngrams,
            "output_mode": self.output_mode,
            "output_sequence_length": self.output_sequence_length,
            "pad_to_max_tokens": self.pad_to_max_tokens,
            "sparse": False,
            "ragged": self.ragged,
            "vocabulary": plain_list(self.input_vocabulary),
            "idf_weights": plain_list(self.input_idf_weights),
            "encoding": self.encoding,
            "vocabulary_size": self.vocabulary_size(),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """Return the layer that `config` describes."""
        config = dict(config)
        for key in ("standardize", "split"):
            if isinstance(config.get(key), dict):
                config[key] = serialization.deserialize_keras_object(config[key])
        if isinstance(config.get("ngrams"), list):
            config["ngrams"] = tuple(config["ngrams"])
        return super().from_config(config)


def _check_choice(name: str, value: Any, known: dict[Any, Any], functions: bool = True) -> None:
    if functions and callable(value):
        return
    if not isinstance(value, (str, type(None))) or value not in known:
        listed = ", ".join(repr(k) for k in known)
        raise ValueError(
            f"TextVectorization expects {name} to be one of {listed}"
            f"{' or a function' if functions else ''}; it got {value!r}."
        )


def _check_length(mode: str, length: Any) -> None:
    if length is None:
        return
    if mode != "int":
        raise ValueError(
            "TextVectorization takes output_sequence_length in output_mode='int' only; its mode is "
            f"{mode!r}."
        )
    if isinstance(length, bool) or not isinstance(length, (int, np.integer)) or length < 1:
        raise ValueError(
            "TextVectorization expects output_sequence_length to be a whole number above 0; it got "
            f"{length!r}."
        )


def _ngram_sizes(given: Any) -> tuple[int, ...]:
    """Return how many tokens are joined.

    Raises:
        ValueError: if they are no whole numbers.
    """
    if given is None:
        return ()
    if isinstance(given, (int, np.integer)) and not isinstance(given, bool):
        return tuple(range(1, at_most("TextVectorization", "ngrams", int(given), 1000) + 1))
    if isinstance(given, tuple) and all(isinstance(n, (int, np.integer)) for n in given):
        return tuple(int(n) for n in given)
    raise ValueError(
        f"TextVectorization expects ngrams to be a whole number or a tuple of them; it got {given!r}."
    )
