"""Data made ready for `fit`: sequences, windows of series, texts in folders."""

from annette.preprocessing import sequence
from annette.preprocessing.text import text_dataset_from_directory
from annette.preprocessing.timeseries import timeseries_dataset_from_array

__all__ = [
    "sequence",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
