"""`tf.data`: datasets, which `fit` and its like take."""

from __future__ import annotations

from annette.compat.dataset import (
    INFINITE as INFINITE_CARDINALITY,
    UNKNOWN as UNKNOWN_CARDINALITY,
    Dataset,
    DatasetIterator as Iterator,
    Lines as TextLineDataset,
    Options,
)
from annette.compat.tf.data import experimental as experimental

AUTOTUNE = -1

__all__ = [
    "AUTOTUNE",
    "INFINITE_CARDINALITY",
    "UNKNOWN_CARDINALITY",
    "Dataset",
    "Iterator",
    "Options",
    "TextLineDataset",
    "experimental",
]
