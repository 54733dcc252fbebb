"""`keras.preprocessing.text`: words as numbers, before there was `TextVectorization`."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

__all__ = ["Tokenizer", "hashing_trick", "one_hot", "text_to_word_sequence", "tokenizer_from_json"]

_FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_MODES = ("binary", "count", "freq", "tfidf")


def text_to_word_sequence(
    input_text: str, filters: Any = _FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """Return the words of a text: the characters in `filters` part them as `split` does."""
    text = input_text.lower() if lower else input_text
    parted: dict[str, str | int | None] = dict.fromkeys(filters, split)
    text = text.translate(str.maketrans(parted))
    return [word for word in text.split(split) if word]


def hashing_trick(
    text: str,
    n: int,
    hash_function: Any = None,
    filters: Any = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Return a number from 1 to n - 1 for each word; words may share one.

    Args:
        text: to be split into words.
        n: one more than the largest number.
        hash_function: "md5", which is the same in every run, a function of a word, or None for
            Python's `hash`, which is not.
        filters: characters that part words.
        lower: whether to take capitals as small letters.
        split: what parts words.
        analyzer: a function that gives the words instead.
    """
    words = (
        text_to_word_sequence(text, filters, lower, split) if analyzer is None else analyzer(text)
    )
    if hash_function is None:
        hash_function = hash
    elif hash_function == "md5":
        hash_function = _md5
    return [int(hash_function(word) % (n - 1) + 1) for word in words]


def one_hot(
    input_text: str,
    n: int,
    filters: Any = _FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], list[str]] | None = None,
) -> list[int]:
    """Return `hashing_trick` with Python's `hash`."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


class Tokenizer:
    """Numbers for words, the most frequent word 1; 0 is none.

    Args:
        num_words: only numbers below it are given out; None means all.
        filters: characters that part words.
        lower: whether to take capitals as small letters.
        split: what parts words.
        char_level: whether each character counts as a word.
        oov_token: stands for words that are not known; it gets number 1.
        analyzer: a function from a text to its words, instead of all that.

    Attributes:
        word_counts: how often each word was seen.
        word_docs: in how many texts it was seen.
        word_index: its number.
        index_word: the word of a number.
        index_docs: in how many texts the word of a number was seen.
        document_count: how many texts were seen.
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: Any = _FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], list[str]] | None = None,
        **kwargs: Any,
    ) -> None:
        num_words = kwargs.pop("nb_words", num_words)  # its name in Keras 1
        self.document_count: int = kwargs.pop("document_count", 0)
        if kwargs:
            raise TypeError(f"Tokenizer got unknown arguments {sorted(kwargs)}.")
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.word_counts: OrderedDict[str, int] = OrderedDict()
        self.word_docs: defaultdict[str, int] = defaultdict(int)
        self.index_docs: defaultdict[int, int] = defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Learn the words of texts, or of lists of words; it may be called again with more."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] += 1
        ordered = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        known = [word for word in ordered if word != self.oov_token]
        if self.oov_token is not None:
            known = [self.oov_token, *known]
        self.word_index = {word: i for i, word in enumerate(known, 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Any]) -> None:
        """Learn in how many sequences each number is, for `sequences_to_matrix`."""
        for sequence in sequences:
            self.document_count += 1
            for number in set(sequence):
                self.index_docs[number] += 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Return the numbers of each text's words; words that have none are left out."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """Yield what `texts_to_sequences` returns, text by text."""
        unknown = None if self.oov_token is None else self.word_index.get(self.oov_token)
        for text in texts:
            found = (self.word_index.get(word) for word in self._words(text))
            numbers = (n if self._given_out(n) else unknown for n in found)
            yield [n for n in numbers if n is not None]

    def sequences_to_texts(self, sequences: Iterable[Any]) -> list[str]:
        """Return the words of numbers, joined by spaces."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Any]) -> Iterator[str]:
        """Yield what `sequences_to_texts` returns, text by text."""
        for sequence in sequences:
            numbers = (int(n) for n in sequence)
            words = (
                self.index_word.get(n) if self._given_out(n) else self.oov_token for n in numbers
            )
            words = (self.oov_token if word is None else word for word in words)
            yield " ".join(word for word in words if word is not None)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """Return a row for each text with a column for each number; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Any, mode: str = "binary") -> np.ndarray:
        """Return a row for each sequence with a column for each number.

        Args:
            sequences: lists of numbers.
            mode: "binary" (whether it is there), "count", "freq" (count by length) or "tfidf":
                (1 + log count) log(1 + documents / (1 + documents with it)).

        Raises:
            ValueError: if there is no such mode, or nothing was fitted.
        """
        if mode not in _MODES:
            raise ValueError(f"mode must be one of {', '.join(_MODES)}; it got {mode!r}.")
        width = self.num_words or (len(self.word_index) + 1 if self.word_index else 0)
        if not width:
            raise ValueError("Give num_words, or call fit_on_texts first: no word has a number.")
        if mode == "tfidf" and not self.document_count:
            raise ValueError("mode='tfidf' counts documents: call fit_on_texts first.")
        sequences = list(sequences)
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences, strict=True):
            for number, count in Counter(int(n) for n in sequence).items():
                if number < width:
                    row[number] = self._weight(number, count, len(sequence), mode)
        return matrix

    def _weight(self, number: int, count: int, length: int, mode: str) -> float:
        if mode == "tfidf":
            seen = 1 + self.index_docs.get(number, 0)
            return float((1 + np.log(count)) * np.log(1 + self.document_count / seen))
        return {"binary": 1.0, "count": float(count), "freq": count / length}[mode]

    def _given_out(self, number: int | None) -> bool:
        return number is not None and not (self.num_words and number >= self.num_words)

    def _words(self, text: Any) -> Any:
        if self.char_level or isinstance(text, (list, tuple)):
            if not self.lower:
                return text
            if isinstance(text, (list, tuple)):
                return [word.lower() for word in text]
            return text.lower()
        if self.analyzer is not None:
            return self.analyzer(text)
        return text_to_word_sequence(text, self.filters, self.lower, self.split)

    def get_config(self) -> dict[str, Any]:
        """Return the settings, and what was learned as JSON."""
        learned = "word_counts word_docs index_docs index_word word_index".split()
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            **{name: json.dumps(getattr(self, name)) for name in learned},
        }

    def to_json(self, **kwargs: Any) -> str:
        """Return it as JSON, for `tokenizer_from_json`; further arguments go to `json.dumps`."""
        return json.dumps(
            {"class_name": type(self).__name__, "config": self.get_config()}, **kwargs
        )


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """Return the `Tokenizer` that `to_json` wrote."""
    config = json.loads(json_string)["config"]
    words = {k: json.loads(config.pop(k)) for k in ("word_counts", "word_docs", "word_index")}
    numbers = {
        k: {int(n): v for n, v in json.loads(config.pop(k)).items()}
        for k in ("index_docs", "index_word")
    }
    made = Tokenizer(**config)
    made.word_counts = OrderedDict(words["word_counts"])
    made.word_docs = defaultdict(int, words["word_docs"])
    made.word_index = words["word_index"]
    made.index_docs = defaultdict(int, numbers["index_docs"])
    made.index_word = numbers["index_word"]
    return made


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode()).hexdigest(), 16)
