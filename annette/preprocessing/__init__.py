"""Data made ready for `fit`: sequences, windows of series, texts and pictures in folders."""

from annette.preprocessing import image, sequence
from annette.preprocessing.pictures import image_dataset_from_directory
from annette.preprocessing.text import text_dataset_from_directory
from annette.preprocessing.timeseries import timeseries_dataset_from_array

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
