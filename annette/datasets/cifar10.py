"""CIFAR-10: 60,000 colour pictures of ten kinds of things, 32 x 32 pixels (Krizhevsky, 2009).

Labels: 0 airplane, 1 automobile, 2 bird, 3 cat, 4 deer, 5 dog, 6 frog, 7 horse, 8 ship, 9 truck.
"""

from __future__ import annotations

import numpy as np

from annette.datasets.cifar import folder_of, read_part
from annette.datasets.common import Split

_SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"
_TRAIN = tuple(f"data_batch_{n}" for n in range(1, 6))


def load_data() -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``: 50,000 and 10,000 pictures.

    Output shape: pictures (n, 32, 32, 3) uint8; labels (n, 1) uint8, 0..9.

    What is already in ``$KERAS_HOME/datasets`` (else ``~/.keras/datasets``) is used: the folder
    ``cifar-10-batches-py``, or the archive ``cifar-10-python.tar.gz``. Otherwise the archive
    (163 MB) is downloaded, checked and unpacked.

    Raises:
        OSError: if there is no file and none can be downloaded; it says where to put one.
        ValueError: if a file is none of this data set.
    """
    folder = folder_of(
        "cifar-10-batches-py", "cifar-10-python.tar.gz", (*_TRAIN, "test_batch"), _SHA256
    )
    parts = [read_part(folder / name, "labels") for name in _TRAIN]
    train = np.concatenate([x for x, _ in parts]), np.concatenate([y for _, y in parts])
    return train, read_part(folder / "test_batch", "labels")
