"""Data for training: what the user gives, as batches of arrays."""

from __future__ import annotations

from annette.training.data.convert import batch_dtype, is_array_like
from annette.training.data.factory import is_stream, make_source, train_validation_split
from annette.training.data.finite import NonFinite, find_nonfinite
from annette.training.data.source import (
    ArraySource,
    DataSource,
    RowSource,
    check_array_finite,
)
from annette.training.data.stream import PyDatasetSource, StreamSource
from annette.training.data.weights import class_weight_to_sample_weights

__all__ = [
    "ArraySource",
    "DataSource",
    "NonFinite",
    "PyDatasetSource",
    "RowSource",
    "StreamSource",
    "batch_dtype",
    "check_array_finite",
    "class_weight_to_sample_weights",
    "find_nonfinite",
    "is_array_like",
    "is_stream",
    "make_source",
    "train_validation_split",
]
