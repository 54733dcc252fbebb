"""Text cut into tokens, as TextVectorization does it."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")
# Only the spaces and capitals of ASCII count, as in TensorFlow.
_SPACES = re.compile("[ \t\n\r\f\v]+")
_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def _lower(text: str) -> str:
    return text.translate(_LOWER)


def _strip(text: str) -> str:
    return _PUNCTUATION.sub("", text)


STANDARDIZE: dict[Any, Callable[[str], str]] = {
    None: lambda text: text,
    "lower": _lower,
    "strip_punctuation": _strip,
    "lower_and_strip_punctuation": lambda text: _strip(_lower(text)),
}
SPLIT: dict[Any, Callable[[str], list[str]]] = {
    "whitespace": lambda text: [t for t in _SPACES.split(text) if t],
    "character": list,
}


def standardized(texts: np.ndarray, how: Any) -> np.ndarray:
    """Return texts in one form: by name, or by a function of an array of strings."""
    if callable(how):
        return np.asarray(how(texts)).astype(str)
    form = STANDARDIZE[how]
    return np.array([form(t) for t in texts.reshape(-1).tolist()], dtype=str).reshape(texts.shape)


def tokens(texts: np.ndarray, how: Any) -> list[list[str]]:
    """Return the tokens of each text: by name, or by a function of an array of strings."""
    if callable(how):
        return [[_text(t) for t in row] for row in how(texts)]
    return [SPLIT[how](t) for t in texts.tolist()]


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def ngrams(words: list[str], sizes: Sequence[int]) -> list[str]:
    """Return the runs of `sizes` words, joined by spaces, size after size."""
    return [" ".join(words[i : i + size]) for size in sizes for i in range(len(words) - size + 1)]
