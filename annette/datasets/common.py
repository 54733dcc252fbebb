"""What the fetched data sets share."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import IO, Any

import numpy as np

from annette.utils.files import cache_folder, get_file

Split = tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

#: Where Keras keeps the data sets that its `load_data` functions fetch.
ORIGIN = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"

# All that the pickles in these files need; anything else in them is refused.
_PICKLED = {
    (module, name)
    for module in ("numpy.core.multiarray", "numpy._core.multiarray")
    for name in ("_reconstruct", "scalar")
} | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}


def cached(path: str, name: str, file_hash: str) -> Path:
    """Return the file at `path` in the folder of data sets, fetched and checked if not there.

    Raises:
        OSError: if there is no file and none can be downloaded; it says where to put one.
    """
    file = Path(os.path.expanduser(path))
    if not file.is_absolute():
        file = cache_folder() / "datasets" / file
    if file.is_file():
        return file
    return Path(
        get_file(
            file.name, ORIGIN + name, file_hash=file_hash, cache_dir=file.parent, cache_subdir=""
        )
    )


def read_arrays(file: Path, keys: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """Return arrays of an npz file, lists within them included.

    Raises:
        ValueError: if an array is missing, or the file holds anything but numbers and lists.
    """
    import zipfile

    with zipfile.ZipFile(file) as archive:
        missing = [key for key in keys if f"{key}.npy" not in archive.namelist()]
        if missing:
            raise ValueError(
                f"{file} is expected to hold the arrays {', '.join(keys)}; it has no "
                f"{', '.join(missing)}. Remove the file and it will be downloaded anew."
            )
        found = []
        for key in keys:
            with archive.open(f"{key}.npy") as member:
                found.append(_read_array(member))
    return tuple(found)


def _read_array(file: IO[bytes]) -> np.ndarray:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0
    if version != (1, 0):
        read = np.lib.format.read_array_header_2_0
    shape, fortran, dtype = read(file)
    if dtype.hasobject:
        found: np.ndarray = unpickled(file)
        return found.reshape(shape)
    content = np.frombuffer(file.read(), dtype).copy()
    return content.reshape(shape, order="F" if fortran else "C")


def unpickled(file: IO[bytes], encoding: str = "ASCII") -> Any:
    """Return what a pickle of numbers, lists and arrays holds.

    Raises:
        ValueError: if it asks for anything else, which could be code.
    """
    return _Plain(file, encoding=encoding).load()


class _Plain(pickle.Unpickler):
    """Reads arrays, numbers, lists and dicts."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _PICKLED:
            raise ValueError(
                f"The file asks for {module}.{name}, which no file of this data set does. Remove "
                "it and it will be downloaded anew."
            )
        return super().find_class(module, name)


def in_order(arrays: tuple[np.ndarray, ...], random: np.random.RandomState) -> list[np.ndarray]:
    """Return the arrays' rows in one random order."""
    order = np.arange(len(arrays[0]))
    random.shuffle(order)
    return [a[order] for a in arrays]


def split_rows(x: np.ndarray, y: np.ndarray, test_split: float, seed: int) -> Split:
    """Return the rows in the order of `seed`, the last part of them for testing.

    Raises:
        ValueError: if `test_split` is not in [0, 1).
    """
    if not 0 <= test_split < 1:
        raise ValueError(f"test_split must be in [0, 1); it got {test_split!r}.")
    x, y = in_order((x, y), np.random.RandomState(seed))
    first = int(len(x) * (1 - test_split))
    return (x[:first], y[:first]), (x[first:], y[first:])
