"""CIFAR-100: 60,000 colour pictures of a hundred kinds of things in twenty groups.

32 x 32 pixels. Source: Krizhevsky, "Learning multiple layers of features from tiny images", 2009.
"""

from __future__ import annotations

from annette.datasets.cifar import folder_of, read_part
from annette.datasets.common import Split

_SHA256 = "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7"


def load_data(label_mode: str = "fine") -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``: 50,000 and 10,000 pictures.

    Args:
        label_mode: ``"fine"`` for labels of the hundred kinds, ``"coarse"`` for the twenty groups.

    Output shape: pictures (n, 32, 32, 3) uint8; labels (n, 1) uint8, 0..99 or 0..19.

    What is already in ``$KERAS_HOME/datasets`` (else ``~/.keras/datasets``) is used: the folder
    ``cifar-100-python``, or the archive ``cifar-100-python.tar.gz``. Otherwise the archive
    (161 MB) is downloaded, checked and unpacked.

    Raises:
        OSError: if there is no file and none can be downloaded; it says where to put one.
        ValueError: if `label_mode` is neither, or a file is none of this data set.
    """
    if label_mode not in ("fine", "coarse"):
        raise ValueError(f"label_mode must be 'fine' or 'coarse'; it got {label_mode!r}.")
    folder = folder_of("cifar-100-python", "cifar-100-python.tar.gz", ("train", "test"), _SHA256)
    labels = f"{label_mode}_labels"
    return read_part(folder / "train", labels), read_part(folder / "test", labels)
