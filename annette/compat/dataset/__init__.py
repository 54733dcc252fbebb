"""`tf.data.Dataset` on NumPy's arrays."""

from __future__ import annotations

from annette.compat.dataset.base import INFINITE, UNKNOWN, Dataset, DatasetIterator
from annette.compat.dataset.options import Options
from annette.compat.dataset.sources import Lines

__all__ = ["INFINITE", "UNKNOWN", "Dataset", "DatasetIterator", "Lines", "Options"]
