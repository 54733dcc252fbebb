"""Fashion-MNIST: 70,000 pictures of clothes, 28 x 28 pixels (Xiao, Rasul, Vollgraf, 2017).

Labels: 0 T-shirt/top, 1 trouser, 2 pullover, 3 dress, 4 coat, 5 sandal, 6 shirt, 7 sneaker, 8 bag,
9 ankle boot. Copyright (c) 2017 Zalando SE, MIT licence.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from annette.datasets.common import ORIGIN, Split
from annette.utils.files import cache_folder, get_file

# The four files and the MD5 sums that their makers publish.
_FILES = {
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
}
_SUBDIR = "datasets/fashion-mnist"


def load_data() -> Split:
    """Return ``(x_train, y_train), (x_test, y_test)``: 60,000 and 10,000 pictures.

    Output shape: images (n, 28, 28) uint8; labels (n,) uint8, 0..9.

    Files already in ``$KERAS_HOME/datasets/fashion-mnist`` (else ``~/.keras/...``) are used as they
    are; the others are downloaded and checked.

    Raises:
        OSError: if a file is not there and cannot be downloaded; it says where to put it.
        ValueError: if a file is not of the IDX format.
    """
    y_train, x_train, y_test, x_test = (read_idx(_path(name)) for name in _FILES)
    return (x_train, y_train), (x_test, y_test)


def read_idx(path: Path) -> np.ndarray:
    """Return the array of unsigned bytes in a gzipped IDX file.

    The format: two zero bytes, the type (8 is uint8), the number of axes, each axis's length as
    four bytes with the highest first, then the values.

    Raises:
        ValueError: if the file is something else or ends early.
    """
    with gzip.open(path, "rb") as file:
        content = file.read()
    if len(content) < 4 or content[:3] != b"\x00\x00\x08":
        raise ValueError(f"{path} is expected to be a gzipped IDX file of bytes, and is not.")
    start = 4 + 4 * content[3]
    shape = tuple(int(n) for n in np.frombuffer(content[4:start], ">u4"))
    if len(content) - start != int(np.prod(shape)):
        raise ValueError(
            f"{path} is expected to hold {shape} values; it has {len(content) - start}. "
            "Remove the file and it will be downloaded anew."
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def _path(name: str) -> Path:
    path = cache_folder() / _SUBDIR / name
    if path.is_file():
        return path
    return Path(get_file(name, origin=ORIGIN + name, file_hash=_FILES[name], cache_subdir=_SUBDIR))
