"""MNIST: 70,000 handwritten digits of 28 x 28 pixels (LeCun, Cortes, Burges, 1998)."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from annette.datasets.common import ORIGIN, Split
from annette.utils.files import cache_folder, get_file

_SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"
_KEYS = ("x_train", "y_train", "x_test", "y_test")


def load_data(path: str = "mnist.npz") -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``: 60,000 and 10,000 digits.

    Output shape: images (n, 28, 28) uint8, 0 is background and 255 ink; labels (n,) uint8, 0..9.

    A file that is already at `path` (in ``$KERAS_HOME/datasets``, else ``~/.keras/datasets``, or
    anywhere if the path is absolute) is used as it is; else it is downloaded and checked.

    Raises:
        OSError: if there is no file and none can be downloaded; it says where to put one.
        ValueError: if the file does not hold the four arrays.
    """
    file = Path(os.path.expanduser(path))
    if not file.is_absolute():
        file = cache_folder() / "datasets" / file
    if not file.is_file():
        get_file(
            file.name,
            ORIGIN + "mnist.npz",
            file_hash=_SHA256,
            cache_dir=file.parent,
            cache_subdir="",
        )
    with np.load(file, allow_pickle=False) as arrays:
        missing = [key for key in _KEYS if key not in arrays]
        if missing:
            raise ValueError(
                f"{file} is expected to hold the arrays {', '.join(_KEYS)}; it has no "
                f"{', '.join(missing)}. Remove the file and it will be downloaded anew."
            )
        x_train, y_train, x_test, y_test = (arrays[key] for key in _KEYS)
    return (x_train, y_train), (x_test, y_test)
