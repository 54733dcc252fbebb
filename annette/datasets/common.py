"""What the fetched data sets share."""

from __future__ import annotations

import numpy as np

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

#: Where Keras keeps the data sets that its `load_data` functions fetch.
ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"
